"""What a ticket says that an order costs and pays is worked out from the very bytes that are sent; and what is held.

The money is counted here once more, in dollars, from the body of the request and from the exchange's own fills.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import pytest
from msgspec.structs import replace

from kalshi_tui.core.orders import Side
from kalshi_tui.link import trading as link
from tests.engine.dealing import LIVE, armed, desk_of, fire, placed, stage, take
from tests.property.trading_world import LongWorld

RULES: Final = replace(LIVE, depth_percent=100)
AT_ONCE: Final = "immediate_or_cancel"


@pytest.fixture
def world() -> Iterator[LongWorld]:
    with armed(RULES) as here:
        yield here


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
    world: LongWorld, side: Side, ticks: int, size: int
) -> None:
    check_by_hand(world, stage(world, size, side=side, ticks=ticks))


@pytest.mark.parametrize("side", ["bid", "ask"])
def test_with_a_position_a_ticket_says_what_both_come_to(world: LongWorld, side: Side) -> None:
    placed(world, 200, side=side, ticks=6, time_in_force=AT_ONCE)
    assert paid_and_held(world)[1] == (2 if side == "bid" else -2)
    for other, size in (("bid", 100), ("ask", 100), ("ask", 200), ("bid", 300), ("ask", 450)):
        check_by_hand(world, stage(world, size, side=other, ticks=-2))


def test_the_fee_that_a_ticket_shows_is_the_fee_that_is_charged(world: LongWorld) -> None:
    ticket = stage(world, 200, ticks=6, time_in_force=AT_ONCE)
    assert ticket.takes == 200
    fire(world, ticket)
    world.wait(0.5)
    fills = list(world.exchange.fills_of(world.user_id))
    assert sum(fill.count for fill in fills) == 200
    assert sum(fill.fee for fill in fills) == ticket.fee > 0


def test_a_position_is_shown_with_what_still_works_to_close_it_until_the_exchange_holds_nothing(
    world: LongWorld,
) -> None:
    def row() -> link.PositionRow:
        view = desk_of(world).showing.positions()
        return next(row for row in view.rows if row.ticker == world.tickers[0])

    placed(world, 200, ticks=6, time_in_force=AT_ONCE)
    order = placed(world, 200, side="ask", ticks=-2)
    assert (row().size, row().asks_working) == (200, 200)
    for taken, told in ((50, (150, 150)), (100, (50, 50)), (50, (0, 0))):
        take(world, order, taken)
        world.wait(0.5)
        assert (row().size, row().asks_working) == told
        assert paid_and_held(world)[1] == Fraction(told[0], 100)
