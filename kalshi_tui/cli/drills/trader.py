"""A person at a terminal who trades at a human pace while faults strike: every choice is drawn from the seed."""

from __future__ import annotations

import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from kalshi_tui.cli.drills.conduct import Conduct, Paper
from kalshi_tui.core.book import BookState
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Price, Size
from kalshi_tui.core.words import dollars
from kalshi_tui.engine.ports import Clock
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link import trading as asks
from kalshi_tui.link.client import Link, Watching
from kalshi_tui.link.keys import MarketsKey, OrdersKey, PositionsKey, TradingKey
from kalshi_tui.link.views import MarketRow, MarketsView

RESET_PHRASE: Final = "lift"
_CODE: Final = re.compile(r"\(([A-Z_]+)\)$")
_CLOSE_MS: Final = 15_000
_LOOK_S: Final = 0.25
_WEIGHTS: Final = {
    "join": 8,
    "take": 3,
    "ioc": 4,
    "amend": 2,
    "reduce": 1,
    "cancel": 2,
    "cancel all": 1,
    "flatten": 2,
    "compare": 1,
}
_LEAN: Final = 5
_FITTING: Final = re.compile(
    r"LIMIT_|RATE_|SIZE_|PRICE_|BALANCE_SHORT|DUPLICATE|SELF_CROSS|COLLAR|MARKET_|BOOK_|TICKET_"
)
"""Refusals of one order at one moment, as against those of all trading."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How a person trades in a drill."""

    pace_s: tuple[float, float] = (0.2, 1.1)
    leans: tuple[str, ...] = ()  # acts that come more often than others
    only: tuple[str, ...] = ()  # acts, where others would spoil the drill
    kills_at_s: tuple[float, ...] = ()
    lifts_after_s: float = 4.0  # after a kill; below zero it is left as it is
    holds: str = ""  # a market of which something is to be bought first of all, by the beginning of its ticker
    starts_with: tuple[str, ...] = ()
    sizes: tuple[int, ...] = (100, 100, 200, 300, 300, 400, 150, 50)
    acknowledges: bool = True
    arms: bool = True


