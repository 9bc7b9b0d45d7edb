"""No limit is dead: each one, set to its tightest in the settings, denies an ordinary order of a whole engine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from kalshi_tui.adapters.sqlite_now import SqliteNow
from kalshi_tui.cli.drills.place import small_world
from kalshi_tui.config.load import load_settings
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.running import Engine
from kalshi_tui.link import trading as trade
from kalshi_tui.link.client import Link
from kalshi_tui.link.intents import Follow
from tests.engine.world import World
from tests.plugins.pictures import LIMITS, LOOSEST

# What a person writes for the least, and the code by which it denies.
TIGHTEST = {
    "order_contracts": ("1", "LIMIT_ORDER_CONTRACTS"),
    "market_contracts": ("1", "LIMIT_MARKET_CONTRACTS"),
    "order_risk_dollars": ('"0.01"', "LIMIT_ORDER_RISK"),
    "market_risk_dollars": ('"0.01"', "LIMIT_MARKET_RISK"),
    "event_risk_dollars": ('"0.01"', "LIMIT_EVENT_RISK"),
    "group_risk_dollars": ('"0.01"', "LIMIT_GROUP_RISK"),
    "total_risk_dollars": ('"0.01"', "LIMIT_TOTAL_RISK"),
    "trade_balance_percent": ("0.01", "LIMIT_TRADE_BALANCE"),
    "open_sets": ("1", "LIMIT_OPEN_SETS"),
    "orders_per_day": ("1", "LIMIT_ORDERS_PER_DAY"),
    "daily_loss_dollars": ('"0.01"', "LIMIT_DAILY_LOSS"),
    "first_week_contracts": ("1", "LIMIT_FIRST_WEEK"),
}


def denied(options: Mapping[str, int]) -> set[str]:
    """Return what stands against either of two orders: two contracts bought, then two more in another event."""
    storage = SqliteNow(("practice", "practice", "live"), load_settings(environ={}, folder=Path("/nowhere")).storage)
    asyncio.run(storage.open())
    rules = OrderRules(execution="live", is_real_money=True)
    here = World(storage, seed=3, spec=small_world(), orders=rules, limits=tuple(options.items()))
    found: set[str] = set()

    async def part(engine: Engine, terminal: Link) -> None:
        await here.clock.sleep(3)
        await terminal.ask(trade.Arm())
        for ticker in markets_of_two_events(here):
            await terminal.ask(Follow((ticker,)))
            await here.clock.sleep(1.5)
            price = Price(here.desk.exchange.markets[ticker].best_ask)
            staged = await terminal.ask(trade.Stage(trade.Draft(ticker, "bid", price, Size(200))))
            assert isinstance(staged, trade.Staged)
            found.update(check.code for check in staged.ticket.checks if not check.passed)
            if staged.ticket.may_fire:
                await terminal.ask(trade.Fire(staged.ticket.number, staged.ticket.token))
                await here.clock.sleep(1)
        assert engine.kernel.desk.ledger.fills or found, "the first order was filled, or denied"

    here.play(part)
    return found


def markets_of_two_events(here: World) -> list[str]:
    late_ms = here.clock.now_ms() + 600_000
    by_event: dict[str, str] = {}
    for ticker, market in here.desk.exchange.markets.items():
        is_calm = market.status == "active" and market.close_ms > late_ms and market.bids and market.asks
        if is_calm and market.best_bid > 2_000 and market.best_ask < 8_000:
            by_event.setdefault(market.event_ticker, ticker)
    return list(by_event.values())[:2]


def test_under_the_loosest_limits_both_orders_pass() -> None:
    assert denied(LOOSEST) == set()


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_that_is_set_to_its_tightest_denies_one_of_two_ordinary_orders(name: str, tmp_path: Path) -> None:
    text, code = TIGHTEST[name]
    file = tmp_path / "config.toml"
    file.write_text(f"[limits]\n{name} = {text}\n")
    settings = load_settings(environ={}, folder=tmp_path, config_file=file)
    assert denied({**LOOSEST, name: settings.limits.options()[name]}) == {code}
