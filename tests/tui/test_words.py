"""Numbers, times and foreign texts keep their width and never turn into others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from kalshi_tui.core import words as core_words
from kalshi_tui.core.units import Price, Size
from kalshi_tui.tui import words


@given(st.text(max_size=60), st.integers(0, 40))
def test_foreign_text_fits_exactly_whatever_it_is(text: str, width: int) -> None:
    assert cell_len(words.fit(text, width)) == width


@pytest.mark.parametrize(
    ("price", "text"),
    [(5600, "0.56"), (5650, "0.565"), (5655, "0.5655"), (10_000, "1.00"), (10, "0.001"), (None, "-")],
)
def test_a_price_has_the_decimals_that_it_needs(price: int | None, text: str) -> None:
    assert core_words.dollars(None if price is None else Price(price)) == text


def test_prices_of_one_ladder_have_equally_many_decimals() -> None:
    assert core_words.dollars(Price(5600), 3) == "0.560"


@pytest.mark.parametrize(
    ("size", "width", "text"),
    [
        (120_000, 8, "1,200"),
        (120_050, 8, "1,200.50"),
        (123_456_750, 8, "1,234k"),
        (999_999_999, 7, "9,999k"),
        (123_456_789_012, 6, "1,234M"),
        (123_456_789_012, 5, "1G"),
        (50, 5, "0.50"),
        (50, 3, "<1"),
    ],
)
def test_a_size_that_is_too_long_is_rounded_down_in_thousands(size: int, width: int, text: str) -> None:
    assert words.short_size(Size(size), width) == text


def test_our_own_number_that_is_too_long_is_no_other_number() -> None:
    assert words.right("12345", 4) == "   …"
    assert words.right("1234", 4) == "1234"


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (59_999, "59 s"),
        (60_000, "1m 00s"),
        (3_661_000, "1h 01m"),
        (90_000_000, "1d 01h"),
        (99 * 86_400_000, "99d 00h"),
        (110 * 86_400_000, "110 d"),
        (0, "0 s"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(ms: int, text: str) -> None:
    assert words.span(ms) == text


def test_what_is_over_is_past() -> None:
    assert words.until(999, 1_000) == "past"
    assert words.until(2_000, 1_000) == "1 s"


def test_an_age_below_ten_seconds_has_a_tenth() -> None:
    assert (words.age(300), words.age(9_900), words.age(11_000), words.age(-5)) == ("0.3 s", "9.9 s", "11 s", "0.0 s")


@given(st.text(max_size=200), st.integers(1, 40))
def test_wrapped_lines_find_room_and_lose_no_word(text: str, width: int) -> None:
    lines = words.wrap(text, width)
    assert all(cell_len(line) <= max(width, 2) for line in lines)
    assert lines


def test_letters_whose_width_terminals_dispute_are_not_shown() -> None:
    assert words.fit("\U0001f1e9\U0001f1ea", 4) == "\ufffd\ufffd  "
    assert words.wrap("x\U0001f3fb", 4) == ["x\ufffd"]


def test_wrapping_breaks_at_spaces() -> None:
    assert words.wrap("one two three", 8) == ["one two", "three"]
    assert words.wrap("one\ntwo", 8) == ["one", "two"]
    assert words.wrap("abcdefghij", 4) == ["abcd", "efgh", "ij"]
