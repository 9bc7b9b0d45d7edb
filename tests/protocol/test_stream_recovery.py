"""Books come back by snapshots, at a bounded pace, and by a new subscription where snapshots do not help."""

from __future__ import annotations

from typing import Any

import pytest

from kalshi_tui.core.events import CommandRefused, ErrorSeen, SubscriptionLost, SubscriptionReady
from kalshi_tui.core.text import clean
from kalshi_tui.core.units import Price
from kalshi_tui.protocol.patience import Patience
from kalshi_tui.protocol.stream import Stream
from tests.protocol.stream_frames import NOW, asked, changes, commands, delta, live, ok, snapshot, states, subscribed


def kinds(sent: list[dict[str, Any]]) -> list[str]:
    return [command.get("params", {}).get("action", command["cmd"]) for command in sent]


def error(code: int, text: str = "x", **envelope: int) -> str:
    head = "".join(f'"{key}":{value},' for key, value in envelope.items())
    return f'{{"type":"error",{head}"msg":{{"code":{code},"msg":"{text}"}}}}'


def test_snapshots_are_asked_for_in_batches() -> None:
    tickers = [f"KX{number}" for number in range(5)]
    stream = live(*tickers, patience=Patience(batch=2))
    stream.receive(delta(9, "KX0"), NOW)
    assert [command["params"]["market_tickers"] for command in commands(stream)] == [
        ["KX0", "KX1"],
        ["KX2", "KX3"],
        ["KX4"],
    ]


def test_a_second_request_waits_for_the_cooldown_and_a_third_twice_as_long() -> None:
    stream = live("KXA")
    stream.receive(delta(3), NOW)
    first = commands(stream)[0]
    stream.receive(snapshot(4, clock=110, command=first["id"]), NOW + 10)
    stream.receive(delta(6), NOW + 20)
    assert commands(stream, NOW + 900) == []
    (second,) = commands(stream, NOW + 1_000)
    stream.receive(snapshot(7, clock=120, command=second["id"]), NOW + 1_010)
    stream.receive(delta(9), NOW + 1_020)
    assert commands(stream, NOW + 2_900) == []
    assert len(commands(stream, NOW + 3_000)) == 1


def test_after_a_calm_time_the_first_request_goes_out_at_once_again() -> None:
    stream = live("KXA")
    stream.receive(delta(3), NOW)
    stream.receive(snapshot(4, clock=110, command=commands(stream)[0]["id"]), NOW + 10)
    later = NOW + 20_000
    commands(stream, later)
    stream.receive(delta(6), later)
    assert kinds(commands(stream)) == ["get_snapshot"]


def test_a_gap_does_not_ask_again_while_an_answer_is_under_way() -> None:
    stream = live("KXA")
    stream.receive(delta(3), NOW)
    (first,) = commands(stream)
    for seq in range(5, 60, 2):
        stream.receive(delta(seq), NOW + seq)
        assert commands(stream) == []
    stream.receive(snapshot(58, clock=200, command=first["id"]), NOW + 100)
    assert stream.counters.gaps > 20


def test_an_unanswered_request_is_repeated_and_then_the_subscription_opened_anew() -> None:
    stream = live("KXA")
    stream.receive(delta(3), NOW)
    sent: list[str] = []
    now = NOW
    while "unsubscribe" not in sent and now < NOW + 60_000:
        now += 250
        sent += kinds(commands(stream, now))
    assert sent == ["get_snapshot"] * 3 + ["unsubscribe"]
    stream.receive(b'{"id":5,"sid":1,"seq":4,"type":"unsubscribed"}', now)
    sent = []
    while not sent and now < NOW + 90_000:
        now += 250
        sent += kinds(commands(stream, now))
    assert sent == ["subscribe"]
    stream.receive(subscribed(2, command=6), now)
    stream.receive(snapshot(1, sid=2, clock=400, sent_ms=now), now)
    assert states(stream) == {"KXA": "live"}


def test_frames_of_a_closed_sid_are_ignored_while_another_is_awaited() -> None:
    stream = live("KXA")
    stream.receive(error(25, "Subscription buffer overflow", sid=1, seq=2), NOW)
    commands(stream, NOW + 1_000)
    stream.receive(delta(3), NOW + 1_000)
    stream.receive(snapshot(4), NOW + 1_000)
    assert states(stream) == {"KXA": "dead"}
    stream.receive(subscribed(2, command=2), NOW + 1_010)
    assert states(stream) == {"KXA": "resync"}


