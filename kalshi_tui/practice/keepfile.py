"""The file behind --keep: named rows, compressed, written in whole transactions.

SQLite's journal makes a save all or nothing, also when the process is killed in the middle of it. Compression makes
30,000 books a fifth as large to write, and its checksum notices a changed value, which SQLite does not.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from kalshi_tui.practice.worldfile import WorldRefused

VERSION = 1
_TABLE = "CREATE TABLE kept (kind TEXT, name TEXT, body BLOB, UNIQUE (kind, name))"
_PUT = "INSERT INTO kept VALUES (?, ?, ?) ON CONFLICT (kind, name) DO UPDATE SET body = excluded.body"
_PIECE = 256  # rows: about a hundredth of a second of compressing and writing
_HEADER = b"SQLite format 3\0"
_COMPANIONS = ("", "-wal", "-shm", "-journal")


class Damaged(Exception):  # noqa: N818 - it says what the file is
    """The file cannot be what was written."""


class KeepFile:
    """Rows of (kind, name, body); names keep the order in which they were first put."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_new = not path.exists()
        if self.is_new:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.chmod(0o700)
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        elif not _begins_well(path):  # SQLite would make an empty file its own
            raise Damaged("it does not begin as a state file does")
        self._rows: dict[tuple[str, str], bytes | None] = {}
        self._db = sqlite3.connect(path, isolation_level=None, timeout=0.5)
        try:
            self._prepare()
        except sqlite3.DatabaseError:
            self._db.close()
            raise

    def _prepare(self) -> None:
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        if self.is_new:
            self._db.execute(_TABLE)
            self._db.execute(f"PRAGMA user_version = {VERSION}")
        self._db.execute("BEGIN IMMEDIATE")  # takes the lock that keeps a second exchange out
        self._db.execute("COMMIT")

    @property
    def version(self) -> int:
        """Return the layout that the file was written in."""
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def rows(self, kind: str) -> Iterator[tuple[str, bytes]]:
        """Yield the rows of a kind, first put first."""
        for name, body in self._db.execute("SELECT name, body FROM kept WHERE kind = ? ORDER BY rowid", (kind,)):
            try:
                yield name, zlib.decompress(body)
            except (zlib.error, TypeError) as problem:
                raise Damaged(f"{kind} {name}: {problem}") from None

    def check(self) -> None:
        """Look for damaged pages."""
        (verdict,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise Damaged(str(verdict))

    def put(self, kind: str, name: str, body: bytes) -> None:
        """Note a row for the next save."""
        self._rows[kind, name] = body

    def drop(self, kind: str, name: str) -> None:
        """Note that a row shall go at the next save."""
        self._rows[kind, name] = None

    def save(self) -> None:
        """Write all that was noted, or nothing."""
        for _ in self.saving():
            pass

    def saving(self) -> Generator[None, None, None]:
        """Write all that was noted, or nothing, pausing after each hundredth of a second of work.

        What is noted during a pause belongs to the next save. A save that is given up is undone, and its rows wait for
        the next one too.
        """
        rows, self._rows = self._rows, {}
        try:
            self._db.execute("BEGIN IMMEDIATE")
            left = iter(rows.items())
            while piece := tuple(islice(left, _PIECE)):
                self._write(piece)
                yield
            self._db.execute("COMMIT")
            rows = {}
        except sqlite3.Error as problem:
            raise WorldRefused(
                f"the exchange's state cannot be written to {self.path}: {problem}",
                hint="free some space or run without --keep; what was saved before is whole",
            ) from None
        finally:
            if rows:
                self._rows = rows | self._rows
                with suppress(sqlite3.Error):  # there may be nothing to undo
                    self._db.execute("ROLLBACK")

    def _write(self, rows: Iterable[tuple[tuple[str, str], bytes | None]]) -> None:
        for key, body in rows:
            if body is None:
                self._db.execute("DELETE FROM kept WHERE kind = ? AND name = ?", key)
            else:
                self._db.execute(_PUT, (*key, zlib.compress(body, 1)))

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


def _begins_well(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_HEADER)) == _HEADER


def set_aside(path: Path) -> Path:
    """Move a file that cannot be used out of the way, without overwriting another; return its new name."""
    number = 1
    while (aside := path.with_name(f"{path.name}.aside-{number}")).exists():
        number += 1
    for companion in _COMPANIONS:
        source = path.with_name(path.name + companion)
        if source.exists():
            source.rename(aside.with_name(aside.name + companion))
    return aside


def open_keep_file(path: Path) -> KeepFile:
    """Open or make a state file; one that is damaged or of another version is set aside with a clear refusal."""
    try:
        kept = KeepFile(path)
    except sqlite3.OperationalError as problem:
        raise WorldRefused(
            f"the kept state {path} cannot be opened: {problem}",
            hint="another exchange may be keeping it: stop that one, or run another world",
        ) from None
    except (sqlite3.DatabaseError, Damaged) as problem:
        raise refuse_damaged(path, str(problem)) from None
    except OSError as problem:
        raise WorldRefused(f"the kept state {path} cannot be made: {problem}", hint="check the folder") from None
    return _checked(kept)


def _checked(kept: KeepFile) -> KeepFile:
    try:
        version = kept.version
        if version == VERSION:
            kept.check()
            return kept
    except (sqlite3.DatabaseError, Damaged) as problem:
        kept.close()
        raise refuse_damaged(kept.path, str(problem)) from None
    kept.close()
    aside = set_aside(kept.path)
    raise WorldRefused(
        f"the kept state {kept.path} has layout {version}, and this version reads {VERSION}",
        hint=f"it was moved to {aside}; run again to begin a fresh world, or use the version that wrote it",
    )


def refuse_damaged(path: Path, what: str) -> WorldRefused:
    """Set a damaged file aside and return the refusal to raise."""
    aside = set_aside(path)
    return WorldRefused(
        f"the kept state {path} is damaged: {what:.200}",
        hint=f"it was moved to {aside}; run again to begin a fresh world",
    )
