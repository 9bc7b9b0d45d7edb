"""Invariants of units: what is written reads back, inversion is its own inverse, refusals are total."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.core import units
from kalshi_tui.errors import ValueRefused

steady = settings(derandomize=True, max_examples=300, database=None)
prices = st.integers(0, units.PRICE_ONE).map(units.Price)
sizes = st.integers(0, units.SIZE_LIMIT).map(units.Size)
amounts = st.integers(-units.MONEY_LIMIT, units.MONEY_LIMIT).map(units.Money)


@steady
@given(price=prices, size=sizes, change=st.integers(-units.SIZE_LIMIT, units.SIZE_LIMIT), amount=amounts)
def test_what_is_written_reads_back_as_it_was(
    price: units.Price, size: units.Size, change: int, amount: units.Money
) -> None:
    assert units.parse_price(units.format_price(price)) == price
    assert units.parse_size(units.format_size(size)) == size
    assert units.parse_size_change(units.format_size(units.Size(change))) == change
    assert units.parse_money(units.format_money(amount)) == amount


@steady
@given(value=st.integers(-(10**15) + 1, 10**15 - 1), places=st.integers(0, 6))
def test_a_written_amount_means_what_decimal_arithmetic_says(value: int, places: int) -> None:
    text = units.format_decimal(value, places) if places else str(value)
    assert Decimal(text) == Decimal(value).scaleb(-places)
    assert units.parse_decimal(text, places) == value
    assert units.parse_decimal(text, 6) == value * 10 ** (6 - places)


@steady
@given(one=amounts, other=amounts)
def test_adding_and_taking_away_is_exact(one: units.Money, other: units.Money) -> None:
    total = Decimal(units.format_money(one)) + Decimal(units.format_money(other))
    assert Decimal(units.format_decimal(one + other, 6)) == total
    assert (one + other) - other == one


@steady
@given(price=prices)
def test_the_other_sides_price_of_the_other_sides_price_is_the_price(price: units.Price) -> None:
    other = units.complement(price)
    assert 0 <= other <= units.PRICE_ONE
    assert units.complement(other) == price
    assert Decimal(units.format_price(price)) + Decimal(units.format_price(other)) == 1


@steady
@given(yes_bid=prices, no_bid=prices)
def test_an_ask_made_of_the_no_bid_is_above_the_yes_bid_unless_the_two_bids_cross(
    yes_bid: units.Price, no_bid: units.Price
) -> None:
    assert (units.complement(no_bid) <= yes_bid) == (yes_bid + no_bid >= units.PRICE_ONE)


@steady
@given(text=st.text(alphabet="0123456789.-+eE_ \u0660\uff11naif", max_size=12) | st.text(max_size=8))
def test_a_string_is_read_exactly_or_refused(text: str) -> None:
    plain = re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", text, re.ASCII)
    if plain:
        assert units.parse_decimal(text, 6) == int(Decimal(text) * 10**6)
        return
    with pytest.raises(ValueRefused):
        units.parse_decimal(text, 6)
