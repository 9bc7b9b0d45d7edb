"""A real engine in a process of its own, as `kalshi-tui engine start` runs it, with everything it writes in one folder.

Run as `python -m kalshi_tui.cli.benches.engine_process FOLDER SETTINGS`; it prints its socket and process as JSON once
it listens, and ends after ten minutes or when its standard input closes.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from kalshi_tui.cli.engine import place_taken
from kalshi_tui.cli.hosting import host
from kalshi_tui.cli.launching import place_of
from kalshi_tui.config.load import load_settings
from kalshi_tui.engine.running import Engine

LIFETIME_S = 600


def run(folder: Path, settings_file: Path) -> None:
    """Run it until nobody wants it any more."""
    os.environ.update({"HOME": str(folder), "XDG_DATA_HOME": str(folder)})  # tape and storage are nobody's but ours
    settings = load_settings(environ={}, folder=folder, config_file=settings_file)
    place = place_of(settings)

    async def wait(_: Engine) -> None:
        told = {"socket": str(place.socket), "pid": os.getpid(), "folder": str(folder), "settings": str(settings_file)}
        print(json.dumps(told), flush=True)  # noqa: T201 - its output
        await asyncio.wait_for(asyncio.to_thread(sys.stdin.read), LIFETIME_S)

    with place_taken(settings, place) as (taken, desk):
        asyncio.run(host(settings, taken, desk, stays=True, beside=wait))


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]))
