"""A log on disk: bounded, readable by its owner alone, and written by several processes at once without a torn line."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kalshi_tui.core.text import clean

MORE: Final = "  | "
"""Begins each further line of a record, so that no message can pass itself off as another record."""

_LINE_CELLS: Final = 4000
_WHOLE: Final = "%(message)s"


class LineFormatter(logging.Formatter):
    """Writes time, level, process and logger before a message that cannot drive a terminal."""

    def __init__(self) -> None:
        super().__init__(_WHOLE)

    def format(self, record: logging.LogRecord) -> str:
        """Write one record, its traceback included, on as many lines as it has."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        first, *rest = (clean(line, _LINE_CELLS) for line in super().format(record).split("\n"))
        name = clean(record.name).replace(" ", "_")
        head = f"{moment.replace('+00:00', 'Z')} {record.levelname} {record.process} {name}: {first}"
        return "\n".join([head, *(MORE + line for line in rest)])


class LogFile(logging.Handler):
    """Appends each record to a file; a disk that is full or gone costs records, which are counted, never an error."""

    def __init__(self, path: Path, *, size_limit: int, files: int) -> None:
        super().__init__()
        self.setFormatter(LineFormatter())
        self.lost = 0
        self._file = _File(path, size_limit, files)
        self._untold = 0
        self._reason = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record, and before it how many could not be written."""
        try:
            text = self.format(record)
            if self._untold:
                text = f"{self.format(self._owning_up())}\n{text}"
            self._file.append(f"{text}\n".encode())
        except Exception as problem:  # noqa: BLE001 - whoever logs is at work; a log must not stop it
            self.lost, self._untold, self._reason = self.lost + 1, self._untold + 1, str(problem)
        else:
            self._untold = 0

    def close(self) -> None:
        """Give the file back."""
        self._file.close()
        super().close()

    def _owning_up(self) -> logging.LogRecord:
        words = f"{self._untold} records could not be written before this one: {self._reason}"
        return logging.LogRecord(__name__, logging.ERROR, __file__, 0, words, None, None)


class _File:
    """Appends in single writes, and begins a new file at a size; the lock is held for a renaming only."""

    def __init__(self, path: Path, size_limit: int, files: int) -> None:
        self._path, self._size_limit, self._files = path, size_limit, files
        self._descriptor = -1
        self._is_torn = False

    def append(self, content: bytes) -> None:
        if self._descriptor < 0 or not self._is_current():
            self._open()
        if 0 < os.fstat(self._descriptor).st_size > self._size_limit - len(content):
            self._rotate()
        whole = b"\n" + content if self._is_torn else content
        written = os.write(self._descriptor, whole)
        self._is_torn = 0 < written < len(whole)
        if written < len(whole):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _open(self) -> None:
        self.close()
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, 0o600)
        os.fchmod(self._descriptor, 0o600)

    def _is_current(self) -> bool:
        """Tell whether the file that we hold still has its name: another process may have begun a new one."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        except FileNotFoundError:
            return False

    def _rotate(self) -> None:
        lock = os.open(self._path.with_name(f".{self._path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self._is_current():
                self._rename()
        except BlockingIOError:
            return  # another process is renaming right now; this record may still go to the old file
        finally:
            os.close(lock)
        self._open()

    def _rename(self) -> None:
        """Move each file one number on; the last makes room."""
        names = [self._path, *(self._path.with_name(f"{self._path.name}.{n}") for n in range(1, self._files))]
        if len(names) == 1:
            self._path.unlink()
        for older, newer in zip(reversed(names), reversed(names[:-1]), strict=False):
            with suppress(FileNotFoundError):
                newer.replace(older)
