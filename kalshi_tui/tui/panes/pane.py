"""What all panes share: a heading that says whether keys go here, and words where there is no picture yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kalshi_tui.tui.widgets.lines import Lines, Row
from kalshi_tui.tui.words import fit


class Pane(Lines, can_focus=True):
    """A part of the desk with a heading; it draws itself whenever what it knows has changed."""

    NAME: ClassVar[str]

    def __init__(self, *, id: str) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self.waiting = "connecting"  # why there is nothing to see
        self.doubt = ""  # why what was seen last may not be believed any more

    def drawn_anew(self) -> None:
        """Draw with what is known now, unless nobody would see it."""
        if self.is_attached and self.size.width > 0 and self.size.height > 0:
            self.show(self.rows(self.size.width, self.size.height))

    def rows(self, width: int, height: int) -> Sequence[Row]:
        """Say what this pane shows in so many cells and lines."""
        raise NotImplementedError

    def wait(self, words: str) -> None:
        """Say why there is nothing to see yet."""
        self.waiting = words
        self.drawn_anew()

    def distrust(self, doubt: str) -> None:
        """Say why pictures may be old, or that they may be believed again."""
        if doubt != self.doubt:
            self.doubt = doubt
            self.drawn_anew()

    def outlive(self, reason: str) -> None:
        """Keep what was seen of an engine that is gone, but never again as live: the next one may not know it yet."""

    def refused(self, reason: str) -> None:
        """Say why the engine does not send what this pane wishes for."""
        self.wait(reason)

    def watch_has_focus(self, has_focus: bool) -> None:  # noqa: FBT001 - as Textual calls it
        """Say at once whether keys go here; Textual's events of it come before it is so."""
        super().watch_has_focus(has_focus)
        self.drawn_anew()

    def heading(self, words: str, width: int, aside: str = "") -> Row:
        """Return the first row: who this is, and a mark where keys go here."""
        style = "focus" if self.has_focus else "heading"
        mark = ">" if self.has_focus else " "
        room = max(width - len(aside) - 2, 0)
        return ((mark, style), (fit(words, room), style), (fit(aside, width - room - 1), style))

    def placeholder(self, width: int) -> list[Row]:
        """Return the rows that stand where there is no picture."""
        return [self.heading(self.NAME, width), ((fit(f" {self.waiting}", width), "quiet"),)]
