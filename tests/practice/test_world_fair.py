"""Fair values against the fact sheet's table for averages of sixty prints, and rules that any model must keep."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.practice.fair import View, below, chance, last_value, sixty_prints

YEAR_S = 365 * 86_400


@pytest.mark.parametrize(
    ("seen", "mean", "value", "strike", "vol", "first_s", "expected_mean", "expected_sd", "probability"),
    [
        (0, 0, 100_000, 100_050, 0.5, 1, 100_000, 40.315593, 0.10744796),
        (0, 0, 100_000, 100_100, 0.5, 840, 100_000, 261.029952, 0.35082363),
        (0, 0, 100_000, 99_900, 0.6, 240, 100_000, 172.115092, 0.71938199),
        (15, 100_020, 100_000, 100_025, 0.5, 1, 100_005, 26.293336, 0.22343337),
        (30, 99_980, 100_010, 100_000, 0.5, 0.4, 99_995, 14.012627, 0.36061289),
        (55, 100_001, 99_980, 100_000, 0.5, 1, 99_999.25, 1.100297, 0.24773516),
        (59, 100_000.5, 99_985, 100_000, 0.5, 1, 100_000.241667, 0.148371, 0.94832180),
    ],
)
def test_an_average_of_sixty_prints_is_worth_what_the_fact_sheet_says(
    *,
    seen: int,
    mean: float,
    value: float,
    strike: float,
    vol: float,
    first_s: float,
    expected_mean: float,
    expected_sd: float,
    probability: float,
) -> None:
    left_ms = round((first_s + 60 - seen - 1) * 1000)
    view = sixty_prints(value, vol * value / math.sqrt(YEAR_S), left_ms, mean * seen, seen)
    assert view.mean == pytest.approx(expected_mean, abs=1e-6)
    assert view.spread == pytest.approx(expected_sd, rel=1e-3)  # the sheet's vol is of 100,000, ours of the value
    assert 1 - below(view, strike) == pytest.approx(probability, abs=2e-4)


def test_a_settled_average_is_certain() -> None:
    view = sixty_prints(1.0, 5.0, 0, 60 * 100.0, 60)
    assert chance(view, 0.01, 10_000, None) == 1.0
    assert chance(view, 0.01, 10_001, None) == 0.0


def test_buckets_that_tile_leave_nothing_out() -> None:
    view = View(6852.3, 31.0)
    edges = [None, 680_000, 682_500, 685_000, 687_500, 690_000, None]
    total = sum(chance(view, 0.01, low, high) for low, high in pairwise(edges))
    assert total == pytest.approx(1.0, abs=1e-12)


@settings(derandomize=True, max_examples=80)
@given(st.floats(1, 1e5), st.floats(1e-3, 1e3), st.floats(1, 1e5))
def test_below_is_the_normal_distribution(mean: float, spread: float, edge: float) -> None:
    assert below(View(mean, spread), edge) == pytest.approx(NormalDist(mean, spread).cdf(edge), abs=1e-9)


def test_a_value_read_at_the_close_spreads_with_the_root_of_time() -> None:
    assert last_value(10.0, 2.0, 9_000).spread == pytest.approx(6.0)
    assert last_value(10.0, 2.0, -1).spread == 0.0
