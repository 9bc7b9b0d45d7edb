"""An order on the paper venue, from its arrival to its end, and what the venue tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kalshi_tui.core.events import OrderSeen
from kalshi_tui.core.fees import OrderFees
from kalshi_tui.core.orders import Order, OrderStatus, Side
from kalshi_tui.core.units import Money, Price, Size, complement, cost
from kalshi_tui.engine.paper.queue import Place

_NOTHING: Final = Size(0)
_FREE: Final = Money(0)


def leg_price(side: Side, price: Price) -> Price:
    """Return what the bought leg costs: YES for a bid, NO for an ask."""
    return price if side == "bid" else complement(price)


@dataclass(slots=True, kw_only=True, eq=False)
class PaperOrder:
    """An order that works; once it has ended, only its description is kept."""

    order_id: str
    client_order_id: str
    ticker: str
    side: Side
    price: Price
    initial: Size
    remaining: Size
    self_trade_prevention: str
    post_only: bool
    cancel_on_pause: bool
    expiration_ms: int | None
    order_group_id: str
    exchange_index: int
    created_ms: int
    updated_ms: int
    fees: OrderFees
    status: OrderStatus = OrderStatus.RESTING
    filled: Size = _NOTHING
    taker_cost: Money = _FREE
    maker_cost: Money = _FREE
    taker_fees: Money = _FREE
    maker_fees: Money = _FREE
    reason: str = ""
    place: Place | None = None  # in the queue, while it rests

    def count_fill(self, price: Price, size: Size, fee: Money, *, is_taker: bool) -> None:
        """Count one fill; costs are what the bought leg cost."""
        paid = cost(leg_price(self.side, price), size)
        self.filled = Size(self.filled + size)
        self.remaining = Size(self.remaining - size)
        if is_taker:
            self.taker_cost = Money(self.taker_cost + paid)
            self.taker_fees = Money(self.taker_fees + fee)
        else:
            self.maker_cost = Money(self.maker_cost + paid)
            self.maker_fees = Money(self.maker_fees + fee)

    def described(self) -> Order:
        """Return the order as the venue's lists show it."""
        return Order(
            order_id=self.order_id,
            client_order_id=self.client_order_id,
            ticker=self.ticker,
            side=self.side,
            price=self.price,
            status=self.status,
            initial=self.initial,
            filled=self.filled,
            remaining=self.remaining,
            taker_cost=self.taker_cost,
            maker_cost=self.maker_cost,
            taker_fees=self.taker_fees,
            maker_fees=self.maker_fees,
            expiration_ms=self.expiration_ms,
            created_ms=self.created_ms,
            updated_ms=self.updated_ms,
            self_trade_prevention=self.self_trade_prevention,
            order_group_id=self.order_group_id,
            cancel_on_pause=self.cancel_on_pause,
            exchange_index=self.exchange_index,
        )

    def seen(self) -> OrderSeen:
        """Return the order as the venue's stream tells it."""
        return OrderSeen(
            order_id=self.order_id,
            client_order_id=self.client_order_id,
            ticker=self.ticker,
            side=self.side,
            status=str(self.status),
            price=self.price,
            initial=self.initial,
            filled=self.filled,
            remaining=self.remaining,
            taker_cost=self.taker_cost,
            maker_cost=self.maker_cost,
            taker_fees=self.taker_fees,
            maker_fees=self.maker_fees,
            order_group_id=self.order_group_id,
            self_trade_prevention=self.self_trade_prevention,
            reason=self.reason,
            exchange_index=self.exchange_index,
            subaccount=0,
            created_ms=self.created_ms,
            updated_ms=self.updated_ms,
            expiration_ms=self.expiration_ms,
        )
