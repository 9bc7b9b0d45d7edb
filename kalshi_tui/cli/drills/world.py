"""A whole engine against the practice exchange in memory, on a virtual clock: no socket, no thread, no waiting."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from kalshi_tui.adapters.inbox import MAX_MESSAGE, upgrade_refused
from kalshi_tui.adapters.journal_now import JournalNow
from kalshi_tui.adapters.plugins import load_bundled
from kalshi_tui.cli.drills.wire import Wire
from kalshi_tui.config.load import load_settings
from kalshi_tui.engine.executing import Outside
from kalshi_tui.engine.feed import FeedRules
from kalshi_tui.engine.inputs import CODEC, Opening, Record
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.ports import Journal, KillFlag, Storage
from kalshi_tui.engine.rules import Rules
from kalshi_tui.engine.running import Engine
from kalshi_tui.engine.surroundings import Surroundings
from kalshi_tui.engine.venue import Venue
from kalshi_tui.errors import TransportError
from kalshi_tui.link.client import Link, attach
from kalshi_tui.link.pipes import MemoryPipe, memory_pipes
from kalshi_tui.link.server import LinkRules
from kalshi_tui.link.views import TapeState
from kalshi_tui.practice.desk import Desk, open_desk
from kalshi_tui.practice.faults import scenario_path
from kalshi_tui.practice.faults.rules import Rule
from kalshi_tui.practice.keys import make_key
from kalshi_tui.practice.memory import MemoryConnection, MemoryHttp, MemoryStreams, Network, VirtualClock
from kalshi_tui.practice.stream.outgoing import Close
from kalshi_tui.practice.worldfile import WorldSpec
from kalshi_tui.protocol.signing import Scope, load_signer
from kalshi_tui.sdk.risk import RiskCheck

T = TypeVar("T")
START_MS: Final = 1_781_159_370_000  # half a minute before markets close and others open


@cache
def key_pem() -> bytes:
    """Return a key for every world of this process: to make one costs more than to run some of them."""
    return make_key("ed25519")


class ListRecorder:
    """Keeps the records of a tape in a list."""

    wants_opening = False

    def __init__(self) -> None:
        """Begin with nothing."""
        self.records: list[Record] = []

    def begin(self, opening: Opening) -> None:
        """Keep a segment's opening."""
        self.records.append(opening)

    def put(self, record: Record) -> None:
        """Keep a record."""
        self.records.append(record)

    def state(self) -> TapeState:
        """Say that it records."""
        return TapeState("recording")

    def close(self) -> None:
        """Do nothing: there is no file."""


def opening_of(at_ms: int, rules: Rules, **other: Any) -> Opening:
    """Return the opening of an engine that runs in memory."""
    first = Opening(
        at_ms=at_ms,
        codec=CODEC,
        program="test",
        settings_hash="none",
        environment="practice",
        execution="observe",
        account="practice",
        mode="PRACTICE OBSERVE",
        words="practice in memory",
        engine_pid=1,
        started_ms=at_ms,
        is_first=True,
        rules=rules,
    )
    return msgspec.structs.replace(first, **other)


class Streams:
    """Opens streams in memory with the bound that sockets have: a message that is too large ends its connection."""

    def __init__(self, desk: Desk, network: Network, now_ms: Callable[[], int]) -> None:
        """Open nothing yet."""
        self.asked_ms: list[int] = []  # when a connection was asked for
        self.too_large = 0
        self._inner = MemoryStreams(desk, network)
        self._now_ms = now_ms

    async def connect(self, headers: Mapping[str, str]) -> Bounded:
        """Open a stream with signed headers."""
        self.asked_ms.append(self._now_ms())
        return Bounded(await self._inner.connect(headers), self)


class Bounded:
    """One stream."""

    def __init__(self, inner: MemoryConnection, streams: Streams) -> None:
        """Take what is open."""
        self._inner = inner
        self._streams = streams
        self._refused = False

    @property
    def on_ping(self) -> Callable[[], None] | None:
        """Return who hears pings."""
        return self._inner.on_ping

    @on_ping.setter
    def on_ping(self, call: Callable[[], None] | None) -> None:
        self._inner.on_ping = call

    async def receive(self) -> list[bytes]:
        """Return every text message that has arrived; what comes before one that is too large is still handed over."""
        messages = [] if self._refused else await self._inner.receive()
        taken = [message for message in messages if len(message) <= MAX_MESSAGE]
        if len(taken) < len(messages):
            self._refused = True
            self._streams.too_large += 1
            await self._inner.close()
            taken = messages[: next(i for i, message in enumerate(messages) if len(message) > MAX_MESSAGE)]
        if not taken:
            raise TransportError("the stream was closed: a message was too large", hint="it is opened again by itself")
        return taken

    async def send(self, data: bytes) -> None:
        """Send one text message."""
        await self._inner.send(data)

    async def close(self) -> None:
        """Hang up."""
        await self._inner.close()


