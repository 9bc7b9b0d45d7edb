"""A longer text to read: rows that can be scrolled."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.events import MouseScrollDown, MouseScrollUp

from kalshi_tui.tui.actions import bindings
from kalshi_tui.tui.widgets.lines import Lines, Row
from kalshi_tui.tui.words import fit

MOST = 5_000  # rows: a text without end is no text to read


class Pages(Lines, can_focus=True):
    """Shows the rows that a function makes for a width, from the one that was scrolled to."""

    BINDINGS = bindings("text")

    def __init__(self, heading: str, make: Callable[[int], Sequence[Row]], *, id: str = "pages") -> None:  # noqa: A002
        super().__init__(id=id)
        self._heading = heading
        self._make = make
        self._made: list[Row] = []
        self.top = 0

    def drawn_anew(self) -> None:
        """Make the rows anew and show those in sight."""
        if self.is_attached and self.size.width > 0:
            self._made = list(self._make(self.size.width))[:MOST]
            self._look()

    def action_move(self, by: int) -> None:
        """Scroll."""
        self.top += by
        self._look()

    def action_page(self, by: int) -> None:
        """Scroll by what is seen at once."""
        self.action_move(by * max(self.size.height - 2, 1))

    def action_edge(self, by: int) -> None:
        """Go to an end."""
        self.action_move(by * len(self._made))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Scroll down."""
        event.stop()
        self.action_move(3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Scroll up."""
        event.stop()
        self.action_move(-3)

    def _look(self) -> None:
        body = max(self.size.height - 1, 0)
        self.top = max(min(self.top, len(self._made) - body), 0)
        shown = self._made[self.top : self.top + body]
        left = len(self._made) - self.top - len(shown)
        aside = f"{left} more below " if left else ""
        room = max(self.size.width - len(aside), 0)
        heading: Row = ((fit(f" {self._heading}", room), "focus"), (fit(aside, self.size.width - room), "focus"))
        self.show([heading, *shown])
