"""Samples the top line of each market now and then, for a price history that outlives the run."""

from __future__ import annotations

from kalshi_tui.core.book import BookState
from kalshi_tui.core.units import Size
from kalshi_tui.engine.kernel import Kernel
from kalshi_tui.link.intents import HistoryPoint


class Sampler:
    """Returns a point for each market that has moved since its last one."""

    def __init__(self, every_ms: int) -> None:
        self._every_ms = every_ms
        self._last_ms = 0
        self._last: dict[str, HistoryPoint] = {}

    def sample(self, kernel: Kernel) -> list[tuple[str, HistoryPoint]]:
        """Return the new points, or nothing before the time has come."""
        if kernel.now_ms - self._last_ms < self._every_ms:
            return []
        self._last_ms = kernel.now_ms
        found = []
        for ticker in dict.fromkeys((*kernel.stream.books, *kernel.store.quotes)):
            point = _point(kernel, ticker)
            last = self._last.get(ticker)
            if point is not None and (last is None or _line(last) != _line(point)):
                self._last[ticker] = point
                found.append((ticker, point))
        return found


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
