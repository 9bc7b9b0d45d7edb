"""Which tape is meant, and which moments of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final

import click

from kalshi_tui.adapters.tape_files import TapeReader, newest_tape
from kalshi_tui.cli.output import print_words
from kalshi_tui.config.load import data_folder
from kalshi_tui.errors import ConfigError

_AFTER: Final = re.compile(r"\+([0-9]{1,9}(?:\.[0-9]{1,3})?)s?")
_CLOCK: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,3}))?)?")

TIME_HELP: Final = "UTC: 14:03:20, or 2026-11-28T14:03:20, or +90 (seconds from the tape's start)"


def tapes_folder() -> Path:
    """Return where tapes are recorded: in it a folder for each account and mode."""
    return data_folder() / "tapes"


def open_tape(path: str | None) -> TapeReader:
    """Open the tape at a path, or the newest one, and then say which."""
    if path is not None:
        return TapeReader(Path(path))
    newest = newest_tape(tapes_folder())
    print_words(f"the newest tape: {newest}")
    return TapeReader(newest)


def tape_and_target(arguments: tuple[str, ...]) -> tuple[TapeReader, str]:
    """Read `[PATH] OUT`: with one name only, the newest tape is meant."""
    if not 1 <= len(arguments) <= 2:
        raise click.UsageError("name what to write, and before it the tape, unless it is the newest one")
    return open_tape(arguments[0] if len(arguments) == 2 else None), arguments[-1]


def span(tape: TapeReader) -> tuple[int, int]:
    """Return when a tape begins and ends, or refuse one of which nothing can be read."""
    first_ms, last_ms = tape.first_ms, tape.last_ms
    if first_ms is None or last_ms is None:
        raise ConfigError(f"nothing on {tape.path} can be read", hint="kalshi-tui tape verify says what is wrong")
    return first_ms, last_ms


def part(tape: TapeReader, begin: str | None, end: str | None) -> tuple[int, int]:
    """Return the part of a tape that --from and --to mean."""
    first_ms, last_ms = span(tape)
    from_ms = first_ms if begin is None else moment(begin, first_ms)
    to_ms = last_ms if end is None else moment(end, first_ms)
    if from_ms > last_ms or to_ms < first_ms or from_ms > to_ms:
        raise ConfigError(
            f"the tape has nothing from {utc(from_ms)} to {utc(to_ms)}",
            hint=f"it goes from {utc(first_ms)} to {utc(last_ms)} UTC",
        )
    return from_ms, to_ms


def moment(text: str, start_ms: int) -> int:
    """Read a time on a tape that begins at `start_ms`; a clock time is the first one from there on."""
    if match := _AFTER.fullmatch(text):
        return start_ms + round(float(match[1]) * 1000)
    try:
        if match := _CLOCK.fullmatch(text):
            hour, minute, second = (int(match[group] or 0) for group in (1, 2, 3))
            thousandths = int((match[4] or "0").ljust(3, "0"))
            return _next(time(hour, minute, second, thousandths * 1000, UTC), start_ms)
        told = datetime.fromisoformat(text)
        return _ms(told if told.tzinfo else told.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{text!r} is no time; {TIME_HELP}") from None


def utc(at_ms: int | None) -> str:
    """Write a moment as people read it."""
    if at_ms is None:
        return "-"
    try:
        return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}.{at_ms % 1000:03d}"
    except (ValueError, OverflowError, OSError):
        return f"{at_ms} ms"  # of a tape that somebody made up


def _next(clock: time, start_ms: int) -> int:
    start = datetime.fromtimestamp(start_ms / 1000, UTC)
    found = _ms(datetime.combine(start.date(), clock))
    return found if found >= start_ms else _ms(datetime.combine(start.date() + timedelta(days=1), clock))


def _ms(told: datetime) -> int:
    return round(told.timestamp() * 1000)
