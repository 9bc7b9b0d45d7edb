"""Whatever people, the network, the exchange and the machine do, in whatever order: what holds of our orders.

The exchange is the judge: what it has taken, filled and paid is compared with what was fired, and with the journal.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.trading.desk import Desk
from kalshi_tui.errors import KalshiTuiError, LocalProtocolError
from kalshi_tui.link import trading as link
from kalshi_tui.practice.happenings import Filled, Happening, OrderChanged
from kalshi_tui.practice.records import NewOrder, Order, Refusal
from tests.property.trading_world import (
    EVENT_RISK,
    FAULTS,
    MARKET_RISK,
    MARKET_SIZE,
    ORDER_RISK,
    RULES,
    TOTAL_RISK,
    LongWorld,
)

_EXAMPLES: Final = int(os.environ.get("KALSHI_TUI_MACHINE_EXAMPLES", "0"))
_CREATE: Final = "/trade-api/v2/portfolio/events/orders"
_SETTLED_S: Final = 240.0
_QUIET_MS: Final = 15_000  # in which several whole comparisons find nothing that works
_HOUSE: Final = "house"


@dataclass(slots=True)
class Shot:
    """A ticket that the test has fired."""

    ticket: link.TicketView
    at_ms: int
    reduces: bool  # can do nothing but lower what was held when it was fired
    sent: int = 0


@dataclass(slots=True)
class Judge:
    """Looks at every order that the exchange takes, at the moment when it does."""

    world: LongWorld
    shots: dict[str, Shot] = field(default_factory=dict)  # by client_order_id
    outside: set[str] = field(default_factory=set)  # orders placed elsewhere on the account
    is_outside: bool = False
    taken: dict[str, tuple[int, int]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def hear(self, happening: Happening) -> None:
        """Judge what the exchange tells of our orders."""
        if isinstance(happening, Filled) and happening.order.user_id == self.world.user_id:
            self.counts["fills"] += 1
        if not isinstance(happening, OrderChanged) or happening.order.user_id != self.world.user_id:
            return
        order = happening.order
        shape = (order.price, order.initial)
        before, self.taken[order.order_id] = self.taken.get(order.order_id), shape
        if self.is_outside and before is None:
            self.outside.add(order.order_id)
        if order.order_id in self.outside or before == shape:
            return
        if before is None:
            self._taken(order)
        if not self._untold():
            self._within_limits(order)

    def _taken(self, order: Order) -> None:
        self.counts["orders"] += 1
        shot = self.shots.get(order.client_order_id)
        if shot is None:
            self.wrong.append(f"I6: {order} was never fired")
            return
        rows = self.world.journal.durable_rows()
        if not any(row.kind == "Intended" and order.client_order_id.encode() in row.body for row in rows):
            self.wrong.append(f"I1: {order.client_order_id} is not on the disk")
        shot.sent += 1
        if shot.sent > 1:
            self.wrong.append(f"I1: {order.client_order_id} was taken {shot.sent} times")
        ticket = shot.ticket
        asked = (ticket.ticker, ticket.side, ticket.price, ticket.size)
        if (order.ticker, order.side, order.price, order.initial) != asked:
            self.wrong.append(f"I6: fired was {asked}, taken was {order}")
        if not shot.at_ms < ticket.expires_ms:
            self.wrong.append(f"I6: {order.client_order_id} was fired after its time")

    def _untold(self) -> bool:
        """Tell whether somebody else has traded on the account and the engine cannot know it yet."""
        alive = self.world.alive
        if alive is None:
            return True
        ledger = alive.engine.kernel.desk.ledger
        fills = {(fill.trade_id, fill.order_id) for fill in self.world.exchange.fills_of(self.world.user_id)}
        outside = {key for key in fills if key[1] in self.outside}
        return bool(self.outside - set(ledger.by_order_id)) or bool(outside - set(ledger.fills))

    def _within_limits(self, order: Order) -> None:
        """Hold what could be lost, by the exchange's own count, against the limits: fees come on top of it."""
        losses = {ticker: self._worst(ticker) for ticker in self.world.tickers}
        total = sum(losses.values())
        price = order.price if order.side == "bid" else 10_000 - order.price
        checks = (
            ("order", price * order.remaining, ORDER_RISK),
            ("market", losses[order.ticker], MARKET_RISK),
            ("event", total, EVENT_RISK),
            ("all", total, TOTAL_RISK),
            ("size", self._largest(order.ticker), MARKET_SIZE),
        )
        self.wrong += [
            f"I3: {name} {value} is more than {limit} with {order}"
            for name, value, limit in checks
            if value > limit and not self._only_reduces(order)
        ]

    def _only_reduces(self, order: Order) -> bool:
        held = self.held(order.ticker)
        same = sum(o.remaining for o in self.resting(order.ticker) if o.side == order.side and o is not order)
        return order.remaining + same <= max(-held if order.side == "bid" else held, 0)

    def _worst(self, ticker: str) -> int:
        """Return a loss that can still come: nothing fills, all bids do, or all asks do, then YES or NO."""
        position = self.world.exchange.positions.get((self.world.user_id, 0, ticker))
        held, cost = (position.size, position.cost) if position is not None and not position.settled else (0, 0)
        if_yes, if_no = (cost, 0) if held < 0 else (0, cost if held > 0 else 0)
        for order in self.resting(ticker):
            opens = max(order.remaining - max(-held if order.side == "bid" else held, 0), 0)
            if order.side == "bid":
                if_no += opens * order.price
            else:
                if_yes += opens * (10_000 - order.price)
        return max(if_yes, if_no) if held else max(self._side(ticker, "bid"), self._side(ticker, "ask"))

    def _side(self, ticker: str, side: str) -> int:
        return sum(
            o.remaining * (o.price if side == "bid" else 10_000 - o.price)
            for o in self.resting(ticker)
            if o.side == side
        )

    def _largest(self, ticker: str) -> int:
        held = self.held(ticker)
        resting = self.resting(ticker)
        bids = sum(order.remaining for order in resting if order.side == "bid")
        asks = sum(order.remaining for order in resting if order.side == "ask")
        return max(held + bids, asks - held)

    def held(self, ticker: str) -> int:
        position = self.world.exchange.positions.get((self.world.user_id, 0, ticker))
        return 0 if position is None or position.settled else position.size

    def resting(self, ticker: str) -> list[Order]:
        return [order for order in self.world.exchange.resting_of(self.world.user_id) if order.ticker == ticker]


