"""What we and the venue tell differently; each is to be taken note of by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from kalshi_tui.link.trading import DifferenceRow
from kalshi_tui.tui.actions import bindings
from kalshi_tui.tui.panes.choosing import Chooser
from kalshi_tui.tui.widgets.lines import Row
from kalshi_tui.tui.words import clock, fit, wrap


class Differences(Chooser[DifferenceRow]):
    """One line each; the chosen one is told in full below."""

    NAME = "differences"
    BINDINGS = bindings("differences")
    HEAD_LINES = 1
    FOOT_LINES = 2

    @dataclass
    class Acknowledged(Message):
        """A person takes note of a difference."""

        number: int

    def __init__(self, *, id: str) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self.differences: Sequence[DifferenceRow] = ()

    def items(self) -> Sequence[DifferenceRow]:
        """Return the differences as they came."""
        return self.differences

    def name_of(self, item: DifferenceRow) -> object:
        """Return a difference's number."""
        return item.number

    def show_all(self, differences: Sequence[DifferenceRow]) -> None:
        """Take a newer list."""
        if differences != self.differences:
            self.differences = differences
            self.drawn_anew()

    def action_acknowledge(self) -> None:
        """Take note of the chosen one: it has to be one that was seen."""
        row = self.current()
        if row is not None:
            self.post_message(self.Acknowledged(row.number))

    def rows(self, width: int, height: int) -> Sequence[Row]:
        """Return heading, differences, and the chosen one in full."""
        heading = self.heading(f"differences  {len(self.differences)}", width)
        if not self.differences:
            return [heading, ((fit(" none: we and the venue agree", width), "quiet"),)]
        room = height - self.HEAD_LINES - self.FOOT_LINES
        body = [self._row(row, width, here=here) for row, here in self.in_sight(room)]
        chosen = self.current()
        first, *more = wrap(chosen.words if chosen is not None else "", max(width - 2, 1))
        foot = [((fit(f" {line}", width), "stale"),) for line in (first, " ".join(more))]
        return [heading, *self.filled(body, room), *foot]

    def _row(self, row: DifferenceRow, width: int, *, here: bool) -> Row:
        mark, under = self.mark(here=here)
        words = fit(f" {row.ticker}{': ' if row.ticker else ''}{row.words}", max(width - 10, 0))
        return ((f"{mark}{clock(row.at_ms)} ", f"quiet {under}".strip()), (words, f"stale {under}".strip()))
