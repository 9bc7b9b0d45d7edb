"""Series, events, markets, books, trades and candles as the JSON objects of Kalshi's market data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kalshi_tui.core.units import PRICE_ONE
from kalshi_tui.practice.records import Event, FeeChange, Level, Market, Series, Trade
from kalshi_tui.practice.rest.texts import NO_MONEY, multiplier, price_text, size_text, time_text

Json = dict[str, Any]


def series_json(series: Series, volume: int | None = None) -> Json:
    """Encode a series; its volume only when it was asked for."""
    value: Json = {
        "ticker": series.ticker,
        "frequency": series.frequency,
        "title": series.title,
        "category": series.category,
        "categories": [series.category],
        "tags": list(series.tags),
        "settlement_sources": _sources(series),
        "contract_url": series.contract_url,
        "contract_terms_url": series.contract_terms_url,
        "fee_type": series.fee_type,
        "fee_multiplier": multiplier(series.fee_multiplier),
        "additional_prohibitions": [],
        "last_updated_ts": time_text(series.last_updated_ms),
        "exchange_index": series.exchange_index,
    }
    return value if volume is None else value | {"volume_fp": size_text(volume)}


def event_json(event: Event, series: Series) -> Json:
    """Encode an event without its markets; keys of what is not set are left out."""
    value: Json = {
        "event_ticker": event.ticker,
        "series_ticker": event.series_ticker,
        "title": event.title,
        "sub_title": event.sub_title,
        "collateral_return_type": event.collateral_return_type,
        "mutually_exclusive": event.mutually_exclusive,
        "category": event.category or series.category,
        "settlement_sources": _sources(series),
        "last_updated_ts": time_text(event.last_updated_ms),
        "exchange_index": event.exchange_index,
    }
    if event.strike_ms is not None:
        value["strike_date"] = time_text(event.strike_ms)
    if event.strike_period is not None:
        value["strike_period"] = event.strike_period
    if event.fee_type_override is not None:
        value["fee_type_override"] = event.fee_type_override
    if event.fee_multiplier_override is not None:
        value["fee_multiplier_override"] = multiplier(event.fee_multiplier_override)
    return value


def market_json(market: Market) -> Json:
    """Encode a market; keys of what is not set are left out."""
    return _names(market) | _times(market) | _quotes(market) | _optional(market)


def book_json(market: Market, depth: int) -> Json:
    """Encode a book: bids of both legs, ascending, so that the best stands last; depth 0 means all."""
    yes = _levels(market.bids)
    no = [(PRICE_ONE - price, size) for price, size in reversed(_levels(market.asks))]
    return {"yes_dollars": _rows(yes[-depth:]), "no_dollars": _rows(no[-depth:])}


def trade_json(trade: Trade) -> Json:
    """Encode a trade; the deprecated direction is still sent."""
    outcome = "yes" if trade.taker_side == "bid" else "no"
    return {
        "trade_id": trade.trade_id,
        "ticker": trade.ticker,
        "count_fp": size_text(trade.count),
        "yes_price_dollars": price_text(trade.price),
        "no_price_dollars": price_text(PRICE_ONE - trade.price),
        "taker_side": outcome,
        "taker_outcome_side": outcome,
        "taker_book_side": trade.taker_side,
        "created_time": time_text(trade.ts_ms),
        "is_block_trade": trade.is_block,
    }


def series_fee_change_json(change: FeeChange) -> Json:
    """Encode a change of a series' fee."""
    return {
        "id": change.change_id,
        "series_ticker": change.series_ticker,
        "fee_type": change.fee_type,
        "fee_multiplier": multiplier(change.fee_multiplier),
        "scheduled_ts": time_text(change.scheduled_ms),
    }


def event_fee_change_json(change: FeeChange) -> Json:
    """Encode a change of an event's override."""
    return {
        "id": change.change_id,
        "event_ticker": change.event_ticker,
        "series_ticker": change.series_ticker,
        "fee_type_override": change.fee_type,
        "fee_multiplier_override": multiplier(change.fee_multiplier),
        "scheduled_ts": time_text(change.scheduled_ms),
    }


