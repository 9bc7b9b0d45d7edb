"""Adds rows to a journal's file, one transaction at a time; every method may wait for the disk."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from kalshi_tui.adapters.journal_failures import meaning_of, not_kept, room_may_help
from kalshi_tui.adapters.journal_mount import network_kind
from kalshi_tui.adapters.journal_reserve import Reserve
from kalshi_tui.adapters.journal_schema import SELECT, as_text, columns_of, damaged, prepare, row_of
from kalshi_tui.adapters.sqlite_files import make_place
from kalshi_tui.adapters.sqlite_schema import Names, is_damage
from kalshi_tui.adapters.tape_files.files import sync_folder
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.errors import ConfigError, LocalProtocolError, StorageFailed

BUSY_S: Final = 2.0
QUIET_S: Final = 0.2
"""How long nothing is written before the file is tidied: an order must not wait for that."""

_NEW_ROWS: Final = "INSERT INTO rows (number, at_ms, kind, body, digest) VALUES "
_PLACES: Final = "(?, ?, ?, ?, ?)"
_IN_ONE: Final = 16  # rows in one statement: each further statement may wait 5 ms for a busy interpreter
_TIDY_BYTES: Final = 1 << 20
_RESERVE_AGAIN_S: Final = 10.0
# FULL: what was committed survives the loss of power. Tidying is done in quiet moments, or at 16 MiB in any.
_TUNING: Final = (
    "synchronous = FULL",
    "fullfsync = ON",
    "checkpoint_fullfsync = ON",
    "wal_autocheckpoint = 4096",
    f"journal_size_limit = {16 << 20}",
)


def last_after(last: int, rows: Sequence[JournalRow]) -> int:
    """Return the number of the last row, or refuse rows that do not follow on what was given before."""
    for row in rows:
        last += 1
        if row.number != last:
            raise LocalProtocolError(
                f"row {row.number} was given to the journal where {last} comes next",
                hint="this is a fault of the program: end the engine, run kalshi-tui journal verify, and report it",
            )
    return last


class JournalWriter:
    """One connection that adds rows; all its methods belong to one thread."""

    def __init__(self, file: Path, names: Names, reserve: Reserve | None = None) -> None:
        """Take where it is, whose it is, and what to let go of when the disk is full; nothing is opened yet."""
        self._file = file
        self._names = names
        self._reserve = reserve
        self._connection: sqlite3.Connection | None = None
        self._identity = (0, 0)
        self._untidy_bytes = 0
        self._is_reserved = reserve is None
        self._of_reserve = self._of_place = ""

    @property
    def problem(self) -> str:
        """Return what is not as it should be although rows are kept; nothing while all is well."""
        return self._of_reserve or self._of_place

    @property
    def connection(self) -> sqlite3.Connection:
        """Return the open connection."""
        if self._connection is None:
            raise StorageFailed("the journal is not open", hint="restart the engine")
        return self._connection

    def open(self) -> list[JournalRow]:
        """Open the file or begin one, and return all rows; raise ConfigError where it cannot be used."""
        try:
            self._make_place()
            self._connection = sqlite3.connect(self._file, timeout=BUSY_S, isolation_level=None)
            self._connection.text_factory = as_text
            for setting in _TUNING:
                self._connection.execute(f"PRAGMA {setting}")
            prepare(self._connection, self._file, self._names)
            rows = list(map(row_of, self._connection.execute(SELECT)))
            self._identity = self._found()
        except (sqlite3.Error, OSError, ConfigError) as problem:
            self._let_go()
            raise self._unusable(problem) from None
        return rows

    def write(self, rows: Sequence[JournalRow]) -> None:
        """Return once rows are on the disk for good; raise StorageFailed, with none of them there, if not."""
        connection = self.connection
        self._check_place()
        try:
            self._commit(connection, rows)
        except sqlite3.Error as problem:
            if not (room_may_help(problem) and self._release()):
                raise not_kept(problem, self._file) from None
            self._write_again(connection, rows)
        self._untidy_bytes += 4096 + sum(len(row.body) for row in rows)

    def housekeep(self) -> float | None:
        """Do one small piece of what has time; return after how many quiet seconds to call again, or None."""
        if not self._is_reserved:
            return self._grow_reserve()
        if self._untidy_bytes >= _TIDY_BYTES:
            self._untidy_bytes = 0
            with suppress(sqlite3.Error):  # it stays where it is, which is as safe
                self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        return None

    def close(self) -> None:
        """Tidy up, and let go of the file."""
        self._let_go()

    def _make_place(self) -> None:
        self._check_not_emptied()
        make_place(self._file)
        for folder in (self._file.parent, self._file.parent.parent):
            sync_folder(folder)
        if kind := network_kind(self._file.parent):
            self._of_place = f"the journal lies on a network's file system ({kind}); set XDG_DATA_HOME to a local disk"

    def _check_not_emptied(self) -> None:
        """Refuse an empty file beside what only a used one has: SQLite would begin anew, and delete the rest."""
        if not self._file.exists() or self._file.stat().st_size:
            return
        beside = [self._file.with_name(f"{self._file.name}-wal")]
        beside += [self._reserve.file] if self._reserve else []
        if any(path.exists() and path.stat().st_size for path in beside):
            raise damaged(self._file, "it is empty, and was not")

    def _found(self) -> tuple[int, int]:
        status = os.stat(self._file)  # noqa: PTH116 - half the price, before each commit
        return status.st_dev, status.st_ino

    def _check_place(self) -> None:
        """Refuse to write into a file that lost its name: what is kept there, nobody would find again."""
        try:
            if self._found() == self._identity:
                return
            words = "another file has taken its place"
        except OSError as problem:
            words = str(problem.strerror)
        raise StorageFailed(
            f"the journal {self._file} was moved away or deleted while it was in use: {words}",
            hint="put it back where it was with its -wal file, or restart the engine",
        )

    def _commit(self, connection: sqlite3.Connection, rows: Sequence[JournalRow]) -> None:
        if len(rows) <= _IN_ONE:
            values = [value for row in rows for value in columns_of(row)]
            connection.execute(_NEW_ROWS + ", ".join([_PLACES] * len(rows)), values)
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany(_NEW_ROWS + _PLACES, map(columns_of, rows))
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise

    def _write_again(self, connection: sqlite3.Connection, rows: Sequence[JournalRow]) -> None:
        try:
            self._commit(connection, rows)
        except sqlite3.Error as problem:
            raise not_kept(problem, self._file) from None

    def _release(self) -> bool:
        had_some = self._reserve is not None and self._reserve.release()
        if had_some:
            self._is_reserved = False
            self._of_reserve = "the disk is full; the journal goes on in the space that was reserved for this"
        return had_some

    def _grow_reserve(self) -> float | None:
        assert self._reserve is not None  # noqa: S101 - else it counts as reserved
        try:
            self._is_reserved = self._reserve.grow()
        except (OSError, ConfigError) as problem:
            self._of_reserve = self._of_reserve or f"no space could be reserved for the journal: {problem}"
            return _RESERVE_AGAIN_S
        self._of_reserve = "" if self._is_reserved else self._of_reserve
        return 0.0

    def _unusable(self, problem: Exception) -> ConfigError:
        if isinstance(problem, ConfigError):
            return problem
        if isinstance(problem, sqlite3.Error) and is_damage(problem):
            return damaged(self._file, str(problem))
        words, hint = meaning_of(problem, self._file)
        return ConfigError(f"the journal {self._file} cannot be used: {words}", hint=hint)

    def _let_go(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
