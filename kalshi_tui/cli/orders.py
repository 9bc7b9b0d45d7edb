"""The command `orders`: what works, and on request what is over."""

from __future__ import annotations

from typing import Final

import click

from kalshi_tui.cli.output import Column, print_json, print_table, print_words
from kalshi_tui.cli.trading_json import plain
from kalshi_tui.cli.trading_link import look, trade
from kalshi_tui.cli.trading_words import order_row
from kalshi_tui.link.client import Link
from kalshi_tui.link.keys import OrdersKey, TradingKey
from kalshi_tui.link.trading import OrdersView, TradingView

COUNT: Final = 1_000
COLUMNS: Final = (
    Column("order", is_number=True),
    Column("market", keep_whole=True),
    Column("state", keep_whole=True),
    Column("side", keep_whole=True),
    Column("size", is_number=True),
    Column("filled", is_number=True),
    Column("limit", is_number=True),
    Column("average", is_number=True),
    Column("stays"),
    Column("age", is_number=True),
    Column("origin"),
    Column("reason"),
)


@click.command("orders", short_help="List orders, those that work first")
@click.argument("ticker", required=False, default="")
@click.option("--all", "shows_all", is_flag=True, help="Those that are over, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, /, *, ticker: str, shows_all: bool, as_json: bool) -> None:
    """List the account's orders, of one market or of all, the newest first.

    Prices stand on the YES axis. `…` waits for the venue's word; UNKNOWN has no answer yet and counts in full.
    """

    async def work(link: Link) -> int:
        return await show(link, ticker, shows_all=shows_all, as_json=as_json)

    ctx.exit(trade(ctx.obj or {}, "orders", work, only_looks=True))


async def show(link: Link, ticker: str, *, shows_all: bool, as_json: bool) -> int:
    """Print them."""
    view = await look(link, OrdersKey(ticker, only_working=not shows_all, count=COUNT), OrdersView)
    now_ms = (await look(link, TradingKey(), TradingView)).now_ms
    if as_json:
        print_json(plain(view))
        return 0
    print_table(COLUMNS, [order_row(row, now_ms) for row in view.rows])
    unknown = f", {view.unknown} of them UNKNOWN" if view.unknown else ""
    print_words(f"{view.working} work{unknown}" + ("" if shows_all else "; --all lists those that are over, too"))
    if len(view.rows) == COUNT:
        print_words(f"the first {COUNT:,}; `kalshi-tui journal show` has all")
    return 0
