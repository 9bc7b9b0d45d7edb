"""A clock that stands still until everybody waits, so that a minute of patience costs no time to test."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_SETTLED = 40  # turns of the loop after which, without sockets, everybody waits for something


class VirtualClock:
    """Time that moves only to the next sleeper, and only inside `play`."""

    def __init__(self, start_ms: int = 1_781_159_370_000) -> None:
        self.start_ms = start_ms
        self.seconds = 0.0
        self.sleeps: list[float] = []
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now_ms(self) -> int:
        return self.start_ms + round(self.seconds * 1000)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.seconds + seconds, len(self.sleeps), waiter))
        await waiter

    async def play(self, work: Coroutine[Any, Any, T], until_s: float = 10_000.0) -> T:
        """Run `work` to its end, or cancel it at a time."""
        task = asyncio.ensure_future(work)
        while not task.done():
            for _ in range(_SETTLED):
                await asyncio.sleep(0)
            if task.done():
                break
            self._drop_cancelled()
            if not self._sleepers or self._sleepers[0][0] > until_s:
                self.seconds = max(self.seconds, until_s)
                task.cancel()
                break
            at, _, waiter = heapq.heappop(self._sleepers)
            self.seconds = max(self.seconds, at)
            if not waiter.done():
                waiter.set_result(None)
        return await task

    def _drop_cancelled(self) -> None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
