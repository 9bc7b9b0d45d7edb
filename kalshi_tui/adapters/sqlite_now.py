"""The storage of a simulation: the same SQL without threads or waiting, in memory or in a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from kalshi_tui.adapters.sqlite_open import begin
from kalshi_tui.adapters.sqlite_schema import BUSY_S, Names, prepare, tune_with
from kalshi_tui.adapters.sqlite_work import (
    CLOSED_WELL,
    KINDS,
    SELECT_CATALOGUE,
    SELECT_HISTORY,
    SELECT_TEXT,
    Waiting,
    batches_of,
    point_of,
)
from kalshi_tui.config.tables import StorageSettings
from kalshi_tui.engine.held import Kind
from kalshi_tui.link.intents import HistoryPoint

_MEMORY: Final = Path(":memory:")


class SqliteNow:
    """Writes at once; its methods never wait, so that a simulation stays what its seed makes of it."""

    def __init__(self, names: Names, settings: StorageSettings, *, file: Path | None = None, now_ms: int = 0) -> None:
        """Take whose it is, its bounds, and a file where it shall outlive the process."""
        self._names = names
        self._file = file
        self._now_ms = now_ms
        self._per_market = settings.history_per_market
        self._waiting = Waiting(settings.queue_rows, settings.history_per_market)
        self._connection: sqlite3.Connection | None = None
        self.problem = ""

    @property
    def lost(self) -> int:
        """Return how many rows were given to it and not kept."""
        return self._waiting.lost

    async def open(self) -> None:
        """Open the file or begin one; raise ConfigError where it is another's or of a newer program."""
        if self._file is not None:
            self.problem = begin(self._file, self._names, self._now_ms)
        place = self._file or _MEMORY
        self._connection = sqlite3.connect(place, timeout=BUSY_S, isolation_level=None)
        for setting in tune_with(reads_only=False):
            self._connection.execute(f"PRAGMA {setting}")
        if self._file is None:
            prepare(self._connection, place, self._names)
        self._write()

    async def catalogue(self) -> list[tuple[Kind, list[bytes]]]:
        """Return the rows that were kept, as the venue sent them, in batches of at most 500."""
        return [
            batch
            for kind in KINDS
            for batch in batches_of(kind, [raw for (raw,) in self._read(SELECT_CATALOGUE, (kind,))])
        ]

    async def history(self, ticker: str, since_ms: int, count: int) -> list[HistoryPoint]:
        """Return a market's latest points, at most `count` and none from before `since_ms`, oldest first."""
        wanted = max(min(count, self._per_market), 0)
        return [point_of(row) for row in reversed(self._read(SELECT_HISTORY, (ticker, since_ms, wanted)))]

    async def recall(self, name: str) -> str | None:
        """Return what was last remembered under a name, or nothing."""
        rows = self._read(SELECT_TEXT, (name,))
        return str(rows[0][0]) if rows else None

    def keep(self, kind: Kind, rows: Sequence[tuple[str, bytes]]) -> None:
        """Keep rows by ticker; raises nothing."""
        self._waiting.keep(kind, rows)
        self._write()

    def forget(self, kind: Kind, tickers: Sequence[str]) -> None:
        """Let go of rows, and of a market's history with it."""
        self._waiting.forget(kind, tickers)
        self._write()

    def add_history(self, rows: Sequence[tuple[str, HistoryPoint]]) -> None:
        """Add points to markets' histories; of each market the latest are kept, up to a number."""
        self._waiting.add_history(rows)
        self._write()

    def remember(self, name: str, text: str) -> None:
        """Keep a text under a name; raise ValueRefused where either is too long."""
        self._waiting.remember(name, text)
        self._write()

    async def flush(self) -> None:
        """Do nothing: what was given is kept, or lost and counted."""

    async def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.execute(CLOSED_WELL)
            self._connection.close()
            self._connection = None

    def _read(self, sql: str, values: tuple[Any, ...]) -> list[Any]:
        return [] if self._connection is None else self._connection.execute(sql, values).fetchall()

    def _write(self) -> None:
        """Write what waits; before `open` it goes on waiting, and what fails is lost, since nobody tries again here."""
        connection = self._connection
        if connection is None:
            return
        while len(self._waiting):
            batch = self._waiting.take()
            try:
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    for sql, rows in batch.statements(self._per_market):
                        connection.executemany(sql, rows)
            except (sqlite3.Error, ValueError, OverflowError) as problem:
                self.problem = f"what was given could not be kept: {problem}"
                self._waiting.lose(batch)
