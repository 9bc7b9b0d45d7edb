"""Sends prepared frames over a loopback WebSocket from a process of its own, so that only the receiver is measured.

Run as `python -m kalshi_tui.cli.benches.frame_server COUNT MARKETS`; it prints its port, serves the same frames to each
connection, and ends after ten minutes or when its standard input closes.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator

from aiohttp import web

from kalshi_tui.cli.benches.frames import FrameMaker
from kalshi_tui.practice.frames import joined

LIFETIME_S = 600
TOGETHER = 50  # frames in a write, as a busy moment brings them
WRITE_AHEAD = 1 << 20  # bytes handed to the kernel before the server waits for the reader


def batched(frames: list[bytes], size: int) -> Iterator[list[bytes]]:
    """Yield the frames in groups."""
    return (frames[start : start + size] for start in range(0, len(frames), size))


async def serve(count: int, markets: int) -> None:
    """Listen on a free port, tell it, and serve until standard input closes."""
    maker = FrameMaker(markets)
    frames = [*maker.snapshots(), *maker.deltas(count)]
    pieces = [joined(part)[0] for part in batched(frames, TOGETHER)]

    async def stream(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False, writer_limit=WRITE_AHEAD)
        await socket.prepare(request)
        await socket.receive()  # the subscribe command; the answer is always the same
        await socket.send_str('{"id":1,"type":"subscribed","msg":{"channel":"orderbook_delta","sid":1}}')
        for piece in pieces:
            assert request.transport is not None  # noqa: S101 - it was there a line ago
            request.transport.write(piece)
            await socket.ping()  # waits until the reader has made room
        await socket.receive()
        return socket

    application = web.Application()
    application.router.add_get("/trade-api/ws/v2", stream)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)  # noqa: T201 - the port is this program's output
    await asyncio.wait_for(asyncio.to_thread(sys.stdin.read), LIFETIME_S)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
