"""The question at the end: something is working, so what shall become of the engine?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from kalshi_tui.tui.widgets.lines import Lines, Row
from kalshi_tui.tui.words import fit, wrap

Farewell = Literal["leave", "stop", "quit"]
CHOICES: tuple[tuple[Farewell | None, str], ...] = (
    ("leave", "Leave the engine running, and quit"),
    (None, "Stay here"),
    ("stop", "Stop the engine: what is working ends"),
)
NAMED = 4  # of the things that work
WIDTH, TALLEST = 60, 40


class Question(Lines, can_focus=True):
    """The choices, with the safe one chosen at first."""

    BINDINGS = [  # noqa: RUF012 - Textual reads it from the class
        Binding("down,j,tab", "move(1)", show=False),
        Binding("up,k,shift+tab", "move(-1)", show=False),
        Binding("enter", "choose", show=False),
        Binding("escape", "screen.dismiss", show=False),
    ]

    def __init__(self, working: Sequence[str]) -> None:
        super().__init__(id="question")
        self._working = working
        self.place = 0
        self.styles.height = len(question_rows(working, 0, WIDTH, TALLEST))

    def drawn_anew(self) -> None:
        """Draw with the choice as it is now."""
        if self.size.width > 0:
            self.show(question_rows(self._working, self.place, self.size.width, self.size.height))

    def action_move(self, by: int) -> None:
        """Choose another."""
        self.place = (self.place + by) % len(CHOICES)
        self.drawn_anew()

    def action_choose(self) -> None:
        """Do what is chosen."""
        self.screen.dismiss(CHOICES[self.place][0])


class QuitScreen(ModalScreen[Farewell | None]):
    """Asks, and gives the answer back; None is to stay."""

    def __init__(self, working: Sequence[str]) -> None:
        super().__init__()
        self._working = working

    def compose(self) -> ComposeResult:
        """Lay out the question."""
        yield Question(self._working)


def question_rows(working: Sequence[str], place: int, width: int, height: int) -> list[Row]:
    """Return what works, as far as there is room, and the choices."""
    head: list[Row] = [((fit(" Something is working", width), "focus"),), ()]
    named = [line for words in working[:NAMED] for line in wrap(f"- {words}", width - 4)[:2]]
    if len(working) > NAMED:
        named.append(f"and {len(working) - NAMED} more")
    choices = [_choice(words, width, here=index == place) for index, (_, words) in enumerate(CHOICES)]
    foot: Row = ((fit(" Up and Down choose, Enter does it, Esc stays", width), "quiet"),)
    tail = [(), *choices, (), foot]
    room = max(height - len(head) - len(tail), 0)
    return [*head, *(((fit(f"  {line}", width), ""),) for line in named[:room]), *tail]


def _choice(words: str, width: int, *, here: bool) -> Row:
    style = "cursor strong" if here else ""
    return ((fit(f" {'>' if here else ' '} {words}", width), style),)
