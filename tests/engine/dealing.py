"""Dealing in a world that is played step by step: stage, fire, and look at what has come of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from msgspec.structs import replace

from kalshi_tui.cli.drills.world import risk_checks
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.trading.desk import Desk
from kalshi_tui.engine.trading.order import HeldOrder
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link import trading as link
from kalshi_tui.link.intents import Intent
from kalshi_tui.practice.records import ApiKey, NewOrder
from kalshi_tui.sdk.risk import RiskCheck
from tests.plugins.pictures import LOOSEST
from tests.property.trading_world import LongWorld

LIVE: Final = OrderRules(execution="live", reset_phrase="lift")
QUICK: Final = replace(LIVE, orders_per_10s=500, orders_per_minute=2_000, duplicate_ms=0)  # however hasty a test is
LOOSE: Final = risk_checks(tuple(LOOSEST.items()))


@contextmanager
def a_world(orders: OrderRules = LIVE, checks: tuple[RiskCheck, ...] = LOOSE) -> Iterator[LongWorld]:
    """Have a world in which no engine runs yet, and end it."""
    world = LongWorld(3, orders=orders, checks=checks)
    try:
        yield world
    finally:
        world.end()


@contextmanager
def running(orders: OrderRules = LIVE, checks: tuple[RiskCheck, ...] = LOOSE) -> Iterator[LongWorld]:
    """Have a world in which an engine runs and has compared its books, and nobody has armed it."""
    with a_world(orders, checks) as world:
        begin(world)
        yield world


@contextmanager
def armed(orders: OrderRules = LIVE, checks: tuple[RiskCheck, ...] = LOOSE) -> Iterator[LongWorld]:
    """Have a world in which an engine runs and is armed."""
    with running(orders, checks) as world:
        world.ask(link.Arm())
        yield world


def begin(world: LongWorld) -> None:
    """Start an engine, the first or the next, and let it compare its books."""
    world.start()
    world.wait(2)


def draft(world: LongWorld, size: int = 100, *, side: Side = "bid", ticks: int = -3, **more: Any) -> link.Draft:
    """Return the draft of an order so many cents beyond the best price of its own side; `more` are its other fields."""
    market = world.exchange.markets[world.tickers[0]]
    price = Price(market.best_bid + 100 * ticks if side == "bid" else market.best_ask - 100 * ticks)
    return replace(link.Draft(market.ticker, side, price, Size(size)), **more)


def stage(world: LongWorld, size: int = 100, **more: Any) -> link.TicketView:
    """Make a ticket of a draft."""
    staged = world.ask(link.Stage(draft(world, size, **more)))
    assert isinstance(staged, link.Staged)
    return staged.ticket


def fire(world: LongWorld, ticket: link.TicketView) -> int:
    """Fire a ticket, and return the number of its order, which is on its way."""
    fired = world.ask(link.Fire(ticket.number, ticket.token))
    assert isinstance(fired, link.Fired)
    return fired.orders[0]


def place(world: LongWorld, size: int = 100, **more: Any) -> HeldOrder:
    """Stage an order and fire it; it is on its way."""
    return order_of(world, fire(world, stage(world, size, **more)))


def placed(world: LongWorld, size: int = 100, **more: Any) -> HeldOrder:
    """Place an order, and wait until the venue has answered."""
    order = place(world, size, **more)
    world.wait(0.5)
    return order


def refused(world: LongWorld, intent: Intent) -> KalshiTuiError:
    """Ask for what is refused, and return the refusal."""
    with pytest.raises(KalshiTuiError) as problem:
        world.ask(intent)
    return problem.value


def desk_of(world: LongWorld) -> Desk:
    """Return the desk of the engine that runs."""
    return world.engine.kernel.desk


def order_of(world: LongWorld, number: int) -> HeldOrder:
    """Return an order as the engine holds it."""
    return desk_of(world).ledger.orders[number]


def denied(ticket: link.TicketView) -> list[str]:
    """Return the codes of what stands against a ticket."""
    return [check.code for check in ticket.checks if not check.passed]


def rows(world: LongWorld, kind: str) -> int:
    """Return how many rows of a kind the journal has on the disk."""
    world.wait(0.1)  # until the disk has what was noted
    return sum(row.kind == kind for row in world.journal.durable_rows())


def resting(world: LongWorld) -> list[int]:
    """Return what is left of each order that the exchange has at rest, the smallest first."""
    return sorted(order.remaining for order in world.exchange.resting_of(world.user_id))


def told(world: LongWorld, loudness: str) -> list[str]:
    """Return what people were told, so loudly."""
    return [str(one.words) for one in world.engine.kernel.notices.since(0) if one.loudness == loudness]


def take(world: LongWorld, order: HeldOrder, size: int) -> None:
    """Let somebody else take so much of an order of ours, and all that stands before it."""
    if "house" not in world.exchange.accounts:
        world.exchange.open_account(cash=0, user_id="house", house=True)
    ahead = world.exchange.queue_ahead(world.exchange.orders[order.order_id])
    new = NewOrder(
        ticker=order.ticker, side="ask" if order.side == "bid" else "bid", price=order.price, count=Size(ahead + size),
        time_in_force="immediate_or_cancel", self_trade_prevention="taker_at_cross",
    )  # fmt: skip
    world.exchange.create("house", new)


def revoke(world: LongWorld) -> dict[str, ApiKey]:
    """Let the exchange forget the keys of the account, and return them."""
    keys = world.exchange.keys
    return {key_id: keys.pop(key_id) for key_id in list(keys) if keys[key_id].user_id == world.user_id}
