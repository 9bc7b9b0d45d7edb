"""Rows of words that are drawn line by line: only what has changed is made anew and sent to the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Final

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.app import App
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

Cell = tuple[str, str]  # what is said, and the words of its style: "bid best"
Row = tuple[Cell, ...]  # an empty text at the end says in which style the rest of the line is

NOTHING: Final[Row] = ()
_PLAIN: Final = re.compile("[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2500-\u25ff]*")  # one cell each, everywhere


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
        changed: list[Region] = []
        for y, (old, new) in enumerate(zip_longest(before, rows, fillvalue=NOTHING)):
            if old != new:
                self._strips.pop(y, None)
                changed += [Region(x, y, width, 1) for x, width in changed_spans(old, new, self.size.width)]
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

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines of a region; Textual's first picture comes before anybody was told his size."""
        if not self._rows:
            self.drawn_anew()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return one line, as wide as the widget."""
        strip = self._strips.get(y)
        if strip is None:
            row = self._rows[y] if y < len(self._rows) else NOTHING
            strip = self._strips[y] = _strip(row, self.size.width, _palette(self.app))
        return strip


class Narrow(ChopsUpdate):
    """An update that sends each changed span alone; Textual's own sends a line from the widget's left edge."""

    def render_segments(self, console: Console) -> str:
        """Return what the terminal is to be sent."""
        sent: list[str] = []
        for y, left, right in self.spans:
            for end, (start, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                first, last = max(start, left), min(end, right)
                if strip is None:
                    continue
                # It holds the strip itself: each strip drawn would wait for the collector, a thousand of them a second.
                strip._divide_cache.clear()  # noqa: SLF001 - Textual has no door to it
                if first < last:
                    part = strip if (first, last) == (start, end) else strip.crop(first - start, last - start)
                    sent.append(f"\x1b[{y + 1};{first + 1}H{part.render(console)}")
        return "".join(sent)


def narrowed(update: RenderableType | None) -> RenderableType | None:
    """Return an update of some lines in its narrow form, and everything else as it is."""
    if type(update) is ChopsUpdate:
        return Narrow(update.chops, update.spans, update.chop_ends)
    return update


def changed_spans(old: Row, new: Row, width: int) -> Iterator[tuple[int, int]]:
    """Yield start and width of what differs between two rows: cell by cell where their cells lie alike.

    A row with letters whose width a terminal may see differently is sent whole, so that nothing of it is left behind.
    """
    if not (_is_plain(old) and _is_plain(new)):
        yield 0, width
        return
    x = 0
    for was, now in zip(old, new, strict=False):
        cells = cell_len(now[0])
        if was != now:
            if cells != cell_len(was[0]) or (not cells and was[1] != now[1]):
                break
            yield x, cells
        x += cells
    else:
        if len(old) == len(new):
            return
    yield x, max(width - x, 0)


def _is_plain(row: Row) -> bool:
    return all(_PLAIN.fullmatch(text) for text, _ in row)


def _palette(app: App[object]) -> Mapping[str, Style]:
    palette: Mapping[str, Style] = app.palette  # type: ignore[attr-defined]  # safety.Guarded has one
    return palette


def _strip(row: Row, width: int, palette: Mapping[str, Style]) -> Strip:
    """Make a line; what is too long is cut, and what is too short is filled."""
    segments = [Segment(text, palette[style]) for text, style in row if text]
    base = palette[row[-1][1]] if row and not row[-1][0] else palette[""]
    return Strip(segments).adjust_cell_length(width, base)
