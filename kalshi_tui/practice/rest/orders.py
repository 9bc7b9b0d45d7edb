"""Orders V2: create, amend, decrease, cancel, one by one and in batches."""

from __future__ import annotations

from typing import Any, Final, TypedDict, cast

from kalshi_tui.core.units import PRICE_ONE, Price, Size
from kalshi_tui.practice import refusals
from kalshi_tui.practice.exchange import Outcome
from kalshi_tui.practice.records import NewOrder, Order, Refusal, SelfTradePrevention, Side, TimeInForce
from kalshi_tui.practice.rest.body import Body
from kalshi_tui.practice.rest.call import Call
from kalshi_tui.practice.rest.encode_portfolio import fills_summary, left
from kalshi_tui.practice.rest.texts import size_text
from kalshi_tui.practice.rest.wire import flat_error

Json = dict[str, Any]

_LATEST_S: Final = 10**11  # some year that calendars still know

_SIDES: Final = ("bid", "ask")
_TIMES: Final = ("good_till_canceled", "immediate_or_cancel", "fill_or_kill")
_PREVENTIONS: Final = ("taker_at_cross", "maker")


def create(call: Call) -> Json:
    """Place one order."""
    return _placed(call.exchange.create(call.user_id, _new_order(call, call.body)))


def create_batch(call: Call) -> Json:
    """Place several orders, each for itself; what is refused says so in its place."""
    asked = [_read_item(call, item) for item in call.body.objects("orders", "CreateOrderV2Request")]
    return {"orders": [_create_item(call, item) for item in asked]}


def cancel(call: Call) -> Json:
    """Cancel one order; one that has ended is as unknown as one that never was."""
    order, reduced_by = call.exchange.cancel(
        call.user_id,
        call.arguments["order_id"],
        subaccount=call.asked_subaccount() or 0,
        **_route(call.query.text("market_ticker"), call.query.integer("exchange_index", minimum=-1), call.body),
    )
    return _cancelled(order, reduced_by)


def cancel_all(call: Call) -> None:
    """Cancel every resting order of a subaccount, up to ten thousand; the reply is empty."""
    call.exchange.cancel_all(call.user_id, subaccount=call.asked_subaccount() or 0)


def cancel_batch(call: Call) -> Json:
    """Cancel several orders, each for itself."""
    return {"orders": [_cancel_item(call, item) for item in call.body.objects("orders", "CancelOrderV2Request")]}


def amend(call: Call) -> Json:
    """Give an order another price, size or end; both sizes count what is already filled."""
    body = call.body
    expiration_s = body.integer("expiration_time")
    if expiration_s is not None and not 0 <= expiration_s < _LATEST_S:
        raise body.invalid("expiration_time")
    shard = body.integer("exchange_index")
    working = call.exchange.orders.get(call.arguments["order_id"])
    resting = 0 if working is None else working.remaining
    outcome = call.exchange.amend(
        call.user_id,
        call.arguments["order_id"],
        ticker=body.needed("ticker"),
        side=cast("Side", body.choice("side", _SIDES)),
        price=_price(body),
        count=_count(body),
        client_order_id=body.client_id("client_order_id"),
        updated_client_order_id=body.client_id("updated_client_order_id"),
        expiration_ms=None if expiration_s is None else expiration_s * 1000,
        subaccount=call.asked_subaccount() or 0,
        exchange_index=-1 if shard is None else shard,
    )
    return _amended(outcome, resting)


def decrease(call: Call) -> Json:
    """Make an order smaller; it keeps its place in the queue."""
    body = call.body
    reduce_by, reduce_to = body.decimal("reduce_by", 2), body.decimal("reduce_to", 2)
    order = call.exchange.decrease(
        call.user_id,
        call.arguments["order_id"],
        reduce_by=reduce_by,
        reduce_to=reduce_to,
        subaccount=call.asked_subaccount() or 0,
        **_route(body.text("market_ticker"), body.integer("exchange_index"), body),
    )
    return _named(order) | {"remaining_count": size_text(left(order)), "ts_ms": order.updated_ms}


def gone(_call: Call) -> Json:
    """Send a client of the first generation to the second."""
    raise Refusal(410, "deprecated_v1_order_endpoint", "Please switch to the V2 endpoints")


