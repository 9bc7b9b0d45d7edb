"""What stands on a terminal's screen, from the bytes that were sent to it: enough to see that a row was painted.

It knows how to move to a place and how to write there, which is all that the measured programs do to their cells;
colours, modes and questions are passed over.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import Final

_PARTS: Final = re.compile(
    r"\x1b\[(?P<place>\d+;\d+)H"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # any other control sequence
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\)"  # strings for the terminal itself
    r"|\x1b[^\[\]PX^_]"
    r"|(?P<text>[^\x00-\x1f\x7f]+)"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])",
    re.DOTALL,
)


class Canvas:
    """The characters of a screen."""

    def __init__(self, columns: int, lines: int) -> None:
        self._columns = columns
        self._lines = [[" "] * columns for _ in range(lines)]
        self._x = self._y = 0
        self._rest = ""
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def take(self, data: bytes) -> None:
        """Paint what was sent; what is only half there waits for the rest."""
        text = self._rest + self._decode(data)
        end = 0
        while (part := _PARTS.match(text, end)) is not None:
            end = part.end()
            self._do(part)
        self._rest = text[end:]

    def row(self, y: int) -> str:
        """Return one line."""
        return "".join(self._lines[y])

    def column(self, x: int) -> str:
        """Return what stands in one column, from top to bottom."""
        return "".join(line[x] or " " for line in self._lines)

    @property
    def text(self) -> str:
        """Return everything."""
        return "\n".join(map("".join, self._lines))

    def _do(self, part: re.Match[str]) -> None:
        if place := part["place"]:
            y, x = place.split(";")
            self._y, self._x = int(y) - 1, int(x) - 1
        elif part["control"] == "\n":
            self._y += 1
        elif part["control"] == "\r":
            self._x = 0
        elif text := part["text"]:
            for char in text:
                self._put(char)

    def _put(self, char: str) -> None:
        if unicodedata.combining(char):
            return
        width = 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if 0 <= self._y < len(self._lines) and 0 <= self._x <= self._columns - width:
            self._lines[self._y][self._x : self._x + width] = [char, *[""] * (width - 1)]
        self._x += width
