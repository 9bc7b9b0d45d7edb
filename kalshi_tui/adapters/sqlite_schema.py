"""The database's tables, the steps from each version to the next, and whose database it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kalshi_tui.errors import ConfigError

Names = tuple[str, str, str]
"""Environment, account and mode of execution."""
Step = tuple[str, ...]
"""Statements that lead from one version to the next, in one transaction."""

APPLICATION_ID: Final = 0x4B545549  # "KTUI", where `file` and other programs look for whose it is
BUSY_S: Final = 5.0
_JOURNAL_BYTES: Final = 16 * 1024 * 1024
_NAMES: Final = ("environment", "account", "execution")

# A step that was released is never changed: files that took it are out there. A new one is added at the end.
STEPS: Final[tuple[Step, ...]] = (
    (
        "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        "CREATE TABLE catalogue (kind TEXT, ticker TEXT, raw BLOB NOT NULL, PRIMARY KEY (kind, ticker))",
        "CREATE TABLE texts (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, text TEXT NOT NULL)",
    ),
    (
        (
            "CREATE TABLE history (ticker TEXT, at_ms INTEGER, bid INTEGER, ask INTEGER, last INTEGER, volume INTEGER,"
            " PRIMARY KEY (ticker, at_ms)) WITHOUT ROWID"
        ),
    ),
)


class DamagedError(sqlite3.DatabaseError):
    """The file opens, and what is in it does not hold together."""


def is_damage(problem: sqlite3.Error) -> bool:
    """Tell whether a problem means that the file itself is of no use, rather than busy, full or out of reach."""
    code = getattr(problem, "sqlite_errorcode", None)
    if isinstance(problem, DamagedError):
        return True
    return code is not None and code & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def prepare(connection: sqlite3.Connection, file: Path, names: Names, steps: Sequence[Step] = STEPS) -> None:
    """Bring a database to our version; refuse one that is another's, another account's or a newer program's."""
    version = _version(connection)
    if version > len(steps):
        raise ConfigError(
            f"{file} was written by a newer version of this program (schema {version}, here {len(steps)})",
            hint="update the program, or move the file away: kept prices and texts stay in it",
        )
    if not version:
        _check_empty(connection, file)
    else:
        _check_names(connection, file, names)
        _check_whole(connection)
    connection.execute("PRAGMA journal_mode = WAL")
    for number in range(version, len(steps)):
        _take(connection, steps[number], number + 1, names)
    connection.execute("INSERT OR REPLACE INTO about VALUES ('clean', 'no')")


def tune_with(*, reads_only: bool) -> tuple[str, ...]:
    """Return settings that hold for one connection: a commit may be lost with the power, the file may not."""
    return ("query_only = ON",) if reads_only else ("synchronous = NORMAL", f"journal_size_limit = {_JOURNAL_BYTES}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_empty(connection: sqlite3.Connection, file: Path) -> None:
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise ConfigError(f"{file} is a database of another program", hint="move it away; the program makes its own")


def _check_names(connection: sqlite3.Connection, file: Path, names: Names) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise ConfigError(f"{file} is a database of another program", hint="move it away; the program makes its own")
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    if "about" not in tables:
        raise DamagedError("its tables are missing")
    kept = dict(connection.execute("SELECT name, value FROM about"))
    found = tuple(kept.get(name, "") for name in _NAMES)
    if found != names:
        raise ConfigError(
            f"{file} belongs to {'/'.join(found)}, not to {'/'.join(names)}",
            hint="it was renamed or copied; move it away, and a new one is begun",
        )


def _check_whole(connection: sqlite3.Connection) -> None:
    """Look through a file whose last user did not close it; after a proper end that would only cost time."""
    row = connection.execute("SELECT value FROM about WHERE name = 'clean'").fetchone()
    if row is not None and row[0] == "yes":
        return
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise DamagedError(str(found))


def _take(connection: sqlite3.Connection, step: Step, number: int, names: Names) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in step:
            connection.execute(statement)
        if number == 1:
            connection.executemany("INSERT INTO about VALUES (?, ?)", zip(_NAMES, names, strict=True))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {number}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
