"""The journal of a simulation: no thread, no chance, and seams through which a drill lets it fail, wait or crash."""

from __future__ import annotations

from asyncio import Lock
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from kalshi_tui.adapters.journal_schema import STEPS
from kalshi_tui.adapters.journal_write import JournalWriter, last_after
from kalshi_tui.adapters.sqlite_schema import Names
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.errors import StorageFailed

_UNLOCK: Final = "DROP TRIGGER rows_stay"
_LOCK: Final = next(statement for statement in STEPS[0] if "rows_stay" in statement)


class JournalNow:
    """A journal in memory, or in a file; what one engine has left, the next one finds.

    A crash is simulated by dropping the engine without `close`, and by `open` for the next: what the old one still
    waits for then is never kept.
    """

    def __init__(self, file: Path | None = None, names: Names | None = None) -> None:
        """Take a file, and whose it is, where it shall outlive the process."""
        self.stall: Callable[[], Awaitable[None]] | None = None  # is waited for before each commit
        self._where = None if file is None or names is None else (file, names)
        self._writer: JournalWriter | None = None
        self._kept: list[JournalRow] = []
        self._reasons: list[str] = []
        self._openings = 0
        self._failures = 0
        self._is_open = False
        self._turn = Lock()

    async def open(self) -> list[JournalRow]:
        """Open it, or open it again after a crash, and return every row in order."""
        self._openings += 1
        self._turn = Lock()
        if self._where is not None:
            self._let_go()
            self._writer = JournalWriter(*self._where)
            self._kept = self._writer.open()
        self._is_open = True
        return self.durable_rows()

    async def append(self, rows: Sequence[JournalRow]) -> None:
        """Keep rows, in order after all before them, unless a drill lets it fail."""
        opening, failures = self._openings, self._failures
        async with self._turn:
            if self.stall is not None:
                await self.stall()
            if not self._is_open or opening != self._openings:
                raise StorageFailed("the journal is closed", hint="start the engine again")
            if failures != self._failures:  # given before the failure was told, and behind what failed
                raise StorageFailed("the journal did not take what comes before it", hint="it may be given again")
            last_after(self._kept[-1].number if self._kept else 0, rows)
            self._keep(rows)

    async def close(self) -> None:
        """Lay it down."""
        self._is_open = False
        self._let_go()

    def fail_next(self, reason: str = "the disk is full", times: int = 1) -> None:
        """Let the next so many calls of `append` fail."""
        self._reasons += [reason] * times

    def durable_rows(self) -> list[JournalRow]:
        """Return what would be there after a crash now."""
        return list(self._kept)

    def lose_after(self, number: int) -> None:
        """Crash, and lose every row after this one, as a disk that lied would when the power fails."""
        self._is_open = False
        del self._kept[max(number, 0) :]
        if self._where is None:
            return
        self._let_go()
        writer = JournalWriter(*self._where)
        writer.open()
        writer.connection.execute(_UNLOCK)
        writer.connection.execute("DELETE FROM rows WHERE number > ?", (number,))
        writer.connection.execute(_LOCK)
        writer.close()

    def _keep(self, rows: Sequence[JournalRow]) -> None:
        try:
            self._fail_if_told_so()
            if self._writer is not None and rows:
                self._writer.write(rows)
        except StorageFailed:
            self._failures += 1
            raise
        self._kept += rows

    def _fail_if_told_so(self) -> None:
        if self._reasons:
            raise StorageFailed(f"the journal did not take it: {self._reasons.pop(0)}", hint="a drill wants it so")

    def _let_go(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
