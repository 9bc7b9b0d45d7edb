"""Price grids by label, as makers see them: every price on which an order may stand, in order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache

from kalshi_tui.core.units import PRICE_ONE, Price
from kalshi_tui.practice.records import Band


def _edges(edge: int, centre: int, at: int = 1_000) -> tuple[Band, ...]:
    high = PRICE_ONE - at
    return (
        Band(Price(0), Price(at), Price(edge)),
        Band(Price(at), Price(high), Price(centre)),
        Band(Price(high), PRICE_ONE, Price(edge)),
    )


def _even(step: int) -> tuple[Band, ...]:
    return (Band(Price(0), PRICE_ONE, Price(step)),)


GRIDS: dict[str, tuple[Band, ...]] = {
    "linear_cent": _even(100),
    "deci_cent": _even(10),
    "tapered_deci_cent": _edges(10, 100),
    "center_whole_edge_half_cent": _edges(50, 100),
    "center_whole_edge_quint_cent": _edges(20, 100),
    "center_half_edge_half_cent": _even(50),
    "center_half_edge_quint_cent": _edges(20, 50),
    "center_half_edge_deci_cent": _edges(10, 50),
    "center_quint_edge_quint_cent": _even(20),
    "center_quint_edge_deci_cent": _edges(10, 20),
    "center_centi_edge_centi_cent": _even(1),
    "center_deci_edge_centi_cent": _edges(1, 10, at=100),
}


class Rungs:
    """The prices of a grid, strictly inside 0 to 1 dollar, found by their place in the row."""

    __slots__ = ("prices",)

    def __init__(self, bands: tuple[Band, ...]) -> None:
        found = {price for band in bands for price in range(band.start, band.end + 1, band.step)}
        self.prices = tuple(Price(price) for price in sorted(found) if 0 < price < PRICE_ONE)

    def at_or_below(self, price: float) -> int:
        """Return the place of the highest rung at or below `price`; -1 when all lie above."""
        return bisect_right(self.prices, price) - 1

    def at_or_above(self, price: float) -> int:
        """Return the place of the lowest rung at or above `price`; the count of rungs when all lie below."""
        return bisect_left(self.prices, price)


@lru_cache(maxsize=64)
def rungs(bands: tuple[Band, ...]) -> Rungs:
    """Return a grid's rungs; kept, because thousands of markets share a handful of grids."""
    return Rungs(bands)
