"""Sends, amends, decreases and cancels orders (V2), one by one and in batches."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal, TypeVar

import msgspec

from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import PRICE_ONE, SIZE_LIMIT, Money, Price, Size, format_price, format_size, parse_size
from kalshi_tui.errors import KalshiTuiError, LocalProtocolError, OutcomeUnknown, RemoteProtocolError
from kalshi_tui.protocol.rest.asking import Request, bounded, name, query
from kalshi_tui.protocol.rest.complaints import UNREADABLE, Complaint, read_complaint, refusal
from kalshi_tui.protocol.rest.reading import Wire, average, field, ident, reader

TimeInForce = Literal["good_till_canceled", "immediate_or_cancel", "fill_or_kill"]
SelfTradePrevention = Literal["taker_at_cross", "maker"]
T = TypeVar("T")
W = TypeVar("W")

CANCEL_COST: Final = 2
BATCH_LIMIT: Final = 1000
_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_:+=/-]{1,64}")
_STATUS_BY_CODE: Final = (("order_already_exists", 409), ("fill_or_kill", 409), ("not_found", 404))
_LOOK_UP: Final = "it may have happened: look every order of it up before doing anything else"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order to send: its own id makes a lost answer answerable, so there is none without."""

    client_order_id: str
    ticker: str
    side: Side
    price: Price
    size: Size
    time_in_force: TimeInForce = "good_till_canceled"
    self_trade_prevention: SelfTradePrevention = "taker_at_cross"
    expiration_s: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    cancel_on_pause: bool = False
    subaccount: int | None = None
    order_group_id: str = ""
    exchange_index: int | None = None

    def __post_init__(self) -> None:
        client_id(self.client_order_id)
        name(self.ticker, "market ticker")
        _check_price_and_size(self.price, self.size)
        if self.expiration_s is not None and self.time_in_force != "good_till_canceled":
            raise LocalProtocolError(
                "an order that does not rest cannot expire", hint="expiration goes with good_till_canceled only"
            )


@dataclass(frozen=True, slots=True)
class Created:
    """The venue's word for an order that it has taken or amended; an amendment's reply may leave the sizes out."""

    order_id: str
    client_order_id: str
    filled: Size | None
    remaining: Size | None
    average_price: Money | None
    average_fee: Money | None  # for one contract
    ts_ms: int


@dataclass(frozen=True, slots=True)
class Canceled:
    """The venue's word for an order that it has taken out; `reduced_by` was still open."""

    order_id: str
    client_order_id: str
    reduced_by: Size
    ts_ms: int


@dataclass(frozen=True, slots=True)
class Decreased:
    """The venue's word for an order that is smaller now."""

    order_id: str
    client_order_id: str
    remaining: Size
    ts_ms: int


@dataclass(frozen=True, slots=True)
class CancelTarget:
    """An order to cancel; off shard 0 the market's ticker leads to it."""

    order_id: str
    ticker: str = ""
    subaccount: int | None = None
    exchange_index: int | None = None


class _Created(Wire):
    order_id: str
    ts_ms: int
    client_order_id: str | None = None
    fill_count: str | None = None
    remaining_count: str | None = None
    average_fill_price: Any = None
    average_fee_paid: Any = None


class _Canceled(Wire):
    order_id: str
    reduced_by: str
    ts_ms: int
    client_order_id: str | None = None


class _Decreased(Wire):
    order_id: str
    remaining_count: str
    ts_ms: int
    client_order_id: str | None = None


class _Batch(Wire):
    orders: tuple[msgspec.Raw, ...]


class _Error(Wire):
    error: msgspec.Raw = msgspec.Raw(b"null")


def create_order(new: NewOrder) -> Request[Created]:
    """Send one order."""
    return Request(
        "POST",
        "/portfolio/events/orders",
        reader(_Created, partial(_as_new, new=new)),
        body=msgspec.json.encode(_order_body(new)),
        is_write=True,
        signed=True,
    )


def cancel_order(target: CancelTarget) -> Request[Canceled]:
    """Cancel one order; a 404 does not tell whether it was filled or cancelled before."""
    asked = query(market_ticker=target.ticker, exchange_index=target.exchange_index, subaccount=target.subaccount)
    return Request(
        "DELETE",
        "/portfolio/events/orders/{}",
        reader(_Canceled, partial(_as_canceled, order_id=target.order_id)),
        (name(target.order_id, "order id"),),
        asked,
        cost=CANCEL_COST,
        is_write=True,
        is_cancel=True,
        signed=True,
    )


