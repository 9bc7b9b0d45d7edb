"""Paper trading: what would be sent goes to a simulated venue inside the kernel, and nothing leaves this machine.

Everything before and after it is the same as with a real venue: tickets, gate, journal, portfolio, views.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kalshi_tui.core.book import BookState
from kalshi_tui.core.events import FillSeen, OrderGroupSeen, OrderSeen, TradeSeen
from kalshi_tui.core.fees import FeePolicy, FeeRule
from kalshi_tui.core.orders import Order, OrderStatus
from kalshi_tui.core.text import clean
from kalshi_tui.core.units import Money, Size
from kalshi_tui.engine import inputs
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.paper.models import (
    CancelsBehindFirst,
    CancelsProRata,
    ExactFees,
    FixedLatency,
    PaperModels,
    QueueBehindAll,
)
from kalshi_tui.engine.paper.venue import Answer, PaperVenue
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.effects import (
    Effect,
    MakeGroup,
    ResetGroup,
    RunKill,
    SendCancels,
    SendDecrease,
    SendOrder,
)
from kalshi_tui.engine.trading.order import HeldOrder
from kalshi_tui.errors import VenueRefused
from kalshi_tui.protocol.rest.exchange import ExchangeStatus
from kalshi_tui.protocol.rest.portfolio import Settlement
from kalshi_tui.protocol.rest.trading import Canceled, Created, Decreased

if TYPE_CHECKING:
    from kalshi_tui.engine.trading.desk import Desk

_MARKETS_MS: Final = 1_000
_GROUP: Final = "paper"


def models_of(rules: OrderRules) -> PaperModels:
    """Return what the simulation of these rules assumes."""
    return PaperModels(
        latency=FixedLatency(rules.paper_there_ms, rules.paper_back_ms),
        queue=QueueBehindAll(CancelsProRata() if rules.paper_queue == "pro-rata" else CancelsBehindFirst()),
        fees=ExactFees(FeePolicy(FeeRule(rules.fee_rule), rules.fee_grid)),
    )


class Paper:
    """Drives the paper venue as a shell drives a real one."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.venue: PaperVenue | None = None
        self._shown: dict[str, None] = {}  # markets whose books the venue is shown
        self._revisions: dict[str, int] = {}
        self._exchange: ExchangeStatus | None = None
        self._markets_ms = 0

    def begin(self) -> None:
        """Open the venue, with what an earlier engine left in the journal; what worked then is cancelled."""
        desk, ledger = self._desk, self._desk.ledger
        if ledger.opening_cash is None:
            words = "paper money to begin with"
            desk.note(entries.CashTold(desk.now_ms, "opening", 0, desk.rules.paper_cash, words))
        run = f"{ledger.install}{ledger.sessions}"
        cash = Money(sum(ledger.moved.values()))
        self.venue = PaperVenue(models_of(desk.rules), cash, lambda ticker: desk.terms_of(ticker)[0], run)
        fills = [known.fill for known in ledger.fills.values()]
        self.venue.restore(
            [_described(order) for order in ledger.orders.values() if order.order_id],
            fills,
            [_settlement(entry) for entry in ledger.settled.values()],
        )
        for order in list(ledger.working()):
            if not order.order_id:
                desk.note(entries.Absent(desk.now_ms, order.number, "the simulated venue ended with its engine"))
        for told in self.venue.orders():
            known = ledger.by_order_id.get(told.order_id)
            if known is not None and known.is_working:
                desk.told.order(told, "list")
        desk.note(entries.GroupTold(desk.now_ms, 0, f"{_GROUP}-{run}", "created", None))

    def takes(self, effect: Effect) -> bool:
        """Do what would go to the venue; tell whether it was that."""
        venue, now_ms = self.venue, self._desk.now_ms
        if venue is None:
            return False
        match effect:
            case SendOrder():
                self._send(venue, effect)
            case SendCancels():
                for target in effect.targets:
                    venue.cancel(target.order_id, now_ms)
            case SendDecrease():
                venue.decrease(effect.target.order_id, now_ms, to=effect.to)
            case ResetGroup():
                venue.reset(now_ms)
            case MakeGroup():
                pass
            case RunKill():
                venue.trigger(now_ms)
                return False  # the mark on the disk is the shell's business
            case _:
                return False
        self.beat()
        return True

    def touched(self, tickers: object) -> None:
        """Show the venue the books that have changed."""
        if self.venue is None or not self._shown:
            return
        for ticker in self._shown:
            if ticker in tickers:  # type: ignore[operator]  # any container of tickers
                self._show(ticker)
        self._bring()

    def traded(self, trade: TradeSeen) -> None:
        """Show the venue a public trade."""
        if self.venue is not None and trade.ticker in self._shown:
            self.venue.traded(trade, self._desk.now_ms)
            self._bring()

    def beat(self) -> None:
        """Let time pass there, and bring back what comes."""
        venue, desk = self.venue, self._desk
        if venue is None:
            return
        self._shown = dict.fromkeys((*desk.ledger.tickers(), *(o.ticker for o in desk.ledger.working())))
        for ticker in self._shown:
            self._show(ticker)
        if desk.now_ms - self._markets_ms >= _MARKETS_MS:
            self._markets_ms = desk.now_ms
            self._describe(venue)
        venue.advance(desk.now_ms)
        self._bring()

    def ahead(self, order_id: str) -> Size | None:
        """Return what is to be filled before an order that rests."""
        return self.venue.ahead(order_id) if self.venue is not None else None

    def _send(self, venue: PaperVenue, effect: SendOrder) -> None:
        desk = self._desk
        permit = effect.permit
        desk.gate.spend(permit)
        order = desk.ledger.orders[permit.number]
        self._show(order.ticker)
        self._describe_one(venue, order.ticker)
        if permit.kind == "amend" and order.change is not None:
            venue.amend(order.order_id, order.change.price, order.change.size, desk.now_ms)
        elif permit.new is not None:
            venue.place(permit.new, desk.now_ms)

    def _show(self, ticker: str) -> None:
        venue, tracked = self.venue, self._desk.kernel.stream.books.get(ticker)
        if venue is None:
            return
        is_live = tracked is not None and tracked.state is BookState.LIVE and not tracked.book.crossed
        venue.book_changed(ticker, tracked.book if tracked is not None else None, is_live, self._desk.now_ms)

    def _describe(self, venue: PaperVenue) -> None:
        for ticker in self._shown:
            self._describe_one(venue, ticker)
        exchange = self._desk.kernel.status.exchange
        if exchange is not None and exchange != self._exchange:
            self._exchange = exchange
            venue.exchange_changed(exchange, self._desk.now_ms)

    def _describe_one(self, venue: PaperVenue, ticker: str) -> None:
        known = self._desk.kernel.catalogue.get(ticker)
        if known is not None and self._revisions.get(ticker) != known.revision:
            self._revisions[ticker] = known.revision
            venue.market_changed(known.market, self._desk.now_ms)

    def _bring(self) -> None:
        if self.venue is None:
            return
        for what in self.venue.take():
            if isinstance(what, Answer):
                self._answered(what)
            elif isinstance(what, OrderSeen | FillSeen):
                self._desk.told.event(what)
            elif isinstance(what, Settlement):
                self._desk.comparing.settle(what)

    def _answered(self, answer: Answer) -> None:
        desk, what = self._desk, answer.what
        if answer.kind in {"trigger", "reset"}:
            return
        ledger = desk.ledger
        order = (
            ledger.by_client_id.get(answer.asked) if answer.kind == "place" else ledger.by_order_id.get(answer.asked)
        )
        if order is not None and not isinstance(what, OrderGroupSeen):
            desk.orders.outcome(_outcome(desk.now_ms, answer.kind, order.number, what))


