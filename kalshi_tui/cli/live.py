"""`kalshi-tui live`, and a bare `kalshi-tui`: moving markets as plain text, until the terminal itself is built."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, NoReturn

import click
from rich.cells import cell_len, set_cell_size

from kalshi_tui.cli.book import time_of_day
from kalshi_tui.cli.follow import Follower
from kalshi_tui.cli.loops import run_until_told
from kalshi_tui.cli.output import UNBOUNDED, print_words
from kalshi_tui.cli.wiring import Session, open_session
from kalshi_tui.core.book import BookState
from kalshi_tui.core.markets import Event, Market, MarketStatus
from kalshi_tui.core.units import PRICE_ONE, Price
from kalshi_tui.core.words import contracts, dollars
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.protocol import rest

if TYPE_CHECKING:
    from rich.console import Group

FEW = 40  # rows when the output is not a terminal
AROUND = 3  # lines for the head, the headings and the foot
HEAD_AND_FOOT = 2  # lines that no window is too low for: the foot says whether the rest can be believed
LOOK_AGAIN_S = 10.0  # for markets that have closed
PATIENCE_S = 10.0  # for the first picture when it is printed once
HEADINGS = ("  market", "answer", "bid size", "bid", "ask", "ask size", "last", "book")
IS_NUMBER = (False, False, True, True, True, True, True, False)
LEAST_NEEDED = (1, 2, 5, 6)  # what a narrow terminal does without, in this order: the ticker says the answer too
TICKER, STATE = 0, 7
LEAST_TICKER = 12  # cells: its end tells the markets of one event apart
STATE_ROOM = 6  # cells: a longer reason is cut, so that columns do not come and go with it


@dataclass(frozen=True, slots=True)
class Listed:
    """A market under its event's title."""

    title: str
    market: Market


@click.command(short_help="Show moving markets, as plain text")
@click.option("--series", metavar="TICKER", default="", help="Only this series.")
@click.option("--for", "seconds", type=click.FloatRange(min=0), help="Stop after so many seconds.")
@click.pass_context
def command(ctx: click.Context, /, *, series: str, seconds: float | None) -> None:
    """Show the best prices of the most open markets as they move, until Ctrl-C.

    Where the output is not a terminal: one picture as soon as every book is live, and the end.
    """
    run_until_told(run(ctx, series, seconds))


async def run(ctx: click.Context, series: str, seconds: float | None) -> None:
    """Choose markets that fit the screen and follow them."""
    is_terminal = sys.stdout.isatty()
    async with open_session(ctx) as session:
        room = max(shutil.get_terminal_size().lines - AROUND, 4) if is_terminal else FEW
        listed = choose(await read_events(session, series), room)
        if not listed:
            print_words("no open market" + (f" in series {series}; `kalshi-tui markets` lists them" if series else ""))
            return
        follower = Follower(session, [row.market.ticker for row in listed])
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                if is_terminal:
                    await draw(Board(session, follower, series, room, listed))
                else:
                    await follower.run(picture_once(session, follower, listed), every_s=0.05)


def picture_once(session: Session, follower: Follower, listed: Sequence[Listed]) -> Callable[[], bool]:
    """Return what waits until every book is live, or for some seconds at most, prints the lines and ends it."""
    deadline = session.clock.monotonic() + PATIENCE_S

    def print_when_live() -> bool:
        if not follower.are_live() and session.clock.monotonic() < deadline:
            return True
        click.echo("\n".join(table_lines(follower, listed)))
        print_words(foot_line(follower))
        return False

    return print_when_live


async def read_events(session: Session, series: str) -> list[Event]:
    """Read the open events with their markets."""
    request = rest.events(status="open", series_ticker=series, nested=True)
    return [event async for event in session.venue.every(request, 1000)]


def choose(events: Sequence[Event], room: int) -> list[Listed]:
    """Choose the markets whose outcome is most open, as many as fit, each event under its own title."""
    quoted = [
        Listed(str(event.title), market)
        for event in events
        for market in event.markets
        if market.yes_bid is not None and market.yes_ask is not None
    ]
    chosen: set[str] = set()
    for row in sorted(quoted, key=lambda row: how_settled(row.market)):
        titles = {other.title for other in quoted if other.market.ticker in chosen} | {row.title}
        if len(chosen) + 1 + len(titles) <= room:
            chosen.add(row.market.ticker)
    return [row for row in quoted if row.market.ticker in chosen]


def how_settled(market: Market) -> int:
    """Return how far a market's middle lies from even odds."""
    return abs((market.yes_bid or 0) + (market.yes_ask or 0) - PRICE_ONE)