def _new_order(call: Call, body: Body) -> NewOrder:
    expiration_s = body.integer("expiration_time")
    if expiration_s is not None and not 0 < expiration_s < _LATEST_S:
        raise body.invalid("expiration_time")
    asked = body.integer("subaccount")
    if asked is not None and not 0 <= asked <= 63:
        raise body.invalid("subaccount")
    exchange_index = body.integer("exchange_index")
    return NewOrder(
        ticker=body.needed("ticker"),
        side=cast("Side", body.choice("side", _SIDES)),
        price=_price(body),
        count=_count(body),
        time_in_force=cast("TimeInForce", body.choice("time_in_force", _TIMES)),
        self_trade_prevention=cast("SelfTradePrevention", body.choice("self_trade_prevention_type", _PREVENTIONS)),
        client_order_id=body.client_id("client_order_id"),
        expiration_ms=None if expiration_s is None else expiration_s * 1000,
        post_only=bool(body.flag("post_only")),
        reduce_only=bool(body.flag("reduce_only")),
        cancel_on_pause=bool(body.flag("cancel_order_on_pause")),
        subaccount=call.subaccount(asked) or 0,
        order_group_id=body.text("order_group_id") or None,
        exchange_index=-1 if exchange_index is None else exchange_index,
    )


def _price(body: Body) -> Price:
    """Read a price; one that is a number but no price of any grid is told so."""
    text = body.needed("price")
    try:
        price = body.needed_decimal("price", 4)
    except Refusal:
        if text.replace(".", "", 1).lstrip("-").isdecimal():
            raise refusals.invalid_price() from None
        raise
    if not 0 <= price <= PRICE_ONE:
        raise refusals.invalid_price()
    return Price(price)


def _count(body: Body) -> Size:
    return Size(body.needed_decimal("count", 2))


class _Way(TypedDict):
    ticker: str | None
    exchange_index: int | None


def _route(ticker: str | None, shard: int | None, body: Body) -> _Way:
    """Return how an order is to be found; shard -1 means by the ticker, which must be there then."""
    if shard == -1 and not ticker:
        raise body.missing("market_ticker")
    return {"ticker": ticker or None, "exchange_index": shard}


def _named(order: Order) -> Json:
    return {"order_id": order.order_id} | ({"client_order_id": order.client_order_id} if order.client_order_id else {})


def _placed(outcome: Outcome) -> Json:
    order = outcome.order
    counts = {
        "fill_count": size_text(sum(fill.count for fill in outcome.fills)),
        "remaining_count": size_text(left(order)),
        "ts_ms": order.updated_ms,
    }
    return _named(order) | counts | fills_summary(outcome.fills)


def _amended(outcome: Outcome, resting: int) -> Json:
    """Show an amendment: sizes when it filled something or changed what rests, averages when it filled something."""
    nothing = dict.fromkeys(("fill_count", "remaining_count", "average_fill_price", "average_fee_paid"))
    if outcome.fills or left(outcome.order) != resting:
        return nothing | _placed(outcome)
    return _named(outcome.order) | {"ts_ms": outcome.order.updated_ms} | nothing


def _cancelled(order: Order, reduced_by: int) -> Json:
    return _named(order) | {"reduced_by": size_text(reduced_by), "ts_ms": order.updated_ms}


def _read_item(call: Call, item: Body) -> NewOrder | Refusal:
    """Read one order of a batch; a wrong type spoils the whole body, a wrong value only its own order."""
    try:
        return _new_order(call, item)
    except Refusal as refusal:
        if refusal.code == "bad_request":
            raise
        return refusal


def _create_item(call: Call, item: NewOrder | Refusal) -> Json:
    try:
        if isinstance(item, Refusal):
            raise item
        return _placed(call.exchange.create(call.user_id, item))
    except Refusal as refusal:
        nothing = dict.fromkeys(("order_id", "client_order_id", "fill_count", "remaining_count", "ts_ms"))
        return nothing | {"error": flat_error(refusal)}


def _cancel_item(call: Call, item: Body) -> Json:
    order_id = item.needed("order_id")
    try:
        order, reduced_by = call.exchange.cancel(
            call.user_id,
            order_id,
            subaccount=call.subaccount(item.integer("subaccount")) or 0,
            **_route(item.text("market_ticker"), item.integer("exchange_index"), item),
        )
    except Refusal as refusal:
        return {"order_id": order_id, "client_order_id": None, "reduced_by": "0.00", "error": flat_error(refusal)}
    return _cancelled(order, reduced_by)
