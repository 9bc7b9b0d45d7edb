"""What a person would do in the session: orders of every kind, drawn from a seed, priced by the books of the moment."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from kalshi_tui.core.book import Book
from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Price, Size
from kalshi_tui.link.trading import Draft, TimeInForce

MARKETS: Final = 5
_GAP_MS: Final = (800, 4_000)  # a person's pace
_SIZES: Final = (100, 100, 200, 300, 500, 800)
_WISHES: Final = ("take", "take", "sweep", "join", "join", "improve", "behind")


@dataclass(frozen=True, slots=True)
class Planned:
    """A draft, when it is staged and fired, and what it was meant to do."""

    at_ms: int
    wish: str
    draft: Draft


class Script:
    """Draws one order after the other."""

    def __init__(self, seed: int, start_ms: int, tickers: Sequence[str]) -> None:
        """Begin at `start_ms`."""
        self._chance = random.Random(seed)  # noqa: S311 - the session is seeded on purpose
        self._at_ms = start_ms
        self._tickers = tuple(tickers)

    def next_ms(self) -> int:
        """Return when the next order is due."""
        self._at_ms += self._chance.randrange(*_GAP_MS)
        return self._at_ms

    def order(self, look: Callable[[str], tuple[Book, PriceGrid] | None]) -> Planned | None:
        """Draw an order for now; None where the market's book has nothing that it could be priced by."""
        ticker, wish = self._chance.choice(self._tickers), self._chance.choice(_WISHES)
        side: Side = self._chance.choice(("bid", "ask"))
        size = Size(self._chance.choice(_SIZES) * (10 if wish == "sweep" else 1))
        seen = look(ticker)
        price = None if seen is None else price_of(wish, side, *seen)
        if price is None:
            return None
        takes = wish in {"take", "sweep"}
        kind: TimeInForce = "immediate_or_cancel" if takes else "good_till_canceled"
        return Planned(self._at_ms, wish, Draft(ticker, side, price, size, time_in_force=kind, post_only=not takes))


def price_of(wish: str, side: Side, book: Book, grid: PriceGrid) -> Price | None:
    """Return the limit of an order: at the other side's best, two ticks through it, or around its own side's best."""
    ours, theirs = (book.best_bid, book.best_ask) if side == "bid" else (book.best_ask, book.best_bid)
    if ours is None or theirs is None:
        return None
    better, worse = (grid.step_up, grid.step_down) if side == "bid" else (grid.step_down, grid.step_up)
    if wish == "take":
        return theirs
    if wish == "sweep":
        once = better(theirs)
        return theirs if once is None else better(once) or once
    if wish == "improve":
        inside = better(ours)
        return ours if inside is None or inside == theirs else inside
    return ours if wish == "join" else worse(ours)
