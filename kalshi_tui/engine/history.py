"""Samples the top line of each market now and then, for a price history that outlives the run."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from kalshi_tui.core.book import BookState
from kalshi_tui.core.units import Size
from kalshi_tui.engine.kernel import Kernel
from kalshi_tui.link.intents import HistoryPoint

AT_ONCE: Final = 500
"""Markets that are looked at in one call, which takes about 2 ms: 30,000 would hold up the loop for 100 ms."""


class Sampler:
    """Returns a point for each market that has moved since its last one."""

    def __init__(self, every_ms: int) -> None:
        self._every_ms = every_ms
        self._last_ms = 0
        self._last: dict[str, HistoryPoint] = {}
        self._due: Iterator[str] = iter(())

    def sample(self, kernel: Kernel) -> list[tuple[str, HistoryPoint]]:
        """Return new points of the markets whose turn it is, or nothing while it is nobody's."""
        part = tuple(islice(self._due, AT_ONCE))
        if not part and kernel.now_ms - self._last_ms >= self._every_ms:
            self._last_ms = kernel.now_ms
            part = self._begin_round(kernel)
        return [(ticker, point) for ticker in part if (point := self._moved(kernel, ticker)) is not None]

    def _begin_round(self, kernel: Kernel) -> tuple[str, ...]:
        followed = dict.fromkeys((*kernel.stream.books, *kernel.store.quotes))
        self._last = {ticker: point for ticker, point in self._last.items() if ticker in followed}
        self._due = iter(followed)
        return tuple(islice(self._due, AT_ONCE))

    def _moved(self, kernel: Kernel, ticker: str) -> HistoryPoint | None:
        point, last = _point(kernel, ticker), self._last.get(ticker)
        if point is None or (last is not None and _line(last) == _line(point)):
            return None
        self._last[ticker] = point
        return point


def _line(point: HistoryPoint) -> tuple[object, ...]:
    return point.bid, point.ask, point.last, point.volume


def _point(kernel: Kernel, ticker: str) -> HistoryPoint | None:
    """Return a market's top line, from its book only while that may be believed."""
    quote, tracked = kernel.store.quotes.get(ticker), kernel.stream.books.get(ticker)
    last = kernel.store.last_price(ticker)
    volume = quote.volume if quote else Size(0)
    if tracked is not None and tracked.state is BookState.LIVE:
        return HistoryPoint(kernel.now_ms, tracked.book.best_bid, tracked.book.best_ask, last, volume)
    if quote is None:
        return None
    return HistoryPoint(kernel.now_ms, quote.yes_bid, quote.yes_ask, last, volume)
