"""The exchange-side fuse is in the order itself: a group that came after the ticket does not guard it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kalshi_tui.adapters.sqlite_now import SqliteNow
from kalshi_tui.cli.drills.place import small_world
from kalshi_tui.cli.drills.world import World
from kalshi_tui.config.load import load_settings
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.running import Engine
from kalshi_tui.engine.trading import entries
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link.client import Link
from kalshi_tui.link.intents import Follow
from kalshi_tui.link.trading import Arm, Draft, Fire, Stage, Staged


def test_a_ticket_whose_order_carries_no_group_stays_unfit_when_the_group_has_come() -> None:
    settings = load_settings(environ={}, folder=Path("/nonexistent"))
    storage = SqliteNow(("practice", "practice", "live"), settings.storage)
    asyncio.run(storage.open())
    world = World(storage, seed=3, spec=small_world(), orders=OrderRules(execution="live"))

    async def part(engine: Engine, link: Link) -> None:
        desk, clock = engine.kernel.desk, world.clock
        await clock.sleep(3)
        ticker = next(
            ticker
            for ticker, market in world.desk.exchange.markets.items()
            if market.status == "active" and market.best_bid and market.best_bid > 1_000
        )
        await link.ask(Follow((ticker,)))
        await clock.sleep(1)
        await link.ask(Arm())
        (group,) = desk.ledger.groups.values()
        desk.note(entries.GroupTold(desk.now_ms, group.exchange_index, group.group_id, "lost", None))
        draft = Draft(ticker, "bid", Price(world.desk.exchange.markets[ticker].best_bid - 200), Size(100))
        staged = await link.ask(Stage(draft))
        assert isinstance(staged, Staged)
        assert [check.code for check in staged.ticket.checks if not check.passed] == ["GROUP_MISSING"]
        assert "order_group_id" not in staged.ticket.bodies[0]
        await clock.sleep(3)
        assert desk.ledger.groups, "it was made anew"
        with pytest.raises(KalshiTuiError, match="GROUP_MISSING"):
            await link.ask(Fire(staged.ticket.number, staged.ticket.token))
        again = await link.ask(Stage(draft))
        assert isinstance(again, Staged)
        assert "order_group_id" in again.ticket.bodies[0]
        assert again.ticket.may_fire

    world.play(part)
