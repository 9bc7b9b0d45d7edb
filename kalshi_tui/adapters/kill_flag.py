"""The mark on the disk that says an account is killed: anybody here can set it, and it outlives every process."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import Final

from kalshi_tui.adapters.private_files import make_private_folder, write_private
from kalshi_tui.core.text import clean
from kalshi_tui.errors import SecretError, StorageFailed

_LONGEST: Final = 4_096  # bytes that are read; a reason is shown in far fewer cells
_SHOWN: Final = 200


def kill_flag_file(data: Path, environment: str, account: str) -> Path:
    """Return the flag of an environment's account: one for whatever trades there, whichever its execution mode."""
    return data / "kills" / f"{environment}.{account}.killed"


class FileKillFlag:
    """A flag that is a file: where one is, or where it cannot be told, the account is killed."""

    def __init__(self, path: Path) -> None:
        """Nothing is read yet."""
        self._path = path
        self._read: tuple[tuple[int, int, int], str] | None = None  # the file that was read, and its words

    def reason(self) -> str:
        """Return why it is set, or nothing while it is not; costs one look at the file's name."""
        try:
            found = self._path.lstat()
        except FileNotFoundError:
            return ""
        except OSError as problem:
            return f"whether the kill flag is set cannot be told: {problem.strerror}"
        mark = (found.st_mtime_ns, found.st_ino, found.st_size)
        if self._read is None or self._read[0] != mark:
            self._read = mark, self._words()
        return self._read[1]

    def since_ms(self) -> int | None:
        """Return when it was set, in Unix milliseconds, or None where it is not or cannot be told."""
        with suppress(OSError):
            return self._path.lstat().st_mtime_ns // 1_000_000
        return None

    def set(self, reason: str) -> None:
        """Set it, on the disk before this returns; raise StorageFailed where that is not possible."""
        folder = self._path.parent
        try:
            make_private_folder(folder.parent)
            make_private_folder(folder)
            write_private(self._path, (clean(reason, _SHOWN) or "no reason was given").encode(), replace=True)
            _to_disk(folder)
        except (SecretError, OSError) as problem:
            raise self._failed("set", problem) from None

    def clear(self) -> None:
        """Take it away, also from the disk; raise StorageFailed where that is not possible."""
        try:
            self._path.unlink(missing_ok=True)
            with suppress(FileNotFoundError):  # where no flag was ever set, there is no folder
                _to_disk(self._path.parent)
        except OSError as problem:
            raise self._failed("lifted", problem) from None

    def _words(self) -> str:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                text = file.read(_LONGEST).decode("utf-8", "replace")
        except OSError as problem:
            return f"a kill flag that cannot be read: {problem.strerror}"
        return clean(text, _SHOWN).strip() or "a kill flag without a reason"

    def _failed(self, what: str, problem: OSError | SecretError) -> StorageFailed:
        why = problem.message if isinstance(problem, SecretError) else problem.strerror
        hint = f"look at the folder: ls -la {quote(str(self._path.parent))}; free space, and its owner and mode, decide"
        return StorageFailed(f"the kill flag could not be {what}: {why}", hint=hint)


def _to_disk(folder: Path) -> None:
    """Write a folder's names to the disk: until then a loss of power may undo what was renamed or removed in it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
