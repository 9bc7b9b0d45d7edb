"""A market's closes, pauses and settlement, and the exchange's pauses, as they touch paper orders."""

from __future__ import annotations

from functools import partial
from typing import Final

from kalshi_tui.core.markets import Market, MarketStatus
from kalshi_tui.engine.paper.floor import Floor
from kalshi_tui.protocol.rest.exchange import ExchangeStatus

_OVER: Final = frozenset(
    {
        MarketStatus.CLOSED,
        MarketStatus.DETERMINED,
        MarketStatus.DISPUTED,
        MarketStatus.AMENDED,
        MarketStatus.FINALIZED,
    }
)


def market_changed(floor: Floor, market: Market) -> None:
    """Take a market as the venue now describes it: a close cancels, a pause that ends cancels, a result pays."""
    old = floor.markets.get(market.ticker)
    floor.markets[market.ticker] = market
    if old is not None and (old.status, market.status) == (MarketStatus.INACTIVE, MarketStatus.ACTIVE):
        floor.cancel(floor.resting_in(market.ticker), "HaltCancel")
    if market.close_ms > floor.now_ms and (old is None or old.close_ms != market.close_ms):
        floor.agenda.put(market.close_ms, partial(close_if_over, floor, market.ticker))
    close_if_over(floor, market.ticker)
    if market.status is MarketStatus.FINALIZED:
        _settle(floor, market)


def close_if_over(floor: Floor, ticker: str) -> None:
    """Cancel a market's orders once its trading is over; a close that was moved leaves its old alarm behind."""
    if floor.markets[ticker].status_at(floor.now_ms) in _OVER:
        floor.cancel(floor.resting_in(ticker), "CloseCancel")


def exchange_changed(floor: Floor, status: ExchangeStatus) -> None:
    """Take the exchange's state: a pause cancels the orders that asked not to sit through one."""
    floor.exchange = status
    for order in list(floor.working.values()):
        if order.cancel_on_pause and not floor.is_trading_on(order.exchange_index):
            floor.cancel([order], "HaltCancel")


def _settle(floor: Floor, market: Market) -> None:
    settlement = floor.purse.settle(market, floor.now_ms)
    if settlement is not None:
        floor.news.append(settlement)
        floor.news.append(floor.purse.holding(market.ticker).seen())