def decrease_order(
    order_id: str,
    *,
    by: Size | None = None,
    to: Size | None = None,
    ticker: str = "",
    exchange_index: int | None = None,
    subaccount: int | None = None,
) -> Request[Decreased]:
    """Make an order smaller, by a size or to a size; it keeps its place in the queue."""
    change, what = (by, "reduce_by") if to is None else (to, "reduce_to")
    if change is None or (by is not None and to is not None) or change < (to is None):
        raise LocalProtocolError(
            "a decrease needs one size: how much less, or how much is to stay", hint="give exactly one of the two"
        )
    body: dict[str, object] = {
        what: format_size(change),
        "market_ticker": ticker or None,
        "exchange_index": exchange_index,
    }
    return Request(
        "POST",
        "/portfolio/events/orders/{}/decrease",
        reader(_Decreased, partial(_as_decreased, order_id=order_id)),
        (name(order_id, "order id"),),
        query(subaccount=subaccount),
        body=_body(body),
        is_write=True,
        signed=True,
    )


def amend_order(
    order_id: str,
    *,
    ticker: str,
    side: Side,
    price: Price,
    size: Size,
    client_order_id: str = "",
    new_client_order_id: str = "",
    exchange_index: int | None = None,
    subaccount: int | None = None,
) -> Request[Created]:
    """Change price and size, which counts what is filled already; only a mere decrease keeps the place in the queue."""
    _check_price_and_size(price, size)
    body: dict[str, object] = {
        "ticker": name(ticker, "market ticker"),
        "side": side,
        "price": format_price(price),
        "count": format_size(size),
        "client_order_id": (client_order_id and client_id(client_order_id)) or None,
        "updated_client_order_id": (new_client_order_id and client_id(new_client_order_id)) or None,
        "exchange_index": exchange_index,
    }
    return Request(
        "POST",
        "/portfolio/events/orders/{}/amend",
        reader(_Created, partial(_as_amended, order_id=order_id)),
        (name(order_id, "order id"),),
        query(subaccount=subaccount),
        body=_body(body),
        is_write=True,
        signed=True,
    )


def create_orders(new: Sequence[NewOrder]) -> Request[tuple[Created | KalshiTuiError, ...]]:
    """Send several orders in one request; each has its own answer, in the order in which they were given."""
    bounded(len(new), 1, BATCH_LIMIT, "the number of orders in a batch")
    if len({order.client_order_id for order in new}) != len(new):
        raise LocalProtocolError("two orders of a batch share a client_order_id", hint="give each order its own")
    converts = [_item(_Created, partial(_as_new, new=order)) for order in new]
    return Request(
        "POST",
        "/portfolio/events/orders/batched",
        _batch_reader(converts),
        body=msgspec.json.encode({"orders": [_order_body(order) for order in new]}),
        units=len(new),
        is_write=True,
        signed=True,
    )


def cancel_orders(targets: Sequence[CancelTarget]) -> Request[tuple[Canceled | KalshiTuiError, ...]]:
    """Cancel several orders in one request; each has its own answer, in the order in which they were given."""
    bounded(len(targets), 1, BATCH_LIMIT, "the number of orders in a batch")
    converts = [_item(_Canceled, partial(_as_canceled, order_id=target.order_id)) for target in targets]
    return Request(
        "DELETE",
        "/portfolio/events/orders/batched",
        _batch_reader(converts),
        body=msgspec.json.encode({"orders": [_target_body(target) for target in targets]}),
        cost=CANCEL_COST,
        units=len(targets),
        is_write=True,
        is_cancel=True,
        signed=True,
    )


def client_id(text: str) -> str:
    """Return an id of our own that the venue takes, or refuse it."""
    if not _CLIENT_ID.fullmatch(text):
        raise LocalProtocolError(
            f"{text!r:.80} cannot be a client_order_id", hint="use 1 to 64 letters, digits and _ : + = / -"
        )
    return text


def _check_price_and_size(price: Price, size: Size) -> None:
    if type(price) is not int or type(size) is not int or not 0 < price < PRICE_ONE or not 0 < size <= SIZE_LIMIT:
        raise LocalProtocolError(
            f"price {price!r:.40} or size {size!r:.40} is none that an order can have",
            hint="a price lies strictly between 0 and 1 dollar, a size above 0",
        )


def _order_body(new: NewOrder) -> dict[str, object]:
    body: dict[str, object] = {
        "ticker": new.ticker,
        "client_order_id": new.client_order_id,
        "side": new.side,
        "count": format_size(new.size),
        "price": format_price(new.price),
        "time_in_force": new.time_in_force,
        "self_trade_prevention_type": new.self_trade_prevention,
    }
    optional = {
        "expiration_time": new.expiration_s,
        "post_only": new.post_only or None,
        "reduce_only": new.reduce_only or None,
        "cancel_order_on_pause": new.cancel_on_pause or None,
        "subaccount": new.subaccount,
        "order_group_id": new.order_group_id or None,
        "exchange_index": new.exchange_index,
    }
    return body | {key: value for key, value in optional.items() if value is not None}


