"""How numbers and times are written on Kalshi's wire."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from kalshi_tui.core.units import PRICE_ONE, format_decimal

_PRICES: Final = tuple(format_decimal(price, 4) for price in range(PRICE_ONE + 1))

NO_MONEY: Final = "0.0000"


def price_text(price: int) -> str:
    """Write a price with four decimals."""
    return _PRICES[price]


def size_text(size: int) -> str:
    """Write a size with two decimals."""
    return format_decimal(size, 2)


def money_text(money: int) -> str:
    """Write an amount with six decimals, as fees and costs are."""
    return format_decimal(money, 6)


def balance_text(money: int) -> str:
    """Write a balance with four decimals, the rest cut off downwards."""
    return format_decimal(money // 100, 4)


def cents(money: int) -> int:
    """Return whole cents, the rest cut off downwards."""
    return money // 10_000


def multiplier(millionths: int) -> float:
    """Return a fee multiplier as the double that the wire shows."""
    return millionths / 1_000_000


@lru_cache(maxsize=1 << 14)  # a page of a thousand markets writes six thousand times, of which few differ
def time_text(ms: int) -> str:
    """Write a time in RFC 3339; like the venue's, the fraction has as many digits as it needs."""
    seconds, rest = divmod(ms, 1000)
    text = datetime.fromtimestamp(seconds, UTC).isoformat()[:19]
    fraction = f".{rest:03d}".rstrip("0") if rest else ""
    return f"{text}{fraction}Z"
