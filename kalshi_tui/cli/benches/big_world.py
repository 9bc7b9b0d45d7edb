"""Opens a world of so many markets, from start-up to listening, and tells how long it took and what it holds.

Run as `python -m kalshi_tui.cli.benches.big_world MARKETS`.
"""

from __future__ import annotations

import time

STARTED = time.monotonic()  # before the imports, because a person waits for them too

import asyncio  # noqa: E402 - as above
import json  # noqa: E402 - as above
import resource  # noqa: E402 - as above
import sys  # noqa: E402 - as above

from kalshi_tui.practice.desk import open_desk  # noqa: E402 - as above
from kalshi_tui.practice.server import serve  # noqa: E402 - as above


async def run(markets: int) -> None:
    """Open, tell, close."""
    desk = open_desk(start_ms=time.time_ns() // 1_000_000, seed=1, markets=markets)
    running = await serve(desk)
    seconds = time.monotonic() - STARTED
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "mib": mib, "markets": len(desk.exchange.markets)}), flush=True)  # noqa: T201
    await running.close()


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1])))
