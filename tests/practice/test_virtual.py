"""Virtual time: it jumps to what is due, in order, at once, and is the exchange's own."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from kalshi_tui.practice.memory import VirtualClock
from kalshi_tui.practice.virtual import Stuck
from tests.practice.pit import START_MS, Pit


def test_thousands_of_idle_seconds_pass_in_well_under_one() -> None:
    pit = Pit()
    clock = VirtualClock(pit)
    began = time.perf_counter()
    clock.advance(50_000)
    assert time.perf_counter() - began < 0.5
    assert (clock.now_ms(), pit.now_ms) == (START_MS + 50_000_000, START_MS + 50_000_000)


def test_sleepers_and_the_exchange_wake_in_order_of_time() -> None:
    pit = Pit()
    clock = VirtualClock(pit)
    seen: list[tuple[str, int, int]] = []

    def note(name: str) -> None:
        seen.append((name, clock.now_ms() - START_MS, pit.now_ms - START_MS))

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        note(name)

    async def main() -> None:
        await asyncio.gather(sleeper("c", 3), sleeper("a", 1), sleeper("late", 4.0005))

    pit.schedule(START_MS + 2_000, lambda: note("exchange"))
    clock.run(main())
    assert seen == [
        ("a", 1_000, 1_000),
        ("exchange", 2_000, 2_000),
        ("c", 3_000, 3_000),
        ("late", 4_000, 4_000),
    ]


def test_what_the_exchange_does_may_wake_a_coroutine() -> None:
    pit = Pit()
    clock = VirtualClock(pit)

    async def main() -> int:
        done = asyncio.Event()
        pit.schedule(START_MS + 7_000, done.set)
        async with asyncio.timeout(60):
            await done.wait()
        return clock.now_ms()

    assert clock.run(main()) == START_MS + 7_000


def test_timeouts_are_virtual_too() -> None:
    clock = VirtualClock(Pit())

    async def main() -> float:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 30)
        return clock.monotonic()

    assert clock.run(main()) == pytest.approx(30, abs=1e-3)


def test_many_short_sleeps_add_up_without_drift() -> None:
    clock = VirtualClock(Pit())

    async def main() -> None:
        for _ in range(10_000):
            await clock.sleep(0.000_1)

    clock.run(main())
    assert clock.monotonic() == pytest.approx(1.0, abs=1e-6)


def test_a_run_that_waits_for_nothing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kalshi_tui.practice.virtual._PATIENCE_S", 0.01)
    pit = Pit()
    clock = VirtualClock(pit)
    clock.advance(3_600 * 24)  # past everything that the exchange has planned
    assert pit.next_due_ms() is None
    with pytest.raises(Stuck, match="nothing is left"):
        clock.run(asyncio.Event().wait())


def test_a_run_without_an_end_is_ended_by_its_limit() -> None:
    clock = VirtualClock(Pit(), limit_s=100)

    async def main() -> None:
        while True:
            await clock.sleep(1)

    with pytest.raises(Stuck, match="after 100 seconds"):
        clock.run(main())


def test_a_threads_result_is_heard_when_nothing_else_is_left() -> None:
    pit = Pit()
    clock = VirtualClock(pit)
    clock.advance(3_600 * 24)

    async def main() -> str:
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        thread = threading.Timer(0.02, loop.call_soon_threadsafe, (done.set,))
        thread.start()
        await done.wait()
        thread.join()
        return "heard"

    assert clock.run(main()) == "heard"


def test_what_would_be_done_in_a_thread_of_the_loop_is_done_at_once_and_takes_no_time() -> None:
    clock = VirtualClock(Pit())

    def refuse() -> None:
        raise ValueError("no")

    async def main() -> tuple[bool, int]:
        ticking = asyncio.ensure_future(clock.sleep(0.001))
        await asyncio.to_thread(time.sleep, 0.01)
        is_over = ticking.done()
        with pytest.raises(ValueError, match="no"):
            await asyncio.to_thread(refuse)
        return is_over, clock.now_ms() - START_MS

    assert clock.run(main()) == (False, 0)
