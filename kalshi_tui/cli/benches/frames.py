"""Order-book frames as Kalshi sends them, made from a seed: few busy markets, many quiet ones, mostly at the touch."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from kalshi_tui.core.units import Price, Size, format_price, format_size

_LEVELS = 26
_NOW_MS = 1_790_000_000_000


class FrameMaker:
    """Makes one subscription's snapshots and a run of deltas: orders that come, and go as they came."""

    def __init__(self, markets: int, seed: int = 1, tickers: Sequence[str] = ()) -> None:
        """Make frames of so many markets, named by `tickers` where these are given."""
        self._random = Random(seed)
        self.now_ms = _NOW_MS  # what the next frames say of when they were sent
        self.tickers = list(tickers[:markets]) or [f"KXBENCH-26DEC31-T{number}.00" for number in range(markets)]
        self._seq = 0
        self._clock = 1_000_000
        self._sides = [self._make_sides() for _ in self.tickers]
        self._weights = [1 / (rank + 1) for rank in range(len(self.tickers))]

    def _make_sides(self) -> dict[str, dict[int, list[int]]]:
        touch = self._random.randrange(3_000, 7_000, 100)
        prices = {
            "yes": range(touch, touch - 100 * _LEVELS, -100),
            "no": range(touch + 100, touch + 100 * _LEVELS, 100),
        }
        return {
            side: {price: [self._size() for _ in range(3)] for price in own if 0 < price < 10_000}
            for side, own in prices.items()
        }

    def _size(self) -> int:
        """Return an order's size: often a round number of contracts, mostly a small one, now and then a fraction."""
        chance = self._random.random()
        if chance < 0.5:
            return self._random.choice((1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1_000)) * 100
        whole = int(self._random.lognormvariate(3.5, 1.2)) + 1
        return whole * 100 if chance < 0.97 else whole * 100 + self._random.randrange(1, 100)

    def snapshots(self) -> list[bytes]:
        """Return one snapshot a market, in YES prices."""
        return [self._snapshot(number) for number in range(len(self.tickers))]

    def _snapshot(self, number: int) -> bytes:
        self._seq += 1
        sides = ",".join(
            f'"{side}_dollars_fp":['
            + ",".join(
                f'["{format_price(Price(p))}","{format_size(Size(sum(s)))}"]' for p, s in sorted(levels.items()) if s
            )
            + "]"
            for side, levels in self._sides[number].items()
        )
        return (
            f'{{"type":"orderbook_snapshot","sid":1,"seq":{self._seq},"sending_ts_ms":{self.now_ms},"msg":{{"market_ticker":'
            f'"{self.tickers[number]}","market_id":"{self._market_id(number)}","clock":{self._clock},{sides}}}}}'
        ).encode()

    def deltas(self, count: int) -> list[bytes]:
        """Return `count` deltas, four in five of them at or near the touch."""
        numbers = self._random.choices(range(len(self.tickers)), self._weights, k=count)
        return [self._delta(number) for number in numbers]

    def _delta(self, number: int) -> bytes:
        side = self._random.choice(("yes", "no"))
        levels = self._sides[number][side]
        ranked = sorted(levels, reverse=side == "yes")
        price = ranked[self._random.randrange(3 if self._random.random() < 0.8 else _LEVELS) % len(ranked)]
        orders = levels[price]
        if orders and self._random.random() < 0.5:
            change = -orders.pop(self._random.randrange(len(orders)))
        else:
            change = self._size()
            orders.append(change)
        self._seq += 1
        self._clock += self._random.randrange(1, 4)
        return (
            f'{{"type":"orderbook_delta","sid":1,"seq":{self._seq},"sending_ts_ms":{self.now_ms},"msg":{{"market_ticker":'
            f'"{self.tickers[number]}","market_id":"{self._market_id(number)}","clock":{self._clock},"price_dollars":'
            f'"{format_price(Price(price))}","delta_fp":"{format_size(Size(change))}","side":"{side}","ts_ms":{self.now_ms}}}}}'
        ).encode()

    @staticmethod
    def _market_id(number: int) -> str:
        return f"9b0f6b43-5b68-4f9f-9f02-{number:012d}"
