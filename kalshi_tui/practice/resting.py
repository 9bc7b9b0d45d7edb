"""Orders coming to rest in a book and leaving it, with everything that has to know."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from kalshi_tui.practice import book
from kalshi_tui.practice.collateral import Collateral
from kalshi_tui.practice.floor import Floor
from kalshi_tui.practice.happenings import OrderChanged
from kalshi_tui.practice.records import Order, OrderStatus


class Resting:
    """The ways into the books and out of them; the caller notes what the level lost when it matched."""

    def __init__(self, floor: Floor, collateral: Collateral) -> None:
        self._floor = floor
        self._collateral = collateral
        self._cancelled_on_pause: dict[str, Order] = {}
        # By the time of their end; an order that leaves earlier leaves here too, so that far ends hold no dead orders.
        self._expiring: dict[int, dict[str, Order]] = {}

    def rest(self, order: Order) -> None:
        """Put what remains of an order into its book, behind the others of its price."""
        floor = self._floor
        market = floor.markets[order.ticker]
        book.add(market, order)
        floor.book_changed(market, order.side, order.price, order.remaining, order)
        if not floor.accounts[order.user_id].is_house:
            self._collateral.rest(order)
        floor.histories[order.user_id].resting[order.order_id] = order
        if order.order_group_id is not None:
            floor.groups[order.order_group_id].order_ids[order.order_id] = None
        if order.cancel_on_pause:
            self._cancelled_on_pause[order.order_id] = order
        self._expire_later(order)

    def lift(self, order: Order) -> None:
        """Take an order out of its book without ending it: it is about to come back elsewhere."""
        market = self._floor.markets[order.ticker]
        book.remove(market, order)
        self._floor.book_changed(market, order.side, order.price, -order.remaining, order)
        self._forget(order)

    def _forget(self, order: Order) -> None:
        """Drop an order from all registers but its book, if it rested."""
        floor = self._floor
        if floor.histories[order.user_id].resting.pop(order.order_id, None) is None:
            return
        if not floor.accounts[order.user_id].is_house:
            self._collateral.left(order)
        if order.order_group_id is not None:
            floor.groups[order.order_group_id].order_ids.pop(order.order_id, None)
        if order.cancel_on_pause:
            self._cancelled_on_pause.pop(order.order_id, None)
        self._expire_never(order)

    def shrink(self, order: Order, by: int) -> None:
        """Make a resting order smaller where it stands."""
        floor = self._floor
        market = floor.markets[order.ticker]
        order.remaining -= by
        book.levels(market, order.side)[order.price].size -= by
        if not floor.accounts[order.user_id].is_house:
            self._collateral.shrunk(order, by)
        floor.book_changed(market, order.side, order.price, -by, order)

    def set_expiration(self, order: Order, at_ms: int | None) -> None:
        """Give a resting order another end, or none."""
        self._expire_never(order)
        order.expiration_ms = at_ms
        self._expire_later(order)

    def _expire_later(self, order: Order) -> None:
        at_ms = order.expiration_ms
        if at_ms is None:
            return
        if at_ms not in self._expiring:
            self._expiring[at_ms] = {}
            self._floor.schedule(at_ms, partial(self._expire, at_ms))
        self._expiring[at_ms][order.order_id] = order

    def _expire_never(self, order: Order) -> None:
        if order.expiration_ms is not None and order.expiration_ms in self._expiring:
            self._expiring[order.expiration_ms].pop(order.order_id, None)

    def _expire(self, at_ms: int) -> None:
        self.cancel(self._expiring.pop(at_ms).values(), "ExpiryCancel")

    def end(self, order: Order, status: OrderStatus, reason: str) -> None:
        """Close an order that is in no book any more, or is being taken off by the caller."""
        floor = self._floor
        order.status = status
        order.last_update_reason = reason
        order.updated_ms = floor.now_ms
        self._forget(order)
        order.remaining = 0
        floor.histories[order.user_id].ended(order)
        if floor.accounts[order.user_id].is_house:
            del floor.orders[order.order_id]

    def note(self, order: Order) -> None:
        """Tell an order's new state, unless it is the house's."""
        if not self._floor.accounts[order.user_id].is_house:
            self._floor.queue.append(OrderChanged(order, self._floor.now_ms))

    def cancel(self, orders: Iterable[Order], reason: str) -> None:
        """Cancel resting orders."""
        for order in orders:
            self.lift(order)
            self.end(order, "canceled", reason)
            self.note(order)

    def cancel_for_pause(self) -> None:
        """Cancel the orders that asked not to sit through a pause."""
        self.cancel(list(self._cancelled_on_pause.values()), "HaltCancel")
