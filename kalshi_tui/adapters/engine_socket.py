"""The engine's listening socket: only its own user may connect."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from kalshi_tui.link.pipes import SocketPipe

_CREDENTIALS: Final = struct.Struct("3i")  # Linux: process, user, group
_LOCAL_PEERCRED: Final = 1  # macOS and the BSDs: version, user, ...
_FROM_CLIENTS: Final = 1024 * 1024  # bytes of one message


async def listen(path: Path, serve: Callable[[SocketPipe], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Listen at a path, serve each client in a task of its own, and return what stops that."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve_one(pipe: SocketPipe) -> None:
        try:
            await serve(pipe)
        finally:
            pipe.close()

    def opened(pipe: SocketPipe) -> None:
        assert pipe.transport is not None  # noqa: S101 - it has just been opened
        if not is_ours(pipe.transport.get_extra_info("socket")):
            pipe.abort()
            return
        task = asyncio.ensure_future(serve_one(pipe))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    await asyncio.to_thread(path.unlink, missing_ok=True)  # of a killed engine: the lock is ours
    mask = os.umask(0o177)
    try:
        server = await asyncio.get_running_loop().create_unix_server(
            lambda: SocketPipe(longest=_FROM_CLIENTS, opened=opened), str(path)
        )
    finally:
        os.umask(mask)

    async def stop() -> None:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # what has been closed is let go of in the loop's next turn

    return stop


def is_ours(connected: socket.socket) -> bool:
    """Tell whether the user at the other end is ours; one that the system does not name is not."""
    if sys.platform == "linux":
        told = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        user = _CREDENTIALS.unpack(told)[1]
    else:
        told = connected.getsockopt(0, _LOCAL_PEERCRED, 8)
        user = struct.unpack("2I", told)[1]
    return bool(user == os.getuid())
