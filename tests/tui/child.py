"""The terminal as a process of its own, attached to whatever listens at a socket: for tests at a real pty."""

from __future__ import annotations

import sys
import time

from kalshi_tui.link.client import Link, attach_to
from kalshi_tui.tui.app import Terminal
from kalshi_tui.tui.look import Look
from kalshi_tui.tui.theming import bundled_folder, read_themes


def main(path: str) -> None:
    async def connect() -> Link:
        return await attach_to(path, name="terminal")

    farewell = Terminal(connect, Look(themes=read_themes(bundled_folder())), time.monotonic).run()
    print(f"farewell: {farewell}")  # noqa: T201 - what the test reads


if __name__ == "__main__":
    main(sys.argv[1])
