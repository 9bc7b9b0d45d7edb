"""What portfolio reads see: the present, or on command the past, because Kalshi's reads lag behind its writes."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Sequence
from typing import Final, TypeVar

from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.happenings import Happening, OrderChanged, PositionChanged
from kalshi_tui.practice.records import Fill, Order, Position, Settlement

R = TypeVar("R", Order, Position)

_KEEP_MS: Final = 60_000


class _Copies(dict[tuple[str, ...], deque[tuple[int, R]]]):
    """Dated copies of live records, as far back as a lag may reach."""

    def keep(self, key: tuple[str, ...], ts_ms: int, record: R) -> None:
        """Keep a copy; older ones go once a newer one is old enough to answer for all that may be asked."""
        dated = self.setdefault(key, deque())
        dated.append((ts_ms, copy.copy(record)))
        while len(dated) > 1 and dated[1][0] < ts_ms - _KEEP_MS:
            dated.popleft()

    def at(self, key: tuple[str, ...], as_of_ms: int) -> R | None:
        """Return the copy that held at a time, None when there was none yet."""
        held = [record for ts_ms, record in self.get(key, ()) if ts_ms <= as_of_ms]
        return held[-1] if held else None


class Past:
    """Follows the exchange and remembers orders and positions of its members for a minute."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._orders: _Copies[Order] = _Copies()
        self._positions: _Copies[Position] = _Copies()
        self._ended: deque[tuple[int, str]] = deque()
        exchange.listen(self._hear)

    def order_at(self, order: Order, as_of_ms: int) -> Order | None:
        """Return an order as it was."""
        return order if order.updated_ms <= as_of_ms else self._orders.at((order.order_id,), as_of_ms)

    def position_at(self, position: Position, as_of_ms: int) -> Position | None:
        """Return a position as it was."""
        return position if position.updated_ms <= as_of_ms else self._positions.at(_key(position), as_of_ms)

    def _hear(self, happening: Happening) -> None:
        if isinstance(happening, OrderChanged):
            self._keep_order(happening.order, happening.ts_ms)
        elif isinstance(happening, PositionChanged) and not self._is_house(happening.position.user_id):
            self._positions.keep(_key(happening.position), happening.ts_ms, happening.position)

    def _keep_order(self, order: Order, ts_ms: int) -> None:
        if self._is_house(order.user_id):
            return
        self._orders.keep((order.order_id,), ts_ms, order)
        if order.status != "resting":
            self._ended.append((ts_ms, order.order_id))
        while self._ended and self._ended[0][0] < ts_ms - _KEEP_MS:
            self._orders.pop((self._ended.popleft()[1],), None)

    def _is_house(self, user_id: str) -> bool:
        return self._exchange.accounts[user_id].is_house


class Reads:
    """The rows of one account, newest first, now or as of a time."""

    def __init__(self, exchange: Exchange, past: Past | None = None, as_of_ms: int | None = None) -> None:
        self._exchange = exchange
        self._past = past
        self._as_of_ms = exchange.now_ms if as_of_ms is None else as_of_ms

    @property
    def as_of_ms(self) -> int:
        """Return the time that these rows show."""
        return self._as_of_ms

    def orders(self, user_id: str) -> list[Order]:
        """Return every order of an account."""
        return [seen for order in reversed(self._exchange.orders_of(user_id)) if (seen := self._order(order))]

    def order(self, user_id: str, order_id: str) -> Order | None:
        """Return one order of an account, None when it is unknown or somebody else's."""
        order = self._exchange.orders.get(order_id)
        return self._order(order) if order and order.user_id == user_id else None

    def fills(self, user_id: str) -> list[Fill]:
        """Return every fill of an account."""
        return self._until_now(self._exchange.fills_of(user_id))

    def settlements(self, user_id: str) -> list[Settlement]:
        """Return every settlement of an account."""
        rows = reversed(self._exchange.settlements_of(user_id))
        return [row for row in rows if row.settled_ms <= self._as_of_ms]

    def positions(self, user_id: str) -> list[Position]:
        """Return every position that an account has had, oldest first."""
        rows = (row for (owner, _, _), row in self._exchange.positions.items() if owner == user_id)
        return [seen for row in rows if (seen := self._position(row))]

    def _until_now(self, fills: Sequence[Fill]) -> list[Fill]:
        return [fill for fill in reversed(fills) if fill.ts_ms <= self._as_of_ms]

    def _order(self, order: Order) -> Order | None:
        return self._past.order_at(order, self._as_of_ms) if self._past else order

    def _position(self, position: Position) -> Position | None:
        return self._past.position_at(position, self._as_of_ms) if self._past else position


def _key(position: Position) -> tuple[str, ...]:
    return position.user_id, str(position.subaccount), position.ticker
