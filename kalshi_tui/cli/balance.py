"""The command `balance`: cash as we and the venue count it, what of it is free, and the day's result."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from kalshi_tui.cli.output import Column, print_json, print_table
from kalshi_tui.cli.trading_json import plain
from kalshi_tui.cli.trading_link import look, trade
from kalshi_tui.cli.trading_words import signed
from kalshi_tui.core.words import money
from kalshi_tui.link.client import Link
from kalshi_tui.link.keys import PositionsKey, TradingKey
from kalshi_tui.link.trading import PositionsView, TradingView

FIELDS = ("cash", "free", "by_shard", "told", "told_ms", "realised", "unrealised", "fees", "day")


@click.command("balance", short_help="Show cash, what of it is free, and the day's result")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, /, *, as_json: bool) -> None:
    """Show the balance: `free` is the cash that nothing working may need; the day began at midnight in New York."""

    async def work(link: Link) -> int:
        return await show(link, as_json=as_json)

    ctx.exit(trade(ctx.obj or {}, "balance", work, only_looks=True))


async def show(link: Link, *, as_json: bool) -> int:
    """Print it."""
    view = await look(link, PositionsKey(), PositionsView)
    trading = await look(link, TradingKey(), TradingView)
    if as_json:
        print_json(balance_json(view, trading))
    else:
        print_table((Column("what", keep_whole=True), Column("how much", is_number=True)), rows_of(view, trading))
    return 0


def balance_json(view: PositionsView, trading: TradingView) -> dict[str, Any]:
    """Return what is about cash."""
    shown = plain(view)
    return {**{name: shown[name] for name in FIELDS}, "day_limit": plain(trading)["day_limit"], "mode": trading.mode}


def rows_of(view: PositionsView, trading: TradingView) -> list[tuple[str, str]]:
    """Return what a person asks first, first."""
    told = "the venue says"
    if view.told_ms is not None:
        told += f", at {datetime.fromtimestamp(view.told_ms / 1000, UTC):%H:%M:%S} UTC"
    rows = [("cash", money(view.cash)), ("free", money(view.free)), (told, money(view.told))]
    if len(view.by_shard) > 1:
        rows += [(f"cash on shard {shard}", money(amount)) for shard, amount in view.by_shard]
    return [
        *rows,
        ("result today", signed(view.day)),
        ("loss limit today", money(trading.day_limit)),
        ("realised", signed(view.realised)),
        ("unrealised", signed(view.unrealised)),
        ("fees", money(view.fees)),
    ]
