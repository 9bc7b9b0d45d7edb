"""`bench socket`: CPU time to receive a frame over loopback and bring its book up to date, by each transport."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from kalshi_tui.adapters.websocket import WebsocketsTransport
from kalshi_tui.cli.benches.children import child
from kalshi_tui.cli.benches.frames import FrameMaker
from kalshi_tui.cli.benches.hot_path import NOW_MS, follow_all, open_stream
from kalshi_tui.cli.benches.report import ROUNDS, Report, Target, cpu_seconds, middle, report
from kalshi_tui.engine.ports import StreamTransport
from kalshi_tui.errors import ConfigError
from kalshi_tui.protocol.stream import Stream

MARKETS = 200
DELTAS = 60_000
PATIENCE_S = 60.0


def measure(say: Callable[[str], None]) -> Report:
    """Receive the same frames with each transport in turn, round after round."""
    transports = installed()
    seconds: dict[str, list[float]] = {name: [] for name in (*transports, "no_socket")}
    with child("frame_server", str(DELTAS), str(MARKETS)) as port:
        address = f"ws://127.0.0.1:{int(port)}"
        for number in range(ROUNDS):
            say(f"round {number + 1} of {ROUNDS}: {', '.join(transports)}")
            seconds["no_socket"].append(without_socket())
            for name, make in transports.items():
                seconds[name].append(asyncio.run(receive_all(make(address))))
    figures = {f"{name}_us_per_frame": middle(values) / DELTAS * 1e6 for name, values in seconds.items()}
    targets = {}
    if "picows" in transports:
        pairs = zip(seconds["picows"], seconds["websockets"], strict=True)
        figures["picows_to_websockets"] = middle([fast / plain for fast, plain in pairs])
        targets["picows_to_websockets"] = Target(at_most=0.5)
    return report("socket", figures, targets)


def installed() -> dict[str, Callable[[str], StreamTransport]]:
    """Return the transports that can be used here."""
    found: dict[str, Callable[[str], StreamTransport]] = {"websockets": WebsocketsTransport}
    try:
        from kalshi_tui.adapters.fast import PicowsTransport  # noqa: PLC0415 - an extra that may be missing
    except ConfigError:
        return found
    return {**found, "picows": PicowsTransport}


def without_socket() -> float:
    """Return the CPU time that the same frames cost when they are already here: the floor of every transport."""
    maker = FrameMaker(MARKETS)
    stream = open_stream(maker, maker.snapshots())
    deltas = maker.deltas(DELTAS)
    return cpu_seconds(lambda: follow_all(stream, deltas))


async def receive_all(transport: StreamTransport) -> float:
    """Return the CPU time of this thread from the first frame to the last, books included."""
    stream = Stream(use_yes_price=True, tells_changes=False)
    stream.want("orderbook_delta", tickers=FrameMaker(MARKETS).tickers)
    connection = await transport.connect({})
    stream.connected(NOW_MS)
    start = time.thread_time()
    for command in stream.outgoing():
        await connection.send(command)
    expected = 1 + MARKETS + DELTAS
    async with asyncio.timeout(PATIENCE_S):
        while expected > 0:
            frames = await connection.receive()
            expected -= len(frames)
            stream.receive_all(frames, NOW_MS, lambda _: None)
    used = time.thread_time() - start
    await connection.close()
    if stream.counters.gaps or stream.counters.malformed:
        raise AssertionError("the measurement's own frames were not understood")
    return used
