"""Keeps what outlives a run in an SQLite file: one connection writes, one reads, and neither waits for the other."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import aiosqlite

from kalshi_tui.adapters.sqlite_files import storage_file
from kalshi_tui.adapters.sqlite_open import begin, begin_anew
from kalshi_tui.adapters.sqlite_schema import BUSY_S, Names, is_damage, tune_with
from kalshi_tui.adapters.sqlite_work import (
    CLOSED_WELL,
    KINDS,
    SELECT_CATALOGUE,
    SELECT_HISTORY,
    SELECT_TEXT,
    Batch,
    Waiting,
    batches_of,
    point_of,
)
from kalshi_tui.config.tables import StorageSettings
from kalshi_tui.engine.held import Kind
from kalshi_tui.errors import ConfigError
from kalshi_tui.link.intents import HistoryPoint

__all__ = ["SqliteStorage", "storage_file"]

GATHER_S: Final = 0.25  # what comes within it shares a transaction
RETRY_S: Final = 5.0
# What makes a connection useless for one question, but not for the next; aiosqlite says ValueError once it is closed.
_FAILURES: Final = (sqlite3.Error, ValueError, OverflowError)


class SqliteStorage:
    """The storage of a live engine."""

    def __init__(
        self, file: Path, names: Names, settings: StorageSettings, *, now_ms: Callable[[], int] | None = None
    ) -> None:
        """Take where it is, whose it is and its bounds; nothing is opened yet."""
        self._file = file
        self._names = names
        self._per_market = settings.history_per_market
        self._waiting = Waiting(settings.queue_rows, settings.history_per_market)
        self._now_ms = now_ms or _wall_ms
        self._writer: aiosqlite.Connection | None = None
        self._reader: aiosqlite.Connection | None = None
        self._failing = self._befell = ""
        self._something = asyncio.Event()
        self._closing = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    @property
    def lost(self) -> int:
        """Return how many rows were given to it and not kept."""
        return self._waiting.lost

    @property
    def problem(self) -> str:
        """Return why rows are being lost, or what befell the file; nothing while all is well."""
        lost = f"{self.lost:,} rows were lost because the disk did not take them" if self.lost else ""
        return self._failing or lost or self._befell

    async def open(self) -> None:
        """Open the file or begin one; raise ConfigError where it is another's or of a newer program."""
        logging.getLogger("aiosqlite").setLevel(logging.WARNING)  # else it would log each row that is written
        await self._try_to_open()
        self._task = asyncio.create_task(self._run())

    async def _try_to_open(self) -> None:
        """Open the file, or say why that cannot be; a full disk or a folder out of reach may be better later."""
        try:
            self._befell = await asyncio.to_thread(begin, self._file, self._names, self._now_ms())
            await self._connect()
            self._failing = ""
        except (sqlite3.Error, OSError) as problem:
            self._failing = f"nothing is kept: {self._file.name} cannot be opened: {problem}"
            await self._disconnect()

    async def catalogue(self) -> list[tuple[Kind, list[bytes]]]:
        """Return the rows that were kept, as the venue sent them, in batches of at most 500."""
        found: list[tuple[Kind, list[bytes]]] = []
        for kind in KINDS:
            rows = await self._read(SELECT_CATALOGUE, (kind,))
            found += batches_of(kind, [raw for (raw,) in rows])
        return found

    async def history(self, ticker: str, since_ms: int, count: int) -> list[HistoryPoint]:
        """Return a market's latest points, at most `count` and none from before `since_ms`, oldest first."""
        wanted = max(min(count, self._per_market), 0)
        rows = await self._read(SELECT_HISTORY, (ticker, since_ms, wanted))
        return [point_of(row) for row in reversed(rows)]

    async def recall(self, name: str) -> str | None:
        """Return what was last remembered under a name, or nothing."""
        if (waiting := self._waiting.text(name)) is not None:
            return waiting
        rows = await self._read(SELECT_TEXT, (name,))
        return str(rows[0][0]) if rows else None

    def keep(self, kind: Kind, rows: Sequence[tuple[str, bytes]]) -> None:
        """Keep rows by ticker, soon; returns at once and raises nothing."""
        self._waiting.keep(kind, rows)
        self._something.set()

    def forget(self, kind: Kind, tickers: Sequence[str]) -> None:
        """Let go of rows, and of a market's history with it, soon."""
        self._waiting.forget(kind, tickers)
        self._something.set()

    def add_history(self, rows: Sequence[tuple[str, HistoryPoint]]) -> None:
        """Add points to markets' histories, soon; of each market the latest are kept, up to a number."""
        self._waiting.add_history(rows)
        self._something.set()

    def remember(self, name: str, text: str) -> None:
        """Keep a text under a name, soon; raise ValueRefused where either is too long."""
        self._waiting.remember(name, text)
        self._something.set()

    async def flush(self) -> None:
        """Wait until what was given so far is kept, or until an attempt at it has failed."""
        async with self._writing:
            while len(self._waiting) and await self._write_batch():
                pass

    async def close(self) -> None:
        """Flush, and let go of the file; what could not be kept by then is lost."""
        self._closing.set()
        self._something.set()
        if self._task is not None:
            await self._task
        await self.flush()
        self._waiting.lose_all()
        if self._writer is not None:
            with suppress(*_FAILURES):
                await self._writer.execute(CLOSED_WELL)
        await self._disconnect()

    async def _run(self) -> None:
        while not self._closing.is_set():
            await self._something.wait()
            self._something.clear()
            await self._pause(GATHER_S)
            await self.flush()
            if len(self._waiting):
                await self._pause(RETRY_S)
                self._something.set()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)

    async def _write_batch(self) -> bool:
        """Write a part of what waits, and tell whether that went well."""
        if self._writer is None and not await self._is_open_now():
            return False
        batch = self._waiting.take()
        try:
            await self._commit(batch)
        except _FAILURES as problem:
            await self._failed(batch, problem)
            return False
        self._failing = ""
        return True

    async def _is_open_now(self) -> bool:
        try:
            await self._try_to_open()
        except ConfigError as problem:  # `open` raises it; later nobody would be there to hear it
            self._failing = f"nothing is kept: {problem.message}"
        return self._writer is not None

    async def _failed(self, batch: Batch, problem: Exception) -> None:
        self._failing = self._failing or f"nothing is kept at the moment: {problem}"
        is_damaged = isinstance(problem, sqlite3.Error) and is_damage(problem)
        if is_damaged or isinstance(problem, sqlite3.OperationalError):
            self._waiting.put_back(batch)
        else:
            self._waiting.lose(batch)  # it would fail for ever, and everything behind it
        if is_damaged:
            await self._replace(str(problem))

    async def _commit(self, batch: Batch) -> None:
        connection = self._writer
        if connection is None:
            raise sqlite3.OperationalError("the database is not open")
        await connection.execute("BEGIN IMMEDIATE")
        try:
            for sql, rows in batch.statements(self._per_market):
                await connection.executemany(sql, rows)
            await connection.commit()
        except BaseException:
            with suppress(*_FAILURES):
                await connection.rollback()
            raise

    async def _replace(self, reason: str) -> None:
        """Put a file aside that was found damaged while it was in use, and go on in a new one."""
        await self._disconnect()
        try:
            self._befell = await asyncio.to_thread(begin_anew, self._file, self._names, self._now_ms(), reason)
            await self._connect()
        except (sqlite3.Error, OSError) as problem:
            self._failing = f"nothing is kept: {self._file.name} is damaged and cannot be replaced: {problem}"

    async def _read(self, sql: str, values: tuple[Any, ...]) -> list[Any]:
        if self._reader is None:
            return []
        try:
            async with self._reader.execute(sql, values) as cursor:
                rows: Iterable[Any] = await cursor.fetchall()
        except _FAILURES as problem:
            self._befell = f"what was kept cannot be read: {problem}"
            return []
        return list(rows)

    async def _connect(self) -> None:
        self._writer = await _connected(self._file)
        self._reader = await _connected(self._file, reads_only=True)

    async def _disconnect(self) -> None:
        for connection in (self._reader, self._writer):
            if connection is not None:
                with suppress(*_FAILURES):
                    await connection.close()
        self._reader = self._writer = None


async def _connected(file: Path, *, reads_only: bool = False) -> aiosqlite.Connection:
    opening = aiosqlite.connect(file, timeout=BUSY_S, isolation_level=None)
    # Its thread would keep a process alive that fails before it closes the storage; older versions are the thread.
    thread: Any = getattr(opening, "_thread", opening)
    thread.daemon = True
    connection = await opening
    for setting in tune_with(reads_only=reads_only):
        await connection.execute(f"PRAGMA {setting}")
    return connection


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000
