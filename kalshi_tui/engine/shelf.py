"""Every market that is known: taken from readings, changed by the stream's words, doubted, missed and let go."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from msgspec import Raw

from kalshi_tui.core.events import MarketLifecycle
from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.markets import Market, MarketStatus
from kalshi_tui.engine.changes import Change, market_changes
from kalshi_tui.engine.held import HeldMarket, Known, Reading, digest_of
from kalshi_tui.engine.outbox import Outbox
from kalshi_tui.engine.told import told
from kalshi_tui.errors import RemoteProtocolError
from kalshi_tui.protocol.rest import rows

LIMIT: Final = 200_000
OVER_KEPT_MS: Final = 3_600_000
_OPEN: Final = (MarketStatus.INITIALIZED, MarketStatus.ACTIVE, MarketStatus.INACTIVE)
_OVER_WORDS: Final = ("determined", "settled")


class Shelf:
    """Markets by ticker; others hear of those that come and go, of changed descriptions and of moved numbers."""

    def __init__(
        self,
        outbox: Outbox,
        *,
        on_new: Callable[[Market], None],
        on_gone: Callable[[Market], None],
        on_other: Callable[[Market, Market], None],
        on_quote: Callable[[Market], None],
    ) -> None:
        self.held: dict[str, HeldMarket] = {}
        self.must_read: dict[str, None] = {}
        self.refused = 0  # beyond the limit
        self._outbox = outbox
        self._on_new, self._on_gone, self._on_other, self._on_quote = on_new, on_gone, on_other, on_quote
        self._by_digest: dict[bytes, str] = {}
        self._round = 0
        self._first_revision = 1
        self._missed_ms = -1  # words of the stream up to here may have been missed

    # What is known

    def known(self, ticker: str) -> Known | None:
        """Return a market with all that is in doubt about it, or nothing."""
        held = self.held.get(ticker)
        if held is None:
            return None
        doubt = self._doubt(held)
        return held.known if doubt == held.known.doubt else replace(held.known, doubt=doubt)

    def grid_of(self, ticker: str) -> PriceGrid | None:
        """Return a market's grid where nothing about it is in doubt."""
        held = self.held.get(ticker)
        return None if held is None or self._doubt(held) else held.known.market.grid

    def _doubt(self, held: HeldMarket) -> str:
        if held.known.doubt:
            return held.known.doubt
        if held.known.source == "kept":
            return "only what an earlier run had stored of it is known"
        if held.asked_ms < self._missed_ms:
            return "the stream was away since it was read, so that a change may have been missed"
        return ""

    # Readings

    def take_row(self, raw: bytes | Raw, reading: Reading) -> str:
        """Take a market as the venue or the storage describes it, and return its ticker."""
        digest = digest_of(raw)
        held = self.held.get(self._by_digest.get(digest, ""))
        if held is not None and held.digest == digest:
            self._take_again(held, reading)
            return held.known.market.ticker
        try:
            market = rows.read_market_row(raw)
        except RemoteProtocolError as problem:
            return self._cannot_read(rows.row_name(raw, "ticker"), problem.message)
        self._outbox.unread.pop(market.ticker, None)
        held = self.held.get(market.ticker)
        if held is None:
            self._add(market, digest, raw, reading)
        elif reading.is_new:
            self._take_anew(held, market, digest, raw, reading)
        return market.ticker

    def _add(self, market: Market, digest: bytes, raw: bytes | Raw, reading: Reading) -> None:
        if len(self.held) >= LIMIT:
            self.refused += 1
            return
        known = Known(market, self._first_revision, reading.at_ms, "", reading.source)
        held = HeldMarket(known, digest, reading.asked_ms, reading.asked_ms, is_stored=True, round=self._round)
        self.held[market.ticker] = held
        self._by_digest[digest] = market.ticker
        self.must_read.pop(market.ticker, None)
        self._note_end(held, reading.at_ms)
        if reading.is_new:
            self._outbox.save("market", market.ticker, bytes(raw))
        self._on_new(market)

    def _take_again(self, held: HeldMarket, reading: Reading) -> None:
        if reading.is_new:
            held.round, held.is_missing = self._round, False
            if reading.asked_ms >= held.as_of_ms:
                self._confirm(held, held.known.market, held.known.revision, reading)

    def _take_anew(self, held: HeldMarket, market: Market, digest: bytes, raw: bytes | Raw, reading: Reading) -> None:
        old = held.known
        held.round, held.is_missing = self._round, False
        if reading.asked_ms < held.as_of_ms:
            return  # it was on its way while something newer came
        changes = market_changes(old.market, market, reading.at_ms)
        if old.source == "kept":  # what became of it while nobody looked is no news
            changes = [change for change in changes if change.field != "status"]
        self._learn_digest(held, digest, market.ticker)
        self._confirm(held, market, old.revision + bool(changes), reading)
        self._replaced(held, old.market, changes)
        if not held.is_stored:
            held.is_stored = True
            self._outbox.save("market", market.ticker, bytes(raw))

    def _confirm(self, held: HeldMarket, market: Market, revision: int, reading: Reading) -> None:
        held.known = Known(market, revision, reading.at_ms, "", "read")
        held.as_of_ms = held.asked_ms = reading.asked_ms
        self.must_read.pop(market.ticker, None)
        self._note_end(held, reading.at_ms)

    def _replaced(self, held: HeldMarket, old: Market, changes: list[Change]) -> None:
        market = held.known.market
        if changes:
            held.is_stored = False
            self._outbox.tell(changes)
            self._on_other(old, market)
        else:
            self._on_quote(market)

    def _learn_digest(self, held: HeldMarket, digest: bytes, ticker: str) -> None:
        self._by_digest.pop(held.digest, None)
        held.digest = digest
        if digest:
            self._by_digest[digest] = ticker

    def _cannot_read(self, ticker: str, reason: str) -> str:
        self._outbox.cannot_read(ticker, reason)
        held = self.held.get(ticker)
        if held is not None:
            held.round, held.is_missing = self._round, False
            self.doubt(ticker, f"its latest reading makes no sense: {reason}")
        return ticker

    # Doubt

    def doubt(self, ticker: str, reason: str) -> None:
        """Trust a market no longer until it was read anew."""
        held = self.held[ticker]
        held.known = replace(held.known, doubt=reason)
        self._learn_digest(held, b"", ticker)

    def revise(self, ticker: str) -> None:
        """Refuse what was decided on the market so far: something that belongs to it has changed."""
        held = self.held[ticker]
        held.known = replace(held.known, revision=held.known.revision + 1)

    def may_have_missed(self, at_ms: int) -> None:
        """Doubt every reading from before now: the stream was away, and its words are told once."""
        self._missed_ms = at_ms

    def take_word(self, word: MarketLifecycle, at_ms: int) -> None:
        """Take what the stream tells of a market's life."""
        held = self.held.get(word.ticker)
        if held is None:
            if word.kind not in _OVER_WORDS:
                self.must_read[word.ticker] = None
            return
        old = held.known
        after = told(old.market, word)
        changes = market_changes(old.market, after.market, at_ms)
        held.known = replace(
            old, market=after.market, revision=old.revision + bool(changes), doubt=after.doubt or old.doubt
        )
        held.as_of_ms = at_ms
        self._learn_digest(held, b"", word.ticker)
        self._note_end(held, at_ms)
        if changes:
            self._replaced(held, old.market, changes)
        if after.doubt:
            self.must_read[word.ticker] = None

    # Coming and going

    def begin_read(self) -> None:
        """Begin a full reading."""
        self._round += 1

    def end_read(self, at_ms: int) -> None:
        """End a full reading that was complete: what was not seen in it is listed no longer, and asked for by name."""
        unseen = [ticker for ticker, held in self.held.items() if held.round < self._round and not held.is_missing]
        self.miss(unseen, at_ms)
        self.must_read.update((ticker, None) for ticker in unseen if self._must_ask(self.held[ticker]))

    def _must_ask(self, held: HeldMarket) -> bool:
        """Tell whether its end may have been missed; of what earlier runs had stored nobody asks how it ended."""
        return bool(held.known.doubt) or (held.known.source == "read" and bool(self._doubt(held)))

    def miss(self, tickers: Iterable[str], at_ms: int) -> None:
        """Hear that the venue has these no longer; of what was to end anyway nothing is told."""
        for ticker in tickers:
            self.must_read.pop(ticker, None)
            held = self.held.get(ticker)
            if held is None or held.is_missing:
                continue
            held.is_missing = True
            self._note_end(held, at_ms)
            if held.known.source == "read" and held.known.market.status_at(at_ms) in _OPEN:
                words = f"{ticker}: it was open, and the venue lists it no longer"
                self._outbox.tell([Change(ticker, "listing", "listed", "not listed", words, "warning")])
                self.doubt(ticker, "the venue lists it no longer")

    def keep_only(self, needed: Iterable[str], now_ms: int) -> tuple[str, ...]:
        """Let go of markets that are over and that nobody needs, and return them."""
        wanted = frozenset(needed)
        gone = tuple(
            ticker for ticker, held in self.held.items() if ticker not in wanted and self._is_over(held, now_ms)
        )
        for ticker in gone:
            self._remove(ticker)
        return gone

    def _is_over(self, held: HeldMarket, now_ms: int) -> bool:
        if held.over_ms is None:
            return False
        return held.known.source == "kept" or now_ms >= held.over_ms + OVER_KEPT_MS

    def _remove(self, ticker: str) -> None:
        held = self.held.pop(ticker)
        self._by_digest.pop(held.digest, None)
        self.must_read.pop(ticker, None)
        # A market that comes back under its name must not be taken for what it was.
        self._first_revision = max(self._first_revision, held.known.revision + 1)
        self._outbox.forget("market", ticker)
        self._on_gone(held.known.market)

    def _note_end(self, held: HeldMarket, at_ms: int) -> None:
        is_over = held.is_missing or held.known.market.status is MarketStatus.FINALIZED
        if not is_over:
            held.over_ms = None
        elif held.over_ms is None:
            held.over_ms = at_ms
