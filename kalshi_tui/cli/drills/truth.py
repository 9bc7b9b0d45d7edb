"""The oracle of a drill: what the exchange itself tells of its books, change by change, with its clock and its time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Final, NamedTuple

from kalshi_tui.link.views import LadderView
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.happenings import BookChanged, Happening
from kalshi_tui.practice.records import Level, Market

Top = tuple[int | None, int | None, int, int]
"""The best bid and ask, and what rests there; None and 0 where nobody does."""
_CLOCK: Final[Callable[[Change], int]] = attrgetter("clock")


class Change(NamedTuple):
    """The total size at a price became larger or smaller; the changes of one action share a clock."""

    clock: int
    at_ms: int
    side: str
    price: int
    delta: int


class Half:
    """One side of a book; `pick` finds its best price."""

    def __init__(self, levels: Mapping[int, int], pick: Callable[[Iterable[int]], int]) -> None:
        """Begin with these sizes by price."""
        self.levels = dict(levels)
        self._pick = pick
        self.best: int | None = pick(levels) if levels else None

    def change(self, price: int, delta: int) -> None:
        """Add to the size at a price; a level without size is none."""
        levels, size = self.levels, self.levels.get(price, 0) + delta
        if size:
            levels[price] = size
            self.best = price if self.best is None else self._pick((self.best, price))
        else:
            levels.pop(price, None)
            if price == self.best:
                self.best = self._pick(levels) if levels else None

    def shows(self, shown: tuple[tuple[int, int], ...], count: int) -> bool:
        """Tell whether the levels that are shown, best first, are the best of this side, and `count` all of them."""
        if count != len(self.levels):
            return False
        if len(shown) == count:
            return dict(shown) == self.levels
        ordered = sorted(self.levels.items(), reverse=self._pick is max)
        return list(shown) == ordered[: len(shown)]


class Image:
    """A whole book."""

    def __init__(self, bids: Mapping[int, int], asks: Mapping[int, int]) -> None:
        """Begin with these sizes by price."""
        self.bids, self.asks = Half(bids, max), Half(asks, min)

    def change(self, side: str, price: int, delta: int) -> None:
        """Add to the size at a price of a side."""
        (self.bids if side == "bid" else self.asks).change(price, delta)

    def top(self) -> Top:
        """Return the best of both sides."""
        bid, ask = self.bids.best, self.asks.best
        return (
            bid,
            ask,
            0 if bid is None else self.bids.levels[bid],
            0 if ask is None else self.asks.levels[ask],
        )


class Past:
    """One market's book after each of its changes."""

    def __init__(self, bids: Mapping[int, int], asks: Mapping[int, int], clock: int, at_ms: int) -> None:
        """Begin with the book as it stands."""
        self.now = Image(bids, asks)
        self.changes: list[Change] = []
        self._began = clock
        self._image, self._at = Image(bids, asks), 0  # the book after so many changes
        self._tops: list[tuple[int, Top]] = [(at_ms, self.now.top())]

    def add(self, change: Change) -> None:
        """Take a change."""
        self.changes.append(change)
        self.now.change(change.side, change.price, change.delta)
        top = self.now.top()
        if top != self._tops[-1][1]:
            self._tops.append((change.at_ms, top))

    def place_of(self, view: LadderView) -> int | None:
        """Return after how many changes the book was as it is shown, or None where it never was so at that clock.

        Any beginning of the changes that share the clock will do: who lost the last of them was told nothing wrong.
        """
        first, last = (cut(self.changes, view.clock, key=_CLOCK) for cut in (bisect_left, bisect_right))
        places = range(last, first, -1)
        for place in places or ([0] if view.clock == self._began and not first else []):
            self._go_to(place)
            image = self._image
            if image.bids.shows(view.bids, view.bid_levels) and image.asks.shows(view.asks, view.ask_levels):
                return place
        return None

    def moved_ms(self, place: int) -> int | None:
        """Return when the book became another than it was after so many changes, or None while it has not."""
        return self.changes[place].at_ms if place < len(self.changes) else None

    def had_top(self, top: Top, since_ms: int) -> bool:
        """Tell whether the best prices and sizes were these at any time since then."""
        for at_ms, had in reversed(self._tops):
            if had == top:
                return True
            if at_ms < since_ms:
                return False
        return False

    def _go_to(self, place: int) -> None:
        image, changes = self._image, self.changes
        for change in changes[self._at : place]:
            image.change(change.side, change.price, change.delta)
        for change in reversed(changes[place : self._at]):
            image.change(change.side, change.price, -change.delta)
        self._at = place


class Truth:
    """Every book of an exchange, from now on."""

    def __init__(self, exchange: Exchange) -> None:
        """Listen to the exchange."""
        self._exchange = exchange
        self._pasts = {
            ticker: Past(sizes(market.bids), sizes(market.asks), market.clock, exchange.now_ms)
            for ticker, market in exchange.markets.items()
        }
        exchange.listen(self._hear)

    def of(self, ticker: str) -> Past:
        """Return a market's book; one that was never told of is empty."""
        past = self._pasts.get(ticker)
        if past is None:
            past = self._pasts[ticker] = Past({}, {}, 0, self._exchange.now_ms)
        return past

    def busiest(self) -> str:
        """Return the market whose book changed most often."""
        return max(self._pasts, key=lambda ticker: len(self._pasts[ticker].changes))

    def unsound(self) -> list[str]:
        """Return the markets whose changes do not add up to the exchange's own book: then nothing here counts."""
        return [ticker for ticker, market in self._exchange.markets.items() if not self._adds_up(ticker, market)]

    def _adds_up(self, ticker: str, market: Market) -> bool:
        now = self.of(ticker).now
        return now.bids.levels == sizes(market.bids) and now.asks.levels == sizes(market.asks)

    def _hear(self, happening: Happening) -> None:
        if isinstance(happening, BookChanged):
            told = happening
            change = Change(told.clock, told.ts_ms, told.side, told.price, told.delta)
            self.of(told.market.ticker).add(change)


def sizes(side: Mapping[int, Level]) -> dict[int, int]:
    """Return what rests at each price of a side."""
    return {price: level.size for price, level in side.items() if level.size}
