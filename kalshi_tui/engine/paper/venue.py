"""The paper venue: orders go in, answers and news come out in the order of their times, and lists can be read.

A driver gives it every book, trade, market and status that it sees, and a time with each. Nothing here reaches a
network: in paper mode this is the only venue that there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal

from kalshi_tui.core.book import Book
from kalshi_tui.core.events import OrderGroupSeen, TradeSeen
from kalshi_tui.core.markets import Market
from kalshi_tui.core.orders import Fill, Order, OrderStatus
from kalshi_tui.core.positions import Position
from kalshi_tui.core.units import Money, Price, Size, complement, cost
from kalshi_tui.engine.paper import life, matching
from kalshi_tui.engine.paper.agenda import Agenda
from kalshi_tui.engine.paper.entry import Entry
from kalshi_tui.engine.paper.floor import Floor, News, Terms
from kalshi_tui.engine.paper.models import PaperModels
from kalshi_tui.errors import VenueRefused
from kalshi_tui.protocol.rest.exchange import ExchangeStatus
from kalshi_tui.protocol.rest.portfolio import Balance, Settlement
from kalshi_tui.protocol.rest.trading import Canceled, Created, Decreased, NewOrder

Kind = Literal["place", "amend", "decrease", "cancel", "trigger", "reset"]
_TRADES_KEPT: Final = 10_000
Reply = Created | Canceled | Decreased | OrderGroupSeen


@dataclass(frozen=True, slots=True)
class Answer:
    """What the venue says to one request; `asked` is the client_order_id of a new order, else the id that was named."""

    kind: Kind
    asked: str
    what: Reply | VenueRefused
    at_ms: int  # when it arrives here


class PaperVenue:
    """A venue with one account, which fills by `models` against what it is shown.

    `run` makes the ids of this life different from those of any other in the same journal. Time never runs backwards
    here: an earlier `now_ms` counts as the latest one.
    """

    def __init__(self, models: PaperModels, cash: Money, terms: Terms, run: str = "") -> None:
        self.models = models
        self._floor = Floor(models, cash, terms, run and f"{run}-")
        self._entry = Entry(self._floor)
        self._outbox: Agenda[Answer | News] = Agenda()
        self._trades: dict[str, None] = {}  # the latest, so that one that is told twice counts once

    # What is asked: each takes effect when it has arrived

    def place(self, new: NewOrder, now_ms: int) -> None:
        """Send an order."""
        self._ask("place", new.client_order_id, partial(self._entry.place, new), now_ms)

    def amend(self, order_id: str, price: Price, size: Size, now_ms: int, *, new_client_order_id: str = "") -> None:
        """Change an order's price and size; the size counts what is filled already."""
        self._ask("amend", order_id, partial(self._entry.amend, order_id, price, size, new_client_order_id), now_ms)

    def decrease(self, order_id: str, now_ms: int, *, by: Size | None = None, to: Size | None = None) -> None:
        """Make an order smaller, by a size or to a size."""
        self._ask("decrease", order_id, partial(self._entry.decrease, order_id, by, to), now_ms)

    def cancel(self, order_id: str, now_ms: int) -> None:
        """Cancel an order."""
        self._ask("cancel", order_id, partial(self._entry.cancel, order_id), now_ms)

    def trigger(self, now_ms: int, group_id: str = "") -> None:
        """Cancel all orders, or a group's; until a reset, order groups take no more, so nothing in flight gets by."""
        self._ask("trigger", group_id, partial(self._entry.trigger, group_id), now_ms)

    def reset(self, now_ms: int, group_id: str = "") -> None:
        """Let order groups take orders again."""
        self._ask("reset", group_id, partial(self._entry.reset, group_id), now_ms)

    # What is seen

    def advance(self, now_ms: int) -> None:
        """Let everything happen that is due: arrivals, expirations, closes."""
        floor = self._floor
        now_ms = max(now_ms, floor.now_ms)
        for at_ms, happen in floor.agenda.due(now_ms):
            floor.now_ms = max(at_ms, floor.now_ms)
            happen()
            self._tell()
        floor.now_ms = now_ms

    def book_changed(self, ticker: str, book: Book | None, is_live: bool, now_ms: int) -> None:  # noqa: FBT001 - as told
        """Take a book as it is now; what arrived before met the one before."""
        self.advance(now_ms)
        floor = self._floor
        shown = floor.book(ticker)
        was_live = shown.is_live
        before = {order.order_id: shown.size_at(order.side, order.price) for order in floor.resting_in(ticker)}
        shown.show(book, is_live=is_live)
        if shown.is_live:
            matching.level_changed(floor, before, ticker, is_whole=was_live)
        if floor.trades(ticker):
            matching.cross(floor, ticker)
        self._tell()

    def traded(self, seen: TradeSeen, now_ms: int) -> None:
        """Take a public trade; a block trade passes the book by."""
        self.advance(now_ms)
        if not seen.is_block and self._floor.trades(seen.ticker) and self._is_new(seen.trade_id):
            matching.trade(self._floor, seen)
        self._tell()

    def market_changed(self, market: Market, now_ms: int) -> None:
        """Take a market as the venue now describes it: status, close, grid, result, value."""
        self.advance(now_ms)
        life.market_changed(self._floor, market)
        self._tell()

    def exchange_changed(self, status: ExchangeStatus, now_ms: int) -> None:
        """Take the exchange's pauses."""
        self.advance(now_ms)
        life.exchange_changed(self._floor, status)
        self._tell()

    # What comes back

    def take(self) -> list[Answer | News]:
        """Return what has arrived here by now, in the order of its times; each is returned once."""
        return [what for _, what in self._outbox.due(self._floor.now_ms)]

    def due_ms(self) -> int | None:
        """Return when something happens or arrives next, so that a driver can wake then."""
        times = (self._floor.agenda.next_ms(), self._outbox.next_ms())
        return min((at_ms for at_ms in times if at_ms is not None), default=None)

    # What a reconciliation reads, as it stands at the venue

    def orders(self) -> tuple[Order, ...]:
        """Return the orders that ended, of the last 100,000, and those that work."""
        return (*self._floor.ended.values(), *(order.described() for order in self._floor.working.values()))

    def fills(self) -> tuple[Fill, ...]:
        """Return the fills, at least the last 100,000, oldest first."""
        return tuple(self._floor.fills)

    def positions(self) -> tuple[Position, ...]:
        """Return the positions in markets that have not settled."""
        return self._floor.purse.unsettled()

    def settlements(self) -> tuple[Settlement, ...]:
        """Return what finished markets paid."""
        return tuple(self._floor.purse.settlements.values())

    def balance(self) -> Balance:
        """Return the cash that no working order holds, and what the positions would bring at the best prices."""
        purse = self._floor.purse
        free = Money(purse.cash - purse.held(self._floor.working.values()))
        return Balance(cash=free, portfolio_value=Money(sum(map(self._worth, purse.unsettled()))), by_shard={0: free})

    def ahead(self, order_id: str) -> Size | None:
        """Return what stands before a resting order, or nothing where none rests."""
        order = self._floor.working.get(order_id)
        return None if order is None or order.place is None else order.place.ahead

    def words(self) -> tuple[str, ...]:
        """Return the name and the parameters of every model, for reports."""
        return self.models.words()

    def restore(self, orders: Iterable[Order], fills: Iterable[Fill], settlements: Iterable[Settlement]) -> None:
        """Take up an earlier life before anything else: its money and its ids; what worked then has been cancelled."""
        floor = self._floor
        for order in orders:
            ended = order
            if order.status.may_fill:
                ended = replace(order, status=OrderStatus.CANCELED, remaining=Size(0))
            floor.ended[order.order_id] = ended
            floor.used_ids.add(order.client_order_id)
        for fill in sorted(fills, key=lambda fill: (fill.ts_ms, fill.trade_id)):
            floor.fills.append(fill)
            floor.purse.fill(fill)
        for settlement in settlements:
            floor.purse.book_settlement(settlement)

    def _ask(self, kind: Kind, asked: str, do: Callable[[], Reply], now_ms: int) -> None:
        at_ms = max(now_ms, self._floor.now_ms) + self.models.latency.there_ms
        self._floor.agenda.put(at_ms, partial(self._arrive, kind, asked, do))
        self.advance(now_ms)

    def _arrive(self, kind: Kind, asked: str, do: Callable[[], Reply]) -> None:
        try:
            what: Reply | VenueRefused = do()
        except VenueRefused as refusal:
            what = refusal
        at_ms = self._floor.now_ms + self.models.latency.back_ms
        self._outbox.put(at_ms, Answer(kind, asked, what, at_ms))

    def _tell(self) -> None:
        news, self._floor.news = self._floor.news, []
        for what in news:
            self._outbox.put(self._floor.now_ms + self.models.latency.back_ms, what)

    def _is_new(self, trade_id: str) -> bool:
        if trade_id in self._trades:
            return False
        self._trades[trade_id] = None
        if len(self._trades) > _TRADES_KEPT:
            del self._trades[next(iter(self._trades))]
        return True

    def _worth(self, position: Position) -> Money:
        best = self._floor.book(position.ticker).best("bid" if position.size > 0 else "ask")
        if best is None or not position.size:
            return Money(0)
        return cost(best if position.size > 0 else complement(best), Size(abs(position.size)))
