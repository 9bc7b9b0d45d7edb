"""Reads a private key from a file that nobody else can read, and says with which command a wrong one is mended."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from shlex import quote
from typing import Final

from kalshi_tui.adapters.git_standing import Standing, git_standing
from kalshi_tui.config.schema import Notice
from kalshi_tui.errors import SecretError

_SIZE_LIMIT: Final = 16_384  # bytes; an RSA key of 8,192 bits takes 6,400


def read_private_file(path: Path) -> bytes:
    """Return the content of a regular file of ours with mode 0600 or stricter; the open file is what is checked."""
    descriptor = _open(path)
    try:
        status = os.fstat(descriptor)
        _refuse_exposed(path, status)
        _refuse_open_folder(path)
        if not 0 < status.st_size <= _SIZE_LIMIT:
            raise SecretError(f"{path} holds {status.st_size} bytes, so it is no private key", hint="name the key file")
        return os.read(descriptor, _SIZE_LIMIT)
    finally:
        os.close(descriptor)


def check_git(path: Path) -> tuple[Notice, ...]:
    """Refuse a key that git tracks or would add; warn of one that is ignored, since one `git add -f` is enough."""
    standing, name = git_standing(path), quote(str(path))
    folder = quote(str(path.parent))
    away = f"mkdir -p -m 700 ~/.kalshi && mv {name} ~/.kalshi/ and name the new place"
    if standing is Standing.TRACKED:
        raise SecretError(
            f"git tracks the key file {path}, so whoever gets the repository gets the key",
            hint=f"git -C {folder} rm --cached {quote(path.name)}; then make a new key at the venue, because history "
            "keeps the old one, and store it outside the repository",
        )
    if standing is Standing.WOULD_BE_ADDED:
        raise SecretError(f"git would add the key file {path} with the next `git add`", hint=away)
    if standing is Standing.UNKNOWN:
        raise SecretError(f"{path} lies in a git work tree and git does not say whether it tracks it", hint=away)
    if standing is Standing.IGNORED:
        return (Notice(f"the key file {path} lies in a git work tree, ignored for now", away),)
    return ()


def _open(path: Path) -> int:
    """Open without following a link and without waiting for a pipe's writer."""
    try:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        code, reason = problem.errno, problem.strerror
    if code == errno.ELOOP:
        raise SecretError(
            f"{path} is a symbolic link, which somebody could point elsewhere",
            hint=f"name the file itself: realpath {quote(str(path))}",
        )
    if code == errno.ENOENT:
        raise SecretError(f"there is no key file {path}", hint="check the path; save the key there with mode 0600")
    raise SecretError(f"the key file {path} cannot be read: {reason}", hint=f"ls -l {quote(str(path))}")


def _refuse_exposed(path: Path, status: os.stat_result) -> None:
    name = quote(str(path))
    if not stat.S_ISREG(status.st_mode):
        raise SecretError(f"{path} is not a regular file", hint="name the key file itself")
    if status.st_uid != os.geteuid():
        raise SecretError(
            f"the key file {path} belongs to another user, who can read and replace it",
            hint=f'sudo chown "$(id -u)" {name} && chmod 600 {name}',
        )
    mode = stat.S_IMODE(status.st_mode)
    if mode & ~0o600:
        raise SecretError(f"the key file {path} is open to others: its mode is {mode:04o}", hint=f"chmod 600 {name}")


def _refuse_open_folder(path: Path) -> None:
    folder = path.parent.resolve()
    if folder.stat().st_mode & stat.S_IWOTH:
        raise SecretError(
            f"every user of this machine can put another file in place of the key {path}",
            hint=f"chmod o-w {quote(str(folder))}, or move the key: mkdir -p -m 700 ~/.kalshi && "
            f"mv {quote(str(path))} ~/.kalshi/",
        )
