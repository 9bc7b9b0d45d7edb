"""The tables of the settings that belong to the running engine and to what it keeps, tells and is asked by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from kalshi_tui.config.kinds import Choice, Flag, Number, Pairs, Text, Whole, Words


class Universe(StrEnum):
    """Which markets the engine follows: those that somebody needs, or all."""

    NEEDED = "needed"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """How often the engine looks again, and what it follows."""

    full_scan_s: Annotated[float, Number(1, 3600, "seconds")]
    recheck_s: Annotated[float, Number(1, 600, "seconds")]
    metadata_s: Annotated[float, Number(10, 86_400, "seconds")]
    metadata_limit_s: Annotated[float, Number(10, 172_800, "seconds")]
    universe: Annotated[Universe, Choice(Universe)]
    full_universe_books: Annotated[int, Whole(0, 10_000, "books")]
    watch: Annotated[tuple[str, ...], Words(500, "tickers")]
    linger_s: Annotated[float, Number(0, 3600, "seconds")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterSettings:
    """Which markets are loaded and listed."""

    series: Annotated[tuple[str, ...], Words(500, "series")]
    categories: Annotated[tuple[str, ...], Words(100, "categories")]
    min_volume: Annotated[int, Whole(0, 1_000_000_000, "contracts")]
    closes_within_h: Annotated[float, Number(0, 876_000, "hours")]
    closes_after_s: Annotated[float, Number(0, 31_536_000, "seconds")]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """How much of the engine its clients are told, and how long a slow one is borne."""

    ladder_hz: Annotated[float, Number(0.5, 60, "views a second")]
    list_hz: Annotated[float, Number(0.1, 60, "views a second")]
    clients_limit: Annotated[int, Whole(1, 256, "clients")]
    watches_limit: Annotated[int, Whole(1, 10_000, "views")]
    backlog_kib: Annotated[int, Whole(16, 65_536, "KiB")]
    stuck_limit_s: Annotated[float, Number(1, 600, "seconds")]
    answer_timeout_s: Annotated[float, Number(0.1, 120, "seconds")]


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """What the database keeps."""

    history_every_s: Annotated[float, Number(1, 86_400, "seconds")]
    history_per_market: Annotated[int, Whole(0, 1_000_000, "prices")]
    queue_rows: Annotated[int, Whole(1000, 10_000_000, "rows")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeSettings:
    """How a day is recorded."""

    enabled: Annotated[bool, Flag()]
    segment_mib: Annotated[int, Whole(1, 4096, "MiB")]
    segment_s: Annotated[float, Number(1, 86_400, "seconds")]
    limit_mib: Annotated[int, Whole(1, 16_777_216, "MiB")]
    flush_s: Annotated[float, Number(0.05, 60, "seconds")]
    level: Annotated[int, Whole(1, 19)]
    buffer_mib: Annotated[int, Whole(1, 4096, "MiB")]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """How much of the past the log files hold."""

    file_mib: Annotated[int, Whole(1, 1024, "MiB")]
    files: Annotated[int, Whole(1, 100, "files")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalSettings:
    """How the terminal looks and moves."""

    theme: Annotated[str, Text()]
    fps: Annotated[int, Whole(1, 120, "frames a second")]
    tick_hz: Annotated[float, Number(1, 60, "ticks a second")]
    calm: Annotated[bool, Flag()]
    keys: Annotated[Mapping[str, str], Pairs(500)]
