"""Levels as the wire writes them, and the prices that a market takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from kalshi_tui.core.book import Level
from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.units import Price, complement, parse_size
from kalshi_tui.errors import ValueRefused
from kalshi_tui.protocol.wire import LEVEL_PRICES

GridOf = Callable[[str], PriceGrid | None]
"""The prices that a market takes, by its ticker, or None where that is not known for sure."""
NO_PRICES: Final = {text: complement(price) for text, price in LEVEL_PRICES.items()}


def read_levels(pairs: Iterable[tuple[str, str]] | None, prices: dict[str, Price]) -> list[Level]:
    """Return one side of a snapshot; a level without size is none."""
    levels = [(prices[price], parse_size(size)) for price, size in pairs or ()]
    return [level for level in levels if level[1]]


def check_tick(grid: PriceGrid | None, ticker: str, price: Price) -> None:
    """Refuse a new level at a price that no order may have; old orders may stay where a grid was changed."""
    if grid is not None and not grid.allows(price):
        raise ValueRefused(f"{price}/10000 dollar is no price of {ticker}", hint="ask for a snapshot")
