"""A practice exchange under load, in a process of its own: house orders come and go as fast as it is told.

Run as `python -m kalshi_tui.cli.benches.busy_exchange CHANGES_PER_SECOND KEY_FILE`; it prints its addresses as JSON and
ends after ten minutes or when its standard input closes.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections import deque
from pathlib import Path
from random import Random

from kalshi_tui.core.units import PRICE_ONE, Price, Size
from kalshi_tui.practice.desk import Desk, open_desk
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.records import Bucket, NewOrder, Side
from kalshi_tui.practice.server import serve

LIFETIME_S = 600
MARKETS = 200
STANDING = 2_000  # orders of the storm that rest at a time
BEAT_MS = 5


class Storm:
    """One house account whose orders are placed and cancelled in turn, so that each makes one change of a book."""

    def __init__(self, exchange: Exchange, changes_per_s: int) -> None:
        """Begin at once."""
        self._exchange = exchange
        self._random = Random(1)
        self._user = exchange.open_account(cash=0, house=True).user_id
        # Far from the edges, so that orders there change books and hardly ever trade.
        self._tickers = [t for t, m in exchange.markets.items() if m.best_bid > 2_000 and m.best_ask < 8_000]
        self._standing: deque[str] = deque()
        self._changes = max(changes_per_s * BEAT_MS // 1000, 1)
        self._beat()

    def _beat(self) -> None:
        for _ in range(self._changes):
            if len(self._standing) > STANDING:
                self._exchange.cancel(self._user, self._standing.popleft())
            else:
                self._standing.append(self._place())
        self._exchange.schedule(self._exchange.now_ms + BEAT_MS, self._beat)

    def _place(self) -> str:
        side: Side = "bid" if self._random.random() < 0.5 else "ask"
        away = self._random.randrange(100, 600, 100)
        order = NewOrder(
            ticker=self._random.choice(self._tickers),
            side=side,
            price=Price(away if side == "bid" else PRICE_ONE - away),
            count=Size(self._random.randrange(100, 20_000)),
            time_in_force="good_till_canceled",
            self_trade_prevention="taker_at_cross",
        )
        return self._exchange.create(self._user, order).order.order_id


def furnish(desk: Desk) -> None:
    """Give the member the budget of the highest tier, so that the server is measured and not the limit."""
    account = desk.exchange.accounts[desk.user_id]
    account.read, account.write = Bucket(10_000, 20_000, 20_000.0), Bucket(8_000, 16_000, 16_000.0)


async def run(changes_per_s: int, key_file: Path) -> None:
    """Open the desk, let the storm loose and serve."""
    desk = open_desk(
        start_ms=time.time_ns() // 1_000_000,
        seed=1,
        markets=MARKETS,
        cash=10**12,
        key_pem=key_file.read_bytes(),  # noqa: ASYNC240 - before anything is served
    )
    furnish(desk)
    if changes_per_s:
        Storm(desk.exchange, changes_per_s)
    gc.freeze()
    running = await serve(desk)
    place = {"rest_url": running.rest_url, "ws_url": running.ws_url, "reference_url": running.reference_url}
    print(json.dumps({**place, "key_id": desk.key_id, "key_file": str(key_file)}), flush=True)  # noqa: T201 - its output
    await asyncio.wait_for(asyncio.to_thread(sys.stdin.read), LIFETIME_S)
    await running.close()


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), Path(sys.argv[2])))
