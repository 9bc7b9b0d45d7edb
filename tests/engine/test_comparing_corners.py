"""Comparison at its corners, by what the venue answers alone: old answers, answers to nobody, names taken by others."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from kalshi_tui.cli.drills.world import risk_checks
from kalshi_tui.core.units import PRICE_ONE, Price, Size
from kalshi_tui.engine import inputs
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.trading import asking
from kalshi_tui.engine.trading.desk import Desk
from kalshi_tui.engine.trading.order import HeldOrder
from kalshi_tui.link import trading as link
from kalshi_tui.link.views import Lag, TapeState
from kalshi_tui.practice.records import NewOrder
from tests.plugins.pictures import LOOSEST
from tests.property.trading_world import LongWorld

RULES: Final = OrderRules(
    execution="live", reset_phrase="lift", duplicate_ms=0, quarantine_ms=10_000, depth_percent=100
)
FILLS, POSITIONS = "/portfolio/fills", "/portfolio/positions"


@contextmanager
def running(rules: OrderRules = RULES) -> Iterator[LongWorld]:
    here = LongWorld(3, orders=rules, checks=risk_checks(tuple(LOOSEST.items())))
    try:
        here.start()
        here.wait(3)
        yield here
    finally:
        here.end()


@pytest.fixture
def world() -> Iterator[LongWorld]:
    with running() as here:
        here.ask(link.Arm())
        yield here


def desk_of(world: LongWorld) -> Desk:
    return world.engine.kernel.desk


def asked(world: LongWorld, path: str) -> int:
    return sum(path in one.path for one in world.left)


def until_asked(world: LongWorld, path: str, count: int) -> None:
    """Let time pass until something was asked so often."""
    for _ in range(20_000):
        if asked(world, path) >= count:
            return
        world.wait(0.001)
    raise AssertionError(f"{path} was asked {asked(world, path)} times")


def reply(world: LongWorld, endpoint: str, argument: str, body: object) -> None:
    world.engine.intake.take(inputs.Replied(desk_of(world).now_ms, endpoint, argument, json.dumps(body).encode()))


def vitals(world: LongWorld, lead_ms: int) -> None:
    """Tell the engine how far its time is ahead of a clock that was set back."""
    desk = desk_of(world)
    world.engine.intake.take(
        inputs.Vitals(
            desk.now_ms, 1, (), {}, Lag(), TapeState(), desk.offset_ms or 0, desk.write_tokens, lead_ms=lead_ms
        )
    )


def buy(world: LongWorld, size: int, *, rests: bool = False) -> HeldOrder:
    market = world.exchange.markets[world.tickers[0]]
    price = Price(market.best_bid - 300 if rests else market.best_ask)
    staged = world.ask(link.Stage(link.Draft(market.ticker, "bid", price, Size(size))))
    assert isinstance(staged, link.Staged)
    fired = world.ask(link.Fire(staged.ticket.number, staged.ticket.token))
    assert isinstance(fired, link.Fired)
    return desk_of(world).ledger.orders[fired.orders[0]]


# Rounds


def test_on_paper_the_venue_is_asked_nothing_about_the_account_although_the_clock_was_set() -> None:
    with running(OrderRules(execution="paper")) as world:
        vitals(world, lead_ms=5_000)
        world.wait(5)
        desk = desk_of(world)
        assert (asked(world, "/portfolio/"), desk.comparing.words) == (0, "")
        assert desk.reconciled_ms is not None
        assert desk.now_ms - desk.reconciled_ms < 1_000


def test_an_answer_that_is_older_than_the_round_which_waits_for_it_is_asked_for_again(world: LongWorld) -> None:
    # The first round fails at once, and one of its answers comes half a second after the second round has begun.
    world.wait(6)
    world.faults.armed["list slow"] = 1
    before, start_ms = len(world.left), world.now_ms
    world.ask(link.Reconcile())
    until_asked(world, POSITIONS, asked(world, POSITIONS) + 1)
    desk = desk_of(world)
    world.engine.intake.take(inputs.NotReplied(desk.now_ms, asking.GROUPS, "", "lost on its way"))
    world.wait(3)
    lists = [one for one in world.left[before:] if "/portfolio/" in one.path]
    assert set(Counter(one.path.partition("&min_ts")[0] for one in lists).values()) == {2}
    late = [one.path for one in lists if one.at_ms - start_ms > 1_500]
    assert len(late) == 1, "the second round asked for it when the old answer had come, and for all else at once"
    assert "order_groups" not in late[0]
    assert (desk.reconciled_ms or 0) > start_ms + 1_500


def test_an_answer_that_nobody_waits_for_is_not_counted(world: LongWorld) -> None:
    world.wait(5)
    desk = desk_of(world)
    before = (desk.cash.told, desk.cash.told_ms, desk.ledger.applied)
    reply(world, asking.BALANCE, "", {"balance_dollars": "1.0000", "portfolio_value": 0})
    assert (desk.cash.told, desk.cash.told_ms, desk.ledger.applied) == before


def test_a_look_at_orders_alone_that_was_under_way_when_the_clock_was_set_makes_nothing_equal(
    world: LongWorld,
) -> None:
    world.wait(6)
    desk = desk_of(world)
    fills, positions = asked(world, FILLS), asked(world, POSITIONS)
    desk.comparing.compare_soon()
    until_asked(world, FILLS, fills + 1)
    assert asked(world, POSITIONS) == positions, "it looks at orders alone"
    vitals(world, lead_ms=2_000)
    assert desk.reconciled_ms is None
    for _ in range(5_000):  # the look ends, and everything is compared after it
        if asked(world, POSITIONS) > positions:
            break
        assert desk.reconciled_ms is None
        world.wait(0.001)
    assert asked(world, POSITIONS) == positions + 1
    assert asked(world, FILLS) == fills + 2
    assert desk.comparing.words.startswith("comparing with the venue: the clock")
    world.wait(3)
    assert desk.reconciled_ms is not None


# Orders


@pytest.mark.parametrize(("is_taken", "state"), [(False, "absent"), (True, "unknown")])
def test_an_order_whose_name_the_lists_show_is_not_proved_never_to_have_been(
    world: LongWorld, *, is_taken: bool, state: str
) -> None:
    world.faults.armed["request lost"] = 1
    order = buy(world, 100, rests=True)
    world.wait(0.2)
    assert order.state == "unknown"
    if is_taken:  # by an order of another market, which says nothing of ours
        other = world.exchange.markets[world.tickers[1]]
        taking = NewOrder(
            ticker=other.ticker, side="bid", price=Price(other.best_bid - 300), count=Size(100),
            time_in_force="good_till_canceled", self_trade_prevention="taker_at_cross",
            client_order_id=order.client_order_id,
        )  # fmt: skip
        world.exchange.create(world.user_id, taking)
    world.wait(150)
    assert order.state == state
    assert [one.ticker for one in desk_of(world).ledger.differences.values()] == world.tickers[1:] * is_taken


# Positions


@pytest.mark.parametrize(
    ("size", "told", "cost", "realised"),
    [
        (100, 3, 770_000, 0),  # three are gone, at what they cost: what is left has cost what it did, whatever is told
        (500, 3_980_000, 3_980_000, 0),  # one more, at what the venue counts beyond ours
        (500, 5_000_000, 4_080_000, 0),  # one more, which is never dearer than a dollar
        (-200, 600_000, 600_000, -280_000),  # turned over at the venue's 30 cents for NO: four at 77 went for 70
    ],
)
def test_what_the_venue_holds_is_taken_over_by_who_was_shown_it_by_this_engine(
    world: LongWorld, size: int, told: int, cost: int, realised: int
) -> None:
    ticker = world.tickers[0]
    buy(world, 400)
    world.wait(20)
    position = desk_of(world).risk.position(ticker)
    assert (position.size, position.cost) == (400, 3_080_000)
    held = world.exchange.positions[world.user_id, 0, ticker]
    held.size, held.cost = size, told
    world.ask(link.Reconcile())
    world.wait(30)
    assert list(desk_of(world).ledger.differences) == [1]

    world.crash()
    world.start()
    desk = desk_of(world)
    world.ask(link.Acknowledge(1))  # this engine has shown nothing yet: nothing is taken over
    assert (desk.risk.position(ticker).size, desk.ledger.differences) == (400, {})
    world.wait(30)
    assert list(desk.ledger.differences) == [2], "it is found anew"

    result, cash, worth = desk.day.result(), desk.ledger.cash(), desk.day.worth()
    assert result is not None
    assert worth is not None
    world.ask(link.Acknowledge(2))
    position = desk.risk.position(ticker)
    assert (position.size, position.cost, position.realised) == (size, cost, realised)
    assert desk.ledger.differences == {}
    assert desk.ledger.cash() == cash, "no cash has come of it"
    after, still = desk.day.worth(), desk.day.result()
    assert after is not None
    lost = max(worth - after, 0)
    assert (lost > 0) is (size < 400)
    assert still == result - lost, "it is no gain of the day, and what is gone is a loss"
    world.wait(30)
    assert desk.ledger.cash() == cash
    assert desk.ledger.differences == {}
    assert desk.reconciled_ms is not None


# Books


def book_row(ticker: str, bid: int, ask: int) -> dict[str, object]:
    levels = {"yes_dollars": [[f"0.{bid:04}", "1.00"]], "no_dollars": [[f"0.{PRICE_ONE - ask:04}", "1.00"]]}
    return {"ticker": ticker, "orderbook_fp": levels}


def test_a_book_is_confirmed_by_its_own_best_prices_and_by_no_others(world: LongWorld) -> None:
    first, second = world.tickers
    desk = desk_of(world)
    book = desk.kernel.stream.books[first].book
    assert book.best_bid is not None
    assert book.best_ask is not None
    bid, ask = int(book.best_bid), int(book.best_ask)
    before = desk.comparing.confirmed_ms(first)
    for row in (book_row(second, bid, ask), book_row(first, bid - 100, ask), book_row(first, bid, ask + 100)):
        reply(world, asking.BOOK, first, {"orderbooks": [row]})
        assert desk.comparing.confirmed_ms(first) == before
    assert before < desk.now_ms
    reply(world, asking.BOOK, first, {"orderbooks": [book_row(second, bid, ask), book_row(first, bid, ask)]})
    assert desk.comparing.confirmed_ms(first) == desk.now_ms


def test_a_book_that_is_not_followed_is_confirmed_by_nothing(world: LongWorld) -> None:
    reply(world, asking.BOOK, "KXNOBODY", {"orderbooks": [book_row("KXNOBODY", 4_000, 4_500)]})
    assert desk_of(world).comparing.confirmed_ms("KXNOBODY") == 0
