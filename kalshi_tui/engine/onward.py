"""The machine's time, but never backwards: books, tickets and armings are timed by it, and none may grow younger."""

from __future__ import annotations

from typing import Final

from kalshi_tui.engine.ports import Clock

_LEAP_MS: Final = 100  # by so much a clock was set, and is not merely pulled


class Onward:
    """Where the clock is set back this time goes on from there, and where it is set on again that is given back."""

    def __init__(self, clock: Clock, speed: float = 1.0) -> None:
        """Take the machine's clock, and how fast it runs beside the time that nobody sets."""
        self.lead_ms = 0  # how far this is ahead of the clock
        self.leapt_ms = 0  # by how much it has gone on at once, all in all
        self._clock = clock
        self._speed = speed
        self._latest_ms = 0
        self._seen: tuple[int, int] | None = None  # the clock's time, and the time that nobody sets

    def now_ms(self, least_ms: int = 0) -> int:
        """Return Unix milliseconds, not before what was returned earlier, nor before `least_ms`."""
        before_ms = self._steady_ms()
        now_ms = self._clock.now_ms()
        if self._seen is not None:
            # As much time as may have passed between these looks: a pause amid them is no leap of the clock.
            leapt_ms = now_ms - self._seen[0] - round((self._steady_ms() - self._seen[1]) * self._speed)
            if leapt_ms >= _LEAP_MS:
                given_back = min(self.lead_ms, leapt_ms)
                self.lead_ms -= given_back
                self.leapt_ms += leapt_ms - given_back
        self._seen = now_ms, before_ms
        self._latest_ms = max(self._latest_ms, least_ms)
        self.lead_ms += max(self._latest_ms - now_ms - self.lead_ms, 0)
        self._latest_ms = now_ms + self.lead_ms
        return self._latest_ms

    def _steady_ms(self) -> int:
        return int(self._clock.monotonic() * 1000)
