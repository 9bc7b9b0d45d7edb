"""The `msg` of every message that is not about a book's levels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from kalshi_tui.core.units import MONEY_ONE, PRICE_ONE, SIZE_ONE
from kalshi_tui.practice.happenings import (
    EventCreated,
    EventFeeChanged,
    Filled,
    GroupChanged,
    IndexTicked,
    MarketChanged,
    OrderChanged,
    PositionChanged,
    Traded,
)
from kalshi_tui.practice.records import Level, Market
from kalshi_tui.practice.stream.text import eight_decimals, money_text, price_text, rfc3339, size_text

Body = dict[str, object]
TickerFields = tuple[int, int, int, int, int, int, int, int]

_OUTCOME: Final = {"bid": "yes", "ask": "no"}
_ACTION: Final = {"bid": "buy", "ask": "sell"}  # legacy words; the new order form always reports the YES side
_EMPTY: Final = Level()


def ticker_fields(market: Market) -> TickerFields:
    """Return what the ticker channel tells of a market; a message is due when any of it changes."""
    return (
        market.last_price,
        market.best_bid,
        market.best_ask,
        market.volume,
        market.open_interest,
        market.bids.get(market.best_bid, _EMPTY).size,
        market.asks.get(market.best_ask, _EMPTY).size,
        market.last_trade_size,
    )


def ticker(market: Market, fields: TickerFields, ts_ms: int) -> Body:
    """Tell prices, volume and open interest."""
    last, bid, ask, volume, interest, bid_size, ask_size, last_size = fields
    return {
        "market_id": market.market_id,
        "market_ticker": market.ticker,
        "price_dollars": price_text(last),
        "yes_bid_dollars": price_text(bid),
        "yes_ask_dollars": price_text(ask),
        "volume_fp": size_text(volume),
        "open_interest_fp": size_text(interest),
        "dollar_volume": market.dollar_volume // MONEY_ONE,
        "dollar_open_interest": interest // SIZE_ONE,
        "yes_bid_size_fp": size_text(bid_size),
        "yes_ask_size_fp": size_text(ask_size),
        "last_trade_size_fp": size_text(last_size),
        "ts": ts_ms // 1000,
        "ts_ms": ts_ms,
        "time": rfc3339(ts_ms),
    }


def trade(happening: Traded) -> Body:
    """Tell a match to everybody."""
    told = happening.trade
    outcome = _OUTCOME[told.taker_side]
    return {
        "trade_id": told.trade_id,
        "market_ticker": told.ticker,
        "yes_price_dollars": price_text(told.price),
        "no_price_dollars": price_text(PRICE_ONE - told.price),
        "count_fp": size_text(told.count),
        "taker_side": outcome,
        "taker_outcome_side": outcome,
        "taker_book_side": told.taker_side,
        "is_block_trade": told.is_block,
        "ts": told.ts_ms // 1000,
        "ts_ms": told.ts_ms,
    }


def fill(happening: Filled, *, with_subaccount: bool) -> Body:
    """Tell one side of a match to its owner."""
    told = happening.fill
    body: Body = {
        "trade_id": told.trade_id,
        "order_id": told.order_id,
        "client_order_id": told.client_order_id,
        "market_ticker": told.ticker,
        "exchange_index": told.exchange_index,
        "is_taker": told.is_taker,
        "side": "yes",
        "action": _ACTION[told.side],
        "yes_price_dollars": price_text(told.price),
        "count_fp": size_text(told.count),
        "fee_cost": money_text(told.fee),
        "outcome_side": _OUTCOME[told.side],
        "book_side": told.side,
        "purchased_side": _OUTCOME[told.side],
        "post_position_fp": size_text(told.position_after),
        "ts": told.ts_ms // 1000,
        "ts_ms": told.ts_ms,
    }
    if with_subaccount:
        body["subaccount"] = told.subaccount
    return body


def user_order(happening: OrderChanged) -> Body:
    """Tell an order's state to its owner."""
    order = happening.order
    body: Body = {
        "order_id": order.order_id,
        "user_id": order.user_id,
        "ticker": order.ticker,
        "exchange_index": order.exchange_index,
        "status": order.status,
        "side": "yes",
        "is_yes": True,
        "outcome_side": _OUTCOME[order.side],
        "book_side": order.side,
        "yes_price_dollars": price_text(order.price),
        "fill_count_fp": size_text(order.filled),
        "remaining_count_fp": size_text(order.remaining),
        "initial_count_fp": size_text(order.initial),
        "taker_fill_cost_dollars": money_text(order.taker_cost),
        "maker_fill_cost_dollars": money_text(order.maker_cost),
        "taker_fees_dollars": money_text(order.taker_fees),
        "maker_fees_dollars": money_text(order.maker_fees),
        "client_order_id": order.client_order_id,
        "self_trade_prevention_type": order.self_trade_prevention,
        "created_time": rfc3339(order.created_ms),
        "created_ts_ms": order.created_ms,
        "last_update_time": rfc3339(order.updated_ms),
        "last_updated_ts_ms": order.updated_ms,
        "subaccount_number": order.subaccount,
    }
    if order.order_group_id is not None:
        body["order_group_id"] = order.order_group_id
    if order.expiration_ms is not None:
        body["expiration_time"] = rfc3339(order.expiration_ms)
        body["expiration_ts_ms"] = order.expiration_ms
    if order.last_update_reason:
        body["last_update_reason"] = order.last_update_reason
    return body


