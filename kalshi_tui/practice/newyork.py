"""New York's wall clock, in which events are named; worked out here, so that no zone database is needed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
_SUNDAY = 6


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    """Return the month's `nth` `weekday`, where 0 is Monday."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _utc_ms(day: date, hour: int, minute: int = 0) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000 + hour * HOUR_MS + minute * 60_000


def offset_ms(at_ms: int) -> int:
    """Return New York time minus UTC: daylight saving from March's second to November's first Sunday, at 2 o'clock."""
    year = datetime.fromtimestamp(at_ms / 1000, UTC).year
    spring = _utc_ms(nth_weekday(year, 3, _SUNDAY, 2), 7)
    autumn = _utc_ms(nth_weekday(year, 11, _SUNDAY, 1), 6)
    return -4 * HOUR_MS if spring <= at_ms < autumn else -5 * HOUR_MS


def new_york(at_ms: int) -> datetime:
    """Return what the clocks in New York show."""
    shown = datetime.fromtimestamp((at_ms + offset_ms(at_ms)) // 1000, UTC)
    return shown.replace(tzinfo=None)


def new_york_ms(day: date, hour: int, minute: int) -> int:
    """Return when New York's clocks show this time of this day."""
    as_utc = _utc_ms(day, hour, minute)
    return as_utc - offset_ms(as_utc + 5 * HOUR_MS)
