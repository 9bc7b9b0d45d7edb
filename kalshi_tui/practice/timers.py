"""Actions that wait for their time: a heap ordered by time, then by arrival."""

from __future__ import annotations

import heapq
from collections.abc import Callable


class Timers:
    """What is due when; the owner of the clock asks and runs."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._arrivals = 0

    def add(self, at_ms: int, action: Callable[[], None]) -> None:
        """Keep an action for its time."""
        self._arrivals += 1
        heapq.heappush(self._heap, (at_ms, self._arrivals, action))

    def next_ms(self) -> int | None:
        """Return when the next action is due."""
        return self._heap[0][0] if self._heap else None

    def pop(self) -> tuple[int, Callable[[], None]]:
        """Take the next action off, with its time."""
        at_ms, _, action = heapq.heappop(self._heap)
        return at_ms, action
