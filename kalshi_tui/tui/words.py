"""Prices, sizes, times and foreign texts as words of a fixed width."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from rich.cells import cell_len, set_cell_size

from kalshi_tui.core.text import ELLIPSIS, REPLACEMENT, clean
from kalshi_tui.core.units import SIZE_ONE, Money, Price, Size
from kalshi_tui.core.words import NONE, contracts, dollars, money

_DAY_S: Final = 86_400
_HOUR_S: Final = 3_600
_MINUTE_S: Final = 60


# Flags' letters and skins' colours take one, two or four cells, as the terminal likes: all to their right is shifted.
_DISPUTED: Final = dict.fromkeys([*range(0x1F1E6, 0x1F200), *range(0x1F3FB, 0x1F400)], REPLACEMENT)


def safe(text: str, limit: int) -> str:
    """Return foreign text made safe, in at most `limit` cells on any terminal; what is cut off is marked."""
    shown = clean(text, limit)
    return str(shown) if shown.isascii() else shown.translate(_DISPUTED)


@lru_cache(maxsize=4096)
def fit(text: str, width: int) -> str:
    """Return foreign text made safe in exactly `width` cells; what is cut off is marked."""
    shown = safe(text, width)
    return set_cell_size(shown, max(width, 0)) if cell_len(shown) != width else shown


def right(text: str, width: int) -> str:
    """Return our own text at the right of `width` cells; one that is too long is no number any more, but a mark."""
    if len(text) <= width:
        return text.rjust(width)
    return (ELLIPSIS * min(width, 1)).rjust(width)


def short_size(size: Size, width: int) -> str:
    """Write a size in at most `width` cells, in thousands or millions (rounded down) where it is too long."""
    text = contracts(size)
    return text if len(text) <= width else whole_size(size, width)


def whole_size(size: Size, width: int) -> str:
    """Write the whole contracts of a size in at most `width` cells, rounded down; a part of one is not nothing."""
    if 0 < size < SIZE_ONE:
        return "<1"
    whole = size // SIZE_ONE
    for unit, letter in ((1, ""), (1_000, "k"), (1_000_000, "M"), (1_000_000_000, "G")):
        text = f"{whole // unit:,}{letter}"
        if len(text) <= width:
            return text
    return ELLIPSIS


def clock(ms: int) -> str:
    """Write a time of day in UTC."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%H:%M:%S}"


def moment(ms: int) -> str:
    """Write a day and a time in UTC, to the minute."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def age(ms: int) -> str:
    """Write how long ago something was, in the unit that a glance needs."""
    seconds = max(ms, 0) / 1000
    return f"{seconds:.1f} s" if seconds < 10 else span(max(ms, 0))


def span(ms: int) -> str:
    """Write a stretch of time in its two largest units."""
    seconds = ms // 1000
    if seconds < _MINUTE_S:
        return f"{seconds} s"
    if seconds < _HOUR_S:
        return f"{seconds // _MINUTE_S}m {seconds % _MINUTE_S:02d}s"
    if seconds < _DAY_S:
        return f"{seconds // _HOUR_S}h {seconds % _HOUR_S // _MINUTE_S:02d}m"
    if seconds >= 100 * _DAY_S:
        return f"{seconds // _DAY_S:,} d"
    return f"{seconds // _DAY_S}d {seconds % _DAY_S // _HOUR_S:02d}h"


def until(then_ms: int, now_ms: int) -> str:
    """Write how long there is until a time, or that it is past."""
    return span(then_ms - now_ms) if then_ms > now_ms else "past"


def amount(count: int) -> str:
    """Write a number of bytes."""
    for unit, letter in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")):
        if count >= unit:
            return f"{count / unit:.1f} {letter}"
    return f"{count} B"


def wrap(text: str, width: int) -> list[str]:
    """Break foreign text into safe lines of at most `width` cells, at spaces where there are some."""
    return list(_wrapped(text, width))


@lru_cache(maxsize=256)
def _wrapped(text: str, width: int) -> tuple[str, ...]:
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for word in safe(paragraph, 100_000).split(" "):
            line = _added(lines, line, word, max(width, 2))
        lines.append(line)
    return tuple(lines)


def _added(lines: list[str], line: str, word: str, width: int) -> str:
    joined = f"{line} {word}" if line else word
    if cell_len(joined) <= width:
        return joined
    if line:
        lines.append(line)
    while cell_len(word) > width:
        head = _head(word, width)
        lines.append(head)
        word = word[len(head) :]
    return word


def _head(word: str, width: int) -> str:
    cells = 0
    for index, char in enumerate(word):
        cells += cell_len(char)
        if cells > width:
            return word[: max(index, 1)]
    return word


def cash(amount: Money | None, *, signed: bool = False) -> str:
    """Write an amount exactly; by `signed` a profit has its sign, too."""
    return f"+{money(amount)}" if signed and amount is not None and amount > 0 else money(amount)


def short_cash(amount: Money | None, width: int, *, signed: bool = True) -> str:
    """Write an amount in at most `width` cells: in whole cents, then dollars, then thousands, towards the worse."""
    if amount is None:
        return NONE
    for unit, decimals, letter in ((10_000, 2, ""), (1_000_000, 0, ""), (10**9, 0, "k"), (10**12, 0, "M")):
        worse = amount // unit  # a profit is not shown before it is there, nor a loss as less than it is
        number = f"{abs(worse) // 10**decimals:,}" + (f".{abs(worse) % 100:02d}" if decimals else "")
        sign = "-" if worse < 0 else ("+" if signed and worse > 0 else "")
        text = f"{sign}${number}{letter}"
        if len(text) <= width:
            return text
    return ELLIPSIS


def unit_price(average: Money | None) -> str:
    """Write the average price of one contract, which counts millionths of a dollar, with two to four decimals."""
    if average is None:
        return NONE
    ten_thousandths = -(-average // 100)
    return dollars(Price(ten_thousandths))


def countdown(ms: int) -> str:
    """Write what is left of a time as minutes and seconds."""
    seconds = max(ms, 0) // 1000
    return f"{seconds // _MINUTE_S}:{seconds % _MINUTE_S:02d}"
