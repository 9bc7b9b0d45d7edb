"""Which journal is meant, and from which moment on."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from kalshi_tui.adapters.journal_read import JournalReader
from kalshi_tui.adapters.journal_schema import WORLD, journal_file
from kalshi_tui.cli.output import print_words
from kalshi_tui.cli.settings import read_settings
from kalshi_tui.config.load import data_folder
from kalshi_tui.config.modes import account_name
from kalshi_tui.core.text import clean
from kalshi_tui.errors import ConfigError

SINCE_HELP: Final = "Only what is younger than 90s, 30m, 24h or 7d, or from a UTC time on (2026-11-28T14:03)."

_AGE: Final = re.compile(r"([0-9]{1,6})([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@contextmanager
def opened(flags: Mapping[str, str], path: str | None) -> Iterator[JournalReader]:
    """Open the journal at a path, or the one of the account and mode in force, and then say which."""
    reader = JournalReader(Path(path) if path is not None else _of_settings(flags))
    try:
        if path is None:
            print_words(f"the journal of {clean('/'.join(reader.names))}: {reader.file}")
        yield reader
    finally:
        reader.close()


def tell_damage(reader: JournalReader) -> None:
    """Say on stderr where a journal ends before its end, and fail."""
    if reader.damage:
        raise ConfigError(
            f"the journal {reader.file} is damaged, and what comes next cannot be read: {reader.damage}",
            hint="kalshi-tui journal verify says which rows are whole",
        )


def since(text: str | None, newest_ms: int | None) -> int | None:
    """Read an age or a moment; ages count from now, or from the newest entry where a practice clock is ahead."""
    if text is None:
        return None
    if match := _AGE.fullmatch(text):
        return max(time.time_ns() // 1_000_000, newest_ms or 0) - int(match[1]) * _SECONDS[match[2]] * 1000
    try:
        told = datetime.fromisoformat(text)
        return round((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{text!r:.40} is neither an age such as 24h nor a time", param_hint="--since"
        ) from None


def _of_settings(flags: Mapping[str, str]) -> Path:
    settings = read_settings(flags)
    names = (str(settings.environment), account_name(settings), str(settings.execution_mode))
    file = journal_file(data_folder(), *names)
    if file.exists():
        return file
    if worlds := worlds_of(file):
        return worlds[-1]
    others = sorted(str(path) for path in file.parent.glob("*.sqlite"))
    raise ConfigError(
        f"there is no journal of {'/'.join(names)} yet",
        hint=f"name one, or choose by --env and --mode: {', '.join(others)}"
        if others
        else "the engine begins it when it may send orders",
    )


def worlds_of(file: Path) -> list[Path]:
    """Return the journals of practice worlds that an engine opened for itself, the newest last."""
    start, _, mode = file.name.rpartition("-")
    return sorted(file.parent.glob(f"{start}-{WORLD}-*-{mode}"), key=lambda path: path.stat().st_mtime)
