"""One order of the account through its life: which states may follow which, and how much of it may still fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Money, Price, Size, cost
from kalshi_tui.link.trading import OrderState, Origin

WORKING: Final[frozenset[OrderState]] = frozenset({"deciding", "sent", "resting", "canceling", "unknown"})
"""States in which an order may still fill in full, as far as anybody has proved."""
ENDED: Final[frozenset[OrderState]] = frozenset({"filled", "canceled", "rejected", "not sent"})
"""States that an order leaves only by the venue's word that it rests all the same; all else changes counts alone."""
FOLLOWS: Final[Mapping[OrderState, frozenset[OrderState]]] = {
    "deciding": frozenset({"sent", "not sent", "unknown"}),
    "sent": frozenset({"resting", "canceling", "filled", "canceled", "rejected", "not sent", "unknown"}),
    "resting": frozenset({"canceling", "filled", "canceled"}),
    "canceling": frozenset({"resting", "filled", "canceled"}),
    "unknown": frozenset({"resting", "canceling", "filled", "canceled", "absent"}),
    "absent": frozenset({"resting", "canceling", "filled", "canceled"}),
    "filled": frozenset(),
    "canceled": frozenset(),
    "rejected": frozenset(),
    "not sent": frozenset(),
}
_NOTHING: Final = Size(0)
_FREE: Final = Money(0)
DENIED: Final[frozenset[OrderState]] = frozenset({"canceled", "rejected", "not sent"})
"""Ends that an answer may have told wrongly: what the venue shows at rest afterwards is at rest."""
LAG_MS: Final = 5_000  # for so long lists may show what has ended
APART_MS: Final = 3_000


@dataclass(slots=True)
class Change:
    """An amendment or a decrease that the venue has not answered; until it has, the worse of both counts."""

    kind: str
    price: Price
    size: Size
    asked_ms: int
    is_unanswered: bool = False
    opens: Size = _NOTHING  # what a decrease leaves open, whatever was filled before it came


@dataclass(slots=True, kw_only=True)
class HeldOrder:
    """An order of this account, ours or another's, as far as the journal knows it."""

    number: int
    origin: Origin
    client_order_id: str
    ticker: str
    side: Side
    price: Price
    size: Size
    state: OrderState
    event_ticker: str = ""
    exchange_index: int = 0
    subaccount: int = 0
    order_id: str = ""
    filled: Size = _NOTHING  # by the trades that are known
    told_filled: Size = _NOTHING  # by the venue's count, which may be ahead of the trades
    value: Money = _FREE  # of the fills, at YES prices
    fees: Money = _FREE
    time_in_force: str = "good_till_canceled"
    post_only: bool = False
    reduce_only: bool = False
    expiration_ms: int | None = None
    group_id: str = ""
    reason: str = ""
    placed_ms: int = 0
    changed_ms: int = 0
    sent_ms: int = 0
    told_ms: int = 0  # by the venue's clock, of what it last told
    strategy: str = ""
    opportunity: str = ""
    fee: Money = _FREE  # that was predicted for all of it
    change: Change | None = None
    open_floor: Size = _NOTHING  # after a decrease so much may be open, until the venue describes the order
    cancel: str = ""  # asked, unanswered, or nothing
    is_stub: bool = False  # known by its fills alone
    absent_ms: int | None = None  # since when lists have lacked it
    absences: int = 0
    shown_ms: int | None = None  # since when lists show it at rest, although it has ended here

    @property
    def is_working(self) -> bool:
        """Tell whether it may still fill, as far as anybody has proved."""
        return self.state in WORKING

    @property
    def is_in_flight(self) -> bool:
        """Tell whether the venue owes us a word about it."""
        return self.state in {"deciding", "sent", "canceling", "unknown"} or self.is_changing

    @property
    def is_changing(self) -> bool:
        """Tell whether the venue has yet to answer a change, or to describe what a decrease came to."""
        return self.change is not None or self.open_floor > 0

    @property
    def open_size(self) -> Size:
        """Return how much may still come to be filled, beyond the trades that are known."""
        if self.state in WORKING:
            whole = self.size if self.change is None else max(self.size, self.change.size)
            return Size(max(whole - self.filled, self.told_filled - self.filled, self.open_floor))
        return Size(max(self.told_filled - self.filled, 0))

    @property
    def worst_price(self) -> Price:
        """Return the price at which the rest may fill in the worst case."""
        if self.change is None:
            return self.price
        return (max if self.side == "bid" else min)(self.price, self.change.price)

    @property
    def average(self) -> Money | None:
        """Return what one contract was filled at, in millionths of a dollar, rounded down."""
        return Money(100 * self.value // self.filled) if self.filled else None

    def become(self, state: OrderState, at_ms: int, reason: str = "") -> bool:
        """Go to another state, where that may follow; tell whether it has."""
        if state == self.state:
            self.reason = reason or self.reason
            return True
        if state not in FOLLOWS[self.state]:
            return False
        self.state, self.changed_ms, self.reason = state, at_ms, reason
        if state in ENDED:
            self.change, self.cancel, self.open_floor = None, "", _NOTHING
        return True

    def is_shown_still(self, at_ms: int) -> bool:
        """Hear that it is shown at rest after its end; tell whether that is more than the lag of a list."""
        if at_ms - self.changed_ms < LAG_MS:
            return False
        if self.shown_ms is None:
            self.shown_ms = at_ms
        return at_ms - self.shown_ms >= APART_MS

    def count(self, price: Price, size: int, fee: int, at_ms: int) -> None:
        """Count a fill, or take one away where the size is below zero."""
        self.filled = Size(self.filled + size)
        self.told_filled = Size(max(self.told_filled, self.filled)) if size > 0 else self.filled
        self.value = Money(self.value + cost(price, Size(size)))
        self.fees = Money(self.fees + fee)
        self.changed_ms = at_ms

    def settle_state(self, at_ms: int) -> None:
        """End an order whose fills are all there."""
        is_whole = self.filled >= self.size and (self.change is None or self.filled >= self.change.size)
        if self.is_working and is_whole and not self.open_floor:
            self.become("filled", at_ms)
