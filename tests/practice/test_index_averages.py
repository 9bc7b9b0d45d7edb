"""The index's averages against a separate calculation in fractions."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.practice.index import MINUTE_MS, QUARTER_MS, Samples

QUARTER = 1_794_999_600_000  # 15:00:00, a quarter of an hour
CENT = 10**6  # in 1e-8 units


def rounded(value: Fraction, places: int) -> Decimal:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def filled(first_ms: int, cents: list[int]) -> Samples:
    samples = Samples()
    for number, value in enumerate(cents):
        samples.add(first_ms + 1000 * number, value * CENT)
    return samples


prices = st.lists(st.integers(6_000_000, 7_000_000), min_size=1, max_size=150)


@settings(derandomize=True, max_examples=60)
@given(prices)
def test_the_trailing_average_is_of_the_sixty_seconds_before_and_not_of_now(cents: list[int]) -> None:
    samples = filled(QUARTER, cents)
    now = QUARTER + 1000 * (len(cents) - 1)
    prior = cents[-61:-1] or cents[-1:]
    average = samples.trailing(now)
    assert (average.size, average.start_ms, average.end_exclusive_ms) == (len(prior), now - MINUTE_MS, now)
    assert Decimal(average.value).scaleb(-8) == rounded(Fraction(sum(prior), 100 * len(prior)), 8)


def test_the_first_sample_is_its_own_trailing_average() -> None:
    assert filled(QUARTER, [6_800_012]).trailing(QUARTER).wire()[:2] == ("68000.12000000", 1)


@pytest.mark.parametrize(("second", "size"), [(-59, 1), (-46, 14), (-1, 59), (0, 60)])
def test_the_closing_average_counts_from_one_to_sixty(second: int, size: int) -> None:
    first_ms = QUARTER - 120_000
    cents = [6_800_000 + 7 * n for n in range(121 + second)]
    average = filled(first_ms, cents).closing(QUARTER + 1000 * second)
    assert average is not None
    assert average.size == size
    assert Decimal(average.value).scaleb(-8) == rounded(Fraction(sum(cents[-size:]), 100 * size), 8)
    assert average.start_ms == QUARTER - MINUTE_MS


@pytest.mark.parametrize("second", [-120, -61, -60])
def test_there_is_no_closing_average_before_the_last_minute(second: int) -> None:
    samples = filled(QUARTER - 180_000, [6_800_000] * (181 + second))
    assert samples.closing(QUARTER + 1000 * second) is None


def test_the_second_after_a_close_begins_no_closing_average() -> None:
    samples = filled(QUARTER - 60_000, [6_800_000] * 62)
    assert samples.closing(QUARTER + 1000) is None


@settings(derandomize=True, max_examples=60)
@given(st.lists(st.integers(6_000_000, 7_000_000), min_size=60, max_size=60), st.integers(0, 9))
def test_settlement_takes_sixty_prints_without_the_first_boundary(cents: list[int], late: int) -> None:
    samples = filled(QUARTER - 60_000, [9_999_999, *cents, *[1] * late])
    expected = rounded(Fraction(sum(cents), 6000), 2)
    assert Decimal(samples.settlement(QUARTER, 2)).scaleb(-2) == expected


def test_settlement_rounds_half_a_cent_up() -> None:
    samples = filled(QUARTER - 60_000, [0, *[6_800_000] * 30, *[6_800_001] * 30])
    assert samples.settlement(QUARTER, 2) == 6_800_001


def test_a_missing_second_counts_the_one_before_it() -> None:
    samples = Samples()
    samples.add(QUARTER - 61_000, 100 * CENT)
    samples.add(QUARTER - 10_000, 160 * CENT)
    expected = rounded(Fraction(49 * 100 + 11 * 160, 60 * 100), 2)
    assert Decimal(samples.settlement(QUARTER, 2)).scaleb(-2) == expected


def test_what_no_window_reaches_any_more_is_let_go() -> None:
    samples = filled(QUARTER, [6_800_000] * 5000)
    assert len(list(samples)) <= (QUARTER_MS + 2 * MINUTE_MS) / 1000 + 1
