"""What the exchange remembers of one user: orders, fills, settlements and the ids that are used up; all bounded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from kalshi_tui.practice.records import Fill, Order, Settlement
from kalshi_tui.practice.rules import Rules

_T = TypeVar("_T")


class History:
    """One user's past; the oldest goes first when a limit is reached, working orders never.

    `on_forgotten` hears what goes, by kind and by name, so that whoever keeps copies can let go of them too.
    """

    __slots__ = ("_rules", "fills", "ids", "on_forgotten", "orders", "resting", "settlements")

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.orders: list[Order] = []  # oldest first
        self.resting: dict[str, Order] = {}
        self.fills: list[Fill] = []
        self.settlements: list[Settlement] = []
        self.ids: OrderedDict[str, None] = OrderedDict()  # client_order_ids that may not be used again
        self.on_forgotten: Callable[[str, str], None] = _nothing

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
        for old in gone:
            self.on_forgotten("order", old.order_id)
        return gone

    def add_fill(self, fill: Fill) -> None:
        """Keep a fill."""
        for old in _append(self.fills, fill, self._rules.keep_history):
            self.on_forgotten("fill", fill_name(old))

    def add_settlement(self, settlement: Settlement) -> None:
        """Keep a settlement."""
        for old in _append(self.settlements, settlement, self._rules.keep_history):
            self.on_forgotten("settlement", settlement_name(old))

    def burn(self, client_order_id: str) -> None:
        """Use up a client_order_id."""
        self.ids[client_order_id] = None
        if len(self.ids) > self._rules.keep_client_ids:
            self.on_forgotten("id", self.ids.popitem(last=False)[0])

    def ended(self, order: Order) -> None:
        """Free the id of an order that works no longer, where only working orders hold theirs."""
        if self._rules.duplicate_ids == "open_only" and order.client_order_id in self.ids:
            del self.ids[order.client_order_id]
            self.on_forgotten("id", order.client_order_id)


def fill_name(fill: Fill) -> str:
    """Name a fill: a trade of a member with itself would have two."""
    return f"{fill.trade_id}|{fill.order_id}"


def settlement_name(row: Settlement) -> str:
    """Name a settlement: a market pays each subaccount once."""
    return f"{row.user_id}|{row.subaccount}|{row.ticker}"


def _nothing(_kind: str, _name: str) -> None:
    """Tell nobody."""


def _append(rows: list[_T], row: _T, cap: int) -> list[_T]:
    """Add a row; return the oldest ones that had to go."""
    rows.append(row)
    if len(rows) <= cap + cap // 4:
        return []
    gone = rows[: len(rows) - cap]
    del rows[: len(gone)]
    return gone
