"""The busy exchange, which also notes on the machine's monotonic clock when an order group is triggered.

Run as `python -m kalshi_tui.cli.benches.orders_exchange CHANGES_PER_SECOND KEY_FILE MARKETS STAMPS_FILE`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from kalshi_tui.cli.benches import busy_exchange
from kalshi_tui.practice.desk import Desk
from kalshi_tui.practice.happenings import GroupChanged, Happening


def noting(file: Path) -> int:
    """Open the file of stamps, to be written without any waiting."""
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def listen(desk: Desk, target: int) -> None:
    """Note each trigger as a line."""

    def hear(happening: Happening) -> None:
        if isinstance(happening, GroupChanged) and happening.kind == "triggered":
            os.write(target, f"{time.monotonic_ns()}\n".encode())

    desk.exchange.listen(hear)


def run(changes_per_s: int, key_file: Path, markets: int, stamps: Path) -> None:
    """Open the desk, let the storm loose and serve."""
    target, furnish = noting(stamps), busy_exchange.furnish

    def furnish_and_listen(desk: Desk) -> None:
        furnish(desk)
        listen(desk, target)

    busy_exchange.furnish = furnish_and_listen
    asyncio.run(busy_exchange.run(changes_per_s, key_file, markets, "behind"))


if __name__ == "__main__":
    run(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
