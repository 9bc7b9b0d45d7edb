"""What is known of the markets now besides their books: top lines, trades, index and reference values."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Protocol

from msgspec import Struct

from kalshi_tui.core.book import Book
from kalshi_tui.core.events import BookReplaced, IndexSeen, TickerSeen, TradeSeen
from kalshi_tui.core.units import Price
from kalshi_tui.link.views import TradeRow, TradesView

TRADES_KEPT: Final = 200


class Reference(Struct, frozen=True, gc=False):
    """A value that markets are about, from outside of the exchange."""

    name: str
    value: Decimal
    about: str
    source_ms: int
    heard_ms: int


class Listed(Protocol):
    """Knows which markets there are."""

    def __contains__(self, ticker: str) -> bool:
        """Tell whether a market is one of them."""


@dataclass(slots=True)
class TradeLog:
    """The latest trades of one market, each once, by whatever way it came."""

    total: int = 0
    moved: int = 0
    has_past: bool = False
    rows: deque[TradeRow] = field(default_factory=lambda: deque(maxlen=TRADES_KEPT))
    _heard_out: int = 0  # how many had come when some may have been missed
    _ids: deque[str] = field(default_factory=lambda: deque(maxlen=TRADES_KEPT))

    def add(self, trade: TradeSeen) -> None:
        """Add a trade, and note whether it was above or below the one before."""
        if trade.trade_id in self._ids:
            return
        if self.rows:
            before = self.rows[-1].price
            self.moved = (trade.price > before) - (trade.price < before)
        self.total += 1
        self._ids.append(trade.trade_id)
        self.rows.append(TradeRow(self.total, trade.price, trade.size, trade.taker_side, trade.is_block, trade.ts_ms))

    def miss(self) -> None:
        """Take note that trades may pass unheard now: what is known so far no longer joins on to what comes."""
        self.has_past, self._heard_out = False, self.total

    def add_past(self, trades: Iterable[TradeSeen]) -> None:
        """Put trades from before we listened, newest first, in front of those that came since."""
        self.has_past = True
        while self.rows and self.rows[0].number <= self._heard_out:
            self.rows.popleft()
            self._ids.popleft()
        older = [trade for trade in trades if trade.trade_id not in self._ids]
        for number, trade in enumerate(older[: TRADES_KEPT - len(self.rows)]):
            row = TradeRow(-number, trade.price, trade.size, trade.taker_side, trade.is_block, trade.ts_ms)
            self._ids.appendleft(trade.trade_id)
            self.rows.appendleft(row)


@dataclass(slots=True)
class Store:
    """The latest of everything, by name."""

    quotes: dict[str, TickerSeen] = field(default_factory=dict)
    trades: dict[str, TradeLog] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)  # when a book last changed, by the receiver's clock
    polled: dict[str, Book] = field(default_factory=dict)
    indexes: dict[str, tuple[IndexSeen, int]] = field(default_factory=dict)
    references: dict[str, Reference] = field(default_factory=dict)

    def trade(self, trade: TradeSeen) -> None:
        """Take a public trade."""
        self.log_of(trade.ticker).add(trade)

    def log_of(self, ticker: str) -> TradeLog:
        """Return a market's trades, as far as they are known."""
        log = self.trades.get(ticker)
        if log is None:
            log = self.trades[ticker] = TradeLog()
        return log

    def poll(self, image: BookReplaced) -> None:
        """Take a book that was read over REST."""
        self.polled.setdefault(image.ticker, Book(image.ticker)).replace(image.bids, image.asks)

    def last_price(self, ticker: str) -> Price | None:
        """Return what a market last traded at, as far as the stream has told."""
        log = self.trades.get(ticker)
        if log is not None and log.rows:
            return log.rows[-1].price
        quote = self.quotes.get(ticker)
        return None if quote is None else quote.last_price

    def trades_view(self, ticker: str, count: int) -> TradesView:
        """Return the newest trades of a market, newest first."""
        log = self.trades.get(ticker)
        if log is None:
            return TradesView(ticker, 0, ())
        return TradesView(ticker, log.total, tuple(list(log.rows)[: -count - 1 : -1]))

    def forget(self, tickers: Iterable[str], *, with_quotes: bool) -> None:
        """Drop what belongs to markets that are followed no longer: it would grow old without a sign of it."""
        for ticker in tickers:
            for kept in (self.trades, self.heard, self.polled):
                kept.pop(ticker, None)
            if with_quotes:
                self.quotes.pop(ticker, None)

    def keep_only(self, followed: Listed, listed: Listed) -> None:
        """Drop what came too late to be forgotten, and the top lines of markets that are listed no longer."""
        for kept, stays in (
            (self.trades, followed),
            (self.heard, followed),
            (self.polled, followed),
            (self.quotes, listed),
        ):
            for ticker in [ticker for ticker in kept if ticker not in stays]:
                del kept[ticker]
