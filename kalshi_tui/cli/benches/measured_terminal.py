"""The real terminal with a stopwatch on its frames, attached to an engine that runs.

Run as `python -m kalshi_tui.cli.benches.measured_terminal FOLDER SETTINGS REPORT`; when its user quits it writes when
each frame was begun and how long it took, in seconds of the wall and of the thread, as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kalshi_tui.cli.launching import Launch, place_of
from kalshi_tui.cli.terminal import Attaching, show_terminal
from kalshi_tui.config.load import load_settings

if TYPE_CHECKING:
    from kalshi_tui.tui.app import Terminal

Timed = tuple[float, float, float]


def timed(work: Callable[[], Any], times: list[Timed]) -> Callable[[], Any]:
    """Return the same work with a stopwatch."""

    def run() -> Any:
        began, cpu = time.monotonic(), time.thread_time()
        try:
            return work()
        finally:
            times.append((began, time.monotonic() - began, time.thread_time() - cpu))

    return run


def run(folder: Path, settings_file: Path, report: Path) -> None:
    """Show the terminal until somebody quits it."""
    frames: list[Timed] = []

    def watch(terminal: Terminal) -> None:
        # One call of this composes what has changed, makes it into what a terminal understands, and hands that over.
        paint = "_compositor_refresh"  # Textual has no door for stopwatches
        setattr(terminal.desk, paint, timed(getattr(terminal.desk, paint), frames))

    settings = load_settings(environ={}, folder=folder, config_file=settings_file)
    attaching = Attaching(Launch(settings, place_of(settings), ()), None, may_start=False)
    show_terminal(settings.terminal, attaching.connect, watch)
    report.write_text(json.dumps(frames))


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
