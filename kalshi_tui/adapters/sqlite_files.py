"""Where a database lies, for whose eyes, and what becomes of one that is damaged."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kalshi_tui.errors import ConfigError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,79}")
_BESIDE: Final = ("", "-wal", "-shm", "-journal")
_BROKEN_KEPT: Final = 3


def storage_file(data: Path, environment: str, account: str, execution: str) -> Path:
    """Return where the database of an environment, an account and a mode of execution is."""
    for name in (environment, account, execution):
        if not _NAME.fullmatch(name):
            raise ConfigError(
                f"{name!r:.90} cannot be part of a file's name",
                hint="letters, digits and the signs . _ @ + - make a name, 80 of them at most",
            )
    return data / "db" / f"{environment}-{account}-{execution}.sqlite"


def make_place(file: Path) -> None:
    """Make folder and file for our eyes alone, whatever the umask is, and narrow what is too wide."""
    folder = file.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _own(folder, stat.S_ISDIR(folder.lstat().st_mode), "folder", 0o700)
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        pass
    else:
        os.close(descriptor)
    # SQLite gives the files beside it the mode that this one has.
    for path in _parts(file):
        _own(path, stat.S_ISREG(path.lstat().st_mode), "file", 0o600)


def set_aside(file: Path, at_ms: int) -> Path:
    """Rename a damaged database with what belongs to it, and return its new name; of the oldest only a few stay."""
    stamp = datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y%m%dT%H%M%S.%f")
    aside = file.with_name(f"{file.name}.broken-{stamp}")
    for path in list(_parts(file)):
        path.rename(aside.with_name(aside.name + path.name.removeprefix(file.name)))
    old = sorted(path for path in file.parent.glob(f"{file.name}.broken-*") if not path.name.endswith(_BESIDE[1:]))
    for path in old[:-_BROKEN_KEPT]:
        for part in list(_parts(path)):
            part.unlink()
    return aside


def _parts(file: Path) -> Iterator[Path]:
    for end in _BESIDE:
        path = file.with_name(file.name + end)
        if os.path.lexists(path):
            yield path


def _own(path: Path, is_right: bool, kind: str, mode: int) -> None:  # noqa: FBT001 - what lstat has just said
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise ConfigError(
            f"{path} is a link to somewhere else", hint="remove the link; the program makes a file of its own"
        )
    if not is_right:
        raise ConfigError(f"{path} is no {kind}", hint="remove or rename it; the program makes one of its own")
    if status.st_uid != os.getuid():
        raise ConfigError(f"{path} belongs to another user", hint="set XDG_DATA_HOME to a folder of yours")
    if stat.S_IMODE(status.st_mode) != mode:
        path.chmod(mode)
