"""Waits for what becomes of orders, and says it; rejected is said only where the venue has said so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import click

from kalshi_tui.cli.exits import CHECK_FAILED, FATE_UNKNOWN
from kalshi_tui.cli.output import print_json, print_words
from kalshi_tui.cli.trading_json import plain
from kalshi_tui.cli.trading_link import look, until
from kalshi_tui.core.words import contracts, dollars
from kalshi_tui.errors import RemoteProtocolError, TransportError
from kalshi_tui.link.client import Link
from kalshi_tui.link.keys import NoticesKey, OrdersKey
from kalshi_tui.link.trading import OrderRow, OrdersView, TicketView
from kalshi_tui.link.views import NoticesView
from kalshi_tui.tui.fates import CHECKING, fate_of

FATE_S: Final = 10.0  # that the venue gets to say what it did
COUNT: Final = 1_000
_NEVER_THERE: Final = frozenset({"rejected", "absent", "not sent"})
_WORKING: Final = frozenset({"deciding", "sent", "resting", "canceling", "unknown"})


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a wish: in words, and as an exit code."""

    ticket: TicketView | None
    order: OrderRow | None
    words: str
    code: int
    hint: str = ""


async def of_placed(link: Link, ticket: TicketView | None, number: int) -> Ended:
    """Say what became of an order that was sent."""
    row = await _row(link, number, _is_told)
    if row is None or not _is_told(row):
        return Ended(ticket, row, _unknown(number, row), FATE_UNKNOWN, "`kalshi-tui orders` tells more as it is known")
    code = CHECK_FAILED if row.state in _NEVER_THERE else 0
    return Ended(ticket, row, f"order {number}: {fate_of(row).words}", code)


async def of_changed(link: Link, ticket: TicketView | None, number: int, wished: tuple[int, int]) -> Ended:
    """Say what became of a change; `wished` is the price and the size that the order was to have."""
    row = await _row(link, number, lambda row: not row.is_in_flight)
    if row is None or row.is_in_flight:
        return Ended(ticket, row, _unknown(number, row), FATE_UNKNOWN, "`kalshi-tui orders` tells more as it is known")
    if (row.price, row.size) == wished:
        rest = "" if row.state == "resting" else f"; {fate_of(row).words}"
        return Ended(ticket, row, f"order {number}: CHANGED to {contracts(row.size)} at {dollars(row.price)}{rest}", 0)
    why = await _told(link, f"order {number} was not changed")
    return Ended(ticket, row, f"order {number}: NOT CHANGED{why}; {fate_of(row).words}", CHECK_FAILED)


async def of_canceled(link: Link, number: int) -> Ended:
    """Say what became of a cancel."""
    row = await _row(link, number, lambda row: not row.is_in_flight)
    if row is None or row.is_in_flight:
        return Ended(None, row, _unknown(number, row), FATE_UNKNOWN, "the engine goes on asking while it runs")
    if row.state in _WORKING:
        why = await _told(link, f"order {number} was not cancelled")
        return Ended(None, row, f"order {number}: NOT CANCELED{why}; {fate_of(row).words}", CHECK_FAILED)
    return Ended(None, row, f"order {number}: {fate_of(row).words}", 0)


def tell(ended: Sequence[Ended], *, as_json: bool, is_one: bool = False) -> int:
    """Print what became of everything, and return the worst exit code."""
    if as_json:
        rows = [ended_json(one) for one in ended]
        print_json(rows[0] if is_one else rows)
    for one in ended:
        if not as_json:
            click.echo(one.words)
        if one.hint:
            print_words(f"hint: {one.hint}")
    return max((one.code for one in ended), default=0)


def ended_json(ended: Ended) -> dict[str, Any]:
    """Return it as programs read it."""
    return {
        "outcome": ended.words,
        "code": ended.code,
        "ticket": None if ended.ticket is None else plain(ended.ticket),
        "order": None if ended.order is None else plain(ended.order),
    }


async def _row(link: Link, number: int, is_settled: Callable[[OrderRow], bool]) -> OrderRow | None:
    """Return an order as soon as it is settled, or as it is when the time is over; None where the engine is gone."""

    def is_unknown(row: OrderRow) -> bool:
        return is_settled(row) or row.state == "unknown"

    try:
        row = await _seen(link, number, is_unknown)
        if row is None or is_settled(row) or row.state != "unknown":
            return row
        print_words(f"order {number}: UNKNOWN: {CHECKING}")
        return await _seen(link, number, is_settled)
    except (RemoteProtocolError, TransportError) as problem:
        print_words(f"warning: {problem.message}")  # what was fired may be there all the same
        return None


async def _seen(link: Link, number: int, holds: Callable[[OrderRow], bool]) -> OrderRow | None:
    def found(view: OrdersView) -> OrderRow | None:
        return next((row for row in view.rows if row.number == number), None)

    def is_so(view: OrdersView) -> bool:
        row = found(view)
        return row is not None and holds(row)

    return found(await until(link, OrdersKey(count=COUNT), OrdersView, is_so, FATE_S))


def _is_told(row: OrderRow) -> bool:
    """Tell whether an order is settled, and the trades that the venue counts are there."""
    if row.state == "filled":
        return row.filled >= row.size
    if row.state == "canceled" and row.reason == "the rest was cancelled":
        return row.filled > 0
    return fate_of(row).is_settled


def _unknown(number: int, row: OrderRow | None) -> str:
    words = fate_of(row).words
    return f"order {number}: {words if CHECKING in words else f'{words}; {CHECKING}'}"


async def _told(link: Link, beginning: str) -> str:
    """Return why something was not done, as the engine announced it."""
    notices = await look(link, NoticesKey(), NoticesView)
    words = next((notice.words for notice in notices.rows if notice.words.startswith(beginning)), "")
    return words.removeprefix(beginning)
