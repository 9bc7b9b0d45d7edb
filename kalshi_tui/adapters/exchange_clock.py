"""The practice exchange's own time, so that signatures and ages are right at any speed."""

from __future__ import annotations

import time

from kalshi_tui.adapters.clock import SystemClock


class ExchangeClock(SystemClock):
    """Tells the exchange's time, but waits by the wall: a fast world shortens no timeout of ours."""

    def __init__(self, now_ms: int, speed: float) -> None:
        """Start at what the exchange said its time was, and run as fast as it does."""
        self._from_ms = now_ms
        self.speed = speed
        self._from = time.monotonic()

    def now_ms(self) -> int:
        """Return the exchange's Unix time in milliseconds."""
        return self._from_ms + int((time.monotonic() - self._from) * 1000 * self.speed)
