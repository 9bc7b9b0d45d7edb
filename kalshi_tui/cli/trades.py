"""`kalshi-tui trades`: what has been matched lately."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import click

from kalshi_tui.cli.markets import find_market
from kalshi_tui.cli.output import Column, print_json, print_table, print_words
from kalshi_tui.cli.wiring import open_session
from kalshi_tui.core.units import format_price, format_size
from kalshi_tui.core.words import contracts, dollars
from kalshi_tui.protocol import rest

COLUMNS = (
    Column("time (UTC)", keep_whole=True),
    Column("market", keep_whole=True),
    Column("taker"),
    Column("yes price", is_number=True),
    Column("size", is_number=True),
)


@click.command(short_help="List the latest trades")
@click.argument("ticker", default="")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_context
def command(ctx: click.Context, /, ticker: str, limit: int, *, as_json: bool) -> None:
    """List the latest trades of TICKER, or of all markets, newest first."""
    found = asyncio.run(fetch(ctx, ticker, limit))
    if as_json:
        print_json([trade_json(trade) for trade in found])
    else:
        print_table(COLUMNS, map(trade_row, found))
    if not found:
        print_words("no trades yet" + (f" in {ticker}; `kalshi-tui markets` lists what is traded" if ticker else ""))


async def fetch(ctx: click.Context, ticker: str, limit: int) -> list[rest.Trade]:
    """Read pages of trades until there are `limit`."""
    async with open_session(ctx) as session:
        if ticker:
            await find_market(session, ticker)  # an unknown ticker is an error, not an empty list
        request = rest.trades(ticker=ticker, limit=min(limit, 1000))
        return [trade async for trade in session.venue.every(request, limit)]


def trade_row(trade: rest.Trade) -> tuple[str, ...]:
    """Return one trade as a table's row."""
    moment = datetime.fromtimestamp(trade.created_ms / 1000, UTC)
    side = "buys yes" if trade.taker_side == "bid" else "sells yes"
    return (f"{moment:%m-%d %H:%M:%S}", trade.ticker, side, dollars(trade.price), contracts(trade.size))


def trade_json(trade: rest.Trade) -> dict[str, object]:
    """Return one trade as programs read it."""
    return {
        "trade_id": trade.trade_id,
        "ticker": trade.ticker,
        "created_ms": trade.created_ms,
        "taker_side": trade.taker_side,
        "yes_price": format_price(trade.price),
        "size": format_size(trade.size),
    }
