"""The commands of the stream: what each answers, and every documented refusal."""

from __future__ import annotations

from typing import Any

import pytest

from kalshi_tui.practice.stream import Close, Limits
from tests.practice.stream_kit import MEMBER, Wire, codes, connect, market_id, of, place, small_exchange

BOOK = "orderbook_delta"
A, B = "KXT-1-A", "KXT-1-B"


def _wire(limits: Limits | None = None) -> Wire:
    return connect(small_exchange(), limits=limits)[1]


def test_several_channels_get_one_answer_and_one_number_each() -> None:
    came = _wire().subscribe("ticker", "trade", "fill")
    assert [(message["type"], message["id"], message["msg"]) for message in came] == [
        ("subscribed", 1, {"channel": "ticker", "sid": 1}),
        ("subscribed", 1, {"channel": "trade", "sid": 2}),
        ("subscribed", 1, {"channel": "fill", "sid": 3}),
    ]


def test_list_subscriptions_answers_an_array_without_a_sid() -> None:
    wire = _wire()
    wire.subscribe("ticker", "trade")
    (listed,) = wire.ask("list_subscriptions")
    assert listed["type"] == "ok"
    assert listed["msg"] == [{"channel": "ticker", "sid": 1}, {"channel": "trade", "sid": 2}]
    assert "sid" not in listed
    assert "seq" not in listed


def test_an_id_of_zero_is_no_id() -> None:
    wire = _wire()
    wire.session.receive(b'{"id":0,"cmd":"subscribe","params":{"channels":["ticker"]}}')
    assert "id" not in wire.read()[0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", 1),
        (b"{", 1),
        (b"[]", 1),
        (b'"x"', 1),
        (b"\xff\xfe", 1),
        (b"[" * 200_000, 1),
        (b'{"id":1}', 1),
        (b'{"id":1,"cmd":7}', 1),
        (b'{"id":-1,"cmd":"list_subscriptions"}', 1),
        (b'{"id":"1","cmd":"list_subscriptions"}', 1),
        (b'{"id":1,"cmd":"shout"}', 5),
        (b'{"id":1,"cmd":"subscribe"}', 2),
        (b'{"id":1,"cmd":"subscribe","params":[]}', 2),
        (b'{"id":1,"cmd":"unsubscribe"}', 2),
        (b'{"id":1,"cmd":"update_subscription"}', 2),
    ],
)
def test_what_cannot_be_read_is_answered_with_its_code(text: bytes, code: int) -> None:
    wire = _wire()
    wire.session.receive(text)
    assert codes(wire.read()) == [code]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, 3),
        ({"channels": []}, 3),
        ({"channels": "ticker"}, 11),
        ({"channels": ["cf_benchmarks_value"]}, 8),
        ({"channels": ["ticker", "nonsense"]}, 8),
        ({"channels": [BOOK]}, 2),
        ({"channels": [BOOK], "market_tickers": []}, 2),
        ({"channels": [BOOK], "market_ticker": A, "market_tickers": [B]}, 11),
        ({"channels": [BOOK], "market_ids": [market_id(0)]}, 11),
        ({"channels": ["market_positions"], "market_ids": [market_id(0)]}, 11),
        ({"channels": ["ticker"], "market_ids": [market_id(0)], "market_tickers": [A]}, 11),
        ({"channels": ["ticker"], "market_tickers": []}, 14),
        ({"channels": ["ticker"], "market_tickers": [1]}, 11),
        ({"channels": ["ticker"], "send_initial_snapshot": "yes"}, 11),
        ({"channels": ["communications"], "shard_factor": 0}, 19),
        ({"channels": ["communications"], "shard_key": 1}, 20),
        ({"channels": ["communications"], "shard_factor": 2, "shard_key": 2}, 21),
        ({"channels": ["communications"], "shard_factor": 101}, 22),
        ({"channels": ["communications"], "shard_factor": "2"}, 11),
        ({"channels": ["cfbenchmarks_value"], "index_ids": "BRTI"}, 11),
    ],
)
def test_a_subscribe_that_is_refused_opens_nothing(params: dict[str, Any], code: int) -> None:
    wire = _wire()
    (refusal,) = wire.ask("subscribe", params)
    assert refusal["msg"]["code"] == code
    assert refusal["id"] == 1
    assert wire.ask("list_subscriptions")[0]["msg"] == []


