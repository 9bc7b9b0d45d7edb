"""Publishes the views that somebody watches: ladders at one pace, lists at a slower one, and only what has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kalshi_tui.engine.pictures import Pictures, Sight
from kalshi_tui.link.keys import (
    FillsKey,
    Key,
    LadderKey,
    MarketKey,
    MarketsKey,
    NoticesKey,
    OrdersKey,
    PositionsKey,
    StatusKey,
    TicketKey,
    TradesKey,
    TradingKey,
    ValuesKey,
)
from kalshi_tui.link.views import View

if TYPE_CHECKING:
    from kalshi_tui.engine.kernel import Kernel

_OF_TRADING = (TicketKey, OrdersKey, FillsKey, PositionsKey, TradingKey)


class Publishing:
    """Who is watched, what was touched since, and whose turn it is."""

    def __init__(self, kernel: Kernel, pictures: Pictures) -> None:
        self._kernel = kernel
        self._pictures = pictures
        self.touched: dict[str, int] = {}  # books that changed since the last beat, and when
        self._ladders: dict[str, dict[Key, None]] = {}  # the watched keys of a market that follow its book
        self._lists: dict[Key, None] = {}  # the watched keys that are looked at each time
        self._trading: dict[Key, None] = {}  # of them those that are shown at once when an order changes
        showing = kernel.desk.showing
        self._lists_ms = 0
        self._makers: dict[type, Callable[[Any], View | None]] = {
            LadderKey: self._ladder,
            TradesKey: self._trades,
            MarketsKey: self._page,
            MarketKey: self._market,
            NoticesKey: self._notices,
            ValuesKey: lambda _: pictures.values(),
            StatusKey: lambda _: kernel.status.view(kernel),
            TicketKey: lambda key: kernel.desk.tickets.watched(key.number),
            OrdersKey: showing.orders,
            FillsKey: showing.fills,
            PositionsKey: lambda _: showing.positions(),
            TradingKey: lambda _: showing.trading(),
        }

    def watch(self, key: Key) -> None:
        """Publish a view from now on, at once for the first time."""
        if isinstance(key, LadderKey | TradesKey):
            self._ladders.setdefault(key.ticker, {})[key] = None
            self._kernel.following.needs.set(key, [key.ticker], self._kernel.now_ms)
        else:
            self._lists[key] = None
        if isinstance(key, _OF_TRADING):
            self._trading[key] = None
        if isinstance(key, TradesKey) and not self._kernel.store.log_of(key.ticker).has_past:
            self._kernel.asking.read_trades(key.ticker, self._kernel.now_ms)
        if isinstance(key, LadderKey | TradesKey | MarketKey):
            self._kernel.reading.learn([key.ticker])
        self._publish(key)

    def unwatch(self, key: Key) -> None:
        """Publish it no longer."""
        if isinstance(key, LadderKey | TradesKey):
            keys = self._ladders.get(key.ticker, {})
            keys.pop(key, None)
            if not keys:
                self._ladders.pop(key.ticker, None)
        self._lists.pop(key, None)
        self._trading.pop(key, None)
        self._kernel.following.needs.set(key, (), self._kernel.now_ms)
        self._kernel.board.forget(key)

    def watched(self) -> list[Key]:
        """Return what is watched."""
        return [*self._lists, *(key for keys in self._ladders.values() for key in keys)]

    def beat(self) -> None:
        """Publish what has changed and is due."""
        now_ms = self._kernel.now_ms
        self._kernel.store.heard.update(self.touched)
        touched = list(self.touched)
        self.touched.clear()
        for ticker in touched:
            for key in self._ladders.get(ticker, ()):
                self._publish(key)
        is_dirty = self._kernel.desk.take_dirty()
        for key in tuple(self._trading):
            if is_dirty or type(key) is TicketKey:
                self._publish(key)
        if now_ms - self._lists_ms >= self._kernel.rules.list_ms:
            self._lists_ms = now_ms
            for key in tuple(self._lists):
                self._publish(key)
            if self._kernel.status.polled_reason(now_ms):
                self._publish_ladders()

    def _publish_ladders(self) -> None:
        """Show polled books, whose changes touch nothing."""
        for keys in tuple(self._ladders.values()):
            for key in keys:
                self._publish(key)

    def _publish(self, key: Key) -> None:
        view = self._picture(key)
        if view is not None:
            self._kernel.board.publish(key, view)

    def _picture(self, key: Key) -> View | None:
        return self._makers[type(key)](key)

    def _ladder(self, key: LadderKey) -> View:
        return self._pictures.ladder(key, self._sight(key.ticker), self._kernel.reading.why_no_book(key.ticker))

    def _trades(self, key: TradesKey) -> View:
        return self._kernel.store.trades_view(key.ticker, key.count)

    def _page(self, key: MarketsKey) -> View:
        kernel = self._kernel
        polled_reason = kernel.status.polled_reason(kernel.now_ms)
        view = self._pictures.page(key, kernel.now_ms, kernel.reading.loading(), polled_reason)
        kernel.following.needs.set(key, [row.ticker for row in view.rows], kernel.now_ms)
        return view

    def _market(self, key: MarketKey) -> View | None:
        return self._pictures.market(key.ticker, self._kernel.now_ms)

    def _notices(self, key: NoticesKey) -> View:
        return self._kernel.notices.view(key.count)

    def _sight(self, ticker: str) -> Sight | None:
        if self._kernel.reading.is_absent(ticker):
            return None
        return self._pictures.sight(ticker, self._kernel.status.polled_reason(self._kernel.now_ms))
