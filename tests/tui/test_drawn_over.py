"""Little is drawn in vain: the first picture is whole, and what was drawn over does not wait for the collector."""

from __future__ import annotations

import gc
import re
from typing import Any

import pytest
from rich.console import Console
from textual.pilot import Pilot
from textual.strip import Strip

from kalshi_tui.tui.app import Terminal
from tests.tui.desk import FakeEngine, terminal
from tests.tui.test_lines import Board, rows


def strips_kept() -> int:
    return sum(type(thing) is Strip for thing in gc.get_objects())


async def draw(pilot: Pilot[None], board: Board, numbers: range) -> int:
    for number in numbers:
        board.lines.show(rows(*(f"row {line} says {number}" for line in range(10))))
        await pilot.pause(0.02)
    return strips_kept()


async def test_lines_that_were_drawn_over_do_not_wait_for_the_collector() -> None:
    board = Board()
    async with board.run_test(size=(40, 10)) as pilot:
        await draw(pilot, board, range(5))
        gc.collect()
        gc.disable()
        try:
            before = await draw(pilot, board, range(5, 10))
            drawn = len(board.sent)
            after = await draw(pilot, board, range(10, 20))
            assert len(board.sent) >= drawn + 5
            assert after < before + 20  # ten lines drawn ten times over would be a hundred
        finally:
            gc.enable()


async def test_the_first_picture_has_its_words_already(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def take(_: Terminal, __: Any, update: Any) -> None:
        if update is not None:
            seen.append(re.sub(r"\x1b\[[\d;]*[A-Za-z]", " ", update.render_segments(Console(color_system=None))))

    monkeypatch.setattr(Terminal, "_display", take)
    async with terminal(FakeEngine()).run_test(size=(160, 50)):
        assert all(word in seen[0] for word in ("markets", "ladder", "connecting", "quit"))
