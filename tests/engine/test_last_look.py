"""Between the gate's verdict and the wire: what has changed meanwhile keeps an order, and what fails is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kalshi_tui.link import trading as link
from kalshi_tui.link.intents import Distrust
from tests.engine.dealing import armed, desk_of, fire, placed, stage
from tests.property.trading_world import LongWorld


@pytest.fixture
def world() -> Iterator[LongWorld]:
    with armed() as here:
        yield here


def fire_doubted(world: LongWorld, size: int = 100, **more: Any) -> None:
    """Stage an order and fire it; its book is doubted while the disk has the intent."""
    ticket = stage(world, size, **more)
    world.wait(0.1)  # what was noted of the ticket is kept by then

    async def slow() -> None:
        world.journal.stall = None
        assert world.alive is not None
        await world.alive.link.ask(Distrust(world.tickers[0]))

    world.journal.stall = slow
    fire(world, ticket)


def sends(world: LongWorld) -> int:
    return sum(left.method == "POST" and "/portfolio/events/orders" in left.path for left in world.left)


def test_an_order_whose_book_is_lost_while_the_disk_is_slow_does_not_leave(world: LongWorld) -> None:
    before = sends(world)
    fire_doubted(world)
    world.wait(2)
    assert sends(world) == before
    (order,) = desk_of(world).ledger.orders.values()
    assert order.state == "not sent"
    assert list(world.exchange.orders_of(world.user_id)) == []


def test_a_change_of_an_order_is_kept_the_same_way_and_the_order_stands_as_it_was(world: LongWorld) -> None:
    order = placed(world)
    before = sends(world)
    fire_doubted(world, 300, kind="amend", replaces=order.number)
    world.wait(2)
    assert sends(world) == before
    assert (order.state, order.size) == ("resting", 100)


def test_a_group_that_could_not_be_reset_when_somebody_armed_is_reset_as_soon_as_it_can_be(world: LongWorld) -> None:
    world.ask(link.Kill("a test"))
    world.wait(3)
    (group,) = desk_of(world).ledger.groups.values()
    assert group.is_triggered
    world.exchange.pause_exchange()
    world.ask(link.ResetKill("lift"))
    world.ask(link.Arm())
    world.wait(5)
    assert group.is_triggered
    world.exchange.resume_exchange()
    world.wait(5)
    assert not group.is_triggered


def test_whoever_disarms_meanwhile_leaves_the_group_as_it_is(world: LongWorld) -> None:
    world.ask(link.Kill("a test"))
    world.wait(3)
    (group,) = desk_of(world).ledger.groups.values()
    world.exchange.pause_exchange()
    world.ask(link.ResetKill("lift"))
    world.ask(link.Arm())
    world.wait(1)
    world.ask(link.Disarm("a test"))
    world.exchange.resume_exchange()
    world.wait(10)
    assert group.is_triggered
