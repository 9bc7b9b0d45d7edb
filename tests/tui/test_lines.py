"""Lines are drawn one by one: what did not change is neither made anew nor sent."""

from __future__ import annotations

import random
import re
import unicodedata
from typing import Any

import pyte
import pytest
from rich.console import Console
from textual.app import ComposeResult

from kalshi_tui.tui.safety import Guarded
from kalshi_tui.tui.widgets.lines import Lines, Row, changed_spans, narrowed


class Counting(Lines):
    """Lines that count what is asked of them."""

    def __init__(self) -> None:
        super().__init__(id="lines")
        self.asked: list[int] = []

    def render_line(self, y: int) -> Any:
        self.asked.append(y)
        return super().render_line(y)


class Board(Guarded[None]):
    CSS = "Lines { width: 1fr; height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.lines = Counting()
        self.sent: list[str] = []
        self.full: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.lines

    def _display(self, screen: Any, renderable: Any) -> None:
        """Keep what a terminal would be sent; the headless driver sends nothing."""
        update = narrowed(renderable)
        if update is not None:
            self.sent.append(update.render_segments(Console(color_system=None)))  # type: ignore[union-attr]
        super()._display(screen, renderable)


def rows(*texts: str) -> list[Row]:
    return [((text, ""),) for text in texts]


async def test_a_change_of_one_row_draws_one_line() -> None:
    app = Board()
    async with app.run_test(size=(40, 10)) as pilot:
        app.lines.show(rows(*(f"row {number}" for number in range(10))))
        await pilot.pause(0)
        app.lines.asked.clear()
        changed = [f"row {number}" for number in range(10)]
        changed[4] = "row four"
        app.lines.show(rows(*changed))
        await pilot.pause(0)
        assert app.lines.asked == [4]


async def test_equal_rows_draw_nothing() -> None:
    app = Board()
    async with app.run_test(size=(40, 10)) as pilot:
        app.lines.show(rows("one", "中文"))
        await pilot.pause(0)
        app.lines.asked.clear()
        app.sent.clear()
        app.lines.show(rows("one", "中文"))
        await pilot.pause(0)
        assert (app.lines.asked, app.sent) == ([], [])


async def test_only_the_cells_that_changed_are_sent() -> None:
    app = Board()
    async with app.run_test(size=(40, 4)) as pilot:
        app.lines.show([(("0.56", "bid"), ("  ", ""), ("1,200", "ask"), ("  ", ""), ("end", ""))])
        await pilot.pause(0)
        app.sent.clear()
        app.lines.show([(("0.56", "bid"), ("  ", ""), ("1,300", "ask"), ("  ", ""), ("end", ""))])
        await pilot.pause(0)
        assert [re.sub(r"\x1b\[[0-9;]*m", "", text) for text in app.sent] == ["\x1b[1;7H1,300"]


async def test_rows_that_go_away_leave_nothing_behind() -> None:
    app = Board()
    async with app.run_test(size=(20, 3)) as pilot:
        app.lines.show(rows("one", "two", "three"))
        await pilot.pause(0)
        app.lines.show(rows("one"))
        await pilot.pause(0)
        assert [app.lines.render_line(y).text for y in range(3)] == ["one".ljust(20), " " * 20, " " * 20]


async def test_a_new_theme_draws_every_line_in_its_colours() -> None:
    app = Board()
    async with app.run_test(size=(20, 2)) as pilot:
        app.lines.show([(("0.56", "bid"),)])
        await pilot.pause(0)
        before = app.lines.render_line(0)
        app.theme = "nord"
        await pilot.pause(0)
        after = app.lines.render_line(0)
        assert before.text == after.text
        assert next(iter(before)).style != next(iter(after)).style


@pytest.mark.parametrize(
    ("old", "new", "spans"),
    [
        ((("ab", ""), ("cd", "")), (("ab", ""), ("ce", "")), [(2, 2)]),
        ((("ab", ""), ("cd", "")), (("xb", ""), ("cd", "")), [(0, 2)]),
        ((("ab", ""), ("cd", "")), (("abc", ""), ("cd", "")), [(0, 10)]),
        ((("ab", ""),), (("ab", ""), ("cd", "")), [(2, 8)]),
        ((("ab", ""), ("cd", "")), (("ab", ""),), [(2, 8)]),
        ((("ab", ""), ("", "")), (("ab", ""), ("", "bar")), [(2, 8)]),
        ((("ab", ""),), (("ab", "bid"),), [(0, 2)]),
        ((("ab…", ""), ("▲", "")), (("ab…", ""), ("▼", "")), [(3, 1)]),
        ((("中", ""), ("x", "")), (("中", ""), ("y", "")), [(0, 10)]),
        ((("e\u0301", ""), ("x", "")), (("e", ""), ("x", "")), [(0, 10)]),
    ],
)
def test_what_differs_between_two_rows_is_found(old: Row, new: Row, spans: list[tuple[int, int]]) -> None:
    assert list(changed_spans(old, new, 10)) == spans


PIECES = ("0.56", "1,200", " ", "中文", "live", "e\u0301", "", "STALE")


def random_row(chance: random.Random) -> Row:
    return tuple((chance.choice(PIECES), chance.choice(("", "bid", "bar"))) for _ in range(chance.randrange(6)))


@pytest.mark.parametrize("seed", range(6))
async def test_a_terminal_that_was_sent_only_changes_shows_the_whole(seed: int) -> None:
    chance = random.Random(seed)
    app = Board()
    screen = pyte.Screen(30, 6)
    stream = pyte.Stream(screen)
    async with app.run_test(size=(30, 6)) as pilot:
        for _ in range(15):
            app.lines.show([random_row(chance) for _ in range(chance.randrange(8))])
            await pilot.pause(0)
            for text in app.sent:
                stream.feed(text.replace("\n", "\r\n"))
            app.sent.clear()
            shown = [row_of(screen, y) for y in range(6)]
            whole = [unicodedata.normalize("NFC", app.lines.render_line(y).text).rstrip() for y in range(6)]
            assert shown == whole  # the emulator joins a letter and its mark


def row_of(screen: pyte.Screen, y: int) -> str:
    """Return what an emulated terminal shows on a line; the second half of a wide letter is empty there."""
    return "".join(screen.buffer[y][x].data for x in range(screen.columns)).rstrip()
