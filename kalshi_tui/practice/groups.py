"""Order groups: fuses that cancel a set of orders when too much of it fills within 15 seconds."""

from __future__ import annotations

from typing import Literal

from kalshi_tui.practice import refusals
from kalshi_tui.practice.accounts import Accounts
from kalshi_tui.practice.floor import Floor
from kalshi_tui.practice.happenings import GroupChanged
from kalshi_tui.practice.records import NewOrder, Order, OrderGroup
from kalshi_tui.practice.resting import Resting

GroupStep = Literal["created", "triggered", "reset", "deleted", "limit_updated"]


class Groups:
    """The order groups of all users."""

    def __init__(self, floor: Floor, accounts: Accounts, resting: Resting) -> None:
        self._floor = floor
        self._accounts = accounts
        self._resting = resting
        self._counts: dict[str, int] = {}  # groups of each user

    def create(self, user_id: str, limit: int, subaccount: int, exchange_index: int) -> OrderGroup:
        """Open a group."""
        floor = self._floor
        if subaccount not in self._accounts.get(user_id).subaccounts:
            raise refusals.invalid("unknown subaccount")
        self._check_limit(limit)
        count = self._counts.get(user_id, 0)
        if count >= floor.rules.group_cap:
            raise refusals.too_many("order groups")
        self._counts[user_id] = count + 1
        group = OrderGroup(floor.new_id(), user_id, subaccount, limit, max(exchange_index, 0))
        floor.groups[group.group_id] = group
        self._note("created", group)
        return group

    def get(self, user_id: str, group_id: str) -> OrderGroup:
        """Return a user's own group or refuse."""
        group = self._floor.groups.get(group_id)
        if group is None or group.user_id != user_id:
            raise refusals.no_such_group()
        return group

    def admit(self, user_id: str, new: NewOrder, exchange_index: int) -> None:
        """Refuse an order whose group cannot take it."""
        if new.order_group_id is None:
            return
        group = self.get(user_id, new.order_group_id)
        if group.subaccount != new.subaccount or group.exchange_index != exchange_index:
            raise refusals.no_such_group()
        if group.triggered:
            raise refusals.group_triggered()

    def set_limit(self, user_id: str, group_id: str, limit: int) -> OrderGroup:
        """Change the limit; it trips at once when the last 15 seconds already exceed it."""
        group = self.get(user_id, group_id)
        self._check_limit(limit)
        group.limit = limit
        self._note("limit_updated", group)
        if not group.triggered and self._recent(group) > limit:
            self._trip(group)
        return group

    def reset(self, user_id: str, group_id: str) -> OrderGroup:
        """Let a tripped group take orders again, counting from nothing."""
        group = self.get(user_id, group_id)
        group.triggered = False
        group.fills.clear()
        self._note("reset", group)
        return group

    def trigger(self, user_id: str, group_id: str) -> OrderGroup:
        """Trip a group by hand."""
        group = self.get(user_id, group_id)
        if not group.triggered:
            self._trip(group)
        return group

    def delete(self, user_id: str, group_id: str) -> OrderGroup:
        """Cancel a group's orders and forget it."""
        group = self.get(user_id, group_id)
        self._resting.cancel([self._floor.orders[order_id] for order_id in group.order_ids], "")
        del self._floor.groups[group_id]
        self._counts[user_id] -= 1
        self._note("deleted", group)
        return group

    def count(self, order: Order, size: int) -> None:
        """Count a fill of a grouped order; the group is tripped at once, its orders are cancelled by `sweep`."""
        group = self._floor.groups.get(order.order_group_id or "")
        if group is None or group.triggered:
            return
        group.fills.append((self._floor.now_ms, size))
        if self._recent(group) > group.limit:
            group.triggered = True

    def is_tripped(self, order: Order) -> bool:
        """Tell whether an order's group takes no more fills."""
        group = self._floor.groups.get(order.order_group_id or "")
        return group is not None and group.triggered

    def sweep(self, orders: list[Order]) -> None:
        """Finish what `count` began: cancel the rest of the groups that these orders' fills have tripped."""
        for group_id in dict.fromkeys(order.order_group_id for order in orders):
            group = self._floor.groups.get(group_id or "")
            if group is not None and group.triggered:
                self._trip(group)

    def _trip(self, group: OrderGroup) -> None:
        group.triggered = True
        self._resting.cancel([self._floor.orders[order_id] for order_id in group.order_ids], "")
        self._note("triggered", group)

    def _recent(self, group: OrderGroup) -> int:
        since = self._floor.now_ms - self._floor.rules.group_window_ms
        if group.fills and group.fills[0][0] <= since:
            group.fills = [fill for fill in group.fills if fill[0] > since]
        return sum(size for _, size in group.fills)

    def _check_limit(self, limit: int) -> None:
        if not 100 <= limit <= self._floor.rules.group_limit_cap:
            raise refusals.invalid("contracts_limit must be between 1 and 1000000")

    def _note(self, kind: GroupStep, group: OrderGroup) -> None:
        self._floor.queue.append(GroupChanged(kind, group, self._floor.now_ms))
