"""Pictures of every screen, theme and state, to be looked at when they change: see CONTRIBUTING.md."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest
from msgspec.structs import replace
from textual.app import App
from textual.pilot import Pilot

from kalshi_tui.core.book import BookState
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.link.trading import KillRow, TicketView
from kalshi_tui.link.views import TradesView, View
from tests.tui.desk import (
    NOW_MS,
    TAILS,
    TICKER,
    FakeEngine,
    HandClock,
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
from tests.tui.played import (
    PASSED,
    PlayedEngine,
    check,
    order,
    orders,
    played,
    position,
    positions,
    trading,
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


OWN = (
    orders(
        order(5, state="sent", is_in_flight=True, side="ask", price=Price(5900), size=Size(500), remaining=Size(500)),
        order(4, price=Price(5400), filled=Size(300), remaining=Size(700)),
        order(3, state="unknown", is_in_flight=True, price=Price(5300), size=Size(200), remaining=Size(200)),
        order(6, state="rejected", reason="insufficient balance", remaining=Size(0)),
        order(2, state="canceled", filled=Size(200), remaining=Size(0)),
        order(1, state="filled", filled=Size(1000), remaining=Size(0), average=Money(553_000)),
    ),
    positions(
        position(),
        position("KXFED-26DEC-T1", size=Size(-500), average=Money(421_000), unrealised=Money(-30_000)),
    ),
)
KILL = KillRow(NOW_MS - 182_000, "a person pressed kill", "12 cancels were confirmed, 2 are waited for.", 2, False)
REAL = (
    status(mode="LIVE", environment="prod", execution="live", words="Kalshi takes the orders; the money is real"),
    trading(mode="LIVE", is_live=True, state="disarmed", armed_until_ms=None, arm_phrase="trade 4242 up to $50 a day"),
)
DENIED = (
    check("armed", "trading is disarmed; Ctrl-a arms", passed=False),
    check("price.collar", "the limit is 12 ticks beyond the best ask, more than the 5 that are allowed", passed=False),
)


def changed(view: TicketView) -> TicketView:
    return replace(view, changes=("best ask 0.58, was 0.57", "fee $0.0172, was $0.0168"))


def failing(view: TicketView) -> TicketView:
    return replace(changed(view), may_fire=False, checks=(*DENIED, *PASSED))


def expire(engine: PlayedEngine) -> None:
    engine.judge(replace(engine.tickets[1], state="expired", may_fire=False))


def fill(engine: PlayedEngine) -> None:
    row = order(101, state="filled", filled=Size(100), remaining=Size(0), average=Money(430_000))
    engine.publish(orders(row))


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


@dataclass(frozen=True)
class Deal:
    """What is published, how tickets are judged, and what is pressed, before a played engine."""

    views: tuple[View, ...] = ()
    keys: tuple[str, ...] = ()
    judge: Callable[[TicketView], TicketView] = lambda view: view
    then: Callable[[PlayedEngine], None] = lambda _: None
    look: Mapping[str, Any] = field(default_factory=dict)


DEALS = {
    "trading": Deal(views=(*OWN, trading(unknown=1, in_flight=2)), keys=("down", "down")),
    "ticket": Deal(views=OWN, keys=("q",)),
    "ticket-denied": Deal(views=OWN, keys=("x",), judge=failing),
    "ticket-changed": Deal(views=OWN, keys=("x", "2"), judge=changed),
    "ticket-expired": Deal(views=OWN, keys=("q",), then=expire),
    "ticket-filled": Deal(keys=("q", "f9"), then=fill),
    "ticket-live": Deal(views=(*OWN, *REAL), keys=("q",), judge=lambda view: replace(view, mode="LIVE")),
    "blotter": Deal(views=OWN, keys=("b", "down", "down", "down")),
    "positions": Deal(views=OWN, keys=("p",)),
    "killed": Deal(views=(*OWN, trading(state="killed", armed_until_ms=None, kill=KILL))),
    "arming": Deal(views=REAL, keys=("ctrl+a",)),
    "lifting": Deal(views=(trading(state="killed", armed_until_ms=None, kill=KILL),), keys=("ctrl+r", "x", "enter")),
}
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


def deal_picture(snap_compare: SnapCompare, deal: Deal, size: tuple[int, int]) -> bool:
    clock = HandClock()
    engine = played(clock, *deal.views)
    engine.change = deal.judge

    async def play(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await settle(pilot)
        for key in ("enter", *deal.keys):
            clock.seconds += 0.4
            await press(pilot, key)
            clock.seconds += 0.03
            await settle(pilot)
        deal.then(engine)
        await settle(pilot)

    return snap_compare(terminal(engine, clock, **deal.look), terminal_size=size, run_before=play)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", DEALS)
def test_every_deal_looks_as_it_should(snap_compare: SnapCompare, name: str, size: tuple[int, int]) -> None:
    assert deal_picture(snap_compare, DEALS[name], size)


@pytest.mark.parametrize("name", ["ticket-live", "killed"])
def test_without_colour_a_deal_can_still_be_read(
    snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert deal_picture(snap_compare, replace_look(DEALS[name], theme="monochrome"), NARROW)


def replace_look(deal: Deal, **look: Any) -> Deal:
    return Deal(deal.views, deal.keys, deal.judge, deal.then, look)


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
