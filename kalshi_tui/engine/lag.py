"""How late the loop wakes: what makes a key, a cancel or a kill wait."""

from __future__ import annotations

from collections import deque
from typing import Final, NoReturn

from kalshi_tui.engine.ports import Clock
from kalshi_tui.link.views import Lag

EVERY_S: Final = 0.02
_KEPT: Final = 3_000  # a minute


class LagMeter:
    """Asks to be woken fifty times a second and notes how late that was."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._late: deque[float] = deque(maxlen=_KEPT)
        self._worst = 0.0

    async def run(self) -> NoReturn:
        """Measure until cancelled."""
        clock = self._clock
        while True:
            due = clock.monotonic() + EVERY_S
            await clock.sleep(EVERY_S)
            late_ms = max(clock.monotonic() - due, 0.0) * 1000
            self._late.append(late_ms)
            self._worst = max(self._worst, late_ms)

    def lag(self) -> Lag:
        """Return median, 99th percentile and worst."""
        if not self._late:
            return Lag()
        late = sorted(self._late)
        middle, high = late[len(late) // 2], late[min(len(late) * 99 // 100, len(late) - 1)]
        return Lag(round(middle, 2), round(high, 2), round(self._worst, 2))
