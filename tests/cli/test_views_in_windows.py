"""The live views in windows of any size: whether the numbers can be believed is always on the screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from kalshi_tui.cli.book import depth_in
from kalshi_tui.cli.live import aligned, columns_in, lines_in, shortened

WIDTHS = [32, 24, 8, 4, 4, 8, 6, 4]
TICKER, BID, ASK, STATE = 0, 3, 4, 7


def seen(home: Path, columns: int, lines: int, *arguments: str) -> str:
    """Run the program in a window of its own and return every line that it drew, without colours."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    named = {"HOME": str(home), "PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    program = subprocess.Popen(  # noqa: S603 - this Python and our own arguments
        [sys.executable, "-m", "kalshi_tui", *arguments], stdin=its, stdout=its, stderr=its, env=named, cwd=home
    )
    os.close(its)
    drawn = b""
    while piece := read_piece(ours):
        drawn += piece
    os.close(ours)
    assert program.wait() == 0, drawn
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn.decode())


def read_piece(terminal: int) -> bytes:
    """Read what was drawn; a terminal whose program has ended gives an error instead of an end."""
    try:
        return os.read(terminal, 65_536)
    except OSError:
        return b""


def test_a_small_window_shows_best_prices_states_and_how_the_stream_is(tmp_path: Path) -> None:
    drawn = seen(tmp_path, 40, 12, "live", "--for", "1.5")
    assert re.search(r"\d+ of \d+ books live", drawn)
    assert re.search(r"T\d+\.\d\d( +0\.\d+){2}  live", drawn)


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (40, 12), (160, 50)])
def test_a_followed_book_shows_its_state_in_any_window(tmp_path: Path, columns: int, lines: int) -> None:
    listed = seen(tmp_path, 160, 50, "markets", "--series", "KXFED", "--limit", "3", "--json")
    ticker = re.findall(r'"ticker":"([^"]+)"', listed)[-1]
    drawn = seen(tmp_path, columns, lines, "book", ticker, "--follow", "--depth", "50", "--for", "1.5")
    assert "LIVE   spread" in drawn


def test_a_narrow_window_does_without_the_least_needed_columns() -> None:
    needed = sum(WIDTHS) + 2 * 7
    assert len(columns_in(needed, WIDTHS)) == 8
    assert 1 not in columns_in(needed - 1, WIDTHS)
    assert list(columns_in(56, WIDTHS)) == [TICKER, BID, ASK, STATE]
    assert columns_in(40, WIDTHS) == {TICKER: 22, BID: 4, ASK: 4, STATE: 4}
    assert columns_in(10, WIDTHS) == {TICKER: 12, BID: 4, ASK: 4, STATE: 4}


def test_a_long_reason_takes_no_column_away() -> None:
    long = [*WIDTHS[:STATE], 60]
    assert list(columns_in(110, long)) == list(columns_in(110, WIDTHS))


def test_what_a_low_window_hides_is_counted() -> None:
    lines = [f"line {number}" for number in range(10)]
    assert lines_in(10, lines) == lines
    assert lines_in(9, lines) == [*lines[:8], "  2 more lines in a taller window"]
    assert lines_in(0, lines) == ["  10 more lines in a taller window"]


@pytest.mark.parametrize(
    ("lines", "depth", "levels"), [(24, 10, 10), (23, 50, 10), (12, 10, 4), (3, 10, 1), (80, 7, 7)]
)
def test_a_ladder_leaves_place_for_its_head_and_foot(lines: int, depth: int, levels: int) -> None:
    assert depth_in(lines, depth) == levels


def test_a_ticker_that_does_not_fit_keeps_its_end() -> None:
    assert aligned(["  KXBTCD-26NOV2106-T67999.99", "0.51"], {0: 14, 1: 4}) == "  …6-T67999.99  0.51"


def test_a_long_answer_is_cut_visibly() -> None:
    assert shortened("At or above", 11) == "At or above"
    assert shortened("At or above", 8) == "At or a…"
    assert shortened("日本語の市場", 7) == "日本語…"
