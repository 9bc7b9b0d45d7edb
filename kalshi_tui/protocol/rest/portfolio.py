"""Asks what the account has: cash, positions, orders, fills, settlements, places in the queue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from kalshi_tui.core.orders import Fill, Order, OrderStatus, Side
from kalshi_tui.core.positions import Position
from kalshi_tui.core.text import SafeText, clean
from kalshi_tui.core.units import Money, Size, parse_money, parse_size, parse_size_change
from kalshi_tui.errors import RemoteProtocolError
from kalshi_tui.protocol.rest.asking import Page, Request, bounded, name, query
from kalshi_tui.protocol.rest.reading import (
    Wire,
    cents,
    field,
    ident,
    millis,
    optional_millis,
    reader,
    yes_price,
    yes_side,
)

OrderFilter = Literal["resting", "canceled", "executed"]


@dataclass(frozen=True, slots=True)
class Balance:
    """Cash, and what the positions are worth; whether cash reserved for resting orders is in it, is not documented."""

    cash: Money
    portfolio_value: Money
    by_shard: dict[int, Money]


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a finished market paid; `fees` were charged when trading and are no new charge."""

    ticker: str
    event_ticker: str
    result: SafeText
    yes_size: Size
    yes_cost: Money
    no_size: Size
    no_cost: Money
    revenue: Money
    value: Money | None  # what one YES contract paid
    fees: Money
    settled_ms: int
    exchange_index: int


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """How many contracts are to be filled before an order."""

    order_id: str
    ticker: str
    ahead: Size


class _Shard(Wire):
    exchange_index: int
    balance: str


class _Balance(Wire):
    balance_dollars: str
    portfolio_value: int
    balance_breakdown: tuple[_Shard, ...] | None = None


class _Position(Wire):
    ticker: str
    position_fp: str
    market_exposure_dollars: str
    realized_pnl_dollars: str
    fees_paid_dollars: str


class _Positions(Wire):
    market_positions: tuple[_Position, ...] | None
    cursor: str | None = None


class _Order(Wire):
    order_id: str
    ticker: str
    status: str
    initial_count_fp: str
    fill_count_fp: str
    remaining_count_fp: str
    client_order_id: str | None = None
    yes_price_dollars: str | None = None
    no_price_dollars: str | None = None
    book_side: str | None = None
    outcome_side: str | None = None
    side: str | None = None
    action: str | None = None
    taker_fill_cost_dollars: str = "0"
    maker_fill_cost_dollars: str = "0"
    taker_fees_dollars: str = "0"
    maker_fees_dollars: str = "0"
    expiration_time: datetime | None = None
    created_time: datetime | None = None
    last_update_time: datetime | None = None
    self_trade_prevention_type: str | None = None
    order_group_id: str | None = None
    cancel_order_on_pause: bool | None = None
    subaccount_number: int | None = None
    exchange_index: int | None = None


class _OrderOne(Wire):
    order: _Order


class _Orders(Wire):
    orders: tuple[_Order, ...] | None
    cursor: str | None = None


class _Fill(Wire):
    order_id: str
    count_fp: str
    is_taker: bool
    fee_cost: str
    trade_id: str | None = None
    fill_id: str | None = None
    ticker: str | None = None
    market_ticker: str | None = None
    yes_price_dollars: str | None = None
    no_price_dollars: str | None = None
    book_side: str | None = None
    outcome_side: str | None = None
    side: str | None = None
    action: str | None = None
    created_time: datetime | None = None
    ts: int | None = None
    subaccount_number: int | None = None
    exchange_index: int | None = None


class _Fills(Wire):
    fills: tuple[_Fill, ...] | None
    cursor: str | None = None


class _Settlement(Wire):
    ticker: str
    market_result: str
    yes_count_fp: str
    yes_total_cost_dollars: str
    no_count_fp: str
    no_total_cost_dollars: str
    revenue: int
    settled_time: datetime
    fee_cost: str
    event_ticker: str = ""
    value: int | None = None
    exchange_index: int = 0


class _Settlements(Wire):
    settlements: tuple[_Settlement, ...] | None
    cursor: str | None = None


class _Place(Wire):
    queue_position_fp: str


class _NamedPlace(Wire):
    order_id: str
    market_ticker: str
    queue_position_fp: str


class _Places(Wire):
    queue_positions: tuple[_NamedPlace, ...] | None


class _Resting(Wire):
    total_resting_order_value: int


def balance(*, subaccount: int | None = None, exchange_index: int | None = None) -> Request[Balance]:
    """Ask for the cash."""
    asked = query(subaccount=subaccount, exchange_index=exchange_index)
    return Request("GET", "/portfolio/balance", _read_balance, query=asked, signed=True)


