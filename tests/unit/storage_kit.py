"""What the tests of the storage share."""

from __future__ import annotations

from pathlib import Path

from kalshi_tui.adapters.sqlite import SqliteStorage
from kalshi_tui.config.tables import StorageSettings
from kalshi_tui.core.units import Price, Size
from kalshi_tui.link.intents import HistoryPoint

NAMES = ("practice", "desk", "observe")
AT_MS = 1_781_159_370_000


def settings(history_per_market: int = 100, queue_rows: int = 1000) -> StorageSettings:
    return StorageSettings(history_every_s=60.0, history_per_market=history_per_market, queue_rows=queue_rows)


def storage_at(file: Path, names: tuple[str, str, str] = NAMES, **bounds: int) -> SqliteStorage:
    return SqliteStorage(file, names, settings(**bounds), now_ms=lambda: AT_MS)


def point(at_ms: int, bid: int | None = 4000) -> HistoryPoint:
    return HistoryPoint(at_ms, None if bid is None else Price(bid), Price(4100), None, Size(700))
