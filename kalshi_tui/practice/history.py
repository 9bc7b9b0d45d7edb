"""What the exchange remembers of one user: orders, fills, settlements and the ids that are used up; all bounded."""

from __future__ import annotations

from typing import TypeVar

from kalshi_tui.practice.records import Fill, Order, Settlement
from kalshi_tui.practice.rules import Rules

_T = TypeVar("_T")


class History:
    """One user's past; the oldest goes first when a limit is reached, working orders never."""

    __slots__ = ("_rules", "fills", "ids", "orders", "resting", "settlements")

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.orders: list[Order] = []  # oldest first
        self.resting: dict[str, Order] = {}
        self.fills: list[Fill] = []
        self.settlements: list[Settlement] = []
        self.ids: dict[str, None] = {}  # client_order_ids that may not be used again

    def add_order(self, order: Order) -> list[Order]:
        """Keep an order; return the ended ones that had to go."""
        self.orders.append(order)
        cap = self._rules.keep_history + len(self.resting)
        if len(self.orders) < cap + cap // 4 + 1:  # a quarter of slack makes each forgotten order cost O(1)
            return []
        surplus = len(self.orders) - cap
        gone = [old for old in self.orders if old.status != "resting"][:surplus]
        ids = {old.order_id for old in gone}
        self.orders = [old for old in self.orders if old.order_id not in ids]
        return gone

    def add_fill(self, fill: Fill) -> None:
        """Keep a fill."""
        _append(self.fills, fill, self._rules.keep_history)

    def add_settlement(self, settlement: Settlement) -> None:
        """Keep a settlement."""
        _append(self.settlements, settlement, self._rules.keep_history)

    def burn(self, client_order_id: str) -> None:
        """Use up a client_order_id."""
        self.ids[client_order_id] = None
        if len(self.ids) > self._rules.keep_client_ids:
            del self.ids[next(iter(self.ids))]

    def ended(self, order: Order) -> None:
        """Free the id of an order that works no longer, where only working orders hold theirs."""
        if self._rules.duplicate_ids == "open_only":
            self.ids.pop(order.client_order_id, None)


def _append(rows: list[_T], row: _T, cap: int) -> None:
    rows.append(row)
    if len(rows) > cap + cap // 4:
        del rows[: len(rows) - cap]
