"""One drill on one seed: the faults for a while, then none, and a terminal that sees what the engine makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, Final

from msgspec.structs import replace as replace_struct

from kalshi_tui.cli.drills.checks import EVERY_DRILL
from kalshi_tui.cli.drills.dealing import LIMITS, RULES, Dealing
from kalshi_tui.cli.drills.order_checks import EVERY_ORDER_DRILL
from kalshi_tui.cli.drills.place import small_world
from kalshi_tui.cli.drills.plan import LIVELY_S, Drill
from kalshi_tui.cli.drills.truth import Truth
from kalshi_tui.cli.drills.witness import Witness
from kalshi_tui.cli.drills.world import START_MS, World
from kalshi_tui.engine.ports import Storage
from kalshi_tui.engine.rules import Rules
from kalshi_tui.engine.running import Engine
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link.client import Link
from kalshi_tui.practice.faults import Faults
from kalshi_tui.protocol.tracked import Counters

_AFTER_S: Final = LIVELY_S + 1
_CALM_MS: Final = 4_000  # longer than any message is late by then
_LOOK_S: Final = 0.5
_LISTS_MS: Final = 500  # where somebody trades: what is listed is made anew less often, for speed
_STARTS: Final = 20  # so many seconds of the minute in which drills begin


@dataclass(slots=True)
class Scene:
    """The world of a drill, and what was found wrong."""

    drill: Drill
    world: World
    faults: Faults
    truth: Truth
    begun_ms: int
    seed: int = 0
    dealing: Dealing | None = None
    problems: list[str] = field(default_factory=list)
    ceased_ms: int = 0
    counters: Counters = field(default_factory=Counters)

    engine: Engine = field(init=False)
    link: Link = field(init=False)
    witness: Witness = field(init=False)

    @property
    def lively_ms(self) -> int | None:
        """Return how long it took until every book was live again, or None where that did not come."""
        whole_ms = self.witness.whole_ms
        return None if whole_ms is None else max(whole_ms - self.ceased_ms, 0)

    def play(self) -> None:
        """Let everything happen; whatever a task of the engine raises is a problem."""
        try:
            self.world.clock.run(self._play())
        except Exception as problem:  # noqa: BLE001 - whatever ends the engine is what a drill is to find
            self.problems.append(f"the engine ended: {type(problem).__name__}: {problem}")

    async def _play(self) -> None:
        asyncio.get_running_loop().set_task_factory(noting(self.problems))
        await self.world.attended(self._watch)

    async def _watch(self, engine: Engine, link: Link) -> None:
        self.engine, self.link = engine, link
        clock = self.world.clock
        self.witness = Witness(link, self.truth, clock.now_ms, limit_ms=self.drill.limit_ms)
        if self.drill.trades is not None:
            self.dealing = Dealing(self, self.drill.trades)
            await self.dealing.begin()
        beside = [asyncio.ensure_future(part(self)) for part in self.drill.beside]
        await clock.sleep(self.drill.lasts_s)
        self.faults.cease()
        self.ceased_ms = clock.now_ms()
        self.witness.count_no_more()
        if self.dealing is not None:
            await self.dealing.recover()
        await self._settle()
        await asyncio.gather(*beside)
        if self.dealing is not None:
            await self.dealing.agree()
        for check in (*EVERY_DRILL, *(EVERY_ORDER_DRILL if self.dealing else ()), *self.drill.checks):
            self.problems += await check(self)
        if self.dealing is not None:
            await self.dealing.end()
        self.witness.end()
        self.counters = replace(engine.kernel.stream.counters)

    async def _settle(self) -> None:
        """Wait as long as books may take to be live again, or until all have been so for a while."""
        clock, until_ms = self.world.clock, self.ceased_ms + int(_AFTER_S * 1000)
        while clock.now_ms() < until_ms and (self.drill.is_described or not self._is_calm()):
            await clock.sleep(_LOOK_S)

    def _is_calm(self) -> bool:
        whole_ms = self.witness.whole_ms
        return whole_ms is not None and self.world.clock.now_ms() - max(whole_ms, self.ceased_ms) >= _CALM_MS


def make_scene(drill: Drill, seed: int, storage: Storage) -> Scene:
    """Open a world in which a drill's faults are armed."""
    world = World(
        storage,
        seed=seed,
        scenario=drill.scenario or drill.fault,
        spec=small_world(),
        rules=Rules() if drill.trades is None else Rules(list_ms=_LISTS_MS),
        start_ms=START_MS + seed % _STARTS * 1000,
        link_rules=drill.link_rules,
        orders=None if drill.trades is None else replace_struct(RULES, cancel_on_pause=not drill.keeps_on_pause),
        limits=LIMITS if drill.trades is not None else (),
    )
    faults = world.desk.faults
    assert faults is not None  # noqa: S101 - a scenario was named
    return Scene(drill, world, faults, Truth(world.desk.exchange), world.clock.now_ms(), seed)


def noting(problems: list[str]) -> Callable[..., asyncio.Task[Any]]:
    """Return a maker of tasks that notes what they raise, but for the errors that are a part of the engine's life."""

    def note(task: asyncio.Task[Any]) -> None:
        problem = None if task.cancelled() else task.exception()
        if problem is not None and not isinstance(problem, KalshiTuiError):
            problems.append(f"a task raised {type(problem).__name__}: {problem}")

    def make(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **more: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(work, loop=loop, **more)
        task.add_done_callback(note)
        return task

    return make
