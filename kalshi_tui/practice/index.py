"""Indices in the manner of a real-time rate: once a second, with the averages that markets settle on.

Values are integers of 1e-8 units and every average is exact until its one rounding, half up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kalshi_tui.core.units import format_decimal

UNIT = 10**8
MINUTE_MS = 60_000
QUARTER_MS = 900_000
_KEPT_MS = 17 * MINUTE_MS  # a window's opening minute is asked for until its quarter of an hour is over


class Sample(NamedTuple):
    """A value of the index, in 1e-8 units, and when it was published."""

    at_ms: int
    value: int


class Average(NamedTuple):
    """A mean in 1e-8 units, the number of its samples, and the window they came from."""

    value: int
    size: int
    start_ms: int
    end_exclusive_ms: int

    def wire(self) -> tuple[str, int, int, int]:
        """Return it as it is sent: eight decimals, number of samples, window."""
        return format_decimal(self.value, 8), self.size, self.start_ms, self.end_exclusive_ms


def rounded_half_up(numerator: int, denominator: int) -> int:
    """Divide integers and round to the nearest, ties upwards."""
    return (2 * numerator + denominator) // (2 * denominator)


class Samples:
    """The last minutes of an index at one sample a second."""

    def __init__(self, kept: Iterable[tuple[int, int]] = ()) -> None:
        self._kept = deque(Sample(*one) for one in kept)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self._kept)

    def add(self, at_ms: int, value: int) -> None:
        """Take the sample of this second and let go of what no window reaches any more."""
        self._kept.append(Sample(at_ms, value))
        while self._kept[0].at_ms < at_ms - _KEPT_MS:
            self._kept.popleft()

    def last(self, at_ms: int) -> int:
        """Return the value at a time: the latest sample then, or the oldest known when all are later."""
        for sample in reversed(self._kept):
            if sample.at_ms <= at_ms:
                return sample.value
        return self._kept[0].value

    def _between(self, first_ms: int, last_ms: int) -> list[int]:
        found = []
        for sample in reversed(self._kept):
            if sample.at_ms < first_ms:
                break
            if sample.at_ms <= last_ms:
                found.append(sample.value)
        return found

    def trailing(self, at_ms: int) -> Average:
        """Return the mean over [t - 60 s, t): the sample at `t` itself counts only when there is no other."""
        start = at_ms - MINUTE_MS
        values = self._between(start, at_ms - 1) or [self.last(at_ms)]
        return Average(rounded_half_up(sum(values), len(values)), len(values), start, at_ms)

    def closing(self, at_ms: int) -> Average | None:
        """Return the running mean over (close - 60 s, close] in the last minute before a quarter of an hour."""
        close_ms = -(-at_ms // QUARTER_MS) * QUARTER_MS
        start = close_ms - MINUTE_MS
        values = self._between(start + 1, at_ms)
        if not values:
            return None
        return Average(rounded_half_up(sum(values), len(values)), len(values), start, at_ms + 1)

    def seen(self, close_ms: int, at_ms: int) -> tuple[int, int]:
        """Return (sum, count) of the minute that ends with `close_ms`, as far as it has been published."""
        values = self._between(close_ms - MINUTE_MS + 1, min(at_ms, close_ms))
        return sum(values), len(values)

    def settlement(self, close_ms: int, decimals: int) -> int:
        """Return the mean of the sixty seconds to `close_ms`, rounded half up, in units of the last decimal.

        A second without a sample counts the one before it, so that the mean always has sixty terms.
        """
        known = {sample.at_ms: sample.value for sample in self._kept}
        seconds = range(close_ms - MINUTE_MS + 1000, close_ms + 1, 1000)
        total = sum(known[at] if at in known else self.last(at) for at in seconds)
        return rounded_half_up(total, len(seconds) * 10 ** (8 - decimals))
