"""A watch that was never begun, or is over already, can be stopped."""

from __future__ import annotations

import threading

from kalshi_tui.adapters.watchdog import StallLimits, Watchdog
from tests.unit.test_watchdog import Flag


def watchdog(did: list[str], flag: Flag) -> Watchdog:
    async def kill() -> None:
        did.append("kill")

    return Watchdog(lambda: did.append("deny"), kill, flag, limits=StallLimits(deny_s=9, kill_s=9, look_s=0.01))


def test_an_engine_that_fails_before_its_watch_begins_can_stop_it_all_the_same() -> None:
    did: list[str] = []
    flag = Flag()
    watch = watchdog(did, flag)
    watch.stop()
    assert (did, flag.reasons) == ([], [])
    assert "watchdog" not in {thread.name for thread in threading.enumerate()}


def test_stopping_it_twice_does_no_harm() -> None:
    did: list[str] = []
    flag = Flag()
    watch = watchdog(did, flag)
    watch.start()
    watch.stop()
    watch.stop()
    assert (did, flag.reasons) == ([], [])
    assert "watchdog" not in {thread.name for thread in threading.enumerate()}