@pytest.mark.parametrize(
    ("params", "code", "scoped"),
    [
        ({"sids": [1], "market_tickers": [A]}, 15, False),
        ({"action": "add_markets", "market_tickers": [A]}, 12, False),
        ({"action": "add_markets", "sids": [1, 2], "market_tickers": [A]}, 12, False),
        ({"action": "add_markets", "sids": [], "market_tickers": [A]}, 12, False),
        ({"action": "add_markets", "sid": 1, "sids": [1], "market_tickers": [A]}, 12, False),
        ({"action": "add_markets", "sid": 9, "market_tickers": [A]}, 7, False),
        ({"action": "add_markets", "sid": "1", "market_tickers": [A]}, 11, False),
        ({"action": "paint", "sid": 1, "market_tickers": [A]}, 13, True),
        ({"action": "subscribe_indices", "sid": 1, "index_ids": ["BRTI"]}, 13, True),
        ({"action": "add_markets", "sid": 1}, 14, True),
        ({"action": "get_snapshot", "sid": 1}, 14, True),
        ({"action": "get_snapshot", "sid": 1, "market_tickers": ["KXNO-SUCH"]}, 11, True),
        ({"action": "add_markets", "sid": 1, "market_tickers": [A], "market_id": market_id(1)}, 11, True),
        ({"action": "add_markets", "sid": 1, "market_ids": [market_id(1)]}, 11, True),
    ],
)
def test_an_update_that_is_refused_says_why_and_counts_when_it_concerns_a_subscription(
    params: dict[str, Any], code: int, scoped: bool
) -> None:
    wire = _wire()
    wire.subscribe(BOOK, market_tickers=[B])
    (refusal,) = wire.ask("update_subscription", params)
    assert refusal["msg"]["code"] == code
    assert (refusal.get("sid"), refusal.get("seq")) == ((1, 2) if scoped else (None, None))


def test_an_action_outside_params_is_no_action() -> None:
    wire = _wire()
    wire.subscribe(BOOK, market_tickers=[A])
    assert codes(wire.ask("update_subscription", {"sids": [1], "market_tickers": [A]}, action="get_snapshot")) == [15]


def test_errors_of_a_channel_without_numbers_have_none() -> None:
    wire = _wire()
    wire.subscribe("ticker")
    (refusal,) = wire.update("get_snapshot", sid=1, market_tickers=[A])
    assert (refusal["msg"]["code"], refusal["sid"]) == (13, 1)
    assert "seq" not in refusal


@pytest.mark.parametrize(
    ("params", "code"), [({}, 4), ({"sids": []}, 4), ({"sids": 1}, 4), ({"sids": [9]}, 7), ({"sids": ["1"]}, 11)]
)
def test_an_unsubscribe_that_is_refused_ends_nothing(params: dict[str, Any], code: int) -> None:
    wire = _wire()
    wire.subscribe("ticker")
    assert codes(wire.ask("unsubscribe", params)) == [code]
    assert len(wire.ask("list_subscriptions")[0]["msg"]) == 1


def test_markets_beyond_the_limit_of_a_subscription_are_refused() -> None:
    wire = _wire(Limits(markets=2))
    assert codes(wire.subscribe(BOOK, market_tickers=["A", "B", "C"])) == [26]
    wire.subscribe(BOOK, market_tickers=[A])
    (refusal,) = wire.update("add_markets", sid=1, market_tickers=["X", "Y"])
    assert (refusal["msg"]["code"], refusal["sid"], refusal["seq"]) == (26, 1, 2)
    assert codes(wire.update("add_markets", sid=1, market_tickers=[A, "X"])) == []


def test_commands_beyond_the_rate_are_refused_until_time_passes() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange, limits=Limits(commands=3))
    assert [codes(wire.ask("list_subscriptions")) for _ in range(5)] == [[], [], [], [27], [27]]
    exchange.advance(exchange.now_ms + 334)
    assert [codes(wire.ask("list_subscriptions")) for _ in range(2)] == [[], [27]]


