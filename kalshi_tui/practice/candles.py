"""Candles of 1, 60 and 1,440 minutes: prices traded and the best quotes, for the stretches in which something moved."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from itertools import dropwhile, takewhile
from typing import Final

from kalshi_tui.practice.happenings import BookChanged, Happening, Traded
from kalshi_tui.practice.records import Market
from kalshi_tui.practice.rules import Rules

PERIODS: Final = (1, 60, 1440)  # minutes


@dataclass(slots=True)
class Candle:
    """One market over one period; trade prices are None when nothing traded, quotes are carried over.

    A bid of 0 and an ask of 10,000 mean that there was none.
    """

    end_s: int  # the period's last moment, included
    bid_open: int
    bid_high: int
    bid_low: int
    bid_close: int
    ask_open: int
    ask_high: int
    ask_low: int
    ask_close: int
    open: int | None
    high: int | None
    low: int | None
    close: int | None
    previous: int | None  # the last price traded before this period
    volume: int  # size
    dollar_volume: int  # money
    open_interest: int  # size, at the end

    @property
    def mean(self) -> int | None:
        """Return the mean price by volume, rounded down to a price."""
        return self.dollar_volume // self.volume if self.volume else None


def _fresh(end_s: int, bid: int, ask: int, previous: int | None, open_interest: int) -> Candle:
    quotes = (bid, bid, bid, bid, ask, ask, ask, ask)
    return Candle(end_s, *quotes, None, None, None, None, previous, 0, 0, open_interest)


def _trade(candle: Candle, price: int, size: int) -> None:
    if candle.open is None or candle.high is None or candle.low is None:
        candle.open = candle.high = candle.low = price
    candle.close = price
    candle.high = max(candle.high, price)
    candle.low = min(candle.low, price)
    candle.volume += size
    candle.dollar_volume += price * size


def _quote(candle: Candle, bid: int, ask: int) -> None:
    if bid != candle.bid_close:
        candle.bid_close = bid
        candle.bid_high = max(candle.bid_high, bid)
        candle.bid_low = min(candle.bid_low, bid)
    if ask != candle.ask_close:
        candle.ask_close = ask
        candle.ask_high = max(candle.ask_high, ask)
        candle.ask_low = min(candle.ask_low, ask)


def _fold(into: Candle, later: Candle) -> None:
    """Add a later, shorter candle to a longer one."""
    into.bid_high, into.bid_low = max(into.bid_high, later.bid_high), min(into.bid_low, later.bid_low)
    into.ask_high, into.ask_low = max(into.ask_high, later.ask_high), min(into.ask_low, later.ask_low)
    into.bid_close, into.ask_close = later.bid_close, later.ask_close
    if later.high is not None and later.low is not None:
        into.open = later.open if into.open is None else into.open
        into.high = later.high if into.high is None else max(into.high, later.high)
        into.low = later.low if into.low is None else min(into.low, later.low)
        into.close = later.close
    into.volume += later.volume
    into.dollar_volume += later.dollar_volume
    into.open_interest = later.open_interest


def _end_s(at_s: int, minutes: int) -> int:
    return -(-at_s // (60 * minutes)) * 60 * minutes


class _Shelf:
    """Finished candles of one period, by market, bounded over all markets."""

    def __init__(self, minutes: int, cap: int) -> None:
        self.minutes = minutes
        self._cap = cap
        self._by_ticker: dict[str, deque[Candle]] = {}
        self._order: deque[str] = deque()

    def of(self, ticker: str) -> deque[Candle]:
        """Return a market's candles, oldest first; the newest may still grow."""
        return self._by_ticker.get(ticker) or deque()

    def add(self, ticker: str, minute: Candle) -> None:
        """Fold a finished minute in."""
        candles = self._by_ticker.setdefault(ticker, deque())
        end_s = _end_s(minute.end_s, self.minutes)
        if candles and candles[-1].end_s == end_s:
            _fold(candles[-1], minute)
            return
        candles.append(replace(minute, end_s=end_s))
        self._order.append(ticker)
        if len(self._order) > self._cap and (oldest := self._by_ticker.get(self._order.popleft())):
            oldest.popleft()

    def forget(self, ticker: str) -> None:
        """Let go of a market; its places in the bound are freed as they come up."""
        self._by_ticker.pop(ticker, None)


class Candles:
    """The running minute of each market, and the shelves of what is finished."""

    def __init__(self, rules: Rules) -> None:
        self._running: dict[str, Candle] = {}
        caps = (rules.keep_candles, rules.keep_candles // 4, rules.keep_candles // 4)
        self._shelves = {minutes: _Shelf(minutes, cap) for minutes, cap in zip(PERIODS, caps, strict=True)}

    def hear(self, happening: Happening) -> None:
        """Follow quotes and trades."""
        if type(happening) is BookChanged:
            market = happening.market
            _quote(self._at(market, happening.ts_ms), market.best_bid, market.best_ask)
        elif type(happening) is Traded:
            trade, market = happening.trade, happening.market
            candle = self._at(market, trade.ts_ms)
            _trade(candle, trade.price, trade.count)
            candle.open_interest = market.open_interest

    def _at(self, market: Market, now_ms: int) -> Candle:
        last = self._running.get(market.ticker)
        if last is not None and now_ms <= last.end_s * 1000:
            return last
        end_s = _end_s(-(-now_ms // 1000), 1)
        if last is None:
            candle = _fresh(end_s, market.best_bid, market.best_ask, None, market.open_interest)
        else:
            for shelf in self._shelves.values():
                shelf.add(market.ticker, last)
            previous = last.previous if last.close is None else last.close
            candle = _fresh(end_s, last.bid_close, last.ask_close, previous, last.open_interest)
        self._running[market.ticker] = candle
        return candle

    def forget(self, ticker: str) -> None:
        """Let go of a market."""
        self._running.pop(ticker, None)
        for shelf in self._shelves.values():
            shelf.forget(ticker)

    def between(self, ticker: str, minutes: int, start_s: int, end_s: int) -> list[Candle]:
        """Return the candles that end in [start_s, end_s], oldest first, the unfinished one included."""
        candles = list(self._shelves[minutes].of(ticker))
        running = self._running.get(ticker)
        if running is not None:
            last_s = _end_s(running.end_s, minutes)
            if candles and candles[-1].end_s == last_s:
                candles[-1] = replace(candles[-1])
                _fold(candles[-1], running)
            else:
                candles.append(replace(running, end_s=last_s))
        wanted = dropwhile(lambda candle: candle.end_s < start_s, candles)
        return list(takewhile(lambda candle: candle.end_s <= end_s, wanted))
