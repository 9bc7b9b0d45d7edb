"""The ladder's axis: every price of a market's grid, highest first, so that a row never changes its meaning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.units import Price
from kalshi_tui.core.words import decimals_of
from kalshi_tui.errors import ValueRefused


class Axis:
    """Prices from high to low; prices off the grid, which a venue should never send, get rows of their own."""

    def __init__(self, prices: Iterable[Price], off_grid: frozenset[Price] = frozenset()) -> None:
        self.off_grid = off_grid
        self.prices: tuple[Price, ...] = tuple(sorted({*prices, *off_grid}, reverse=True))
        self.place = {price: index for index, price in enumerate(self.prices)}
        self.decimals = max(map(decimals_of, self.prices), default=2)

    def __len__(self) -> int:
        return len(self.prices)

    def holds(self, prices: Iterable[Price]) -> bool:
        """Tell whether each of these prices has a row."""
        return self.place.keys() >= set(prices)

    def with_prices(self, prices: Iterable[Price]) -> Axis:
        """Return an axis on which these prices have rows, too."""
        strange = frozenset(set(prices) - self.place.keys())
        return Axis(self.prices, self.off_grid | strange)


def axis_of(bands: Sequence[tuple[Price, Price, Price]]) -> Axis:
    """Return the axis of a grid; one that cannot be trusted gives an empty one, to which only real levels are added."""
    try:
        grid = PriceGrid.from_bands(bands)
    except ValueRefused:
        return Axis(())
    return Axis(Price(price) for band in grid.bands for price in band.ticks())
