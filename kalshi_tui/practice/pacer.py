"""Keeps an exchange's clock abreast of the wall's, in steps short enough that nobody waits for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from kalshi_tui.practice.exchange import Exchange

_LONGEST_REST_S: Final = 0.02
_SHORTEST_REST_S: Final = 0.001
_STEP_S: Final = 0.01


class Pacer:
    """Exchange time runs `speed` times as fast as the wall's, from where it stood when the pacer was made."""

    def __init__(self, exchange: Exchange, speed: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.speed = speed
        self.started_ms = exchange.now_ms
        self._exchange = exchange
        self._monotonic = monotonic
        self._started = monotonic()

    def target_ms(self) -> int:
        """Return the time that the exchange should show now."""
        return self.started_ms + int((self._monotonic() - self._started) * 1000 * self.speed)

    def step(self) -> bool:
        """Advance to now, or as far as a hundredth of a second of work allows; tell whether now was reached.

        It stops between two actions of one moment, too: all markets may close in the same millisecond.
        """
        exchange, target = self._exchange, self.target_ms()
        until = self._monotonic() + _STEP_S
        while exchange.act(target):
            if self._monotonic() > until:
                return False
        exchange.advance(target)
        return True

    async def run(self) -> None:
        """Advance for ever, letting others in after each step."""
        while True:  # noqa: ASYNC110 - it waits for time to pass, and no event tells that
            await asyncio.sleep(self._rest_s() if self.step() else 0)

    async def sleep(self, ms: int) -> None:
        """Wait for so many milliseconds of exchange time."""
        await asyncio.sleep(ms / 1000 / self.speed)

    def _rest_s(self) -> float:
        due = self._exchange.next_due_ms()
        if due is None:
            return _LONGEST_REST_S
        wait_s = (due - self._exchange.now_ms) / 1000 / self.speed
        return min(max(wait_s, _SHORTEST_REST_S), _LONGEST_REST_S)
