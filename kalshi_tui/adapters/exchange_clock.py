"""The practice exchange's own clock, so that signatures, ages and deadlines are in its time at any speed."""

from __future__ import annotations

import asyncio
import time


class ExchangeClock:
    """Runs `speed` times as fast as the wall clock, from what the exchange said its time was."""

    def __init__(self, now_ms: int, speed: float) -> None:
        """Start at the exchange's time."""
        self._from_ms = now_ms
        self._speed = speed
        self._from = time.monotonic()

    def now_ms(self) -> int:
        """Return the exchange's Unix time in milliseconds."""
        return self._from_ms + int(self.monotonic() * 1000)

    def monotonic(self) -> float:
        """Return exchange seconds since the start, which never run backwards."""
        return (time.monotonic() - self._from) * self._speed

    async def sleep(self, seconds: float) -> None:
        """Wait this many exchange seconds."""
        await asyncio.sleep(seconds / self._speed)
