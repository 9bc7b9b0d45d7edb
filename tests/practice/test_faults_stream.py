"""Rules on the stream: what each does to the frames of a connection."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.faults import Faults, Rule, When
from kalshi_tui.practice.faults.catalogue import ACTIONS, Need
from kalshi_tui.practice.faults.rules import Place
from kalshi_tui.practice.stream import Binary, Close, Limits, Ping
from tests.practice.stream_kit import HOUSE, MEMBER, START_MS, Wire, codes, connect, of, place, small_exchange

BOOK = "orderbook_delta"
A = "KXT-1-A"
NEVER_SENT = "KXNOBODY-ASKED"


def _rule(action: str, at: Place = "frame", when: When | None = None, **params: Any) -> Rule:
    defaults = {name: value for name, value in ACTIONS[at][action].items() if not isinstance(value, Need)}
    match = {"type": "orderbook_delta"} if at == "frame" else {}
    return Rule(f"{action}-rule", "F00", at, action, when or When(nth=2), match, {**defaults, **params})


def _feed(*rules: Rule, limits: Limits | None = None) -> tuple[Exchange, Wire]:
    """Return an exchange and a connection that follows one book, its snapshot read."""
    exchange = small_exchange()
    faults = Faults(rules, random.Random(1))
    faults.arm(exchange)
    _, wire = connect(exchange, faults=faults, limits=limits)
    wire.subscribe(BOOK, market_ticker=A, use_yes_price=True)
    return exchange, wire


def _change(exchange: Exchange, times: int = 3) -> None:
    """Let a level grow by one contract some times."""
    for _ in range(times):
        place(exchange, "bid", 4_000, 100)


def _numbers(wire: Wire) -> list[int]:
    return [message["seq"] for message in wire.read()]


@pytest.mark.parametrize(
    ("rule", "numbers"),
    [
        (_rule("drop"), [2, 4, 5]),
        (_rule("duplicate"), [2, 3, 3, 4, 5]),
        (_rule("duplicate", copies=2), [2, 3, 3, 3, 4, 5]),
        (_rule("reorder"), [2, 4, 3, 5]),
        (_rule("reset_seq", to=1), [2, 1, 2, 3]),
        (_rule("reset_seq", to=100), [2, 100, 101, 102]),
        (_rule("cross"), [2, 3, 4, 5, 6]),
        (_rule("misroute", to_ticker=NEVER_SENT), [2, 3, 4, 5, 6]),
        (_rule("misroute", sid=999), [2, 1, 3, 4, 5]),
    ],
)
def test_the_numbers_that_a_reader_sees(rule: Rule, numbers: list[int]) -> None:
    exchange, wire = _feed(rule)
    _change(exchange, 4)
    assert _numbers(wire) == numbers


def test_without_a_rule_that_strikes_nothing_is_changed() -> None:
    exchange, wire = _feed(_rule("drop", when=When(nth=1_000)))
    _change(exchange, 4)
    assert _numbers(wire) == [2, 3, 4, 5]


def test_a_held_frame_leaves_with_the_next_ping_at_the_latest() -> None:
    exchange, wire = _feed(_rule("reorder"))
    _change(exchange, 2)
    assert _numbers(wire) == [2]
    exchange.advance(START_MS + 10_000)
    assert _numbers(wire) == [3]
    assert wire.other == [Ping()]


def test_a_delayed_frame_keeps_its_number_and_comes_out_of_order() -> None:
    exchange, wire = _feed(_rule("delay", delay_ms=500))
    _change(exchange)
    assert _numbers(wire) == [2, 4]
    exchange.advance(START_MS + 499)
    assert _numbers(wire) == []
    exchange.advance(START_MS + 500)
    assert _numbers(wire) == [3]


def test_a_frame_that_is_renumbered_looks_as_if_it_was_made_late() -> None:
    exchange, wire = _feed(_rule("delay", delay_ms=500, renumber=True))
    _change(exchange)
    exchange.advance(START_MS + 500)
    came = wire.read()
    assert [message["seq"] for message in came] == [2, 3, 4]
    clocks = [message["msg"]["clock"] for message in came]
    assert clocks == [1, 3, 2]
    assert came[2]["sending_ts_ms"] == START_MS


def test_a_late_frame_of_a_subscription_that_is_gone_is_not_sent() -> None:
    exchange, wire = _feed(_rule("delay", delay_ms=500, renumber=True))
    _change(exchange, 2)
    wire.ask("unsubscribe", {"sids": [1]})
    exchange.advance(START_MS + 500)
    assert wire.read() == []


def test_a_lagging_connection_keeps_its_order_and_gets_older_and_older() -> None:
    exchange, wire = _feed(_rule("lag", when=When(nth=1), per_s_ms=500.0, max_ms=2_000))
    ages = []
    for second in range(20):
        exchange.advance(START_MS + second * 1000)
        _change(exchange, 1)
        ages += [exchange.now_ms - message["sending_ts_ms"] for message in wire.read()]
    assert ages == sorted(ages)
    assert ages[0] == 0
    assert ages[-1] >= 2_000
    numbers = [message["seq"] for message in wire.seen if "seq" in message]
    assert numbers == list(range(1, len(numbers) + 1))


def _faults_of(wire: Wire) -> Faults:
    spoiler = wire.session.spoiler
    assert spoiler is not None
    return spoiler.faults


def test_a_connection_that_lagged_catches_up_in_its_order_once_faults_have_ceased() -> None:
    exchange, wire = _feed(_rule("lag", when=When(nth=1), per_s_ms=500.0, max_ms=2_000))
    ages = []
    for step in range(100):
        exchange.advance(START_MS + step * 100)
        if step == 40:
            _faults_of(wire).cease()
        _change(exchange, 1)
        ages.append([exchange.now_ms - message["sending_ts_ms"] for message in wire.read()])
    assert max(ages[39]) > 1_000
    assert {age for some in ages[61:] for age in some} == {0}
    numbers = [message["seq"] for message in wire.seen if "seq" in message]
    assert numbers == list(range(1, 102))


def test_no_rule_strikes_after_faults_have_ceased() -> None:
    exchange, wire = _feed(_rule("drop", when=When()))
    _change(exchange, 2)
    _faults_of(wire).cease()
    _change(exchange, 2)
    assert _numbers(wire) == [4, 5]
    assert _faults_of(wire).struck == {"drop-rule": 2}


@pytest.mark.parametrize(
    ("params", "field", "value"),
    [
        ({"value": "NaN"}, "delta_fp", "NaN"),
        ({"value": "\uff11\uff12.00"}, "delta_fp", "\uff11\uff12.00"),
        ({"value": "-99999999.00"}, "delta_fp", "-99999999.00"),
        ({"how": "null"}, "delta_fp", None),
        ({"how": "raw", "value": "1e400"}, "delta_fp", float("inf")),
        ({"how": "remove"}, "delta_fp", "absent"),
        ({"field": "novelty", "value": "new"}, "novelty", "new"),
    ],
)
def test_one_field_of_a_message_is_changed_and_the_rest_is_not(params: dict[str, Any], field: str, value: Any) -> None:
    exchange, wire = _feed(_rule("edit", **{"field": "delta_fp", **params}))
    _change(exchange)
    before, spoilt, after = wire.read()
    assert spoilt["msg"].get(field, "absent") == value
    assert (spoilt["seq"], after["seq"]) == (3, 4)
    untouched = set(before["msg"]) - {field, "clock"}
    assert all(spoilt["msg"][name] == before["msg"][name] for name in untouched)


def test_a_field_at_the_top_may_be_changed() -> None:
    exchange, wire = _feed(_rule("edit", where="top", field="type", value="novelty"))
    _change(exchange)
    assert [message["type"] for message in wire.read()] == ["orderbook_delta", "novelty", "orderbook_delta"]


def _raw(kind: str) -> Any:
    params: dict[str, Any] = {"as": kind}
    exchange, wire = _feed(_rule("garble", **params))
    _change(exchange, 3)
    _, spoilt, good = wire.session.take()
    assert isinstance(good, bytes)
    assert json.loads(good)["seq"] == 4
    return spoilt


def test_a_frame_breaks_off() -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(_raw("json"))


def test_a_frame_is_no_utf8() -> None:
    with pytest.raises(UnicodeDecodeError):
        _raw("utf8").decode("utf-8")


def test_a_frame_is_binary() -> None:
    spoilt = _raw("binary")
    assert isinstance(spoilt, Binary)
    assert json.loads(spoilt.payload)["seq"] == 3


def test_an_unknown_message_comes_before_the_right_one() -> None:
    exchange, wire = _feed(_rule("inject", text='{"type":"novelty"}'))
    _change(exchange)
    assert [message.get("seq") for message in wire.read()] == [2, None, 3, 4]


@pytest.mark.parametrize(("shape", "least"), [("padding", 1 << 20), ("nesting", 200_000)])
def test_a_huge_message_comes_before_the_right_one(shape: str, least: int) -> None:
    exchange, wire = _feed(_rule("huge", shape=shape, size=1 << 20))
    _change(exchange)
    sizes = [len(item) for item in wire.session.take() if isinstance(item, bytes)]
    assert sizes[1] >= least
    assert max(sizes[0], sizes[2], sizes[3]) < 500


def test_a_message_for_a_market_that_nobody_asked_for_is_told_before_the_right_one() -> None:
    exchange, wire = _feed(_rule("misroute", to_ticker=NEVER_SENT))
    _change(exchange)
    assert [message["msg"]["market_ticker"] for message in wire.read()] == [A, NEVER_SENT, A, A]


def test_a_crossing_bid_is_told_that_never_was() -> None:
    exchange, wire = _feed(_rule("cross"))
    place(exchange, "ask", 6_000, 100)
    place(exchange, "bid", 4_000, 100)
    forged = wire.read()[-1]["msg"]
    assert (forged["side"], forged["price_dollars"], forged["delta_fp"]) == ("yes", "0.6000", "1.00")
    assert exchange.markets[A].best_bid == 4_000


@pytest.mark.parametrize("code", [10, 25])
def test_a_subscription_is_killed_and_the_connection_stays(code: int) -> None:
    exchange, wire = _feed(_rule("kill", code=code))
    _change(exchange)
    first, error = wire.read()
    assert (first["seq"], error["seq"], error["sid"], error["msg"]["code"]) == (2, 3, 1, code)
    assert not wire.session.closed
    assert wire.subscribe(BOOK, market_ticker=A)[0]["msg"]["sid"] == 2


@pytest.mark.parametrize(
    ("action", "end"),
    [("close", Close(1001, "going away")), ("cut", Close(1006, "", abrupt=True))],
)
def test_a_connection_ends(action: str, end: Close) -> None:
    exchange, wire = _feed(_rule(action))
    _change(exchange)
    assert _numbers(wire) == [2, 3]
    assert wire.other == [end]
    assert wire.session.closed


def test_a_half_open_connection_says_nothing_not_even_a_ping() -> None:
    exchange, wire = _feed(_rule("silence"))
    _change(exchange)
    exchange.advance(START_MS + 60_000)
    assert wire.ask("list_subscriptions") == []
    assert wire.other == []
    assert not wire.session.closed


def test_what_happens_during_a_silence_is_lost() -> None:
    exchange, wire = _feed(_rule("silence", for_s=5.0))
    _change(exchange, 4)
    exchange.advance(START_MS + 5_000)
    _change(exchange, 1)
    exchange.advance(START_MS + 10_000)
    assert _numbers(wire) == [6]
    assert wire.other == [Ping()]


@pytest.mark.parametrize(("action", "kinds"), [("close", [Close]), ("cut", [Close]), ("silence", []), ("kill", [])])
def test_a_connection_may_end_some_time_after_its_opening(action: str, kinds: list[type]) -> None:
    exchange, wire = _feed(_rule(action, "connection", When(nth=1), after_s=2.0))
    exchange.advance(START_MS + 1_999)
    _change(exchange, 1)
    assert len(wire.read()) == 1
    exchange.advance(START_MS + 2_000)
    _change(exchange, 1)
    assert codes(wire.read()) == ([10] if action == "kill" else [])
    assert [type(item) for item in wire.other] == kinds
    assert not wire.session.subscriptions or action == "silence"


def test_connections_are_taken_and_dropped_again_and_again() -> None:
    exchange = small_exchange()
    faults = Faults([_rule("close", "connection", When(times=3), after_s=0.2)], random.Random(1))
    hub, wire = connect(exchange, faults=faults)
    closed = []
    for number in range(1, 6):
        exchange.advance(START_MS + number * 1000)
        closed.append(wire.session.closed)
        wire = Wire(hub.open(MEMBER))
    assert closed == [True, True, True, False, False]


def test_a_command_is_answered_with_an_error_or_not_at_all() -> None:
    rules = (
        _rule("error", "command", When(nth=2), code=18),
        _rule("ignore", "command", When(nth=3)),
        _rule("error", "command", When(nth=4), code=29),
    )
    _, wire = _feed(*rules)
    answers = [wire.ask("list_subscriptions") for _ in range(4)]
    assert [codes(answer) for answer in answers] == [[18], [], [29], []]
    assert [len(answer) for answer in answers] == [1, 0, 1, 1]
    assert answers[0][0]["id"] == 2


def _private(*rules: Rule) -> tuple[Exchange, Wire]:
    exchange = small_exchange()
    faults = Faults(rules, random.Random(1))
    _, wire = connect(exchange, faults=faults)
    wire.subscribe("fill", "user_orders")
    place(exchange, "ask", 5_000, 100, user=HOUSE)
    place(exchange, "bid", 5_000, 100, user=MEMBER)
    return exchange, wire


def _on_fill(action: str, **params: Any) -> Rule:
    return Rule("r", "F00", "frame", action, When(), {"type": "fill"}, params)


def test_a_fill_is_told_twice_under_one_id() -> None:
    _, wire = _private(_on_fill("duplicate", copies=1))
    one, two = of(wire.read(), "fill")
    assert one == two


def test_a_fill_is_told_twice_under_two_ids() -> None:
    exchange, wire = _private(_on_fill("fill_again"))
    one, two = (message["msg"] for message in of(wire.read(), "fill"))
    assert one.pop("trade_id") != two.pop("trade_id")
    assert one == two
    assert len(exchange.fills_of(MEMBER)) == 1


def test_a_fill_is_told_at_a_worse_price_than_it_was() -> None:
    exchange, wire = _private(_on_fill("worse_price", by="0.0500"))
    assert of(wire.read(), "fill")[0]["msg"]["yes_price_dollars"] == "0.5500"
    assert exchange.fills_of(MEMBER)[0].price == 5_000


def test_a_fill_is_told_before_its_order() -> None:
    late = Rule("r", "F16", "frame", "delay", When(), {"type": "user_order"}, {"delay_ms": 1_000, "renumber": False})
    exchange, wire = _private(late)
    assert {message["type"] for message in wire.read()} == {"fill"}
    exchange.advance(START_MS + 1_000)
    assert {message["type"] for message in wire.read()} == {"user_order"}


def test_a_slow_consumer_dies_of_overflow_under_rules_too() -> None:
    exchange, wire = _feed(_rule("drop", when=When(nth=1_000)), limits=Limits(buffered=3))
    _change(exchange, 10)
    came = wire.read()
    assert codes(came) == [25]
    assert came[-1]["seq"] == came[-2]["seq"] + 1
