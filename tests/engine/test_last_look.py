"""Between the gate's verdict and the wire: what has changed meanwhile keeps an order, and what fails is tried again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kalshi_tui.core.units import Price, Size
from kalshi_tui.link import trading as link
from kalshi_tui.link.intents import Distrust
from tests.property.trading_world import LongWorld


@pytest.fixture
def world() -> Iterator[LongWorld]:
    here = LongWorld(3)
    try:
        here.start()
        here.wait(2)
        here.ask(link.Arm())
        yield here
    finally:
        here.end()


def fire(world: LongWorld, *, replaces: int | None = None, size: int = 100, doubted: bool = False) -> None:
    """Stage an order and fire it; where its book is doubted, that happens while the disk has the intent."""
    kind: link.DraftKind = "place" if replaces is None else "amend"
    price = Price(world.exchange.markets[world.tickers[0]].best_bid - 200)
    draft = link.Draft(world.tickers[0], "bid", price, Size(size), kind=kind, replaces=replaces)
    staged = world.ask(link.Stage(draft))
    assert isinstance(staged, link.Staged)
    world.wait(0.1)  # what was noted of the ticket is kept by then
    if doubted:

        async def slow() -> None:
            world.journal.stall = None
            assert world.alive is not None
            await world.alive.link.ask(Distrust(world.tickers[0]))

        world.journal.stall = slow
    world.ask(link.Fire(staged.ticket.number, staged.ticket.token))


def sends(world: LongWorld) -> int:
    return sum(left.method == "POST" and "/portfolio/events/orders" in left.path for left in world.left)


def test_an_order_whose_book_is_lost_while_the_disk_is_slow_does_not_leave(world: LongWorld) -> None:
    before = sends(world)
    fire(world, doubted=True)
    world.wait(2)
    assert sends(world) == before
    (order,) = world.engine.kernel.desk.ledger.orders.values()
    assert order.state == "not sent"
    assert list(world.exchange.orders_of(world.user_id)) == []


def test_a_change_of_an_order_is_kept_the_same_way_and_the_order_stands_as_it_was(world: LongWorld) -> None:
    fire(world)
    world.wait(1)
    (order,) = world.engine.kernel.desk.ledger.orders.values()

    before = sends(world)
    fire(world, replaces=order.number, size=300, doubted=True)
    world.wait(2)
    assert sends(world) == before
    assert (order.state, order.size) == ("resting", 100)


def test_a_group_that_could_not_be_reset_when_somebody_armed_is_reset_as_soon_as_it_can_be(world: LongWorld) -> None:
    world.ask(link.Kill("a test"))
    world.wait(3)
    (group,) = world.engine.kernel.desk.ledger.groups.values()
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
    (group,) = world.engine.kernel.desk.ledger.groups.values()
    world.exchange.pause_exchange()
    world.ask(link.ResetKill("lift"))
    world.ask(link.Arm())
    world.wait(1)
    world.ask(link.Disarm("a test"))
    world.exchange.resume_exchange()
    world.wait(10)
    assert group.is_triggered
