"""Numbers and times as the wire writes them, kept as bytes where a feed repeats itself."""

from __future__ import annotations

from datetime import UTC, datetime

from kalshi_tui.core.units import Money, Price, Size, format_money, format_price, format_size

_KEPT = 1 << 14


def rfc3339(ms: int) -> str:
    """Write a time with milliseconds."""
    return f"{datetime.fromtimestamp(ms // 1000, UTC).isoformat()[:19]}.{ms % 1000:03d}Z"


def price_text(price: int) -> str:
    """Write a price with four decimals."""
    return format_price(Price(price))


def size_text(size: int) -> str:
    """Write a size with two decimals."""
    return format_size(Size(size))


def money_text(money: int) -> str:
    """Write an amount with six decimals."""
    return format_money(Money(money))


def eight_decimals(value: str) -> str:
    """Write an index value with exactly eight decimals."""
    whole, _, rest = value.partition(".")
    return f"{whole}.{rest[:8]:0<8}"


class Prices(dict[int, bytes]):
    """Prices seen lately, as bytes."""

    def __missing__(self, price: int) -> bytes:
        text = self[price] = price_text(price).encode()
        return text


class Sizes(dict[int, bytes]):
    """Sizes and changes of size seen lately, as bytes; bounded."""

    def __missing__(self, size: int) -> bytes:
        if len(self) >= _KEPT:
            self.clear()
        text = self[size] = size_text(size).encode()
        return text


class Times(dict[int, bytes]):
    """The millisecond of the last changes, as bytes: many changes share it."""

    def __missing__(self, ms: int) -> bytes:
        if len(self) >= 16:
            self.clear()
        text = self[ms] = rfc3339(ms).encode()
        return text
