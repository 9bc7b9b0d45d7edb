"""Writes files that only their owner can read, whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from shlex import quote
from typing import Final

from kalshi_tui.errors import SecretError

_HINT: Final = "check free space and the folder's mode"


def make_private_folder(folder: Path) -> None:
    """Make a folder that only we can enter; one that exists is left as it is."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise SecretError(
            f"the folder {folder} cannot be made: {problem.strerror}",
            hint="set XDG_DATA_HOME to a folder that you may write to",
        ) from None


def write_private(path: Path, content: bytes, *, replace: bool) -> None:
    """Write a file of mode 0600 under any umask; without `replace` an existing one wins, also in a race."""
    draft = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        _write_new(draft, content)
        if replace:
            draft.replace(path)
        else:
            with suppress(FileExistsError):
                os.link(draft, path)
    except OSError as problem:
        hint = f"mkdir -p {quote(str(path.parent))}" if isinstance(problem, FileNotFoundError) else _HINT
        raise SecretError(f"{path} cannot be written: {problem.strerror}", hint=hint) from None
    finally:
        draft.unlink(missing_ok=True)


def _write_new(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
