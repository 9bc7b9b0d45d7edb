"""The machine's own clock and chance."""

from __future__ import annotations

import asyncio
import random
import time


class SystemClock:
    """Time as the machine tells it."""

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait this long."""
        await asyncio.sleep(seconds)


def system_chance() -> float:
    """Return a number from 0 up to 1; it spreads retries and guards nothing, so it need not be secret."""
    return random.random()  # noqa: S311 - spreads retries; nothing secret hangs on it
