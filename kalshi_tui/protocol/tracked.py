"""A followed book with what must be known before it is believed, and what went wrong so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from kalshi_tui.core.book import Book, BookState
from kalshi_tui.core.events import BookTouched


@dataclass(slots=True)
class Counters:
    """What went wrong so far, for whoever watches."""

    gaps: int = 0
    duplicates: int = 0
    malformed: int = 0
    repaired: int = 0  # numbers that came bare instead of as strings
    ignored: int = 0  # of markets or subscriptions that are not ours, or of books that wait for a snapshot
    resyncs: int = 0
    doubts: int = 0
    old_clocks: int = 0
    resubscribed: int = 0
    unknown_types: dict[str, int] = field(default_factory=dict)


class Lane:
    """What one change of a sound book touches: small, because each line of memory more costs a twentieth of the way."""

    __slots__ = ("asks", "bids", "book", "clock", "touched")

    def __init__(self, book: Book, *, tells_changes: bool) -> None:
        self.book = book
        self.bids = book.bids
        self.asks = book.asks
        self.clock = 0
        self.touched = None if tells_changes else BookTouched(book.ticker)


@dataclass(slots=True)
class Coming:
    """First snapshots that were promised together: thousands of them take their time, and the next may still come."""

    last_ms: int


class TrackedBook:
    """A book, and whether it may be believed."""

    __slots__ = (
        "asked",
        "asked_ms",
        "attempts",
        "book",
        "coming",
        "crossed_ms",
        "crossing",
        "in_step",
        "in_step_ms",
        "lane",
        "missed_clock",
        "reason",
        "retry_at_ms",
        "snapshot_clock",
        "snapshot_sent_ms",
        "state",
        "ticker",
    )

    def __init__(self, ticker: str, state: BookState, reason: str, *, tells_changes: bool) -> None:
        self.ticker = ticker
        self.book = Book(ticker)
        self.lane = Lane(self.book, tells_changes=tells_changes)
        self.state = state
        self.reason = reason
        self.in_step = False  # a snapshot came and every change since; LIVE needs a fresh connection as well
        self.in_step_ms = 0
        self.snapshot_clock = 0
        self.missed_clock = 0  # of the last change that was told and not applied; 0 when none was since the snapshot
        self.snapshot_sent_ms = 0
        self.crossing = 0  # which of the book's crossings we last took note of, and when
        self.crossed_ms = 0
        self.attempts = 0
        self.asked: int | None = None
        self.asked_ms = 0
        self.retry_at_ms: int | None = None  # None: an answer is under way, or nobody could answer
        self.coming: Coming | None = None  # a first snapshot comes unasked, among others

    @property
    def clock(self) -> int:
        """Return the exchange's logical clock at the last change, or at the snapshot."""
        return self.lane.clock

    @property
    def told_clock(self) -> int:
        """Return the clock of the last change that was told, applied or not: no snapshot after it may be older."""
        return self.missed_clock or self.lane.clock

    def __repr__(self) -> str:
        return f"TrackedBook({self.book!r}, {self.state}, {self.reason!r})"
