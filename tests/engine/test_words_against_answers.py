"""An answer and what the venue shows afterwards may differ: the worse counts until it is clear; people are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from msgspec.structs import replace

from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.desk import Desk
from kalshi_tui.engine.trading.ledger import Ledger
from kalshi_tui.link import trading as link
from tests.engine.test_ledger_told import ID, INTENDED, RESTING, TICKER, changing, fill, told
from tests.engine.test_no_side_door import LOOSE, armed, fire, staged
from tests.property import trading_world
from tests.property.trading_world import LongWorld

SENT = (INTENDED, entries.Sending(1, 1))
CANCELED = entries.CancelAnswered(50, 1, "canceled", Size(200), "", ts_ms=50)
SMALLER = changing("decrease", 6_300, 100)


def ledger_of(*more: entries.Entry) -> Ledger:
    ledger = Ledger()
    for entry in (*SENT, *more):
        ledger.apply(entry)
    return ledger


def answer(remaining: int | None = None, ts_ms: int = 9, at_ms: int = 9) -> entries.ChangeAnswered:
    return entries.ChangeAnswered(at_ms, 1, "done", "", ts_ms, None if remaining is None else Size(remaining))


def listed(at_ms: int, updated_ms: int = 2, source: str = "list") -> entries.OrderTold:
    return told(source=source, at_ms=at_ms, updated_ms=updated_ms)


# What has ended here and rests there


def test_what_lists_go_on_showing_at_rest_counts_again_although_they_tell_of_nothing_new() -> None:
    ledger = ledger_of(RESTING, CANCELED, listed(50 + 5_000))
    assert (ledger.orders[1].state, ledger.troubles) == ("canceled", [])
    ledger.apply(listed(50 + 7_999))
    assert ledger.orders[1].open_size == 0
    ledger.apply(listed(50 + 8_000))
    assert (ledger.orders[1].state, ledger.orders[1].open_size) == ("resting", 200)
    assert list(ledger.working()) == [ledger.orders[1]]
    assert ledger.troubles == [(TICKER, "order 1 was canceled, and rests at the venue")]


def test_lists_that_lag_by_less_than_five_seconds_and_late_messages_bring_nothing_back() -> None:
    late = [listed(60 + at_ms) for at_ms in range(0, 4_900, 700)]
    streamed = [listed(60 + at_ms, 49, "stream") for at_ms in (0, 6_000, 12_000)]
    ledger = ledger_of(RESTING, CANCELED, *late, *streamed)
    assert (ledger.orders[1].state, ledger.troubles) == ("canceled", [])


def test_a_look_that_finds_it_ended_begins_the_proof_anew() -> None:
    ended = replace(listed(6_000, 50, "read"), status="canceled", remaining=Size(0))
    ledger = ledger_of(RESTING, CANCELED, listed(5_100), ended, listed(9_000))
    assert (ledger.orders[1].state, ledger.troubles) == ("canceled", [])


def test_what_was_brought_back_ends_by_the_venues_next_word() -> None:
    ledger = ledger_of(RESTING, CANCELED, listed(5_100), listed(9_000))
    ledger.apply(told(status="canceled", filled=Size(30), remaining=Size(0), updated_ms=90))
    assert (ledger.orders[1].state, ledger.orders[1].open_size) == ("canceled", 30)


def desk_of(world: LongWorld) -> Desk:
    return world.engine.kernel.desk


@contextmanager
def resting(size: int = 1_000) -> Iterator[tuple[LongWorld, int]]:
    with armed(LOOSE) as world:
        number = fire(world, staged(world, world.tickers[0], "bid", 6_000, size))
        world.wait(2)
        yield world, number


def test_an_order_that_rests_although_its_cancel_was_said_to_be_done_is_found_by_the_lists() -> None:
    with resting() as (world, number):
        desk = desk_of(world)
        desk.note(entries.CancelAnswered(desk.now_ms, number, "canceled", Size(1_000), "", ts_ms=desk.venue_ms))
        assert desk.ledger.orders[number].open_size == 0
        world.wait(40)
        assert desk.ledger.orders[number].open_size == 1_000
        assert [found.kind for found in desk.ledger.differences.values()] == ["trouble"]
        assert world.tickers[0] in desk.ledger.halted
        world.ask(link.CancelOrders(everything=True))
        world.wait(3)
        assert not world.exchange.resting_of(world.user_id)
        assert not desk.ledger.orders[number].open_size


def test_an_order_that_rests_although_it_was_refused_holds_its_market_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = trading_world._rule(
        "400 after", "request", "fail_after", trading_world._CREATE, **trading_world._answer(400)
    )
    monkeypatch.setattr(trading_world, "_RULES", (*trading_world._RULES, refused))
    with armed(LOOSE) as world:
        world.faults.armed["400 after"] += 1
        number = fire(world, staged(world, world.tickers[0], "bid", 6_000, 1_000))
        world.wait(20)
        ledger = desk_of(world).ledger
        assert ledger.orders[number].open_size == 1_000
        assert [found.words for found in ledger.differences.values()] == [
            f"order {number} was rejected, and rests at the venue"
        ]


# A trouble is raised once, also over engines


def test_the_next_engine_raises_no_trouble_again_that_was_shown() -> None:
    ledger = ledger_of(RESTING, CANCELED, listed(60, updated_ms=60))
    ((ticker, words),) = ledger.troubles
    ledger.apply(entries.DifferenceFound(61, 1, "trouble", ticker, words))
    assert ledger.troubles == []


def test_a_trouble_that_was_shown_already_goes_with_its_difference() -> None:
    ledger = ledger_of(RESTING, CANCELED, listed(60, updated_ms=60))
    ((ticker, words),) = ledger.troubles
    ledger.apply(entries.DifferenceFound(61, 1, "trouble", ticker, words))
    ledger.troubles.append((ticker, words))  # once more, and nothing new was noted of it
    ledger.apply(entries.DifferenceEnded(62, 1, "acknowledged"))
    assert ledger.troubles == []


# A decrease, and what was filled before it


def test_until_the_venue_describes_a_smaller_order_all_counts_that_was_open_before() -> None:
    ledger = ledger_of(RESTING, SMALLER, answer(100))
    order = ledger.orders[1]
    assert (order.size, order.open_size, order.is_in_flight) == (100, 200, True)
    ledger.apply(told(filled=Size(50), remaining=Size(100), updated_ms=9))
    assert (order.size, order.open_size, order.is_in_flight) == (150, 150, False)
    ledger.apply(fill(50))
    assert (order.state, order.open_size) == ("resting", 100)


def test_what_a_smaller_order_comes_to_is_what_is_filled_and_what_the_answer_leaves_open() -> None:
    order = ledger_of(RESTING, SMALLER, fill(50), answer(100)).orders[1]
    assert (order.size, order.open_size) == (150, 150)


def test_a_description_that_came_before_the_answer_stands() -> None:
    described = told(filled=Size(50), remaining=Size(100), updated_ms=9)
    for ts_ms in (8, 9):
        order = ledger_of(RESTING, SMALLER, described, answer(100, ts_ms)).orders[1]
        assert (order.size, order.open_size, order.is_in_flight) == (150, 150, False)


def test_a_description_of_the_same_millisecond_from_before_the_change_does_not_stand() -> None:
    before = told(updated_ms=9)
    order = ledger_of(RESTING, changing("amend", 6_100, 400), before, answer(400)).orders[1]
    assert (order.price, order.size, order.open_size) == (6_100, 400, 400)


def test_a_decrease_leaves_open_what_was_meant_whatever_trades_are_not_told_yet() -> None:
    with resting() as (world, number):
        desk = desk_of(world)
        order = desk.ledger.orders[number]
        order.told_filled = Size(300)  # the venue counts three contracts, and has told no trade of them
        world.ask(link.Reduce(number, Size(700)))
        world.wait(1)
        assert [there.remaining for there in world.exchange.resting_of(world.user_id)] == [400]


# A decrease and a cancel


def test_a_cancel_adds_nothing_to_what_the_venue_has_described() -> None:
    ended = told(status="canceled", filled=Size(0), remaining=Size(0), initial=Size(100), updated_ms=7)
    cancel = entries.CancelAnswered(6, 1, "canceled", Size(100), "", ts_ms=7)
    for way in ((ended, cancel), (cancel, ended)):
        ledger = ledger_of(RESTING, SMALLER, entries.CancelAsked(5, 1, ""), *way, answer(100, 6))
        assert (ledger.orders[1].state, ledger.orders[1].open_size, ledger.owed()) == ("canceled", 0, [])


def test_a_cancel_of_more_than_a_change_would_have_left_found_the_order_unchanged() -> None:
    cancel = entries.CancelAnswered(6, 1, "canceled", Size(120), "", ts_ms=7)
    assert ledger_of(RESTING, SMALLER, entries.CancelAsked(5, 1, ""), cancel).orders[1].open_size == 80


def test_a_cancel_that_overtakes_a_decrease_leaves_no_phantom_behind() -> None:
    with resting() as (world, number):
        world.faults.armed["user_orders drop"] += 1
        world.faults.armed["slow reply"] += 1
        world.ask(link.Reduce(number, Size(400)))
        world.wait(0.3)
        world.ask(link.CancelOrders((number,)))
        world.wait(30)
        desk = desk_of(world)
        assert (desk.ledger.orders[number].state, desk.risk.worst(world.tickers[0])) == ("canceled", 0)


# Names, and what is counted of a day


def test_fills_of_another_market_are_not_given_to_an_order_of_ours_by_its_id() -> None:
    elsewhere = replace(fill(50), client_order_id="", ticker="KXOTHER")
    placed = entries.Placed(6, 1, ID, Size(0), Size(200), None, None, 6)
    ledger = ledger_of(elsewhere, placed)
    assert (ledger.orders[1].filled, ledger.orders[1].open_size) == (0, 200)
    assert [(order.ticker, order.filled, order.state) for order in ledger.orders.values()][1:] == [
        ("KXOTHER", 50, "filled")
    ]
    assert [ticker for ticker, _ in ledger.troubles] == [TICKER, "KXOTHER"]
    assert list(ledger.working()) == [ledger.orders[1]]


def test_an_amendment_counts_as_an_order_of_its_day_and_a_decrease_does_not() -> None:
    ledger = ledger_of(RESTING, replace(changing("amend", 6_100, 400), at_ms=INTENDED.at_ms))
    assert ledger.orders_on("2026-06-11") == 2
    assert ledger_of(RESTING, replace(SMALLER, at_ms=INTENDED.at_ms)).orders_on("2026-06-11") == 1


def test_a_price_is_not_taken_from_the_answer_where_the_venue_has_described_it_since() -> None:
    since = told(price=Price(6_200), remaining=Size(150), updated_ms=12)
    order = ledger_of(RESTING, changing("amend", 6_100, 400), since, answer(400)).orders[1]
    assert (order.price, order.size, order.change) == (6_200, 150, None)