def test_one_silent_market_does_not_cost_the_others_their_subscription() -> None:
    stream = asked("KXA", "KXSETTLED")
    stream.receive(subscribed(), NOW)
    stream.receive(snapshot(1, "KXA"), NOW)
    sent: list[str] = []
    for now in range(NOW, NOW + 60_000, 250):
        sent += kinds(commands(stream, now))
    assert set(sent) == {"get_snapshot"}
    assert len(sent) < 16
    assert states(stream) == {"KXA": "live", "KXSETTLED": "resync"}
    assert "requests" in stream.books["KXSETTLED"].reason


@pytest.mark.parametrize(("code", "text"), [(10, "Channel error"), (25, "Subscription buffer overflow")])
def test_a_terminal_error_kills_the_sid_and_it_is_opened_anew_after_a_while(code: int, text: str) -> None:
    stream = live("KXA", "KXB")
    stream.receive(error(code, text, sid=1, seq=3), NOW)
    assert states(stream) == {"KXA": "dead", "KXB": "dead"}
    assert text in stream.books["KXA"].reason
    told = stream.events()
    assert SubscriptionLost("orderbook_delta", f"{text} (error {code})") in told
    assert changes(told) == [("KXA", "dead"), ("KXB", "dead")]
    assert commands(stream, NOW + 900) == []
    (command,) = commands(stream, NOW + 1_000)
    assert command["params"]["market_tickers"] == ["KXA", "KXB"]
    stream.receive(subscribed(2, command=command["id"]), NOW + 1_010)
    stream.receive(snapshot(1, "KXA", sid=2), NOW + 1_020)
    assert states(stream) == {"KXA": "live", "KXB": "resync"}


def test_a_sid_that_keeps_dying_is_opened_ever_more_slowly() -> None:
    stream = live("KXA")
    waits: list[int] = []
    now, sid = NOW, 1
    for _ in range(6):
        stream.receive(error(25, sid=sid, seq=2), now)
        start = now
        while not (sent := commands(stream, now)):
            now += 50
        waits.append(now - start)
        sid += 1
        stream.receive(subscribed(sid, command=sent[0]["id"]), now)
        stream.receive(snapshot(1, sid=sid, sent_ms=now), now)
    assert waits == [1_000, 2_000, 4_000, 4_000, 4_000, 4_000]


def test_a_terminal_error_that_names_no_sid_ends_every_subscription() -> None:
    stream = live("KXA")
    stream.want("trade")
    stream.outgoing()
    stream.receive(subscribed(2, "trade", command=2), NOW)
    stream.receive(error(10, "Channel error"), NOW)
    assert states(stream) == {"KXA": "dead"}
    lost = {event.channel for event in stream.events() if isinstance(event, SubscriptionLost)}
    assert lost == {"orderbook_delta", "trade"}


def test_an_error_that_answers_nothing_and_is_unknown_puts_its_books_in_doubt() -> None:
    stream = live("KXA")
    stream.receive(error(29, "Invalid update interval", sid=1, seq=2), NOW)
    assert states(stream) == {"KXA": "resync"}
    assert ErrorSeen("orderbook_delta", 29, clean("Invalid update interval (error 29)")) in stream.events()
    assert kinds(commands(stream)) == ["get_snapshot"]


def test_an_unknown_sid_in_an_answer_means_that_the_subscription_is_gone() -> None:
    stream = live("KXA")
    stream.doubt("KXA", "another price elsewhere")
    (command,) = commands(stream)
    stream.receive(error(7, "Unknown subscription ID", id=command["id"]), NOW)
    assert states(stream) == {"KXA": "dead"}
    assert kinds(commands(stream, NOW + 1_000)) == ["subscribe"]


def test_a_subscription_that_the_exchange_closes_is_opened_again() -> None:
    stream = live("KXA")
    stream.receive(b'{"sid":1,"seq":2,"type":"unsubscribed"}', NOW)
    assert states(stream) == {"KXA": "dead"}
    assert kinds(commands(stream, NOW + 1_000)) == ["subscribe"]


