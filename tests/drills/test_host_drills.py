"""The drills of the machine: more of them than a seed tries, and what they would say without what they are about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kalshi_tui.cli.drills.host import HOST_DRILLS
from kalshi_tui.cli.drills.host.plan import HostDrill
from kalshi_tui.cli.drills.host.playing import play_host, play_part
from kalshi_tui.cli.drills.host.points import BY_NAME, POINTS
from kalshi_tui.cli.drills.host.table import HOST_DRILLS as TABLE
from kalshi_tui.cli.drills.running import rehearse
from kalshi_tui.engine.executing import Executor
from kalshi_tui.engine.trading.breakers import Breakers
from kalshi_tui.engine.trading.comparing import Comparing
from kalshi_tui.engine.trading.desk import Desk
from kalshi_tui.engine.trading.tickets import Tickets
from kalshi_tui.engine.venue import Venue

DRILLS = {drill.fault: drill for drill in HOST_DRILLS if isinstance(drill, HostDrill)}


def found(fault: str, words: str) -> list[str]:
    """Return what an act finds, on the first seed that tries it."""
    acts = ((seed, part) for seed in range(1, 9) for part in DRILLS[fault].parts(seed) if words in part.words)
    seed, act = next(acts)
    return play_part(act, seed).problems


def test_every_fault_of_the_machine_and_of_words_is_drilled() -> None:
    assert [drill.fault for drill in TABLE] == [*(f"F{n}" for n in range(60, 70)), "F71", "F72", "F73"]
    assert all(drill.words and drill.must for drill in TABLE)


def test_there_are_eight_points_and_each_has_a_name() -> None:
    assert len(POINTS) == len(BY_NAME) == 8


@pytest.mark.parametrize("fault", DRILLS)
def test_no_act_is_named_twice(fault: str) -> None:
    words = [part.words for part in DRILLS[fault].parts(1)]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("seed", range(1, 6))
def test_clocks_may_be_wrong_in_every_way(seed: int) -> None:
    assert play_host(DRILLS["F60"], seed).problems == ()


@pytest.mark.parametrize("seed", range(1, 7))
def test_the_power_may_fail_after_every_row(seed: int) -> None:
    trial = play_host(DRILLS["F66"], seed)
    assert trial.problems == ()
    assert trial.strikes >= 5


@pytest.mark.parametrize("fault", ["F62", "F68"])
def test_a_seed_comes_to_the_same_twice(fault: str) -> None:
    assert rehearse(fault, 2, twice=True).problems == ()


Guard = Callable[[pytest.MonkeyPatch], None]


def rows_are_believed_for_their_time(patch: pytest.MonkeyPatch) -> None:
    begin = Comparing.begin

    def from_the_last_row(self: Comparing) -> None:
        begin(self)
        self._fills_ms = self._desk.ledger.last_ms

    patch.setattr(Comparing, "begin", from_the_last_row)


def a_clock_is_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Venue, "offset_ms", 0)
    patch.setattr(Venue, "known_offset_ms", 0)


def a_leap_is_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Breakers, "clock_was_set", lambda *_: None)


def a_row_that_was_not_kept_counts(patch: pytest.MonkeyPatch) -> None:
    def not_kept(self: Desk, _: Any) -> None:
        self.tickets.journalled(10**9)

    patch.setattr(Desk, "_not_journalled", not_kept)


def an_expired_ticket_may_leave(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Tickets, "_shut", lambda *_: "")


def nobody_winds_down(patch: pytest.MonkeyPatch) -> None:
    async def at_once(_: Executor) -> None:
        return None

    patch.setattr(Executor, "wind_down", at_once)


def a_journal_is_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("kalshi_tui.engine.trading.desk.first_broken", lambda _: None)


@pytest.mark.parametrize(
    ("guard", "fault", "words"),
    [
        (rows_are_believed_for_their_time, "F60", "earlier life"),
        (a_clock_is_believed, "F60", "5000 ms off from"),
        (a_leap_is_nothing, "F60", "it slept"),
        (a_row_that_was_not_kept_counts, "F62", "full at an intent"),
        (an_expired_ticket_may_leave, "F63", "longer than a ticket"),
        (nobody_winds_down, "F68", "the exchange answers"),
        (a_journal_is_not_looked_at, "F64", "a row changed"),
    ],
)
def test_a_drill_turns_red_without_what_it_is_about(
    monkeypatch: pytest.MonkeyPatch, guard: Guard, fault: str, words: str
) -> None:
    guard(monkeypatch)
    assert found(fault, words)
