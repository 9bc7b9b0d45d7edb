"""SafeText: words from outside, cleaned once at the edge, so that no title can drive a terminal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final, Self

REPLACEMENT: Final = "\ufffd"
ELLIPSIS: Final = "…"
MARKS_PER_LETTER: Final = 2

# Nearly every title is made of these: printable, one cell each, nothing to change. One match costs about 1 µs.
_PLAIN: Final = re.compile("[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u20ac]*")
# Letters and marks that draw nothing: one hides a difference between two names, the other changes a width unseen.
_FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0")
_SELECTORS: Final = frozenset(map(chr, [0x034F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
# Unicode 16 made these signs two cells wide; older tables, and with them older terminals, say one.
_WIDE_SINCE_16: Final = frozenset(
    chr(code)
    for first, last in ((0x2630, 0x2637), (0x268A, 0x268F), (0x4DC0, 0x4DFF), (0x1D300, 0x1D356), (0x1D360, 0x1D376))
    for code in range(first, last + 1)
)
# A letter with its marks takes at most three code points, so whatever lies beyond four a cell cannot be shown.
_SCANNED_PER_CELL: Final = 4


class SafeText(str):
    """Text without control, format or bidirectional characters, of bounded width; only `clean` makes one."""

    __slots__ = ()

    def __new__(cls, *_: object) -> Self:
        """Refuse: a SafeText that was not cleaned would be a lie."""
        raise TypeError("SafeText is made by clean(), which does the cleaning")

    def __reduce__(self) -> tuple[Callable[[str, int], SafeText], tuple[str, int]]:
        """Copy and unpickle through `clean`; no letter is wider than two cells, so nothing is cut."""
        return clean, (str(self), 2 * len(self))


def clean(text: str, limit: int = 512) -> SafeText:
    """Make text safe to show in at most `limit` cells; what is cut off is marked by an ellipsis.

    Markup is left as it is: a bracket is a bracket, and whoever shows a SafeText shows it as plain text.
    """
    if len(text) <= limit and _PLAIN.fullmatch(text):
        return str.__new__(SafeText, text)
    return str.__new__(SafeText, _cleaned(text, max(limit, 0)))


def _cleaned(text: str, limit: int) -> str:
    kept: list[str] = []
    cells = 0
    marks = MARKS_PER_LETTER  # a mark in front would sit on whatever the screen shows to the left
    uncut = 0  # how much of `kept` leaves a cell for the ellipsis
    beyond = len(text) > _SCANNED_PER_CELL * limit
    for char in text[: _SCANNED_PER_CELL * limit]:
        glyph, width = _glyph(char)
        if width:
            marks = 0
            cells += width
            if cells > limit:
                beyond = True
                break
        elif not glyph or marks == MARKS_PER_LETTER:
            continue
        else:
            marks += 1
        kept.append(glyph)
        if cells < limit:
            uncut = len(kept)
    if beyond:
        kept[uncut:] = ELLIPSIS if limit else ""
    return "".join(kept)


@lru_cache(maxsize=4096)
def _glyph(char: str) -> tuple[str, int]:
    """Return what to show for one character and its width; a combining mark has width 0."""
    category = unicodedata.category(char)
    if category[0] == "Z" or char in "\t\n\v\f\r":
        return " ", 1
    if category[0] == "C" or char in _FILLERS:
        return REPLACEMENT, 1
    if char in _SELECTORS:
        return "", 0
    if category in {"Mn", "Me"}:
        return char, 0
    is_wide = unicodedata.east_asian_width(char) in "WF" or char in _WIDE_SINCE_16
    return char, 2 if is_wide else 1