def market_position(happening: PositionChanged, *, with_subaccount: bool) -> Body:
    """Tell a holding to its owner."""
    held = happening.position
    body: Body = {
        "user_id": held.user_id,
        "market_ticker": held.ticker,
        "position_fp": size_text(held.size),
        "position_cost_dollars": money_text(held.cost),
        "realized_pnl_dollars": money_text(held.realized),
        "fees_paid_dollars": money_text(held.fees),
        "position_fee_cost_dollars": money_text(held.fees),
        "volume_fp": size_text(held.yes_bought + held.no_bought),
    }
    if with_subaccount:
        body["subaccount"] = held.subaccount
    return body


def order_group(happening: GroupChanged) -> Body:
    """Tell a step in an order group's life to its owner."""
    body: Body = {
        "event_type": happening.kind,
        "order_group_id": happening.group.group_id,
        "ts_ms": happening.ts_ms,
    }
    if happening.kind in ("created", "limit_updated"):
        body["contracts_limit_fp"] = size_text(happening.group.limit)
    return body


def market_lifecycle(happening: MarketChanged) -> Body:
    """Tell a step in a market's life, with the keys that this step has."""
    market = happening.market
    body: Body = {"event_type": happening.kind, "market_ticker": market.ticker}
    more = _LIFE.get(happening.kind)
    if more is not None:
        body.update(more(market, happening.ts_ms))
    return body


def _created(market: Market, _now_ms: int) -> Body:
    expiration = market.expected_expiration_ms or market.latest_expiration_ms or market.close_ms
    return {
        "exchange_index": market.exchange_index,
        "open_ts": market.open_ms // 1000,
        "close_ts": market.close_ms // 1000,
        "additional_metadata": {
            "name": market.title,
            "title": market.title,
            "yes_sub_title": market.yes_sub_title,
            "no_sub_title": market.no_sub_title,
            "rules_primary": market.rules_primary,
            "rules_secondary": market.rules_secondary,
            "can_close_early": market.can_close_early,
            "event_ticker": market.event_ticker,
            "expected_expiration_ts": expiration // 1000,
            **_strike(market),
        },
        **_grid(market, 0),
    }


def _strike(market: Market) -> Body:
    """Return the strike; its bounds are numbers on the wire, written from their decimal text without a float."""
    strike: Mapping[str, object | None] = {
        "strike_type": market.strike_type,
        "floor_strike": _number(market.floor_strike),
        "cap_strike": _number(market.cap_strike),
        "custom_strike": market.custom_strike,
    }
    return {key: value for key, value in strike.items() if value is not None}


