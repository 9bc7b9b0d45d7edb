"""What must hold at the end of a drill: of every one, and of some beside."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final

from kalshi_tui.cli.drills.plan import LIVELY_S, Check
from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.link.keys import MarketKey
from kalshi_tui.link.views import MarketView, View

if TYPE_CHECKING:
    from kalshi_tui.cli.drills.scene import Scene
    from kalshi_tui.practice.records import Market

_SHOWN: Final = ("gaps", "resyncs", "malformed")
_FEWEST: Final = 100  # ladders that must have been compared, or the drill says too little
_MOST_TASKS: Final = 40
_LOOK_S: Final = 0.5
_LOOKS: Final = 3
_MINUTE_MS: Final = 60_000
_SECOND_MS: Final = 1_000
_CONNECTS: Final = 10  # a minute
_DEEP: Final = 9_000


async def the_fault_struck(scene: Scene) -> list[str]:
    """Hold that each rule of the scenario did something: a fault that was not injected was not survived."""
    if scene.drill.idle is None:
        return []
    idle = [rule.name for rule in scene.faults.rules if not scene.faults.struck[rule.name]]
    idle += list(scene.faults.missed)
    return [f"{name} did not strike" for name in idle if name not in scene.drill.idle]


async def enough_was_compared(scene: Scene) -> list[str]:
    """Hold that there was something to see, and that the oracle's own records add up."""
    frames = scene.witness.seen.frames
    few = [] if frames >= _FEWEST else [f"only {frames} live ladders were seen"]
    return few + [f"the exchange's changes of {ticker} do not add up to its book" for ticker in scene.truth.unsound()]


async def all_is_live_again(scene: Scene) -> list[str]:
    """Hold that every followed book was live again in time, and that the terminal is still attached."""
    lively_ms, closed = scene.lively_ms, scene.link.closed
    gone = [f"the terminal lost the engine: {closed}"] if closed else []
    if lively_ms is None or lively_ms > LIVELY_S * 1000:
        return [*gone, f"not every book was live again {LIVELY_S:g} s after the last fault"]
    return gone


async def it_was_told(scene: Scene) -> list[str]:
    """Hold that reasons and notices say what happened, that it was counted, and that the status shows the counts."""
    drill, counters = scene.drill, scene.engine.kernel.stream.counters
    words = scene.witness.seen.words
    untold = [] if any(re.search(drill.says, text) for text in words) else [f"nothing said {drill.says!r}"]
    uncounted = [f"no {name} were counted" for name in drill.counts if not getattr(counters, name)]
    upset = [f"{counters.resyncs} books fell out of step"] if drill.is_calm and counters.resyncs else []
    return untold + uncounted + upset + _unseen(scene)


def _unseen(scene: Scene) -> list[str]:
    """Say which counts the status does not show as they are."""
    status, counters = scene.witness.status, scene.engine.kernel.stream.counters
    counts = {name: getattr(counters, name) for name in _SHOWN}
    shown = {name: getattr(status, name, None) for name in _SHOWN}
    return [
        f"the status shows {shown[name]} {name} of {counts[name]}" for name in _SHOWN if shown[name] != counts[name]
    ]


async def bounds_are_known(scene: Scene) -> list[str]:
    """Hold that the bounds of the drill and no others are shown as reached, and that no tasks pile up."""
    status = scene.witness.status
    shown = set(status.bounds) if status is not None else set()
    odd = [f"bound {name!r}: {'not ' * (name not in shown)}reached" for name in sorted(shown ^ {*scene.drill.bounds})]
    tasks = len(asyncio.all_tasks())
    return odd if tasks <= _MOST_TASKS else [*odd, f"{tasks} tasks are still running"]


async def the_catalogue_is_right(scene: Scene) -> list[str]:
    """Hold that every market is described as the exchange has it, or said to be in doubt where that is enough."""
    markets = list(scene.world.desk.exchange.markets.values())
    watching = [scene.link.watch(MarketKey(market.ticker)) for market in markets]
    wrong: list[str] = []
    for _ in range(_LOOKS):  # what happens just now is told a moment later
        await scene.world.clock.sleep(_LOOK_S)
        found = [
            _differences(shown.view, market, may_doubt=not scene.drill.is_described)
            for shown, market in zip(watching, markets, strict=True)
        ]
        wrong = [f"{market.ticker}: {words}" for market, words in zip(markets, found, strict=True) if words]
        if not wrong:
            break
    return wrong


def _differences(view: View | None, market: Market, *, may_doubt: bool) -> str:
    if not isinstance(view, MarketView):
        return "it is not described"
    if view.doubt and may_doubt:
        return ""
    pairs = {
        "title": (view.title, market.title),
        "answer": (view.yes_title, market.yes_sub_title),
        "status": (view.status, market.status),
        "close": (view.close_ms // _SECOND_MS, market.close_ms // _SECOND_MS),  # as the wire tells it
        "grid": (PriceGrid.from_bands(view.grid), _grid(market)),
    }
    wrong = [f"{name} is shown as {ours}, is {its}" for name, (ours, its) in pairs.items() if ours != its]
    return "; ".join(wrong)


def _grid(market: Market) -> PriceGrid:
    return PriceGrid.from_bands((band.start, band.end, band.step) for band in market.bands)


EVERY_DRILL: Final[tuple[Check, ...]] = (
    the_fault_struck,
    all_is_live_again,
    it_was_told,
    bounds_are_known,
    the_catalogue_is_right,
    enough_was_compared,
)


# --- of some


async def it_came_back_thrice(scene: Scene) -> list[str]:
    """Hold that each lost connection was replaced once, the half-open one too."""
    asked = len(scene.world.streams.asked_ms)
    return [] if asked == len(scene.faults.rules) + 1 else [f"{asked} connections were asked for"]


async def connects_are_few(scene: Scene) -> list[str]:
    """Hold that no minute saw more than ten connects."""
    times = scene.world.streams.asked_ms
    hasty = [
        later - first for first, later in zip(times, times[_CONNECTS:], strict=False) if later - first < _MINUTE_MS
    ]
    return [f"{_CONNECTS + 1} connects within {within / 1000:.1f} s" for within in hasty[:1]]


async def one_message_was_too_large(scene: Scene) -> list[str]:
    """Hold that the largest message ended its connection, and that ten thousand levels are followed all the same."""
    too_large = scene.world.streams.too_large
    deepest = max(len(book.book.bids) + len(book.book.asks) for book in scene.engine.kernel.stream.books.values())
    refused = [] if too_large == 1 else [f"{too_large} messages were refused for their size"]
    return refused if deepest >= _DEEP else [*refused, f"the deepest book has only {deepest} levels"]
