"""Builds the views of markets out of what the kernel knows; nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kalshi_tui.core.book import Book, BookState
from kalshi_tui.core.events import TickerSeen
from kalshi_tui.core.markets import Event, Market
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.catalogue import Catalogue
from kalshi_tui.engine.changes import strike_words
from kalshi_tui.engine.store import Store
from kalshi_tui.errors import ValueRefused
from kalshi_tui.link.keys import LadderKey, MarketsKey
from kalshi_tui.link.views import LadderView, MarketRow, MarketsView, MarketView, ValueRow, ValuesView
from kalshi_tui.protocol.tracked import TrackedBook

CROSSED = "bids and asks overlap"  # for a moment perhaps, but nobody can trade on such a book
_NOTHING = Size(0)


@dataclass(frozen=True, slots=True)
class Sight:
    """A book as it may be shown now, with what must be known before it is believed."""

    book: Book
    state: BookState
    reason: str
    clock: int


@dataclass(frozen=True, slots=True)
class Pictures:
    """What views are made of."""

    catalogue: Catalogue
    store: Store
    books: Mapping[str, TrackedBook]
    metadata_limit_ms: int

    def sight(self, ticker: str, polled_reason: str) -> Sight | None:
        """Return a followed book: the stream's, or while that is away a polled one, which is never LIVE."""
        tracked = self.books.get(ticker)
        if tracked is None:
            return None
        if polled_reason and ticker in self.store.polled:
            return Sight(self.store.polled[ticker], BookState.STALE, polled_reason, 0)
        if tracked.book.crossed and tracked.state is BookState.LIVE:
            return Sight(tracked.book, BookState.STALE, CROSSED, tracked.clock)
        return Sight(tracked.book, tracked.state, tracked.reason, tracked.clock)

    def ladder(self, key: LadderKey, sight: Sight | None, why_not: str) -> LadderView:
        """Return a market's book; without one it is dead and says why."""
        known = self.catalogue.get(key.ticker)
        log = self.store.trades.get(key.ticker)
        last = log.rows[-1] if log is not None and log.rows else None
        book = sight.book if sight else Book(key.ticker)
        return LadderView(
            ticker=key.ticker,
            state=sight.state if sight else BookState.DEAD,
            reason=sight.reason if sight else why_not,
            clock=sight.clock if sight else 0,
            revision=known.revision if known else 0,
            heard_ms=self.store.heard.get(key.ticker, 0),
            bids=tuple(book.depth("bid", key.depth)),
            asks=tuple(book.depth("ask", key.depth)),
            bid_levels=len(book.bids),
            ask_levels=len(book.asks),
            last_price=last.price if last else self._listed_last(key.ticker),
            last_size=last.size if last else _NOTHING,
            last_side=last.taker_side if last else None,
            last_ms=last.ts_ms if last else 0,
        )

    def page(self, key: MarketsKey, now_ms: int, loading: str, polled_reason: str) -> MarketsView:
        """Return a page of the list."""
        page = self.catalogue.page(
            search=key.search,
            series=key.series,
            category=key.category,
            sort=key.sort,
            offset=key.offset,
            count=key.count,
            now_ms=now_ms,
        )
        rows = tuple(self._row(ticker, now_ms, polled_reason) for ticker in page.tickers)
        return MarketsView(page.total, page.matched, key.offset, rows, loading)

    def market(self, ticker: str, now_ms: int) -> MarketView | None:
        """Return what a market is, or None where it is not known."""
        known = self.catalogue.get(ticker)
        if known is None:
            return None
        market, event = known.market, self.catalogue.event_of(ticker)
        series = self.catalogue.series_of(ticker)
        quote = self.store.quotes.get(ticker)
        return MarketView(
            ticker=ticker,
            event_ticker=market.event_ticker,
            series_ticker=event.series_ticker if event else "",
            event_title=_title(event),
            title=market.title,
            yes_title=market.yes_title,
            no_title=market.no_title,
            category=series.category if series else "",
            rules_primary=market.rules_primary,
            rules_secondary=market.rules_secondary,
            strike=strike_words(market.strike),
            status=market.status_at(now_ms),
            open_ms=market.open_ms,
            close_ms=market.close_ms,
            expected_expiration_ms=market.expected_expiration_ms,
            settlement_timer_s=market.settlement_timer_s,
            mutually_exclusive=event.mutually_exclusive if event else False,
            grid=tuple((band.start, band.end, band.step) for band in market.grid.bands),
            fee=self.catalogue.fee_of(ticker, now_ms),
            volume=quote.volume if quote else market.volume,
            open_interest=quote.open_interest if quote else market.open_interest,
            result=market.result,
            revision=known.revision,
            read_ms=known.read_ms,
            doubt=self._doubt(ticker, now_ms),
        )

    def values(self) -> ValuesView:
        """Return index and reference values, by name."""
        rows = [
            ValueRow(
                name=name,
                source="index",
                value=str(seen.value),
                average=str(seen.last_minute.value) if seen.last_minute else "",
                about="",
                source_ms=seen.source_ms,
                heard_ms=heard_ms,
            )
            for name, (seen, heard_ms) in self.store.indexes.items()
        ]
        rows += [
            ValueRow(
                name=reference.name,
                source="reference",
                value=str(reference.value),
                average="",
                about=reference.about,
                source_ms=reference.source_ms,
                heard_ms=reference.heard_ms,
            )
            for reference in self.store.references.values()
        ]
        return ValuesView(tuple(sorted(rows, key=lambda row: (row.source, row.name))))

    def _doubt(self, ticker: str, now_ms: int) -> str:
        """Return why what is known of a market must not be relied on, or nothing."""
        try:
            self.catalogue.current(ticker, now_ms, self.metadata_limit_ms)
        except ValueRefused as problem:
            return problem.message
        return ""

    def _row(self, ticker: str, now_ms: int, polled_reason: str) -> MarketRow:
        known = self.catalogue.get(ticker)
        assert known is not None  # noqa: S101 - the page is made of what the catalogue has
        market, event = known.market, self.catalogue.event_of(ticker)
        sight, quote, log = (
            self.sight(ticker, polled_reason),
            self.store.quotes.get(ticker),
            self.store.trades.get(ticker),
        )
        bid, ask, bid_size, ask_size = _top(market, sight, quote)
        return MarketRow(
            ticker=ticker,
            event_ticker=market.event_ticker,
            event_title=_title(event),
            answer=market.yes_title or market.title,
            status=market.status_at(now_ms),
            close_ms=market.close_ms,
            bid=bid,
            ask=ask,
            bid_size=bid_size,
            ask_size=ask_size,
            last=self.store.last_price(ticker) or market.last_price,
            moved=log.moved if log else 0,
            volume=quote.volume if quote else market.volume,
            state=sight.state if sight else "listed",
            reason=sight.reason if sight else "",
            heard_ms=self.store.heard.get(ticker, 0) if sight else known.read_ms,
        )

    def _listed_last(self, ticker: str) -> Price | None:
        known = self.catalogue.get(ticker)
        return self.store.last_price(ticker) or (known.market.last_price if known else None)


def _title(event: Event | None) -> str:
    return event.title if event else ""


def _top(
    market: Market, sight: Sight | None, quote: TickerSeen | None
) -> tuple[Price | None, Price | None, Size, Size]:
    """Return bid, ask and their sizes from the best source there is: the book, the top line, the listing."""
    if sight is not None and (sight.book.bids or sight.book.asks or sight.state is BookState.LIVE):
        book = sight.book
        bid, ask = book.best_bid, book.best_ask
        return (
            bid,
            ask,
            _NOTHING if bid is None else book.size_at("bid", bid),
            _NOTHING if ask is None else book.size_at("ask", ask),
        )
    if quote is not None:
        return quote.yes_bid, quote.yes_ask, quote.yes_bid_size, quote.yes_ask_size
    return market.yes_bid, market.yes_ask, market.yes_bid_size, market.yes_ask_size
