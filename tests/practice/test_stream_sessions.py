"""Connections: heartbeat, waking, falling behind, and the cap on their number."""

from __future__ import annotations

import json

import pytest

from kalshi_tui.practice.records import Refusal
from kalshi_tui.practice.stream import Hub, Limits, Ping
from tests.practice.stream_kit import MEMBER, OTHER, START_MS, Wire, codes, connect, of, place, small_exchange

BOOK = "orderbook_delta"
A, B = "KXT-1-A", "KXT-1-B"


def test_a_ping_goes_out_every_ten_seconds_of_exchange_time() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    for seconds, pings in ((9.999, 0), (10, 1), (19.999, 1), (20, 2)):
        exchange.advance(START_MS + round(seconds * 1000))
        wire.read()
        assert wire.other == [Ping(b"heartbeat")] * pings


def test_pings_do_not_pile_up_at_a_door_that_does_not_take() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    exchange.advance(START_MS + 1_000_000)
    wire.read()
    assert len(wire.other) == 1


def test_a_closed_connection_is_not_pinged() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.session.close()
    exchange.advance(START_MS + 20_000)
    assert wire.session.take() == []
    assert exchange.next_due_ms() != START_MS + 30_000


def test_the_door_is_woken_once_until_it_takes() -> None:
    exchange = small_exchange()
    hub = Hub(exchange)
    calls: list[int] = []
    session = hub.open(MEMBER, lambda: calls.append(1))
    wire = Wire(session)
    wire.send("subscribe", {"channels": [BOOK, "ticker"], "market_tickers": [A]})
    place(exchange, "bid", 4_000, 100)
    assert len(calls) == 1
    wire.read()
    place(exchange, "bid", 4_000, 100)
    assert len(calls) == 2


def test_a_door_is_woken_for_a_ticker_alone() -> None:
    exchange = small_exchange()
    hub = Hub(exchange)
    calls: list[int] = []
    wire = Wire(hub.open(MEMBER, lambda: calls.append(1)))
    wire.subscribe("ticker")
    calls.clear()
    place(exchange, "bid", 4_000, 100)
    assert calls == [1]


def test_a_slow_consumer_loses_that_subscription_and_keeps_the_connection() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange, limits=Limits(buffered=5))
    wire.subscribe("trade")
    wire.subscribe(BOOK, market_ticker=A)
    for _ in range(20):
        place(exchange, "bid", 4_000, 100)
    came = wire.read()
    deltas, (error,) = of(came, "orderbook_delta"), of(came, "error")
    assert len(deltas) == 6  # five, and one for the market
    assert (error["msg"]["code"], error["sid"], error["seq"]) == (25, 2, deltas[-1]["seq"] + 1)
    assert came[-1] is error
    assert not wire.session.closed
    assert wire.ask("list_subscriptions")[0]["msg"] == [{"channel": "trade", "sid": 1}]
    again = wire.subscribe(BOOK, market_ticker=A)
    assert again[0]["msg"]["sid"] == 3
    assert again[1]["seq"] == 1


def test_a_consumer_that_reads_in_time_loses_nothing() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange, limits=Limits(buffered=5))
    wire.subscribe(BOOK, market_ticker=A)
    for _ in range(50):
        place(exchange, "bid", 4_000, 100)
        assert codes(wire.read()) == []


def test_a_burst_for_one_slow_connection_does_not_touch_another() -> None:
    exchange = small_exchange()
    hub, slow = connect(exchange, limits=Limits(buffered=5))
    quick = Wire(hub.open(OTHER))
    for wire in (slow, quick):
        wire.subscribe(BOOK, market_ticker=A)
    for _ in range(20):
        place(exchange, "bid", 4_000, 100)
        quick.read()
    assert len(of(quick.seen, "orderbook_delta")) == 20
    assert codes(slow.read()) == [25]


def test_snapshots_of_many_markets_fit_whatever_the_buffer() -> None:
    tickers = tuple(f"KXT-1-{number}" for number in range(50))
    _, wire = connect(small_exchange(tickers), limits=Limits(buffered=5))
    assert codes(wire.subscribe(BOOK, market_tickers=list(tickers))) == []
    assert len(of(wire.seen, "orderbook_snapshot")) == 50


def test_a_member_may_not_open_more_connections_than_the_cap() -> None:
    hub = Hub(small_exchange(), limits=Limits(connections=2))
    first = hub.open(MEMBER)
    hub.open(MEMBER)
    hub.open(OTHER)
    with pytest.raises(Refusal) as refusal:
        hub.open(MEMBER)
    assert refusal.value.status == 429
    first.close()
    hub.open(MEMBER)


def test_frames_are_json_text_in_utf8() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("user_orders")
    place(exchange, "bid", 4_000, 100, user=MEMBER, client_order_id="é-1")
    (frame,) = wire.session.take()
    assert isinstance(frame, bytes)
    assert json.loads(frame.decode("utf-8"))["msg"]["client_order_id"] == "é-1"
