"""A world that is played step by step: engines come, crash and come again, and the exchange remembers everything."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from kalshi_tui.adapters.inbox import upgrade_refused
from kalshi_tui.adapters.journal_now import JournalNow
from kalshi_tui.adapters.plugins import load_bundled
from kalshi_tui.adapters.sqlite_now import SqliteNow
from kalshi_tui.cli.drills.place import small_world
from kalshi_tui.cli.drills.world import START_MS, Streams, key_pem, opening_of
from kalshi_tui.config.load import load_settings
from kalshi_tui.engine.executing import Outside
from kalshi_tui.engine.feed import FeedRules
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.engine.no_recorder import NoRecorder
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.rules import Rules
from kalshi_tui.engine.running import Engine
from kalshi_tui.engine.surroundings import Surroundings
from kalshi_tui.engine.venue import Venue
from kalshi_tui.errors import StorageFailed, TransportError
from kalshi_tui.link.client import Link, attach
from kalshi_tui.link.intents import Follow, Intent, Result
from kalshi_tui.link.pipes import memory_pipes
from kalshi_tui.link.server import LinkRules
from kalshi_tui.practice.desk import Desk, open_desk
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.faults import Faults, Rule
from kalshi_tui.practice.faults.requests import RequestFault
from kalshi_tui.practice.faults.rules import Place, Trigger
from kalshi_tui.practice.memory import MemoryHttp, Network, VirtualClock
from kalshi_tui.practice.rest import HttpReply
from kalshi_tui.practice.rules import Rules as ExchangeRules
from kalshi_tui.practice.stream import Hub
from kalshi_tui.practice.stream.outgoing import Close
from kalshi_tui.practice.worldfile import CrowdSpec, WorldSpec
from kalshi_tui.protocol.signing import Scope, load_signer
from kalshi_tui.sdk.risk import RiskCheck

T = TypeVar("T")

ORDER_RISK, MARKET_RISK, EVENT_RISK, TOTAL_RISK = 5_000_000, 8_000_000, 11_000_000, 12_000_000  # money
MARKET_SIZE = 1_500
RULES: Final = OrderRules(execution="live", reset_phrase="lift", quarantine_ms=20_000, group_limit=3_000)  # type: ignore[arg-type]  # hundredths of a contract
_SETTINGS: Final = load_settings(environ={}, folder=Path("/nonexistent"))
_ORDERS: Final = "/portfolio/events/orders*"
_CHANNELS: Final = ("fill", "user_orders", "order_group_updates")


@cache
def quiet_world() -> WorldSpec:
    """Return a world of two markets of one event, whose books move now and then."""
    small = small_world()
    family = next(family for family in small.family if family.series == "KXINXU")
    family = replace(
        family,
        strikes=replace(family.strikes, count=2),
        quotes=replace(family.quotes, levels=3, look_s=2.0, refresh_per_s=2.0, slip_every_s=1e6),
        takes=replace(family.takes, per_s=0.05),
        recurs=replace(family.recurs, ahead=1),
    )
    walks = tuple(walk for walk in small.walk if walk.name == family.walk)
    series = tuple(one for one in small.series if one.ticker == family.series)
    return replace(small, name="machine", walk=walks, family=(family,), series=series, crowd=CrowdSpec())


@cache
def tight_limits() -> tuple[RiskCheck, ...]:
    """Return the bundled limits, so tight that a few orders reach them."""
    options = {
        **_SETTINGS.limits.options(),
        "order_risk_dollars": ORDER_RISK,
        "market_risk_dollars": MARKET_RISK,
        "event_risk_dollars": EVENT_RISK,
        "group_risk_dollars": TOTAL_RISK,
        "total_risk_dollars": TOTAL_RISK,
        "market_contracts": MARKET_SIZE,
        "trade_balance_percent": 10_000,
    }
    return load_bundled(options).checks


def _rule(name: str, at: Place, action: str, match: Mapping[str, str], **params: Any) -> Rule:
    return Rule(name, name, at, action, match=match, params=params)


def _answer(status: int) -> dict[str, Any]:
    return {"status": status, "code": "", "details": "", "body": "", "html": status == 502}


_CREATE: Final = {"method": "POST", "path": _ORDERS}
_CANCEL: Final = {"method": "DELETE", "path": _ORDERS}
_READ: Final = {"method": "GET", "path": "/portfolio/*"}
_RULES: Final[tuple[Rule, ...]] = (
    _rule("request lost", "request", "lose_request", _CREATE, delay_ms=50),
    _rule("reply lost", "request", "lose_reply", _CREATE, delay_ms=50),
    _rule("silence after it was taken", "request", "lose_reply", _CREATE, delay_ms=20_000),
    _rule("500 before", "request", "refuse", _CREATE, **_answer(500)),
    _rule("500 after", "request", "fail_after", _CREATE, **_answer(500)),
    _rule("502 page after", "request", "fail_after", _CREATE, **_answer(502)),
    _rule("429", "request", "refuse", _CREATE, **_answer(429)),
    _rule("slow request", "request", "delay", _CREATE, delay_ms=1_500, accepted=False),
    _rule("slow reply", "request", "delay", _CREATE, delay_ms=1_500, accepted=True),
    _rule("taken late", "request", "late_accept", _CREATE, delay_ms=6_000),
    _rule("reply truncated", "request", "truncate", _CREATE, keep_bytes=20),
    _rule("cancel lost", "request", "lose_request", _CANCEL, delay_ms=50),
    _rule("cancel's reply lost", "request", "lose_reply", _CANCEL, delay_ms=50),
    _rule("filled before the cancel", "request", "fill_first", _CANCEL, count=""),
    _rule("partly filled before the cancel", "request", "fill_first", _CANCEL, count="1.00"),
    _rule("list lost", "request", "lose_reply", _READ, delay_ms=10),
    _rule("list old", "request", "stale_read", _READ, age_ms=2_000),
    _rule("list slow", "request", "delay", _READ, delay_ms=1_500, accepted=True),
    *(
        _rule(f"{channel} {action}", "frame", action, {"channel": channel}, **params)
        for channel in ("fill", "user_orders")
        for action, params in (
            ("drop", {}),
            ("duplicate", {"copies": 1}),
            ("delay", {"delay_ms": 700, "renumber": False}),
            ("reorder", {}),
        )
    ),
)
FAULTS: Final = tuple(rule.name for rule in _RULES)


class Armed(Faults):
    """Faults that strike once each time they are armed, and not before."""

    def __init__(self, seed: int) -> None:
        super().__init__(_RULES, random.Random(seed))
        self.armed: Counter[str] = Counter()

    def first_due(
        self, triggers: Sequence[Trigger], exchange: Exchange, *, user_id: str = "", ticker: str = ""
    ) -> Rule | None:
        """Return the first rule that is armed, and disarm it by one."""
        del exchange, user_id, ticker
        for trigger in triggers:
            name = trigger.rule.name
            if self.armed[name]:
                self.armed[name] -= 1
                self.struck[name] += 1
                return trigger.rule
        return None

    def for_request(
        self, method: str, path: str, now_ms: int, exchange: Exchange, user_id: str = ""
    ) -> RequestFault | None:
        """Strike at what a test has armed, though a fault may find nothing to strike at."""
        return super().for_request(method, path, now_ms, exchange, user_id)


@dataclass(frozen=True, slots=True)
class Left:
    """A request that left an engine."""

    at_ms: int
    method: str
    path: str
    body: bytes


class MortalHttp:
    """The requests of one engine: after its end none leaves any more, and what has left goes on."""

    def __init__(self, inner: MemoryHttp, now_ms: Callable[[], int], left: list[Left]) -> None:
        self._inner = inner
        self._now_ms = now_ms
        self._left = left
        self.is_dead = False

    async def send(self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None) -> HttpReply:
        """Send one request and return its answer."""
        if self.is_dead:
            raise TransportError("this engine is dead", hint="a test wants it so")
        self._left.append(Left(self._now_ms(), method, path_and_query, body or b""))
        return await self._inner.send(method, path_and_query, headers, body)

    async def close(self) -> None:
        """Leave what is under way to the exchange."""


class MortalJournal:
    """The journal as one engine has it: after its end it writes no more."""

    def __init__(self, inner: JournalNow) -> None:
        self._inner = inner
        self.is_dead = False

    async def open(self) -> list[JournalRow]:
        """Open it."""
        return await self._inner.open()

    async def append(self, rows: Sequence[JournalRow]) -> None:
        """Keep rows."""
        if self.is_dead:
            raise StorageFailed("this engine is dead", hint="a test wants it so")
        await self._inner.append(rows)

    async def close(self) -> None:
        """Lay it down."""
        if not self.is_dead:
            await self._inner.close()


class Mark:
    """The mark of a kill, in memory."""

    def __init__(self) -> None:
        self._reason = ""

    def reason(self) -> str:
        """Return why it is set, or nothing."""
        return self._reason

    def set(self, reason: str) -> None:
        """Set it."""
        self._reason = reason

    def clear(self) -> None:
        """Take it away."""
        self._reason = ""


@dataclass(slots=True)
class Alive:
    """An engine that runs, and what is attached to it."""

    engine: Engine
    link: Link
    http: MortalHttp
    journal: MortalJournal
    tasks: list[asyncio.Future[Any]] = field(default_factory=list)


class LongWorld:
    """One exchange, one journal, one virtual clock, and at most one engine at a time."""

    def __init__(self, seed: int, *, orders: OrderRules = RULES, checks: tuple[RiskCheck, ...] | None = None) -> None:
        self.faults = Armed(seed)
        self.desk: Desk = open_desk(
            start_ms=START_MS + 60_000,
            world=quiet_world(),
            seed=seed,
            key_pem=key_pem(),
            cash=100_000_000,
            rules=ExchangeRules(duplicate_ids="open_only"),  # whoever sends twice buys twice
        )
        self.desk.faults = self.faults
        self.desk.hub = Hub(self.desk.exchange, self.faults)
        self.exchange = self.desk.exchange
        self.user_id = self.desk.user_id
        self.clock = VirtualClock(self.exchange)
        self.journal = JournalNow()
        self.flag = Mark()
        self.left: list[Left] = []
        self.tickers = [t for t, m in self.exchange.markets.items() if m.status == "active"]
        self.alive: Alive | None = None
        self._orders = orders
        self._checks = tight_limits() if checks is None else checks
        self._chance = random.Random(seed).random
        self._loop = self.clock._loop()
        self._network = Network(
            self.clock,
            seed=seed,
            failure=lambda words: TransportError(words, hint=""),
            refused=lambda status, body: upgrade_refused(status, {}, body),
        )
        self._http = MemoryHttp(self.desk, self._network)
        self._signer = load_signer(self.desk.key_id, self.desk.key_pem, Scope.TRADE)

    # Time

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something, and let the engine go on meanwhile; a fault of the engine's is raised."""
        try:
            return self._loop.run_until_complete(work)
        finally:
            self._raise_faults()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.run(self.clock.sleep(seconds))

    @property
    def now_ms(self) -> int:
        """Return the exchange's time."""
        return self.clock.now_ms()

    def end(self) -> None:
        """End whatever runs, and the loop."""
        if self.alive is not None:
            self.crash()
        self._loop.run_until_complete(self._http.close())
        self._loop.run_until_complete(self.clock.sleep(0.1))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    # Engines

    def start(self) -> None:
        """Start an engine, and attach to it."""
        self.alive = self.run(self._start())
        self.ask(Follow(tuple(self.tickers)))

    def crash(self) -> None:
        """Drop the engine in the middle of whatever it does: nothing of it is kept, sent or closed any more."""
        alive, self.alive = self._running(), None
        alive.http.is_dead = alive.journal.is_dead = True
        self.cut_streams()
        self._loop.run_until_complete(_bury(alive))

    def stop(self) -> None:
        """End the engine in order."""
        alive, self.alive = self._running(), None
        self._loop.run_until_complete(_end(alive))

    def ask(self, intent: Intent) -> Result:
        """Ask the engine something, as a terminal does."""
        return self.run(self._running().link.ask(intent))

    @property
    def engine(self) -> Engine:
        """Return the engine that runs."""
        return self._running().engine

    def cut_streams(self) -> None:
        """Cut every stream that is open."""
        for session in tuple(self.desk.hub.sessions.values()):
            session.hang_up(Close(1006, "", abrupt=True))

    def _running(self) -> Alive:
        assert self.alive is not None, "no engine runs"
        return self.alive

    async def _start(self) -> Alive:
        http = MortalHttp(self._http, self.clock.now_ms, self.left)
        journal = MortalJournal(self.journal)
        storage = SqliteNow(("practice", "practice", "live"), _SETTINGS.storage)
        await storage.open()
        around = Surroundings(
            venue=Venue(http, self.clock, self._chance, signer=self._signer),
            stream=Streams(self.desk, self._network, self.clock.now_ms),
            signer=self._signer,
            clock=self.clock,
            chance=self._chance,
            storage=storage,
            recorder=NoRecorder(),
            outside=Outside(journal, self.flag, "drills", may_send=True),
            risk_checks=self._checks,
            is_lasting=False,
        )
        opening = opening_of(
            self.clock.now_ms(),
            Rules(ladder_ms=100),
            orders=self._orders,
            trades=True,
            execution="live",
            mode="PRACTICE LIVE",
        )
        engine = Engine(opening, around, feed_rules=FeedRules(), link_rules=LinkRules())
        running = asyncio.ensure_future(engine.run())
        ours, its = memory_pipes()
        serving = asyncio.ensure_future(engine.serve(its))
        link = await attach(ours, name="test")
        return Alive(engine, link, http, journal, [running, serving])

    def _raise_faults(self) -> None:
        if self.alive is None:
            return
        for task in self.alive.tasks:
            if task.done() and not task.cancelled() and (fault := task.exception()) is not None:
                self.alive = None
                raise fault


async def _bury(alive: Alive) -> None:
    await alive.link.close()
    for task in alive.tasks:
        task.cancel()
    await asyncio.gather(*alive.tasks, return_exceptions=True)


async def _end(alive: Alive) -> None:
    await alive.link.close()
    alive.engine.stopping.set()
    await asyncio.gather(*alive.tasks)
