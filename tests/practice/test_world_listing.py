"""Strikes, tickers and times of listed events, against the fact sheet's examples."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice

import pytest

from kalshi_tui.practice.grids import GRIDS, rungs
from kalshi_tui.practice.listing import close_times, named, strikes
from kalshi_tui.practice.newyork import new_york, new_york_ms
from kalshi_tui.practice.worldfile import RecursSpec, StrikesSpec


def utc_ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1000  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("utc", "shown"),
    [
        ((2026, 3, 8, 6, 59), (2026, 3, 8, 1, 59)),
        ((2026, 3, 8, 7, 0), (2026, 3, 8, 3, 0)),
        ((2026, 11, 1, 5, 59), (2026, 11, 1, 1, 59)),
        ((2026, 11, 1, 6, 0), (2026, 11, 1, 1, 0)),
        ((2026, 7, 4, 0, 0), (2026, 7, 3, 20, 0)),
    ],
)
def test_new_york_changes_its_clocks_on_the_right_sundays(utc: tuple[int, ...], shown: tuple[int, ...]) -> None:
    assert new_york(utc_ms(*utc)) == datetime(*shown)  # type: ignore[arg-type]  # noqa: DTZ001 - a wall clock


@pytest.mark.parametrize(("day", "hour_utc"), [(date(2026, 1, 15), 21), (date(2026, 7, 15), 20)])
def test_four_in_the_afternoon_is_another_hour_in_winter(day: date, hour_utc: int) -> None:
    assert new_york_ms(day, 16, 0) == utc_ms(day.year, day.month, day.day, hour_utc)


def test_a_close_is_always_later_than_now() -> None:
    at = utc_ms(2026, 11, 20, 15, 15)
    assert next(close_times(RecursSpec(every="quarter_hour"), at)) == at + 900_000
    assert next(close_times(RecursSpec(every="hour"), at)) == at + 45 * 60_000
    assert next(close_times(RecursSpec(every="day", at="16:00"), at)) == utc_ms(2026, 11, 20, 21)
    assert next(close_times(RecursSpec(every="day", at="10:15"), at)) == utc_ms(2026, 11, 21, 15, 15)


def test_meetings_are_third_wednesdays_of_their_months() -> None:
    recurs = RecursSpec(every="month", months=(1, 12), weekday=2, nth=3, at="14:00")
    found = list(islice(close_times(recurs, utc_ms(2026, 11, 20)), 2))
    assert found == [utc_ms(2026, 12, 16, 19), utc_ms(2027, 1, 20, 19)]


def test_a_strictly_greater_rate_starts_at_the_next_quarter() -> None:
    spec = StrikesSpec(kind="greater", step="0.25", count=3, lattice="0.25", suffix="%")
    found = strikes(spec, 3.81)
    assert [(one.code, one.floor, one.label) for one in found] == [
        ("T3.50", Decimal("3.50"), "3.50%"),
        ("T3.75", Decimal("3.75"), "3.75%"),
        ("T4.00", Decimal("4.00"), "4.00%"),
    ]
    assert [one.lower for one in found] == [15, 16, 17]  # 3.75, 4.00 and 4.25 in quarters


def test_a_strike_just_under_the_label_means_the_label_or_more() -> None:
    index = strikes(StrikesSpec(kind="greater_or_equal", step="5", count=1, shift="-0.0001"), 7226.0)[0]
    assert (index.code, index.label, index.lower) == ("T7224.9999", "7,225", 722_500)
    coin = strikes(StrikesSpec(kind="greater", step="100", count=1, shift="-0.01", prefix="$"), 52_010.0)[0]
    assert (coin.code, coin.label, coin.lower) == ("T51999.99", "$52,000", 5_200_000)


def test_a_partition_tiles_with_two_open_tails() -> None:
    spec = StrikesSpec(kind="between", step="25", count=5, shift="-0.0001")
    found = strikes(spec, 8062.0)
    assert [one.code for one in found] == ["T8025", "B8037", "B8062", "B8087", "T8099.9999"]
    assert [one.kind for one in found] == ["less", "between", "between", "between", "greater"]
    assert (found[2].floor, found[2].cap) == (Decimal(8050), Decimal("8074.9999"))
    assert (found[2].low, found[2].high) == ("8,050", "8,074.99")
    assert [one.lower for one in found[1:]] == [one.upper for one in found[:-1]]
    assert (found[0].lower, found[-1].upper) == (None, None)


def test_temperatures_are_labelled_in_whole_degrees() -> None:
    spec = StrikesSpec(kind="between", step="2", count=4, shift="-1", lattice="1", suffix="°")
    found = strikes(spec, 84.0)
    assert [one.code for one in found] == ["T82", "B82.5", "B84.5", "T85"]
    assert [(one.low, one.high) for one in found] == [("", "81°"), ("82°", "83°"), ("84°", "85°"), ("86°", "")]


def test_named_outcomes_share_the_whole_range() -> None:
    found = named(["North", "South", "West End"], [-10, 10])
    assert [(one.code, one.lower, one.upper) for one in found] == [
        ("NORTH", None, -10),
        ("SOUTH", -10, 10),
        ("WESTEN", 10, None),
    ]


@pytest.mark.parametrize(
    ("label", "count", "allowed", "refused"),
    [
        ("linear_cent", 99, {100, 9900}, {50, 9950}),
        ("deci_cent", 999, {10, 9990}, {5}),
        ("tapered_deci_cent", 100 + 79 + 100, {10, 990, 1000, 1100, 9010}, {1010, 1050}),
        ("center_deci_edge_centi_cent", 100 + 979 + 100, {1, 99, 100, 110}, {105}),
    ],
)
def test_a_grid_holds_the_prices_of_its_bands(label: str, count: int, allowed: set[int], refused: set[int]) -> None:
    prices = set(rungs(GRIDS[label]).prices)
    assert len(prices) == count
    assert allowed <= prices
    assert not refused & prices