def _number(text: str | None) -> msgspec.Raw | None:
    return msgspec.Raw(text.encode()) if text else None


def _grid(market: Market, _now_ms: int) -> Body:
    ranges = [
        {"start": price_text(band.start), "end": price_text(band.end), "step": price_text(band.step)}
        for band in market.bands
    ]
    return {"price_level_structure": market.price_level_structure, "price_ranges": ranges}


def _determined(market: Market, now_ms: int) -> Body:
    body: Body = {"result": market.result, "determination_ts": (market.determined_ms or now_ms) // 1000}
    if market.settlement_value is not None:
        body["settlement_value"] = price_text(market.settlement_value)
    return body


_LIFE: Final[dict[str, Callable[[Market, int], Body]]] = {
    "created": _created,
    "activated": lambda _market, _now_ms: {"is_deactivated": False},
    "deactivated": lambda _market, _now_ms: {"is_deactivated": True},
    "close_date_updated": lambda market, _now_ms: {"close_ts": market.close_ms // 1000},
    "determined": _determined,
    "settled": lambda market, now_ms: {"settled_ts": (market.settled_ms or now_ms) // 1000},
    "price_level_structure_updated": _grid,
    "metadata_updated": lambda market, _now_ms: {**_strike(market), "yes_sub_title": market.yes_sub_title},
}


def event_lifecycle(happening: EventCreated) -> Body:
    """Tell that an event was listed."""
    event = happening.event
    body: Body = {
        "event_ticker": event.ticker,
        "exchange_index": event.exchange_index,
        "title": event.title,
        "subtitle": event.sub_title,
        "collateral_return_type": event.collateral_return_type,
        "series_ticker": event.series_ticker,
    }
    if event.strike_ms is not None:
        body["strike_date"] = event.strike_ms // 1000
    if event.strike_period is not None:
        body["strike_period"] = event.strike_period
    return body


def event_fee(happening: EventFeeChanged) -> Body:
    """Tell that an event's fee override was set or lifted."""
    event = happening.event
    multiplier = event.fee_multiplier_override
    return {
        "event_ticker": event.ticker,
        "fee_type_override": event.fee_type_override,
        "fee_multiplier_override": None if multiplier is None else msgspec.Raw(_millionths(multiplier)),
    }


def _millionths(value: int) -> bytes:
    whole, _, rest = money_text(value).partition(".")
    return f"{whole}.{rest}".rstrip("0").rstrip(".").encode()


def index_value(tick: IndexTicked) -> Body:
    """Tell an index value with its averages: the once-a-second channel."""
    body: Body = {
        "index_id": tick.index_id,
        "received_at": tick.received_ms,
        "data": _upstream(tick),
        # With no earlier value in the window the average is the value itself, of no earlier values.
        "avg_60s_data": _average(
            tick.avg_60s or (eight_decimals(tick.value), 0, tick.source_ms - 60_000, tick.source_ms)
        ),
    }
    if tick.last_60s_15min is not None:
        body["last_60s_windowed_average_15min"] = _average(tick.last_60s_15min)
    return body


def fast_index_value(tick: IndexTicked) -> Body:
    """Tell an index value alone: the five-times-a-second channel."""
    return {
        "index_id": tick.index_id,
        "value_usd": eight_decimals(tick.value),
        "source_ts_ms": tick.source_ms,
        "received_at": tick.received_ms,
        "data": _upstream(tick),
    }


def _upstream(tick: IndexTicked) -> str:
    frame = {"type": "value", "id": tick.index_id, "time": tick.source_ms, "value": tick.value}
    return msgspec.json.encode(frame).decode()


def _average(average: tuple[str, int, int, int]) -> Body:
    value, count, start_ms, end_ms = average
    return {
        "value": value,
        "window_size": count,
        "window_start_ts_ms": start_ms,
        "window_end_ts_exclusive": end_ms,
    }