def _sources(series: Series) -> list[Json]:
    return [{"name": name, "url": url} for name, url in series.settlement_sources]


def _names(market: Market) -> Json:
    return {
        "ticker": market.ticker,
        "event_ticker": market.event_ticker,
        "market_type": "binary",
        "title": market.title,
        "subtitle": market.subtitle,
        "yes_sub_title": market.yes_sub_title,
        "no_sub_title": market.no_sub_title,
        "rules_primary": market.rules_primary,
        "rules_secondary": market.rules_secondary,
        "status": market.status,
        "result": market.result,
        "expiration_value": market.expiration_value,
        "can_close_early": market.can_close_early,
        "price_level_structure": market.price_level_structure,
        "price_ranges": [
            {"start": price_text(band.start), "end": price_text(band.end), "step": price_text(band.step)}
            for band in market.bands
        ],
        "notional_value_dollars": "1.0000",
        "liquidity_dollars": NO_MONEY,
        "settlement_bounds_type": "default",
        "settlement_timer_seconds": market.settlement_timer_s,
        "exchange_index": market.exchange_index,
    }


def _times(market: Market) -> Json:
    return {
        "created_time": time_text(market.created_ms),
        "updated_time": time_text(market.updated_ms),
        "open_time": time_text(market.open_ms),
        "close_time": time_text(market.close_ms),
        "expiration_time": time_text(market.latest_expiration_ms),
        "latest_expiration_time": time_text(market.latest_expiration_ms),
    }


def _quotes(market: Market) -> Json:
    """Encode the quotes: without one, a bid reads 0 and an ask reads 1, both with size 0."""
    bid, ask = market.best_bid, market.best_ask
    return {
        "yes_bid_dollars": price_text(bid),
        "yes_bid_size_fp": _size_at(market.bids, bid),
        "yes_ask_dollars": price_text(ask),
        "yes_ask_size_fp": _size_at(market.asks, ask),
        "no_bid_dollars": price_text(PRICE_ONE - ask),
        "no_ask_dollars": price_text(PRICE_ONE - bid),
        "last_price_dollars": price_text(market.last_price),
        "previous_yes_bid_dollars": price_text(market.previous_bid),
        "previous_yes_ask_dollars": price_text(market.previous_ask),
        "previous_price_dollars": price_text(market.previous_price),
        "volume_fp": size_text(market.volume),
        "volume_24h_fp": size_text(market.volume_24h),
        "open_interest_fp": size_text(market.open_interest),
    }


def _optional(market: Market) -> Json:
    times = {
        "expected_expiration_time": market.expected_expiration_ms,
        "settlement_ts": market.settled_ms,
        "fee_waiver_expiration_time": market.fee_waiver_until_ms,
    }
    value: Json = {name: time_text(ms) for name, ms in times.items() if ms is not None}
    texts = {
        "early_close_condition": market.early_close_condition,
        "strike_type": market.strike_type,
        "functional_strike": market.functional_strike,
        "custom_strike": market.custom_strike,
    }
    value |= {name: text for name, text in texts.items() if text is not None}
    strikes = {"floor_strike": market.floor_strike, "cap_strike": market.cap_strike}
    value |= {name: _number(text) for name, text in strikes.items() if text is not None}
    if market.settlement_value is not None:
        value["settlement_value_dollars"] = price_text(market.settlement_value)
    return value


def _number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _levels(side: Mapping[int, Level]) -> list[tuple[int, int]]:
    return sorted((price, level.size) for price, level in side.items() if level.size > 0)


def _rows(levels: Iterable[tuple[int, int]]) -> list[list[str]]:
    return [[price_text(price), size_text(size)] for price, size in levels]


def _size_at(side: Mapping[int, Level], price: int) -> str:
    level = side.get(price)
    return size_text(level.size if level else 0)
