"""An engine that ends while its journal writes: what was given is kept once, and the farewell stands behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from kalshi_tui.adapters.journal_now import JournalNow
from kalshi_tui.adapters.sqlite_now import SqliteNow
from kalshi_tui.cli.drills.place import small_world
from kalshi_tui.cli.drills.world import World
from kalshi_tui.config.load import load_settings
from kalshi_tui.engine.journal_rows import JournalRow, first_broken
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.running import Engine
from kalshi_tui.link.client import Link
from kalshi_tui.link.trading import Arm, Disarm

WRITE_S = 0.3


class SlowDisk(JournalNow):
    """Takes its time, and like the journal's thread keeps what it was given when the giver is cancelled."""

    fails = 0

    async def append(self, rows: Sequence[JournalRow]) -> None:
        await asyncio.shield(asyncio.ensure_future(self._write(rows)))

    async def _write(self, rows: Sequence[JournalRow]) -> None:
        await asyncio.sleep(WRITE_S)
        if self.fails:
            self.fails -= 1
            self.fail_next()
        await super().append(rows)


@pytest.mark.parametrize("fails", [0, 1], ids=["disk that takes it", "disk that fails once"])
def test_what_is_being_written_when_the_engine_ends_is_kept_once(fails: int) -> None:
    settings = load_settings(environ={}, folder=Path("/nonexistent"))
    storage = SqliteNow(("practice", "practice", "live"), settings.storage)
    asyncio.run(storage.open())
    journal = SlowDisk()
    world = World(storage, seed=3, spec=small_world(), orders=OrderRules(execution="live"), journal=journal)

    async def part(engine: Engine, link: Link) -> None:
        await world.clock.sleep(5)
        assert engine.kernel.desk.reconciled_ms is not None
        await world.clock.sleep(WRITE_S)
        journal.fails = fails
        await link.ask(Arm())
        await world.clock.sleep(WRITE_S / 3)
        await link.ask(Disarm())  # waits behind the arming, which is on its way to the disk as the engine ends

    world.play(part)
    rows = journal.durable_rows()
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert first_broken(rows) is None
    assert [row.kind for row in rows[-3:]] == ["Armed", "Disarmed", "Ended"]