def table_lines(follower: Follower, listed: Sequence[Listed], room: int = UNBOUNDED) -> list[str]:
    """Return aligned lines: the headings, then each event's title above its markets; in a narrow room less of each."""
    rows = [HEADINGS, *(market_row(follower, row.market, room // 3) for row in listed)]
    widths = columns_in(room, [max(map(cell_len, cells)) for cells in zip(*rows, strict=True)])
    head, *markets = (aligned(row, widths) for row in rows)
    lines = [head]
    for title, group in groupby(zip(listed, markets, strict=True), key=lambda pair: pair[0].title):
        lines += [title, *(line for _, line in group)]
    return lines


def columns_in(room: int, widths: Sequence[int]) -> dict[int, int]:
    """Return the columns that a line of `room` cells has place for, with their widths; best prices and state stay."""
    kept = {**dict(enumerate(widths)), STATE: min(widths[STATE], STATE_ROOM)}
    for number in LEAST_NEEDED:
        if line_width(kept) > room:
            del kept[number]
    kept[TICKER] -= min(max(line_width(kept) - room, 0), max(kept[TICKER] - LEAST_TICKER, 0))
    return kept | {STATE: widths[STATE]}


def line_width(widths: Mapping[int, int]) -> int:
    """Return how many cells a line of these columns takes."""
    return sum(widths.values()) + 2 * (len(widths) - 1)


def lines_in(room: int, lines: Sequence[str]) -> list[str]:
    """Return as many lines as there is place for, and say what a window that was made lower hides."""
    if len(lines) <= room:
        return list(lines)
    shown = max(room - 1, 0)
    return [*lines[:shown], f"  {len(lines) - shown} more lines in a taller window"]


def aligned(cells: Sequence[str], widths: Mapping[int, int]) -> str:
    """Pad the cells that are kept to their columns' widths, numbers to the right."""
    padded = []
    for number, width in widths.items():
        cell = cells[number]
        if cell_len(cell) > width:  # a ticker, which is ASCII
            cell = "  …" + cell[3 - width :]
        space = " " * (width - cell_len(cell))
        padded.append(space + cell if IS_NUMBER[number] else cell + space)
    return "  ".join(padded).rstrip()


def market_row(follower: Follower, market: Market, answer_room: int) -> tuple[str, ...]:
    """Return one market's row; a book that is not live shows its state instead of looking sound."""
    shown = follower.shown(market.ticker)
    book, trade = shown.book, follower.trades.get(market.ticker)
    bid_size = "" if book.best_bid is None else contracts(book.size_at("bid", book.best_bid))
    ask_size = "" if book.best_ask is None else contracts(book.size_at("ask", book.best_ask))
    last = market.last_price if trade is None else trade.price
    state = "live" if shown.state is BookState.LIVE else f"{shown.state}: {shown.reason}"
    return (
        f"  {market.ticker}",
        shortened(market.yes_title, answer_room),
        bid_size,
        dollars(book.best_bid),
        dollars(book.best_ask),
        ask_size,
        dollars(last) + ("" if trade is None else arrow(trade.price, market.last_price)),
        state,
    )


def shortened(text: str, room: int) -> str:
    """Cut a text to `room` cells, visibly."""
    return text if cell_len(text) <= room else set_cell_size(text, room - 1).rstrip() + "…"


def arrow(now: Price, before: Price | None) -> str:
    """Mark whether a trade was above or below the price before it."""
    return "" if before is None or now == before else " ▲" if now > before else " ▼"


@dataclass(slots=True)
class Board:
    """The markets on the screen, which are chosen anew when one of them has closed."""

    session: Session
    follower: Follower
    series: str
    room: int
    listed: list[Listed]

    async def keep_current(self) -> NoReturn:
        """Look now and then which markets are open."""
        while True:
            await self.session.clock.sleep(LOOK_AGAIN_S)
            with suppress(KalshiTuiError):  # the stream's own state tells that the venue is away
                self.replace_closed(await read_events(self.session, self.series))

    def replace_closed(self, events: Sequence[Event]) -> None:
        """Choose anew if a market on the screen is open no more; otherwise leave the rows where the eye knows them."""
        now_ms = self.session.venue.now_ms()
        is_open = {
            market.ticker: market.status_at(now_ms) is MarketStatus.ACTIVE
            for event in events
            for market in event.markets
        }
        if not all(is_open.get(row.market.ticker) for row in self.listed) and (listed := choose(events, self.room)):
            self.listed = listed
            self.follower.follow([row.market.ticker for row in listed])


async def draw(board: Board) -> None:
    """Redraw in a terminal five times a second."""
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.live import Live  # noqa: PLC0415 - as above

    looking = asyncio.ensure_future(board.keep_current())
    try:
        with Live(console=Console(), auto_refresh=False, screen=True, vertical_overflow="crop") as live:
            await board.follower.run(
                lambda: live.update(picture(board.session, board.follower, board.listed), refresh=True), every_s=0.2
            )
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


def picture(session: Session, follower: Follower, listed: Sequence[Listed]) -> Group:
    """Compose the head, the lines and the foot; foreign text is only text."""
    from rich.console import Group  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    columns, rows = shutil.get_terminal_size()
    head = f"kalshi-tui   {session.address.words}   {time_of_day(session)}"
    lines = lines_in(rows - HEAD_AND_FOOT, table_lines(follower, listed, columns))
    body = Text("\n".join(lines), no_wrap=True, overflow="ellipsis")
    body.highlight_regex(r"(?m)^\S.*$", "bold")
    body.highlight_regex(r"▲", "green")
    body.highlight_regex(r"▼|(stale|resync|dead): .*", "red")
    foot = Text(f"{foot_line(follower)}   Ctrl-C stops", style="dim", no_wrap=True, overflow="ellipsis")
    return Group(Text(head, style="reverse", no_wrap=True), body, foot)


def foot_line(follower: Follower) -> str:
    """Say how the stream is doing."""
    live = sum(tracked.state is BookState.LIVE for tracked in follower.stream.books.values())
    return (
        f"{follower.status.state}: {follower.status.reason}   {live} of {len(follower.tickers)} books live   "
        f"{follower.messages:,} messages   {follower.stream.counters.gaps} gaps"
    )