def _outcome(at_ms: int, kind: str, number: int, what: Created | Canceled | Decreased | VenueRefused) -> inputs.Outcome:
    if isinstance(what, VenueRefused):
        outcome = "gone" if kind == "cancel" and what.status == 404 else "refused"
        return inputs.Outcome(at_ms, kind, number, outcome, what.message, status=what.status, code=what.code)
    if isinstance(what, Canceled):
        return inputs.Outcome(
            at_ms, kind, number, "done", order_id=what.order_id, reduced_by=what.reduced_by, ts_ms=what.ts_ms
        )
    if isinstance(what, Decreased):
        return inputs.Outcome(
            at_ms, kind, number, "done", order_id=what.order_id, remaining=what.remaining, ts_ms=what.ts_ms
        )
    return inputs.Outcome(
        at_ms,
        kind,
        number,
        "done",
        order_id=what.order_id,
        filled=what.filled,
        remaining=what.remaining,
        average=what.average_price,
        average_fee=what.average_fee,
        ts_ms=what.ts_ms,
    )


def _described(order: HeldOrder) -> Order:
    is_whole = order.filled >= order.size
    status = OrderStatus.RESTING if order.is_working else OrderStatus.EXECUTED if is_whole else OrderStatus.CANCELED
    return Order(
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        ticker=order.ticker,
        side=order.side,
        price=order.price,
        status=status,
        initial=order.size,
        filled=order.filled,
        remaining=Size(max(order.size - order.filled, 0)) if order.is_working else Size(0),
        created_ms=order.placed_ms,
        updated_ms=order.told_ms,
    )


def _settlement(entry: entries.Settled) -> Settlement:
    nothing, free = Size(0), Money(0)
    return Settlement(
        ticker=entry.ticker,
        event_ticker="",
        result=clean(entry.result, 40),
        yes_size=nothing,
        yes_cost=free,
        no_size=nothing,
        no_cost=free,
        revenue=entry.revenue,
        value=None if entry.value is None else Money(entry.value * 100),
        fees=free,
        settled_ms=entry.settled_ms,
        exchange_index=entry.exchange_index,
    )
