"""The account's orders and fills as they are kept: found by any of their names, and by market while they work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from kalshi_tui.core.orders import Fill
from kalshi_tui.core.positions import Portfolio
from kalshi_tui.core.units import Money, Size
from kalshi_tui.engine.trading.order import WORKING, HeldOrder
from kalshi_tui.errors import ValueRefused

_NOTHING: Final = Size(0)
FillKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class KnownFill:
    """A fill, who told it, which order it belongs to, and the fee that we expected."""

    fill: Fill
    source: str
    number: int
    predicted: Money | None


@dataclass(slots=True)
class HeldOrders:
    """Orders, fills and positions of one account in one mode; what an entry does to them is the ledger's to say."""

    orders: dict[int, HeldOrder] = field(default_factory=dict)
    by_order_id: dict[str, HeldOrder] = field(default_factory=dict)
    by_client_id: dict[str, HeldOrder] = field(default_factory=dict)
    fills: dict[FillKey, KnownFill] = field(default_factory=dict)
    portfolio: Portfolio = field(default_factory=Portfolio)
    troubles: list[tuple[str, str]] = field(default_factory=list)  # (ticker, words): for whoever reads them once
    subaccounts: dict[int, None] = field(default_factory=lambda: {0: None})
    intents_by_day: dict[str, int] = field(default_factory=dict)
    first_intent_ms: int | None = None
    _working: dict[str, dict[int, HeldOrder]] = field(default_factory=dict)
    _next_order: int = 1

    # What can be asked of it

    @property
    def next_order(self) -> int:
        """Return the number that the next order will have."""
        return self._next_order

    def working(self, ticker: str = "") -> Iterator[HeldOrder]:
        """Yield what may still fill, of one market or of all, oldest first within each market."""
        markets = [self._working.get(ticker, {})] if ticker else list(self._working.values())
        for held in markets:
            yield from held.values()

    def owed(self, ticker: str = "") -> list[HeldOrder]:
        """Return ended orders of which the venue counts more filled than it has told trades of."""
        return [
            order
            for order in self.orders.values()
            if order.told_filled > order.filled and not order.is_working and ticker in ("", order.ticker)
        ]

    def fills_of(self, number: int) -> list[KnownFill]:
        """Return an order's fills, in the order in which they were told."""
        return [known for known in self.fills.values() if known.number == number]

    def orders_on(self, day: str) -> int:
        """Return how many orders a day in New York has seen."""
        return self.intents_by_day.get(day, 0)

    # How they are kept

    def _number(self, number: int) -> int:
        if number != self._next_order:
            raise ValueRefused(
                f"the journal's next order is {self._next_order}, not {number}",
                hint="check it with `kalshi-tui journal verify`",
            )
        self._next_order += 1
        return number

    def _keep(self, order: HeldOrder) -> None:
        self.orders[order.number] = order
        if order.client_order_id:
            self.by_client_id.setdefault(order.client_order_id, order)
        if order.order_id:
            self.by_order_id[order.order_id] = order
        if order.state in WORKING:
            self._working.setdefault(order.ticker, {})[order.number] = order

    def _become(self, order: HeldOrder, state: Any, at_ms: int, reason: str = "") -> None:
        order.become(state, at_ms, reason)
        if order.is_working:
            self._working.setdefault(order.ticker, {})[order.number] = order
        self._forget_if_ended(order)

    def _forget_if_ended(self, order: HeldOrder) -> None:
        if not order.is_working:
            held = self._working.get(order.ticker, {})
            held.pop(order.number, None)
            if not held:
                self._working.pop(order.ticker, None)

    def _name(self, order: HeldOrder, order_id: str) -> None:
        if not order_id or order.order_id:
            return
        stub = self.by_order_id.get(order_id)
        order.order_id = order_id
        self.by_order_id[order_id] = order
        if stub is not None:
            self._take_over(order, stub)

    def _take_over(self, order: HeldOrder, stub: HeldOrder) -> None:
        """Give an order the fills that were told before anybody knew whose they are; its stand-in ends with none."""
        if (stub.ticker, stub.side) != (order.ticker, order.side):
            words = f"order {order.order_id} has traded in {stub.ticker}, and order {order.number} is another"
            self.troubles.extend((ticker, words) for ticker in dict.fromkeys((order.ticker, stub.ticker)))
            stub.is_stub, stub.order_id = False, ""
            self._become(stub, "filled", stub.changed_ms)
            return
        for key, known in self.fills.items():
            if known.number == stub.number:
                self.fills[key] = replace(known, number=order.number)
                fill = known.fill
                stub.count(fill.price, -fill.size, -fill.fee, stub.changed_ms)
                order.count(fill.price, fill.size, fill.fee, stub.changed_ms)
                self._check_order(order, fill)
        stub.is_stub, stub.order_id, stub.size, stub.told_filled = False, "", _NOTHING, _NOTHING
        stub.state, stub.reason = "canceled", f"it is order {order.number}"  # also where its fills had ended it
        self._forget_if_ended(stub)
        order.settle_state(stub.changed_ms)
        self._forget_if_ended(order)

    def _check_order(self, order: HeldOrder, fill: Fill) -> None:
        """Note what no venue may do: fill more than was ordered, or at a worse price."""
        whole = order.size if order.change is None else Size(max(order.size, order.change.size))
        if not order.is_stub and order.filled > whole:
            self.troubles.append((order.ticker, f"order {order.number} is filled beyond its size"))
        limit = order.worst_price
        is_worse = fill.price > limit if fill.side == "bid" else fill.price < limit
        if not order.is_stub and is_worse:
            self.troubles.append((order.ticker, f"order {order.number} was filled at a worse price than its limit"))
