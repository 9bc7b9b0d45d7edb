"""The command `exposure`: what can be lost in each market, event and series and in all, beside the limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final

import click
from msgspec import Struct

from kalshi_tui.cli.output import Column, print_json, print_table, print_words
from kalshi_tui.cli.trading_json import plain
from kalshi_tui.cli.trading_link import look, trade, until
from kalshi_tui.cli.trading_words import bar
from kalshi_tui.core.units import Money, Size
from kalshi_tui.core.words import contracts, money
from kalshi_tui.errors import TransportError
from kalshi_tui.link.client import Link
from kalshi_tui.link.keys import MarketKey, PositionsKey, TradingKey
from kalshi_tui.link.trading import LimitRow, PositionRow, PositionsView, TradingView
from kalshi_tui.link.views import MarketView

SERIES_S: Final = 2.0  # that a market's description gets to come
UNKNOWN: Final = "unknown"
COLUMNS: Final = (
    Column("of", keep_whole=True),
    Column("name"),
    Column("can be lost", is_number=True),
    Column("limit", is_number=True),
    Column("used", keep_whole=True),
)


class Place(Struct, frozen=True):
    """Somewhere that can lose money, and how much of it may be."""

    kind: str  # market, event, series, total
    name: str
    worst: Money
    limit: Money | None


@click.command("exposure", short_help="Show what can be lost, and how much of each limit is used")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, /, *, as_json: bool) -> None:
    """Show the worst that can come of positions and of what works: by market, event, series, and in all."""
    from kalshi_tui.cli.launching import launch_of  # noqa: PLC0415 - beside its only use

    settings = launch_of(ctx.obj or {}).settings.limits
    limits = {
        "market": settings.market_risk_dollars,
        "event": settings.event_risk_dollars,
        "series": settings.group_risk_dollars,
        "total": settings.total_risk_dollars,
    }

    async def work(link: Link) -> int:
        return await show(link, limits, as_json=as_json)

    ctx.exit(trade(ctx.obj or {}, "exposure", work, only_looks=True))


async def show(link: Link, limits: Mapping[str, Money], *, as_json: bool) -> int:
    """Print it."""
    view = await look(link, PositionsKey(), PositionsView)
    trading = await look(link, TradingKey(), TradingView)
    series = await series_of(link, [row.ticker for row in view.rows])
    places = places_of(view.rows, series, limits)
    if as_json:
        print_json({"places": [plain(place) for place in places], "limits": [plain(row) for row in trading.limits]})
        return 0
    print_table(COLUMNS, [*map(place_row, places), *map(limit_row, trading.limits)])
    if not any(place.worst for place in places):
        print_words("nothing can be lost: nothing is held and nothing works")
    return 0


async def series_of(link: Link, tickers: Sequence[str]) -> dict[str, str]:
    """Return the series of markets, as far as the engine knows them within a moment."""
    found = {}
    async with AsyncExitStack() as stack:
        for ticker in tickers:
            stack.callback(link.unwatch, link.watch(MarketKey(ticker)))  # all are asked for at once
        for ticker in tickers:
            try:
                view = await until(link, MarketKey(ticker), MarketView, lambda view: bool(view.series_ticker), SERIES_S)
            except TransportError:
                continue
            found[ticker] = view.series_ticker
    return found


def places_of(rows: Iterable[PositionRow], series: Mapping[str, str], limits: Mapping[str, Money]) -> list[Place]:
    """Return where money can be lost, the widest places last; markets are not set off against each other."""
    worst: dict[tuple[str, str], int] = {}
    for row in rows:
        names = (("market", row.ticker), ("event", row.event_ticker), ("series", series.get(row.ticker) or UNKNOWN))
        for place in (*names, ("total", "")):
            worst[place] = worst.get(place, 0) + row.worst
    worst.setdefault(("total", ""), 0)
    order = ("market", "event", "series", "total")
    found = [Place(kind, name, Money(lost), limits.get(kind)) for (kind, name), lost in worst.items()]
    return sorted(found, key=lambda place: (order.index(place.kind), -place.worst, place.name))


def place_row(place: Place) -> tuple[str, ...]:
    """Return a place as a table's row."""
    used = "" if place.limit is None else bar(place.worst, place.limit)
    return (place.kind, place.name, money(place.worst), money(place.limit), used)


def limit_row(row: LimitRow) -> tuple[str, ...]:
    """Return a limit of the account as a table's row."""
    return ("limit", row.name, _amount(row.used, row.unit), _amount(row.limit, row.unit), bar(row.used, row.limit))


def _amount(count: int, unit: str) -> str:
    if unit == "dollars":
        return money(Money(count))
    return f"{contracts(Size(count))} contracts" if unit == "contracts" else f"{count:,} {unit}"
