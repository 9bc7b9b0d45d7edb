"""Matching: price first, then time, at the resting order's price."""

from __future__ import annotations

from kalshi_tui.practice import book
from kalshi_tui.practice.accounts import Accounts
from kalshi_tui.practice.collateral import rates
from kalshi_tui.practice.floor import Floor
from kalshi_tui.practice.groups import Groups
from kalshi_tui.practice.happenings import Filled, OrderChanged, Traded
from kalshi_tui.practice.records import Fill, Level, Market, Order, Side, Trade
from kalshi_tui.practice.resting import Resting


class Take:
    """One order on its way through the other side of a book."""

    __slots__ = ("fills", "market", "order", "rates", "stopped", "touched", "whole")

    def __init__(self, order: Order, market: Market, rates: tuple[int, int], *, whole: bool) -> None:
        self.order = order
        self.market = market
        self.rates = rates
        self.whole = whole  # fill-or-kill: known to be fillable, so no fuse may stop it half way
        self.fills: list[Fill] = []
        self.touched: list[Order] = []  # orders of groups that were filled
        self.stopped = False  # what remains may not rest


class Matching:
    """Lets an incoming order meet the book."""

    def __init__(self, floor: Floor, accounts: Accounts, resting: Resting, groups: Groups) -> None:
        self._floor = floor
        self._accounts = accounts
        self._resting = resting
        self._groups = groups

    def fillable(self, market: Market, order: Order) -> bool | None:
        """Tell whether an order can be filled whole now; None when it would first meet its owner's own order."""
        wanted = order.remaining
        for maker in book.in_priority(market, "ask" if order.side == "bid" else "bid"):
            if maker.price > order.price if order.side == "bid" else maker.price < order.price:
                return False
            if maker.user_id == order.user_id:
                return None
            wanted -= maker.remaining
            if wanted <= 0:
                return True
        return False

    def take(self, order: Order, market: Market, *, whole: bool = False) -> Take:
        """Match an order against every level that its price reaches."""
        take = Take(order, market, rates(self._floor, market), whole=whole)
        is_bid = order.side == "bid"
        limit = order.price
        levels = market.asks if is_bid else market.bids
        while order.remaining and not take.stopped:
            price = market.best_ask if is_bid else market.best_bid
            if price > limit if is_bid else price < limit:
                break
            self._sweep(take, levels[price], price)
        return take

    def _sweep(self, take: Take, level: Level, price: int) -> None:
        """Meet the orders of one level, oldest first."""
        order, market = take.order, take.market
        before = level.size
        gone: list[Order] = []
        for maker in level.orders.values():
            if maker.user_id == order.user_id:
                if order.self_trade_prevention == "taker_at_cross":
                    take.stopped = True
                    order.last_update_reason = "SelfTradeCancel"
                    break
                self._withdraw(level, maker, "SelfTradeCancel")
                gone.append(maker)
                continue
            if maker.order_group_id is not None and not take.whole and self._groups.is_tripped(maker):
                self._withdraw(level, maker, "")
                gone.append(maker)
                continue
            size = min(order.remaining, maker.remaining)
            level.size -= size
            self._match(take, maker, price, size)
            if not maker.remaining:
                gone.append(maker)
            if not order.remaining or take.stopped:
                break
        for maker in gone:
            del level.orders[maker.order_id]
        side: Side = "ask" if order.side == "bid" else "bid"
        if not level.orders:
            book.drop_level(market, side, price)
        if level.size != before:
            self._floor.book_changed(market, side, price, level.size - before, order)

    def _withdraw(self, level: Level, maker: Order, reason: str) -> None:
        level.size -= maker.remaining
        self._resting.end(maker, "canceled", reason)
        self._resting.note(maker)

    def _match(self, take: Take, maker: Order, price: int, size: int) -> None:
        floor, order, market = self._floor, take.order, take.market
        now_ms = floor.now_ms
        trade = Trade(floor.new_id(), market.ticker, price, size, order.side, now_ms)
        market.last_price = price
        market.last_trade_size = size
        market.volume += size
        market.dollar_volume += price * size
        for one in (order, maker):
            one.remaining -= size
            one.filled += size
            one.updated_ms = now_ms
            one.last_update_reason = "Trade"
        taken = self._accounts.fill(order, market, trade, take.rates[0], is_taker=True)
        made = self._accounts.fill(maker, market, trade, take.rates[1], is_taker=False)
        floor.queue.append(Traded(trade, market))
        if taken is not None:
            take.fills.append(taken)
            floor.queue.append(Filled(taken, order))
        if made is not None:
            floor.queue.append(Filled(made, maker))
            floor.queue.append(OrderChanged(maker, now_ms))
        if not maker.remaining:
            self._resting.end(maker, "executed", "Trade")
        if order.order_group_id is not None or maker.order_group_id is not None:
            self._count(take, maker, size)

    def _count(self, take: Take, maker: Order, size: int) -> None:
        for one in (take.order, maker):
            if one.order_group_id is not None:
                self._groups.count(one, size)
                take.touched.append(one)
        if not take.whole and take.order.order_group_id is not None and self._groups.is_tripped(take.order):
            take.stopped = True
