"""The day in New York, by which losses are counted, without a zone database: one may be missing, or old.

The rule since 2007: the clock goes from 02:00 to 03:00 on the second Sunday of March, and from 02:00 back to 01:00 on
the first Sunday of November.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from kalshi_tui.errors import ValueRefused

_EPOCH: Final = date(1970, 1, 1)
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
_SUNDAY: Final = 6
_FIRST: Final = date(2007, 1, 1)
_LAST: Final = date(9999, 12, 30)


def day_of(at_ms: int) -> str:
    """Return the day in New York as YYYY-MM-DD."""
    return _date_of(at_ms).isoformat()


def midnight_ms(day: str) -> int:
    """Return the instant at which a day begins in New York."""
    parsed = _parse(day)
    if not _FIRST <= parsed <= _LAST:
        raise _beyond_the_rule(day)
    return _midnight_ms(parsed)


def next_midnight_ms(at_ms: int) -> int:
    """Return the instant at which the next day begins: 23, 24 or 25 hours after this one began."""
    return _midnight_ms(_date_of(at_ms) + timedelta(days=1))


def _date_of(at_ms: int) -> date:
    days = (at_ms - 5 * _HOUR_MS) // _DAY_MS
    if not (_FIRST - _EPOCH).days <= days <= (_LAST - _EPOCH).days:
        raise _beyond_the_rule(f"{at_ms} ms")
    earliest = _EPOCH + timedelta(days=days)
    following = earliest + timedelta(days=1)
    return following if at_ms >= _midnight_ms(following) else earliest


def _midnight_ms(day: date) -> int:
    hours_behind = 4 if _sunday(day.year, 3, 2) < day <= _sunday(day.year, 11, 1) else 5
    return (day - _EPOCH).days * _DAY_MS + hours_behind * _HOUR_MS


def _sunday(year: int, month: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(_SUNDAY - first.weekday()) % 7 + 7 * (nth - 1))


def _beyond_the_rule(when: str) -> ValueRefused:
    return ValueRefused(
        f"{when} lies outside the rule for New York's clock", hint=f"days are counted from {_FIRST} to {_LAST}"
    )


def _parse(day: str) -> date:
    try:
        parsed = date.fromisoformat(day)
    except ValueError:
        parsed = None
    if parsed is None or parsed.isoformat() != day:
        raise ValueRefused(f"{day!r:.40} is no day", hint="write it as 2026-03-08")
    return parsed
