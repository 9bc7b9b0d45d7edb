"""What was drawn over is gone at once: a terminal that draws for hours leaves its garbage collector little to do."""

from __future__ import annotations

import gc

from textual.pilot import Pilot
from textual.strip import Strip

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
