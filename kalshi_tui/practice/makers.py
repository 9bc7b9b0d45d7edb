"""The house: makers who quote around a fair value and takers who hit them. They remember nothing but the book."""

from __future__ import annotations

import math
import random
from contextlib import suppress
from typing import TYPE_CHECKING

from kalshi_tui.core.units import PRICE_ONE, Price, Size
from kalshi_tui.practice.grids import rungs
from kalshi_tui.practice.records import Market, NewOrder, Refusal, Side, TimeInForce
from kalshi_tui.practice.worldfile import QuotesSpec, TakesSpec

if TYPE_CHECKING:
    from kalshi_tui.practice.exchange import Exchange

MAKERS = ("house-maker-1", "house-maker-2", "house-maker-3")
TAKERS = ("house-taker-1", "house-taker-2")
HOUSE = frozenset(MAKERS + TAKERS)
SIDES: tuple[Side, Side] = ("bid", "ask")
_TIGHTEST = 5.0  # price units
_QUEUE = 4  # orders a level, on average, before the last of a side are taken back
_BIGGEST = 50_000  # contracts in one order


def seeded_size(chance: random.Random, typical: float, fractional: float) -> Size:
    """Draw a size: many small, few big, mostly whole contracts and some such as 74.77."""
    contracts = min(typical * math.exp(chance.gauss(0.0, 0.8)), _BIGGEST)
    if chance.random() < fractional:
        return Size(max(int(contracts * 100), 1))
    return Size(max(int(contracts), 1) * 100)


class Standing:
    """The house's resting orders on one side of a market, best price first."""

    __slots__ = ("orders", "side", "sign")

    def __init__(self, market: Market, side: Side) -> None:
        self.side = side
        self.sign = -1 if side == "bid" else 1
        levels = market.bids if side == "bid" else market.asks
        self.orders = [
            (price, order.order_id, order.user_id)
            for price in sorted(levels, reverse=side == "bid")
            for order in levels[price].orders.values()
            if order.user_id in HOUSE
        ]

    def prices(self) -> list[int]:
        """Return the distinct prices, best first."""
        return list(dict.fromkeys(price for price, _, _ in self.orders))


class Mark:
    """Where the house wants to stand in a market: around fair value, wider where the outcome is open, as risk is."""

    __slots__ = ("centre", "market", "quotes", "row", "width")

    def __init__(self, market: Market, fair: float, quotes: QuotesSpec) -> None:
        self.market = market
        self.quotes = quotes
        self.row = rungs(market.bands)
        self.centre = fair * PRICE_ONE
        self.width = max(quotes.half_spread * PRICE_ONE * 2 * math.sqrt(max(fair * (1 - fair), 0.0)), _TIGHTEST)

    def best(self, side: Side) -> int:
        """Return the place of the best quote that the house wants to show."""
        if side == "bid":
            return self.row.at_or_below(self.centre - self.width)
        return self.row.at_or_above(self.centre + self.width)

    def is_wrong(self, standing: Standing, price: int) -> bool:
        """Tell whether a resting quote has come too near to fair value, or past it."""
        return (price - self.centre) * standing.sign < 0.4 * self.width

    def is_far(self, standing: Standing, price: int) -> bool:
        """Tell whether the best resting quote leaves room for a better one."""
        slack = 1 + (self.width > 2 * (self.row.prices[1] - self.row.prices[0]))
        return (self.row.at_or_below(price) - self.best(standing.side)) * standing.sign >= slack


