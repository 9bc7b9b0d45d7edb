"""From a tape's records to rows for other programs: decoded once more, with integers for prices and sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec

from kalshi_tui.core import events
from kalshi_tui.core.units import parse_size, parse_size_change
from kalshi_tui.engine import inputs
from kalshi_tui.engine.inputs import Frames, Opening, Record
from kalshi_tui.engine.tape.schema import KINDS, Row
from kalshi_tui.errors import ValueRefused
from kalshi_tui.protocol import wire
from kalshi_tui.protocol.codec import UNREADABLE, Damaged, Foreign, decode_frame, read_again
from kalshi_tui.protocol.ticks import NO_PRICES
from kalshi_tui.protocol.translate import translate
from kalshi_tui.protocol.wire import LEVEL_PRICES

Read = Callable[[Any], Iterable[Row]]


_UNBOUNDED: Final = ("sid", "seq", "sent_ms", "ts_ms", "clock")
_INT64: Final = 1 << 63
_detail: Final = msgspec.json.Encoder(enc_hook=str).encode


class Rows:
    """Makes rows of records in order; an opening tells how the books after it are to be read."""

    def __init__(self, kinds: Iterable[str] | None = None, *, redact: bool = False) -> None:
        """Make rows of these kinds, or of the usual ones; with `redact` only such as are known to be public."""
        wanted = {name for name, kind in KINDS.items() if kind.is_usual} if kinds is None else set(kinds)
        self.redacted = 0  # rows that were left out because they are not known to be public
        self._private = {name for name in wanted if redact and not KINDS[name].is_public}
        self._wanted = wanted - self._private
        self._no_prices = LEVEL_PRICES

    def hear(self, record: Record) -> None:
        """Take from a record what is needed to understand others."""
        if isinstance(record, Opening):
            self._no_prices = LEVEL_PRICES if record.rules.use_yes_price else NO_PRICES

    def of(self, number: int, record: Record) -> Iterator[Row]:
        """Yield a record's rows."""
        self.hear(record)
        for row in self._of_frames(record.frames) if isinstance(record, Frames) else _of_record(record):
            if row["kind"] in self._wanted:
                yield {"number": number, "at_ms": record.at_ms, **row}
            else:
                self.redacted += row["kind"] in self._private

    def _of_frames(self, frames: Iterable[bytes]) -> Iterator[Row]:
        for frame in frames:
            try:
                message: wire.Frame | Foreign | Damaged = decode_frame(frame)
            except UNREADABLE:
                message = read_again(frame)
            try:
                yield from self._of_message(message)
            except ValueRefused as problem:
                yield {"kind": "damaged", "detail": problem.message}

    def _of_message(self, message: wire.Frame | Foreign | Damaged) -> Iterable[Row]:
        if isinstance(message, wire.Delta):
            return [self._change(message)]
        if isinstance(message, wire.Snapshot):
            return self._snapshot(message)
        if isinstance(message, Damaged):
            return [{"kind": "damaged", "detail": message.reason}]
        if isinstance(message, Foreign):
            return [{"kind": "unknown", "detail": message.type}]
        if isinstance(message, wire.Control):
            return [_checked({"kind": "control", "sent_ms": message.sending_ts_ms, "detail": _words(message)})]
        event = translate(message)
        place = {"sid": message.sid, "sent_ms": message.sending_ts_ms}
        if message.seq is not None:
            place["seq"] = message.seq
        return [_checked({**row, **place}) for row in _READERS.get(type(event), _nothing)(event)]

    def _change(self, message: wire.Delta) -> Row:
        body = message.msg
        is_bid = body.side == "yes"
        return _checked(
            {
                **_place(message, body.market_ticker, body.clock),
                "kind": "change",
                "ts_ms": body.ts_ms,
                "side": "bid" if is_bid else "ask",
                "price_e4": (LEVEL_PRICES if is_bid else self._no_prices)[body.price_dollars],
                "size_e2": parse_size_change(body.delta_fp),
            }
        )

    def _snapshot(self, message: wire.Snapshot) -> list[Row]:
        body = message.msg
        place = _checked({"kind": "snapshot", **_place(message, body.market_ticker, body.clock)})
        sides = (
            ("bid", body.yes_dollars_fp, LEVEL_PRICES),
            ("ask", body.no_dollars_fp, self._no_prices),
        )
        levels = [
            {**place, "side": side, "price_e4": prices[price], "size_e2": parse_size(size)}
            for side, pairs, prices in sides
            for price, size in pairs or ()
        ]
        return levels or [place]


