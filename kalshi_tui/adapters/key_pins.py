"""Remembers of each key id where it was first used, so that a demo key never signs for production, nor the reverse."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Final

import msgspec

from kalshi_tui.adapters.key_files import read_private_file
from kalshi_tui.adapters.private_files import make_private_folder, write_private
from kalshi_tui.config.redact import mask
from kalshi_tui.config.schema import Environment
from kalshi_tui.errors import SecretError

_PINS_LIMIT: Final = 100  # the oldest goes; 100 ids of 36 characters stay far below a private file's size limit
_FILE_NAME: Final = "key_environments.json"


def pin_key(key_id: str, environment: Environment, data: Path) -> None:
    """Bind a key id to an environment at its first use; refuse it under another one.

    Practice keys are not remembered: every run may bring a new one, and they would crowd out the others.
    """
    path = data / _FILE_NAME
    pins = _read(path)
    pinned = pins.get(key_id)
    if pinned is environment:
        return
    if pinned is not None:
        raise SecretError(
            f"the key {mask(key_id)} was first used for {pinned} and is now set for {environment}",
            hint=f"set the key of {environment}: every environment has its own; if {pinned} was the mistake, "
            f"forget it with: rm {quote(str(path))}",
        )
    if environment is Environment.PRACTICE:
        return
    pins[key_id] = environment
    make_private_folder(data)
    write_private(path, msgspec.json.encode(dict(list(pins.items())[-_PINS_LIMIT:])), replace=True)


def _read(path: Path) -> dict[str, Environment]:
    if not path.exists():
        return {}
    try:
        return msgspec.json.decode(read_private_file(path), type=dict[str, Environment])
    except msgspec.MsgspecError:
        raise SecretError(f"{path} is damaged", hint=f"forget it with: rm {quote(str(path))}") from None
