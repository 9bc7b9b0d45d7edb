"""A whole engine against the practice exchange in memory, on a virtual clock: no socket, no thread, no waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from kalshi_tui.adapters.inbox import upgrade_refused
from kalshi_tui.engine.feed import FeedRules
from kalshi_tui.engine.inputs import CODEC, Opening, Record
from kalshi_tui.engine.ports import Storage
from kalshi_tui.engine.rules import Rules
from kalshi_tui.engine.running import Engine, Surroundings
from kalshi_tui.engine.venue import Venue
from kalshi_tui.errors import TransportError
from kalshi_tui.link.client import Link, attach
from kalshi_tui.link.pipes import memory_pipes
from kalshi_tui.link.server import LinkRules
from kalshi_tui.link.views import TapeState
from kalshi_tui.practice.desk import Desk, open_desk
from kalshi_tui.practice.faults import scenario_path
from kalshi_tui.practice.keys import make_key
from kalshi_tui.practice.memory import MemoryHttp, MemoryStreams, Network, VirtualClock
from kalshi_tui.practice.stream.outgoing import Close
from kalshi_tui.protocol.signing import load_signer

T = TypeVar("T")
START_MS = 1_781_159_370_000


@cache
def key_pem() -> bytes:
    return make_key()


class ListRecorder:
    """Keeps the records of a tape in a list."""

    wants_opening = False

    def __init__(self) -> None:
        self.records: list[Record] = []

    def begin(self, opening: Opening) -> None:
        self.records.append(opening)

    def put(self, record: Record) -> None:
        self.records.append(record)

    def state(self) -> TapeState:
        return TapeState("recording")

    def close(self) -> None:
        pass


def opening_of(at_ms: int, rules: Rules, **other: Any) -> Opening:
    """Return the opening of an engine of these tests."""
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


class World:
    """A desk and an engine on one virtual clock."""

    def __init__(
        self,
        storage: Storage,
        *,
        seed: int = 11,
        scenario: str = "",
        rules: Rules | None = None,
        markets: int | None = None,
    ) -> None:
        path: Path | None = scenario_path(scenario) if scenario else None
        self.desk: Desk = open_desk(start_ms=START_MS, seed=seed, key_pem=key_pem(), scenario=path, markets=markets)
        self.clock = VirtualClock(self.desk.exchange)
        self.storage = storage
        self.recorder = ListRecorder()
        network = Network(
            self.clock,
            seed=seed,
            failure=TransportError,
            refused=lambda status, body: upgrade_refused(status, {}, body),
        )
        signer = load_signer(self.desk.key_id, self.desk.key_pem)
        self.around = Surroundings(
            venue=Venue(MemoryHttp(self.desk, network), self.clock, lambda: 0.5, signer=signer),
            stream=MemoryStreams(self.desk, network),
            signer=signer,
            clock=self.clock,
            chance=lambda: 0.5,
            storage=storage,
            recorder=self.recorder,
        )
        self.make: Callable[[], Engine] = lambda: Engine(
            opening_of(self.clock.now_ms(), rules or Rules()),
            self.around,
            feed_rules=FeedRules(),
            link_rules=LinkRules(),
        )

    def play(self, part: Callable[[Engine, Link], Awaitable[T]]) -> T:
        """Run an engine, attach to it, do `part` and end it."""
        return self.clock.run(self._play(part))

    def cut_streams(self) -> None:
        """Cut every stream that is open."""
        for session in tuple(self.desk.hub.sessions.values()):
            session.hang_up(Close(1006, "", abrupt=True))

    async def _play(self, part: Callable[[Engine, Link], Awaitable[T]]) -> T:
        engine = self.last = self.make()
        running = asyncio.ensure_future(engine.run())
        ours, its = memory_pipes()
        serving = asyncio.ensure_future(engine.server.serve(its))
        link = await attach(ours, name="test")
        try:
            return await part(engine, link)
        finally:
            await link.close()
            engine.stopping.set()
            await asyncio.gather(running, serving)
