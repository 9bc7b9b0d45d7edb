"""What it means when the disk does not take a journal's rows, and what a person can do about it."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path
from typing import Final

from kalshi_tui.errors import StorageFailed

_FULL: Final = "free some space on the disk of {file}; cancels and fills are kept as long as the reserve lasts"
_LOCKED: Final = "end whatever else has {file} open (a backup, a database tool), then try again"
_READ_ONLY: Final = "make {file} and its folder writable: a disk with errors is often mounted read-only"
_BROKEN: Final = "kalshi-tui journal verify says which rows are whole; start no engine on this journal before"
_DISK: Final = (
    "look at the disk of {file} (dmesg, smartctl): it takes nothing; cancel at the venue's own site if need be"
)
_MEANINGS: Final = {
    sqlite3.SQLITE_FULL: ("the disk is full", _FULL),
    sqlite3.SQLITE_BUSY: ("another program has it locked", _LOCKED),
    sqlite3.SQLITE_LOCKED: ("another program has it locked", _LOCKED),
    sqlite3.SQLITE_READONLY: ("it cannot be written to", _READ_ONLY),
    sqlite3.SQLITE_PERM: ("it cannot be written to", _READ_ONLY),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", _READ_ONLY),
    sqlite3.SQLITE_CORRUPT: ("its file is damaged", _BROKEN),
    sqlite3.SQLITE_NOTADB: ("its file is damaged", _BROKEN),
    sqlite3.SQLITE_CONSTRAINT: ("another program has written into it", "end the other engine, then restart this one"),
}
_ROOM_MAY_HELP: Final = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}


def room_may_help(problem: sqlite3.Error) -> bool:
    """Tell whether a failure can be that of a full disk; a quota's is told as a failed write."""
    return getattr(problem, "sqlite_errorcode", None) in _ROOM_MAY_HELP


def meaning_of(problem: Exception, file: Path) -> tuple[str, str]:
    """Return in a person's words what is wrong, and what to do next."""
    if isinstance(problem, OSError):
        hint = _FULL if problem.errno in {errno.ENOSPC, errno.EDQUOT} else _READ_ONLY
        return str(problem.strerror or problem), hint.format(file=file)
    code = getattr(problem, "sqlite_errorcode", None)
    words, hint = _MEANINGS.get(-1 if code is None else code & 0xFF, ("the disk failed", _DISK))
    return f"{words} ({problem})", hint.format(file=file)


def not_kept(problem: Exception, file: Path) -> StorageFailed:
    """Return the failure of rows that the disk did not take."""
    words, hint = meaning_of(problem, file)
    return StorageFailed(f"the journal did not take it: {words}", hint=hint)