def _place(message: wire.Delta | wire.Snapshot, ticker: str, clock: int) -> Row:
    sent_ms = message.sending_ts_ms
    return {"ticker": ticker, "sid": message.sid, "seq": message.seq, "sent_ms": sent_ms, "clock": clock}


def _checked(row: Row) -> Row:
    """Return a row whose numbers fit into 64 bits, which JSON's need not; prices and sizes have been looked at."""
    for name in _UNBOUNDED:
        value = row.get(name, 0)
        if isinstance(value, int) and not -_INT64 <= value < _INT64:
            raise ValueRefused(f"{name} is a number of more than 64 bits")
    return row


def _words(value: Any) -> str:
    return _detail(value).decode()


def _told(**columns: int | str | None) -> list[Row]:
    """Return a row of the columns that have a value."""
    return [{name: value for name, value in columns.items() if value is not None}]


def _ticker(seen: events.TickerSeen) -> list[Row]:
    return _told(
        kind="ticker",
        ticker=seen.ticker,
        ts_ms=seen.ts_ms,
        price_e4=seen.last_price,
        size_e2=seen.last_size,
        bid_e4=seen.yes_bid,
        ask_e4=seen.yes_ask,
        bid_size_e2=seen.yes_bid_size,
        ask_size_e2=seen.yes_ask_size,
        volume_e2=seen.volume,
        open_interest_e2=seen.open_interest,
    )


def _trade(seen: events.TradeSeen) -> list[Row]:
    return _told(
        kind="trade",
        ticker=seen.ticker,
        ts_ms=seen.ts_ms,
        side=seen.taker_side,
        price_e4=seen.price,
        size_e2=seen.size,
        id=seen.trade_id,
        detail='{"is_block":true}' if seen.is_block else None,
    )


def _fill(seen: events.FillSeen) -> list[Row]:
    return _told(
        kind="fill",
        ticker=seen.ticker,
        ts_ms=seen.ts_ms,
        side=seen.side,
        price_e4=seen.price,
        size_e2=seen.size,
        id=seen.trade_id,
        detail=_words(seen),
    )


def _order(seen: events.OrderSeen) -> list[Row]:
    return _told(
        kind="order",
        ticker=seen.ticker,
        ts_ms=seen.updated_ms,
        side=seen.side,
        price_e4=seen.price,
        size_e2=seen.remaining,
        id=seen.order_id,
        detail=_words(seen),
    )


def _position(seen: events.PositionSeen) -> list[Row]:
    return _told(kind="position", ticker=seen.ticker, size_e2=seen.position, detail=_words(seen))


def _index(seen: events.IndexSeen) -> list[Row]:
    return _told(kind="index", ticker=seen.index_id, ts_ms=seen.source_ms, detail=_words(seen))


def _nothing(_: object) -> list[Row]:
    return []


_READERS: Final[dict[type, Read]] = {
    events.TickerSeen: _ticker,
    events.TradeSeen: _trade,
    events.FillSeen: _fill,
    events.OrderSeen: _order,
    events.PositionSeen: _position,
    events.OrderGroupSeen: lambda seen: _told(kind="order_group", ts_ms=seen.ts_ms, detail=_words(seen)),
    events.MarketLifecycle: lambda seen: _told(kind="market", ticker=seen.ticker, detail=_words(seen)),
    events.EventLifecycle: lambda seen: _told(kind="event", ticker=seen.event_ticker, detail=_words(seen)),
    events.EventFeeChanged: lambda seen: _told(kind="event_fee", ticker=seen.event_ticker, detail=_words(seen)),
    events.IndexSeen: _index,
    events.IndexesListed: lambda seen: _told(kind="control", detail=_words(seen)),
}


def _of_record(record: Record) -> list[Row]:
    name = _RECORD_KINDS.get(type(record))
    if name is None:
        return []
    told = {field: getattr(record, field) for field in record.__struct_fields__ if field not in {"at_ms", "books"}}
    for field in ("body", "frame"):
        if field in told:
            told[field] = told[field].decode(errors="replace")
    return [{"kind": name, "detail": _words(told)}] if told else [{"kind": name}]


_RECORD_KINDS: Final[dict[type, str]] = {
    inputs.Connected: "connected",
    inputs.Disconnected: "disconnected",
    inputs.Sent: "sent",
    inputs.Replied: "reply",
    inputs.NotReplied: "no_reply",
    inputs.FeedSaid: "feed",
    inputs.Told: "told",
    inputs.Asked: "asked",
    inputs.Opening: "opening",
    inputs.Mark: "mark",
}