class TradingMachine(RuleBasedStateMachine):
    """A person, an exchange and a network that do what they like."""

    tally: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.world: LongWorld
        self.judge: Judge
        self.tickets: list[link.TicketView] = []
        self.armed_until_ms = 0
        self.killed_at: int | None = None  # how many requests had left by then
        self.killed_ms = 0
        self.is_moved = False
        self.quiet_ms = 0

    @initialize(seed=st.integers(0, 7))
    def open(self, seed: int) -> None:
        self.world = LongWorld(seed)
        self.judge = Judge(self.world)
        self.world.exchange.listen(self.judge.hear)
        self.world.exchange.open_account(cash=0, user_id=_HOUSE, house=True)
        self.world.start()
        self.world.wait(2)
        self._try(link.Arm())
        self.armed_until_ms = self.world.now_ms + RULES.arm_ms

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self.nothing_is_wrong()
            self.all_is_told(cancels=True)
            self.nothing_is_wrong()
        finally:
            type(self).tally += self.judge.counts
            self.world.end()

    # Orders

    @precondition(lambda self: self.world.alive)
    @rule(
        market=st.integers(0, 1),
        side=st.sampled_from(["bid", "ask"]),
        ticks=st.integers(-3, 2),
        size=st.sampled_from([100, 150, 300, 600, 900]),
        how=st.sampled_from(["rest", "rest", "post", "now", "whole"]),
        fires=st.sampled_from([True, True, True, False]),
    )
    def place(self, market: int, side: Any, ticks: int, size: int, how: str, *, fires: bool) -> None:
        if self.world.now_ms >= self.armed_until_ms and self.killed_at is None and fires:
            self._arm()
        ticker = self.world.tickers[market]
        price = self._price(ticker, side, ticks)
        tif: Any = {"now": "immediate_or_cancel", "whole": "fill_or_kill"}.get(how, "good_till_canceled")
        ticket = self._stage(
            link.Draft(ticker, side, Price(price), Size(size), time_in_force=tif, post_only=how == "post")
        )
        if fires and ticket is not None:
            self._fire(ticket)

    @precondition(lambda self: self.world.alive)
    @rule(
        side=st.sampled_from(["bid", "ask"]), sizes=st.lists(st.sampled_from([200, 300, 500]), min_size=2, max_size=4)
    )
    def place_many(self, side: Any, sizes: list[int]) -> None:
        """Send several, as fast as a person can, until the limits are reached."""
        for ticks, size in enumerate(sizes):
            self.place(0, side, -ticks, size, "rest", fires=True)
            self.world.wait(0.2)

    @precondition(lambda self: self.world.alive)
    @rule(
        fault=st.sampled_from(FAULTS),
        side=st.sampled_from(["bid", "ask"]),
        size=st.sampled_from([100, 300]),
        ticks=st.integers(-1, 3),
        how=st.sampled_from(["rest", "now"]),
        then=st.sampled_from(["waits", "waits", "many", "crashes"]),
    )
    def place_under_a_fault(self, fault: str, side: Any, size: int, ticks: int, how: str, then: str) -> None:  # noqa: PLR0917 - hypothesis gives them by name
        self.world.faults.armed[fault] += 1
        self.place(0, side, ticks, size, how, fires=True)
        if then == "many":
            self.place_many(side, [200, 300, 500, 300])
        elif then == "crashes":
            self.end(0.006, 2, fires=False)
        else:
            self.world.wait(0.05)

    @precondition(lambda self: self.world.alive)
    @rule(
        which=st.integers(0, 3),
        ticks=st.integers(-2, 2),
        by=st.sampled_from([-100, 0, 100, 300]),
        more=st.integers(0, 2),
    )
    def amend(self, which: int, ticks: int, by: int, more: int) -> None:
        order = self._working(which)
        if order is None or not order.order_id:
            return
        price = max(100, min(9_900, order.price + 100 * ticks))
        size = max(order.size + by, 100)
        draft = link.Draft(order.ticker, order.side, Price(price), Size(size), kind="amend", replaces=order.number)
        ticket = self._stage(draft)
        if ticket is not None:
            self._fire(ticket)
        if more == 2:
            self.amend(which, ticks - 1, by, 0)

    @precondition(lambda self: self.world.alive and self.tickets)
    @rule(which=st.integers(0, 5), is_right=st.booleans())
    def fire_again(self, which: int, *, is_right: bool) -> None:
        ticket = self.tickets[-1 - which % len(self.tickets)]
        if is_right:
            self._fire(ticket)
            return
        token = next((one.token for one in self.tickets if one.token != ticket.token), "no token")
        answer = self._try(link.Fire(ticket.number, token))
        assert not isinstance(answer, link.Fired), "I6: fired under a token that is not the ticket's"

    @precondition(lambda self: self.world.alive)
    @rule(which=st.integers(0, 3), what=st.sampled_from(["cancel", "cancel", "all", "reduce"]))
    def take_back(self, which: int, what: str) -> None:
        order = self._working(which)
        if what == "all":
            self._try(link.CancelOrders(everything=True))
        elif order is not None and what == "cancel":
            self._try(link.CancelOrders((order.number,)))
        elif order is not None and order.size > 100:
            self._try(link.Reduce(order.number, Size(order.size - 50)))

    @precondition(lambda self: self.world.alive)
    @rule(market=st.integers(0, 1), share=st.sampled_from([1, 2]))
    def flatten(self, market: int, share: int) -> None:
        ticker = self.world.tickers[market]
        held = self.judge.held(ticker)
        if not held:
            return
        side: Any = "ask" if held > 0 else "bid"
        price = self._price(ticker, side, 2)
        size = Size(max(abs(held) // share, 1))
        draft = link.Draft(
            ticker, side, Price(price), size, "flatten", time_in_force="immediate_or_cancel", reduce_only=True
        )
        ticket = self._stage(draft)
        if ticket is not None:
            self._fire(ticket)

    # Who may send

    @precondition(lambda self: self.world.alive)
    @rule(what=st.sampled_from(["disarm", "reconcile", "acknowledge"]), fires=st.booleans())
    def ask(self, what: str, *, fires: bool) -> None:
        if what == "disarm":
            self._try(link.Disarm())
            self.armed_until_ms = 0
            ticket = self._stage(link.Draft(self.world.tickers[0], "bid", Price(3_000), Size(100)))
            if fires and ticket is not None:
                self._fire(ticket)
        elif what == "reconcile":
            self._try(link.Reconcile())
            self.world.wait(1)
        else:
            for number in list(self._desk.ledger.differences):
                self._try(link.Acknowledge(number))

    @precondition(lambda self: self.world.alive)
    @rule(wait_s=st.sampled_from([0.0, 0.01, 3.0]), resets=st.sampled_from([True, True, True, False]))
    def kill(self, wait_s: float, *, resets: bool) -> None:
        """Kill just after something was fired, fire once more, and lift it mostly."""
        stall, slow = self.world.journal.stall, lambda: self.world.clock.sleep(0.1)
        self.world.journal.stall = stall if wait_s else slow
        self.place(0, "bid", 0, 150, "rest", fires=True)
        if self._try(link.Kill("the test")) is not None:
            self.armed_until_ms = 0
            if self.killed_at is None:
                self.killed_at, self.killed_ms = len(self.world.left), self.world.now_ms
            self.judge.counts["kills"] += 1
        self.place(1, "ask", 0, 150, "rest", fires=True)
        self.world.wait(wait_s or 0.2)
        self.world.journal.stall = stall
        if resets:
            self._reset()

    def _arm(self) -> None:
        if self._try(link.Arm()) is not None:
            self.armed_until_ms = self.world.now_ms + RULES.arm_ms

    def _reset(self) -> None:
        self._try(link.Reconcile())
        self.world.wait(1)
        if self._try(link.ResetKill("lift")) is not None:
            self.killed_at = None
            self.judge.counts["resets"] += 1
            rests = self.world.exchange.resting_of(self.world.user_id)
            assert all(order.created_ms >= self.killed_ms for order in rests), f"I12: it rests after a kill: {rests}"

    # What befalls us

    @rule(what=st.sampled_from(["cut", "cut", "fail", "stall", "slow", "fast"]))
    def trouble_here(self, what: str) -> None:
        stalls = {"stall": 2.0, "slow": 0.3, "fast": 0.0}
        if what == "cut":
            self.world.cut_streams()
        elif what == "fail":
            self.world.journal.fail_next(times=2)
        else:
            stall_s = stalls[what]
            self.world.journal.stall = (lambda: self.world.clock.sleep(stall_s)) if stall_s else None

    @rule(seconds=st.sampled_from([0.001, 0.005, 0.02, 0.2, 1.0, 3.0, 6.0, 20.0]))
    def pass_time(self, seconds: float) -> None:
        self._resume()
        if self.killed_at is not None and seconds > 1 and self.world.alive:
            self._reset()
        self.world.wait(seconds)

    @precondition(lambda self: self.world.alive)
    @rule(after_s=st.sampled_from([0.0, 0.001, 0.003, 0.006, 0.01, 0.02]), fires=st.booleans(), how=st.integers(0, 3))
    def end(self, after_s: float, how: int, *, fires: bool) -> None:
        """Let the engine crash, or now and then end in order; the next one starts at once or later."""
        if fires:
            self.place(0, "bid", -1, 150, "rest", fires=True)
        self.world.wait(after_s)
        self.armed_until_ms = 0
        if how:
            self.world.crash()
            self.judge.counts["crashes"] += 1
        else:
            self.world.stop()
        if how > 1:
            self.start(0.0)

    @precondition(lambda self: not self.world.alive)
    @rule(after_s=st.sampled_from([0.0, 0.5, 5.0]))
    def start(self, after_s: float) -> None:
        self.world.wait(after_s)
        self.world.start()
        self.world.wait(1)

    # What others do

    @rule(
        what=st.sampled_from(["trades", "rests", "cancels", "cash", "trips", "fills", "fills", "fills"]),
        which=st.integers(0, 3),
        side=st.sampled_from(["bid", "ask"]),
        count=st.sampled_from([50, 100, 10_000]),
    )
    def others(self, what: str, which: int, side: Any, count: int) -> None:
        exchange, user_id = self.world.exchange, self.world.user_id
        resting = list(exchange.resting_of(user_id))
        if what in {"trades", "rests"}:
            ticker = self.world.tickers[which % 2]
            price = self._price(ticker, side, -2 if what == "rests" else 1)
            self._elsewhere(lambda: exchange.create(user_id, _order(ticker, side, price, 100)))
        elif what == "cash":
            exchange.accounts[user_id].cash[0, 0] += (count - 75) * 10_000
            self.is_moved = True
        elif what == "trips":
            self._trip_the_fuse()
        elif resting:
            order = resting[which % len(resting)]
            with suppress(Refusal):  # while the exchange stands still
                self._fill(order, count) if what == "fills" else exchange.cancel(user_id, order.order_id)

    def _fill(self, order: Order, count: int) -> None:
        """Let somebody take what rests, in part or in whole."""
        ahead = self.world.exchange.queue_ahead(order)
        side: Any = "ask" if order.side == "bid" else "bid"
        new = _order(order.ticker, side, order.price, ahead + min(count, order.remaining))
        new.time_in_force = "immediate_or_cancel"
        self.world.exchange.create(_HOUSE, new)

    def _trip_the_fuse(self) -> None:
        for group in list(self.world.exchange.groups.values()):
            if group.user_id == self.world.user_id:
                with suppress(Refusal):
                    self.world.exchange.trigger_group(self.world.user_id, group.group_id)

    @precondition(lambda self: self._all_open())
    @rule(what=st.sampled_from(["trading", "exchange", "market", "settles"]), lasts_s=st.sampled_from([0.0, 1.0, 20.0]))
    def pause(self, what: str, lasts_s: float) -> None:
        """Let something stand still for a while; nothing else happens before, or for ever where it settles."""
        exchange, ticker = self.world.exchange, self.world.tickers[0]
        if what == "trading":
            exchange.pause_trading()
        elif what == "exchange":
            exchange.pause_exchange()
        elif exchange.markets[ticker].status != "active":
            return
        elif what == "market":
            exchange.pause_market(ticker)
        elif lasts_s:
            return
        else:
            exchange.close_market(ticker)
            exchange.determine(ticker, "yes")
            exchange.settle(ticker)
            self.judge.counts["settlements"] += 1
        if self.world.alive:
            self.place(1, "bid", -1, 150, "rest", fires=True)
            self.take_back(0, "cancel")
        self.world.wait(lasts_s)
        if lasts_s:
            self._resume()

    # What must hold

    @invariant()
    def nothing_is_wrong(self) -> None:
        if hasattr(self, "judge"):
            assert not self.judge.wrong, "\n".join(self.judge.wrong)

    @invariant()
    def nothing_adds_risk_after_a_kill(self) -> None:
        if not hasattr(self, "world") or self.killed_at is None:
            return
        for left in self.world.left[self.killed_at :]:
            if left.method == "POST" and left.path.startswith(_CREATE) and not left.path.endswith("/decrease"):
                body = msgspec.json.decode(left.body)
                shot = self.judge.shots.get(body.get("client_order_id", ""))
                assert shot is not None, f"I12: sent after the kill: {left}"
                assert shot.reduces, f"I12: sent after the kill: {left}"

    @precondition(lambda self: self.world.alive)
    @rule(chance=st.integers(0, 3))
    def settle_down(self, chance: int) -> None:
        if not chance:
            self.all_is_told()

    def all_is_told(self, *, cancels: bool = False) -> None:
        """After the faults have stopped, journal and exchange come to tell the same, whatever has happened."""
        world = self.world
        world.faults.armed.clear()
        world.journal.stall = None
        world.journal._reasons.clear()
        self._resume()
        if world.alive is None:
            world.start()
        began_ms, self.quiet_ms = world.now_ms, 0
        world.wait(2)
        while not self._is_settled(began_ms, cancels=cancels):
            assert world.now_ms - began_ms < _SETTLED_S * 1000, f"I8: {self._open_points()}"
            world.wait(3)
        self._same_orders()
        self._same_fills()
        self._same_positions()
        if cancels or not self.is_moved:
            self._same_cash()
        if self.killed_at is not None:
            rests = list(world.exchange.resting_of(world.user_id))
            assert not [o for o in rests if o.order_id not in self.judge.outside], f"I12: rests after a kill: {rests}"

    # Inside

    @property
    def _desk(self) -> Desk:
        return self.world.engine.kernel.desk

    def _is_settled(self, began_ms: int, *, cancels: bool) -> bool:
        desk = self._desk
        for number in list(desk.ledger.differences):
            self._try(link.Acknowledge(number))
        working = list(desk.ledger.working())
        if cancels and working:
            self._try(link.CancelOrders(everything=True))
            return False
        if any(order.is_in_flight for order in working) or desk.ledger.owed() or desk.journal_problem:
            self._try(link.Reconcile())
            return False
        self.quiet_ms = self.quiet_ms or self.world.now_ms
        if cancels and not (desk.reconciled_ms or 0) > max(self.quiet_ms, desk.fill_ms) + _QUIET_MS:
            self._try(link.Reconcile())
            return False
        is_compared = (desk.reconciled_ms or 0) > began_ms and not desk.ledger.differences
        if not is_compared:
            self._try(link.Reconcile())
        killing = desk.kills.step is not None and not desk.kills.step.is_over
        return is_compared and not killing

    def _open_points(self) -> str:
        desk = self._desk
        orders = [order for order in desk.ledger.orders.values() if order.is_working or order.open_size]
        return f"{desk.comparing.words} {desk.kills.row()} {desk.journal_problem} {desk.ledger.differences} {orders}"

    def _same_orders(self) -> None:
        ledger, exchange = self._desk.ledger, self.world.exchange
        theirs = {order.order_id: order for order in exchange.orders_of(self.world.user_id)}
        for order_id, order in theirs.items():
            ours = ledger.by_order_id.get(order_id)
            if ours is None and not order.filled and not order.remaining:
                continue  # it came and went while nobody looked
            assert ours is not None, f"I4: the journal lacks {order}"
            assert (ours.filled, ours.told_filled) == (order.filled, order.filled), f"I4: {ours} is {order}"
            assert ours.is_working == bool(order.remaining), f"I4: {ours} is {order}"
            if order.remaining:
                assert (ours.price, ours.size) == (order.price, order.filled + order.remaining), (
                    f"I4: {ours} is {order}"
                )
        for held in ledger.orders.values():
            if held.reason.startswith("it is order"):
                assert not held.filled
                assert not held.open_size
            elif held.order_id:
                assert held.order_id in theirs, f"I4: the exchange lacks {held}"
            else:
                assert held.state in {"absent", "rejected", "not sent"}, f"I4: {held}"
                taken = [order for order in theirs.values() if order.client_order_id == held.client_order_id]
                assert not taken, f"I4: {held} is {taken}"

    def _same_fills(self) -> None:
        theirs = {
            (fill.trade_id, fill.order_id): (fill.side, fill.price, fill.count, fill.fee)
            for fill in self.world.exchange.fills_of(self.world.user_id)
        }
        ours = {
            key: (known.fill.side, known.fill.price, known.fill.size, known.fill.fee)
            for key, known in self._desk.ledger.fills.items()
        }
        assert ours == theirs, "I4"

    def _same_positions(self) -> None:
        for ticker in self.world.tickers:
            ours = self._desk.risk.position(ticker).size
            assert ours == self.judge.held(ticker), f"I2: {ticker}: {ours} is {self.judge.held(ticker)}"

    def _same_cash(self) -> None:
        theirs = sum(self.world.exchange.accounts[self.world.user_id].cash.values())
        assert self._desk.ledger.cash() == theirs, "I4: cash"

    def _try(self, intent: Any) -> Any:
        try:
            return self.world.ask(intent)
        except KalshiTuiError:
            return None

    def _stage(self, draft: link.Draft) -> link.TicketView | None:
        staged = self._try(link.Stage(draft))
        if staged is None:
            return None
        self.judge.counts["tickets"] += 1
        self.tickets.append(staged.ticket)
        return staged.ticket  # type: ignore[no-any-return]  # it is what staging answers

    def _fire(self, ticket: link.TicketView) -> None:
        at_ms, before = self.world.now_ms, dict(self.judge.shots)
        body = msgspec.json.decode(ticket.bodies[0])
        name = f"amendment {ticket.token}" if ticket.kind == "amend" else body["client_order_id"]
        shot = before.get(name) or Shot(ticket, at_ms, self._reduces(ticket))
        self.judge.shots.setdefault(name, shot)
        may_add = at_ms < self.armed_until_ms and self.killed_at is None
        try:
            self.world.ask(link.Fire(ticket.number, ticket.token))
        except LocalProtocolError as refused:
            self.judge.counts["refused"] += 1
            self.judge.counts[refused.message.rpartition("(")[2].rstrip(")")] += 1
            if name not in before and shot.sent == 0:
                self.judge.shots.pop(name, None)
        except KalshiTuiError:
            if name not in before and shot.sent == 0:
                self.judge.shots.pop(name, None)
        else:
            self.judge.counts["fired"] += 1
            assert name not in before, "I6: a ticket was fired twice"
            assert at_ms < ticket.expires_ms, "I6: a ticket was fired after its time"
            assert may_add or shot.reduces, f"I6: fired unarmed: {ticket}"
            if may_add:
                self.armed_until_ms = self.world.now_ms + RULES.arm_ms

    def _reduces(self, ticket: link.TicketView) -> bool:
        held = self.judge.held(ticket.ticker)
        return ticket.reduce_only or ticket.size <= max(-held if ticket.side == "bid" else held, 0)

    def _working(self, which: int) -> Any:
        working = list(self._desk.ledger.working())
        return working[which % len(working)] if working else None

    def _price(self, ticker: str, side: str, ticks: int) -> int:
        """Return a price by its distance from the best of the own side, inwards above zero."""
        market = self.world.exchange.markets[ticker]
        price = market.best_bid + 100 * ticks if side == "bid" else market.best_ask - 100 * ticks
        return max(400, min(9_600, price))

    def _elsewhere(self, act: Callable[[], Any]) -> None:
        self.judge.is_outside = True
        try:
            with suppress(Refusal):
                act()
        finally:
            self.judge.is_outside = False

    def _all_open(self) -> bool:
        exchange = self.world.exchange
        return exchange.exchange_active and exchange.trading_active

    def _resume(self) -> None:
        exchange = self.world.exchange
        exchange.resume_exchange()
        exchange.resume_trading()
        for ticker in self.world.tickers:
            if exchange.markets[ticker].status == "inactive":
                exchange.resume_market(ticker)


def _order(ticker: str, side: Any, price: int, count: int) -> NewOrder:
    return NewOrder(
        ticker=ticker,
        side=side,
        price=Price(price),
        count=Size(count),
        time_in_force="good_till_canceled",
        self_trade_prevention="taker_at_cross",
    )


TestTrading = TradingMachine.TestCase
TestTrading.settings = settings(
    max_examples=_EXAMPLES or 60,
    stateful_step_count=50 if _EXAMPLES else 40,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
