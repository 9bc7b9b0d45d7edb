"""Prices and sizes as people write them: no needless zeros, thousands apart."""

from __future__ import annotations

from typing import Final

from kalshi_tui.core.units import Money, Price, Size, format_money, format_price, format_size

NONE: Final = "-"


def decimals_of(price: int) -> int:
    """Return how many decimals a price needs, at least two."""
    if price % 100 == 0:
        return 2
    return 3 if price % 10 == 0 else 4


def dollars(price: Price | None, decimals: int = 0) -> str:
    """Write a price with as many decimals as it needs, at least two and at least `decimals`."""
    if price is None:
        return NONE
    return format_price(price)[: 2 + max(decimals, decimals_of(price))]


def contracts(size: Size) -> str:
    """Write a size with thousands apart, and its hundredths only where there are some."""
    whole, hundredths = format_size(size).split(".")
    return f"{int(whole):,}" + ("" if hundredths == "00" else f".{hundredths}")


def money(amount: Money | None) -> str:
    """Write an amount in dollars with thousands apart, to the cent where it is whole cents, else exactly."""
    if amount is None:
        return NONE
    whole, rest = format_money(Money(abs(amount))).split(".")
    rest = rest.rstrip("0").ljust(2, "0")
    return f"{'-' if amount < 0 else ''}${int(whole):,}.{rest}"
