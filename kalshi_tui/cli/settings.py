"""Reads all layers of settings for a command, as its global flags ask."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from kalshi_tui.adapters.logs import log_to_files, log_to_stderr
from kalshi_tui.cli.output import print_words
from kalshi_tui.config.load import load_settings, log_folder, user_file
from kalshi_tui.config.schema import Notice, Settings

_FLAGS: Final = {"environment": "--env", "execution_mode": "--mode", "log_level": "--log-level", "debug": "--debug"}


def settings_of(flags: Mapping[str, str], own_file: Path) -> Settings:
    """Read what the flags, the environment, the folder that we stand in and the files say."""
    return load_settings(
        environ=os.environ,
        folder=Path.cwd(),
        flags={flag: flags[name] for name, flag in _FLAGS.items() if name in flags},
        config_file=file_flag(flags, "config_file"),
        ready_file=file_flag(flags, "ready_file"),
        own_file=own_file,
    )


def read_settings(flags: Mapping[str, str]) -> Settings:
    """Read all layers of settings, and tell on stderr what should be put right about them."""
    settings = settings_of(flags, user_file())
    if "debug" in flags:
        log_to_files(settings, log_folder(), also_stderr=True)
    else:
        log_to_stderr(settings)
    warn(settings.notices)
    return settings


def warn(notices: Iterable[Notice]) -> None:
    """Tell on stderr what works but should be put right."""
    for notice in notices:
        print_words(f"warning: {notice.message}\nhint: {notice.hint}")


def file_flag(flags: Mapping[str, str], name: str) -> Path | None:
    """Return the file that a global flag names."""
    return Path(flags[name]) if name in flags else None