def test_a_refused_subscription_is_told_and_not_repeated_for_a_minute() -> None:
    stream = asked("KXA")
    stream.receive(error(9, "Authentication required", id=1), NOW)
    assert (
        CommandRefused("subscribe", "orderbook_delta", 9, clean("Authentication required (error 9)")) in stream.events()
    )
    assert states(stream) == {"KXA": "dead"}
    assert commands(stream, NOW + 59_000) == []
    assert kinds(commands(stream, NOW + 60_000)) == ["subscribe"]


def test_a_busy_exchange_is_asked_again_soon() -> None:
    stream = asked("KXA")
    stream.receive(error(27, "Too many requests", id=1), NOW)
    assert kinds(commands(stream, NOW + 1_000)) == ["subscribe"]


def test_a_market_that_a_refusal_names_is_left_out_and_the_others_come() -> None:
    stream = asked("KXA", "KXBAD")
    stream.receive(
        b'{"id":1,"type":"error","msg":{"code":11,"msg":"Invalid parameter","market_ticker":"KXBAD"}}',
        NOW,
    )
    (command,) = commands(stream, NOW + 1_000)
    assert command["params"]["market_tickers"] == ["KXA"]
    stream.receive(subscribed(1, command=2), NOW + 1_000)
    stream.receive(snapshot(1), NOW + 1_000)
    assert states(stream) == {"KXA": "live", "KXBAD": "dead"}


def test_a_command_without_an_answer_is_given_up_and_sent_again() -> None:
    stream = asked("KXA")
    assert commands(stream, NOW + 3_900) == []
    commands(stream, NOW + 4_000)
    assert CommandRefused("subscribe", "orderbook_delta", 0, clean("no answer came")) in stream.events()
    assert kinds(commands(stream, NOW + 5_000)) == ["subscribe"]


def test_a_late_subscribed_is_taken_all_the_same() -> None:
    stream = asked("KXA")
    commands(stream, NOW + 4_000)
    stream.receive(subscribed(1, command=1), NOW + 4_100)
    stream.receive(snapshot(1), NOW + 4_100)
    assert states(stream) == {"KXA": "live"}
    assert kinds(commands(stream, NOW + 5_500)) == ["add_markets"]


def test_a_subscription_that_was_open_already_is_answered_by_ok_and_asked_for_snapshots() -> None:
    stream = asked("KXA", "KXB")
    stream.receive(ok(17, "KXA", "KXB", command=1), NOW)
    assert [event.channel for event in stream.events() if isinstance(event, SubscriptionReady)] == ["orderbook_delta"]
    (command,) = commands(stream)
    assert command["params"]["market_tickers"] == ["KXA", "KXB"]
    stream.receive(delta(18), NOW)
    stream.receive(snapshot(19, "KXA", clock=101, command=command["id"]), NOW)
    stream.receive(snapshot(20, "KXB", command=command["id"]), NOW)
    assert (states(stream), stream.counters.gaps) == ({"KXA": "live", "KXB": "live"}, 0)


@pytest.mark.parametrize(
    "answer",
    [b'{"id":1,"type":"ok","msg":{"market_tickers":["KXA"]}}', b'{"id":1,"type":"error","msg":{"code":6,"msg":"?"}}'],
)
def test_an_answer_that_does_not_tell_the_sid_is_settled_by_the_list(answer: bytes) -> None:
    stream = asked("KXA")
    stream.receive(answer, NOW)
    assert commands(stream) == [{"id": 2, "cmd": "list_subscriptions"}]
    stream.receive(b'{"id":2,"type":"ok","msg":[{"channel":"orderbook_delta","sid":4}],"sending_ts_ms":1}', NOW)
    sent: list[dict[str, Any]] = []
    for now in range(NOW, NOW + 3_000, 250):
        sent += commands(stream, now)
    question = next(command for command in sent if command["params"]["action"] == "get_snapshot")
    assert question["params"]["sids"] == [4]
    stream.receive(snapshot(31, sid=4, command=question["id"]), NOW + 3_000)
    assert states(stream) == {"KXA": "live"}


def test_a_subscription_that_the_list_does_not_show_is_dead() -> None:
    stream = live("KXA")
    listed = b'{"id":2,"type":"ok","msg":[{"channel":"ticker","sid":2}]}'
    stream.receive(listed, NOW)
    assert states(stream) == {"KXA": "live"}, "nobody asked for that list"
    stream.receive(delta(2, sent_ms=NOW), NOW + 3_000)
    assert kinds(commands(stream, NOW + 7_000)) == ["list_subscriptions"]
    stream.receive(listed, NOW + 7_000)
    assert states(stream) == {"KXA": "dead"}


