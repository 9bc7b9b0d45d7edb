"""The ticket: exactly what would be sent, for as long as it may be, and then what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from kalshi_tui.tui.actions import bindings
from kalshi_tui.tui.panes.pane import Pane
from kalshi_tui.tui.panes.ticket_rows import body_rows
from kalshi_tui.tui.staging import Staging
from kalshi_tui.tui.widgets.lines import Row

LEAST_WIDTH: Final = 36
LEAST_HEIGHT: Final = 11


class Ticket(Pane):
    """Draws what the staging holds; out of sight, or without the keys, it has to be looked at anew."""

    NAME = "ticket"
    BINDINGS = bindings("ticket")

    def __init__(self, staging: Staging, keys: Mapping[str, str], *, id: str) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self._staging = staging
        self._keys = keys

    def watch_has_focus(self, has_focus: bool) -> None:  # noqa: FBT001 - as Textual calls it
        """Begin anew whenever the keys come or go: whoever looks has to see it first."""
        self._staging.reset()
        super().watch_has_focus(has_focus)

    def on_resize(self) -> None:
        """Draw for the new size; what finds no room cannot be read, and what was not read is not fired."""
        width, height = self.size
        has_room = width >= LEAST_WIDTH and height >= LEAST_HEIGHT
        if not has_room or self._staging.unread:
            self._staging.reset()
        self._staging.unread = "" if has_room else "there is no room to read it; make the window larger"
        super().on_resize()

    def distrust(self, doubt: str) -> None:
        """Say why nothing may be fired at present."""
        self._staging.doubt = doubt
        super().distrust(doubt)

    def rows(self, width: int, height: int) -> Sequence[Row]:
        """Return heading, time, sentence, figures, checks, and which key does what."""
        picture = self._staging.picture()
        ticket = picture.ticket
        words = f"ticket {ticket.number}" if ticket is not None else "ticket"
        mode = f"{ticket.mode.upper()[:20]} " if ticket is not None else ""
        body = body_rows(picture, self._keys, width, height - 1, has_keys=self.has_focus)
        return [self.heading(words, width, mode), *body]
