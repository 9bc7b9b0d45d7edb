"""Frames in the shapes that Kalshi sends, and a stream brought to the point where its books are live."""

from __future__ import annotations

import json
from typing import Any

from kalshi_tui.core.book import BookState
from kalshi_tui.core.events import BookStateChanged, Event
from kalshi_tui.protocol.patience import Patience
from kalshi_tui.protocol.stream import Stream

NOW = 1_790_000_000_000
Levels = tuple[tuple[str, str], ...]
YES: Levels = (("0.4400", "20.00"), ("0.4500", "10.00"))
NO: Levels = (("0.5500", "5.00"), ("0.5600", "7.50"))


def subscribed(sid: int = 1, channel: str = "orderbook_delta", command: int = 1) -> bytes:
    return f'{{"id":{command},"type":"subscribed","msg":{{"channel":"{channel}","sid":{sid}}}}}'.encode()


def snapshot(
    seq: int,
    ticker: str = "KXA",
    *,
    yes: Levels = YES,
    no: Levels = NO,
    clock: int = 100,
    sid: int = 1,
    command: int | None = None,
    sent_ms: int = NOW,
) -> bytes:
    """Write a snapshot; the key of an empty side is left out, as the exchange does."""
    body: dict[str, Any] = {
        "market_ticker": ticker,
        "market_id": "9b0f6b43-5b68-4f9f-9f02-9a2d1b8ac1a1",
        "clock": clock,
    }
    body |= {key: levels for key, levels in (("yes_dollars_fp", yes), ("no_dollars_fp", no)) if levels}
    frame: dict[str, Any] = {
        "type": "orderbook_snapshot",
        "sid": sid,
        "seq": seq,
        "sending_ts_ms": sent_ms,
        "msg": body,
    }
    return json.dumps(frame if command is None else {"id": command, **frame}).encode()


def delta(
    seq: int,
    ticker: str = "KXA",
    change: str = "1.00",
    *,
    price: str = "0.4500",
    side: str = "yes",
    clock: int = 101,
    sid: int = 1,
    ts_ms: int = NOW,
    sent_ms: int = NOW,
) -> bytes:
    return (
        f'{{"type":"orderbook_delta","sid":{sid},"seq":{seq},"sending_ts_ms":{sent_ms},"msg":{{"market_ticker":"{ticker}",'
        f'"market_id":"9b0f6b43-5b68-4f9f-9f02-9a2d1b8ac1a1","clock":{clock},"price_dollars":"{price}",'
        f'"delta_fp":"{change}","side":"{side}","ts":"2026-11-22T20:44:01Z","ts_ms":{ts_ms}}}}}'
    ).encode()


def ok(seq: int, *tickers: str, sid: int = 1, command: int = 2) -> bytes:
    return json.dumps(
        {"id": command, "sid": sid, "seq": seq, "type": "ok", "msg": {"market_tickers": tickers}}
    ).encode()


def asked(*tickers: str, patience: Patience | None = None, use_yes_price: bool = True, **settings: Any) -> Stream:
    """Return a connected stream that has asked for books and was not answered yet; its command was number 1."""
    stream = Stream(use_yes_price=use_yes_price, patience=patience, **settings)
    stream.want("orderbook_delta", tickers=tickers)
    stream.connected(NOW)
    stream.outgoing()
    return stream


def live(*tickers: str, patience: Patience | None = None, **settings: Any) -> Stream:
    """Return a stream whose books came with seq 1, 2 ... and are live."""
    stream = asked(*tickers, patience=patience, **settings)
    stream.receive(subscribed(), NOW)
    for seq, ticker in enumerate(tickers, 1):
        stream.receive(snapshot(seq, ticker), NOW)
    assert {tracked.state for tracked in stream.books.values()} == {BookState.LIVE}
    stream.events()
    stream.outgoing()
    return stream


def commands(stream: Stream, now_ms: int | None = None) -> list[dict[str, Any]]:
    """Let time pass, when told to, and return the commands that the stream sends then."""
    if now_ms is not None:
        stream.ping(now_ms)
        stream.tick(now_ms)
    return [json.loads(frame) for frame in stream.outgoing()]


def states(stream: Stream) -> dict[str, str]:
    return {ticker: tracked.state.value for ticker, tracked in stream.books.items()}


def changes(events: list[Event]) -> list[tuple[str, str]]:
    """Return which books changed their state, and to which."""
    return [(event.ticker, event.state.value) for event in events if isinstance(event, BookStateChanged)]
