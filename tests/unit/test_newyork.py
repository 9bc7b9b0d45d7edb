"""The day in New York against the zone database, instant by instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.core.newyork import day_of, midnight_ms, next_midnight_ms
from kalshi_tui.errors import ValueRefused

NEW_YORK = ZoneInfo("America/New_York")
HOUR_MS = 3_600_000
FROM_MS, UNTIL_MS = (int(datetime(year, 1, 2, tzinfo=UTC).timestamp() * 1000) for year in (2020, 2041))


def at(text: str) -> int:
    """Return the instant of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def day_by_the_database(at_ms: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).astimezone(NEW_YORK).strftime("%Y-%m-%d")


@settings(derandomize=True, max_examples=1_000, database=None)
@given(st.integers(FROM_MS, UNTIL_MS))
def test_the_day_is_the_zone_databases_day(at_ms: int) -> None:
    assert day_of(at_ms) == day_by_the_database(at_ms)
    assert midnight_ms(day_of(at_ms)) <= at_ms < next_midnight_ms(at_ms)


def test_every_day_of_twenty_years_begins_when_the_zone_database_says_and_changes_once() -> None:
    day, last = date(2020, 1, 1), date(2040, 12, 31)
    beginnings = []
    while day <= last:
        expected = int(datetime(day.year, day.month, day.day, tzinfo=NEW_YORK).timestamp() * 1000)
        assert midnight_ms(day.isoformat()) == expected
        assert day_of(expected) == day.isoformat()
        assert day_of(expected - 1) == (day - timedelta(days=1)).isoformat()
        beginnings.append(expected)
        day += timedelta(days=1)
    for begins, ends in pairwise(beginnings):
        assert next_midnight_ms(begins) == next_midnight_ms(ends - 1) == ends


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-07-04", 24)])
def test_a_day_on_which_the_clock_changes_is_one_day_of_23_or_25_hours(day: str, hours: int) -> None:
    begins = midnight_ms(day)
    ends = next_midnight_ms(begins)
    assert ends - begins == hours * HOUR_MS
    days = [day_of(begins - HOUR_MS // 2 + n * HOUR_MS // 2) for n in range(2 * hours + 2)]
    assert [days.count(each) for each in sorted(set(days))] == [1, 2 * hours, 1]


def test_midnight_is_five_hours_behind_in_winter_and_four_in_summer() -> None:
    assert midnight_ms("2026-01-15") == at("2026-01-15T05:00")
    assert midnight_ms("2026-03-08") == at("2026-03-08T05:00")
    assert midnight_ms("2026-03-09") == at("2026-03-09T04:00")
    assert midnight_ms("2026-11-01") == at("2026-11-01T04:00")
    assert midnight_ms("2026-11-02") == at("2026-11-02T05:00")


def test_an_evening_in_london_is_still_the_same_day_in_new_york() -> None:
    assert day_of(at("2026-07-04T03:59:59.999")) == "2026-07-03"
    assert day_of(at("2026-07-04T04:00")) == "2026-07-04"


@pytest.mark.parametrize(
    "day", ["2026-3-8", "2026-02-30", "", "today", "2006-12-31", "9999-12-31", "20260308", "2026-W10-7"]
)
def test_what_is_no_day_is_refused(day: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        midnight_ms(day)
    assert refused.value.hint


@pytest.mark.parametrize("at_ms", [0, -1, 10**15, -(10**30), 10**30])
def test_an_instant_beyond_the_rule_is_refused(at_ms: int) -> None:
    with pytest.raises(ValueRefused) as refused:
        day_of(at_ms)
    assert refused.value.hint
