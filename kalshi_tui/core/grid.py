"""Price grids: which prices a market takes, read from its bands and never from a label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Self

from kalshi_tui.core.units import PRICE_ONE, Price, format_price
from kalshi_tui.errors import ValueRefused

BANDS_LIMIT: Final = 64
_DISTRUST: Final = "this market's price_ranges cannot be trusted; do not trade it until they are right"


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of prices, both ends included, with one step."""

    start: Price
    end: Price
    step: Price

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= PRICE_ONE or self.step <= 0 or (self.end - self.start) % self.step:
            raise ValueRefused(
                f"price band {self} is not a number of whole steps inside 0 to 1 dollar",
                hint=_DISTRUST,
            )

    def __str__(self) -> str:
        return f"{format_price(self.start)} to {format_price(self.end)} by {format_price(self.step)}"

    def ticks(self) -> range:
        """Return this band's order prices: those strictly inside 0 to 1 dollar."""
        return range(self.start or self.step, min(self.end, PRICE_ONE - 1) + 1, self.step)


@dataclass(frozen=True, slots=True)
class PriceGrid:
    """The prices at which a market takes orders; a price where two bands meet is on the grid of both."""

    bands: tuple[Band, ...]
    _ticks: tuple[range, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check(self.bands)
        object.__setattr__(self, "_ticks", tuple(ticks for band in self.bands if (ticks := band.ticks())))
        if not self._ticks:
            raise ValueRefused("the price bands hold no price inside 0 to 1 dollar", hint=_DISTRUST)

    @classmethod
    def from_bands(cls, bands: Iterable[tuple[Price, Price, Price]]) -> Self:
        """Build a grid from (start, end, step) in any order."""
        return cls(tuple(sorted((Band(*band) for band in bands), key=lambda band: band.start)))

    def allows(self, price: int) -> bool:
        """Return whether an order may have this price."""
        return any(price in ticks for ticks in self._ticks)

    def floor(self, price: int) -> Price:
        """Return the highest order price that is not above `price`: how a buyer's limit is rounded."""
        for ticks in reversed(self._ticks):
            if price >= ticks[0]:
                return Price(ticks[min((price - ticks.start) // ticks.step, len(ticks) - 1)])
        raise ValueRefused(
            f"no order price is as low as {format_price(Price(price))}",
            hint=f"the lowest price of this market is {format_price(Price(self._ticks[0][0]))}",
        )

    def ceil(self, price: int) -> Price:
        """Return the lowest order price that is not below `price`: how a seller's limit is rounded."""
        for ticks in self._ticks:
            if price <= ticks[-1]:
                return Price(ticks[max(-((ticks.start - price) // ticks.step), 0)])
        raise ValueRefused(
            f"no order price is as high as {format_price(Price(price))}",
            hint=f"the highest price of this market is {format_price(Price(self._ticks[-1][-1]))}",
        )

    def step_up(self, price: int) -> Price | None:
        """Return the next order price above `price`, or None at the top."""
        return self.ceil(price + 1) if price < self._ticks[-1][-1] else None

    def step_down(self, price: int) -> Price | None:
        """Return the next order price below `price`, or None at the bottom."""
        return self.floor(price - 1) if price > self._ticks[0][0] else None


def _check(bands: Sequence[Band]) -> None:
    if not 1 <= len(bands) <= BANDS_LIMIT:
        raise ValueRefused(f"a price grid has 1 to {BANDS_LIMIT} bands, not {len(bands)}", hint=_DISTRUST)
    for lower, upper in pairwise(bands):
        if lower.end != upper.start:
            fault = "leave a gap" if lower.end < upper.start else "overlap"
            raise ValueRefused(f"the price bands {lower} and {upper} {fault}", hint=_DISTRUST)
