"""A list in which one row is chosen: it stays chosen while rows come, go and change their places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from kalshi_tui.tui.panes.pane import Pane
from kalshi_tui.tui.widgets.lines import Row

Item = TypeVar("Item")


class Chooser(Pane, Generic[Item]):
    """Keeps the chosen row in sight; whoever inherits says what the rows are and how they look."""

    HEAD_LINES = 2
    FOOT_LINES = 1

    def __init__(self, *, id: str) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self.top = 0
        self.chosen: object = None  # the name of the chosen row, not its place
        self._is_by_hand = False  # whether a hand has chosen it

    def watch_has_focus(self, has_focus: bool) -> None:  # noqa: FBT001 - as Textual calls it
        """Begin at the first row, where no hand has chosen another: what came while nobody looked stands above."""
        items = self.items()
        if has_focus and items and not self._is_by_hand:
            self.chosen = self.name_of(items[0])
        super().watch_has_focus(has_focus)

    def items(self) -> Sequence[Item]:
        """Return what may be chosen."""
        raise NotImplementedError

    def name_of(self, item: Item) -> object:
        """Return what an item is known by."""
        raise NotImplementedError

    def current(self) -> Item | None:
        """Return what is chosen; the first one where nothing is, or where it has gone."""
        items = self.items()
        return items[self.place()] if items else None

    def place(self) -> int:
        """Return where the chosen one is now."""
        for place, item in enumerate(self.items()):
            if self.name_of(item) == self.chosen:
                return place
        return 0

    def action_move(self, by: int) -> None:
        """Choose another."""
        items = self.items()
        if items:
            self._is_by_hand = True
            place = max(min(self.place() + by, len(items) - 1), 0)
            self.chosen = self.name_of(items[place])
            self.drawn_anew()

    def action_page(self, by: int) -> None:
        """Move by what is seen at once."""
        self.action_move(by * max(self.size.height - self.HEAD_LINES - self.FOOT_LINES - 1, 1))

    def action_edge(self, by: int) -> None:
        """Go to an end."""
        self.action_move(by * len(self.items()))

    def in_sight(self, room: int) -> list[tuple[Item, bool]]:
        """Return the rows that find room, each with whether it is chosen; the list moves no more than that needs."""
        items, place = self.items(), self.place()
        self.top = max(min(self.top, place, len(items) - room), place - room + 1, 0)
        shown = items[self.top : self.top + room] if room > 0 else []
        if items:
            self.chosen = self.name_of(items[place])  # what was seen as chosen stays it, whatever comes above
        return [(item, self.top + number == place) for number, item in enumerate(shown)]

    def mark(self, *, here: bool) -> tuple[str, str]:
        """Return the mark of a row, and the style below it; without the keys the chosen one is only marked."""
        return (">" if here else " "), ("cursor" if here and self.has_focus else "")

    def filled(self, rows: Sequence[Row], room: int) -> list[Row]:
        """Return rows with empty ones behind, so that what stands below keeps its place."""
        return [*rows[: max(room, 0)], *[()] * (room - len(rows))]
