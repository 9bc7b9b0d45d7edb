"""`kalshi-tui markets`: what is listed, with its quotes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import click

from kalshi_tui.cli.output import Column, print_json, print_table, print_words
from kalshi_tui.cli.wiring import Session, open_session
from kalshi_tui.core.markets import Market
from kalshi_tui.core.units import format_price, format_size
from kalshi_tui.core.words import contracts, dollars
from kalshi_tui.errors import NotFound
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.rest.catalogue import MarketFilter

STATUSES: Final[dict[str, MarketFilter | None]] = {
    "unopened": "unopened",
    "open": "open",
    "paused": "paused",
    "closed": "closed",
    "settled": "settled",
    "any": None,
}
COLUMNS = (
    Column("market", keep_whole=True),
    Column("answer"),
    Column("bid", is_number=True),
    Column("ask", is_number=True),
    Column("last", is_number=True),
    Column("volume", is_number=True),
    Column("status"),
)


@click.command(short_help="List markets")
@click.option("--series", metavar="TICKER", default="", help="Only this series.")
@click.option("--event", metavar="TICKER", default="", help="Only this event.")
@click.option(
    "--status",
    type=click.Choice(list(STATUSES)),
    default="open",
    show_default=True,
    help="Only those in this state.",
)
@click.option("--search", metavar="WORDS", default="", help="Only markets whose ticker or titles hold these words.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_context
def command(ctx: click.Context, /, *, status: str, limit: int, as_json: bool, **filters: str) -> None:
    """List markets with their best prices, in dollars a contract."""
    found, unread = asyncio.run(fetch(ctx, Wish(STATUSES[status], limit, **filters)))
    for reason in unread:
        print_words(f"warning: {reason}")
    if as_json:
        print_json([market_json(market) for market in found])
    else:
        print_table(COLUMNS, map(market_row, found))
    if not found:
        print_words("no market matches; try --status any, or without --series, --event and --search")
        if any(name != name.upper() for name in (filters["series"], filters["event"])):
            print_words("tickers are written in capitals")
    elif len(found) == limit:
        print_words(f"the first {limit}; --limit shows more")


@dataclass(frozen=True, slots=True)
class Wish:
    """Which markets are asked for."""

    status: MarketFilter | None
    limit: int
    series: str
    event: str
    search: str

    def matches(self, market: Market) -> bool:
        """Tell whether a market's ticker and titles hold all the words that are searched for."""
        text = f"{market.ticker} {market.title} {market.yes_title}".lower()
        return all(word in text for word in self.search.lower().split())


async def fetch(ctx: click.Context, wish: Wish) -> tuple[list[Market], list[str]]:
    """Read pages of markets until enough of them match."""
    page_size = 1000 if wish.search else min(1000, wish.limit)
    request = rest.markets(
        status=wish.status, series_ticker=wish.series, event_ticker=wish.event, combos="exclude", limit=page_size
    )
    found: list[Market] = []
    async with open_session(ctx) as session:
        async for market in session.venue.every(request, 1_000_000):
            if wish.matches(market):
                found.append(market)
            if len(found) == wish.limit:
                break
        return found, list(session.venue.unread)


async def find_market(session: Session, ticker: str) -> Market:
    """Ask for one market; one that the venue does not know is named, with where to look."""
    try:
        return await session.venue.ask(rest.market(ticker))
    except NotFound as problem:
        capitals = "" if ticker == ticker.upper() else f"tickers are written in capitals: {ticker.upper()}; "
        raise NotFound(
            f"the venue has no market {ticker}",
            status=problem.status,
            code=problem.code,
            details=problem.details,
            hint=f"{capitals}`kalshi-tui markets` lists them, with --status any also those that are over",
        ) from None


def market_row(market: Market) -> tuple[str, ...]:
    """Return one market as a table's row."""
    return (
        market.ticker,
        market.yes_title or market.title,
        dollars(market.yes_bid),
        dollars(market.yes_ask),
        dollars(market.last_price),
        contracts(market.volume),
        str(market.status),
    )


def market_json(market: Market) -> dict[str, object]:
    """Return one market as programs read it; a missing quote is null, never 0 or 1."""
    prices = {"yes_bid": market.yes_bid, "yes_ask": market.yes_ask, "last_price": market.last_price}
    return {
        "ticker": market.ticker,
        "event_ticker": market.event_ticker,
        "title": str(market.title),
        "yes_title": str(market.yes_title),
        "status": str(market.status),
        **{name: None if price is None else format_price(price) for name, price in prices.items()},
        "yes_bid_size": format_size(market.yes_bid_size),
        "yes_ask_size": format_size(market.yes_ask_size),
        "volume": format_size(market.volume),
        "open_interest": format_size(market.open_interest),
        "open_ms": market.open_ms,
        "close_ms": market.close_ms,
    }
