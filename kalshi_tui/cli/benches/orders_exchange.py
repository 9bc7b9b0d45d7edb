"""The busy exchange, which also notes on the machine's monotonic clock what it receives and when.

It notes the posts that it has whole, and the order groups that are triggered.

Run as `python -m kalshi_tui.cli.benches.orders_exchange CHANGES_PER_SECOND KEY_FILE MARKETS STAMPS_FILE`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from aiohttp.web_protocol import RequestHandler

from kalshi_tui.cli.benches import busy_exchange
from kalshi_tui.cli.benches.orders_stamps import Note, noting_handler
from kalshi_tui.practice.desk import Desk
from kalshi_tui.practice.happenings import GroupChanged, Happening


def noting(file: Path) -> int:
    """Open the file of stamps, to be written without any waiting."""
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def note_in(target: int) -> Note:
    """Return what notes a thing that happens now as a line."""

    def note(what: str) -> None:
        os.write(target, f"{what} {time.monotonic_ns()}\n".encode())

    return note


def listen(desk: Desk, note: Note) -> None:
    """Note each trigger."""

    def hear(happening: Happening) -> None:
        if isinstance(happening, GroupChanged) and happening.kind == "triggered":
            note("trigger")

    desk.exchange.listen(hear)


def run(changes_per_s: int, key_file: Path, markets: int, stamps: Path) -> None:
    """Open the desk, let the storm loose and serve."""
    note, furnish = note_in(noting(stamps)), busy_exchange.furnish
    setattr(RequestHandler, "data_received", noting_handler(note))  # noqa: B010 - a class's own method is replaced

    def furnish_and_listen(desk: Desk) -> None:
        furnish(desk)
        listen(desk, note)

    busy_exchange.furnish = furnish_and_listen
    asyncio.run(busy_exchange.run(changes_per_s, key_file, markets, "behind"))


if __name__ == "__main__":
    run(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
