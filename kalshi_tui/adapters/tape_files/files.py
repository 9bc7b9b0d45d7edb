"""Which files are tapes: names, modes, locks, and reading from one."""

from __future__ import annotations

import errno
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from typing import Final

from kalshi_tui.errors import ConfigError

SEGMENT_NAME: Final = re.compile(r"[0-9]{4,9}\.tape")
TAPE_NAME: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z(-[0-9]{1,4})?")
_LOCK_NAME: Final = ".lock"


def segment_name(number: int) -> str:
    """Return the name of a tape's segment; the first is number 1."""
    return f"{number:04d}.tape"


def tape_name(at_ms: int) -> str:
    """Return the name of the tape that begins at this time."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y%m%dT%H%M%SZ}"


def segment_files(folder: Path) -> list[Path]:
    """Return a tape's segments in their order, and nothing else that may lie there."""
    names = [entry.name for entry in os.scandir(folder) if SEGMENT_NAME.fullmatch(entry.name)]
    return [folder / name for name in sorted(names, key=lambda name: int(name.partition(".")[0]))]


def tapes_in(folder: Path) -> list[Path]:
    """Return the tapes of one account and mode, in the order of their names."""
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if TAPE_NAME.fullmatch(entry.name))
    except FileNotFoundError:
        return []
    return [folder / name for name in names if (folder / name).is_dir()]


def make_folder(folder: Path, *, is_new: bool = False) -> None:
    """Make a folder that only we can enter."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=not is_new)


def new_file(path: Path) -> int:
    """Create a file of mode 0600 that was not there, and return its descriptor."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte; a full disk takes some of them before it refuses."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_folder(folder: Path) -> None:
    """Let a file's name survive a power cut; not every file system knows how."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock_folder(folder: Path) -> int:
    """Return a descriptor that keeps other writers away while it is open; refuse when one is there."""
    descriptor = os.open(folder / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if not try_lock(descriptor):
        os.close(descriptor)
        raise OSError(errno.EWOULDBLOCK, "another program records there")
    return descriptor


def try_lock(descriptor: int) -> bool:
    """Lock a file against other writers, and return whether none has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class FileSource:
    """A segment's file; it is opened for each read, because a long tape has more files than a process may hold."""

    def __init__(self, path: Path) -> None:
        """Look at a regular file, or say why not."""
        self.name = path.name
        self._path = path
        try:
            status = path.stat()
        except OSError as problem:
            raise _unreadable(path, problem) from None
        if not S_ISREG(status.st_mode):
            raise ConfigError(f"{path} is no file", hint="name a tape: kalshi-tui tape list")
        self.size = status.st_size

    def read(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes, fewer only at the end."""
        if not 0 <= offset < self.size:
            return b""
        with self._open() as descriptor:
            return os.pread(descriptor, min(count, self.size - offset), offset)

    def is_being_written(self) -> bool:
        """Return whether a writer has it open."""
        with self._open() as descriptor:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    @contextmanager
    def _open(self) -> Iterator[int]:
        descriptor = -1
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            yield descriptor
        except OSError as problem:
            raise _unreadable(self._path, problem) from None
        finally:
            if descriptor >= 0:
                os.close(descriptor)


def _unreadable(path: Path, problem: OSError) -> ConfigError:
    return ConfigError(f"{path} cannot be read: {problem.strerror}", hint="kalshi-tui tape list shows what is there")
