"""From wishes to their end: makes tickets, shows them, asks, arms, fires, and waits for what becomes of the orders."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace as with_draft
from typing import Final

from msgspec.structs import replace

from kalshi_tui.cli.exits import CHECK_FAILED, FATE_UNKNOWN
from kalshi_tui.cli.fate import Ended, of_changed, of_placed
from kalshi_tui.cli.output import print_words
from kalshi_tui.cli.tickets import CURABLE, OVER, Manner, Wish, book_of, check_manner, codes, drop, staged
from kalshi_tui.cli.trading_link import asked, look
from kalshi_tui.cli.trading_words import changed_lines, failing, hint_of, ticket_lines
from kalshi_tui.core.units import parse_price
from kalshi_tui.core.words import dollars
from kalshi_tui.engine.trading.codes import Code
from kalshi_tui.errors import LocalProtocolError, OutcomeUnknown, ValueRefused
from kalshi_tui.link.client import Link
from kalshi_tui.link.intents import Done
from kalshi_tui.link.keys import LadderKey, TicketKey, TradingKey
from kalshi_tui.link.trading import Arm, Fire, Fired, TicketView, TradingView

ROUNDS: Final = 5


async def deal(link: Link, wishes: Sequence[Wish], manner: Manner) -> list[Ended]:
    """Carry wishes out, each by a ticket of its own; return what became of each."""
    view = await look(link, TradingKey(), TradingView)
    check_manner(view, manner)
    tickers = dict.fromkeys(wish.draft.ticker for wish in wishes)
    async with AsyncExitStack() as stack:
        for ticker in tickers:
            stack.callback(link.unwatch, link.watch(LadderKey(ticker)))  # followed to the end
        for ticker in tickers:
            await book_of(link, ticker)
        return await Dealing(link, view, wishes, manner).run()


class Dealing:
    """One run of wishes, each known by its place among them."""

    def __init__(self, link: Link, view: TradingView, wishes: Sequence[Wish], manner: Manner) -> None:
        self._link = link
        self._view = view
        self._manner = manner
        self._wishes = dict(enumerate(wishes))
        self._shown: dict[int, TicketView] = {}
        self._orders: dict[int, int] = {}  # fired, by the order's number
        self._ended: dict[int, Ended] = {}

    async def run(self) -> list[Ended]:
        """Go on until each wish is fired, refused or declined."""
        for _ in range(ROUNDS):
            tickets = await self._tickets()
            if not tickets:
                break
            if not await self._agreed(tickets):
                await drop(self._link, tickets.values())
                self._end(tickets, "not fired: nobody said y")
                break
            for place, ticket in tickets.items():
                await self._fire(place, ticket)
        self._end({place: self._shown[place] for place in self._open()}, "not fired: it changed before it was fired")
        return [await self._fate(place) for place in self._wishes]

    def _open(self) -> list[int]:
        return [place for place in self._wishes if place not in self._ended and place not in self._orders]

    def _end(self, tickets: dict[int, TicketView], words: str) -> None:
        for place, ticket in tickets.items():
            self._ended[place] = Ended(ticket, None, words, CHECK_FAILED)

    async def _tickets(self) -> dict[int, TicketView]:
        """Make and show the tickets of what is still open; what no answer cures has ended."""
        tickets = {}
        for place in self._open():
            ticket = await self._ticket(place)
            against = [check for check in failing(ticket) if check.code != Code.NOT_ARMED]
            if not against:
                tickets[place] = ticket
                continue
            await drop(self._link, [ticket])
            words = f"not fired: {against[0].words} ({against[0].code})"
            self._ended[place] = Ended(ticket, None, words, CHECK_FAILED, hint_of(against[0].code))
        return tickets

    async def _ticket(self, place: int) -> TicketView:
        """Make and show one; a price near 0 or 1 is asked for once more, and makes another."""
        ticket = await staged(self._link, self._wishes[place].draft)
        self._show(place, ticket)
        against = codes(ticket)
        if Code.TAIL_PRICE not in against or against - CURABLE or not (again := await self._typed(place)):
            return ticket
        await drop(self._link, [ticket])
        wish = self._wishes[place]
        typed = dollars(wish.draft.price) if _is_same(again, wish.price) else again
        self._wishes[place] = with_draft(wish, draft=replace(wish.draft, typed=typed))
        self._shown[place] = ticket = await staged(self._link, self._wishes[place].draft)
        return ticket

    async def _typed(self, place: int) -> str:
        if self._wishes[place].draft.typed:
            return ""
        if self._manner.typed or self._manner.yes:
            return self._manner.typed
        return await self._manner.person.ask("near 0 and 1 a slip costs most: type the price again:")

    def _show(self, place: int, ticket: TicketView) -> None:
        before, self._shown[place] = self._shown.get(place), ticket
        if before is None:
            lines = ticket_lines(ticket, bodies=self._manner.bodies)
        else:
            lines = [f"ticket {before.number} is over; ticket {ticket.number} takes its place: {ticket.words}"]
            lines += changed_lines(before, ticket)
        print_words("\n".join(lines))

    async def _agreed(self, tickets: dict[int, TicketView]) -> bool:
        """Have the person say y, and arm where that is needed; real money is armed by its phrase alone."""
        person, yes = self._manner.person, self._manner.yes
        is_unarmed = any(Code.NOT_ARMED in codes(ticket) for ticket in tickets.values())
        if is_unarmed and self._view.is_live:
            phrase = await person.ask(f"not armed; to arm, type\n{self._view.arm_phrase}\n:")
            if not phrase:
                return False
            await self._arm(phrase)
        arms_by_y = is_unarmed and not self._view.is_live
        if not yes:
            asked_for = "not armed: y arms first, and fires. " if arms_by_y else ""
            if (await person.ask(f"{asked_for}fire? type y:")).lower() != "y":
                return False
        if arms_by_y:
            await self._arm("")
        return True

    async def _arm(self, phrase: str) -> None:
        done = await asked(self._link, Arm(phrase))
        print_words(done.words if isinstance(done, Done) else "armed")

    async def _fire(self, place: int, ticket: TicketView) -> None:
        """Fire a ticket; one whose time is over, or from which the market has moved, stays open for another."""
        try:
            fired = await self._link.ask(Fire(ticket.number, ticket.token))
        except OutcomeUnknown as problem:
            words = f"UNKNOWN whether it was fired: {problem.message}"
            self._ended[place] = Ended(
                ticket, None, words, FATE_UNKNOWN, "look at `kalshi-tui orders` before you repeat it"
            )
        except LocalProtocolError as problem:
            now = await look(self._link, TicketKey(ticket.number), TicketView)
            if not codes(now) & OVER or codes(now) - OVER:
                self._ended[place] = Ended(now, None, problem.message, CHECK_FAILED, problem.hint)
        else:
            assert isinstance(fired, Fired)  # noqa: S101 - what this is answered by
            (self._orders[place],) = fired.orders

    async def _fate(self, place: int) -> Ended:
        if place in self._ended:
            return self._ended[place]
        ticket, number = self._shown[place], self._orders[place]
        if ticket.kind == "amend":
            return await of_changed(self._link, ticket, number, (ticket.price, ticket.size))
        return await of_placed(self._link, ticket, number)


def _is_same(again: str, price: str) -> bool:
    try:
        return parse_price(again.removeprefix("@")) == parse_price(price)
    except ValueRefused:
        return False
