"""The command `positions`: what is held, what it would bring now, and what each outcome comes to."""

from __future__ import annotations

from typing import Final

import click

from kalshi_tui.cli.output import Column, print_json, print_table, print_words
from kalshi_tui.cli.trading_json import plain
from kalshi_tui.cli.trading_link import look, trade
from kalshi_tui.cli.trading_words import position_row, signed
from kalshi_tui.core.words import money
from kalshi_tui.link.client import Link
from kalshi_tui.link.keys import PositionsKey
from kalshi_tui.link.trading import PositionsView

COLUMNS: Final = (
    Column("market", keep_whole=True),
    Column("held", keep_whole=True),
    Column("average", is_number=True),
    Column("cost", is_number=True),
    Column("if yes", is_number=True),
    Column("if no", is_number=True),
    Column("exit value", is_number=True),
    Column("unrealised", is_number=True),
    Column("realised", is_number=True),
    Column("fees", is_number=True),
    Column("worst", is_number=True),
    Column("works"),
)
EVENT_COLUMNS: Final = (
    Column("event", keep_whole=True),
    Column("if it ends so"),
    Column("result", is_number=True),
)


@click.command("positions", short_help="Show what is held and what each outcome comes to")
@click.option("--events", "shows_events", is_flag=True, help="Each event's outcomes, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, /, *, shows_events: bool, as_json: bool) -> None:
    """Show positions, from fills alone.

    `if yes` and `if no` count from the beginning with fees; `exit value` is what selling all of it now would bring,
    fees paid, and `-` where the book is not believed; `worst` is what can be lost if what works fills the worst way.
    """

    async def work(link: Link) -> int:
        return await show(link, shows_events=shows_events, as_json=as_json)

    ctx.exit(trade(ctx.obj or {}, "positions", work, only_looks=True))


async def show(link: Link, *, shows_events: bool, as_json: bool) -> int:
    """Print them."""
    view = await look(link, PositionsKey(), PositionsView)
    if as_json:
        print_json(plain(view))
        return 0
    print_table(COLUMNS, [*map(position_row, view.rows), totals(view)] if view.rows else [])
    if shows_events:
        print_table(EVENT_COLUMNS, event_rows(view))
    if not view.rows:
        print_words("nothing is held and nothing works")
    return 0


def totals(view: PositionsView) -> tuple[str, ...]:
    """Return the last row."""
    sums = (signed(view.unrealised), signed(view.realised), money(view.fees), money(view.worst))
    return ("total", "", "", "", "", "", "", *sums, "")


def event_rows(view: PositionsView) -> list[tuple[str, str, str]]:
    """Return each event's outcomes, the worst first; an event whose other outcomes are not known says so."""
    rows = []
    for event in view.events:
        rows += [(event.event_ticker, outcome.words, signed(outcome.result)) for outcome in event.outcomes]
        if not event.is_whole:
            rows.append((event.event_ticker, "(more outcomes are possible)", ""))
    return rows
