"""News that cannot be true: snapshots older than the changes before them, levels off the grid, books left crossed."""

from __future__ import annotations

import pytest

from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.units import Price
from kalshi_tui.protocol.stream import Stream
from tests.protocol.stream_frames import NOW, asked, commands, delta, live, ok, snapshot, states, subscribed

SECOND = 1_000
CENTS = PriceGrid.from_bands([(Price(0), Price(10_000), Price(100))])


def waiting(*tickers: str) -> Stream:
    """Return a stream whose subscription is open and whose snapshots have not come."""
    stream = asked(*tickers)
    stream.receive(subscribed(), NOW)
    return stream


def test_a_first_snapshot_that_is_older_than_a_change_before_it_is_not_believed() -> None:
    stream = waiting("KXA")
    stream.receive(delta(1, clock=105), NOW)
    stream.receive(snapshot(2, clock=100), NOW)
    assert states(stream) == {"KXA": "resync"}
    (command,) = commands(stream, NOW)
    stream.receive(snapshot(3, clock=105, command=command["id"]), NOW)
    assert states(stream) == {"KXA": "live"}


def test_a_snapshot_that_nobody_asked_for_and_that_is_older_than_the_book_takes_it_out_of_step() -> None:
    stream = live("KXA")
    stream.receive(delta(2, clock=101), NOW)
    stream.receive(snapshot(3, clock=100), NOW)
    assert states(stream) == {"KXA": "resync"}
    assert [command["params"]["action"] for command in commands(stream, NOW)] == ["get_snapshot"]


def test_an_answer_that_lacks_changes_told_before_it_is_not_believed_and_is_asked_for_again() -> None:
    stream = live("KXA")
    stream.doubt("KXA", "for a reason")
    (first,) = commands(stream, NOW)
    stream.receive(delta(2, clock=110), NOW)
    stream.receive(snapshot(3, clock=105, command=first["id"]), NOW)
    assert states(stream) == {"KXA": "resync"}
    (second,) = commands(stream, NOW + SECOND)
    stream.receive(snapshot(4, clock=110, command=second["id"]), NOW + SECOND)
    assert states(stream) == {"KXA": "live"}


def test_an_answer_that_lacks_the_change_by_which_a_gap_was_seen_is_not_believed() -> None:
    stream = live("KXA")
    stream.receive(delta(7, clock=110), NOW)
    (command,) = commands(stream, NOW)
    stream.receive(snapshot(8, clock=109, command=command["id"]), NOW)
    assert states(stream) == {"KXA": "resync"}


def test_an_answer_that_lacks_a_change_which_could_not_be_read_is_not_believed() -> None:
    stream = live("KXA")
    stream.receive(delta(2, "KXA", "-99999.00", clock=110), NOW)
    (command,) = commands(stream, NOW)
    stream.receive(snapshot(3, clock=109, command=command["id"]), NOW)
    assert states(stream) == {"KXA": "resync"}


def test_where_changes_show_that_the_exchange_counts_from_an_earlier_clock_its_snapshot_is_believed() -> None:
    stream = live("KXA")
    stream.receive(delta(2, clock=7, ts_ms=NOW + SECOND), NOW + SECOND)
    (command,) = commands(stream, NOW + SECOND)
    stream.receive(snapshot(3, clock=7, command=command["id"]), NOW + SECOND)
    assert states(stream) == {"KXA": "live"}


def test_where_nothing_but_old_snapshots_come_the_subscription_is_opened_anew() -> None:
    stream = live("KXA", "KXB")
    stream.doubt("KXB", "for a reason")
    now, seq, told = NOW, 3, list[str]()
    while "unsubscribe" not in told and now < NOW + 60 * SECOND:
        for command in commands(stream, now):
            told.append(command["cmd"])
            if command["params"].get("action") == "get_snapshot":
                stream.receive(snapshot(seq, "KXB", clock=3, command=command["id"]), now)
                seq += 1
        now += SECOND
        stream.ping(now)
    assert told[-1] == "unsubscribe"
    assert now <= NOW + 15 * SECOND


def test_a_missing_first_snapshot_is_asked_for_although_those_of_others_keep_coming() -> None:
    stream = waiting("KXA", "KXB")
    stream.receive(snapshot(1, "KXB"), NOW)
    commands(stream, NOW)
    seq, wanted = 2, list[str]()
    for second in range(1, 8):
        now = NOW + second * SECOND
        stream.want("orderbook_delta", tickers=[f"KXNEW{second}"])
        for command in commands(stream, now):
            if command["params"]["action"] == "add_markets":
                added = command["params"]["market_tickers"]
                stream.receive(ok(seq, *added, command=command["id"]), now)
                stream.receive(snapshot(seq + 1, added[0]), now)
                seq += 2
            else:
                wanted += command["params"]["market_tickers"]
    assert wanted == ["KXA"]


def test_first_snapshots_that_take_their_time_are_not_asked_for_while_the_next_ones_come() -> None:
    tickers = [f"KX{number}" for number in range(6)]
    stream = waiting(*tickers)
    for number, ticker in enumerate(tickers):
        now = NOW + number * 3 * SECOND
        assert commands(stream, now) == []
        stream.receive(snapshot(number + 1, ticker, sent_ms=now), now)
    assert set(states(stream).values()) == {"live"}


@pytest.mark.parametrize("price", ["0.4550", "0.4501"])
def test_a_level_that_appears_off_the_grid_takes_its_book_out_of_step(price: str) -> None:
    stream = live("KXA", "KXB", grid_of=lambda _: CENTS)
    stream.receive(delta(3, "KXA", price=price), NOW)
    assert states(stream) == {"KXA": "resync", "KXB": "live"}
    assert stream.counters.malformed == 1


def test_a_level_off_the_grid_that_stood_before_may_go_on_changing() -> None:
    stream = live("KXA", grid_of=lambda _: CENTS)
    stream.receive(snapshot(2, "KXA", yes=(("0.4450", "20.00"),), clock=101), NOW)
    stream.receive(delta(3, price="0.4450", change="-20.00", clock=102), NOW)
    assert states(stream) == {"KXA": "live"}


def test_where_the_grid_is_not_known_any_price_may_appear() -> None:
    stream = live("KXA", grid_of=lambda _: None)
    stream.receive(delta(2, price="0.4501"), NOW)
    assert states(stream) == {"KXA": "live"}


def test_a_book_that_the_next_action_finds_crossed_is_doubted_also_where_that_action_would_uncross_it() -> None:
    stream = live("KXA")
    stream.receive(delta(2, price="0.5500", clock=101), NOW)
    stream.receive(delta(3, price="0.5500", side="no", change="-5.00", clock=102), NOW)
    assert states(stream) == {"KXA": "resync"}
    assert stream.counters.doubts == 1


def test_a_snapshot_that_comes_too_late_is_stale_at_once() -> None:
    stream = live("KXA")
    stream.doubt("KXA", "for a reason")
    (command,) = commands(stream, NOW)
    stream.receive(snapshot(2, clock=101, command=command["id"], sent_ms=NOW), NOW + 3 * SECOND)
    assert states(stream) == {"KXA": "stale"}
