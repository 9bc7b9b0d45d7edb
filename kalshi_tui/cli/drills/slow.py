"""Terminals that do not read while a book floods: they get less or are let go, and nobody else notices."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import msgspec

from kalshi_tui.core.book import BookState
from kalshi_tui.errors import TransportError
from kalshi_tui.link.keys import LadderKey
from kalshi_tui.link.messages import LINK_VERSION, Hello, Published, Watch, decode_from_engine, decode_view, encode
from kalshi_tui.link.pipes import memory_pipes
from kalshi_tui.link.server import LinkRules
from kalshi_tui.link.views import LadderView

if TYPE_CHECKING:
    from kalshi_tui.cli.drills.scene import Scene

BACKLOG: Final = 32 * 1024
SLOW_LINK: Final = LinkRules(backlog=BACKLOG, stuck_s=6.0)
_ONE_ROUND: Final = 8 * 1024  # what one delivery of all views may add to a backlog that is just not full
_BEGIN_S, _END_S = 5.0, 10.0  # of the flood, as its scenario has it
_LOOK_S: Final = 0.05
_EDGE_MS: Final = 200


class SlowReader:
    """One attached client that watches every ladder and reads only when it is told to."""

    def __init__(self, scene: Scene) -> None:
        """Attach."""
        self.most = 0  # bytes that ever waited for it
        self.last: dict[str, LadderView] = {}
        self.end = ""
        self._pipe, self._its = memory_pipes()
        self._serving = asyncio.ensure_future(scene.engine.server.serve(self._its))
        self._pipe.send(encode(Hello(LINK_VERSION, "drill", "slow", 0)))
        self.tickers = scene.witness.followed()
        for number, ticker in enumerate(self.tickers, 1):
            self._pipe.send(encode(Watch(number, LadderKey(ticker))))

    def look(self) -> None:
        """Note how much waits."""
        self.most = max(self.most, self._its.unsent())

    async def read_on(self) -> None:
        """Read everything from now on, until the engine hangs up."""
        try:
            while True:
                for data in await self._pipe.receive():
                    self._take(data)
        except TransportError as problem:
            self.end = problem.message

    def hang_up(self) -> None:
        """Leave."""
        self._pipe.close()

    def _take(self, data: bytes) -> None:
        message = decode_from_engine(data)
        if isinstance(message, Published):
            view = decode_view(msgspec.Raw(message.view))
            if isinstance(view, LadderView):
                self.last[view.ticker] = view


async def two_do_not_read(scene: Scene) -> None:
    """Attach two before the flood; one reads on after it, one never does."""
    clock = scene.world.clock
    await clock.sleep(_BEGIN_S - 0.5)
    slow, stuck = SlowReader(scene), SlowReader(scene)
    while clock.now_ms() < scene.begun_ms + _END_S * 1000:
        await clock.sleep(_LOOK_S)
        slow.look()
        stuck.look()
    reading = asyncio.ensure_future(slow.read_on())
    await clock.sleep(scene.drill.lasts_s - _END_S)
    scene.problems += _judge(scene, slow, stuck)
    slow.hang_up()
    stuck.hang_up()
    await reading


def _judge(scene: Scene, slow: SlowReader, stuck: SlowReader) -> list[str]:
    """Say what is wrong with what the two saw, with how much waited for them, and with what the others saw."""
    found = []
    most = max(slow.most, stuck.most)
    if not BACKLOG < most <= BACKLOG + _ONE_ROUND:
        found.append(f"{most:,} bytes waited for a reader that does not read")
    behind = [ticker for ticker in slow.tickers if not _is_right(scene, slow.last.get(ticker))]
    if slow.end or behind:
        found.append(f"the slow reader was not brought up to date: {slow.end or ', '.join(behind)}")
    pauses = _pauses(scene)
    if max(pauses, default=10_000) > 2 * scene.engine.kernel.rules.ladder_ms:
        found.append(f"a reader that reads saw the flooded ladder only after {max(pauses, default=0)} ms")
    return found


def _is_right(scene: Scene, view: LadderView | None) -> bool:
    """Tell whether a ladder is live, and was the exchange's book a moment ago."""
    if view is None or view.state is not BookState.LIVE:
        return False
    past = scene.truth.of(view.ticker)
    place = past.place_of(view)
    moved_ms = None if place is None else past.moved_ms(place)
    return place is not None and (moved_ms is None or scene.world.clock.now_ms() - moved_ms <= scene.drill.limit_ms)


def _pauses(scene: Scene) -> list[int]:
    """Return the milliseconds between two pictures of the flooded ladder, as the witness saw them during the flood."""
    from_ms = scene.begun_ms + int(_BEGIN_S * 1000) + _EDGE_MS
    to_ms = scene.begun_ms + int(_END_S * 1000) - _EDGE_MS
    looks = [at_ms for at_ms in scene.witness.looks[scene.truth.busiest()] if from_ms <= at_ms <= to_ms]
    return [later - earlier for earlier, later in pairwise(looks)]
