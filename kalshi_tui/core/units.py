"""Prices, sizes and money as integers, read from the wire's decimal strings without a float.

A price counts 1/10,000 dollar, a size 1/100 contract, money 1/1,000,000 dollar, so price x size is money exactly.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NewType

from kalshi_tui.errors import ValueRefused

Price = NewType("Price", int)
Size = NewType("Size", int)
Money = NewType("Money", int)

PRICE_ONE: Final = Price(10_000)
SIZE_ONE: Final = Size(100)
MONEY_ONE: Final = Money(1_000_000)
SIZE_LIMIT: Final = Size(10**14)
MONEY_LIMIT: Final = Money(10**18)

# ASCII digits only: full-width digits, "1e3", "NaN", "+1", " 1" and "0x1F" are numbers somewhere, and none is one here.
_DECIMAL: Final = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{1,6}))?")
_SIZES_KEPT: Final = 1 << 16


def parse_decimal(text: str, places: int) -> int:
    """Read a decimal string as an integer of `places` decimals, exactly, or refuse it."""
    match = _DECIMAL.fullmatch(text) if type(text) is str else None
    if match is None or len(match[3] or "") > places:
        raise ValueRefused(
            f"{text!r:.60} is not a decimal number with at most {places} decimals",
            hint="write digits and one point, such as 0.56; no exponent, sign or spaces",
        )
    value = int(match[2] + (match[3] or "").ljust(places, "0"))
    return -value if match[1] else value


class _Prices(dict[str, Price]):
    """All 10,001 canonical price strings, because a look-up costs a quarter of a parse; others are parsed."""

    def __init__(self) -> None:
        super().__init__((f"{i // 10_000}.{i % 10_000:04d}", Price(i)) for i in range(PRICE_ONE + 1))

    def __missing__(self, text: str) -> Price:
        value = parse_decimal(text, 4)
        if not 0 <= value <= PRICE_ONE or text.startswith("-"):
            raise ValueRefused(f"price {text!r:.40} lies outside 0 to 1 dollar", hint="prices are dollars per contract")
        return Price(value)


class _SizeChanges(dict[str, Size]):
    """Sizes seen lately: few distinct strings make most of a feed, and the memo is bounded."""

    def __missing__(self, text: str) -> Size:
        value = Size(parse_decimal(text, 2))
        if not -SIZE_LIMIT <= value <= SIZE_LIMIT:
            raise ValueRefused(f"size {text!r:.40} is beyond any market's size")
        if len(self) >= _SIZES_KEPT:
            self.clear()
        self[text] = value
        return value


parse_price: Final[Callable[[str], Price]] = _Prices().__getitem__
size_changes: Final = _SizeChanges()  # by index where a call would cost too much
parse_size_change: Final[Callable[[str], Size]] = size_changes.__getitem__


def parse_size(text: str) -> Size:
    """Read a size that cannot be negative."""
    size = parse_size_change(text)
    if size < 0 or text.startswith("-"):
        raise ValueRefused(f"size {text!r:.40} is negative", hint="a size counts contracts and is never below zero")
    return size


def parse_money(text: str) -> Money:
    """Read dollars, signed, to the micro-dollar."""
    value = Money(parse_decimal(text, 6))
    if not -MONEY_LIMIT <= value <= MONEY_LIMIT:
        raise ValueRefused(f"amount {text!r:.40} is beyond any account's size")
    return value


def format_decimal(value: int, places: int) -> str:
    """Write an integer of `places` decimals as the wire does."""
    sign = "-" if value < 0 else ""
    whole, rest = divmod(abs(value), 10**places)
    return f"{sign}{whole}.{rest:0{places}d}"


def format_price(price: Price) -> str:
    """Write a price with four decimals, as Kalshi does."""
    return format_decimal(price, 4)


def format_size(size: Size) -> str:
    """Write a size with two decimals, as Kalshi does."""
    return format_decimal(size, 2)


def format_money(money: Money) -> str:
    """Write an amount with six decimals, as Kalshi's fees and costs are written."""
    return format_decimal(money, 6)


def cost(price: Price, size: Size) -> Money:
    """Return what `size` costs at `price`, exactly."""
    return Money(price * size)


def complement(price: Price) -> Price:
    """Return the price of the other side: NO at 1 - YES."""
    return Price(PRICE_ONE - price)
