"""The machine's clock is the machine's."""

from __future__ import annotations

import time

from kalshi_tui.adapters.clock import SystemClock, system_chance


async def test_the_system_clock_counts_milliseconds_and_never_backwards() -> None:
    clock = SystemClock()
    assert abs(clock.now_ms() - time.time() * 1000) < 1000
    before = clock.monotonic()
    await clock.sleep(0.001)
    assert clock.monotonic() > before


def test_chance_lies_from_nothing_up_to_one() -> None:
    drawn = [system_chance() for _ in range(100)]
    assert all(0.0 <= number < 1.0 for number in drawn)
    assert len(set(drawn)) > 90
