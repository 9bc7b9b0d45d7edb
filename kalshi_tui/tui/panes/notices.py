"""What the engine has announced, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kalshi_tui.link.views import Notice, NoticesView, View
from kalshi_tui.tui.panes.pane import Pane
from kalshi_tui.tui.widgets.lines import Row
from kalshi_tui.tui.words import clock, fit, wrap

WORDS: Final = {"info": ("", ""), "warning": ("WARNING ", "stale"), "alarm": ("ALARM ", "danger")}


class Notices(Pane):
    """Announcements, wrapped to the pane's width."""

    NAME = "notices"
    can_focus = False  # nothing can be done here; a key shows all of them

    def __init__(self, *, id: str) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self.view: NoticesView | None = None

    def take(self, view: View) -> None:
        """Take a newer list."""
        if isinstance(view, NoticesView):
            self.view = view
            self.drawn_anew()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        """Return heading and as many announcements as find room."""
        if self.view is None:
            return self.placeholder(width)
        rows = [self.heading(f"notices {self.view.total:,}", width), *notice_rows(self.view, width, height)]
        return rows[:height]


def notice_rows(view: NoticesView, width: int, height: int) -> list[Row]:
    """Return announcements line by line, until there is no more room."""
    rows: list[Row] = []
    for notice in view.rows:
        if len(rows) >= height:
            break
        rows += _rows(notice, width)
    return rows or [((fit(" none", width), "quiet"),)]


def _rows(notice: Notice, width: int) -> list[Row]:
    loud, style = WORDS[notice.loudness]
    ticker = f"{notice.ticker}: " if notice.ticker and notice.ticker not in notice.words else ""
    lines = wrap(f"{loud}{ticker}{notice.words}", max(width - 11, 8))
    first = ((f" {clock(notice.at_ms)} ", "quiet"), (lines[0], style))
    return [first, *(((" " * 10, ""), (line, style)) for line in lines[1:])]
