"""A machine's own clock, which may be wrong, be set, or have slept."""

from __future__ import annotations

from kalshi_tui.practice.memory import VirtualClock


class MachineClock:
    """The right time, and how far this machine is from it; waiting is not touched by that."""

    def __init__(self, right: VirtualClock) -> None:
        """Begin right."""
        self.off_ms = 0
        self.slept_s = 0.0  # on some systems the time that nobody sets stands still meanwhile
        self._right = right

    def now_ms(self) -> int:
        """Return Unix time in milliseconds, as this machine has it."""
        return self._right.now_ms() + self.off_ms

    def monotonic(self) -> float:
        """Return seconds that nobody can set."""
        return self._right.monotonic() - self.slept_s

    async def sleep(self, seconds: float) -> None:
        """Wait this long."""
        await self._right.sleep(seconds)
