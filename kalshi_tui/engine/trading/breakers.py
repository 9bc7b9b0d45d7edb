"""Breakers: conditions so unusual that a market, or everything, waits until they have passed for a while.

A breaker holds only what adds risk, lets go by itself, and says what it saw.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kalshi_tui.core.book import Book

if TYPE_CHECKING:
    from kalshi_tui.engine.trading.desk import Desk

WIDE: Final = 2_000  # a spread of 20 cents
JUMP: Final = 1_500  # 15 cents within the window
WINDOW_MS: Final = 2_000
HOLD_MS: Final = 5_000  # after the last unusual moment
STEP_MS: Final = 5_000  # two beats so far apart mean that the clock was set, or the machine slept
BURST: Final = 20  # times the usual rate
FEWEST: Final = 20.0  # frames a second below which a rate says nothing
_RATE_MS: Final = 60_000


@dataclass(slots=True)
class Held:
    """A market that waits."""

    words: str
    until_ms: int


@dataclass(slots=True)
class Past:
    """The middle prices of a market within the window."""

    middles: deque[tuple[int, int]] = field(default_factory=deque)

    def add(self, at_ms: int, middle: int) -> int:
        """Take a middle price, doubled; return how far it moved within the window, doubled."""
        self.middles.append((at_ms, middle))
        while at_ms - self.middles[0][0] > WINDOW_MS:
            self.middles.popleft()
        prices = [price for _, price in self.middles]
        return max(prices) - min(prices)


class Breakers:
    """Looks at the markets that matter, twenty times a second."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._held: dict[str, Held] = {}
        self._pasts: dict[str, Past] = {}
        self._beat_ms = 0
        self._rates: deque[tuple[int, float]] = deque()

    def holds(self, ticker: str) -> str:
        """Return why a market waits, or nothing."""
        for name in ("", ticker):
            held = self._held.get(name)
            if held is not None:
                return held.words
        return ""

    def held(self) -> dict[str, str]:
        """Return every market that waits with the reason; nothing stands for all of them."""
        return {ticker: held.words for ticker, held in self._held.items()}

    def beat(self) -> None:
        """Look."""
        desk, now_ms = self._desk, self._desk.now_ms
        if self._beat_ms and now_ms - self._beat_ms > STEP_MS:
            self.clock_was_set(now_ms - self._beat_ms)
        self._beat_ms = now_ms
        self._look_at_rate()
        watched = dict.fromkeys((*desk.ledger.tickers(), *desk.tickets.tickers()))
        for ticker in watched:
            self._look_at(ticker)
        for ticker in [ticker for ticker in self._pasts if ticker not in watched]:
            del self._pasts[ticker]
        for ticker in [ticker for ticker, held in self._held.items() if now_ms >= held.until_ms]:
            del self._held[ticker]
            desk.tell("back to normal", "info", ticker)

    def clock_was_set(self, by_ms: int) -> None:
        """Hold everything, and compare all with the venue: the clock was set, or the machine has slept."""
        words = f"the clock has gone on by {by_ms / 1000:.0f} s at once"
        if by_ms < 0:
            words = f"the clock was set back by {-by_ms / 1000:.0f} s"
        self._hold("", words)
        self._desk.comparing.compare_anew(f"comparing with the venue: {words}")

    def _look_at(self, ticker: str) -> None:
        book = self._desk.believed_book(ticker)
        if book is None:
            self._pasts.pop(ticker, None)
            return
        reason = self._unusual(ticker, book)
        if reason:
            self._hold(ticker, reason)

    def _unusual(self, ticker: str, book: Book) -> str:
        bid, ask = book.best_bid, book.best_ask
        if bid is None or ask is None:
            return "nobody bids" if bid is None else "nobody asks"
        if ask - bid > WIDE:
            return f"the spread is {(ask - bid) / 100:g} cents"
        moved = self._pasts.setdefault(ticker, Past()).add(self._desk.now_ms, bid + ask)
        if moved > 2 * JUMP:
            return f"the price has moved by {moved / 200:g} cents within {WINDOW_MS // 1000} s"
        return ""

    def _look_at_rate(self) -> None:
        """Hold everything while messages come far more often than usual, or hardly any more."""
        now_ms, rate = self._desk.now_ms, self._desk.kernel.status.frames_per_s()
        usual = sum(rate for _, rate in self._rates) / len(self._rates) if self._rates else 0.0
        is_known = bool(self._rates) and now_ms - self._rates[0][0] > _RATE_MS // 2 and usual >= FEWEST
        if is_known and rate > BURST * usual:
            self._hold("", f"messages come {rate / usual:.0f} times as often as usual")
        elif is_known and rate * BURST < usual:
            self._hold("", "hardly any messages come")
        elif not self._rates or now_ms - self._rates[-1][0] >= 1_000:
            self._rates.append((now_ms, rate))
        while self._rates and now_ms - self._rates[0][0] > _RATE_MS:
            self._rates.popleft()

    def _hold(self, ticker: str, words: str) -> None:
        until_ms = self._desk.now_ms + HOLD_MS
        held = self._held.get(ticker)
        if held is None:
            self._held[ticker] = Held(words, until_ms)
            self._desk.tell(f"held back here: {words}", "warning", ticker)
        else:
            held.until_ms, held.words = until_ms, words
