"""Orders, fills, positions and settlements as the JSON objects of Kalshi's portfolio."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kalshi_tui.core.units import PRICE_ONE
from kalshi_tui.practice.records import Fill, Order, Position, Settlement, Side
from kalshi_tui.practice.rest.texts import cents, money_text, price_text, size_text, time_text

Json = dict[str, Any]


def order_json(order: Order) -> Json:
    """Encode an order; a cancelled one shows nothing remaining."""
    value = _direction(order.side) | {
        "order_id": order.order_id,
        "user_id": order.user_id,
        "client_order_id": order.client_order_id,
        "ticker": order.ticker,
        "type": "limit",
        "status": order.status,
        "yes_price_dollars": price_text(order.price),
        "no_price_dollars": price_text(PRICE_ONE - order.price),
        "initial_count_fp": size_text(order.initial),
        "fill_count_fp": size_text(order.filled),
        "remaining_count_fp": size_text(left(order)),
        "taker_fill_cost_dollars": money_text(order.taker_cost),
        "maker_fill_cost_dollars": money_text(order.maker_cost),
        "taker_fees_dollars": money_text(order.taker_fees),
        "maker_fees_dollars": money_text(order.maker_fees),
        "created_time": time_text(order.created_ms),
        "last_update_time": time_text(order.updated_ms),
        "self_trade_prevention_type": order.self_trade_prevention,
        "cancel_order_on_pause": order.cancel_on_pause,
        "subaccount_number": order.subaccount,
        "exchange_index": order.exchange_index,
    }
    if order.expiration_ms is not None:
        value["expiration_time"] = time_text(order.expiration_ms)
    if order.order_group_id is not None:
        value["order_group_id"] = order.order_group_id
    return value


def left(order: Order) -> int:
    """Return what still rests of an order."""
    return order.remaining if order.status == "resting" else 0


def fill_json(fill: Fill) -> Json:
    """Encode a fill."""
    return _direction(fill.side) | {
        "fill_id": fill.trade_id,
        "trade_id": fill.trade_id,
        "order_id": fill.order_id,
        "ticker": fill.ticker,
        "market_ticker": fill.ticker,
        "count_fp": size_text(fill.count),
        "yes_price_dollars": price_text(fill.price),
        "no_price_dollars": price_text(PRICE_ONE - fill.price),
        "is_taker": fill.is_taker,
        "fee_cost": money_text(fill.fee),
        "created_time": time_text(fill.ts_ms),
        "ts": fill.ts_ms // 1000,
        "subaccount_number": fill.subaccount,
        "exchange_index": fill.exchange_index,
    }


def position_json(position: Position, exchange_index: int) -> Json:
    """Encode the holding of one market."""
    return {
        "ticker": position.ticker,
        "exchange_index": exchange_index,
        "position_fp": size_text(position.size),
        "total_traded_dollars": money_text(position.traded),
        "market_exposure_dollars": money_text(position.cost),
        "realized_pnl_dollars": money_text(position.realized),
        "fees_paid_dollars": money_text(position.fees),
        "last_updated_ts": time_text(position.updated_ms),
    }


def event_position_json(event_ticker: str, positions: Iterable[Position]) -> Json:
    """Encode the holdings of one event together."""
    held = list(positions)
    return {
        "event_ticker": event_ticker,
        "total_cost_dollars": money_text(sum(position.traded for position in held)),
        "total_cost_shares_fp": size_text(sum(position.yes_bought + position.no_bought for position in held)),
        "event_exposure_dollars": money_text(sum(position.cost for position in held)),
        "realized_pnl_dollars": money_text(sum(position.realized for position in held)),
        "fees_paid_dollars": money_text(sum(position.fees for position in held)),
    }


def settlement_json(settlement: Settlement) -> Json:
    """Encode a settlement; its revenue and value are among the last whole cents of the protocol."""
    return {
        "ticker": settlement.ticker,
        "event_ticker": settlement.event_ticker,
        "exchange_index": settlement.exchange_index,
        "market_result": settlement.result,
        "yes_count_fp": size_text(settlement.yes_count),
        "yes_total_cost_dollars": money_text(settlement.yes_cost),
        "no_count_fp": size_text(settlement.no_count),
        "no_total_cost_dollars": money_text(settlement.no_cost),
        "revenue": cents(settlement.revenue),
        "value": settlement.value // 100,
        "fee_cost": money_text(settlement.fees),
        "settled_time": time_text(settlement.settled_ms),
    }


def fills_summary(fills: Iterable[Fill]) -> Json:
    """Encode the averages over an action's fills, per contract and rounded half up; empty without fills."""
    taken = list(fills)
    count = sum(fill.count for fill in taken)
    if not count:
        return {}
    paid = sum(fill.price * fill.count for fill in taken)
    fees = sum(fill.fee for fill in taken)
    return {
        "average_fill_price": price_text(_halved_up(paid, count)),
        "average_fee_paid": price_text(_halved_up(fees, count)),
    }


def _halved_up(amount: int, count: int) -> int:
    return (2 * amount + count) // (2 * count)


def _direction(side: Side) -> Json:
    """Encode a direction; V2 orders always say side yes, with the action telling bid from ask."""
    is_bid = side == "bid"
    return {
        "side": "yes",
        "action": "buy" if is_bid else "sell",
        "outcome_side": "yes" if is_bid else "no",
        "book_side": side,
    }
