"""A loop that stands still is denied after 3 s and killed after 10 s, once for each stall."""

from __future__ import annotations

import threading
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kalshi_tui.adapters.watchdog import StallFlag, StallLimits, StallRule, Watchdog
from kalshi_tui.errors import StorageFailed


def played(beats: list[float], until: float, limits: StallLimits | None = None) -> dict[str, list[float]]:
    """Look every quarter of a second at a loop that beats at some times, and return when what was due."""
    rule = StallRule(limits or StallLimits(), 0.0)
    due: dict[str, list[float]] = {"deny": [], "kill": []}
    for step in range(1, int(until * 4) + 1):
        now = step / 4
        denies, kills = rule.look(now, max([0.0, *(beat for beat in beats if beat <= now)]))
        due["deny"] += [now] if denies else []
        due["kill"] += [now] if kills else []
    return due


def test_a_loop_that_beats_is_left_alone() -> None:
    assert played([number / 20 for number in range(2_000)], 60) == {"deny": [], "kill": []}
    assert played([2.75 * number for number in range(30)], 60) == {"deny": [], "kill": []}


def test_a_stall_is_denied_after_three_seconds_and_killed_after_ten_and_each_once() -> None:
    assert played([], 60) == {"deny": [3.0], "kill": [10.0]}


def test_a_second_stall_is_a_stall_of_its_own() -> None:
    assert played([20.0], 60) == {"deny": [3.0, 23.0], "kill": [10.0, 30.0]}


def test_a_loop_that_comes_back_in_time_is_denied_and_not_killed() -> None:
    assert played([9.5, *(10 + number / 4 for number in range(200))], 60) == {"deny": [3.0], "kill": []}


def test_a_process_that_was_stopped_whole_is_denied_at_once_and_its_loop_gets_the_time_to_stir() -> None:
    rule = StallRule(StallLimits(), 0.0)
    assert rule.look(0.25, 0.2) == (False, False)
    assert rule.look(3_600.0, 0.2) == (True, False)
    assert rule.look(3_600.25, 3_600.1) == (False, False)
    stuck = StallRule(StallLimits(), 0.0)
    stuck.look(3_600.0, 0.0)
    looks = [stuck.look(3_600.0 + number / 4, 0.0)[1] for number in range(1, 60)]
    assert looks.index(True) == 37  # half a second of the first look, then 38 quarters
    assert looks.count(True) == 1


@given(st.lists(st.floats(0.01, 8.0), max_size=30))
def test_no_loop_that_beats_within_ten_seconds_is_ever_killed(gaps: list[float]) -> None:
    beats = [sum(gaps[: number + 1]) for number in range(len(gaps))]
    until = beats[-1] if beats else 0
    due = played(beats, until)
    assert due["kill"] == []
    assert bool(due["deny"]) or all(gap < 3.5 for gap in gaps)


class Flag:
    def __init__(self, *, is_broken: bool = False) -> None:
        self.reasons: list[str] = []
        self._is_broken = is_broken

    def reason(self) -> str:
        return self.reasons[-1] if self.reasons else ""

    def set(self, reason: str) -> None:
        if self._is_broken:
            raise StorageFailed("the disk is full", hint="free some")
        self.reasons.append(reason)

    def clear(self) -> None:
        self.reasons.clear()


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def watchdog_on(now: Time, flag: Flag, did: list[Any], stalled: StallFlag, *, fails: bool = False) -> Watchdog:
    async def kill() -> str:
        did.append((threading.current_thread().name, flag.reason(), stalled.is_set))
        if fails:
            raise RuntimeError("of whatever kind")
        return "verified"

    return Watchdog(stalled.set, kill, flag, monotonic=now)


def test_the_flag_is_set_before_the_kill_and_the_gate_denies_before_both() -> None:
    now, flag, stalled = Time(), Flag(), StallFlag()
    did: list[Any] = []
    watchdog = watchdog_on(now, flag, did, stalled)
    for _ in range(60):
        now.now += 0.25
        watchdog.look()
        assert stalled.is_set is (now.now >= 3)
        assert bool(did) is bool(flag.reasons) is (now.now >= 10)
    assert did == [("MainThread", "the engine's loop stood still for 10 s", True)]


def test_the_gate_goes_on_denying_until_somebody_has_made_sure() -> None:
    now, stalled = Time(), StallFlag()
    watchdog = watchdog_on(now, Flag(), [], stalled)
    for _ in range(16):
        now.now += 0.25
        watchdog.look()
    watchdog.beat()
    watchdog.look()
    assert stalled.is_set
    stalled.clear()
    assert not stalled.is_set


def test_neither_a_full_disk_nor_a_failed_kill_ends_the_watch() -> None:
    now, stalled = Time(), StallFlag()
    did: list[Any] = []
    watchdog = watchdog_on(now, Flag(is_broken=True), did, stalled, fails=True)
    for _ in range(2):
        for _ in range(60):
            now.now += 0.25
            watchdog.look()
        watchdog.beat()
    assert len(did) == 2


def test_the_thread_kills_while_the_loop_stands_still() -> None:
    flag, stalled, killed = Flag(), StallFlag(), threading.Event()

    async def kill() -> None:
        killed.set()

    limits = StallLimits(deny_s=0.05, kill_s=0.1, look_s=0.01)
    watchdog = Watchdog(stalled.set, kill, flag, limits=limits)
    watchdog.start()
    assert killed.wait(10)  # this thread is the loop, and it does not beat
    assert stalled.is_set
    assert flag.reason() == "the engine's loop stood still for 0.1 s"
    watchdog.stop()
    assert "watchdog" not in {thread.name for thread in threading.enumerate()}
