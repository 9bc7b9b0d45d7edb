"""Rows of words that are drawn line by line: only a line that has changed is made anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Final

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

Cell = tuple[str, str]  # what is said, and the words of its style: "bid best"
Row = tuple[Cell, ...]

NOTHING: Final[Row] = ()


class Lines(Widget):
    """A widget that shows rows; whoever owns it says what they are, as often as it likes."""

    ALLOW_SELECT = False  # the rows move under the mouse

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._rows: Sequence[Row] = ()
        self._strips: dict[int, Strip] = {}

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows; lines that say what they said before cost one comparison."""
        before, self._rows = self._rows, rows
        width = self.size.width
        changed = [
            Region(0, y, width, 1)
            for y, (old, new) in enumerate(zip_longest(before, rows, fillvalue=NOTHING))
            if old != new
        ]
        for region in changed:
            self._strips.pop(region.y, None)
        if changed:
            self.refresh(*changed)

    def repaint(self) -> None:
        """Draw everything anew: another theme, another width."""
        self._strips.clear()
        self.refresh()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._strips.clear()
        self.drawn_anew()

    def drawn_anew(self) -> None:
        """Say again what the rows are, because there is more or less room; for whoever owns the widget."""

    def render_line(self, y: int) -> Strip:
        """Return one line, as wide as the widget."""
        strip = self._strips.get(y)
        if strip is None:
            row = self._rows[y] if y < len(self._rows) else NOTHING
            strip = self._strips[y] = _strip(row, self.size.width, _palette(self.app))
        return strip


def _palette(app: App[object]) -> Mapping[str, Style]:
    palette: Mapping[str, Style] = app.palette  # type: ignore[attr-defined]  # safety.Guarded has one
    return palette


def _strip(row: Row, width: int, palette: Mapping[str, Style]) -> Strip:
    """Make a line; what is too long is cut, and the rest is filled in the style of the last cell that asks for it."""
    segments = [Segment(text, palette[style]) for text, style in row if text]
    base = palette[row[-1][1]] if row and not row[-1][0] else palette[""]
    return Strip(segments).adjust_cell_length(width, base)