def test_a_sid_whose_closing_was_lost_is_taken_up_again() -> None:
    stream = live("KXA")
    stream.unwant("orderbook_delta")
    commands(stream)
    stream.want("orderbook_delta", tickers=["KXA"])
    sent: list[dict[str, Any]] = []
    now = NOW
    while not sent:
        now += 500
        sent = commands(stream, now)
    stream.receive(ok(9, "KXA", command=sent[0]["id"]), now)
    (question,) = commands(stream)
    stream.receive(snapshot(10, command=question["id"], sent_ms=now), now)
    assert states(stream) == {"KXA": "live"}


def test_frames_that_come_before_their_subscribed_are_kept() -> None:
    stream = asked("KXA")
    assert stream.receive(snapshot(1), NOW) is None
    assert stream.receive(delta(2, change="4.00"), NOW) is None
    stream.receive(b'{"type":"brand_new","sid":1,"seq":3,"msg":{}}', NOW)
    stream.receive(delta(4, clock=102), NOW)
    stream.receive(subscribed(), NOW)
    assert (states(stream), stream.counters.gaps) == ({"KXA": "live"}, 0)
    assert stream.books["KXA"].book.size_at("bid", Price(4500)) == 1_500
    told = [type(event).__name__ for event in stream.events()]
    assert [name for name in told if name != "BookStateChanged"] == [
        "SubscriptionReady",
        "BookReplaced",
        "BookChanged",
        "BookChanged",
    ]


def test_frames_of_a_closed_sid_do_not_crowd_out_those_of_the_next() -> None:
    stream = live("KXA", patience=Patience(early_messages=1))
    stream.receive(error(25, sid=1, seq=2), NOW)
    commands(stream, NOW + 1_000)
    stream.receive(delta(3, sent_ms=NOW + 1_000), NOW + 1_000)
    stream.receive(snapshot(1, sid=2, sent_ms=NOW + 1_000), NOW + 1_000)
    stream.receive(subscribed(2, command=2), NOW + 1_000)
    assert states(stream) == {"KXA": "live"}


@pytest.mark.parametrize(
    "answer",
    [
        b'{"id":2,"type":"ok","sid":1,"msg":{"market_tickers":["KXA"]}}',
        b'{"id":2,"type":"ok","msg":{"market_tickers":[]}}',
    ],
)
def test_no_subscription_waits_for_ever_for_an_answer_that_was_none(answer: bytes) -> None:
    stream = live("KXA")
    stream.want("trade")
    commands(stream)
    stream.receive(answer, NOW)
    sent: list[dict[str, Any]] = []
    for now in range(NOW, NOW + 10_000, 250):
        sent += commands(stream, now)
    assert [command["params"]["channels"] for command in sent if command["cmd"] == "subscribe"][:1] == [["trade"]]
    assert states(stream) == {"KXA": "live"}


def test_frames_that_were_too_many_to_keep_are_a_gap() -> None:
    stream = asked("KXA", patience=Patience(early_messages=1))
    stream.receive(snapshot(1), NOW)
    stream.receive(delta(2), NOW)
    stream.receive(subscribed(), NOW)
    assert states(stream) == {"KXA": "live"}
    stream.receive(delta(3), NOW)
    assert states(stream) == {"KXA": "resync"}


def test_commands_never_exceed_their_rate() -> None:
    stream = Stream(patience=Patience(commands_per_s=3, batch=1))
    stream.want("orderbook_delta", tickers=[f"KX{number}" for number in range(10)])
    stream.connected(NOW)
    stream.outgoing()
    stream.receive(subscribed(), NOW)
    stream.want("orderbook_delta", tickers=[f"KY{number}" for number in range(10)])
    times: list[int] = [NOW]
    for now in range(NOW, NOW + 4_000, 100):
        times += [now] * len(commands(stream, now))
    assert len(times) > 9
    assert all(later - earlier >= 1_000 for earlier, later in zip(times, times[3:], strict=False))


