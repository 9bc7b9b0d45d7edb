"""Asks git whether a file is, or may become, part of a repository: what is committed once is public for ever."""

from __future__ import annotations

import os
import shutil
import subprocess
from enum import Enum, auto
from pathlib import Path
from typing import Final

_PATIENCE_S: Final = 5.0


class Standing(Enum):
    """How a file stands to git."""

    OUTSIDE = auto()
    IGNORED = auto()
    WOULD_BE_ADDED = auto()
    TRACKED = auto()
    UNKNOWN = auto()


def git_standing(path: Path) -> Standing:
    """Look for a work tree around `path` and ask git about the file; no git, no answer in time: UNKNOWN."""
    folder = path.parent.resolve()
    if not any(os.path.lexists(above / ".git") for above in (folder, *folder.parents)):
        return Standing.OUTSIDE
    tracked = _git(folder, "--literal-pathspecs", "ls-files", "--error-unmatch", "--", path.name)
    if tracked == 0:
        return Standing.TRACKED
    # check-ignore knows no literal names; a leading "./" keeps ":" from starting a pattern, and it reads no others.
    ignored = _git(folder, "check-ignore", "--quiet", "--", f"./{path.name}")
    if tracked != 1 or ignored not in (0, 1):
        return Standing.UNKNOWN
    return Standing.IGNORED if ignored == 0 else Standing.WOULD_BE_ADDED


def _git(folder: Path, *arguments: str) -> int | None:
    """Return git's exit code; no hook or monitor of the repository is started."""
    program = shutil.which("git")
    if program is None:
        return None
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = [program, "--no-optional-locks", "-c", "core.fsmonitor=false", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; the file's name stands behind `--`
            command,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.returncode
