"""Runs an engine in this process with its logs in files, for whoever started it to attach to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from kalshi_tui.adapters.engine_place import Taken
from kalshi_tui.adapters.logs import log_to_files
from kalshi_tui.cli.desk_child import DeskChild
from kalshi_tui.cli.hosting import host
from kalshi_tui.cli.launching import Launch
from kalshi_tui.config.load import log_folder


def serve(launch: Launch, taken: Taken, desk: DeskChild | None, *, stays: bool, flags: Mapping[str, str]) -> None:
    """Run it until it is stopped."""
    files = log_to_files(launch.settings, log_folder(), also_stderr="debug" in flags)
    is_flagged = "live" in flags
    asyncio.run(host(launch.settings, taken, desk, stays=stays, lines_lost=lambda: files.lost, is_flagged=is_flagged))
