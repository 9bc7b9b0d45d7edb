"""Runs a command's loop so that SIGTERM ends it in order: raised inside a callback, an exit leaves tasks behind."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any


def run_until_told(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` to its end; SIGTERM cancels it, and the program then ends with 143."""
    asyncio.run(_cancellable(work))


async def _cancellable(work: Coroutine[Any, Any, None]) -> None:
    task, is_told = asyncio.ensure_future(work), False

    def end() -> None:
        nonlocal is_told
        is_told = True
        task.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end)
    try:
        await task
    except asyncio.CancelledError:
        if not is_told:
            raise
        raise SystemExit(128 + signal.SIGTERM) from None
