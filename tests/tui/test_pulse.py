"""The terminal may be paused between any two lines: no press is lost by it, and no ticket fired unread."""

from __future__ import annotations

from typing import Any

import pytest

from kalshi_tui.link.intents import Intent
from kalshi_tui.link.trading import Kill
from kalshi_tui.tui.look import Look
from kalshi_tui.tui.pulse import STILL_S, Pulse
from kalshi_tui.tui.theming import Themes
from kalshi_tui.tui.trading import Trading
from kalshi_tui.tui.trigger import DEAD_S, Shot
from kalshi_tui.tui.wires import Wires
from tests.tui.desk import HandClock, press, settle, terminal
from tests.tui.played import played

BEAT_S = 0.05


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def beaten(clock: Clock, here: Trading, seconds: float) -> None:
    """Let time pass as it does while nothing stands still."""
    for _ in range(round(seconds / BEAT_S)):
        clock.seconds += BEAT_S
        here.beat()


@pytest.mark.parametrize(("beat_s", "late_s", "still_s"), [(BEAT_S, 0.09, 0), (BEAT_S, 1.5, 1.5), (None, 60, 0)])
def test_only_a_beat_that_is_much_too_late_tells_that_everything_stood_still(
    beat_s: float | None, late_s: float, still_s: float
) -> None:
    clock = Clock()
    pulse = Pulse(clock, beat_s)
    clock.seconds += (beat_s or 0) + late_s
    assert pulse.stood_still_s() == pytest.approx(still_s)
    assert pulse.stood_still_s() == 0


@pytest.mark.parametrize(("apart_s", "paused_s", "kills"), [(0.4, 1.6, True), (1.4, 0, True), (1.6, 0, False)])
def test_two_presses_kill_where_they_are_close_together_but_for_a_pause_of_the_terminal(
    apart_s: float, paused_s: float, kills: bool
) -> None:
    clock = Clock()
    here, asked = Trading(Wires(), clock, lambda: None), list[Intent]()
    here.asking.ask = lambda intent, *_: asked.append(intent)  # type: ignore[method-assign]  # nobody is attached
    here.kill_step()
    beaten(clock, here, apart_s)
    clock.seconds += paused_s
    here.stood_still(paused_s)
    here.kill_step()
    assert asked == [Kill()] * kills


@pytest.mark.parametrize("paused_s", [0.3, 20.0])
def test_a_pause_is_no_time_in_which_a_ticket_was_read(paused_s: float) -> None:
    clock = Clock()
    here, shot = Trading(Wires(), clock, lambda: None), Shot(1, "token")
    here.trigger.show("a ticket", clock.seconds)
    clock.seconds += paused_s  # before it was drawn; the key was pressed at what was drawn before
    here.stood_still(paused_s)
    here.trigger.hear("f9", clock.seconds)
    assert here.trigger.pull("f9", shot, clock.seconds).startswith("too early")
    beaten(clock, here, 2 * DEAD_S + 1)  # it was read, and the key let go of
    here.trigger.hear("f9", clock.seconds)
    assert here.trigger.pull("f9", shot, clock.seconds) == ""


def test_a_ticket_that_was_read_before_a_pause_may_be_fired_after_it() -> None:
    clock = Clock()
    here = Trading(Wires(), clock, lambda: None)
    here.trigger.show("a ticket", clock.seconds)
    beaten(clock, here, DEAD_S + 2 * BEAT_S)
    clock.seconds += 3
    here.stood_still(3)
    here.trigger.hear("f9", clock.seconds)
    assert here.trigger.pull("f9", Shot(1, "token"), clock.seconds) == ""


@pytest.mark.parametrize("look", [{"tick_s": 0.05}, {"tick_s": 0.05, "calm": True}, {"tick_s": 1.0}], ids=str)
async def test_a_pause_parts_no_two_presses_at_the_terminal_either_however_calm_it_is(look: dict[str, Any]) -> None:
    clock, engine = HandClock(), played()
    app = terminal(engine, clock, **look)
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await settle(pilot)
        await press(pilot, "ctrl+k")
        clock.seconds += 5  # and nothing else happens
        await press(pilot, "ctrl+k")
        await settle(pilot)
        assert len(engine.asked_of(Kill)) == 1


@pytest.mark.parametrize("look", [{"tick_s": 0.05, "calm": True}, {"tick_s": 1.0}], ids=str)
def test_also_a_calm_terminal_notices_any_pause_that_would_hide_a_ticket(look: dict[str, Any]) -> None:
    often_s = Look(themes=Themes(), **look).stir_s
    assert often_s is not None
    assert often_s + STILL_S < DEAD_S
