"""A venue that stays while engines on it come, crash and go, with a person at a terminal."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec

from kalshi_tui.adapters.journal_now import JournalNow
from kalshi_tui.adapters.sqlite_now import SqliteNow
from kalshi_tui.cli.drills.agreement import Agreement, compared
from kalshi_tui.cli.drills.dealing import LIMITS, RULES
from kalshi_tui.cli.drills.host.clock import MachineClock
from kalshi_tui.cli.drills.host.way import Way
from kalshi_tui.cli.drills.place import small_world
from kalshi_tui.cli.drills.trader import RESET_PHRASE
from kalshi_tui.cli.drills.world import START_MS, ListRecorder, World, opening_of
from kalshi_tui.config.load import load_settings
from kalshi_tui.core.book import BookState
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.feed import FeedRules
from kalshi_tui.engine.ports import Journal, KillFlag
from kalshi_tui.engine.replaying import Replay
from kalshi_tui.engine.rules import Rules
from kalshi_tui.engine.running import Engine
from kalshi_tui.engine.venue import Venue
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link import trading as link
from kalshi_tui.link.client import Link, Watching, attach
from kalshi_tui.link.intents import Follow, Intent
from kalshi_tui.link.keys import Key, NoticesKey, OrdersKey, TradingKey
from kalshi_tui.link.server import LinkRules
from kalshi_tui.link.views import NoticesView
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.faults.requests import fill_first
from kalshi_tui.practice.memory import MemoryHttp, Network
from kalshi_tui.practice.records import Market
from kalshi_tui.practice.worldfile import WorldSpec
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.signing import Scope, load_signer

_NAMES: Final = ("practice", "practice", "live")
_CODE: Final = re.compile(r"\(([A-Z_]+)\)$")
_LOOK_S: Final = 0.05
_AGREE_S: Final = 60.0
_FAR_MS: Final = 120_000
_MIDDLE: Final = range(2_000, 8_000)
_NARROW: Final = 1_500
_SHOWN: Final = 4


class Stage:
    """One world of one act; whatever is found wrong stands in `problems`."""

    def __init__(
        self,
        seed: int,
        *,
        flag: KillFlag | None = None,
        start_ms: int = START_MS,
        spec: WorldSpec | None = None,
        stop_wait_s: float = 0.0,
        scenario: str = "",
    ) -> None:
        """Open the venue; no engine runs yet."""
        self.seed = seed
        self.problems: list[str] = []
        self.strikes = 0  # of the fault
        self.accepted = self.rows = self.differing = self.unknown = self.twice = 0
        self.world = World(
            _storage(),
            seed=seed,
            spec=spec or small_world(),
            start_ms=start_ms,
            scenario=scenario,
            orders=RULES,
            limits=LIMITS,
            flag=flag,
        )
        self.journal = JournalNow()
        self.wrap: Callable[[Journal], Journal] = lambda journal: journal
        self.clock = self.world.clock
        self.machine = MachineClock(self.clock)
        self.chance = random.Random(seed)
        self.digests: list[str] = []  # of what each engine had published when it ended
        around = self.world.around
        self.way = Way(self.world.wire)
        assert around.outside is not None  # noqa: S101 - the world trades
        outside = replace(around.outside, stop_wait_s=stop_wait_s)
        self.world.around = replace(around, clock=self.machine, outside=outside)
        self._watched: dict[Key, Watching] = {}
        self._house = ""

    # Engines

    @property
    def exchange(self) -> Exchange:
        """Return the exchange."""
        return self.world.desk.exchange

    async def start(self, *, clock_off_ms: int | None = None) -> Engine:
        """Start an engine on this journal, and attach to it."""
        if clock_off_ms is not None:
            self.machine.off_ms = clock_off_ms
        storage = _storage()
        await storage.open()
        recorder = self.recorder = ListRecorder()
        outside = self.world.around.outside
        assert outside is not None  # noqa: S101 - the world trades
        self.world.around = replace(
            self.world.around,
            venue=Venue(self.way, self.machine, self.chance.random, signer=self.world.around.signer),
            storage=storage,
            recorder=recorder,
            outside=replace(outside, journal=self.wrap(self.journal)),
        )
        self.engine = self._make()
        self.running = asyncio.ensure_future(self.engine.run())
        ours, self._serving = self.world.pipe_to(self.engine)
        self.link: Link = await attach(ours, name="person")
        self._watched = {}
        for key in (TradingKey(), OrdersKey(count=500), NoticesKey(200)):
            self.view(key)
        return self.engine

    def _make(self) -> Engine:
        opening = opening_of(
            self.machine.now_ms(), Rules(), orders=RULES, trades=True, execution=RULES.execution, mode="PRACTICE"
        )
        return Engine(opening, self.world.around, feed_rules=FeedRules(), link_rules=LinkRules())

    async def crash(self, unkept: int = 0) -> None:
        """Let the engine vanish: what is not in the journal by now never will be; what has left, has left.

        Rows that a disk said it had kept, and had not, are lost as well.
        """
        self.journal.lose_after(len(self.journal.durable_rows()) - unkept)
        self.digests.append(self.engine.kernel.board.digest())  # what falls afterwards never was
        self.running.cancel()
        await self.gone()

    async def stop(self) -> None:
        """End the engine in order, and hold that its tape publishes the same again."""
        self.engine.stopping.set()
        await self.gone()
        self._replay()

    async def gone(self) -> None:
        """Wait until the engine has ended, and hang up."""
        (fault,) = await asyncio.gather(self.running, return_exceptions=True)
        if isinstance(fault, Exception):
            self.problems.append(f"the engine ended: {type(fault).__name__}: {fault}")
        await self.link.close()
        await asyncio.gather(self._serving, return_exceptions=True)

    def _replay(self) -> None:
        digest = self.engine.kernel.board.digest()
        self.digests.append(digest)
        outcome = Replay(risk_checks=lambda _: self.world.checks).run(self.recorder.records)
        if outcome.digest != digest or outcome.agrees is False:
            self.problems.append("the tape published something else")

    def sleep(self, seconds: float) -> None:
        """Let the machine sleep: the exchange goes on, and nothing here runs."""
        self.clock.leap(seconds)
        if self.seed // 4 % 2:
            self.machine.slept_s += seconds

    # What is seen

    def view(self, key: Key) -> Any:
        """Return what is shown under a key."""
        if key not in self._watched:
            self._watched[key] = self.link.watch(key)
        return self._watched[key].view

    @property
    def trading(self) -> link.TradingView | None:
        """Return the state of trading, as it is shown."""
        view: link.TradingView | None = self.view(TradingKey())
        return view

    @property
    def state(self) -> str:
        """Return the word for the state of trading."""
        return "" if self.trading is None else self.trading.state

    def working(self) -> list[link.OrderRow]:
        """Return the orders that are shown as working."""
        view = self.view(OrdersKey(count=500))
        over = {"filled", "canceled", "rejected", "absent", "not sent"}
        return [row for row in view.rows if row.state not in over] if isinstance(view, link.OrdersView) else []

    def said(self, pattern: str) -> bool:
        """Tell whether a notice has said so."""
        view = self.view(NoticesKey(200))
        rows = view.rows if isinstance(view, NoticesView) else ()
        return any(re.search(pattern, row.words) for row in rows)

    def kept(self, *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Return the entries of some kinds that are on the disk, in order."""
        for row in self.journal.durable_rows():
            if row.kind in kinds:
                yield row.kind, msgspec.json.decode(row.body)

    def sends(self) -> int:
        """Return how many orders have left, this way or that."""
        return sum(write.places for write in self.world.wire.writes)

    def resting(self) -> int:
        """Return how many orders of the account rest at the exchange."""
        return len(self.exchange.resting_of(self.world.desk.user_id))

    async def until(self, condition: Callable[[], Any], limit_s: float, words: str) -> bool:
        """Wait for something; where it does not come in time, that is a problem."""
        ends = self.clock.monotonic() + limit_s
        while not condition():
            if self.clock.monotonic() >= ends:
                self.problems.append(f"{words} (waited {limit_s:g} s; {self.state}: {self._reason()})")
                return False
            await self.clock.sleep(_LOOK_S)
        return True

    def must(self, holds: object, words: str) -> None:
        """Note a problem where something does not hold."""
        if not holds:
            self.problems.append(words)

    def _reason(self) -> str:
        return "" if self.trading is None else self.trading.reason

    # What a person does

    async def ask(self, intent: Intent) -> Any:
        """Ask for something; return what comes of it, or the error."""
        try:
            return await self.link.ask(intent)
        except KalshiTuiError as problem:
            return problem

    async def ready(self, limit_s: float = 15.0) -> bool:
        """Wait until orders may be fired, and do what a person must for it."""
        ends = self.clock.monotonic() + limit_s
        while self.state != "active":
            if self.clock.monotonic() >= ends:
                self.problems.append(f"it was not ready within {limit_s:g} s ({self.state}: {self._reason()})")
                return False
            if self.state == "disarmed" and self.trading is not None:
                await self.ask(link.Arm(self.trading.arm_phrase))
            elif self.state == "killed":
                await self.ask(link.ResetKill(RESET_PHRASE))
            await self.clock.sleep(0.25)
        await self.ask(Follow(tuple(market.ticker for market in self._markets())))
        await self.clock.sleep(0.5)
        return True

    async def join(
        self, size: int = 200, *, below: int = 300, takes: bool = False, amid: Callable[[], None] | None = None
    ) -> int | str:
        """Fire an order for some market; return its number, or the code of the refusal."""
        market = self._market()
        if market is None:
            return "NO_MARKET"
        best = market.best_ask if takes else market.best_bid
        assert best is not None  # noqa: S101 - of such markets alone
        kind: link.TimeInForce = "immediate_or_cancel" if takes else "good_till_canceled"
        return await self.deal(market.ticker, "bid", best if takes else best - below, size, kind, amid=amid)

    async def deal(
        self,
        ticker: str,
        side: Side,
        price: int,
        size: int,
        kind: link.TimeInForce = "good_till_canceled",
        *,
        amid: Callable[[], None] | None = None,
    ) -> int | str:
        """Make a ticket and fire it, `amid` happening in between; return the order's number, or the refusal's code."""
        staged = await self.ask(link.Stage(link.Draft(ticker, side, Price(price), Size(size), time_in_force=kind)))
        if not isinstance(staged, link.Staged):
            return _code(staged)
        if amid is not None:
            await self.clock.sleep(0.2)  # what was noted of the ticket is kept by then
            amid()
        fired = await self.ask(link.Fire(staged.ticket.number, staged.ticket.token))
        return fired.orders[0] if isinstance(fired, link.Fired) else _code(fired)

    async def tradable(self, limit_s: float = 10.0) -> int | None:
        """Hold that an order is taken within some time, once a person has done what is asked of one."""
        ends, last = self.clock.monotonic() + limit_s, ""
        while self.clock.monotonic() < ends:
            if self.state != "active":
                before = len(self.problems)
                await self.ready(limit_s)
                if len(self.problems) > before:
                    return None
            number = await self.join(100)
            if isinstance(number, int) and await self.rests(number):
                return number
            last = str(number)
            await self.clock.sleep(0.5)
        self.problems.append(f"no order was taken within {limit_s:g} s ({self.state}: {self._reason()}; {last})")
        return None

    async def rests(self, number: int, limit_s: float = 2.0) -> bool:
        """Tell whether the venue has taken an order within some time."""
        ends = self.clock.monotonic() + limit_s
        while self.clock.monotonic() < ends:
            order = self.engine.kernel.desk.ledger.orders.get(number)
            if order is not None and order.order_id and order.state in {"resting", "filled", "canceled"}:
                return True
            await self.clock.sleep(_LOOK_S)
        return False

    async def agree(self) -> Agreement:
        """Cancel what works, compare, and hold that journal, ledger and exchange come to the same in every row."""
        await self.ask(link.CancelOrders(everything=True))
        await self.clock.sleep(0.5)
        await self.ask(link.Reconcile())
        ends = self.clock.monotonic() + _AGREE_S
        while True:
            found = self.compared()
            if not found.differences or self.clock.monotonic() >= ends:
                break
            await self.clock.sleep(0.5)
        self.rows += found.rows
        self.unknown += found.unknown_positions
        self.differing += len(found.differences)
        self.problems += found.differences[:_SHOWN]
        self.problems += self.duplicates()
        names = [f"{kind}: {words}" for kind, _, words in found.folded.differences]
        self.problems += [f"a false difference, {words}" for words in names[:_SHOWN]]
        return found

    def compared(self) -> Agreement:
        """Compare everything as it is now; what stood in for an order of ours until it had a name is none."""
        ledger = self.engine.kernel.desk.ledger
        found = compared(self.exchange, self.world.desk.user_id, ledger, self.journal.durable_rows())
        spare = [order for order in ledger.orders.values() if order.reason.startswith("it is order ")]
        known = {f"order {order.number} is {order.state}, and the exchange has none such" for order in spare}
        found.differences = [words for words in found.differences if words not in known]
        return found

    def duplicates(self) -> list[str]:
        """Return names that became more than one order, or left more than once."""
        names = [order.client_order_id for order in self.exchange.orders_of(self.world.desk.user_id)]
        sent = [write.said()["client_order_id"] for write in self.world.wire.writes if write.places]
        self.accepted = len(names)
        twice = {name for name in names if names.count(name) > 1} | {name for name in sent if sent.count(name) > 1}
        self.twice += len(twice)
        return [f"{name} was sent or taken twice" for name in sorted(twice)]

    # What others do

    async def elsewhere(self, size: int = 300) -> str:
        """Let an order rest that was sent from another machine; return its id."""
        market = self._market()
        assert market is not None and market.best_bid is not None  # noqa: S101, PT018 - the world has some
        new = rest.NewOrder(
            client_order_id=f"elsewhere-{self.clock.now_ms()}",
            ticker=market.ticker,
            side="bid",
            price=Price(market.best_bid - 500),
            size=Size(size),
        )
        return (await self._other().ask(rest.create_order(new))).order_id

    def fill(self, order_id: str) -> None:
        """Let somebody take an order of ours."""
        self._house = self._house or self.exchange.open_account(cash=10**14, house=True).user_id
        fill_first(self.exchange, self._house, f"/{order_id}", "")

    def _other(self) -> Venue:
        desk = self.world.desk
        signer = load_signer(desk.key_id, desk.key_pem, Scope.TRADE)
        return Venue(MemoryHttp(desk, Network(self.clock, seed=1)), self.clock, lambda: 0.5, signer=signer)

    def _markets(self) -> list[Market]:
        now_ms = self.clock.now_ms()
        return [
            market
            for market in self.exchange.markets.values()
            if market.status == "active"
            and market.close_ms > now_ms + _FAR_MS
            and market.bids
            and market.asks
            and market.best_bid in _MIDDLE
            and 0 < market.best_ask - market.best_bid < _NARROW
        ]

    def _market(self) -> Market | None:
        books = self.engine.kernel.stream.books
        live = [m for m in self._markets() if m.ticker in books and books[m.ticker].state is BookState.LIVE]
        found = live or self._markets()
        return self.chance.choice(found) if found else None


def _storage() -> SqliteNow:
    return SqliteNow(_NAMES, load_settings(environ={}, folder=Path("/nonexistent")).storage)


def _code(problem: KalshiTuiError) -> str:
    found = _CODE.search(problem.message)
    return found[1] if found else problem.message
