"""A screen that answers a key at once."""

from __future__ import annotations

from typing import TypeVar

from textual.events import Idle
from textual.screen import Screen
from textual.widget import Widget

Result = TypeVar("Result")


class Prompt(Screen[Result]):
    """Draws what a key has changed as soon as it is known; everything else waits for its frame.

    A frame is due thirty times a second, and Textual passes over one that it was late for: a key would wait for up to
    66 ms.
    """

    _hurried: Widget | None = None

    def hurry(self, widget: Widget | None) -> None:
        """Draw this widget, once it has changed, without waiting; for whoever has just been given a key."""
        self._hurried = widget

    async def _on_idle(self, event: Idle) -> None:
        del event
        if self._hurried in self._dirty_widgets and self.is_current:
            self._hurried = None
            self._on_timer_update()