def total_resting_value() -> Request[Money]:
    """Ask what all resting orders would cost if they were filled."""
    return Request("GET", "/portfolio/summary/total_resting_order_value", _read_resting, signed=True)


def positions(
    *,
    ticker: str = "",
    event_ticker: str = "",
    subaccount: int | None = None,
    limit: int = 1000,
    cursor: str = "",
) -> Request[Page[Position]]:
    """Ask for the positions in markets that have not settled."""
    asked = query(
        ticker=ticker, event_ticker=event_ticker, subaccount=subaccount, limit=_page_size(limit), cursor=cursor
    )
    return Request("GET", "/portfolio/positions", _read_positions, query=asked, signed=True)


def orders(
    *,
    ticker: str = "",
    event_tickers: Iterable[str] = (),
    status: OrderFilter | None = None,
    min_s: int | None = None,
    max_s: int | None = None,
    subaccount: int | None = None,
    limit: int = 1000,
    cursor: str = "",
) -> Request[Page[Order]]:
    """Ask for orders, of up to ten events."""
    events = tuple(event_tickers)
    bounded(len(events), 0, 10, "the number of events to filter orders by")
    asked = query(
        ticker=ticker,
        event_ticker=events,
        status=status,
        min_ts=min_s,
        max_ts=max_s,
        subaccount=subaccount,
        limit=_page_size(limit),
        cursor=cursor,
    )
    return Request("GET", "/portfolio/orders", _read_orders, query=asked, signed=True)


def order(order_id: str) -> Request[Order]:
    """Ask for one order."""
    return Request("GET", "/portfolio/orders/{}", _read_order, (name(order_id, "order id"),), cost=2, signed=True)


def fills(
    *,
    ticker: str = "",
    order_id: str = "",
    min_s: int | None = None,
    max_s: int | None = None,
    subaccount: int | None = None,
    limit: int = 1000,
    cursor: str = "",
) -> Request[Page[Fill]]:
    """Ask for our own fills."""
    asked = query(
        ticker=ticker,
        order_id=order_id,
        min_ts=min_s,
        max_ts=max_s,
        subaccount=subaccount,
        limit=_page_size(limit),
        cursor=cursor,
    )
    return Request("GET", "/portfolio/fills", _read_fills, query=asked, signed=True)


def settlements(
    *,
    ticker: str = "",
    event_ticker: str = "",
    min_s: int | None = None,
    max_s: int | None = None,
    subaccount: int | None = None,
    limit: int = 1000,
    cursor: str = "",
) -> Request[Page[Settlement]]:
    """Ask for what finished markets paid."""
    asked = query(
        ticker=ticker,
        event_ticker=event_ticker,
        min_ts=min_s,
        max_ts=max_s,
        subaccount=subaccount,
        limit=_page_size(limit),
        cursor=cursor,
    )
    return Request("GET", "/portfolio/settlements", _read_settlements, query=asked, signed=True)


def queue_position(order_id: str) -> Request[Size]:
    """Ask how many contracts are ahead of an order."""
    names = (name(order_id, "order id"),)
    return Request("GET", "/portfolio/orders/{}/queue_position", _read_place, names, signed=True)


def queue_positions(*, tickers: Iterable[str] = (), event_ticker: str = "") -> Request[tuple[QueuePlace, ...]]:
    """Ask how many contracts are ahead of each resting order of some markets or of an event."""
    asked = query(market_tickers=tuple(tickers), event_ticker=event_ticker)
    return Request("GET", "/portfolio/orders/queue_positions", _read_places, query=asked, signed=True)


def _page_size(limit: int) -> int:
    return bounded(limit, 1, 1000, "the number of rows on a page")


def _as_balance(wire: _Balance) -> Balance:
    return Balance(
        cash=_money("balance_dollars", wire.balance_dollars),
        portfolio_value=cents(wire.portfolio_value),
        by_shard={row.exchange_index: _money("balance", row.balance) for row in wire.balance_breakdown or ()},
    )


def _as_position(wire: _Position) -> Position:
    return Position(
        ticker=ident(wire.ticker),
        size=field("position_fp", parse_size_change, wire.position_fp),
        cost=_money("market_exposure_dollars", wire.market_exposure_dollars),
        realised=_money("realized_pnl_dollars", wire.realized_pnl_dollars),
        fees=_money("fees_paid_dollars", wire.fees_paid_dollars),
    )


