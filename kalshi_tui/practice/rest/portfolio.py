"""What an account has: balance, positions, orders, fills, settlements, places in queues."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from kalshi_tui.core.units import PRICE_ONE
from kalshi_tui.practice import refusals
from kalshi_tui.practice.records import Fill, Order, Position, Settlement
from kalshi_tui.practice.rest.call import Call
from kalshi_tui.practice.rest.encode_portfolio import (
    event_position_json,
    fill_json,
    order_json,
    position_json,
    settlement_json,
)
from kalshi_tui.practice.rest.market_data import is_between
from kalshi_tui.practice.rest.paging import page_by_key, page_by_place
from kalshi_tui.practice.rest.texts import balance_text, cents, size_text

Json = dict[str, Any]

_EVENTS_AT_ONCE: Final = 10


def balance(call: Call) -> Json:
    """Show what may be spent and what the positions are worth."""
    exchange, user_id = call.exchange, call.user_id
    subaccount = call.asked_subaccount() or 0
    shard = call.query.integer("exchange_index")
    available = exchange.available(user_id, subaccount, shard)
    answer: Json = {
        "balance": cents(available),
        "balance_dollars": balance_text(available),
        "portfolio_value": cents(exchange.portfolio_value(user_id, subaccount, shard)),
        "updated_ts": exchange.now_ms // 1000,
    }
    if call.signer.subaccount is None:
        shards = sorted({held for number, held in call.account.cash if number == subaccount})
        rows = [(shard, balance_text(exchange.available(user_id, subaccount, shard))) for shard in shards]
        answer["balance_breakdown"] = [{"exchange_index": shard, "balance": text} for shard, text in rows]
    return answer


def positions(call: Call) -> Json:
    """List what is held in markets that are not settled, and the same by event."""
    query, exchange = call.query, call.exchange
    subaccount = call.asked_subaccount() or 0
    counts = query.listed("count_filter")
    if set(counts) - {"position", "total_traded"}:
        raise query.refusal("count_filter takes position and total_traded")
    ticker, event_ticker = query.text("ticker"), query.text("event_ticker")
    shard = query.integer("exchange_index")

    def keep(row: Position) -> bool:
        market = exchange.markets[row.ticker]
        return (
            not row.settled
            and row.subaccount == subaccount
            and ticker in {"", row.ticker}
            and event_ticker in {"", market.event_ticker}
            and shard in {None, market.exchange_index}
            and (
                not counts or ("position" in counts and row.size != 0) or ("total_traded" in counts and row.traded != 0)
            )
        )

    rows = [row for (owner, _, _), row in exchange.positions.items() if owner == call.user_id]
    found, cursor = page_by_place(rows, keep, query.limit(), query.text("cursor"))
    return {
        "market_positions": [position_json(row, exchange.markets[row.ticker].exchange_index) for row in found],
        "event_positions": _by_event(
            call, found, [row for row in rows if row.subaccount == subaccount and not row.settled]
        ),
        "cursor": cursor,
    }


def orders(call: Call) -> Json:
    """List orders, newest first."""
    query, exchange = call.query, call.exchange
    tickers = query.listed("event_ticker", most=_EVENTS_AT_ONCE)
    ticker, status = query.text("ticker"), query.choice("status", ("resting", "canceled", "executed"))
    since, until = query.integer("min_ts"), query.integer("max_ts")
    subaccount, shard = call.asked_subaccount(), query.integer("exchange_index")

    def keep(order: Order) -> bool:
        return (
            ticker in {"", order.ticker}
            and status in {"", order.status}
            and (not tickers or exchange.markets[order.ticker].event_ticker in tickers)
            and is_between(order.created_ms, since, until)
            and subaccount in {None, order.subaccount}
            and shard in {None, order.exchange_index}
        )

    found, cursor = page_by_key(
        reversed(exchange.orders_of(call.user_id)), keep, _order_key, query.limit(), query.text("cursor")
    )
    return {"orders": [order_json(order) for order in found], "cursor": cursor}


def order(call: Call) -> Json:
    """Show one order."""
    return {"order": order_json(_own_order(call))}


def fills(call: Call) -> Json:
    """List fills, newest first."""
    query = call.query
    ticker, order_id = query.text("ticker"), query.text("order_id")
    since, until = query.integer("min_ts"), query.integer("max_ts")
    subaccount, shard = call.asked_subaccount(), query.integer("exchange_index")

    def keep(fill: Fill) -> bool:
        return (
            ticker in {"", fill.ticker}
            and order_id in {"", fill.order_id}
            and is_between(fill.ts_ms, since, until)
            and subaccount in {None, fill.subaccount}
            and shard in {None, fill.exchange_index}
        )

    found, cursor = page_by_key(
        reversed(call.exchange.fills_of(call.user_id)), keep, _fill_key, query.limit(), query.text("cursor")
    )
    return {"fills": [fill_json(fill) for fill in found], "cursor": cursor}


def settlements(call: Call) -> Json:
    """List settlements, newest first."""
    query = call.query
    ticker, event_ticker = query.text("ticker"), query.text("event_ticker")
    since, until = query.integer("min_ts"), query.integer("max_ts")
    subaccount = call.asked_subaccount()

    def keep(row: Settlement) -> bool:
        return (
            ticker in {"", row.ticker}
            and event_ticker in {"", row.event_ticker}
            and is_between(row.settled_ms, since, until)
            and subaccount in {None, row.subaccount}
        )

    found, cursor = page_by_key(
        reversed(call.exchange.settlements_of(call.user_id)), keep, _settlement_key, query.limit(), query.text("cursor")
    )
    return {"settlements": [settlement_json(row) for row in found], "cursor": cursor}


def queue_position(call: Call) -> Json:
    """Show how many contracts stand before one resting order."""
    order = _own_order(call)
    if order.status != "resting":
        raise refusals.not_found()
    return {"queue_position_fp": size_text(call.exchange.queue_ahead(order))}


def queue_positions(call: Call) -> Json:
    """Show how many contracts stand before each resting order of some markets."""
    query, exchange = call.query, call.exchange
    tickers, event_ticker = query.listed("market_tickers"), query.text("event_ticker")
    if not tickers and not event_ticker:
        raise query.refusal("market_tickers or event_ticker is required")
    subaccount = call.asked_subaccount() or 0
    rows = [
        order
        for order in _resting(call)
        if order.subaccount == subaccount
        and (order.ticker in tickers or exchange.markets[order.ticker].event_ticker == event_ticker)
    ]
    return {"queue_positions": [_queue_json(call, order) for order in rows]}


def resting_value(call: Call) -> Json:
    """Show what all resting orders would cost, on the whole and shard by shard."""
    by_shard: dict[int, int] = {}
    for order in _resting(call):
        price = order.price if order.side == "bid" else PRICE_ONE - order.price
        by_shard[order.exchange_index] = by_shard.get(order.exchange_index, 0) + price * order.remaining
    rows = [{"exchange_index": shard, "balance": balance_text(value)} for shard, value in sorted(by_shard.items())]
    return {"total_resting_order_value": cents(sum(by_shard.values())), "resting_order_value_breakdown": rows}


def no_deposits(call: Call) -> Json:
    """List deposits: practice money comes with the account."""
    call.query.limit(maximum=500)
    return {"deposits": [], "cursor": ""}


def no_withdrawals(call: Call) -> Json:
    """List withdrawals: there is nowhere to take practice money."""
    call.query.limit(maximum=500)
    return {"withdrawals": [], "cursor": ""}


def _own_order(call: Call) -> Order:
    order = call.exchange.orders.get(call.arguments["order_id"])
    if order is None or order.user_id != call.user_id or call.signer.subaccount not in {None, order.subaccount}:
        raise refusals.not_found()
    return order


def _resting(call: Call) -> Iterable[Order]:
    """Return the resting orders that the key may see, oldest first."""
    bound = call.signer.subaccount
    return (order for order in call.exchange.resting_of(call.user_id) if bound in {None, order.subaccount})


def _queue_json(call: Call, order: Order) -> Json:
    ahead = call.exchange.queue_ahead(order)
    return {"order_id": order.order_id, "market_ticker": order.ticker, "queue_position_fp": size_text(ahead)}


def _counts(row: Position, counts: list[str]) -> bool:
    return ("position" in counts and row.size != 0) or ("total_traded" in counts and row.traded != 0)


def _by_event(call: Call, shown: Iterable[Position], held: Iterable[Position]) -> list[Json]:
    """Sum up the events of the rows that are shown, each over all that is held of it, whatever the page cuts off."""
    markets = call.exchange.markets
    groups: dict[str, list[Position]] = {markets[row.ticker].event_ticker: [] for row in shown}
    for row in held:
        if (event_ticker := markets[row.ticker].event_ticker) in groups:
            groups[event_ticker].append(row)
    return [event_position_json(ticker, rows) for ticker, rows in groups.items()]


def _order_key(order: Order) -> tuple[int, str]:
    return order.created_ms, order.order_id


def _fill_key(fill: Fill) -> tuple[int, str]:
    return fill.ts_ms, f"{fill.trade_id}/{fill.order_id}"


def _settlement_key(row: Settlement) -> tuple[int, str]:
    return row.settled_ms, f"{row.ticker}/{row.subaccount}"
