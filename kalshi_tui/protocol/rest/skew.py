"""How far the venue's clock is from ours, as an interval that every reply narrows."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import Final

_KEPT: Final = 32
_YEAR_10000_MS: Final = 253_402_300_800_000  # no calendar goes further, so signing and showing would fail
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Skew:
    """The offset to add to our clock to get the venue's; only what replies prove is corrected.

    A reply made at venue time v and between our sending and our receiving bounds the offset from both sides. The bounds
    of many replies intersect to a few milliseconds; where one contradicts them, a clock has jumped, or the header of
    one reply was wrong: it is believed when a second one agrees with it, or when the venue refused us for our time.
    """

    def __init__(self) -> None:
        """Start without any knowledge: no offset."""
        self._bounds: deque[tuple[int, int]] = deque(maxlen=_KEPT)
        self._odd: tuple[int, int] | None = None  # the last one that contradicted the others

    @property
    def is_known(self) -> bool:
        """Tell whether any reply has said what time it is."""
        return bool(self._bounds)

    @property
    def offset_ms(self) -> int:
        """Return the smallest offset that agrees with what was seen."""
        if not self._bounds:
            return 0
        low, high = max(low for low, _ in self._bounds), min(high for _, high in self._bounds)
        return min(max(low, 0), high)

    def saw(self, venue_ms: int, sent_ms: int, received_ms: int, *, grain_ms: int = 1, is_sure: bool = False) -> None:
        """Learn from a time that the venue wrote between our sending and receiving, cut down to `grain_ms`."""
        bound = (venue_ms - received_ms, venue_ms + grain_ms - 1 - sent_ms)
        if bound[0] > bound[1] or not 0 < venue_ms < _YEAR_10000_MS:
            return
        if _agree(*self._bounds, bound):
            self._bounds.append(bound)
            self._odd = None
            return
        odd, self._odd = self._odd, bound
        if is_sure or (odd is not None and _agree(odd, bound)):
            self._bounds.clear()
            self._bounds.append(bound)
            self._odd = None

    def saw_date(self, text: str, sent_ms: int, received_ms: int, *, is_sure: bool = False) -> None:
        """Learn from a Date header, which counts whole seconds; one that cannot be read teaches nothing."""
        venue_ms = http_date_ms(text)
        if venue_ms is not None:
            self.saw(venue_ms, sent_ms, received_ms, grain_ms=1000, is_sure=is_sure)


def _agree(*bounds: tuple[int, int]) -> bool:
    return max(low for low, _ in bounds) <= min(high for _, high in bounds)


def http_date_ms(text: str) -> int | None:
    """Read an HTTP date such as `Thu, 11 Jun 2026 06:29:30 GMT`, whatever the machine's language is."""
    parts = text.replace(":", " ").split()
    if len(parts) != 8 or parts[7] != "GMT" or parts[2] not in _MONTHS:
        return None
    numbers = [parts[3], parts[1], *parts[4:7]]
    if not all(number.isascii() and number.isdigit() and len(number) <= 4 for number in numbers):
        return None
    year, day, hour, minute, second = map(int, numbers)
    try:
        moment = datetime(year, _MONTHS.index(parts[2]) + 1, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) * 1000