class House:
    """Makers and takers of one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._random = exchange.random

    def join(self) -> None:
        """Open the house's accounts."""
        for user_id in MAKERS + TAKERS:
            self._exchange.open_account(cash=0, user_id=user_id, house=True)

    def stock(self, mark: Mark) -> None:
        """Fill an empty book with several levels each side."""
        for side in SIDES:
            at, sign = mark.best(side), 1 if side == "ask" else -1
            for level in range(mark.quotes.levels):
                self._place(mark, side, at)
                at += sign * (1 + (level > 0 and self._random.random() < 0.3))

    def correct(self, mark: Mark) -> None:
        """Take back quotes on the wrong side of fair value, then quote anew where the best has become too far.

        All taking back comes before all placing, so that the house never trades with its own stale quotes.
        """
        for standing in [self._withdraw(mark, side) for side in SIDES]:
            self._top_up(mark, standing)

    def refresh(self, mark: Mark) -> None:
        """Replace one order for a reason of its maker's own: another size, perhaps a step to the side."""
        standing = Standing(mark.market, self._random.choice(SIDES))
        best = mark.best(standing.side)
        if not standing.orders:
            self._place(mark, standing.side, best)
            return
        chosen = min(int(self._random.expovariate(0.6)), len(standing.orders) - 1)
        price, order_id, user_id = standing.orders[chosen]
        at = mark.row.at_or_below(price) + self._random.choice((-1, 0, 0, 0, 1))
        self._cancel(mark.market, user_id, order_id)
        self._place(mark, standing.side, max(at, best) if standing.side == "ask" else min(at, best))

    def take(self, market: Market, takes: TakesSpec, fractional: float) -> None:
        """Hit the best quote of a side, now and then through to the next prices."""
        side: Side = self._random.choice(SIDES)
        if not (market.asks if side == "bid" else market.bids):
            return
        row = rungs(market.bands)
        reach = self._random.choice((0, 0, 0, 0, 1, 2))
        at = row.at_or_below(market.best_ask) + reach if side == "bid" else row.at_or_below(market.best_bid) - reach
        price = row.prices[max(0, min(at, len(row.prices) - 1))]
        size = seeded_size(self._random, takes.size, fractional)
        self._send(self._random.choice(TAKERS), _order(market, side, price, size, "immediate_or_cancel"))

    def _withdraw(self, mark: Mark, side: Side) -> Standing:
        standing = Standing(mark.market, side)
        wrong = [one for one in standing.orders if mark.is_wrong(standing, one[0])]
        for _, order_id, user_id in wrong:
            self._cancel(mark.market, user_id, order_id)
        if wrong:
            standing.orders = [one for one in standing.orders if not mark.is_wrong(standing, one[0])]
        return standing

    def _top_up(self, mark: Mark, standing: Standing) -> None:
        prices = standing.prices()
        if not prices or mark.is_far(standing, prices[0]):
            self._place(mark, standing.side, mark.best(standing.side))
        elif len(prices) < mark.quotes.levels:
            away = standing.sign * self._random.choice((1, 1, 2))
            self._place(mark, standing.side, mark.row.at_or_below(prices[-1]) + away)
        if len(prices) > mark.quotes.levels + 1 or len(standing.orders) > _QUEUE * mark.quotes.levels:
            _, order_id, user_id = standing.orders[-1]
            self._cancel(mark.market, user_id, order_id)

    def _place(self, mark: Mark, side: Side, at: int) -> None:
        if 0 <= at < len(mark.row.prices):
            size = seeded_size(self._random, mark.quotes.size, mark.quotes.fractional)
            order = _order(mark.market, side, mark.row.prices[at], size, "good_till_canceled")
            self._send(self._random.choice(MAKERS), order)

    def _send(self, user_id: str, order: NewOrder) -> None:
        with suppress(Refusal):  # a pause between two looks; the next look sees it
            self._exchange.create(user_id, order)

    def _cancel(self, market: Market, user_id: str, order_id: str) -> None:
        with suppress(Refusal):  # as above
            self._exchange.cancel(user_id, order_id, ticker=market.ticker)


def _order(market: Market, side: Side, price: Price, size: Size, life: TimeInForce) -> NewOrder:
    return NewOrder(
        ticker=market.ticker, side=side, price=price, count=size, time_in_force=life, self_trade_prevention="maker"
    )
