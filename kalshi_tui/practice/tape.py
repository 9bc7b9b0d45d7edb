"""The trades that are kept, and each market's figures of the last 24 hours."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from kalshi_tui.practice.happenings import BookChanged, Happening, Traded
from kalshi_tui.practice.records import Market, Trade
from kalshi_tui.practice.rules import Rules

_MINUTE: Final = 60_000
_HOUR: Final = 3_600_000
_DAY: Final = 86_400_000


class Tape:
    """Trades by market and over all markets, oldest first, both bounded; volumes and quotes of a day ago.

    The day's volume is counted in whole minutes and yesterday's quotes in whole hours: exact enough to show, and it
    costs one dictionary entry per market and minute instead of one per trade.
    """

    def __init__(self, rules: Rules, markets: Mapping[str, Market], now_ms: int) -> None:
        self._rules = rules
        self._markets = markets
        self._all: deque[Trade] = deque()
        self._by_ticker: dict[str, deque[Trade]] = {}
        self._minute_ms = now_ms // _MINUTE * _MINUTE
        self._volume: dict[str, int] = {}  # of the running minute
        self._minutes: deque[tuple[int, dict[str, int]]] = deque()
        self._touched: dict[str, Market] = {}  # in the running hour
        self._hours: deque[tuple[int, dict[str, tuple[int, int, int]]]] = deque()

    def hear(self, happening: Happening) -> None:
        """Keep a trade; remember which markets moved."""
        if type(happening) is BookChanged:
            self._touched[happening.market.ticker] = happening.market
        elif type(happening) is Traded:
            self._keep(happening.trade)
            market = happening.market
            self._volume[market.ticker] = self._volume.get(market.ticker, 0) + happening.trade.count
            market.volume_24h += happening.trade.count

    def _keep(self, trade: Trade) -> None:
        trades = self._by_ticker.get(trade.ticker)
        if trades is None:
            trades = self._by_ticker[trade.ticker] = deque(maxlen=self._rules.keep_trades_per_market)
        trades.append(trade)
        self._all.append(trade)
        if len(self._all) > self._rules.keep_trades:
            oldest = self._all.popleft()
            kept = self._by_ticker.get(oldest.ticker)
            if kept and kept[0] is oldest:  # its own market may have dropped it already
                kept.popleft()

    def forget(self, ticker: str) -> None:
        """Let go of a market; what it added to the trades of all markets leaves with time."""
        self._by_ticker.pop(ticker, None)
        self._touched.pop(ticker, None)

    def trades_of(self, ticker: str) -> Sequence[Trade]:
        """Return a market's kept trades, oldest first."""
        return self._by_ticker.get(ticker, ())

    def recent(self) -> Sequence[Trade]:
        """Return the kept trades of all markets, oldest first."""
        return self._all

    def advance(self, now_ms: int) -> None:
        """Let what is older than a day leave the day's figures."""
        if now_ms < self._minute_ms + _MINUTE:
            return
        if self._volume:
            self._minutes.append((self._minute_ms, self._volume))
            self._volume = {}
        if now_ms // _HOUR != self._minute_ms // _HOUR and self._touched:
            quotes = {t: (m.best_bid, m.best_ask, m.last_price) for t, m in self._touched.items()}
            self._hours.append(((self._minute_ms // _HOUR + 1) * _HOUR, quotes))
            self._touched = {}
        self._minute_ms = now_ms // _MINUTE * _MINUTE
        self._forget(now_ms - _DAY)

    def _forget(self, day_ago_ms: int) -> None:
        while self._minutes and self._minutes[0][0] + _MINUTE <= day_ago_ms:
            for ticker, size in self._minutes.popleft()[1].items():
                if ticker in self._markets:
                    self._markets[ticker].volume_24h -= size
        while self._hours and self._hours[0][0] <= day_ago_ms:
            for ticker, (bid, ask, price) in self._hours.popleft()[1].items():
                market = self._markets.get(ticker)
                if market is not None:
                    market.previous_bid, market.previous_ask, market.previous_price = bid, ask, price