def _as_order(wire: _Order) -> Order:
    return Order(
        order_id=ident(wire.order_id),
        client_order_id=ident(wire.client_order_id or ""),
        ticker=ident(wire.ticker),
        side=_side(wire),
        price=yes_price(wire.yes_price_dollars, wire.no_price_dollars),
        status=OrderStatus(wire.status),
        initial=_size("initial_count_fp", wire.initial_count_fp),
        filled=_size("fill_count_fp", wire.fill_count_fp),
        remaining=_size("remaining_count_fp", wire.remaining_count_fp),
        taker_cost=_money("taker_fill_cost_dollars", wire.taker_fill_cost_dollars),
        maker_cost=_money("maker_fill_cost_dollars", wire.maker_fill_cost_dollars),
        taker_fees=_money("taker_fees_dollars", wire.taker_fees_dollars),
        maker_fees=_money("maker_fees_dollars", wire.maker_fees_dollars),
        expiration_ms=optional_millis("expiration_time", wire.expiration_time),
        created_ms=optional_millis("created_time", wire.created_time),
        updated_ms=optional_millis("last_update_time", wire.last_update_time),
        self_trade_prevention=ident(wire.self_trade_prevention_type or ""),
        order_group_id=ident(wire.order_group_id or ""),
        cancel_on_pause=bool(wire.cancel_order_on_pause),
        subaccount=wire.subaccount_number or 0,
        exchange_index=wire.exchange_index or 0,
    )


def _as_fill(wire: _Fill) -> Fill:
    trade_id, ticker = wire.trade_id or wire.fill_id, wire.ticker or wire.market_ticker
    if not trade_id or not ticker:
        raise RemoteProtocolError("a fill in the reply lacks its trade_id or its ticker")
    return Fill(
        trade_id=ident(trade_id),
        order_id=ident(wire.order_id),
        ticker=ident(ticker),
        side=_side(wire),
        price=yes_price(wire.yes_price_dollars, wire.no_price_dollars),
        size=_size("count_fp", wire.count_fp),
        is_taker=wire.is_taker,
        fee=_money("fee_cost", wire.fee_cost),
        ts_ms=_fill_ms(wire),
        subaccount=wire.subaccount_number or 0,
        exchange_index=wire.exchange_index or 0,
    )


def _fill_ms(wire: _Fill) -> int:
    exact = optional_millis("created_time", wire.created_time)
    if exact is not None:
        return exact
    if wire.ts is None:
        raise RemoteProtocolError("created_time and ts are both missing in a fill of the reply")
    return wire.ts * 1000


def _side(wire: _Order | _Fill) -> Side:
    side = yes_side(book=wire.book_side, outcome=wire.outcome_side, side=wire.side, action=wire.action)
    return cast("Side", side)


def _as_settlement(wire: _Settlement) -> Settlement:
    return Settlement(
        ticker=ident(wire.ticker),
        event_ticker=ident(wire.event_ticker),
        result=clean(wire.market_result, 40),
        yes_size=_size("yes_count_fp", wire.yes_count_fp),
        yes_cost=_money("yes_total_cost_dollars", wire.yes_total_cost_dollars),
        no_size=_size("no_count_fp", wire.no_count_fp),
        no_cost=_money("no_total_cost_dollars", wire.no_total_cost_dollars),
        revenue=cents(wire.revenue),
        value=None if wire.value is None else cents(wire.value),
        fees=_money("fee_cost", wire.fee_cost),
        settled_ms=millis("settled_time", wire.settled_time),
        exchange_index=wire.exchange_index,
    )


def _as_place(wire: _NamedPlace) -> QueuePlace:
    ahead = _size("queue_position_fp", wire.queue_position_fp)
    return QueuePlace(ident(wire.order_id), ident(wire.market_ticker), ahead)


def _money(label: str, text: str) -> Money:
    return field(label, parse_money, text)


def _size(label: str, text: str) -> Size:
    return field(label, parse_size, text)


_read_balance = reader(_Balance, _as_balance)
_read_resting = reader(_Resting, lambda wire: cents(wire.total_resting_order_value))
_read_positions = reader(
    _Positions, lambda wire: Page(tuple(_as_position(row) for row in wire.market_positions or ()), wire.cursor or "")
)
_read_orders = reader(_Orders, lambda wire: Page(tuple(_as_order(row) for row in wire.orders or ()), wire.cursor or ""))
_read_order = reader(_OrderOne, lambda wire: _as_order(wire.order))
_read_fills = reader(_Fills, lambda wire: Page(tuple(_as_fill(row) for row in wire.fills or ()), wire.cursor or ""))
_read_settlements = reader(
    _Settlements, lambda wire: Page(tuple(_as_settlement(row) for row in wire.settlements or ()), wire.cursor or "")
)
_read_place = reader(_Place, lambda wire: _size("queue_position_fp", wire.queue_position_fp))
_read_places = reader(_Places, lambda wire: tuple(_as_place(row) for row in wire.queue_positions or ()))