def _target_body(target: CancelTarget) -> dict[str, object]:
    body = {
        "order_id": name(target.order_id, "order id"),
        "subaccount": target.subaccount,
        "exchange_index": target.exchange_index,
        "market_ticker": target.ticker or None,
    }
    return {key: value for key, value in body.items() if value is not None}


def _body(fields: dict[str, object]) -> bytes:
    return msgspec.json.encode({key: value for key, value in fields.items() if value is not None})


def _as_new(wire: _Created, new: NewOrder) -> Created:
    if wire.client_order_id not in (None, "", new.client_order_id):
        raise RemoteProtocolError("the reply to a new order carries the client_order_id of another")
    if wire.fill_count is None or wire.remaining_count is None:
        raise RemoteProtocolError("the reply to a new order lacks fill_count or remaining_count")
    created = _as_created(wire, new.client_order_id)
    if (created.filled or 0) + (created.remaining or 0) > new.size:
        raise RemoteProtocolError("the reply to a new order tells of more contracts than were sent")
    return created


def _as_amended(wire: _Created, order_id: str) -> Created:
    _check_same(wire.order_id, order_id)
    return _as_created(wire, wire.client_order_id or "")


def _as_created(wire: _Created, client_order_id: str) -> Created:
    if not wire.order_id:
        raise RemoteProtocolError("the reply to an order carries no order_id")
    return Created(
        order_id=ident(wire.order_id),
        client_order_id=ident(client_order_id),
        filled=_optional_size("fill_count", wire.fill_count),
        remaining=_optional_size("remaining_count", wire.remaining_count),
        average_price=average(wire.average_fill_price),
        average_fee=average(wire.average_fee_paid),
        ts_ms=wire.ts_ms,
    )


def _as_canceled(wire: _Canceled, order_id: str) -> Canceled:
    _check_same(wire.order_id, order_id)
    reduced_by = field("reduced_by", parse_size, wire.reduced_by)
    return Canceled(order_id, ident(wire.client_order_id or ""), reduced_by, wire.ts_ms)


def _as_decreased(wire: _Decreased, order_id: str) -> Decreased:
    _check_same(wire.order_id, order_id)
    remaining = field("remaining_count", parse_size, wire.remaining_count)
    return Decreased(order_id, ident(wire.client_order_id or ""), remaining, wire.ts_ms)


def _check_same(got: str, wanted: str) -> None:
    # Such replies have been seen to describe another order than the one that was changed.
    if got != wanted:
        raise RemoteProtocolError(f"the reply is about order {got!r:.60}, not about {wanted!r:.60}")


def _optional_size(label: str, text: str | None) -> Size | None:
    return None if text is None else field(label, parse_size, text)


def _item(shape: type[W], convert: Callable[[W], T]) -> Callable[[bytes], T | KalshiTuiError]:
    read = reader(shape, convert)

    def judge(row: bytes) -> T | KalshiTuiError:
        try:
            error = bytes(_ERRORS.decode(row).error)
            complaint = Complaint() if error == b"null" else read_complaint(error)
            # An error without a word is none: taking it for a refusal would forget an order that works.
            if complaint == Complaint():
                return read(row)
        except (*UNREADABLE, RemoteProtocolError) as problem:
            return OutcomeUnknown(f"a batch's answer about one order cannot be read: {problem}", hint=_LOOK_UP)
        if complaint is None:
            return OutcomeUnknown("a batch's answer about one order cannot be read", hint=_LOOK_UP)
        return refusal(_status_of(complaint.code), complaint)

    return judge


def _status_of(code: str) -> int:
    """Return the HTTP status that a single order would have been refused with."""
    return next((status for start, status in _STATUS_BY_CODE if code.startswith(start)), 400)


def _batch_reader(
    judges: list[Callable[[bytes], T | KalshiTuiError]],
) -> Callable[[bytes], tuple[T | KalshiTuiError, ...]]:
    def convert(wire: _Batch) -> tuple[T | KalshiTuiError, ...]:
        # Refused orders have no ids, so only the place tells whose answer it is.
        if len(wire.orders) != len(judges):
            raise RemoteProtocolError(f"a batch of {len(judges)} orders was answered with {len(wire.orders)} rows")
        return tuple(judge(bytes(row)) for judge, row in zip(judges, wire.orders, strict=True))

    return reader(_Batch, convert)


_ERRORS: Final = msgspec.json.Decoder(_Error)
