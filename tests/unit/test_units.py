"""Prices, sizes and money are read from decimal strings exactly, or refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from kalshi_tui.core import units
from kalshi_tui.errors import ValueRefused

READERS: list[Callable[[str], int]] = [
    units.parse_price,
    units.parse_size,
    units.parse_size_change,
    units.parse_money,
]
NO_NUMBERS = [
    "", " ", ".", "-", "-.5", ".5", "1.", "1..0", "1.0.0", "+1", " 1", "1 ", "1\n", "1,5", "1_0", "0x1", "1e0", "1E-2",
    "NaN", "nan", "inf", "-Infinity", "Infinity", "None", "true", "½", "\u0661",
    "\u0661.\u0662", "\uff11", "\U0001d7cf", "--1", "1-", "$1", "1%",
    "1\x00", "\ufeff1", "0.5\u200b", "9" * 16, "9" * 10_000, "0." + "0" * 7, "0." + "1" * 5_000,
]  # fmt: skip


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_not_a_plain_decimal_is_refused_with_a_hint(read: Callable[[str], int], text: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        read(text)
    assert refused.value.hint
    assert len(refused.value.message) < 200


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("value", [0.5, 1, True, None, b"0.5", Decimal("0.5"), float("nan"), (1,)])
def test_only_strings_are_read_and_a_float_never(read: Callable[[Any], int], value: object) -> None:
    with pytest.raises(ValueRefused):
        read(value)


@pytest.mark.parametrize(
    ("read", "text"),
    [(units.parse_price, "0.50000"), (units.parse_size, "1.000"), (units.parse_size_change, "-1.000")],
)
def test_more_decimals_than_the_unit_has_are_refused_even_when_they_are_zeros(
    read: Callable[[str], int], text: str
) -> None:
    with pytest.raises(ValueRefused, match="at most"):
        read(text)


@pytest.mark.parametrize("text", ["1.0001", "2", "10000", "-0.01", "-0", "-0.0000"])
def test_a_price_outside_zero_to_one_dollar_is_refused(text: str) -> None:
    with pytest.raises(ValueRefused, match="outside 0 to 1 dollar"):
        units.parse_price(text)


@pytest.mark.parametrize("text", ["-1", "-0.01", "-0", "-0.00"])
def test_a_size_is_never_negative_but_a_change_of_size_may_be(text: str) -> None:
    with pytest.raises(ValueRefused, match="negative"):
        units.parse_size(text)
    assert units.parse_size_change(text) == int(Decimal(text) * 100)


def test_sizes_and_amounts_beyond_any_market_are_refused() -> None:
    assert units.parse_size("1000000000000.00") == units.SIZE_LIMIT
    assert units.parse_money("-1000000000000") == -units.MONEY_LIMIT
    for text in ("1000000000000.01", "-1000000000000.01", "999999999999999"):
        with pytest.raises(ValueRefused, match="beyond any market"):
            units.parse_size_change(text)
    for text in ("1000000000000.000001", "-999999999999999.999999"):
        with pytest.raises(ValueRefused, match="beyond any account"):
            units.parse_money(text)


@pytest.mark.parametrize(
    ("text", "price"),
    [("0.42", 4_200), ("0.4200", 4_200), ("0", 0), ("1", 10_000), ("1.00", 10_000), ("00.5", 5_000), ("0.0001", 1)],
)
def test_a_price_is_read_however_many_of_its_four_decimals_are_written(text: str, price: int) -> None:
    assert units.parse_price(text) == price


def test_amounts_are_written_as_the_wire_writes_them() -> None:
    assert units.format_price(units.Price(4_200)) == "0.4200"
    assert units.format_size(units.Size(1_300)) == "13.00"
    assert units.format_money(units.Money(17_500)) == "0.017500"
    assert units.format_money(units.Money(-1)) == "-0.000001"


def test_the_memo_of_sizes_is_bounded() -> None:
    sizes = units._SizeChanges()
    for number in range(units._SIZES_KEPT + 10):
        assert sizes[str(number)] == number * 100
    assert len(sizes) <= units._SIZES_KEPT


def test_what_a_size_costs_is_exact() -> None:
    # 2.50 contracts at 33.01 cents are 82.525 cents.
    assert units.cost(units.Price(3_301), units.Size(250)) == 825_250
