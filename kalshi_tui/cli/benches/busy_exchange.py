"""A practice exchange under load, in a process of its own: house orders come and go as fast as it is told.

Run as `python -m kalshi_tui.cli.benches.busy_exchange CHANGES_PER_SECOND KEY_FILE MARKETS WHERE`. Orders rest `behind`
the best prices, anywhere; or `at` them, so that each changes the market's top line as well; or `around` them, mostly in
the markets that a list shows first. It prints its addresses and some of its markets as JSON, and ends after ten minutes
or when its standard input closes.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections import deque
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from random import Random

from kalshi_tui.core.units import PRICE_ONE, Price, Size
from kalshi_tui.practice.desk import Desk, open_desk
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.records import Bucket, Market, NewOrder, Refusal, Side
from kalshi_tui.practice.server import serve

LIFETIME_S = 600
STEPS = {"behind": range(1, 6), "at": range(1), "around": range(6)}
TOLD = 500  # markets by name
STANDING = 2_000  # orders of the storm that rest at a time
BEAT_MS = 1  # a feed hands over few frames at a time, and often
CENT = 100


class Storm:
    """One house account whose orders are placed and cancelled in turn, so that each makes one change of a book."""

    def __init__(self, exchange: Exchange, changes_per_s: int, where: str) -> None:
        """Begin at once."""
        self._exchange = exchange
        self._random = Random(1)
        self._user = exchange.open_account(cash=0, house=True).user_id
        self._steps = STEPS[where]
        markets = [market for market in exchange.markets.values() if self._sides(market)]
        if where == "around":
            markets.sort(key=lambda market: (market.event_ticker, market.ticker))
        self._tickers = [market.ticker for market in markets]
        self._weights = list(accumulate(1 / (rank + 1 if where == "around" else 1) for rank in range(len(markets))))
        self._standing: deque[str] = deque()
        self._every_ms = max(BEAT_MS, 1000 // changes_per_s)
        self._changes = max(changes_per_s * self._every_ms // 1000, 1)
        self._beat()

    def _beat(self) -> None:
        for _ in range(self._changes):
            if len(self._standing) > STANDING:
                with suppress(Refusal):  # the crowd has bought it, or its market has closed
                    self._exchange.cancel(self._user, self._standing.popleft())
            else:
                self._place()
        self._exchange.schedule(self._exchange.now_ms + self._every_ms, self._beat)

    def _sides(self, market: Market) -> list[Side]:
        """Return where an order has room to rest; one that met another would be a trade."""
        sides: list[Side] = []
        if market.best_bid > self._steps.stop * CENT:
            sides.append("bid")
        if 0 < market.best_ask < PRICE_ONE - self._steps.stop * CENT:
            sides.append("ask")
        return sides

    def _place(self) -> None:
        (ticker,) = self._random.choices(self._tickers, cum_weights=self._weights)
        market = self._exchange.markets[ticker]
        sides = self._sides(market) if market.status == "active" else []
        if not sides:
            return  # its prices have moved to the edge, or it has closed
        side = self._random.choice(sides)
        order = NewOrder(
            ticker=market.ticker,
            side=side,
            price=self._price(market, side),
            count=Size(self._random.randrange(100, 20_000)),
            time_in_force="good_till_canceled",
            self_trade_prevention="taker_at_cross",
        )
        self._standing.append(self._exchange.create(self._user, order).order.order_id)

    def _price(self, market: Market, side: Side) -> Price:
        best = market.best_bid if side == "bid" else market.best_ask
        away = self._random.choice(self._steps)
        if not away:
            return Price(best)
        whole = best // CENT if side == "bid" else -(-best // CENT)  # whole cents are on every market's grid
        return Price(CENT * (whole - away if side == "bid" else whole + away))


def furnish(desk: Desk) -> None:
    """Give the member the budget of the highest tier, so that the server is measured and not the limit."""
    account = desk.exchange.accounts[desk.user_id]
    account.read, account.write = Bucket(10_000, 20_000, 20_000.0), Bucket(8_000, 16_000, 16_000.0)


async def run(changes_per_s: int, key_file: Path, markets: int, where: str) -> None:
    """Open the desk, let the storm loose and serve."""
    desk = open_desk(
        start_ms=time.time_ns() // 1_000_000,
        seed=1,
        markets=markets,
        cash=10**12,
        key_pem=key_file.read_bytes(),  # noqa: ASYNC240 - before anything is served
    )
    furnish(desk)
    if changes_per_s:
        Storm(desk.exchange, changes_per_s, where)
    gc.freeze()
    running = await serve(desk)
    place = {"rest_url": running.rest_url, "ws_url": running.ws_url, "reference_url": running.reference_url}
    told = {**place, "key_id": desk.key_id, "key_file": str(key_file), "tickers": list(desk.exchange.markets)[:TOLD]}
    print(json.dumps(told), flush=True)  # noqa: T201 - its output
    await asyncio.wait_for(asyncio.to_thread(sys.stdin.read), LIFETIME_S)
    await running.close()


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
