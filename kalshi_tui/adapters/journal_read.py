"""Reads a journal while an engine may be writing it: nothing is locked, and nothing in it is changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kalshi_tui.adapters.journal_failures import meaning_of
from kalshi_tui.adapters.journal_schema import as_text, check_ours, names_of, row_of
from kalshi_tui.adapters.journal_write import BUSY_S
from kalshi_tui.adapters.sqlite_schema import Names, is_damage
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.errors import ConfigError

_PART: Final = "SELECT number, at_ms, kind, body, digest FROM rows WHERE number > ? ORDER BY number LIMIT ?"
_PART_ROWS: Final = 1000  # read at once: a reader that stays in one place keeps the writer from tidying up
_BELOW_ALL: Final = -(2**63)


class JournalReader:
    """One journal, read from its beginning; `damage` says why it cannot be read to its end."""

    def __init__(self, file: Path) -> None:
        """Open it, or raise ConfigError where it is no journal that this program can read."""
        self.file = file
        self.names: Names = ("", "", "")
        self.damage = ""
        self._version = 0
        if not file.exists():
            raise ConfigError(f"there is no journal {file}", hint="the engine begins it when it may send orders")
        if not file.is_file():
            raise ConfigError(f"{file} is no file, and so no journal", hint="name the file journal.sqlite itself")
        try:
            self._connection = sqlite3.connect(
                f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_S, isolation_level=None
            )
        except sqlite3.Error as problem:
            words, hint = meaning_of(problem, file)
            raise ConfigError(f"the journal {file} cannot be read: {words}", hint=hint) from None
        self._connection.text_factory = as_text
        try:
            self._look()
        except BaseException:
            self.close()
            raise

    def rows(self) -> Iterator[JournalRow]:
        """Yield every row in order, as far as the file can be read."""
        last = _BELOW_ALL
        while self._version and not self.damage:
            part = self._part(last)
            yield from part
            if len(part) < _PART_ROWS:
                return
            last = part[-1].number

    def check_pages(self) -> str:
        """Look through the file's pages, and return what is wrong with the first bad one, or nothing."""
        if not self.damage:
            try:
                found = str(self._connection.execute("PRAGMA quick_check(1)").fetchone()[0])
                self.damage = "" if found == "ok" else found
            except sqlite3.Error as problem:
                self._failed(problem)
        return self.damage

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _look(self) -> None:
        try:
            self._version = check_ours(self._connection, self.file)
            self.names = names_of(self._connection) if self._version else self.names
        except sqlite3.Error as problem:
            self._failed(problem)

    def _part(self, after: int) -> list[JournalRow]:
        part: list[JournalRow] = []
        try:
            part.extend(map(row_of, self._connection.execute(_PART, (after, _PART_ROWS))))
        except sqlite3.Error as problem:
            self._failed(problem)
        return part

    def _failed(self, problem: sqlite3.Error) -> None:
        if is_damage(problem):
            self.damage = str(problem)
            return
        words, hint = meaning_of(problem, self.file)
        raise ConfigError(f"the journal {self.file} cannot be read: {words}", hint=hint) from None
