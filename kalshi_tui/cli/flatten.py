"""The command `flatten`: closes positions by orders that take at once and only ever reduce."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import click

from kalshi_tui.cli.asking import AtTerminal
from kalshi_tui.cli.dealing import deal
from kalshi_tui.cli.fate import Ended, tell
from kalshi_tui.cli.launching import launch_of
from kalshi_tui.cli.output import print_words
from kalshi_tui.cli.tickets import Manner, Wish, book_of
from kalshi_tui.cli.trading_link import Refused, look, trade
from kalshi_tui.cli.trading_words import held_words
from kalshi_tui.core.book import Level
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Price, Size, format_price
from kalshi_tui.core.words import contracts, dollars
from kalshi_tui.errors import LocalProtocolError, ValueRefused
from kalshi_tui.link.client import Link
from kalshi_tui.link.keys import PositionsKey
from kalshi_tui.link.trading import Draft, PositionRow, PositionsView
from kalshi_tui.link.views import LadderView

CENT: Final = 100


@click.command("flatten", short_help="Close positions at what the book gives now")
@click.argument("ticker", required=False, default="")
@click.option("--all", "everything", is_flag=True, help="Every position.")
@click.option("--bodies", is_flag=True, help="Show exactly what is sent.")
@click.option("--yes", is_flag=True, help="Fire without asking; never where money is real.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, /, *, ticker: str, everything: bool, bodies: bool, yes: bool, as_json: bool) -> None:
    """Close what is held of TICKER, or of everything with --all, by reduce-only orders that take at once (IOC).

    The limit is the price that closes all of it, not farther from the best one than orders.collar_cents; what the book
    does not give within that stays. It works while trading is disarmed or halted, and after a kill.
    """
    if bool(ticker) == everything:
        raise LocalProtocolError("what is to be closed?", hint="name a market, or --all")
    collar = Price(launch_of(ctx.obj or {}).settings.orders.collar_cents * CENT)
    manner = Manner(person=AtTerminal(), yes=yes, bodies=bodies)

    async def work(link: Link) -> int:
        return tell(await flattened(link, ticker, collar, manner), as_json=as_json)

    ctx.exit(trade(ctx.obj or {}, "flatten", work, only_looks=True))


async def flattened(link: Link, ticker: str, collar: Price, manner: Manner) -> list[Ended]:
    """Close one position, or all of them where no market is named."""
    view = await look(link, PositionsKey(), PositionsView)
    held = [row for row in view.rows if row.size and not row.settled and ticker in ("", row.ticker)]
    if not held and ticker:
        raise Refused(ValueRefused(f"nothing is held of {ticker}", hint="`kalshi-tui positions` shows what is"))
    if not held:
        print_words("nothing is held")
        return []
    wishes, empty = [], []
    for row in held:
        draft = draft_of(row, await book_of(link, row.ticker), collar)
        if draft is None:
            empty.append(Ended(None, None, f"{row.ticker}: not fired: nobody takes {held_words(row.size)}", 1))
        else:
            wishes.append(Wish(draft, format_price(draft.price)))
    return [*empty, *(await deal(link, wishes, manner) if wishes else [])]


def draft_of(row: PositionRow, book: LadderView, collar: Price) -> Draft | None:
    """Return what closes a position, or None where the book has nobody to take it."""
    side: Side = "ask" if row.size > 0 else "bid"
    size = Size(abs(row.size))
    price, given = limit_of(book.bids if side == "ask" else book.asks, size, collar)
    if price is None:
        return None
    if given < size:
        print_words(f"{row.ticker}: the book gives {contracts(given)} of {contracts(size)} down to {dollars(price)}")
    return Draft(row.ticker, side, price, size, kind="flatten", time_in_force="immediate_or_cancel", reduce_only=True)


def limit_of(levels: Sequence[Level], size: Size, collar: Price) -> tuple[Price | None, Size]:
    """Return the price up to which levels, the best first, give a size within the collar, and what they give there."""
    limit, given = None, 0
    for price, rests in levels:
        if given >= size or abs(price - levels[0][0]) > collar:
            break
        limit, given = price, given + rests
    return limit, Size(min(given, size))
