"""Candlesticks of one market or of up to a hundred."""

from __future__ import annotations

from typing import Any, Final

from kalshi_tui.practice import refusals
from kalshi_tui.practice.candles import PERIODS, Candle
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.rest.call import Call
from kalshi_tui.practice.rest.market_data import series_of
from kalshi_tui.practice.rest.query import Query
from kalshi_tui.practice.rest.texts import price_text, size_text

Json = dict[str, Any]
Span = tuple[int, int, int]  # minutes, first and last second

_MARKETS_AT_ONCE: Final = 100
_CANDLES_AT_ONCE: Final = 10_000


def one_market(call: Call) -> Json:
    """Show the candles of one market."""
    span = _span(call.query)
    market = call.market(call.arguments["ticker"])
    if series_of(call.exchange, market) != call.arguments["series_ticker"]:
        raise refusals.no_such_market()
    early = bool(call.query.flag("include_latest_before_start"))
    candles = _candles(call.exchange, market.ticker, span, early=early)
    _check_number(call.query, len(candles))
    return {"ticker": market.ticker, "candlesticks": candles}


def many_markets(call: Call) -> Json:
    """Show the candles of several markets; unknown tickers are left out."""
    query = call.query
    span = _span(query)
    tickers = query.listed("market_tickers", most=_MARKETS_AT_ONCE)
    if not tickers:
        raise query.refusal("market_tickers is required")
    early = bool(query.flag("include_latest_before_start"))
    known = [ticker for ticker in tickers if ticker in call.exchange.markets]
    rows = [{"market_ticker": name, "candlesticks": _candles(call.exchange, name, span, early=early)} for name in known]
    _check_number(query, sum(len(row["candlesticks"]) for row in rows))
    return {"markets": rows}


def _span(query: Query) -> Span:
    start_s, end_s, minutes = query.needed("start_ts"), query.needed("end_ts"), query.needed("period_interval")
    if minutes not in PERIODS:
        raise query.refusal("period_interval must be 1, 60 or 1440")
    if end_s < start_s:
        raise query.refusal("end_ts must not lie before start_ts")
    return minutes, start_s, end_s


def _check_number(query: Query, number: int) -> None:
    if number > _CANDLES_AT_ONCE:
        raise query.refusal(f"the range holds more than {_CANDLES_AT_ONCE} candlesticks")


def _candles(exchange: Exchange, ticker: str, span: Span, *, early: bool) -> list[Json]:
    minutes, start_s, end_s = span
    found = [_candle(candle) for candle in exchange.candles(ticker, minutes, start_s, end_s)]
    if not early:
        return found
    before = exchange.candles(ticker, minutes, 0, start_s - 1)
    first_s = -(-start_s // (60 * minutes)) * 60 * minutes
    if not before or (found and found[0]["end_period_ts"] == first_s):
        return found
    return [_carried(before[-1], first_s), *found]


def _candle(candle: Candle) -> Json:
    return {
        "end_period_ts": candle.end_s,
        "yes_bid": _quotes(candle.bid_open, candle.bid_low, candle.bid_high, candle.bid_close),
        "yes_ask": _quotes(candle.ask_open, candle.ask_low, candle.ask_high, candle.ask_close),
        "price": _prices(candle),
        "volume_fp": size_text(candle.volume),
        "open_interest_fp": size_text(candle.open_interest),
    }


def _carried(candle: Candle, end_s: int) -> Json:
    """Encode the stand-in for what came before: no prices but the last one, carried to the first boundary."""
    last = candle.previous if candle.close is None else candle.close
    return {
        "end_period_ts": end_s,
        "yes_bid": _quotes(*[candle.bid_close] * 4),
        "yes_ask": _quotes(*[candle.ask_close] * 4),
        "price": {} if last is None else {"previous_dollars": price_text(last)},
        "volume_fp": size_text(0),
        "open_interest_fp": size_text(candle.open_interest),
    }


def _quotes(first: int, low: int, high: int, last: int) -> Json:
    texts = [price_text(price) for price in (first, low, high, last)]
    return dict(zip(("open_dollars", "low_dollars", "high_dollars", "close_dollars"), texts, strict=True))


def _prices(candle: Candle) -> Json:
    prices = {
        "open_dollars": candle.open,
        "low_dollars": candle.low,
        "high_dollars": candle.high,
        "close_dollars": candle.close,
        "mean_dollars": candle.mean,
        "previous_dollars": candle.previous,
        "min_dollars": candle.low,
        "max_dollars": candle.high,
    }
    return {name: price_text(price) for name, price in prices.items() if price is not None}
