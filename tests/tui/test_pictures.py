"""Pictures of every screen, theme and state, to be looked at when they change: see CONTRIBUTING.md."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest
from textual.app import App
from textual.pilot import Pilot

from kalshi_tui.core.book import BookState
from kalshi_tui.core.units import Price, Size
from kalshi_tui.link.views import TradesView, View
from tests.tui.desk import (
    NOW_MS,
    TAILS,
    TICKER,
    FakeEngine,
    everything,
    ladder,
    levels,
    market,
    markets,
    press,
    row,
    settle,
    status,
    terminal,
)

WIDE, NARROW = (160, 50), (80, 24)
REASON = "the venue's ping was not heard for 15 s"
LOUD = status(
    mode="LIVE",
    environment="prod",
    execution="live",
    words="Kalshi takes the orders; the money is real",
    feed="waiting",
    feed_reason="connection refused by external-api-ws.kalshi.com",
    feed_until_ms=NOW_MS + 4_000,
    books_live=3,
    gaps=2,
    bounds={"link.unsent": 3, "feed.queue": 1},
)
WORKING = status(working=("the tape is being written", "12 books are followed for `kalshi-tui run`"))
SUB_CENT = (
    market(grid=TAILS),
    ladder(
        bids=levels((9560, 1_234_567), (9500, 99_950), (9000, 100)),
        asks=levels((9570, 250), (9610, 1_000_000), (9990, 77)),
        bid_levels=30,
        ask_levels=3,
        last_price=Price(9560),
    ),
)
MIXED = markets(
    [
        row(0, state="stale", reason=REASON),
        row(1, state="resync", reason="a gap in the sequence"),
        row(2, state="dead", reason="the subscription ended"),
        row(3, state="listed"),
        row(4, status="closed", state="stale"),
        row(5, bid=None, bid_size=Size(0), last=None, volume=Size(0)),
        row(6, answer="An answer that is far too long to find room beside so many numbers"),
        row(7, bid=Price(9565), ask=Price(9575), volume=Size(123_456_789_000)),
    ]
)


class SnapCompare(Protocol):
    def __call__(
        self,
        app: App[Any],
        *,
        terminal_size: tuple[int, int],
        run_before: Callable[[Pilot[Any]], Awaitable[None]],
    ) -> bool: ...


@dataclass(frozen=True)
class Scene:
    """What is published, pressed and done before a picture is taken."""

    views: tuple[View, ...] = ()
    keys: tuple[str, ...] = ()
    then: Callable[[FakeEngine], None] = lambda _: None
    look: Mapping[str, Any] = field(default_factory=dict)
    empty: bool = False


SCREENS = {
    "desk": Scene(),
    "market": Scene(keys=("enter", "up", "up")),
    "help": Scene(keys=("question_mark",)),
    "details": Scene(keys=("i",)),
    "notices": Scene(keys=("n",)),
    "quit": Scene(views=(WORKING,), keys=("ctrl+q",)),
    "loud": Scene(views=(LOUD,)),
    "sub-cent": Scene(views=SUB_CENT, keys=("enter",)),
}
STATES = {
    "connecting": Scene(empty=True),
    "engine-gone": Scene(then=lambda engine: engine.hang_up("it was stopped by SIGTERM")),
    "list-of-all-states": Scene(views=(MIXED,)),
    "search": Scene(keys=("slash", *"fed above")),
    "found-nothing": Scene(views=(markets([], total=0),), keys=("slash", *"zzz", "enter")),
    "by-volume": Scene(keys=("s",)),
    "stale": Scene(views=(ladder(state=BookState.STALE, reason=REASON),), keys=("enter",)),
    "dead": Scene(views=(ladder(state=BookState.DEAD, reason="the subscription ended"),), keys=("enter",)),
    "crossed": Scene(views=(ladder(bids=levels((5900, 70_000), (5600, 40_000))),), keys=("enter",)),
    "one-sided": Scene(views=(ladder(bids=(), bid_levels=0),), keys=("enter",)),
    "empty": Scene(
        views=(ladder(bids=(), asks=(), bid_levels=0, ask_levels=0, last_price=None), TradesView(TICKER, 0, ())),
        keys=("enter",),
    ),
    "bad-keys-and-theme": Scene(look={"theme": "darc", "keys": {"ladder.recenter": "c", "app.notices": "t"}}),
}
THEMES = {"light": Scene(look={"theme": "light"}), "monochrome": Scene(look={"theme": "monochrome"})}


def picture(snap_compare: SnapCompare, scene: Scene, size: tuple[int, int]) -> bool:
    engine = FakeEngine()
    engine.publish(*(() if scene.empty else everything()), *scene.views)

    async def play(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, *scene.keys)
        scene.then(engine)
        await settle(pilot)

    return snap_compare(terminal(engine, **scene.look), terminal_size=size, run_before=play)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", SCREENS)
def test_every_screen_looks_as_it_should(snap_compare: SnapCompare, name: str, size: tuple[int, int]) -> None:
    assert picture(snap_compare, SCREENS[name], size)


@pytest.mark.parametrize("name", STATES)
def test_every_state_looks_as_it_should(snap_compare: SnapCompare, name: str) -> None:
    assert picture(snap_compare, STATES[name], NARROW)


@pytest.mark.parametrize("name", THEMES)
def test_every_theme_looks_as_it_should(snap_compare: SnapCompare, name: str) -> None:
    assert picture(snap_compare, THEMES[name], WIDE)


def test_without_colour_everything_can_still_be_told_apart(
    snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert picture(snap_compare, SCREENS["loud"], WIDE)
