"""`kalshi-tui book`: one market's ladder, once over REST or live over the stream."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from kalshi_tui.cli.follow import Follower, Shown
from kalshi_tui.cli.ladder import COLUMNS, best, book_levels, ladder_rows, spread
from kalshi_tui.cli.loops import run_until_told
from kalshi_tui.cli.markets import find_market
from kalshi_tui.cli.output import make_table, print_json, print_table, print_words
from kalshi_tui.cli.wiring import Session, open_session
from kalshi_tui.core.book import Book
from kalshi_tui.core.markets import Market
from kalshi_tui.core.words import contracts, dollars
from kalshi_tui.protocol import rest

if TYPE_CHECKING:
    from rich.console import Group

POLLED = "read once over REST"
AROUND = 3  # lines for the heading, the column headings and the foot


@click.command(short_help="Show one market's order book, once or live")
@click.argument("ticker")
@click.option("--follow", is_flag=True, help="Keep showing it as it changes, until Ctrl-C.")
@click.option("--depth", type=click.IntRange(1, 100), default=10, show_default=True, help="Levels of each side.")
@click.option("--for", "seconds", type=click.FloatRange(min=0), help="With --follow: stop after so many seconds.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: one object, or with --follow one a line.")
@click.pass_context
def command(
    ctx: click.Context, /, *, ticker: str, follow: bool, depth: int, seconds: float | None, as_json: bool
) -> None:
    """Show the order book of TICKER on the YES axis: asks above, bids below."""
    if follow:
        run_until_told(watch(ctx, ticker, depth, seconds, as_json=as_json))
    else:
        asyncio.run(show(ctx, ticker, depth, as_json=as_json))


async def show(ctx: click.Context, ticker: str, depth: int, *, as_json: bool) -> None:
    """Print the book once."""
    async with open_session(ctx) as session:
        market = await find_market(session, ticker)
        image = await session.venue.ask(rest.book(ticker))
    book = Book(ticker)
    book.replace(image.bids, image.asks)
    if as_json:
        print_json({"ticker": ticker, "state": "polled", "reason": POLLED, **book_levels(book, depth)})
        return
    print_words(heading(market))
    print_table(COLUMNS, ladder_rows(book, depth))
    print_words(f"spread {spread(book)}, last {dollars(market.last_price)}; {POLLED}, --follow keeps it current")


async def watch(ctx: click.Context, ticker: str, depth: int, seconds: float | None, *, as_json: bool) -> None:
    """Show the book until Ctrl-C, or for some seconds."""
    async with open_session(ctx) as session:
        market = await find_market(session, ticker)
        follower = Follower(session, [ticker])
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                if as_json:
                    await follower.run(json_lines(follower, ticker, depth), every_s=0.05)
                elif sys.stdout.isatty():
                    await draw(session, follower, market, depth)
                else:
                    await follower.run(text_lines(session, follower, ticker), every_s=0.05)


def heading(market: Market) -> str:
    """Name a market as a person would."""
    answer = f" ({market.yes_title})" if market.title and market.yes_title else market.yes_title
    return f"{market.ticker}  {market.title}{answer}"


def json_lines(follower: Follower, ticker: str, depth: int) -> Callable[[], None]:
    """Return what prints a line of JSON whenever the book or its state has changed."""
    last: object = None

    def print_change() -> None:
        nonlocal last
        shown = follower.shown(ticker)
        state = {"ticker": ticker, "state": str(shown.state), "reason": shown.reason, "clock": shown.clock}
        now = {**state, **book_levels(shown.book, depth)}
        if now != last:
            last = now
            print_json(now)

    return print_change


def text_lines(session: Session, follower: Follower, ticker: str) -> Callable[[], None]:
    """Return what prints the best prices on a line whenever they or the state have changed."""
    last = ""

    def print_change() -> None:
        nonlocal last
        shown = follower.shown(ticker)
        reason = f"  ({shown.reason})" if shown.reason else ""
        now = f"{shown.state:<6} bid {best(shown.book, 'bid')}, ask {best(shown.book, 'ask')}{reason}"
        if now != last:
            last = now
            click.echo(f"{time_of_day(session)} {now}")

    return print_change


async def draw(session: Session, follower: Follower, market: Market, depth: int) -> None:
    """Redraw the ladder in a terminal five times a second."""
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.live import Live  # noqa: PLC0415 - as above

    with Live(console=Console(), auto_refresh=False, screen=True, vertical_overflow="crop") as live:
        await follower.run(lambda: live.update(picture(session, follower, market, depth), refresh=True), every_s=0.2)


def picture(session: Session, follower: Follower, market: Market, depth: int) -> Group:
    """Compose the market's name, its ladder and the foot."""
    from rich.console import Group  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    shown = follower.shown(market.ticker)
    rows = ladder_rows(shown.book, depth_in(shutil.get_terminal_size().lines, depth))
    head, foot = (
        Text(words, style=style, no_wrap=True, overflow="ellipsis")
        for words, style in ((heading(market), "bold"), (foot_line(session, follower, shown), "dim"))
    )
    return Group(head, make_table(COLUMNS, rows), foot)


def depth_in(lines: int, depth: int) -> int:
    """Return how many levels of each side fit: the foot must, because it says whether they can be believed."""
    return max(min(depth, (lines - AROUND) // 2), 1)


def foot_line(session: Session, follower: Follower, shown: Shown) -> str:
    """Say whether the book can be believed, how wide it is, and what traded last."""
    reason = f" ({shown.reason})" if shown.reason else ""
    trade = follower.trades.get(shown.book.ticker)
    last = "" if trade is None else f"   last {contracts(trade.size)} at {dollars(trade.price)}"
    return f"{shown.state.upper()}{reason}   spread {spread(shown.book)}{last}   {time_of_day(session)}   Ctrl-C stops"


def time_of_day(session: Session) -> str:
    """Write the venue's time of day."""
    return f"{datetime.fromtimestamp(session.venue.now_ms() / 1000, UTC):%H:%M:%S} UTC"
