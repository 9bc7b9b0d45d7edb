"""The same order twice in a moment is a slip, and too many in a moment disarm: the engine says so, not the venue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from kalshi_tui.core.units import Price
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.errors import KalshiTuiError
from tests.engine.dealing import armed, place
from tests.property.trading_world import LongWorld

RULES: Final = OrderRules(execution="live", duplicate_ms=2_000, orders_per_10s=5)
PRICE: Final = Price(4_000)


@pytest.fixture
def world() -> Iterator[LongWorld]:
    with armed(RULES) as here:
        yield here


def there(world: LongWorld) -> int:
    return len(list(world.exchange.orders_of(world.user_id)))


def test_the_same_order_within_two_seconds_is_refused_and_reaches_nobody(world: LongWorld) -> None:
    place(world, 100, price=PRICE)
    for _ in range(3):
        with pytest.raises(KalshiTuiError, match="DUPLICATE"):
            place(world, 100, price=PRICE)
        world.wait(0.5)
    assert there(world) == 1
    place(world, 200, price=PRICE)  # another one is no slip
    world.wait(0.6)
    place(world, 100, price=PRICE)
    world.wait(0.5)
    assert there(world) == 3


def test_a_sixth_order_to_one_market_within_ten_seconds_is_refused_and_disarms(world: LongWorld) -> None:
    for size in range(100, 600, 100):
        place(world, size, price=PRICE)
        world.wait(0.2)
    with pytest.raises(KalshiTuiError, match="RATE_MARKET"):
        place(world, 600, price=PRICE)
    world.wait(10)
    with pytest.raises(KalshiTuiError, match="NOT_ARMED"):
        place(world, 600, price=PRICE)
    assert there(world) == 5
