"""The state of the exchange, its clock, and how it tells what happens; the rules live in the parts that share it.

One call from outside is one action: its happenings wait until the action is over, so that whoever listens sees books,
orders and positions as the action left them, and may itself act on the exchange without tearing another action apart.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from kalshi_tui.practice.candles import Candles
from kalshi_tui.practice.happenings import BookChanged, Happening, PositionChanged
from kalshi_tui.practice.history import History
from kalshi_tui.practice.log import Log
from kalshi_tui.practice.records import (
    Account,
    ApiKey,
    Event,
    FeeChange,
    Market,
    Order,
    OrderGroup,
    Position,
    Series,
    Side,
)
from kalshi_tui.practice.rules import DEFAULT, Rules
from kalshi_tui.practice.tape import Tape
from kalshi_tui.practice.timers import Timers

Listener = Callable[[Happening], None]
PositionKey = tuple[str, int, str]  # (user_id, subaccount, ticker)


class Floor:
    """Everything that the exchange keeps, and the only place where time and the logical clock move."""

    def __init__(self, *, seed: int, start_ms: int, rules: Rules = DEFAULT) -> None:
        self.seed = seed
        self.now_ms = start_ms
        self.acted = 0  # scheduled actions that ran: it grows as long as the world lives
        self.rules = rules
        self.random = random.Random(seed)
        self.clock = 0
        self.trading_active = True
        self.exchange_active = True
        self.resume_ms: int | None = None
        self.series: dict[str, Series] = {}
        self.events: dict[str, Event] = {}
        self.markets: dict[str, Market] = {}
        self.fee_changes: list[FeeChange] = []
        self.accounts: dict[str, Account] = {}
        self.keys: dict[str, ApiKey] = {}
        self.orders: dict[str, Order] = {}
        self.groups: dict[str, OrderGroup] = {}
        self.positions: dict[PositionKey, Position] = {}
        self.holders: dict[str, list[Position]] = {}  # those of them that are not settled, by ticker
        self.paid: dict[str, list[PositionKey]] = {}  # those that are, by ticker
        self.histories: dict[str, History] = {}
        self.fee_pot = 0  # money: all fees ever charged
        self.queue: deque[Happening] = deque()
        self.moved: dict[PositionKey, Position] = {}  # positions that this action changed
        self._changes: dict[tuple[str, Side, int], tuple[int, Market, Order]] = {}  # levels that it changed
        self._telling = False
        self._timers = Timers()
        self._log = Log()
        self._tape = Tape(rules, self.markets, start_ms)
        self._candles = Candles(rules)
        self._listeners: tuple[Listener, ...] = (self._log.hear, self._tape.hear, self._candles.hear)

    def schedule(self, at_ms: int, action: Callable[[], None]) -> None:
        """Run an action when the clock reaches a time; what is already due runs at the next advance."""
        self._timers.add(at_ms, action)

    def next_due_ms(self) -> int | None:
        """Return when the next scheduled action is due."""
        return self._timers.next_ms()

    def advance(self, to_ms: int) -> None:
        """Move time forward, running each due action at its own time; time never goes back."""
        while self.act(to_ms):
            pass
        self._set_time(to_ms)

    def act(self, to_ms: int) -> bool:
        """Run the next action that is due by a time, and only that one; tell whether there was one."""
        due_ms = self._timers.next_ms()
        if due_ms is None or due_ms > to_ms:
            return False
        at_ms, action = self._timers.pop()
        self._set_time(at_ms)
        action()
        self.flush()
        self.acted += 1
        return True

    def _set_time(self, now_ms: int) -> None:
        if now_ms > self.now_ms:
            self.now_ms = now_ms
            self._tape.advance(now_ms)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call a listener for each happening, after those registered before it; the returned function removes it."""
        self._listeners = (*self._listeners, listener)

        def remove() -> None:
            self._listeners = tuple(kept for kept in self._listeners if kept is not listener)

        return remove

    def tell(self, happening: Happening) -> None:
        """Tell everybody who listens, after what is still being told."""
        self.queue.append(happening)
        self.flush()

    def flush(self) -> None:
        """End the action: tell what happened in it."""
        self._close_action()
        if self._telling:
            return
        queue = self.queue
        self._telling = True
        try:
            while queue:
                happening = queue.popleft()
                for listener in self._listeners:
                    listener(happening)
        finally:
            self._telling = False

    def _close_action(self) -> None:
        if self._changes:
            self._tell_changes()
        if self.moved:
            self.queue.extend(PositionChanged(position, self.now_ms) for position in self.moved.values())
            self.moved.clear()

    def book_changed(self, market: Market, side: Side, price: int, delta: int, order: Order) -> None:
        """Note that a level changed because of an order; each level is told once an action, with its whole change."""
        key = (market.ticker, side, price)
        earlier = self._changes.get(key)
        if earlier is not None:
            delta += earlier[0]
            order = earlier[2]
        self._changes[key] = (delta, market, order)

    def _tell_changes(self) -> None:
        """Queue this action's changes under the one tick of the logical clock that it gets."""
        self.clock = clock = self.clock + 1
        for (_, side, price), (delta, market, order) in self._changes.items():
            market.clock = clock
            self.queue.append(
                BookChanged(
                    market,
                    side,
                    price,
                    delta,
                    clock,
                    self.now_ms,
                    order.user_id,
                    order.client_order_id,
                    order.subaccount,
                )
            )
        self._changes.clear()

    def new_id(self) -> str:
        """Return an id in the shape of a UUID from the seeded generator."""
        text = f"{self.random.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def log_digest(self) -> str:
        """Return the SHA-256 of everything told so far."""
        return self._log.digest()
