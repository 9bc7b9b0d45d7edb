"""What a terminal or a command may ask of the engine, and what it hears."""

from __future__ import annotations

from msgspec import Struct

from kalshi_tui.core.units import Price, Size
from kalshi_tui.link.trading import TradingIntent, TradingResult


class _Intent(Struct, frozen=True, gc=False, tag=True):
    pass


class Follow(_Intent, frozen=True):
    """Follow the books of these markets also while nobody looks, until the engine ends or they are let go."""

    tickers: tuple[str, ...]


class LetGo(_Intent, frozen=True):
    """Follow these markets no longer for the sake of a `Follow`."""

    tickers: tuple[str, ...]


class Distrust(_Intent, frozen=True):
    """Ask the venue for a new picture of a book."""

    ticker: str


class ReadAnew(_Intent, frozen=True):
    """Read the catalogue anew now."""


class ReadHistory(_Intent, frozen=True):
    """Return a market's price history, oldest first."""

    ticker: str
    since_ms: int = 0
    count: int = 500


class Remember(_Intent, frozen=True):
    """Keep a text under a name, over restarts."""

    name: str
    text: str


class Recall(_Intent, frozen=True):
    """Return a text that was kept, or nothing."""

    name: str


class StopEngine(_Intent, frozen=True):
    """End the engine; while something is working only by `force`, and perhaps not while somebody stays attached."""

    force: bool = False
    unless_others: bool = False


Intent = Follow | LetGo | Distrust | ReadAnew | ReadHistory | Remember | Recall | StopEngine | TradingIntent


class Done(Struct, frozen=True, gc=False, tag=True):
    """It was done."""

    words: str = ""


class Recalled(Struct, frozen=True, gc=False, tag=True):
    """What was kept; None where nothing was."""

    text: str | None


class HistoryPoint(Struct, frozen=True, gc=False, array_like=True):
    """A market's top line at a moment."""

    at_ms: int
    bid: Price | None
    ask: Price | None
    last: Price | None
    volume: Size


class History(Struct, frozen=True, gc=False, tag=True):
    """A market's price history, oldest first."""

    ticker: str
    points: tuple[HistoryPoint, ...]


Result = Done | Recalled | History | TradingResult
