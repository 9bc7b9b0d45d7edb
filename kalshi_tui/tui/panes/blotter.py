"""The blotter: orders, those that work first; what is in flight, unknown or rejected can be told by its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from textual.message import Message

from kalshi_tui.core.words import contracts, dollars
from kalshi_tui.link.trading import OrderRow, OrdersView
from kalshi_tui.link.views import View
from kalshi_tui.tui.actions import bindings
from kalshi_tui.tui.fates import CHECKING, STATE_STYLES, STATE_WORDS
from kalshi_tui.tui.panes.choosing import Chooser
from kalshi_tui.tui.widgets.lines import Row
from kalshi_tui.tui.words import cash, clock, fit, moment, right, short_size, unit_price, wrap

LABEL: Final = 16
SIDES: Final = {"bid": ("BUY ", "bid"), "ask": ("SELL", "ask")}
COLUMNS: Final = f" {'state':<10} {'side':<4} {'filled/size':>11} {'price':>6} market"
CLOCK_FROM: Final = 64  # columns from which the time finds room


class Blotter(Chooser[OrderRow]):
    """One line an order; the chosen one is canceled, changed or looked at."""

    NAME = "blotter"
    BINDINGS = bindings("blotter")

    @dataclass
    class Asked(Message):
        """Something is to be done about an order: cancel, amend or details."""

        what: str
        order: OrderRow

    def __init__(self, *, id: str) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self.view: OrdersView | None = None

    def take(self, view: View) -> None:
        """Take a newer list."""
        if isinstance(view, OrdersView):
            self.view = view
            self.drawn_anew()

    def items(self) -> Sequence[OrderRow]:
        """Return the orders as they came."""
        return self.view.rows if self.view is not None else ()

    def name_of(self, item: OrderRow) -> object:
        """Return an order's number."""
        return item.number

    def action_cancel(self) -> None:
        """Cancel the chosen order."""
        self._ask("cancel")

    def action_amend(self) -> None:
        """Stage a change of it."""
        self._ask("amend")

    def action_details(self) -> None:
        """Show all that is known of it."""
        self._ask("details")

    def _ask(self, what: str) -> None:
        if (order := self.current()) is not None:
            self.chosen = order.number
            self.post_message(self.Asked(what, order))

    def rows(self, width: int, height: int) -> Sequence[Row]:
        """Return heading, columns, orders and what the chosen one says."""
        view = self.view
        if view is None:
            return self.placeholder(width)
        unknown = f"  UNKNOWN {view.unknown}" if view.unknown else ""
        words = f"blotter  {view.working} working{unknown}"
        head = [self.heading(words, width, f"{view.total:,} in all "), ((fit(COLUMNS, width), "quiet"),)]
        if not view.rows:
            return [head[0], ((fit(f" {self.doubt or 'no orders yet'}", width), "quiet"),)]
        room = height - self.HEAD_LINES - self.FOOT_LINES
        body = [self._row(order, width, here=here) for order, here in self.in_sight(room)]
        return [*head, *self.filled(body, room), self._foot(width)]

    def _row(self, order: OrderRow, width: int, *, here: bool) -> Row:
        mark, under = self.mark(here=here)
        return order_row(order, width, mark, under, is_old=bool(self.doubt))

    def _foot(self, width: int) -> Row:
        order = self.current()
        words = self.doubt or (state_words(order) if order is not None else "")
        return ((fit(f" {words}", width), "stale" if self.doubt else "quiet"),)


def order_row(order: OrderRow, width: int, mark: str = " ", under: str = "", *, is_old: bool = False) -> Row:
    """Return one order; grey with a mark of waiting while it waits for the venue's word."""
    side, side_style = SIDES[order.side]
    state, style = STATE_WORDS[order.state], STATE_STYLES[order.state]
    if order.is_in_flight and order.state != "unknown":
        state, style = f"{state[:9]}…", "quiet"
    if order.state == "unknown" or is_old:
        state = f"{state[:9]}?"
    rest = style if style in {"quiet", "quiet strike"} or is_old else ""
    filled = f"{short_size(order.filled, 5)}/{short_size(order.size, 5)}"
    numbers = f" {right(filled, 11)} {right(dollars(order.price), 6)} "
    aside = f"{clock(order.changed_ms)} " if width >= CLOCK_FROM else ""
    room = max(width - 17 - len(numbers) - len(aside), 0)
    cells = (
        (mark, "last"),
        (f"{state:<10} ", "quiet" if is_old else style),
        (f"{side} ", rest or side_style),
        (numbers, rest),
        (fit(_market_words(order), room), "danger" if order.state == "rejected" else rest),
        (aside, "quiet"),
    )
    return (*((text, f"{style} {under}".strip()) for text, style in cells if text), ("", under))


def _market_words(order: OrderRow) -> str:
    """Return the market, and why, where a glance must tell it."""
    if order.state == "unknown":
        return f"checking  {order.ticker}"
    if order.state in {"rejected", "not sent", "absent"} and order.reason:
        return f"{order.reason}  {order.ticker}"
    return order.ticker + ("" if order.origin == "ours" else f"  {order.origin}")


def state_words(order: OrderRow) -> str:
    """Say in a sentence how an order stands."""
    number = f"order {order.number}"
    if order.state == "unknown":
        return f"{number}: UNKNOWN - {CHECKING}"
    because = f": {order.reason}" if order.reason else ""
    waits = ", waiting for the venue" if order.is_in_flight else ""
    return f"{number} {STATE_WORDS[order.state]}{waits}{because}"


def detail_rows(order: OrderRow, width: int) -> list[Row]:
    """Return all that is known of an order in words."""
    rows: list[Row] = []
    for label, words in _facts(order):
        first, *more = wrap(words, max(width - LABEL - 2, 8)) if words else [""]
        rows += [((f" {label:<{LABEL - 2}} ", "quiet"), (first, ""))] if words else []
        rows += [((" " * LABEL, ""), (line, "")) for line in more]
    return rows


def _facts(order: OrderRow) -> list[tuple[str, str]]:
    expires = f"{clock(order.expiration_ms)} UTC, {moment(order.expiration_ms)}" if order.expiration_ms else ""
    manners = (("post-only", order.post_only), ("reduce-only", order.reduce_only), (order.time_in_force, True))
    return [
        ("state", state_words(order)),
        ("market", order.ticker),
        ("order", f"{SIDES[order.side][0].strip()} {contracts(order.size)} at {dollars(order.price)}"),
        ("filled", f"{contracts(order.filled)}, {contracts(order.remaining)} remain"),
        ("average", f"{unit_price(order.average)} a contract" if order.average is not None else ""),
        ("fees", cash(order.fees)),
        ("manner", ", ".join(words for words, holds in manners if holds)),
        ("expires", expires),
        ("placed", f"{clock(order.placed_ms)} UTC"),
        ("changed", f"{clock(order.changed_ms)} UTC"),
        ("origin", order.origin),
        ("strategy", order.strategy),
        ("venue's id", order.order_id),
        ("our id", order.client_order_id),
    ]
