"""Orders and fills on the YES axis: a bid buys YES, an ask sells YES or buys NO."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, Self

from kalshi_tui.core.units import PRICE_ONE, Money, Price, Size
from kalshi_tui.errors import ValueRefused

Side = Literal["bid", "ask"]

_NOTHING: Final = Size(0)
_FREE: Final = Money(0)
_READ_AGAIN: Final = "read it again from the venue; until then count it as working"


class OrderStatus(StrEnum):
    """What has become of an order; a word that we do not know, or a lost answer, is UNKNOWN."""

    RESTING = "resting"
    CANCELED = "canceled"
    EXECUTED = "executed"
    UNKNOWN = "unknown"

    @property
    def may_fill(self) -> bool:
        """Return whether more fills can come: what is unknown counts as working."""
        return self in {OrderStatus.RESTING, OrderStatus.UNKNOWN}

    @classmethod
    def _missing_(cls, _: object) -> Self:
        return cls("unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order as the venue last described it."""

    order_id: str
    client_order_id: str = ""
    ticker: str
    side: Side
    price: Price
    status: OrderStatus
    initial: Size
    filled: Size = _NOTHING
    remaining: Size = _NOTHING
    taker_cost: Money = _FREE
    maker_cost: Money = _FREE
    taker_fees: Money = _FREE
    maker_fees: Money = _FREE
    expiration_ms: int | None = None
    created_ms: int | None = None
    updated_ms: int | None = None
    self_trade_prevention: str = ""
    order_group_id: str = ""
    cancel_on_pause: bool = False
    subaccount: int = 0
    exchange_index: int = 0

    def __post_init__(self) -> None:
        if not (_is_side(self.side) and _is_price(self.price)) or min(self.initial, self.filled, self.remaining) < 0:
            raise ValueRefused(f"order {self.order_id!r:.60} has no possible side, price or size", hint=_READ_AGAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One match of one of our orders; `fee` is what it was charged, net of rebates."""

    trade_id: str
    order_id: str
    ticker: str
    side: Side
    price: Price
    size: Size
    is_taker: bool
    fee: Money
    ts_ms: int
    subaccount: int = 0
    exchange_index: int = 0

    def __post_init__(self) -> None:
        if not (_is_side(self.side) and _is_price(self.price) and type(self.size) is int and self.size > 0):
            raise ValueRefused(f"fill {self.trade_id!r:.60} has no possible side, price or size", hint=_READ_AGAIN)
        if type(self.fee) is not int:
            raise ValueRefused(f"fill {self.trade_id!r:.60} has no exact fee", hint="money is counted in integers")


def _is_side(side: object) -> bool:
    return side in ("bid", "ask")


def _is_price(price: object) -> bool:
    return type(price) is int and 0 <= price <= PRICE_ONE
