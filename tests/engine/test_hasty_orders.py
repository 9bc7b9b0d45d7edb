"""The same order twice in a moment is a slip, and too many in a moment disarm: the engine says so, not the venue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from kalshi_tui.cli.drills.world import risk_checks
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link import trading as link
from tests.plugins.pictures import LOOSEST
from tests.property.trading_world import LongWorld

RULES: Final = OrderRules(execution="live", duplicate_ms=2_000, orders_per_10s=5)
PRICE: Final = Price(4_000)


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


def fire(world: LongWorld, size: int) -> None:
    staged = world.ask(link.Stage(link.Draft(world.tickers[0], "bid", PRICE, Size(size))))
    assert isinstance(staged, link.Staged)
    world.ask(link.Fire(staged.ticket.number, staged.ticket.token))


def there(world: LongWorld) -> int:
    return len(list(world.exchange.orders_of(world.user_id)))


def test_the_same_order_within_two_seconds_is_refused_and_reaches_nobody(world: LongWorld) -> None:
    fire(world, 100)
    for _ in range(3):
        with pytest.raises(KalshiTuiError, match="DUPLICATE"):
            fire(world, 100)
        world.wait(0.5)
    assert there(world) == 1
    fire(world, 200)  # another one is no slip
    world.wait(0.6)
    fire(world, 100)
    world.wait(0.5)
    assert there(world) == 3


def test_a_sixth_order_to_one_market_within_ten_seconds_is_refused_and_disarms(world: LongWorld) -> None:
    for size in range(100, 600, 100):
        fire(world, size)
        world.wait(0.2)
    with pytest.raises(KalshiTuiError, match="RATE_MARKET"):
        fire(world, 600)
    world.wait(10)
    with pytest.raises(KalshiTuiError, match="NOT_ARMED"):
        fire(world, 600)
    assert there(world) == 5
