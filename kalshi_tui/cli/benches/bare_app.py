"""The least that Textual can show, to compare the start of our terminal with."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static

WORDS = "nothing else"


class Bare(App[None]):
    """One line of words."""

    def compose(self) -> ComposeResult:
        """Show the words."""
        yield Static(WORDS)


if __name__ == "__main__":
    Bare().run()
