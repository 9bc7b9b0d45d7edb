"""The command `fills`: the matches of the account's orders."""

from __future__ import annotations

from typing import Final

import click

from kalshi_tui.cli.output import Column, print_json, print_table, print_words
from kalshi_tui.cli.trading_json import plain
from kalshi_tui.cli.trading_link import look, trade
from kalshi_tui.cli.trading_words import fill_row
from kalshi_tui.link.client import Link
from kalshi_tui.link.keys import FillsKey
from kalshi_tui.link.trading import FillsView

COLUMNS: Final = (
    Column("time (UTC)", keep_whole=True),
    Column("market", keep_whole=True),
    Column("side", keep_whole=True),
    Column("size", is_number=True),
    Column("price", is_number=True),
    Column("fee", is_number=True),
    Column("expected fee", is_number=True),
    Column("as"),
    Column("order", is_number=True),
)


@click.command("fills", short_help="List fills, the newest first")
@click.argument("ticker", required=False, default="")
@click.option("--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, /, *, ticker: str, limit: int, as_json: bool) -> None:
    """List fills of one market or of all: price on the YES axis, the fee charged and the fee that was expected."""

    async def work(link: Link) -> int:
        return await show(link, ticker, limit, as_json=as_json)

    ctx.exit(trade(ctx.obj or {}, "fills", work, only_looks=True))


async def show(link: Link, ticker: str, limit: int, *, as_json: bool) -> int:
    """Print them."""
    view = await look(link, FillsKey(ticker, limit), FillsView)
    if as_json:
        print_json(plain(view))
        return 0
    print_table(COLUMNS, map(fill_row, view.rows))
    print_words(f"{len(view.rows):,} of {view.total:,} fills" if view.total else "no fills yet")
    return 0
