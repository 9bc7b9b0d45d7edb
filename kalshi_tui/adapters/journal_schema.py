"""The journal's tables, the steps from each version to the next, and whose journal it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Any, Final

from kalshi_tui.adapters.sqlite_files import storage_file
from kalshi_tui.adapters.sqlite_schema import DamagedError, Names, Step
from kalshi_tui.core.text import clean
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.errors import ConfigError

APPLICATION_ID: Final = 0x4B544A4C  # "KTJL": neither the storage nor another program takes it for its own
NAMES: Final = ("environment", "account", "execution")
SELECT: Final = "SELECT number, at_ms, kind, body, digest FROM rows ORDER BY number"
SELECT_PART: Final = "SELECT number, at_ms, kind, body, digest FROM rows WHERE number > ? ORDER BY number LIMIT ?"

# A step that was released is never changed: files that took it are out there. A new one is added at the end.
STEPS: Final[tuple[Step, ...]] = (
    (
        "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        (
            "CREATE TABLE rows (number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL,"
            " body BLOB NOT NULL, digest BLOB NOT NULL)"
        ),
        # No program of ours breaks these; they stop a slip of the hand. What goes around them, the digests tell.
        (
            "CREATE TRIGGER rows_follow BEFORE INSERT ON rows"
            " WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM rows)"
            " BEGIN SELECT RAISE(ABORT, 'a row does not follow the last one'); END"
        ),
        "CREATE TRIGGER rows_stay BEFORE DELETE ON rows BEGIN SELECT RAISE(ABORT, 'rows are only added'); END",
        "CREATE TRIGGER rows_keep BEFORE UPDATE ON rows BEGIN SELECT RAISE(ABORT, 'rows are only added'); END",
    ),
)


WORLD: Final = "world"
"""Stands in the name of a journal before the time at which its practice world was opened."""


def journal_file(data: Path, environment: str, account: str, execution: str) -> Path:
    """Return where the journal of an environment, an account and a mode of execution is."""
    return data / "journal" / storage_file(data, environment, account, execution).name


def row_of(columns: Sequence[Any]) -> JournalRow:
    """Return a row as it lies there; what was never ours becomes a value that its digest does not agree with."""
    number, at_ms, kind, body, digest = columns
    return JournalRow(number, at_ms, str(kind), _bytes(body), _bytes(digest))


def as_text(raw: bytes) -> str:
    """Return a column's text; what is no text must not end the reading, for its digest will not agree."""
    return raw.decode(errors="replace")


def columns_of(row: JournalRow) -> tuple[Any, ...]:
    """Return a row as the table takes it."""
    return (row.number, row.at_ms, row.kind, row.body, row.digest)


def prepare(connection: sqlite3.Connection, file: Path, names: Names, steps: Sequence[Step] = STEPS) -> None:
    """Bring a journal to our version; refuse another program's, another account's or a newer program's."""
    version = check_ours(connection, file, steps)
    if version:
        _check_names(connection, file, names)
        _check_whole(connection)
    if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise ConfigError(
            f"the file system of {file} cannot keep a journal (no shared memory)",
            hint="set XDG_DATA_HOME to a folder on a local disk",
        )
    for number in range(version, len(steps)):
        _take(connection, steps[number], number + 1, names)


def check_ours(connection: sqlite3.Connection, file: Path, steps: Sequence[Step] = STEPS) -> int:
    """Return a journal's version, 0 of one that is not begun; refuse what no journal of ours is, or a newer one."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if application != APPLICATION_ID and (application or version or tables):
        raise ConfigError(f"{file} is a database of another program", hint=f"move it away: {move_away(file)}")
    if version > len(steps):
        raise ConfigError(
            f"{file} was written by a newer version of this program (schema {version}, here {len(steps)})",
            hint="update the program; orders that the journal holds may still be working",
        )
    if version and not {"about", "rows"} <= tables:
        raise DamagedError("its tables are missing")
    return version


def names_of(connection: sqlite3.Connection) -> Names:
    """Return whose journal it is."""
    kept = dict(connection.execute("SELECT name, value FROM about"))
    environment, account, execution = (str(kept.get(name, "")) for name in NAMES)
    return environment, account, execution


def move_away(file: Path) -> str:
    """Return the shell's words that put a journal aside with everything that belongs to it."""
    return f"mkdir {quote(f'{file}.aside')} && mv {quote(str(file))}* {quote(f'{file}.aside')}"


def damaged(file: Path, reason: str) -> ConfigError:
    """Return the refusal of a journal that does not hold together; it is the record of money, so nobody replaces it."""
    return ConfigError(
        f"the journal {file} is damaged: {reason}",
        hint=f"kalshi-tui journal verify {quote(str(file))} says which rows are whole; cancel what works, "
        f"restore a copy, or move it away ({move_away(file)}) and a new one is begun",
    )


def _check_names(connection: sqlite3.Connection, file: Path, names: Names) -> None:
    found = names_of(connection)
    if found != names:
        raise ConfigError(
            f"the journal {file} belongs to {clean('/'.join(found))}, not to {'/'.join(names)}",
            hint=f"it was renamed or copied; give it its name back, or move it away: {move_away(file)}",
        )


def _check_whole(connection: sqlite3.Connection) -> None:
    """Look through the file's pages, 0.4 ms for each thousand rows; lost pages at its end no digest would tell."""
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise DamagedError(str(found))


def _take(connection: sqlite3.Connection, step: Step, number: int, names: Names) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in step:
            connection.execute(statement)
        if number == 1:
            connection.executemany("INSERT INTO about VALUES (?, ?)", zip(NAMES, names, strict=True))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {number}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")
