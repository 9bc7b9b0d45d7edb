"""Reads a settings file only when nobody else could have written it: it decides where signatures go."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import Final

from kalshi_tui.errors import ConfigError

_SIZE_LIMIT: Final = 1 << 20


def is_there(path: Path) -> bool:
    """Tell whether something is at a path; what cannot be looked at counts as there, so that reading it says why."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def read_trusted(path: Path) -> tuple[io.StringIO, int]:
    """Return the text and the mode of a file, or refuse one that others may change, that is too long or no text."""
    try:
        # O_NONBLOCK, so that a pipe in place of a file cannot block us for ever.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            status = os.fstat(file.fileno())
            _refuse_untrusted(path, status)
            content = file.read(_SIZE_LIMIT + 1)
    except OSError as problem:
        raise ConfigError(f"{path} cannot be read: {problem.strerror}", hint=_open_hint(path, problem)) from None
    if len(content) > _SIZE_LIMIT:
        raise ConfigError(f"{path} is larger than 1 MiB", hint="is it the file that you mean?")
    try:
        return io.StringIO(content.decode()), status.st_mode
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        raise ConfigError(f"{path} line {line} is not UTF-8 text", hint="save the file as UTF-8") from None


def _refuse_untrusted(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ConfigError(f"{path} is not a file", hint="name a text file")
    if status.st_uid not in (os.geteuid(), 0):
        raise ConfigError(
            f"{path} belongs to another user, who could send your orders elsewhere",
            hint=f"copy it, read it, and use your copy: cp {path} {path}.mine",
        )
    if status.st_mode & stat.S_IWOTH:
        raise ConfigError(f"{path} can be changed by every user of this machine", hint=f"chmod o-w {path}")


def _open_hint(path: Path, problem: OSError) -> str:
    if isinstance(problem, FileNotFoundError):
        return "check the path, or leave it out"
    return f"chmod u+r {path}" if isinstance(problem, PermissionError) else "check what is at that path"