@dataclass(slots=True)
class Trader:
    """One person."""

    link: Link
    clock: Clock
    chance: random.Random
    habits: Habits
    conduct: Conduct = field(default_factory=Conduct)
    is_over: bool = False
    tradable_ms: int | None = None
    acts: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    killed_resting: int = 0  # orders that were shown as resting when kill was pressed
    kill_words: dict[str, None] = field(default_factory=dict)  # that were shown of a kill
    states: dict[str, str] = field(default_factory=dict)  # that were seen, with the first reason of each
    _trading: Watching = field(init=False)
    _orders: Watching = field(init=False)
    _positions: Watching = field(init=False)
    _markets: Watching = field(init=False)
    _killed_ms: int = 0
    _kills: list[float] = field(init=False)
    _script: list[str] = field(init=False)

    def __post_init__(self) -> None:
        """Look at everything."""
        self._trading = self.link.watch(TradingKey())
        self._orders = self.link.watch(OrdersKey(count=500))
        self._positions = self.link.watch(PositionsKey())
        self._markets = self.link.watch(MarketsKey(count=200))
        self._kills, self._script = list(self.habits.kills_at_s), list(self.habits.starts_with)
        self.link.on_change = self._see

    # What is seen

    @property
    def trading(self) -> asks.TradingView | None:
        """Return the state of trading as it was last shown."""
        view = self._trading.view
        return view if isinstance(view, asks.TradingView) else None

    def working(self) -> list[asks.OrderRow]:
        """Return the orders that work, as they were last shown."""
        view = self._orders.view
        over = {"filled", "canceled", "rejected", "absent", "not sent"}
        return [row for row in view.rows if row.state not in over] if isinstance(view, asks.OrdersView) else []

    def held(self) -> list[asks.PositionRow]:
        """Return what is held, as it was last shown."""
        view = self._positions.view
        return [row for row in view.rows if row.size] if isinstance(view, asks.PositionsView) else []

    def rows(self) -> list[MarketRow]:
        """Return the markets that can be dealt in."""
        view, now_ms = self._markets.view, self.clock.now_ms()
        rows = view.rows if isinstance(view, MarketsView) else ()
        return [
            row
            for row in rows
            if row.state == BookState.LIVE and row.bid and row.ask and row.close_ms > now_ms + _CLOSE_MS
        ]

    def _see(self) -> None:
        changed = self.link.take_changed()
        view = self.trading
        if view is not None and self._trading in changed:
            self.conduct.sees(view, self.clock.now_ms())
            self.states.setdefault(view.state, view.reason)
            if view.kill is not None:
                self.kill_words[view.kill.words] = None

    # What is done

    async def trade(self) -> None:
        """Trade until told to stop."""
        began_ms = self.clock.now_ms()
        while not self.is_over and not self.link.closed:
            await self.clock.sleep(self.chance.uniform(*self.habits.pace_s))
            if self._kills and self.clock.now_ms() - began_ms >= self._kills[0] * 1000:
                self._kills.pop(0)
                await self.kill()
            elif not await self._put_right():
                await self._act()

    async def recover(self, until_ms: int) -> None:
        """Do what a person must after the faults, until an order is taken again."""
        while self.clock.now_ms() < until_ms and self.tradable_ms is None and not self.link.closed:
            if not await self._put_right(at_once=True) and self._is_active() and await self._probe():
                self.tradable_ms = self.clock.now_ms()
                return
            await self.clock.sleep(_LOOK_S)

    async def kill(self) -> None:
        """Press kill."""
        self.killed_resting = sum(row.state == "resting" for row in self.working())
        if await self._ask(asks.Kill()) is not None:
            self._killed_ms = self.clock.now_ms()
            self.conduct.is_killed, self.conduct.is_armed = True, False

    async def ask_to_compare(self) -> None:
        """Ask for a comparison with the venue."""
        await self._ask(asks.Reconcile())

    async def cancel_everything(self) -> None:
        """Cancel whatever works."""
        await self._ask(asks.CancelOrders(everything=True))

    async def _put_right(self, *, at_once: bool = False) -> bool:
        """Do one thing that only a person may do; tell whether there was any."""
        view, habits = self.trading, self.habits
        if view is None:
            return True
        if view.differences and habits.acknowledges:
            self.acknowledged.append(view.differences[0].words)
            await self._ask(asks.Acknowledge(view.differences[0].number))
            return True
        if view.state == "killed":
            since_ms = self.clock.now_ms() - self._killed_ms
            is_time = habits.lifts_after_s >= 0 and (at_once or since_ms >= habits.lifts_after_s * 1000)
            return is_time and self.chance.random() < 0.7 and await self._lift()
        if view.state == "disarmed" and habits.arms and (at_once or self.chance.random() < 0.7):
            self.conduct.is_armed = True
            await self._ask(asks.Arm(view.arm_phrase))
            return True
        return False

    async def _lift(self) -> bool:
        was_killed, self.conduct.is_killed = self.conduct.is_killed, False
        if await self._ask(asks.ResetKill(RESET_PHRASE)) is None:
            self.conduct.is_killed = was_killed  # what is shown may be older than the last lifting
        return True

    def _is_active(self) -> bool:
        return self.trading is not None and self.trading.state == "active"

    async def _act(self) -> None:
        acts: dict[str, Callable[[], Awaitable[bool]]] = {
            "join": self._join,
            "take": self._take,
            "ioc": self._ioc,
            "amend": self._amend,
            "reduce": self._reduce,
            "cancel": self._cancel,
            "cancel all": self._cancel_all,
            "flatten": self._flatten,
            "compare": self._compare,
        }
        names = [name for name in acts if not self.habits.only or name in self.habits.only]
        by = [_WEIGHTS[name] * (_LEAN if name in self.habits.leans else 1) for name in names]
        if self._script and await acts[self._script[0]]():
            self.acts.append(self._script.pop(0))
            return
        name = self.chance.choices(names, by)[0]
        if await acts[name]():
            self.acts.append(name)

    async def _probe(self) -> bool:
        """Send one small order, and tell whether the venue has taken it."""
        before = self.conduct.refusals.copy()
        fired = await self._deal_somewhere(Size(100))
        if fired is None:
            codes = self.conduct.refusals - before
            return bool(codes) and all(_FITTING.match(code) and not code.startswith("MARKET_U") for code in codes)
        number = fired.orders[0]
        for _ in range(int(2 / _LOOK_S)):
            await self.clock.sleep(_LOOK_S)
            view = self._orders.view
            rows = view.rows if isinstance(view, asks.OrdersView) else ()
            if any(row.number == number and row.state in {"resting", "filled", "canceled"} for row in rows):
                return True
        return False

    # Orders

    async def _deal_somewhere(self, size: Size) -> asks.Fired | None:
        row = self._market()
        if row is None:
            return None
        side = self._side()
        assert row.bid is not None and row.ask is not None  # noqa: S101, PT018 - of such rows alone
        return await self._deal(asks.Draft(row.ticker, side, row.bid if side == "bid" else row.ask, size))

    async def _join(self) -> bool:
        row = self._market()
        if row is None or row.bid is None or row.ask is None:
            return False
        side = self._side()
        price, step = (row.bid, -100) if side == "bid" else (row.ask, 100)
        away = self.chance.choice((0, 0, 0, step, 2 * step))
        return await self._fires(asks.Draft(row.ticker, side, Price(price + away), self._size()))

    async def _take(self) -> bool:
        row = self._market()
        if row is None or row.bid is None or row.ask is None:
            return False
        side = self._side()
        return await self._fires(asks.Draft(row.ticker, side, row.ask if side == "bid" else row.bid, self._size()))

    async def _ioc(self) -> bool:
        row = self._market()
        if row is None or row.bid is None or row.ask is None:
            return False
        side = self._side()
        kind: asks.TimeInForce = "fill_or_kill" if self.chance.random() < 1 / 3 else "immediate_or_cancel"
        price = row.ask if side == "bid" else row.bid
        return await self._fires(asks.Draft(row.ticker, side, price, self._size(), time_in_force=kind))

    async def _flatten(self) -> bool:
        held = self.held()
        rows = {row.ticker: row for row in self.rows()}
        wanted = [position for position in held if position.ticker in rows]
        if not wanted:
            return False
        position = self.chance.choice(wanted)
        row, side = rows[position.ticker], "ask" if position.size > 0 else "bid"
        price = row.bid if side == "ask" else row.ask
        assert price is not None  # noqa: S101 - of such rows alone
        draft = asks.Draft(
            row.ticker,
            side,  # type: ignore[arg-type]  # one of both
            price,
            Size(abs(position.size)),
            kind="flatten",
            time_in_force="immediate_or_cancel",
            reduce_only=True,
        )
        return await self._fires(draft)

    async def _amend(self) -> bool:
        order = self._resting()
        if order is None:
            return False
        price = Price(order.price + self.chance.choice((-200, -100, 0, 100)))
        size = Size(order.size + self.chance.choice((-100, 0, 100, 200)))
        if not (0 < price < 10_000 and size > order.filled) or (price, size) == (order.price, order.size):
            return False
        return await self._fires(asks.Draft(order.ticker, order.side, price, size, kind="amend", replaces=order.number))

    async def _reduce(self) -> bool:
        order = self._resting(more_than=100)
        if order is None:
            return False
        return await self._ask(asks.Reduce(order.number, Size(order.size - order.remaining // 2))) is not None

    async def _cancel(self) -> bool:
        working = self.working()
        if not working:
            return False
        return await self._ask(asks.CancelOrders((self.chance.choice(working).number,))) is not None

    async def _cancel_all(self) -> bool:
        if sum(row.state == "resting" for row in self.working()) < 2:
            return False
        return await self._ask(asks.CancelOrders(everything=True)) is not None

    async def _compare(self) -> bool:
        return await self._ask(asks.Reconcile()) is not None

    async def _fires(self, draft: asks.Draft) -> bool:
        return await self._deal(draft) is not None

    async def _deal(self, draft: asks.Draft) -> asks.Fired | None:
        """Make a ticket, read it, and fire it; some are fired although they must not be, and some twice."""
        draft = _typed(draft)
        staged = await self._ask(asks.Stage(draft))
        if not isinstance(staged, asks.Staged):
            return None
        paper = self.conduct.shown(staged.ticket)
        await self.clock.sleep(self.chance.choice((0.1, 0.2, 0.4, 0.8, 1.5, 5.1) if not self.is_over else (0.1, 0.2)))
        fired = await self._fire(paper)
        if fired is not None and self.chance.random() < 0.2:
            await self._fire(paper)
        return fired

    async def _fire(self, paper: Paper) -> asks.Fired | None:
        was_fired, paper.is_fired = paper.is_fired, True
        fired = await self._ask(asks.Fire(paper.ticket.number, paper.ticket.token))
        if not isinstance(fired, asks.Fired):
            paper.is_fired = was_fired
            return None
        self.conduct.fired += 1
        return fired

    async def _ask(self, intent: asks.TradingIntent) -> object | None:
        try:
            return await self.link.ask(intent)
        except KalshiTuiError as problem:
            code = _CODE.search(problem.message)
            self.conduct.refusals[code[1] if code else f"{type(intent).__name__}: {problem.message}"] += 1
            return None

    # Choices

    def _market(self) -> MarketRow | None:
        rows = self.rows()
        wanted = [row for row in rows if row.ticker.startswith(self.habits.holds)]
        return self.chance.choice(wanted or rows) if rows else None

    def _resting(self, more_than: int = 0) -> asks.OrderRow | None:
        resting = [row for row in self.working() if row.state == "resting" and row.remaining > more_than]
        return self.chance.choice(resting) if resting else None

    def _side(self) -> Side:
        return "bid" if self.chance.random() < 0.5 else "ask"

    def _size(self) -> Size:
        return Size(self.chance.choice(self.habits.sizes))


def _typed(draft: asks.Draft) -> asks.Draft:
    """Return a draft with its price typed once more, as it is asked for near the ends of the scale."""
    return asks.Draft(
        draft.ticker,
        draft.side,
        draft.price,
        draft.size,
        draft.kind,
        draft.time_in_force,
        draft.post_only,
        draft.reduce_only,
        draft.expiration_s,
        draft.replaces,
        draft.strategy,
        dollars(draft.price),
    )