@cache
def risk_checks(limits: tuple[tuple[str, int], ...] = ()) -> tuple[RiskCheck, ...]:
    """Return the bundled limits, as the settings have them by default but for those that are given."""
    usual = load_settings(environ={}, folder=Path("/nonexistent")).limits
    return load_bundled({**usual.options(), **dict(limits)}).checks


def _trading(orders: OrderRules | None) -> dict[str, Any]:
    if orders is None:
        return {}
    return {"orders": orders, "trades": True, "execution": orders.execution, "mode": "PRACTICE"}


class World:
    """A desk and an engine on one virtual clock."""

    def __init__(
        self,
        storage: Storage,
        *,
        seed: int = 11,
        scenario: str | Sequence[Rule] = "",
        rules: Rules | None = None,
        markets: int | None = None,
        spec: WorldSpec | None = None,
        start_ms: int = START_MS,
        link_rules: LinkRules | None = None,
        orders: OrderRules | None = None,
        journal: Journal | None = None,
        flag: KillFlag | None = None,
        limits: tuple[tuple[str, int], ...] = (),
    ) -> None:
        """Open the exchange; the engine begins when it is played."""
        self.desk: Desk = open_desk(
            start_ms=start_ms,
            world="first" if spec is None else spec,
            seed=seed,
            key_pem=key_pem(),
            scenario=(scenario_path(scenario) if isinstance(scenario, str) else scenario) if scenario else None,
            markets=markets,
        )
        self.clock = VirtualClock(self.desk.exchange)
        self.storage = storage
        self.recorder = ListRecorder()
        network = Network(
            self.clock,
            seed=seed,
            failure=TransportError,
            refused=lambda status, body: upgrade_refused(status, {}, body),
        )
        is_live = orders is not None and orders.execution == "live"
        signer = load_signer(self.desk.key_id, self.desk.key_pem, Scope.TRADE if is_live else Scope.READ)
        chance = random.Random(seed).random
        self.streams = Streams(self.desk, network, self.clock.now_ms)
        self.wire = Wire(MemoryHttp(self.desk, network), self.clock.now_ms)
        self.journal = journal or JournalNow()
        self.checks = () if orders is None else risk_checks(limits)
        self.around = Surroundings(
            venue=Venue(self.wire, self.clock, chance, signer=signer),
            stream=self.streams,
            signer=signer,
            clock=self.clock,
            chance=chance,
            storage=storage,
            recorder=self.recorder,
            outside=None if orders is None else Outside(self.journal, flag, "drills", may_send=is_live),
            risk_checks=self.checks,
        )
        self.make: Callable[[], Engine] = lambda: Engine(
            opening_of(self.clock.now_ms(), rules or Rules(), **_trading(orders)),
            self.around,
            feed_rules=FeedRules(),
            link_rules=link_rules or LinkRules(),
        )

    def play(self, part: Callable[[Engine, Link], Awaitable[T]]) -> T:
        """Run an engine, attach to it, do `part` and end it."""
        return self.clock.run(self.attended(part))

    def cut_streams(self) -> None:
        """Cut every stream that is open."""
        for session in tuple(self.desk.hub.sessions.values()):
            session.hang_up(Close(1006, "", abrupt=True))

    async def attended(self, part: Callable[[Engine, Link], Awaitable[T]]) -> T:
        """Do `part` with an engine that runs and a terminal that is attached to it."""
        engine = self.last = self.make()
        running = asyncio.ensure_future(engine.run())
        ours, serving = self.pipe_to(engine)
        link = await attach(ours, name="test")
        try:
            return await part(engine, link)
        finally:
            await link.close()
            engine.stopping.set()
            await asyncio.gather(running, serving)

    @staticmethod
    def pipe_to(engine: Engine) -> tuple[MemoryPipe, asyncio.Task[None]]:
        """Return an end of a pipe whose other end the engine serves, and what serves it."""
        ours, its = memory_pipes()
        return ours, asyncio.ensure_future(engine.serve(its))
