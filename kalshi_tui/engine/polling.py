"""Reads books over REST while the stream is away, and says so: a polled book is never LIVE."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from kalshi_tui.core.book import BookState
from kalshi_tui.core.events import BookReplaced, BookStateChanged, Event
from kalshi_tui.engine.ports import Clock
from kalshi_tui.engine.venue import Venue
from kalshi_tui.errors import AuthenticationRefused, RateLimited, RemoteProtocolError, TransportError, VenueRefused
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.rest.prices import BOOKS_LIMIT

_NO_CLOCK: Final = 0


class Polling:
    """A fallback that somebody turns on by `is_needed` and sees in each book's state and reason."""

    def __init__(
        self,
        venue: Venue,
        clock: Clock,
        tickers: Callable[[], Sequence[str]],
        deliver: Callable[[Event], None],
        *,
        is_needed: Callable[[], bool] = lambda: True,
        every_s: float = 2.0,
    ) -> None:
        """Take what it needs; `tickers` and `is_needed` are asked anew each time."""
        self._venue = venue
        self._clock = clock
        self._tickers = tickers
        self._deliver = deliver
        self._is_needed = is_needed
        self._every_s = every_s
        self.rounds = 0

    @property
    def reason(self) -> str:
        """Return what to tell about a polled book."""
        return f"polled over REST every {self._every_s:g} s, and may be 15 s older than that"

    async def run(self) -> NoReturn:
        """Poll while needed, until cancelled."""
        while True:
            if self._is_needed():
                await self.poll()
            await self._clock.sleep(self._every_s)

    async def poll(self) -> None:
        """Read every book once; a book that cannot be read says why."""
        self.rounds += 1
        tickers = list(self._tickers())
        for start in range(0, len(tickers), BOOKS_LIMIT):
            await self._read(tickers[start : start + BOOKS_LIMIT])

    async def _read(self, tickers: list[str]) -> None:
        asked_ms = self._clock.now_ms()
        missing = "the venue sent no book when it was polled"
        images: tuple[rest.BookImage, ...]
        try:
            images = await self._venue.ask(rest.books(tickers))
        except (TransportError, RemoteProtocolError, RateLimited, VenueRefused) as problem:
            if isinstance(problem, AuthenticationRefused):
                raise
            images, missing = (), f"polling failed: {problem.message}"
        # The stream may have come back while we asked; its books are better than ours.
        if not self._is_needed():
            return
        wanted = set(tickers)
        for image in images:
            if image.ticker not in wanted:
                continue
            wanted.discard(image.ticker)
            self._mark([image.ticker], self.reason)
            self._deliver(BookReplaced(image.ticker, image.bids, image.asks, _NO_CLOCK, asked_ms))
        self._mark(sorted(wanted), missing)

    def _mark(self, tickers: list[str], reason: str) -> None:
        for ticker in tickers:
            self._deliver(BookStateChanged(ticker, BookState.STALE, reason))
