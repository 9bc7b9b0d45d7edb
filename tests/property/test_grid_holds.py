"""Invariants of price grids: rounding never makes a limit worse for its owner, and rounds nothing twice."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.units import Price

steady = settings(derandomize=True, max_examples=300, database=None)

# The structures that Kalshi has used, as (start, end, step) in 1/10,000 dollar.
STRUCTURES = [
    [(0, 10_000, 100)],
    [(0, 10_000, 10)],
    [(0, 10_000, 50)],
    [(0, 10_000, 20)],
    [(0, 10_000, 1)],
    *([(0, 1_000, edge), (1_000, 9_000, centre), (9_000, 10_000, edge)]
      for edge, centre in ((10, 100), (50, 100), (20, 100), (20, 50), (10, 50), (10, 20))),
    [(0, 100, 1), (100, 9_900, 10), (9_900, 10_000, 1)],
]  # fmt: skip
GRIDS = [
    PriceGrid.from_bands([(Price(start), Price(end), Price(step)) for start, end, step in bands])
    for bands in STRUCTURES
]
by_hand = st.sampled_from(range(len(STRUCTURES)))


def order_prices(which: int) -> list[int]:
    """List a structure's order prices by counting through it."""
    return sorted({p for start, end, step in STRUCTURES[which] for p in range(start, end + 1, step)} - {0, 10_000})


@steady
@given(which=by_hand, price=st.integers(0, 10_000))
def test_rounding_never_makes_a_limit_worse_for_its_owner_and_rounds_nothing_twice(which: int, price: int) -> None:
    grid, prices = GRIDS[which], order_prices(which)
    assert grid.allows(price) == (price in prices)
    if price >= prices[0]:
        assert grid.floor(price) == max(p for p in prices if p <= price)
        assert grid.floor(grid.floor(price)) == grid.floor(price)
    if price <= prices[-1]:
        assert grid.ceil(price) == min(p for p in prices if p >= price)
        assert grid.ceil(grid.ceil(price)) == grid.ceil(price)


@steady
@given(which=by_hand, price=st.integers(0, 10_000))
def test_a_step_goes_to_the_next_order_price_and_back(which: int, price: int) -> None:
    grid, prices = GRIDS[which], order_prices(which)
    assert grid.step_up(price) == min((p for p in prices if p > price), default=None)
    assert grid.step_down(price) == max((p for p in prices if p < price), default=None)
    up = grid.step_up(price)
    if grid.allows(price) and up is not None:
        assert grid.step_down(up) == price
