"""What the catalogue holds of each series, event and market beside the thing itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

from msgspec import Raw

from kalshi_tui.core.markets import Event, Market, Series

Kind = Literal["series", "event", "market"]
Source = Literal["read", "kept"]
"""From the venue in this run, or from what an earlier run had stored."""


@dataclass(frozen=True, slots=True)
class Known:
    """A market as it is known; `revision` goes up with each change, `doubt` is set while it must be read anew."""

    market: Market
    revision: int
    read_ms: int
    doubt: str
    source: Source


@dataclass(frozen=True, slots=True)
class Reading:
    """When an answer came, when its question was asked, and where it is from."""

    at_ms: int
    asked_ms: int
    source: Source

    @property
    def is_new(self) -> bool:
        """Return whether it is the venue's own answer."""
        return self.source == "read"


@dataclass(slots=True)
class HeldSeries:
    """A series; a reading that was asked for before `as_of_ms` says nothing new about it."""

    series: Series
    as_of_ms: int
    source: Source
    is_stored: bool  # as it is now


@dataclass(slots=True)
class HeldEvent:
    """An event without its markets; the rest as of a series."""

    event: Event
    as_of_ms: int
    source: Source
    is_stored: bool
    tickers: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class HeldMarket:
    """A market; the rest as of a series."""

    known: Known
    digest: bytes
    as_of_ms: int
    asked_ms: int
    is_stored: bool
    round: int  # the full reading in which it was last seen
    is_missing: bool = False
    over_ms: int | None = None  # since when it is settled, or listed no longer


def digest_of(row: bytes | Raw) -> bytes:
    """Return what tells one row from all others; one that comes unchanged need not be read, which costs far more."""
    return blake2b(row, digest_size=16).digest()
