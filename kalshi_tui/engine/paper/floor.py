"""What all of the paper venue works on: time, markets, books, orders, the purse, and what is to be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from kalshi_tui.core.events import FillSeen, OrderGroupSeen, OrderSeen, PositionSeen
from kalshi_tui.core.fees import FeeTerms
from kalshi_tui.core.markets import Market, MarketStatus
from kalshi_tui.core.orders import Fill, Order, OrderStatus, Side
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.paper.agenda import Agenda
from kalshi_tui.engine.paper.displayed import Displayed
from kalshi_tui.engine.paper.models import PaperModels
from kalshi_tui.engine.paper.orders import PaperOrder
from kalshi_tui.engine.paper.purse import Purse
from kalshi_tui.engine.paper.queue import Place
from kalshi_tui.protocol.rest.exchange import ExchangeStatus
from kalshi_tui.protocol.rest.portfolio import Settlement

Terms = Callable[[str], FeeTerms | None]
"""The fee terms of a market as they are now, or None where they are not known."""
News = OrderSeen | FillSeen | PositionSeen | OrderGroupSeen | Settlement

KEPT: Final = 100_000  # ended orders, and fills, that can still be read


class Floor:
    """The state, and the few changes of it that every part makes."""

    def __init__(self, models: PaperModels, cash: Money, terms: Terms, run: str) -> None:
        self.models = models
        self.terms = terms
        self.now_ms = 0
        self.agenda: Agenda[Callable[[], None]] = Agenda()
        self.markets: dict[str, Market] = {}
        self.exchange = ExchangeStatus(exchange_active=True, trading_active=True, resume_ms=None, shards=())
        self.purse = Purse(cash)
        self.working: dict[str, PaperOrder] = {}
        self.ended: dict[str, Order] = {}
        self.fills: list[Fill] = []
        self.used_ids: set[str] = set()
        self.news: list[News] = []
        self._resting: dict[str, dict[str, PaperOrder]] = {}  # by market, in the order in which they joined
        self._books: dict[str, Displayed] = {}
        self._run = run
        self._numbers = 0

    def book(self, ticker: str) -> Displayed:
        """Return a market's book; one that was never shown is not live."""
        if ticker not in self._books:
            self._books[ticker] = Displayed(self.models.depth)
        return self._books[ticker]

    def new_id(self, kind: str) -> str:
        """Return an id that no other run and no other thing of this one has."""
        self._numbers += 1
        return f"paper-{self._run}{kind}-{self._numbers}"

    def is_exchange_on(self, index: int) -> bool:
        """Return whether a shard takes anything at all."""
        shards = [shard.exchange_active for shard in self.exchange.shards if shard.exchange_index == index]
        return self.exchange.exchange_active and all(shards)

    def is_trading_on(self, index: int) -> bool:
        """Return whether a shard takes what may add risk."""
        shards = [shard.trading_active for shard in self.exchange.shards if shard.exchange_index == index]
        return self.is_exchange_on(index) and self.exchange.trading_active and all(shards)

    def trades(self, ticker: str) -> bool:
        """Return whether orders of a market can be filled now."""
        market = self.markets.get(ticker)
        if market is None or market.status_at(self.now_ms) is not MarketStatus.ACTIVE:
            return False
        return self.is_trading_on(market.exchange_index) and self.book(ticker).is_live

    def own(self, ticker: str, side: Side) -> list[PaperOrder]:
        """Return our resting orders of one side of a market, the best price first, then the oldest."""
        found = [order for order in self.resting_in(ticker) if order.side == side]
        return sorted(found, key=lambda order: order.price, reverse=side == "bid")

    def resting_in(self, ticker: str) -> tuple[PaperOrder, ...]:
        """Return our resting orders of a market, the oldest first."""
        return tuple(self._resting.get(ticker, {}).values())

    def rest(self, order: PaperOrder) -> None:
        """Let what remains of an order join its level's queue, behind all that is displayed."""
        book, level = self.book(order.ticker), (order.side, order.price)
        order.place = Place(self.models.queue, book.size_at(*level), book.displaced(*level), self.now_ms)
        self.working[order.order_id] = order
        self._resting.setdefault(order.ticker, {})[order.order_id] = order
        if order.expiration_ms is not None:
            self.agenda.put(order.expiration_ms, partial(self._expire, order))

    def _expire(self, order: PaperOrder) -> None:
        # An order that was amended has two alarms; whichever rings first finds it gone the second time.
        if order.order_id in self.working:
            self.cancel([order], "ExpiryCancel")

    def lift(self, order: PaperOrder) -> None:
        """Take an order out of its queue without ending it."""
        order.place = None
        if self.working.pop(order.order_id, None) is not None:
            del self._resting[order.ticker][order.order_id]

    def end(self, order: PaperOrder, status: OrderStatus, reason: str) -> None:
        """End an order; what remained of it is let go."""
        self.lift(order)
        order.status = status
        order.remaining = Size(0)
        order.reason = reason
        order.updated_ms = self.now_ms
        self.ended[order.order_id] = order.described()
        if len(self.ended) > KEPT:
            del self.ended[next(iter(self.ended))]

    def cancel(self, orders: Iterable[PaperOrder], reason: str) -> None:
        """Cancel resting orders, and tell it."""
        for order in list(orders):
            self.end(order, OrderStatus.CANCELED, reason)
            self.news.append(order.seen())

    def fill(self, order: PaperOrder, price: Price, size: Size, *, is_taker: bool) -> Fill:
        """Fill a part of an order: charge it, pay it, and tell it."""
        order.fees.terms = self.terms(order.ticker) or order.fees.terms  # a change may have come while it rested
        charge = order.fees.charge(side=order.side, price=price, size=size, is_taker=is_taker)
        fill = Fill(
            trade_id=self.new_id("trade"),
            order_id=order.order_id,
            ticker=order.ticker,
            side=order.side,
            price=price,
            size=size,
            is_taker=is_taker,
            fee=charge.net,
            ts_ms=self.now_ms,
            exchange_index=order.exchange_index,
        )
        order.count_fill(price, size, fill.fee, is_taker=is_taker)
        order.reason = "Trade"
        order.updated_ms = self.now_ms
        self._book_fill(fill, order)
        return fill

    def _book_fill(self, fill: Fill, order: PaperOrder) -> None:
        self.fills.append(fill)
        if len(self.fills) > 2 * KEPT:
            del self.fills[:KEPT]
        holding = self.purse.fill(fill)
        self.news.append(
            FillSeen(
                trade_id=fill.trade_id,
                order_id=fill.order_id,
                client_order_id=order.client_order_id,
                ticker=fill.ticker,
                side=fill.side,
                price=fill.price,
                size=fill.size,
                fee=fill.fee,
                is_taker=fill.is_taker,
                position=holding.position.size,
                exchange_index=fill.exchange_index,
                subaccount=0,
                ts_ms=fill.ts_ms,
            )
        )
        self.news.append(holding.seen())
