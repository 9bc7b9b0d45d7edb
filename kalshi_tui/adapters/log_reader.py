"""Reads logs back: the last records of all files of a log, and what is written from then on, over renamings too."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import BinaryIO, Final

from kalshi_tui.adapters.log_files import MORE
from kalshi_tui.core.text import SafeText, clean

_HEAD: Final = re.compile(r"(\d{4}-\d\d-\d\dT[\d:.]+Z) ([A-Z]+) (\d+) (\S+): (.*)")
_BLOCK: Final = 1 << 18
_LINE_CELLS: Final = 4000
Wanted = Callable[["Entry"], bool]


@dataclass(frozen=True, slots=True)
class Entry:
    """One record; a line that none of ours has written has no time, level or logger."""

    time: str
    level: str
    process: int
    logger: str
    lines: tuple[SafeText, ...]


class LogReader:
    """Follows one log from where it stood when the reader was made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _open(path)
        self._older = 1
        if self._file is None:  # perhaps just renamed, and the new one not yet begun
            self._file, self._older = _open(_numbered(path, 1)), 2
        self._end = self._file.seek(0, os.SEEK_END) if self._file else 0
        self._rest = b""

    def close(self) -> None:
        """Give the file back."""
        if self._file:
            self._file.close()

    def last(self, limit: int, wanted: Wanted) -> list[Entry]:
        """Return the newest records up to where the reader started, oldest first."""
        found = _last_of(self._file, self._end, limit, wanted) if self._file else []
        for number in count(self._older):
            if len(found) >= limit or (older := _open(_numbered(self._path, number))) is None:
                break
            with older:
                size = older.seek(0, os.SEEK_END)
                found = _last_of(older, size, limit - len(found), wanted) + found
        return found

    def more(self) -> list[Entry]:
        """Return what has been written since, in whole lines."""
        found: list[Entry] = []
        while True:
            number = self._number()  # asked first: what is renamed by now grows no more, so one reading ends it
            found += self._unread()
            if number == 0 or not self._go_on(number):
                return found

    def _unread(self) -> Iterator[Entry]:
        if self._file is None:
            return
        self._file.seek(self._end)
        content = self._file.read()
        self._end += len(content)
        whole, newline, self._rest = (self._rest + content).rpartition(b"\n")
        yield from entries(_lines(whole + newline))

    def _go_on(self, number: int | None) -> bool:
        """Take the next newer file; where another renaming happens meanwhile, the next look finds it."""
        newer = _open(_numbered(self._path, self._first() if number is None else number - 1))
        if newer is None:
            return False
        if self._number() != number:
            newer.close()
            return False
        self.close()
        self._file, self._end, self._rest = newer, 0, b""
        return True

    def _first(self) -> int:
        """Return where to begin without a file: with the oldest where none was there, else with the newest."""
        if self._file is not None:
            return 0
        return next(number for number in count() if not _numbered(self._path, number + 1).exists())

    def _number(self) -> int | None:
        """Return the number that our file now has: 0 is the one being written, None one that is gone."""
        if self._file is None:
            return None
        ours = os.fstat(self._file.fileno())
        for number in count():
            try:
                if os.path.samestat(ours, _numbered(self._path, number).stat()):
                    return number
            except OSError:
                if number:
                    return None
        return None


def entries(lines: Iterable[str]) -> Iterator[Entry]:
    """Put lines together to records."""
    open_entry: Entry | None = None
    for line in lines:
        if open_entry is not None and line.startswith(MORE):
            more = clean(line.removeprefix(MORE), _LINE_CELLS)
            open_entry = replace(open_entry, lines=(*open_entry.lines, more))
            continue
        if open_entry is not None:
            yield open_entry
        open_entry = _entry(line)
    if open_entry is not None:
        yield open_entry


def _entry(line: str) -> Entry:
    head = _HEAD.fullmatch(line)
    if head is None:
        return Entry("", "", 0, "", (clean(line, _LINE_CELLS),))
    return Entry(head[1], head[2], int(head[3]), clean(head[4]), (clean(head[5], _LINE_CELLS),))


def _last_of(file: BinaryIO, end: int, limit: int, wanted: Wanted) -> list[Entry]:
    """Read a file backwards in growing blocks until enough is found."""
    block = _BLOCK
    while limit > 0:
        start = max(end - block, 0)
        file.seek(start)
        lines = _lines(file.read(end - start))
        if start:  # the block begins in the middle of a line, and perhaps of a record
            lines = lines[next((at for at, line in enumerate(lines[1:], 1) if _HEAD.match(line)), len(lines)) :]
        found = [entry for entry in entries(lines) if wanted(entry)]
        if len(found) >= limit or not start:
            return found[-limit:]
        block *= 4
    return []


def _lines(content: bytes) -> list[str]:
    lines = content.decode(errors="replace").split("\n")
    return lines if lines[-1] else lines[:-1]


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}") if number else path


def _open(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None
