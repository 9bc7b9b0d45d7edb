"""Asks for a phrase that must be typed: to arm, and to lift a kill."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Paste
from textual.screen import ModalScreen
from textual.widgets import Input

from kalshi_tui.tui.actions import bindings
from kalshi_tui.tui.widgets.lines import Lines, Row
from kalshi_tui.tui.words import fit, wrap

WIDTH = 64
ARM_WORDS = (
    "While armed, a key fires the ticket that is shown, and an order goes to the venue. It ends by itself: after some "
    "time without a key, when the link breaks, and when the mode or the program changes."
)
LIFT_WORDS = (
    "Afterwards, orders that add risk may be sent again, once somebody arms. The kill is lifted only if we and the "
    "venue agree about every order and position."
)


class Explained(Lines):
    """What it means, and what is wrong with what was typed."""

    def __init__(self, title: str, words: str, phrase: str) -> None:
        super().__init__(id="explained")
        self._title, self._words, self._phrase = title, words, phrase
        self.problem = ""
        self.styles.height = len(self.rows(WIDTH - 2))

    def drawn_anew(self) -> None:
        """Draw for this width."""
        if self.size.width > 0:
            self.show(self.rows(self.size.width))

    def rows(self, width: int) -> Sequence[Row]:
        """Return the title, what it means, the phrase, and what is wrong."""
        meaning = [((fit(f" {line}", width), ""),) for line in wrap(self._words, width - 2)]
        phrase = [((fit(f" {line}", width), "strong"),) for line in wrap(self._phrase, width - 2)[:3]]
        ask: Row = ((fit(" Type this, then Enter; Esc lets it be:", width), "quiet"),)
        problem: Row = ((fit(f" {self.problem}", width), "danger"),)
        return [((fit(f" {self._title}", width), "focus"),), (), *meaning, (), ask, *phrase, problem]


class Phrase(Input):
    """Where the phrase is typed; it cannot be pasted, for then it would not have been read."""

    BINDINGS = bindings("phrase")

    def action_say(self) -> None:
        """Give it back, if it is right."""
        if isinstance(screen := self.screen, PhraseScreen):
            screen.say(self.value)

    def action_leave(self) -> None:
        """Let it be."""
        if isinstance(screen := self.screen, PhraseScreen):
            screen.dismiss(None)

    def on_paste(self, event: Paste) -> None:
        """Take nothing that was pasted."""
        event.stop()
        event.prevent_default()
        if isinstance(screen := self.screen, PhraseScreen):
            screen.tell("a phrase is typed, not pasted")


class PhraseScreen(ModalScreen[str | None]):
    """Gives the phrase back, or nothing where somebody let it be."""

    def __init__(self, title: str, words: str, phrase: str) -> None:
        super().__init__()
        self._phrase = phrase
        self.explained = Explained(title, words, phrase)
        self.typed = Phrase(id="phrase")
        self.typed.cursor_blink = False

    def compose(self) -> ComposeResult:
        """Lay out what it means, and the field."""
        with Vertical(id="asked"):
            yield self.explained
            yield self.typed

    def say(self, typed: str) -> None:
        """Take what was typed."""
        if typed.strip() == self._phrase:
            self.dismiss(self._phrase)
        else:
            self.tell("that is not the phrase")

    def tell(self, problem: str) -> None:
        """Say what is wrong."""
        self.explained.problem = problem
        self.explained.drawn_anew()
