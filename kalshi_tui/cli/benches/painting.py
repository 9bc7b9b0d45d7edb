"""`bench frames`: what the real terminal's frames, keys and bytes cost while its markets move."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

from kalshi_tui.cli.benches.canvas import Canvas
from kalshi_tui.cli.benches.engine_live import BOOKS, attached, engine, ready
from kalshi_tui.cli.benches.processes import cpu_s
from kalshi_tui.cli.benches.report import Report, Target, report
from kalshi_tui.cli.benches.window import Window, environ_of, window
from kalshi_tui.link.client import attach_to
from kalshi_tui.link.keys import StatusKey
from kalshi_tui.link.views import StatusView

WINDOW_S: Final = 20.0
PRESSES: Final = 200
BUSY_PER_S: Final = 5_000
CALM_PER_S: Final = 200
DOWN, UP = b"\x1b[B", b"\x1b[A"
_SETTLE_S = 3.0
_NAP_S = 0.002
_TARGETS: Final = {
    "frame_p50_ms": Target(at_most=5),
    "frame_p99_ms": Target(at_most=15),
    "key_to_paint_p99_ms": Target(at_most=60),
}
TARGETS: Final = {
    **{f"busy_{name}": target for name, target in _TARGETS.items()},
    "busy_messages_per_s": Target(at_least=BUSY_PER_S * 0.98),
    "busy_core_share": Target(at_most=0.6),
    "busy_kb_per_s": Target(at_most=200),
    "calm_core_share": Target(at_most=0.15),
    "calm_kb_per_s": Target(at_most=25),
}


def measure(say: Callable[[str], None], *, seconds: float = WINDOW_S) -> Report:
    """Look at a busy exchange, and then at a calm one."""
    figures = {"seconds": seconds}
    for name, changes_per_s in (("busy", BUSY_PER_S), ("calm", CALM_PER_S)):
        say(f"{BOOKS} books, {changes_per_s:,} changes a second, {seconds:.0f} seconds and {PRESSES} keys")
        found = look(changes_per_s, seconds)
        figures |= {f"{name}_{figure}": value for figure, value in found.items()}
    return report("frames", figures, TARGETS)


def look(changes_per_s: int, seconds: float) -> dict[str, float]:
    """Open a terminal on an engine that is fed so much, and return what that cost."""
    with (
        engine(BOOKS, where="around", changes_per_s=changes_per_s) as (told, tickers),
        tempfile.TemporaryDirectory() as name,
    ):
        asyncio.run(_until_ready(told, tickers))
        frames_file = Path(name) / "frames.json"
        arguments = [told["folder"], told["settings"], str(frames_file)]
        command = [sys.executable, "-m", "kalshi_tui.cli.benches.measured_terminal", *arguments]
        with window(command, environ_of(told["folder"])) as opened:
            opened.until(shows_books)
            opened.rest(_SETTLE_S)
            before = asyncio.run(_status(told))
            began = time.monotonic()
            figures = rest(opened, seconds)
            took_s = time.monotonic() - began
            figures["messages_per_s"] = (asyncio.run(_status(told)).frames - before.frames) / took_s
            figures |= press(opened)
            opened.press(b"\x11")
            opened.ended()
        frames = json.loads(frames_file.read_text())
        return {**figures, **frame_figures([frame for frame in frames if frame[0] >= began])}


def shows_books(canvas: Canvas) -> bool:
    """Tell whether list and ladder have books that can be believed."""
    return "LIVE" in canvas.text and cursor_line(canvas) is not None


def rest(opened: Window, seconds: float) -> dict[str, float]:
    """Touch nothing, and return what the terminal's process takes for that."""
    cpu, received, began = cpu_s(opened.pid), opened.received, time.monotonic()
    opened.rest(seconds)
    took_s = time.monotonic() - began
    return {
        "core_share": (cpu_s(opened.pid) - cpu) / took_s,
        "kb_per_s": (opened.received - received) / took_s / 1000,
    }


def press(opened: Window) -> dict[str, float]:
    """Move the cursor down and up again, and return how long the row that it went to took to be painted.

    Beside it: how late this process woke meanwhile, which is what the machine alone does to a key.
    """
    random, took, late = Random(1), list[float](), list[float]()
    for number in range(PRESSES):
        opened.rest(random.uniform(0.04, 0.14))  # at any moment between two ticks
        began = time.monotonic()
        time.sleep(_NAP_S)
        late.append(time.monotonic() - began - _NAP_S)
        before, began = cursor_line(opened.canvas), time.monotonic()
        opened.press(UP if number % 2 else DOWN)
        took.append(opened.until(partial(has_moved, before)) - began)
    return {**spread("key_to_paint", took), "own_lag_p99_ms": spread("own_lag", late)["own_lag_p99_ms"]}


def has_moved(before: int | None, canvas: Canvas) -> bool:
    """Tell whether the cursor is painted on another line than before."""
    return cursor_line(canvas) not in {None, before}


def cursor_line(canvas: Canvas) -> int | None:
    """Return the line of the market under the cursor, or None where it is not painted whole."""
    marked = [y for y, char in enumerate(canvas.column(0)) if char == ">"]  # the first one is the list's heading
    return marked[1] if len(marked) == 2 else None


def frame_figures(frames: list[tuple[float, float, float]]) -> dict[str, float]:
    """Return the thread's work for a frame, and how long that took by the wall, which is what neighbours left of it."""
    return {
        **spread("frame", [work_s for _, _, work_s in frames]),
        **spread("frame_wall", [took_s for _, took_s, _ in frames]),
        "frames": float(len(frames)),
    }


def spread(name: str, seconds: list[float]) -> dict[str, float]:
    """Return median, 99th percentile and worst, in milliseconds."""
    if not seconds:
        raise AssertionError(f"nothing was measured of {name}")
    ordered = sorted(seconds)
    at = {"p50": len(ordered) // 2, "p99": min(len(ordered) * 99 // 100, len(ordered) - 1), "worst": -1}
    return {f"{name}_{word}_ms": ordered[place] * 1000 for word, place in at.items()}


async def _until_ready(told: Mapping[str, Any], tickers: list[str]) -> None:
    async with attached(told["socket"], tickers[0]) as status:
        await ready(status, BOOKS)


async def _status(told: Mapping[str, Any]) -> StatusView:
    link = await attach_to(told["socket"], name="bench")
    try:
        view = await link.first(StatusKey())
    finally:
        await link.close()
    assert isinstance(view, StatusView)  # noqa: S101 - what the key stands for
    return view
