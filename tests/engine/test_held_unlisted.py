"""What is held is shown before its market is known: a start with a position must not wait for the list of markets."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kalshi_tui.adapters.sqlite_now import SqliteNow
from kalshi_tui.cli.drills.world import World
from kalshi_tui.config.load import load_settings
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.catalogue import Catalogue
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.running import Engine
from kalshi_tui.link.client import Link
from kalshi_tui.link.intents import Follow
from kalshi_tui.link.trading import Arm, Draft, Fire, Stage, Staged


def test_a_position_in_a_market_that_is_not_known_yet_is_shown_without_outcomes() -> None:
    settings = load_settings(environ={}, folder=Path("/nonexistent"))
    storage = SqliteNow(("practice", "practice", "live"), settings.storage)
    asyncio.run(storage.open())
    world = World(storage, orders=OrderRules(execution="live"))
    exchange = world.desk.exchange
    ticker = next(t for t, market in exchange.markets.items() if 2_000 < (market.best_ask or 0) < 8_000)

    async def part(engine: Engine, link: Link) -> None:
        desk = engine.kernel.desk
        await world.clock.sleep(3)
        await link.ask(Follow((ticker,)))
        await world.clock.sleep(1)
        await link.ask(Arm())
        best = exchange.markets[ticker].best_ask
        assert best is not None
        staged = await link.ask(Stage(Draft(ticker, "bid", Price(best), Size(100))))
        assert isinstance(staged, Staged)
        await link.ask(Fire(staged.ticket.number, staged.ticket.token))
        await world.clock.sleep(1)
        (known,) = desk.showing.positions().events
        assert known.outcomes
        engine.kernel.catalogue = Catalogue()  # as it is when an engine has just begun
        (event,) = desk.showing.positions().events
        assert (event.outcomes, event.is_whole) == ((), False)
        assert desk.showing.positions().worst == desk.risk.worst(ticker) > Money(0)

    world.play(part)
