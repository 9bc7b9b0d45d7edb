"""When our books are compared with the venue's: soon after what changes them, and never forgotten; a refused key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from kalshi_tui.adapters.sqlite_now import SqliteNow
from kalshi_tui.cli.drills.place import small_world
from kalshi_tui.config.load import load_settings
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.running import Engine
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link import trading as link
from kalshi_tui.link.client import Link
from kalshi_tui.link.intents import Follow
from tests.engine.world import World

POSITIONS = "GET /trade-api/v2/portfolio/positions"


def world() -> World:
    storage = SqliteNow(
        ("practice", "practice", "observe"), load_settings(environ={}, folder=Path("/nonexistent")).storage
    )
    asyncio.run(storage.open())
    return World(storage, seed=3, spec=small_world(), orders=OrderRules(execution="live", reset_phrase="lift"))


def played(here: World, part: Callable[[Engine, Link], Awaitable[None]]) -> None:
    here.play(part)


def a_market(here: World) -> str:
    markets = here.desk.exchange.markets.items()
    late_ms = here.clock.now_ms() + 600_000
    return next(t for t, m in markets if m.status == "active" and m.asks and m.bids and m.close_ms > late_ms)


async def buy(here: World, terminal: Link, ticker: str, *, rests: bool = False) -> int:
    await terminal.ask(Follow((ticker,)))
    await here.clock.sleep(1)
    market = here.desk.exchange.markets[ticker]
    price = Price(market.best_bid - 100 if rests else market.best_ask)
    staged = await terminal.ask(link.Stage(link.Draft(ticker, "bid", price, Size(100))))
    assert isinstance(staged, link.Staged)
    fired = await terminal.ask(link.Fire(staged.ticket.number, staged.ticket.token))
    assert isinstance(fired, link.Fired)
    return fired.orders[0]


def test_a_comparison_that_is_asked_for_while_one_is_under_way_follows_it() -> None:
    here = world()

    async def part(_: Engine, terminal: Link) -> None:
        await here.clock.sleep(4)
        before = here.wire.asked[POSITIONS]
        await terminal.ask(link.Reconcile())
        while here.wire.asked[POSITIONS] == before:
            await here.clock.sleep(0.001)
        await terminal.ask(link.Reconcile())
        await here.clock.sleep(3)
        assert here.wire.asked[POSITIONS] == before + 2

    played(here, part)


def test_a_comparison_is_due_soon_after_a_market_in_which_something_is_held_has_paid() -> None:
    here = world()

    async def part(engine: Engine, terminal: Link) -> None:
        await here.clock.sleep(3)
        await terminal.ask(link.Arm())
        ticker = a_market(here)
        await buy(here, terminal, ticker)
        await here.clock.sleep(10)
        here.desk.exchange.determine(ticker, "yes")
        here.desk.exchange.settle(ticker)
        await here.clock.sleep(4)
        assert engine.kernel.desk.ledger.settled[ticker].revenue == 1_000_000

    played(here, part)


def test_a_key_that_is_refused_stops_everything_that_adds_risk_until_the_venue_takes_it_again() -> None:
    here = world()

    async def part(engine: Engine, terminal: Link) -> None:
        await here.clock.sleep(3)
        await terminal.ask(link.Arm())
        ticker, keys = a_market(here), here.desk.exchange.keys
        taken = dict(keys)
        keys.clear()
        await buy(here, terminal, ticker)
        await here.clock.sleep(0.5)
        assert engine.kernel.desk.kills.state()[0] == "halted"
        with pytest.raises(KalshiTuiError, match=r"HALTED|not armed"):
            await buy(here, terminal, ticker, rests=True)
        with pytest.raises(KalshiTuiError, match="key"):
            await terminal.ask(link.Arm())
        keys.update(taken)
        await here.clock.sleep(20)
        assert engine.kernel.desk.kills.state()[0] == "disarmed"
        await terminal.ask(link.Arm())
        await buy(here, terminal, ticker)

    played(here, part)


def test_a_key_that_is_refused_when_the_books_are_compared_says_so_too() -> None:
    here = world()

    async def part(engine: Engine, terminal: Link) -> None:
        await here.clock.sleep(3)
        await terminal.ask(link.Arm())
        here.desk.exchange.keys.clear()
        await here.clock.sleep(20)
        assert engine.kernel.desk.kills.state()[0] == "halted"

    played(here, part)


def test_a_balance_that_came_too_soon_after_a_fill_is_looked_at_again_soon() -> None:
    here = world()

    async def part(engine: Engine, terminal: Link) -> None:
        await here.clock.sleep(3)
        await terminal.ask(link.Arm())
        await buy(here, terminal, a_market(here))
        await here.clock.sleep(1)
        here.desk.exchange.accounts[here.desk.user_id].cash[0, 0] -= 100_000_000
        await terminal.ask(link.Reconcile())
        await here.clock.sleep(40)
        assert engine.kernel.desk.ledger.moved_today == -100_000_000

    played(here, part)


def test_a_group_that_a_kill_has_tripped_while_the_stream_was_away_takes_orders_again_after_the_next_arming() -> None:
    here = world()

    async def part(engine: Engine, terminal: Link) -> None:
        await here.clock.sleep(3)
        await terminal.ask(link.Arm())
        here.cut_streams()
        await terminal.ask(link.Kill())
        await here.clock.sleep(8)
        await terminal.ask(link.ResetKill("lift"))
        await terminal.ask(link.Arm())
        await here.clock.sleep(1)
        await here.clock.sleep(30)  # until the descriptions are read anew
        number = await buy(here, terminal, a_market(here))
        await here.clock.sleep(1)
        assert engine.kernel.desk.ledger.orders[number].state == "filled"

    played(here, part)


def test_a_group_that_has_tripped_unheard_is_known_by_the_refusal_of_an_order_and_reset_by_arming() -> None:
    here = world()

    async def part(engine: Engine, terminal: Link) -> None:
        await here.clock.sleep(3)
        await terminal.ask(link.Arm())
        for group in here.desk.exchange.groups.values():
            group.triggered = True
        refused = await buy(here, terminal, a_market(here))
        await here.clock.sleep(1)
        desk = engine.kernel.desk
        assert (desk.ledger.orders[refused].state, desk.kills.state()[0]) == ("rejected", "disarmed")
        await terminal.ask(link.Arm())
        await here.clock.sleep(1)
        taken = await buy(here, terminal, a_market(here))
        await here.clock.sleep(1)
        assert desk.ledger.orders[taken].state == "filled"

    played(here, part)


def test_nobody_arms_while_our_own_orders_are_not_told() -> None:
    here = world()

    async def part(_: Engine, terminal: Link) -> None:
        await here.clock.sleep(3)
        here.cut_streams()
        await here.clock.sleep(0.05)
        with pytest.raises(KalshiTuiError, match="our own orders are not told"):
            await terminal.ask(link.Arm())

    played(here, part)
