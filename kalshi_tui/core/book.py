"""A market's book on the YES axis: sizes by price for bids and asks, with both best prices kept.

A dictionary for each side with kept best prices costs least in CPython (0.3 µs a change): a table of all 10,000 prices
walks over empty slots, a sorted list pays for each insertion.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import PRICE_ONE, Price, Size
from kalshi_tui.errors import ValueRefused

Level = tuple[Price, Size]

_CENT: Final = 100
_STEPS_TRIED: Final = 4  # when the best level empties its neighbour is nearly always there; max() costs 0.3 µs and more


class BookState(StrEnum):
    """Whether a book may be believed; only LIVE may be traded on."""

    LIVE = "live"
    RESYNC = "resync"
    STALE = "stale"
    DEAD = "dead"


class Book:
    """Resting bids and asks of one market, in YES prices; `crossed` says that they overlap, which is never right."""

    __slots__ = ("_step", "asks", "best_ask", "best_bid", "bids", "crossed", "crossings", "ticker")

    def __init__(self, ticker: str) -> None:
        self.ticker = ticker
        self.bids: dict[Price, Size] = {}
        self.asks: dict[Price, Size] = {}
        self.best_bid: Price | None = None
        self.best_ask: Price | None = None
        self.crossed = False
        self.crossings = 0  # how often they have begun to overlap
        self._step = _CENT  # every price here is a multiple of it, so the next level can be looked for step by step

    def __repr__(self) -> str:
        return f"Book({self.ticker!r}, {self.best_bid}/{self.best_ask}, {len(self.bids)}+{len(self.asks)} levels)"

    def replace(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Take the whole book anew, or refuse it and stay as it was; `bids` and `asks` stay the same dictionaries."""
        new_bids, new_asks = _checked(bids), _checked(asks)
        for levels, new_levels in ((self.bids, new_bids), (self.asks, new_asks)):
            levels.clear()
            levels.update(new_levels)
        self.best_bid = max(new_bids, default=None)
        self.best_ask = min(new_asks, default=None)
        self._step = min(map(_step_of, (*new_bids, *new_asks)), default=_CENT)
        self._look_for_crossing()

    def apply(self, side: Side, price: Price, change: Size) -> None:
        """Add `change` to the size at `price`; a level never goes below zero."""
        if not 0 < price < PRICE_ONE:
            raise ValueRefused(f"no order can rest at {price}/10000 dollar", hint="prices lie between 0 and 1 dollar")
        if side == "bid":
            self.change_bid(price, change)
        else:
            self.change_ask(price, change)

    # The two sides are written out, and NewType's calls left out, because together they would double the cost.
    def change_bid(self, price: Price, change: Size) -> None:
        """Add `change` to the bids at `price`, which has been checked."""
        levels = self.bids
        if price in levels:
            size: Size = levels[price] + change  # type: ignore[assignment]
            if size > 0:
                levels[price] = size
            elif size < 0:
                raise _below_zero(self.ticker, "bid", price)
            else:
                del levels[price]
                if price == self.best_bid:
                    self._find_best_bid(price)
        elif change > 0:
            levels[price] = change
            if price % self._step:
                self._step = _step_of(price)
            best = self.best_bid
            if best is None or price > best:
                self.best_bid = price
                self._look_for_crossing()
        elif change < 0:
            raise _below_zero(self.ticker, "bid", price)

    def change_ask(self, price: Price, change: Size) -> None:
        """Add `change` to the asks at `price`, which has been checked."""
        levels = self.asks
        if price in levels:
            size: Size = levels[price] + change  # type: ignore[assignment]
            if size > 0:
                levels[price] = size
            elif size < 0:
                raise _below_zero(self.ticker, "ask", price)
            else:
                del levels[price]
                if price == self.best_ask:
                    self._find_best_ask(price)
        elif change > 0:
            levels[price] = change
            if price % self._step:
                self._step = _step_of(price)
            best = self.best_ask
            if best is None or price < best:
                self.best_ask = price
                self._look_for_crossing()
        elif change < 0:
            raise _below_zero(self.ticker, "ask", price)

    def size_at(self, side: Side, price: Price) -> Size:
        """Return what rests at one price."""
        return (self.bids if side == "bid" else self.asks).get(price, Size(0))

    def depth(self, side: Side, n: int) -> list[Level]:
        """Return up to `n` levels of one side, best first."""
        levels = self.bids if side == "bid" else self.asks
        return sorted(levels.items(), reverse=side == "bid")[:n]

    def digest(self) -> str:
        """Return a SHA-256 over all levels: equal books have equal digests, whatever way they came about."""
        text = ";".join(
            ",".join(f"{price}:{size}" for price, size in sorted(levels.items())) for levels in (self.bids, self.asks)
        )
        return hashlib.sha256(text.encode()).hexdigest()

    def _find_best_bid(self, emptied: Price) -> None:
        levels, step = self.bids, self._step
        for price in range(emptied - step, emptied - step * (_STEPS_TRIED + 1), -step):
            if price in levels:
                self.best_bid = price  # type: ignore[assignment]
                break
        else:
            self.best_bid = max(levels, default=None)
        if self.crossed:
            self._look_for_crossing()

    def _find_best_ask(self, emptied: Price) -> None:
        levels, step = self.asks, self._step
        for price in range(emptied + step, emptied + step * (_STEPS_TRIED + 1), step):
            if price in levels:
                self.best_ask = price  # type: ignore[assignment]
                break
        else:
            self.best_ask = min(levels, default=None)
        if self.crossed:
            self._look_for_crossing()

    def _look_for_crossing(self) -> None:
        bid, ask = self.best_bid, self.best_ask
        was_crossed, self.crossed = self.crossed, bid is not None and ask is not None and bid >= ask
        self.crossings += self.crossed and not was_crossed


def _step_of(price: int) -> int:
    if price % _CENT == 0:
        return _CENT
    return 1 if price % 10 else 10


def _checked(levels: Iterable[Level]) -> dict[Price, Size]:
    kept: dict[Price, Size] = {}
    for price, size in levels:
        if not 0 < price < PRICE_ONE or size <= 0 or price in kept:
            raise ValueRefused(
                f"a book cannot hold {size}/100 contracts at {price}/10000 dollar once more",
                hint="each level has one price between 0 and 1 dollar and a size above zero",
            )
        kept[price] = size
    return kept


def _below_zero(ticker: str, side: Side, price: Price) -> ValueRefused:
    return ValueRefused(
        f"the {side} at {price}/10000 dollar in {ticker} would fall below zero",
        hint="our copy of the book is not the exchange's; ask for a snapshot",
    )
