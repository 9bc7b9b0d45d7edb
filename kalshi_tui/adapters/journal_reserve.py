"""Space that is kept on the disk for the day when there is none, so that cancels and fills can still be recorded."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Final

from kalshi_tui.errors import ConfigError

RESERVE_BYTES: Final = 32 * 1024 * 1024
_UNKNOWN_CALL: Final = {errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
CHUNK_BYTES: Final = 8 * 1024 * 1024
"""What is taken at once; whoever waits for the journal meanwhile waits for one chunk, not for all of them."""


class Reserve:
    """One file of a fixed size beside the journal."""

    def __init__(self, file: Path, size: int = RESERVE_BYTES, chunk: int = CHUNK_BYTES) -> None:
        """Take where it lies and how large it shall be; nothing is made yet."""
        self.file = file
        self.size = size
        self._chunk = chunk
        self._there: int | None = None

    def grow(self) -> bool:
        """Take one more chunk, and tell whether all is there; raise OSError where there is no room for it.

        A disk that is nearly full is left alone: a reserve that took its last bytes would be released at once.
        """
        descriptor = self._open()
        try:
            there = _taken(descriptor, self.size) if self._there is None else self._there
            if there < self.size and not _has_room(descriptor, 2 * self.size - there):
                raise OSError(errno.ENOSPC, f"less than {2 * self.size // 1024 // 1024} MiB are free")
            count = min(self._chunk, self.size - there)
            _allocate(descriptor, there, count)
        finally:
            os.close(descriptor)
        self._there = there + count
        return self._there >= self.size

    def release(self) -> bool:
        """Give the space back, and tell whether there was any."""
        self._there = 0
        try:
            descriptor = os.open(self.file, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            had = os.fstat(descriptor).st_size > 0
            os.ftruncate(descriptor, 0)  # another that has it open, such as a backup, would keep an unlinked one alive
        except OSError:
            return False
        finally:
            os.close(descriptor)
        return had

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(self.file, flags, 0o600)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.getuid() or status.st_nlink != 1:
            os.close(descriptor)
            raise ConfigError(f"{self.file} is no file of ours", hint="remove it; the program makes one of its own")
        os.fchmod(descriptor, 0o600)
        return descriptor


def _taken(descriptor: int, size: int) -> int:
    """Return how much an older run has left; a file with holes has a size and no blocks, and is begun anew.

    What this run takes is counted instead: some file systems tell of blocks only seconds later.
    """
    status = os.fstat(descriptor)
    if status.st_size <= size and status.st_blocks * 512 >= status.st_size:
        return status.st_size
    os.ftruncate(descriptor, 0)
    return 0


def _has_room(descriptor: int, count: int) -> bool:
    disk = os.fstatvfs(descriptor)
    return disk.f_bavail * disk.f_frsize >= count


def _allocate(descriptor: int, offset: int, count: int) -> None:
    if not count:
        return
    try:
        os.posix_fallocate(descriptor, offset, count)
    except (AttributeError, OSError) as problem:  # macOS has no such call, and not every file system knows it
        if isinstance(problem, OSError) and problem.errno not in _UNKNOWN_CALL:
            raise
        view = memoryview(os.urandom(count))  # zeros are no bytes at all where a file system compresses
        while view:
            written = os.pwrite(descriptor, view, offset)
            offset, view = offset + written, view[written:]
