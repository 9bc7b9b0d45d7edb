"""What is to happen later, in the order of its times; at one time, in the order in which it was put."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Generic, TypeVar

T = TypeVar("T")


class Agenda(Generic[T]):
    """A queue by time."""

    __slots__ = ("_count", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, T]] = []
        self._count = 0

    def put(self, at_ms: int, what: T) -> None:
        """Let something happen at a time."""
        self._count += 1
        heappush(self._heap, (at_ms, self._count, what))

    def next_ms(self) -> int | None:
        """Return the time of what comes next."""
        return self._heap[0][0] if self._heap else None

    def due(self, now_ms: int) -> Iterator[tuple[int, T]]:
        """Take out what is due, with its time; what is put meanwhile and is due comes in its turn."""
        while self._heap and self._heap[0][0] <= now_ms:
            at_ms, _, what = heappop(self._heap)
            yield at_ms, what
