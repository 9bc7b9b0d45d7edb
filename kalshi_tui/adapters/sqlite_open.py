"""Makes a database ready for use: a new one, one of ours, or a new one in the place of one that is damaged."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from kalshi_tui.adapters.sqlite_files import make_place, set_aside
from kalshi_tui.adapters.sqlite_schema import BUSY_S, Names, is_damage, prepare


def begin(file: Path, names: Names, at_ms: int) -> str:
    """Make a database ready, and return what befell it, if anything did."""
    make_place(file)
    try:
        _prepare(file, names)
    except sqlite3.Error as problem:
        if not is_damage(problem):
            raise
        return begin_anew(file, names, at_ms, str(problem))
    return ""


def begin_anew(file: Path, names: Names, at_ms: int, reason: str) -> str:
    """Put a damaged database aside and begin a new one; return what to tell."""
    aside = set_aside(file, at_ms)
    make_place(file)
    _prepare(file, names)
    return f"the database was damaged ({reason}); it lies in {aside.name}, and a new one was begun"


def _prepare(file: Path, names: Names) -> None:
    with closing(sqlite3.connect(file, timeout=BUSY_S, isolation_level=None)) as connection:
        prepare(connection, file, names)
