"""Tickets as commands make them: a draft is staged once the book is there, and what passes by itself gets a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kalshi_tui.cli.asking import Person
from kalshi_tui.cli.trading_link import Refused, asked, until
from kalshi_tui.cli.trading_words import failing
from kalshi_tui.core.book import BookState
from kalshi_tui.engine.trading.codes import Code
from kalshi_tui.errors import LocalProtocolError, ValueRefused
from kalshi_tui.link.client import Link
from kalshi_tui.link.keys import LadderKey, TicketKey
from kalshi_tui.link.trading import Draft, Drop, Stage, Staged, TicketView, TradingView
from kalshi_tui.link.views import LadderView

BOOK_S: Final = 5.0  # that a book gets to come
SETTLING_S: Final = 3.0  # that what passes by itself gets to pass
PASSING: Final = frozenset(
    {
        Code.BOOK_NOT_LIVE,
        Code.MARKET_UNKNOWN,
        Code.FEE_UNKNOWN,
        Code.GROUP_MISSING,
        Code.STREAM_SILENT,
        Code.PRIVATE_STREAM_AWAY,
        Code.EXCHANGE_UNKNOWN,
        Code.NOT_RECONCILED,
        Code.BALANCE_UNKNOWN,
        Code.DAY_UNKNOWN,
    }
)
"""What a moment may cure: books, descriptions and comparisons that are on their way."""
CURABLE: Final = frozenset({Code.NOT_ARMED, Code.TAIL_PRICE})
"""What the person cures by an answer."""
OVER: Final = frozenset({Code.TICKET_EXPIRED, Code.PRICE_MOVED, Code.SIZE_GONE, Code.MARKET_CHANGED})
"""What another ticket, read anew, cures."""
_NO_MARKET: Final = "no market of this name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a person wants it done."""

    person: Person
    yes: bool = False  # fire without asking
    bodies: bool = False  # show exactly what is sent
    typed: str = ""  # the price once more


@dataclass(frozen=True, slots=True)
class Wish:
    """A draft, and its price as the person wrote it."""

    draft: Draft
    price: str = ""


def codes(ticket: TicketView) -> frozenset[str]:
    """Return the codes of the checks that say no."""
    return frozenset(check.code for check in failing(ticket))


def check_manner(view: TradingView, manner: Manner) -> None:
    """Refuse to fire unseen where money is real, and to ask where nobody can answer."""
    if manner.yes and view.is_live:
        raise LocalProtocolError(
            "--yes is never taken where money is real", hint="run it in a terminal, read the ticket, and answer"
        )
    if not manner.yes and not manner.person.is_there:
        raise LocalProtocolError(
            "nobody can be asked: input or messages are redirected",
            hint="run it in a terminal" + ("" if view.is_live else ", or add --yes"),
        )


async def book_of(link: Link, ticker: str) -> LadderView:
    """Return a market's book as soon as it is live, or as it is after a while."""
    view = await until(link, LadderKey(ticker), LadderView, _is_there_or_never, BOOK_S)
    if _is_absent(view):
        capitals = "" if ticker == ticker.upper() else f"tickers are written in capitals: {ticker.upper()}; "
        raise Refused(
            ValueRefused(f"the venue has no market {ticker}", hint=f"{capitals}`kalshi-tui markets` lists them")
        )
    return view


async def staged(link: Link, draft: Draft) -> TicketView:
    """Return a ticket; what stands against it and passes by itself gets a moment for it, and then another ticket."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + SETTLING_S
    while True:
        answer = await asked(link, Stage(draft))
        assert isinstance(answer, Staged)  # noqa: S101 - what this is answered by
        ticket, left_s = answer.ticket, until_s - loop.time()
        if not _may_pass(ticket) or left_s <= 0:
            return ticket
        await until(link, TicketKey(ticket.number), TicketView, lambda view: not _may_pass(view), left_s)
        await drop(link, [ticket])


async def drop(link: Link, tickets: Iterable[TicketView]) -> None:
    """Let tickets go."""
    for ticket in tickets:
        await asked(link, Drop(ticket.number))


def _may_pass(ticket: TicketView) -> bool:
    against = codes(ticket)
    return bool(against & PASSING) and against <= PASSING | CURABLE


def _is_there_or_never(view: LadderView) -> bool:
    return view.state is BookState.LIVE or _is_absent(view)


def _is_absent(view: LadderView) -> bool:
    return view.state is BookState.DEAD and _NO_MARKET in view.reason
