"""What waits to be written, within bounds, and the SQL of both adapters: a simulation keeps what a live engine does."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.held import Kind
from kalshi_tui.errors import ValueRefused
from kalshi_tui.link.intents import HistoryPoint

Statement = tuple[str, list[tuple[Any, ...]]]

BATCH_ROWS: Final = 1_000  # made ready between two frames, in 1 ms
READ_ROWS: Final = 500
NAME_LIMIT: Final = 128
TEXT_LIMIT: Final = 65_536
TEXTS_LIMIT: Final = 1_000
_TRIMS_PER_LENGTH: Final = 10  # a history may be longer by a tenth, because to cut it costs as much as to read it

SELECT_CATALOGUE: Final = "SELECT raw FROM catalogue WHERE kind = ? ORDER BY ticker"
SELECT_HISTORY: Final = (
    "SELECT at_ms, bid, ask, last, volume FROM history WHERE ticker = ? AND at_ms >= ? ORDER BY at_ms DESC LIMIT ?"
)
SELECT_TEXT: Final = "SELECT text FROM texts WHERE name = ?"
CLOSED_WELL: Final = "INSERT OR REPLACE INTO about VALUES ('clean', 'yes')"
KINDS: Final[tuple[Kind, ...]] = ("series", "event", "market")

_KEEP: Final = (
    "INSERT INTO catalogue (kind, ticker, raw) VALUES (?, ?, ?)"
    " ON CONFLICT (kind, ticker) DO UPDATE SET raw = excluded.raw"
)
_FORGET: Final = "DELETE FROM catalogue WHERE kind = ? AND ticker = ?"
_FORGET_HISTORY: Final = "DELETE FROM history WHERE ticker = ?"
_ADD_HISTORY: Final = "INSERT OR REPLACE INTO history (ticker, at_ms, bid, ask, last, volume) VALUES (?, ?, ?, ?, ?, ?)"
_TRIM_HISTORY: Final = (
    "DELETE FROM history WHERE ticker = ?1 AND at_ms <="
    " (SELECT at_ms FROM history WHERE ticker = ?1 ORDER BY at_ms DESC LIMIT 1 OFFSET ?2)"
)
_REMEMBER: Final = "INSERT OR REPLACE INTO texts (name, text) VALUES (?, ?)"
_TRIM_TEXTS: Final = (
    "DELETE FROM texts WHERE number <= (SELECT number FROM texts ORDER BY number DESC LIMIT 1 OFFSET ?)"
)


@dataclass(slots=True)
class Batch:
    """What is written in one transaction."""

    rows: dict[tuple[Kind, str], bytes | None]
    points: list[tuple[str, HistoryPoint]]
    texts: dict[str, str]
    trims: list[str] = field(default_factory=list)

    def statements(self, history_per_market: int) -> list[Statement]:
        """Return the SQL."""
        gone = [key for key, raw in self.rows.items() if raw is None]
        found: list[Statement] = [
            (_FORGET, gone),
            (_FORGET_HISTORY, [(ticker,) for kind, ticker in gone if kind == "market"]),
            (_KEEP, [(*key, raw) for key, raw in self.rows.items() if raw is not None]),
            (_ADD_HISTORY, [(ticker, *_columns(point)) for ticker, point in self.points]),
            (_TRIM_HISTORY, [(ticker, history_per_market) for ticker in self.trims]),
            (_REMEMBER, list(self.texts.items())),
            (_TRIM_TEXTS, [(TEXTS_LIMIT,)] if self.texts else []),
        ]
        return [statement for statement in found if statement[1]]


class Waiting:
    """What was given to a storage and is not written yet; of catalogue rows and texts only the latest matter."""

    def __init__(self, limit: int, history_per_market: int) -> None:
        self.lost = 0
        self._limit = limit
        self._history_per_market = history_per_market
        self._rows: dict[tuple[Kind, str], bytes | None] = {}
        self._points: deque[tuple[str, HistoryPoint]] = deque()
        self._texts: dict[str, str] = {}
        self._since_trim: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._rows) + len(self._points) + len(self._texts)

    def keep(self, kind: Kind, rows: Iterable[tuple[str, bytes]]) -> None:
        """Take rows of the catalogue."""
        self._put_rows(kind, rows)

    def forget(self, kind: Kind, tickers: Sequence[str]) -> None:
        """Take the names of rows that go."""
        for ticker in tickers:
            self._since_trim.pop(ticker, None)
        self._put_rows(kind, ((ticker, None) for ticker in tickers))

    def add_history(self, rows: Sequence[tuple[str, HistoryPoint]]) -> None:
        """Take points of histories."""
        if self._history_per_market:
            fitting = rows[: self._room()]
            self._points.extend(fitting)
            self.lost += len(rows) - len(fitting)

    def remember(self, name: str, text: str) -> None:
        """Take a text."""
        if not 0 < _length(name) <= NAME_LIMIT or not 0 <= _length(text) <= TEXT_LIMIT:
            raise ValueRefused(
                f"the text under the name {name!a:.40} cannot be kept",
                hint=f"a name has 1 to {NAME_LIMIT} bytes and a text at most {TEXT_LIMIT:,}, both in UTF-8",
            )
        if name in self._texts or self._room():
            self._texts[name] = text
        else:
            self.lost += 1

    def text(self, name: str) -> str | None:
        """Return a text that is not written yet."""
        return self._texts.get(name)

    def take(self) -> Batch:
        """Return a batch; nothing of it is written until somebody does so."""
        rows = dict(_first(self._rows))
        points = [self._points.popleft() for _ in range(min(len(self._points), BATCH_ROWS))]
        texts = dict(_first(self._texts))
        for key in rows:
            del self._rows[key]
        for name in texts:
            del self._texts[name]
        return Batch(rows, points, texts, self._due_trims(points))

    def put_back(self, batch: Batch) -> None:
        """Take back what could not be written, where nothing newer has come; it stays first in line."""
        self._rows = batch.rows | self._rows
        self._texts = batch.texts | self._texts
        self._points.extendleft(reversed(batch.points))
        for ticker in batch.trims:
            self._since_trim.pop(ticker, None)

    def lose(self, batch: Batch) -> None:
        """Count a batch as lost that can never be written."""
        self.lost += len(batch.rows) + len(batch.points) + len(batch.texts)

    def lose_all(self) -> None:
        """Count what waits as lost."""
        self.lost += len(self)
        self._rows.clear()
        self._points.clear()
        self._texts.clear()

    def _put_rows(self, kind: Kind, rows: Iterable[tuple[str, bytes | None]]) -> None:
        room = self._room()
        for ticker, raw in rows:
            key = (kind, ticker)
            if key not in self._rows:
                if not room:
                    self.lost += 1
                    continue
                room -= 1
            self._rows[key] = raw

    def _room(self) -> int:
        return max(self._limit - len(self), 0)

    def _due_trims(self, points: Sequence[tuple[str, HistoryPoint]]) -> list[str]:
        """Return whose history must be cut: one that grew by a tenth, or of which nobody knows how long it is."""
        every = max(self._history_per_market // _TRIMS_PER_LENGTH, 1)
        due: dict[str, None] = {}
        for ticker, _ in points:
            count = self._since_trim.get(ticker, every - 1) + 1
            self._since_trim[ticker] = 0 if count >= every else count
            if count >= every:
                due[ticker] = None
        return list(due)


def point_of(row: Sequence[Any]) -> HistoryPoint:
    """Read a point from a row."""
    at_ms, bid, ask, last, volume = row
    return HistoryPoint(at_ms, _price(bid), _price(ask), _price(last), Size(volume))


def batches_of(kind: Kind, raws: Sequence[bytes]) -> list[tuple[Kind, list[bytes]]]:
    """Cut rows into batches that can be taken in between two frames."""
    return [(kind, list(raws[start : start + READ_ROWS])) for start in range(0, len(raws), READ_ROWS)]


def _length(text: str) -> int:
    """Return how many bytes a text takes, or -1 where it is half of a letter and cannot be written."""
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return -1


def _first(pending: dict[Any, Any]) -> list[tuple[Any, Any]]:
    items = iter(pending.items())
    return [item for item, _ in zip(items, range(BATCH_ROWS), strict=False)]


def _columns(point: HistoryPoint) -> tuple[int | None, ...]:
    return point.at_ms, point.bid, point.ask, point.last, point.volume


def _price(value: int | None) -> Price | None:
    return None if value is None else Price(value)
