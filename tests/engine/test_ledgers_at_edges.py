"""Ledger and comparison at the edges: words that come late, twice, in pages, or about what nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from kalshi_tui.core.positions import Position
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.trading import asking, entries
from kalshi_tui.engine.trading.ledger import Ledger
from kalshi_tui.engine.trading.money_day import _LOSSES
from kalshi_tui.engine.trading.positions_compared import _cost_of
from kalshi_tui.errors import ValueRefused
from kalshi_tui.link import trading as link
from kalshi_tui.practice.records import NewOrder
from kalshi_tui.protocol import rest
from tests.engine.dealing import LIVE, a_world, armed, begin, desk_of, placed, refused, rows, take, told
from tests.engine.test_ledger_told import INTENDED, TICKER, fill
from tests.engine.test_ledger_told import told as order_told
from tests.property.trading_world import LongWorld

AT = INTENDED.at_ms
BEGAN = entries.Began(AT, entries.CODEC, 1, "i", "p", "s", "practice", "live", "practice", 1)


def ledger_of(*rows: entries.Entry) -> Ledger:
    ledger = Ledger()
    for row in rows:
        ledger.apply(row)
    return ledger


# The ledger


@pytest.mark.parametrize(
    ("result", "value", "revenue"),
    [
        ("yes", 10_000, 2_000_000),
        ("scalar", 2_500, 500_000),
        ("void", None, 1_000_000),
        ("a word of tomorrow", None, 7),
    ],
)
def test_what_a_market_paid_is_booked_as_told_by_whatever_word(result: str, value: int | None, revenue: int) -> None:
    held = entries.HoldingTold(AT, TICKER, Size(200), Money(1_000_000), "held before", 0)
    price = None if value is None else Price(value)
    ledger = ledger_of(held, entries.Settled(AT + 1, TICKER, result, price, Money(revenue), AT + 1, 0, 0))
    position = ledger.portfolio.position(TICKER)
    assert (position.size, position.realised) == (0, revenue - 1_000_000)


def test_of_an_order_group_only_what_is_told_of_ours_counts() -> None:
    made = entries.GroupTold(AT, 0, "ours", "created", Size(1_000))
    ledger = ledger_of(
        made, entries.GroupTold(AT, 0, "another", "triggered", None), entries.GroupTold(AT, 1, "ours", "lost", None)
    )
    assert (ledger.groups[0].is_triggered, ledger.groups[0].limit) == (False, 1_000)
    ledger.apply(entries.GroupTold(AT, 0, "ours", "limit_updated", Size(500)))
    ledger.apply(entries.GroupTold(AT, 0, "ours", "a word of tomorrow", None))
    assert (ledger.groups[0].is_triggered, ledger.groups[0].limit) == (False, 500)


def test_a_difference_ends_once_and_one_that_nobody_found_not_at_all() -> None:
    found = entries.DifferenceFound(AT, 1, "position", TICKER, "words")
    ledger = ledger_of(found, entries.DifferenceEnded(AT, 1, "resolved"), entries.DifferenceEnded(AT, 1, "resolved"))
    ledger.apply(entries.DifferenceEnded(AT, 9, "acknowledged"))
    assert (dict(ledger.differences), ledger.next_difference) == ({}, 2)


def test_only_time_in_which_an_engine_ran_counts_as_reviewed() -> None:
    reviewed = entries.Reviewed(AT + 5_000, AT, AT + 4_000)
    assert ledger_of(reviewed).reviewed_ms == 0
    assert ledger_of(BEGAN, reviewed).reviewed_ms == 4_000


def test_a_journal_whose_orders_do_not_follow_on_each_other_is_refused() -> None:
    with pytest.raises(ValueRefused, match="the journal's next order is 1, not 2"):
        ledger_of(replace(INTENDED, number=2))


def test_a_word_for_a_state_that_nobody_knows_yet_changes_nothing() -> None:
    ledger = ledger_of(INTENDED, entries.Sending(AT, 1), order_told())
    ledger.apply(order_told(status="a word of tomorrow", updated_ms=9, filled=Size(100), remaining=Size(100)))
    order = ledger.orders[1]
    assert (order.state, order.open_size) == ("resting", 200)


def test_an_order_that_a_trade_has_filled_and_that_goes_on_resting_counts_as_the_venue_says() -> None:
    ledger = ledger_of(INTENDED, entries.Sending(AT, 1), order_told(), fill(200))
    order = ledger.orders[1]
    assert (order.state, order.open_size) == ("filled", 0)
    ledger.apply(order_told(updated_ms=9))
    assert order.is_working
    ledger.apply(entries.FillWithdrawn(10, "trade-1", order.order_id, "no list holds it"))
    assert (order.filled, order.open_size) == (0, 200)


def test_an_order_that_was_ended_before_its_size_was_known_is_open_until_the_venue_has_said_more() -> None:
    ledger = ledger_of(replace(fill(100), client_order_id="a stranger's"))
    (order,) = ledger.orders.values()
    assert order.is_stub
    order.state = "filled"
    ledger.apply(order_told(client_order_id="a stranger's", filled=Size(100), remaining=Size(100), updated_ms=9))
    assert (order.is_stub, order.size, order.state, order.open_size) == (False, 200, "resting", 100)


def test_an_order_of_which_only_a_fill_was_known_is_held_as_the_venue_describes_it() -> None:
    ledger = ledger_of(replace(fill(100), client_order_id="a stranger's"))
    (order,) = ledger.orders.values()
    ledger.apply(order_told(client_order_id="a stranger's", filled=Size(100), remaining=Size(100), updated_ms=9))
    assert (order.is_stub, order.size, order.state, order.open_size) == (False, 200, "resting", 100)


def test_an_order_s_fills_are_listed_as_they_were_told() -> None:
    ledger = ledger_of(INTENDED, entries.Sending(AT, 1), order_told(), fill(50, trade_id="a"), fill(70, trade_id="b"))
    assert [(known.fill.trade_id, known.fill.size) for known in ledger.fills_of(1)] == [("a", 50), ("b", 70)]
    assert ledger.fills_of(2) == []


# What a holding that only the venue tells of has cost


def held(size: int, cost: int) -> Position:
    return Position(TICKER, Size(size), Money(cost))


@pytest.mark.parametrize(
    ("ours", "theirs", "delta", "cost"),
    [
        (held(0, 0), held(300, 1_500_000), 300, 1_500_000),  # all of it is new: its own cost
        (held(200, 800_000), held(300, 1_400_000), 100, 600_000),  # more of the same: what the venue adds
        (held(400, 1_600_000), held(100, 400_000), -300, 3_000_000 - 1_200_000),  # some are gone, at what they cost
        (held(400, 1_600_000), None, -400, 4_000_000 - 1_600_000),  # all are gone
        (held(100, 400_000), held(-200, 900_000), -300, 1_350_000),  # turned over: at the venue's cost a contract
        (held(0, 0), None, 300, 3_000_000),  # without a word of its cost, a dollar each
        (held(0, 0), held(300, 9_000_000), 300, 3_000_000),  # never dearer than that
    ],
)
def test_what_only_the_venue_tells_of_counts_at_its_cost_or_a_dollar(
    ours: Position, theirs: Position | None, delta: int, cost: int
) -> None:
    assert _cost_of(ours, theirs, delta) == cost


# A whole engine


@pytest.fixture
def world() -> Iterator[LongWorld]:
    with armed(replace(LIVE, duplicate_ms=0)) as here:
        yield here


@contextmanager
def bought_before(contracts: int) -> Iterator[LongWorld]:
    """Let an engine run before which the account has bought so many contracts, one by one."""
    with a_world() as world:
        market = world.exchange.markets[world.tickers[0]]
        for _ in range(contracts):
            new = NewOrder(
                ticker=market.ticker, side="bid", price=Price(market.best_ask), count=Size(100),
                time_in_force="immediate_or_cancel", self_trade_prevention="taker_at_cross",
            )  # fmt: skip
            world.exchange.create(world.user_id, new)
        begin(world)
        yield world


def test_what_was_held_before_the_journal_began_is_taken_as_it_is_and_is_no_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    far = 4_000_000_000
    monkeypatch.setitem(asking.REQUESTS, asking.FILLS, lambda _: rest.fills(min_s=far))
    monkeypatch.setitem(asking.REQUESTS, asking.ORDERS, lambda _: rest.orders(min_s=far))
    with bought_before(3) as world:
        world.wait(60)
        desk = desk_of(world)
        position = desk.risk.position(world.tickers[0])
        assert (position.size, position.cost > 0) == (300, True)
        assert desk.ledger.differences == {}
        assert desk.reconciled_ms is not None
        assert rows(world, "HoldingTold") == 1


@pytest.mark.parametrize("limit", [1, 2, 1000])
def test_lists_that_come_in_pages_are_compared_whole(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def in_pages(endpoint: str, ask: Any) -> None:
        def request(argument: str) -> Any:
            since, _, cursor = argument.partition("|")
            return ask(min_s=int(since or 0) or None, cursor=cursor, limit=limit)

        monkeypatch.setitem(asking.REQUESTS, endpoint, request)

    in_pages(asking.FILLS, rest.fills)
    in_pages(asking.ORDERS, rest.orders)
    with bought_before(5) as world:
        desk = desk_of(world)
        assert desk.reconciled_ms is not None
        assert len(desk.ledger.fills) == len(list(world.exchange.fills_of(world.user_id))) == 5
        assert desk.risk.position(world.tickers[0]).size == 500
        assert desk.ledger.differences == {}


def test_the_fee_of_an_order_that_fills_on_in_the_next_engine_is_predicted_from_its_beginning(world: LongWorld) -> None:
    order = placed(world, 700, ticks=1)
    for size in (33, 77):
        take(world, order, size)
        world.wait(1)
    assert order.filled == 110
    world.crash()
    world.start()
    world.wait(3)
    take(world, order, 123)
    world.wait(2)
    desk = desk_of(world)
    (again,) = [one for one in desk.ledger.orders.values() if one.order_id == order.order_id]
    assert again.filled == 233
    known = desk.ledger.fills_of(again.number)
    assert [one.fill.fee for one in known] == [one.predicted for one in known]
    assert not [words for words in told(world, "alarm") if "was charged" in words]


def test_a_difference_that_nobody_found_cannot_be_acknowledged(world: LongWorld) -> None:
    assert refused(world, link.Acknowledge(5)).message == "there is no difference 5"


def test_acknowledging_what_halted_a_market_lets_it_go_on(world: LongWorld) -> None:
    desk, ticker = desk_of(world), world.tickers[0]
    desk.comparing.trouble(ticker, "an order is filled beyond its size")
    assert set(desk.ledger.halted) == {ticker}
    (number,) = desk.ledger.differences
    world.ask(link.Acknowledge(number))
    world.wait(3)
    assert desk.ledger.halted == {}
    assert desk.reconciled_ms is not None


def test_what_is_taken_over_while_no_worth_is_known_changes_no_day(world: LongWorld) -> None:
    desk = desk_of(world)
    day = desk.ledger.day
    assert day is not None
    before = desk.day.result()
    desk.day.excludes(before, Money(0))
    assert desk.ledger.day == day, "nothing was gained"
    desk.ledger.day = None
    desk.day.excludes(None, Money(500))
    assert desk.ledger.day is None


def test_who_goes_on_beyond_a_loss_while_no_worth_is_known_goes_on_and_begins_no_day(world: LongWorld) -> None:
    desk = desk_of(world)
    day = desk.ledger.day
    desk.note(entries.Halted(desk.now_ms, "", f"{_LOSSES} $60.00", "halted"))
    assert desk.kills.state()[0] == "halted"
    cash, desk.ledger.opening_cash = desk.ledger.opening_cash, None
    desk.day.begin_anew("a person typed it")
    assert (desk.ledger.halted, desk.ledger.day) == ({}, day)
    desk.ledger.opening_cash = cash


def test_without_a_balance_cash_is_not_known_to_be_equal(world: LongWorld) -> None:
    desk = desk_of(world)
    cash = desk.ledger.cash()
    assert not desk.comparing._cash.agrees(None, desk.now_ms)
    assert desk.ledger.cash() == cash
