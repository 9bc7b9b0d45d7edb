"""Follows books over a session's stream, with polling as the stated fallback, and calls back at a steady pace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kalshi_tui.cli.output import print_words
from kalshi_tui.cli.wiring import Session
from kalshi_tui.config.schema import StreamSettings
from kalshi_tui.core.book import Book, BookState
from kalshi_tui.core.events import BookReplaced, BookStateChanged, Event, TradeSeen
from kalshi_tui.engine.feed import FeedState, FeedStatus
from kalshi_tui.engine.polling import Polling
from kalshi_tui.protocol.patience import Patience
from kalshi_tui.protocol.stream import Stream

POLL_AFTER_MS = 3_000  # a reconnect is usually quicker than this, and then nothing needs to be polled


CHANNELS = ("orderbook_delta", "trade")


@dataclass(frozen=True, slots=True)
class Shown:
    """A book as it may be shown, with what must be known before it is believed."""

    book: Book
    state: BookState
    reason: str
    clock: int


class Follower:
    """The books of some markets, kept current for as long as `run` runs."""

    def __init__(self, session: Session, tickers: Sequence[str]) -> None:
        """Wish for the books and trades of `tickers`; nothing is opened yet."""
        settings = session.settings.stream
        self.stream = Stream(use_yes_price=settings.use_yes_price, tells_changes=False, patience=patience_of(settings))
        self.tickers: list[str] = []
        self.trades: dict[str, TradeSeen] = {}
        self.messages = 0
        self.status = FeedStatus(FeedState.CONNECTING, "connecting", session.clock.now_ms())
        self._clock = session.clock
        self._away_since_ms = self._clock.now_ms()
        self._polled: dict[str, Book] = {}
        self.follow(tickers)
        self._told = ""
        self._feed = session.feed(self.stream, self._take, self._hear)
        self._polling = Polling(
            session.venue, session.clock, lambda: self.tickers, self._take_polled, is_needed=self.is_away
        )

    def follow(self, tickers: Sequence[str]) -> None:
        """Follow these markets from now on, and no others."""
        new = [ticker for ticker in tickers if ticker not in self.tickers]
        gone = [ticker for ticker in self.tickers if ticker not in tickers]
        self.tickers = list(tickers)
        for ticker in gone:
            self.trades.pop(ticker, None)
            self._polled.pop(ticker, None)
        for channel in CHANNELS:
            if new:
                self.stream.want(channel, tickers=new)
            if gone:
                self.stream.unwant(channel, tickers=gone)

    def is_away(self) -> bool:
        """Tell whether the stream has been away for long enough to poll instead."""
        is_open = self.status.state is FeedState.OPEN
        return not is_open and self._clock.now_ms() - self._away_since_ms > POLL_AFTER_MS

    def shown(self, ticker: str) -> Shown:
        """Return a market's book: the stream's, or a polled one, which is never LIVE, while the stream is away."""
        if ticker in self._polled and self.is_away():
            return Shown(self._polled[ticker], BookState.STALE, self._polling.reason, 0)
        tracked = self.stream.books[ticker]
        return Shown(tracked.book, tracked.state, tracked.reason, tracked.clock)

    def are_live(self) -> bool:
        """Tell whether every followed book is LIVE."""
        return all(tracked.state is BookState.LIVE for tracked in self.stream.books.values())

    async def run(self, show: Callable[[], object], *, every_s: float) -> None:
        """Follow until cancelled, or until `show` returns False, and show at a steady pace."""
        self._away_since_ms = self._clock.now_ms()
        feed, polling = asyncio.ensure_future(self._feed.run()), asyncio.ensure_future(self._polling.run())
        try:
            while show() is not False:
                done, _ = await asyncio.wait([feed, polling], timeout=every_s, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            feed.cancel()
            polling.cancel()
            await asyncio.gather(feed, polling, return_exceptions=True)

    def _take(self, event: Event) -> None:
        self.messages += 1
        if type(event) is TradeSeen and event.ticker in self.tickers:
            self.trades[event.ticker] = event

    def _take_polled(self, event: Event) -> None:
        if type(event) is BookReplaced:
            book = self._polled.setdefault(event.ticker, Book(event.ticker))
            book.replace(event.bids, event.asks)
        elif type(event) is BookStateChanged and event.reason != self._polling.reason:
            self._polled.pop(event.ticker, None)  # it is older now than it is said to be

    def _hear(self, status: FeedStatus) -> None:
        if status.state is FeedState.OPEN:
            self._polled.clear()
            self._told = ""
        elif self.status.state is FeedState.OPEN:
            self._away_since_ms = status.since_ms
        if status.state is FeedState.WAITING and status.reason != self._told:
            self._told = status.reason
            seconds = POLL_AFTER_MS // 1000
            print_words(f"the stream is away: {status.reason}; trying again, and polling from {seconds} s on")
        self.status = status


def patience_of(settings: StreamSettings) -> Patience:
    """Return the stream's limits as the settings have them."""
    return Patience(ping_ms=int(settings.ping_limit_s * 1000), delay_ms=int(settings.delay_limit_s * 1000))
