"""Our fee code and the practice exchange's, written apart, agree to the micro-dollar."""

from __future__ import annotations

from random import Random
from typing import Final

from kalshi_tui.core.fees import CENT, DIRECT_GRID, FeePolicy, OrderFees, fee_terms
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Price, Size
from kalshi_tui.practice.fees import charge, rates
from kalshi_tui.practice.records import Event, Market, Series

FEE_TYPES: Final = ("quadratic", "quadratic_with_maker_fees", "quadratic_with_combo_maker_fees")
MULTIPLIERS: Final = (1_000_000, 1_000_000, 500_000, 0, 333_333, 1)
SIDES: Final[tuple[Side, Side]] = ("bid", "ask")
FILLS: Final = 100_000


def any_size(random: Random) -> Size:
    """Draw a size, small ones as often as large ones."""
    return Size(random.randint(1, 10 ** random.randint(1, 9)))


def test_both_sides_charge_the_same_for_a_hundred_thousand_random_fills() -> None:
    random = Random("fees")
    fills = 0
    while fills < FILLS:
        fee_type, multiplier = random.choice(FEE_TYPES), random.choice(MULTIPLIERS)
        grid, side = random.choice((DIRECT_GRID, CENT)), random.choice(SIDES)
        series = Series("S", "", "", fee_type=fee_type, fee_multiplier=multiplier)
        theirs = rates(series, Event("E", "S", ""), Market("M", "E", ""), now_ms=0)
        ours = OrderFees(fee_terms(fee_type, multiplier), FeePolicy(grid=grid))
        carried = 0
        for _ in range(random.randint(1, 12)):
            price, size, is_taker = Price(random.randint(1, 9_999)), any_size(random), random.random() < 0.5
            rate = theirs[0 if is_taker else 1]
            expected = charge(rate, side=side, price=price, size=size, carried=carried, grid=grid)
            charged = ours.charge(side=side, price=price, size=size, is_taker=is_taker)
            carried = expected.carried
            assert (charged.trade_fee, charged.rounding_fee, charged.rebate, charged.net) == expected[:4]
            assert ours.carried == carried
            fills += 1