def test_commands_are_not_saved_up_for_longer_than_a_second() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange, limits=Limits(commands=3))
    exchange.advance(exchange.now_ms + 60_000)
    assert [codes(wire.ask("list_subscriptions")) for _ in range(4)] == [[], [], [], [27]]


def test_a_command_that_is_too_long_is_refused() -> None:
    wire = _wire(Limits(command_bytes=100))
    wire.session.receive(b'{"id":1,"cmd":"list_subscriptions","pad":"' + b"x" * 100 + b'"}')
    assert codes(wire.read()) == [1]


def test_markets_may_be_named_by_id_on_the_ticker_channel_alone() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("ticker", market_ids=[market_id(0)])
    (ok,) = wire.update("add_markets", sid=1, market_ids=[market_id(1)])
    assert ok["msg"] == {"market_ids": [market_id(0), market_id(1)]}
    place(exchange, "bid", 4_000, 100, ticker=B)
    assert [message["msg"]["market_ticker"] for message in wire.read()] == [B]


def test_a_merge_into_a_subscription_of_everything_keeps_everything() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("ticker")
    (ok,) = wire.subscribe("ticker", market_tickers=[A])
    assert ok["type"] == "ok"
    place(exchange, "bid", 4_000, 100, ticker=B)
    assert of(wire.read(), "ticker")[0]["msg"]["market_ticker"] == B


def test_deleting_the_last_market_does_not_mean_everything() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("ticker", market_tickers=[A])
    assert wire.update("delete_markets", sid=1, market_tickers=[A])[0]["msg"] == {"market_tickers": []}
    place(exchange, "bid", 4_000, 100)
    assert wire.read() == []


@pytest.mark.parametrize("channel", ["cfbenchmarks_value", "cfbenchmarks_value_5hz", "pyth_value"])
def test_value_channels_are_filtered_by_their_own_words(channel: str) -> None:
    param, add, remove, listing, code = (
        ("underlying_tickers", "subscribe_underlyings", "unsubscribe_underlyings", "underlying_list", 28)
        if channel == "pyth_value"
        else ("index_ids", "subscribe_indices", "unsubscribe_indices", "indexlist", 24)
    )
    wire = _wire()
    wire.subscribe(channel, **{param: ["ONE"]})
    assert wire.update(add, sid=1, **{param: ["TWO"]})[0]["msg"] == {param: ["ONE", "TWO"]}
    assert wire.update(remove, sid=1, **{param: ["ONE"]})[0]["msg"] == {param: ["TWO"]}
    assert wire.update(add, sid=1, **{param: ["all"]})[0]["msg"] == {param: ["all"]}
    assert wire.update(remove, sid=1, **{param: ["all"]})[0]["msg"] == {param: []}
    assert wire.subscribe(channel, **{param: ["ONE"]})[0]["type"] == "ok"
    assert codes(wire.update(add, sid=1)) == [code]
    assert codes(wire.update("add_markets", sid=1, market_tickers=[A])) == [13]
    (listed,) = wire.update(listing, sid=1)
    assert listed["msg"] == {param: []}
    assert listed["seq"] == 8


def test_nothing_is_heard_after_the_end() -> None:
    exchange = small_exchange()
    hub, wire = connect(exchange)
    wire.subscribe("ticker", BOOK, market_tickers=[A])
    wire.session.close()
    place(exchange, "bid", 4_000, 100)
    assert wire.ask("list_subscriptions") == []
    assert not hub.sessions
    assert wire.session.closed
    assert hub.open(MEMBER).number == 2


def test_replies_that_are_read_may_be_as_many_as_they_like() -> None:
    wire = _wire(Limits(replies=3))
    assert [len(wire.ask("list_subscriptions")) for _ in range(10)] == [1] * 10
    assert not wire.session.closed


def test_asking_for_everything_twice_tells_it_once() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    for _ in range(2):
        wire.subscribe("trade")
    place(exchange, "bid", 4_000, 100)
    place(exchange, "ask", 4_000, 100, user=MEMBER)
    assert [message["seq"] for message in wire.read()] == [2]


def test_replies_that_nobody_reads_end_the_connection() -> None:
    wire = _wire(Limits(replies=3))
    for _ in range(5):
        wire.send("list_subscriptions")
    assert len(wire.read()) == 3
    assert [type(item) for item in wire.other] == [Close]
    assert wire.session.closed
