"""All series, events and markets as the venue last described them, and what is in doubt about each.

Pure and synchronous: it is given bodies, stored rows, words of the stream and times, and asks nobody anything. Answers
may come late and twice; a reading that was asked for before the stream's latest word is not believed over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from kalshi_tui.config.filters import MarketFilter
from kalshi_tui.core.events import EventFeeChanged, EventLifecycle, MarketLifecycle
from kalshi_tui.core.fees import FeeTerms
from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.markets import Event, Market, Series
from kalshi_tui.engine.changes import Change
from kalshi_tui.engine.families import Families
from kalshi_tui.engine.held import Kind, Known, Reading
from kalshi_tui.engine.listing import Described, Listing, Page, Wish
from kalshi_tui.engine.outbox import Outbox
from kalshi_tui.engine.shelf import Shelf
from kalshi_tui.errors import RemoteProtocolError, ValueRefused
from kalshi_tui.link.keys import Sort
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.rest import rows

__all__ = ["Catalogue", "Change", "Kind", "Known", "Page"]

EVERYTHING: Final = MarketFilter()
_WAIT: Final = "wait until it was read anew"


class Catalogue:
    """What is listed; `now_ms` and `at_ms` are the venue's time and never run backwards."""

    def __init__(self, listed: MarketFilter = EVERYTHING) -> None:
        """Begin with nothing; markets that `listed` does not allow are known, and not on the list."""
        self.is_ready = False  # a full reading has ended
        self._now_ms = 0
        self._outbox = Outbox()
        self._families = Families(self._outbox, self._hear)
        self._listing = Listing(self._describe, None if listed == EVERYTHING else listed.allows)
        self._shelf = Shelf(
            self._outbox,
            on_new=self._came,
            on_gone=self._went,
            on_other=self._is_described_anew,
            on_quote=self._listing.quote,
        )

    # What is known

    def __contains__(self, ticker: str) -> bool:
        return ticker in self._shelf.held

    @property
    def counts(self) -> tuple[int, int, int]:
        """Return how many series, events and markets are known."""
        return len(self._families.series), len(self._families.events), len(self._shelf.held)

    @property
    def unread(self) -> int:
        """Return how many rows of the venue's could not be read the last time."""
        return len(self._outbox.unread)

    @property
    def unreadable(self) -> dict[str, str]:
        """Return why, by name."""
        return self._outbox.unread

    @property
    def bounds(self) -> dict[str, int]:
        """Return how often each limit was reached, those that were not left out."""
        counts = {
            "catalogue markets": self._shelf.refused,
            "catalogue series and events": self._families.refused,
            "catalogue changes": self._outbox.untold,
            "scheduled fees": self._families.plan.lost,
        }
        return {name: count for name, count in counts.items() if count}

    def tickers(self) -> tuple[str, ...]:
        """Return every market, in the order in which they came."""
        return tuple(self._shelf.held)

    def get(self, ticker: str) -> Known | None:
        """Return a market with all that is in doubt about it, or nothing."""
        return self._shelf.known(ticker)

    def grid_of(self, ticker: str) -> PriceGrid | None:
        """Return the prices that a market takes, or None while that is unknown or in doubt."""
        return self._shelf.grid_of(ticker)

    def event_of(self, ticker: str) -> Event | None:
        """Return a market's event without its markets, where it was read."""
        held = self._shelf.held.get(ticker)
        return None if held is None else self._families.event_of(held.known.market)

    def series_of(self, ticker: str) -> Series | None:
        """Return a market's series, where it was read."""
        held = self._shelf.held.get(ticker)
        return None if held is None else self._families.series_of(held.known.market)

    def markets_of(self, event_ticker: str) -> tuple[str, ...]:
        """Return the markets of an event."""
        held = self._families.events.get(event_ticker)
        return () if held is None else tuple(held.tickers)

    def fee_of(self, ticker: str, now_ms: int) -> str:
        """Say what fills of a market cost now, or why that is not known."""
        held = self._shelf.held.get(ticker)
        return "unknown" if held is None else self._families.fee_of(held.known.market, now_ms)

    def terms_of(self, ticker: str, now_ms: int) -> FeeTerms:
        """Return what fills of a market cost now, or refuse what is not known."""
        held = self._shelf.held.get(ticker)
        if held is None:
            raise ValueRefused(f"no market {ticker:.80} is known", hint="look for it in the list of markets")
        return self._families.terms_of(held.known.market, now_ms)

    def current(self, ticker: str, now_ms: int, limit_ms: int) -> Known:
        """Return a market that may be relied on, or refuse it: unknown, in doubt, or read longer ago than the limit."""
        known = self._undoubted(ticker)
        if now_ms - known.read_ms > limit_ms:
            age = f"{(now_ms - known.read_ms) / 1000:g} s ago, and {limit_ms / 1000:g} s are allowed"
            raise ValueRefused(f"{ticker} was read {age}", hint=f"{_WAIT}; if it is not, look how the venue is")
        return known

    def at_revision(self, ticker: str, revision: int) -> Known:
        """Return a market that is still what it was at a revision, or refuse the old value."""
        known = self._undoubted(ticker)
        if known.revision != revision:
            raise ValueRefused(
                f"{ticker} has changed since (it was revision {revision}, and is {known.revision})",
                hint="read what it is now, and decide again",
            )
        return known

    def _undoubted(self, ticker: str) -> Known:
        known = self.get(ticker)
        if known is None:
            raise ValueRefused(f"no market {ticker:.80} is known", hint="look for it in the list of markets")
        if known.doubt:
            raise ValueRefused(f"{ticker} is in doubt: {known.doubt}", hint=_WAIT)
        return known

    def page(
        self,
        *,
        search: str = "",
        series: str = "",
        category: str = "",
        sort: Sort = "event",
        offset: int = 0,
        count: int = 50,
        now_ms: int,
    ) -> Page:
        """Return a part of the list; all words of `search` must occur in a market's ticker, titles or answers."""
        wish = Wish(" ".join(search.casefold().split()), series, category.casefold(), sort)
        return self._listing.page(wish, offset, count, now_ms)

    def busiest(self, count: int, now_ms: int) -> tuple[str, ...]:
        """Return the markets in which most was traded."""
        return self.page(sort="volume", count=count, now_ms=now_ms).tickers

    # What it has to tell

    def take_changes(self) -> tuple[Change, ...]:
        """Return what has changed, once."""
        return self._outbox.take_changes()

    def take_saves(self) -> dict[Kind, list[tuple[str, bytes]]]:
        """Return rows that the storage should keep, by kind, once."""
        return self._outbox.take_saves()

    def take_forgets(self) -> dict[Kind, list[str]]:
        """Return what the storage should forget, by kind, once."""
        return self._outbox.take_forgets()

    def must_read(self) -> tuple[str, ...]:
        """Return the markets that must be read anew, until they were."""
        return tuple(self._shelf.must_read)

    def must_read_events(self) -> tuple[str, ...]:
        """Return the events that must be read, with their markets, until they were."""
        return tuple(self._families.must_read)

    # Readings

    def take_series(self, body: bytes, at_ms: int | None = None, asked_ms: int | None = None) -> None:
        """Take an answer of GET /series; what was asked for before the stream's latest word is not believed over it."""
        reading = self._reading(at_ms, asked_ms)
        for raw in rows.split_series(body):
            self._take_series_row(bytes(raw), reading)

    def take_events(self, body: bytes, at_ms: int, asked_ms: int | None = None) -> None:
        """Take a page of GET /events with nested markets."""
        reading = self._reading(at_ms, asked_ms)
        for row in rows.split_events(body).rows:
            self._take_event_row(row.raw, reading)
            for raw in row.markets:
                self._shelf.take_row(raw, reading)

    def take_event(self, body: bytes, at_ms: int, asked_ms: int | None = None) -> None:
        """Take an answer of GET /events/{ticker}."""
        reading = self._reading(at_ms, asked_ms)
        row = rows.split_event(body)
        self._take_event_row(row.raw, reading)
        for raw in row.markets:
            self._shelf.take_row(raw, reading)

    def take_markets(self, body: bytes, at_ms: int, asked_ms: int | None = None, asked_for: Sequence[str] = ()) -> None:
        """Take a page of GET /markets, or GET /markets/{ticker}; those of `asked_for` that are not in it are gone."""
        reading = self._reading(at_ms, asked_ms)
        seen = {self._shelf.take_row(raw, reading) for raw in rows.split_markets(body).rows}
        self.miss([ticker for ticker in asked_for if ticker not in seen], at_ms)

    def take_fee_changes(self, body: bytes, at_ms: int | None = None, *, is_last: bool = True) -> None:
        """Take GET /series/fee_changes, or a page of GET /events/fee_changes."""
        at_ms = self._now(at_ms)
        of_events = b'"event_fee_changes"' in body
        changes = rest.event_fee_changes().read(body).rows if of_events else rest.series_fee_changes().read(body)
        self._families.take_fee_changes(changes, at_ms, of_events=of_events, is_last=is_last)

    def take_kept(self, kind: Kind, kept: Iterable[bytes]) -> None:
        """Take rows that an earlier run had stored: they are shown, and in doubt until they are read anew."""
        reading = Reading(0, -1, "kept")
        take = {"series": self._take_series_row, "event": self._take_event_row, "market": self._shelf.take_row}[kind]
        for raw in kept:
            take(raw, reading)

    def begin_read(self) -> None:
        """Begin a full reading of events and markets; a second beginning makes the first one of no effect."""
        self._shelf.begin_read()

    def end_read(self, at_ms: int) -> None:
        """End a full reading of which every page was taken: markets that were not in it are listed no longer."""
        self._shelf.end_read(at_ms)
        self.is_ready = True

    def miss(self, tickers: Iterable[str], at_ms: int) -> None:
        """Hear that the venue was asked for these by name, and has none of them."""
        self._shelf.miss(tickers, at_ms)

    def _reading(self, at_ms: int | None, asked_ms: int | None) -> Reading:
        now_ms = self._now(at_ms)
        return Reading(now_ms, now_ms if asked_ms is None else asked_ms, "read")

    def _now(self, at_ms: int | None) -> int:
        """Return the time of what is taken, and let happen what was to happen before it."""
        if at_ms is not None:
            self.tick(at_ms)
        return self._now_ms

    def _take_series_row(self, raw: bytes, reading: Reading) -> None:
        try:
            series = rows.read_series_row(raw)
        except RemoteProtocolError as problem:
            self._outbox.cannot_read(rows.row_name(raw, "ticker"), problem.message)
            return
        self._outbox.unread.pop(series.ticker, None)
        self._families.take_series(series, raw, reading)

    def _take_event_row(self, raw: bytes, reading: Reading) -> None:
        try:
            event = rows.read_event_row(raw)
        except RemoteProtocolError as problem:
            self._outbox.cannot_read(rows.row_name(raw, "event_ticker"), problem.message)
            return
        self._outbox.unread.pop(event.ticker, None)
        self._families.take_event(event, raw, reading)

    # Words of the stream, and of the clock

    def take(self, word: MarketLifecycle | EventLifecycle | EventFeeChanged, at_ms: int) -> None:
        """Take what the stream tells: what it tells whole is applied, what it tells in part must be read."""
        self.tick(at_ms)
        if isinstance(word, MarketLifecycle):
            self._shelf.take_word(word, at_ms)
        elif isinstance(word, EventLifecycle):
            self._families.take_event_word(word, at_ms)
        else:
            self._families.take_fee_word(word, at_ms)

    def may_have_missed(self, at_ms: int) -> None:
        """Doubt what was read before now: the stream of lifecycle messages was away, and each is told once."""
        self._shelf.may_have_missed(at_ms)

    def tick(self, now_ms: int) -> None:
        """Let scheduled fees come into force."""
        self._now_ms = max(self._now_ms, now_ms)
        self._families.tick(self._now_ms)

    def keep_only(self, needed: Iterable[str], now_ms: int | None = None) -> tuple[str, ...]:
        """Let go of markets that have been settled or unlisted for an hour and that nobody needs; return them."""
        return self._shelf.keep_only(needed, self._now(now_ms))

    # How the parts hear of each other

    def _came(self, market: Market) -> None:
        self._families.join(market)
        self._listing.touch((market.ticker,), self._now_ms)

    def _went(self, market: Market) -> None:
        self._families.leave(market)
        self._listing.touch((market.ticker,), self._now_ms)

    def _is_described_anew(self, old: Market, new: Market) -> None:
        if old.event_ticker != new.event_ticker:
            self._families.leave(old)
            self._families.join(new)
        self._listing.touch((new.ticker,), self._now_ms)

    def _hear(self, tickers: Iterable[str], *, doubt: str = "", is_revision: bool = False) -> None:
        self._listing.touch(tickers, self._now_ms)
        for ticker in tickers:
            if doubt:
                self._shelf.doubt(ticker, doubt)
            if is_revision:
                self._shelf.revise(ticker)

    def _describe(self, ticker: str) -> Described | None:
        held = self._shelf.held.get(ticker)
        if held is None:
            return None
        market = held.known.market
        return Described(market, self._families.event_of(market), self._families.series_of(market))
