"""What a ticket says that an order costs and pays is worked out from the very bytes that are sent; and what is held.

The money is counted here once more, in dollars, from the body of the request and from the exchange's own fills.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import pytest

from kalshi_tui.cli.drills.world import risk_checks
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.link import trading as link
from kalshi_tui.practice.records import NewOrder
from tests.plugins.pictures import LOOSEST
from tests.property.trading_world import LongWorld

RULES: Final = OrderRules(execution="live", reset_phrase="lift", depth_percent=100)


@pytest.fixture
def world() -> Iterator[LongWorld]:
    here = LongWorld(3, orders=RULES, checks=risk_checks(tuple(LOOSEST.items())))
    try:
        here.start()
        here.wait(2)
        here.ask(link.Arm())
        yield here
    finally:
        here.end()


def stage(world: LongWorld, side: Any, ticks: int, size: int, **more: Any) -> link.TicketView:
    """Draw up an order so many ticks beyond the best price of its own side."""
    market = world.exchange.markets[world.tickers[0]]
    price = Price(market.best_bid + 100 * ticks if side == "bid" else market.best_ask - 100 * ticks)
    staged = world.ask(link.Stage(link.Draft(world.tickers[0], side, price, Size(size), **more)))
    assert isinstance(staged, link.Staged)
    return staged.ticket


def fire(world: LongWorld, ticket: link.TicketView) -> int:
    fired = world.ask(link.Fire(ticket.number, ticket.token))
    assert isinstance(fired, link.Fired)
    world.wait(0.5)
    return fired.orders[0]


def dollars(money: int) -> Fraction:
    return Fraction(money, 1_000_000)


def paid_and_held(world: LongWorld) -> tuple[Fraction, Fraction]:
    """Return the dollars that went out for what is held, fees counted, and the YES contracts of it."""
    paid = held = Fraction(0)
    for fill in world.exchange.fills_of(world.user_id):
        signed = Fraction(fill.count if fill.side == "bid" else -fill.count, 100)
        held += signed
        paid += signed * Fraction(fill.price, 10_000) + dollars(fill.fee)
    return paid, held


def check_by_hand(world: LongWorld, ticket: link.TicketView) -> None:
    """Hold what a ticket says against its body: YES at the price, paid for or paid out for, and a dollar in the end."""
    (body,) = ticket.bodies
    sent = json.loads(body)
    price, count, fee = Fraction(sent["price"]), Fraction(sent["count"]), dollars(ticket.fee)
    assert (sent["ticker"], sent["side"]) == (ticket.ticker, ticket.side)
    signed = count if sent["side"] == "bid" else -count
    alone = (signed * (1 - price) - fee, -signed * price - fee)  # if YES, if NO
    assert dollars(ticket.max_loss) == max(-min(alone), 0)
    assert dollars(ticket.max_gain) == max(*alone, 0)
    paid, held = paid_and_held(world)
    paid, held = paid + signed * price + fee, held + signed
    assert (dollars(ticket.if_yes), dollars(ticket.if_no)) == (held - paid, -paid)


@pytest.mark.parametrize("side", ["bid", "ask"])
@pytest.mark.parametrize("ticks", [-3, 5])
@pytest.mark.parametrize("size", [100, 250, 1])
def test_a_ticket_says_what_its_body_costs_and_pays_in_each_outcome(
    world: LongWorld, side: str, ticks: int, size: int
) -> None:
    check_by_hand(world, stage(world, side, ticks, size))


@pytest.mark.parametrize("side", ["bid", "ask"])
def test_with_a_position_a_ticket_says_what_both_come_to(world: LongWorld, side: str) -> None:
    fire(world, stage(world, side, 6, 200, time_in_force="immediate_or_cancel"))
    assert paid_and_held(world)[1] == (2 if side == "bid" else -2)
    for other, size in (("bid", 100), ("ask", 100), ("ask", 200), ("bid", 300), ("ask", 450)):
        check_by_hand(world, stage(world, other, -2, size))


def test_the_fee_that_a_ticket_shows_is_the_fee_that_is_charged(world: LongWorld) -> None:
    ticket = stage(world, "bid", 6, 200, time_in_force="immediate_or_cancel")
    assert ticket.takes == 200
    fire(world, ticket)
    fills = list(world.exchange.fills_of(world.user_id))
    assert sum(fill.count for fill in fills) == 200
    assert sum(fill.fee for fill in fills) == ticket.fee > 0


def test_a_position_is_shown_with_what_still_works_to_close_it_until_the_exchange_holds_nothing(
    world: LongWorld,
) -> None:
    def row() -> link.PositionRow:
        view = world.engine.kernel.desk.showing.positions()
        return next(row for row in view.rows if row.ticker == world.tickers[0])

    fire(world, stage(world, "bid", 6, 200, time_in_force="immediate_or_cancel"))
    number = fire(world, stage(world, "ask", -2, 200))
    assert (row().size, row().asks_working) == (200, 200)
    order = world.engine.kernel.desk.ledger.orders[number]
    world.exchange.open_account(cash=0, user_id="house", house=True)
    for taken, told in ((50, (150, 150)), (100, (50, 50)), (50, (0, 0))):
        held = world.exchange.orders[order.order_id]
        ahead = world.exchange.queue_ahead(held)
        new = NewOrder(
            ticker=order.ticker, side="bid", price=order.price, count=Size(ahead + taken),
            time_in_force="immediate_or_cancel", self_trade_prevention="taker_at_cross",
        )  # fmt: skip
        world.exchange.create("house", new)
        world.wait(0.5)
        assert (row().size, row().asks_working) == told
        assert paid_and_held(world)[1] == Fraction(told[0], 100)
