"""The journal of an engine: a thread of its own writes it, and the event loop never waits for the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, TypeVar

from kalshi_tui.adapters.journal_reserve import RESERVE_BYTES, Reserve
from kalshi_tui.adapters.journal_schema import journal_file
from kalshi_tui.adapters.journal_write import QUIET_S, JournalWriter, last_after
from kalshi_tui.adapters.sqlite_schema import Names
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.errors import KalshiTuiError, StorageFailed

__all__ = ["JournalFile", "journal_file"]

_GROUP_ROWS: Final = 500  # what waits meanwhile shares a transaction up to here, so that nobody waits long for others

_LATE: Final = StorageFailed("the journal did not take what comes before it", hint="it may be given again")
_CLOSED: Final = StorageFailed("the journal is closed", hint="start the engine again")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Job:
    """Rows to be written together; `era` counts the failures that whoever gave them had heard of."""

    rows: Sequence[JournalRow]
    era: int
    done: asyncio.Future[None]


class JournalFile:
    """A journal in a file.

    After a failure every row that was given before it was told is refused with it: it would have left a gap.
    """

    def __init__(
        self, file: Path, names: Names, *, reserve_bytes: int = RESERVE_BYTES, writer: JournalWriter | None = None
    ) -> None:
        """Take where it is and whose it is; nothing is opened yet."""
        reserve = Reserve(file.with_name(f"{file.name}.reserve"), reserve_bytes) if reserve_bytes else None
        self._writer = writer or JournalWriter(file, names, reserve)
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._is_open = False
        self._given = 0
        self._era = 0

    @property
    def problem(self) -> str:
        """Return what is not as it should be although rows are kept; nothing while all is well."""
        return self._writer.problem

    async def open(self) -> list[JournalRow]:
        """Open the file or begin one, and return every row in order; raise ConfigError where it cannot be used."""
        self._loop = asyncio.get_running_loop()
        self._era = 0
        self._ended = self._loop.create_future()
        opened: asyncio.Future[list[JournalRow]] = self._loop.create_future()
        # A daemon: a program that fails before it closes the journal must end all the same, and loses nothing by it.
        Thread(target=self._work, args=(opened,), name="journal", daemon=True).start()
        try:
            rows = await opened
        except asyncio.CancelledError:
            self._jobs.put(None)
            raise
        self._given = rows[-1].number if rows else 0
        self._is_open = True
        return rows

    def append(self, rows: Sequence[JournalRow]) -> asyncio.Future[None]:
        """Give rows to the thread now; what is returned ends once they are on the disk for good.

        It ends with StorageFailed if they are not: then nothing of `rows` is there, and the same rows may be given
        again. Rows whose giver is cancelled while it waits are kept like all others.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            self._give(rows, done)
        except KalshiTuiError as problem:
            done.set_exception(problem)
        return done

    async def close(self) -> None:
        """Write what was given, and let go of the file."""
        if self._is_open:
            self._is_open = False
            self._jobs.put(None)
            await asyncio.shield(self._ended)

    def _give(self, rows: Sequence[JournalRow], done: asyncio.Future[None]) -> None:
        if not self._is_open:
            raise copy(_CLOSED)
        if not rows:
            done.set_result(None)
            return
        self._given = last_after(self._given, rows)
        self._jobs.put(_Job(tuple(rows), self._era, done))

    # From here on, in the thread.

    def _work(self, opened: asyncio.Future[list[JournalRow]]) -> None:
        try:
            rows = self._writer.open()
        except BaseException as problem:  # noqa: BLE001 - whoever opens it must hear of it, whatever it is
            self._tell(_fail, opened, problem)
            return
        self._tell(_answer, opened, rows)
        try:
            self._write_all(rows[-1].number if rows else 0)
        finally:
            self._writer.close()
            self._tell(self._end)

    def _write_all(self, last: int) -> None:
        """Write whatever comes until the journal is closed."""
        era, closing = 0, False
        pause: float | None = 0.0
        while not closing:
            group, closing = self._next_group(pause)
            fresh = [job for job in group if job.era == era]
            if len(fresh) < len(group):
                self._tell(_fail_all, [job for job in group if job.era != era], _LATE)
            if fresh:
                problem = self._written(fresh)
                last = last if problem else fresh[-1].rows[-1].number
                era += bool(problem)
                self._tell(*((self._failed, fresh, problem, last, era) if problem else (_answer_all, fresh)))
            pause = QUIET_S if group else self._writer.housekeep()

    def _next_group(self, pause: float | None) -> tuple[list[_Job], bool]:
        """Return what waits, or what comes within a pause, and whether that was the last."""
        group: list[_Job] = []
        rows = 0
        with suppress(Empty):
            job = self._jobs.get(timeout=pause)
            while job is not None:
                group.append(job)
                rows += len(job.rows)
                if rows >= _GROUP_ROWS:
                    return group, False
                job = self._jobs.get_nowait()
            return group, True
        return group, False

    def _written(self, group: list[_Job]) -> KalshiTuiError | None:
        try:
            self._writer.write([row for job in group for row in job.rows])
        except KalshiTuiError as problem:
            return problem
        except Exception as defect:  # noqa: BLE001 - the thread goes on, and whoever gave the rows hears of it
            return StorageFailed(f"the journal did not take it by a fault of ours: {defect}", hint="report this")
        return None

    def _tell(self, call: Callable[..., None], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop was closed without us
            self._loop.call_soon_threadsafe(call, *arguments)

    # And these again in the loop.

    def _failed(self, group: list[_Job], problem: KalshiTuiError, last: int, era: int) -> None:
        self._given, self._era = last, era
        _fail_all(group, problem)

    def _end(self) -> None:
        self._is_open = False
        left: list[_Job] = []
        while not self._jobs.empty():
            job = self._jobs.get_nowait()
            left += [job] if job else []
        _fail_all(left, _CLOSED)
        _answer(self._ended, None)


def _answer(done: asyncio.Future[T], value: T) -> None:
    if not done.done():
        done.set_result(value)


def _fail(done: asyncio.Future[T], problem: BaseException) -> None:
    if not done.done():
        done.set_exception(problem)


def _answer_all(group: list[_Job]) -> None:
    for job in group:
        _answer(job.done, None)


def _fail_all(group: list[_Job], problem: KalshiTuiError) -> None:
    for job in group:
        _fail(job.done, copy(problem))  # each gets a traceback of its own
