"""Reads what a running practice exchange wrote about itself: where it answers and which key it knows."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import msgspec

from kalshi_tui.config.trust import is_there, read_trusted
from kalshi_tui.errors import ConfigError


class _Ready(msgspec.Struct):
    rest_url: str
    ws_url: str
    key_id: str
    key_file: str
    seed: int
    world: str


def read_ready_file(path: Path) -> dict[str, object]:
    """Return the settings that the file stands for."""
    if not is_there(path):
        raise ConfigError(
            f"there is no ready file {path}",
            hint=f"in another window, start one that writes it: kalshi-tui exchange --ready-file {quote(str(path))}",
        )
    text, _ = read_trusted(path)
    try:
        ready = msgspec.json.decode(text.read(), type=_Ready)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise ConfigError(
            f"{path} was not written by a practice exchange: {problem}",
            hint="start one with: kalshi-tui exchange --ready-file FILE",
        ) from None
    return {
        "venues.practice.rest_url": ready.rest_url,
        "venues.practice.stream_url": ready.ws_url,
        "venues.practice.key_id": ready.key_id,
        "venues.practice.key_path": ready.key_file,
        "practice.seed": ready.seed,
        "practice.world": ready.world,
    }
