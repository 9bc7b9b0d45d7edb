"""Which markets are followed over the stream, by need, and how a tape's segment can begin in the middle of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from kalshi_tui.core.book import BookState
from kalshi_tui.engine import inputs
from kalshi_tui.engine.needs import Needs
from kalshi_tui.link.intents import Distrust, Follow, LetGo, ReadAnew
from kalshi_tui.link.keys import TradesKey

if TYPE_CHECKING:
    from kalshi_tui.engine.kernel import Kernel

BOOKS: Final = "orderbook_delta"
BY_MARKET: Final = (BOOKS, "trade", "ticker")
_ASKED: Final = "asked for"
_WATCH: Final = "watched by settings"
_BUSY: Final = "busiest of the universe"


class Following:
    """Turns needs into wishes of the stream."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._is_full = kernel.rules.universe == "full"
        self._ranked_ms = self._swept_ms = 0
        self._channels = tuple(channel for channel in BY_MARKET if channel != "ticker" or not self._is_full)
        self.needs = Needs(kernel.rules.linger_ms)

    def begin(self, opening: inputs.Opening) -> None:
        """Wish for what is always wished for, and stand where a tape's segment stood."""
        stream, now_ms = self._kernel.stream, opening.at_ms
        stream.want("market_lifecycle_v2")
        stream.want("cfbenchmarks_value", index_ids=["all"])
        if self._is_full:
            stream.want("ticker")
        self.needs.set(_WATCH, opening.rules.watch, now_ms)
        for key in opening.watched:
            self._kernel.publishing.watch(key)
        if not opening.is_first:
            self.needs.set(_ASKED, [image.ticker for image in opening.books], now_ms)
            self.beat()
            images = ((i.ticker, i.clock, i.bids, i.asks) for i in opening.books)
            stream.resume(opening.subscriptions, images, now_ms)

    def opening(self, first: inputs.Opening, at_ms: int) -> inputs.Opening:
        """Return what a segment that begins now must tell."""
        stream = self._kernel.stream
        books = tuple(
            inputs.BookImage(
                ticker,
                tracked.clock,
                tuple(sorted(tracked.book.bids.items())),
                tuple(sorted(tracked.book.asks.items())),
            )
            for ticker, tracked in stream.books.items()
            if tracked.in_step
        )
        return msgspec.structs.replace(
            first,
            at_ms=at_ms,
            is_first=False,
            watched=tuple(self._kernel.publishing.watched()),
            subscriptions=stream.standing(),
            books=books,
        )

    def beat(self) -> None:
        """Let the stream's wishes follow the needs."""
        kernel = self._kernel
        if self._is_full and kernel.now_ms - self._ranked_ms >= kernel.rules.full_scan_ms and kernel.catalogue.is_ready:
            self._ranked_ms = kernel.now_ms
            busiest = kernel.catalogue.busiest(kernel.rules.full_universe_books, kernel.now_ms)
            self.needs.set(_BUSY, busiest, kernel.now_ms)
        new, gone = self.needs.changes(kernel.now_ms)
        for channel in self._channels:
            if new:
                kernel.stream.want(channel, tickers=new)
            if gone:
                kernel.stream.unwant(channel, tickers=gone)
        if gone:
            kernel.store.forget(gone, with_quotes=not self._is_full)
            kernel.catalogue.keep_only(self.needs.followed(), kernel.now_ms)
        if kernel.now_ms - self._swept_ms >= kernel.rules.full_scan_ms:
            self._swept_ms = kernel.now_ms
            kernel.store.keep_only(dict.fromkeys(self.needs.followed()), kernel.catalogue)

    def leave(self, ticker: str) -> None:
        """Follow a market no more that the venue does not have, whoever needs it."""
        for channel in self._channels:
            self._kernel.stream.unwant(channel, tickers=[ticker])
        self._kernel.publishing.touched[ticker] = self._kernel.now_ms

    def come_back(self, ticker: str) -> None:
        """Follow a market that the venue has now, where somebody has needed it since before."""
        if self.needs.is_followed(ticker):
            for channel in self._channels:
                self._kernel.stream.want(channel, tickers=[ticker])

    def miss_trades(self) -> None:
        """Take note that trades may be missed from now on, so that no list looks whole with a hole in it."""
        for log in self._kernel.store.trades.values():
            log.miss()

    def learn_trades(self) -> None:
        """Ask what traded in the markets whose trades are shown, where that was missed or never asked."""
        for key in self._kernel.publishing.watched():
            if isinstance(key, TradesKey) and not self._kernel.store.log_of(key.ticker).has_past:
                self._kernel.asking.read_trades(key.ticker, self._kernel.now_ms)

    def asked(self, intent: Follow | LetGo | Distrust | ReadAnew) -> None:
        """Do what a person asked for."""
        kernel, before = self._kernel, self.needs.of(_ASKED)
        match intent:
            case Follow():
                self.needs.set(_ASKED, (*before, *intent.tickers), kernel.now_ms)
                kernel.reading.learn(intent.tickers)
            case LetGo():
                let_go = frozenset(intent.tickers)
                self.needs.set(_ASKED, [ticker for ticker in before if ticker not in let_go], kernel.now_ms)
            case Distrust():
                kernel.stream.doubt(intent.ticker, "a person asked for a new picture of it")
            case ReadAnew():
                kernel.asking.read_all(kernel.now_ms)

    def asked_for(self) -> tuple[str, ...]:
        """Return the markets that are followed because a person asked for it."""
        return self.needs.of(_ASKED)

    def count_live(self) -> tuple[int, int]:
        """Return how many books are followed, and how many of them may be believed."""
        books = self._kernel.stream.books
        return len(books), sum(tracked.state is BookState.LIVE for tracked in books.values())
