"""`bench start`: from the start of the program to its first picture, to its first live book, and to its help."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Final

from kalshi_tui.cli.benches.bare_app import WORDS
from kalshi_tui.cli.benches.canvas import Canvas
from kalshi_tui.cli.benches.report import ROUNDS, Report, Target, middle, report
from kalshi_tui.cli.benches.window import environ_of, window

PYTHON: Final = (sys.executable, "-m")
TARGETS: Final = {
    "first_paint_to_bare": Target(at_most=2.5),
    "first_live_book_s": Target(at_most=3.0),
    "help_s": Target(at_most=0.25),
}


def measure(say: Callable[[str], None]) -> Report:
    """Start the bare app, the whole program from nothing, and its help, in turn."""
    ratios, paints, bares, lives, helps = [], [], [], [], []
    _ = bare_paint(), help_seconds()  # what the first start reads from the disk, the others find in memory
    for number in range(ROUNDS):
        say(f"round {number + 1} of {ROUNDS}")
        bares.append(bare_paint())
        paint, live = first_start()
        paints.append(paint)
        lives.append(live)
        ratios.append(paint / bares[-1])
        helps.append(help_seconds())
    figures = {
        "first_paint_to_bare": middle(ratios),
        "first_paint_s": middle(paints),
        "bare_first_paint_s": middle(bares),
        "first_live_book_s": middle(lives),
        "help_s": middle(helps),
    }
    return report("start", figures, TARGETS)


def bare_paint() -> float:
    """Return how long the bare app takes to its first picture."""
    with tempfile.TemporaryDirectory() as home:
        command = (*PYTHON, "kalshi_tui.cli.benches.bare_app")
        with window(command, environ_of(home)) as opened:
            return opened.until(lambda canvas: WORDS in canvas.text) - opened.started


def first_start() -> tuple[float, float]:
    """Start the program in a new home, with engine and exchange; return when it had a picture, and a live book."""
    with tempfile.TemporaryDirectory(prefix="kt-") as home:
        environ = environ_of(home)
        try:
            with window((*PYTHON, "kalshi_tui"), environ) as opened:
                paint = opened.until(is_painted) - opened.started
                live = opened.until(has_live_book) - opened.started
                opened.press(b"\x11")
                opened.ended()
        finally:
            _quietly((*PYTHON, "kalshi_tui", "engine", "stop", "--force"), environ)
    return paint, live


def is_painted(canvas: Canvas) -> bool:
    """Tell whether the terminal has drawn its panes, whatever is in them."""
    return "markets" in canvas.text and "ladder" in canvas.text


def has_live_book(canvas: Canvas) -> bool:
    """Tell whether the ladder has a book that can be believed."""
    return "LIVE" in canvas.text


def help_seconds() -> float:
    """Return how long the help takes."""
    with tempfile.TemporaryDirectory() as home:
        began = time.monotonic()
        _quietly((*PYTHON, "kalshi_tui", "--help"), environ_of(home))
        return time.monotonic() - began


def _quietly(command: Sequence[str], environ: dict[str, str]) -> None:
    subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603 - ours