def test_command_numbers_start_at_one_and_never_repeat_over_connections() -> None:
    stream = asked("KXA")
    stream.disconnected(NOW)
    stream.connected(NOW)
    stream.want("trade")
    assert [command["id"] for command in commands(stream)] == [2, 3]


def test_books_that_cross_beyond_the_action_that_crossed_them_are_doubted() -> None:
    stream = live("KXA")
    stream.receive(delta(2, price="0.5600", clock=101), NOW)
    assert states(stream) == {"KXA": "live"}, "one action's changes are not atomic"
    stream.receive(delta(3, price="0.5500", side="no", change="-5.00", clock=101), NOW)
    assert states(stream) == {"KXA": "live"}
    stream.receive(delta(4, price="0.4000", clock=102), NOW)
    assert states(stream) == {"KXA": "resync"}
    assert stream.counters.doubts == 1
    assert kinds(commands(stream)) == ["get_snapshot"]


def test_an_action_that_uncrosses_what_it_crossed_raises_no_doubt() -> None:
    stream = live("KXA")
    for seq in range(2, 20, 2):
        stream.receive(delta(seq, price="0.5500", clock=100 + seq), NOW)
        stream.receive(delta(seq + 1, price="0.5500", change="-1.00", clock=100 + seq), NOW)
    assert (states(stream), stream.counters.doubts) == ({"KXA": "live"}, 0)


def test_books_that_stay_crossed_are_doubted_without_another_change() -> None:
    stream = live("KXA")
    stream.receive(delta(2, price="0.5600"), NOW)
    commands(stream, NOW + 250)
    assert states(stream) == {"KXA": "live"}
    assert kinds(commands(stream, NOW + 251)) == ["get_snapshot"]
    assert states(stream) == {"KXA": "resync"}


def test_a_snapshot_whose_own_sides_cross_is_not_live() -> None:
    stream = asked("KXA")
    stream.receive(subscribed(), NOW)
    stream.receive(snapshot(1, yes=(("0.5600", "1.00"),)), NOW)
    assert states(stream) == {"KXA": "resync"}
    assert "overlap" in stream.books["KXA"].reason


def test_a_doubt_from_outside_is_settled_by_a_snapshot() -> None:
    stream = live("KXA", "KXB")
    stream.doubt("KXA", "the best bid elsewhere is 0.4300")
    assert states(stream) == {"KXA": "resync", "KXB": "live"}
    assert stream.books["KXA"].reason == "the best bid elsewhere is 0.4300"
    (command,) = commands(stream)
    assert command["params"]["market_tickers"] == ["KXA"]
    stream.receive(snapshot(3, "KXA", command=command["id"]), NOW)
    assert states(stream) == {"KXA": "live", "KXB": "live"}


def test_a_lost_connection_makes_books_stale_and_the_next_one_brings_them_back() -> None:
    stream = live("KXA")
    stream.disconnected(NOW + 5)
    assert states(stream) == {"KXA": "stale"}
    assert stream.books["KXA"].reason == "the connection is lost"
    assert stream.outgoing() == []
    stream.connected(NOW + 10)
    (command,) = commands(stream)
    assert (command["cmd"], command["params"]["market_tickers"]) == ("subscribe", ["KXA"])
    assert stream.receive(delta(2), NOW + 10) is None, "a frame of the old connection's sid 1"
    stream.receive(subscribed(1, command=command["id"]), NOW + 11)
    assert states(stream) != {"KXA": "live"}
    stream.disconnected(NOW + 12)
    stream.connected(NOW + 13)
    (command,) = commands(stream)
    stream.receive(subscribed(1, command=command["id"]), NOW + 14)
    stream.receive(snapshot(1, clock=3), NOW + 15)
    assert states(stream) == {"KXA": "live"}, "clocks of another connection say nothing"


def test_reconnecting_asks_for_each_channel_in_one_command() -> None:
    tickers = [f"KX{number}" for number in range(1_200)]
    stream = Stream()
    stream.want("orderbook_delta", tickers=tickers)
    stream.want("ticker", tickers=tickers)
    stream.want("fill")
    for _ in range(2):
        stream.connected(NOW)
        sent = commands(stream)
        assert [command["params"]["channels"] for command in sent] == [["orderbook_delta"], ["ticker"], ["fill"]]
        assert sent[0]["params"]["market_tickers"] == tickers
        assert "market_tickers" not in sent[2]["params"]
        stream.disconnected(NOW)
