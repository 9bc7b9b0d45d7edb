"""Where the engine of an account and a mode is found: lock, socket and note, in a folder that is ours alone."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from kalshi_tui.adapters.private_files import make_private_folder
from kalshi_tui.errors import ConfigError

_LONGEST: Final = 100  # bytes of a socket's path, where systems allow 104 or 108
_LOOKS: Final = 200  # how often the lock is tried while others only look at it, and how long is waited in between
_LOOK_S: Final = 0.005


class Note(msgspec.Struct, frozen=True):
    """What a running engine wrote about itself."""

    pid: int
    program: str
    account: str
    mode: str
    settings_hash: str
    started_ms: int


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one engine."""

    folder: Path
    name: str  # account and mode, for people

    @property
    def socket(self) -> Path:
        """Return the socket's path."""
        return self.folder / "engine.socket"

    @property
    def desk(self) -> Path:
        """Return what the exchange that was opened for the engine writes about itself, while it runs."""
        return self.folder / "exchange.json"

    @property
    def errors(self) -> Path:
        """Return where an engine that nobody looks at says why it could not start."""
        return self.folder / "engine.errors"

    def note(self) -> Note | None:
        """Return what the engine that holds the lock wrote, or None where none runs."""
        if not self.is_taken():
            return None
        try:
            return msgspec.json.decode(self._lock.read_bytes(), type=Note)
        except (OSError, msgspec.DecodeError):
            return None  # it has only just begun, or just ended

    def is_taken(self) -> bool:
        """Tell whether an engine holds the lock; one that was killed does not."""
        try:
            descriptor = os.open(self._lock, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def take(self) -> Taken | None:
        """Take the lock for the life of this process, or return None where another engine has it."""
        make_private_folder(self.folder)
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if not _lock(descriptor):
            os.close(descriptor)
            return None
        crashed = _last_words(descriptor)
        os.ftruncate(descriptor, 0)  # or a process that got its number meanwhile would be ended in our place
        return Taken(self, descriptor, crashed)

    @property
    def _lock(self) -> Path:
        return self.folder / "engine.lock"


class Taken:
    """The lock, as its holder has it."""

    def __init__(self, place: Place, descriptor: int, crashed: Note | None) -> None:
        self.place = place
        self.crashed = crashed  # the engine before, where it ended without leaving
        self._descriptor = descriptor

    def write(self, note: Note) -> None:
        """Tell others who runs here."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, msgspec.json.encode(note), 0)

    def leave(self) -> None:
        """Let go of socket and lock."""
        self.place.socket.unlink(missing_ok=True)
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def engine_place(data: Path, account: str, execution: str) -> Place:
    """Return where the engine of an account and a mode is; a data folder of a long name gets a short one elsewhere."""
    name = f"{account}-{execution}"
    folder = data / "run" / name
    if len(os.fsencode(folder / "engine.socket")) <= _LONGEST:
        return Place(folder, name)
    mark = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Place(_shared_folder() / mark, name)


def _lock(descriptor: int) -> bool:
    """Lock a file for us alone; whoever only looks whether an engine runs holds it too, for a moment, and is none."""
    for _ in range(_LOOKS):
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        time.sleep(_LOOK_S)
    return False


def _last_words(descriptor: int) -> Note | None:
    """Return what the engine before has left: one that ended in order leaves nothing."""
    try:
        return msgspec.json.decode(os.pread(descriptor, 4096, 0), type=Note)
    except msgspec.DecodeError:
        return None


def _shared_folder() -> Path:
    """Return a folder of ours where everybody may make one, and refuse one that somebody else has made there."""
    folder = Path(tempfile.gettempdir()) / f"kalshi-tui-{os.getuid()}"
    make_private_folder(folder)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise ConfigError(
            f"{folder} is not a folder of yours alone",
            hint=f"remove it, or set XDG_DATA_HOME to a shorter path: mv {folder} {folder}.old",
        )
    return folder
