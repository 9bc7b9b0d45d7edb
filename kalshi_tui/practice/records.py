"""What the exchange keeps: series, events, markets, orders, fills, trades, accounts; plain records, no rules.

Integers throughout: price 1/10,000 dollar, size 1/100 contract, money 1/1,000,000 dollar, time Unix milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from kalshi_tui.core.units import Price, Size

Side = Literal["bid", "ask"]
TimeInForce = Literal["good_till_canceled", "immediate_or_cancel", "fill_or_kill"]
SelfTradePrevention = Literal["taker_at_cross", "maker"]
OrderStatus = Literal["resting", "canceled", "executed"]
MarketStatus = Literal["initialized", "active", "inactive", "closed", "determined", "disputed", "amended", "finalized"]
Result = Literal["", "yes", "no", "scalar"]


class Refusal(Exception):  # noqa: N818 - it is an answer
    """The exchange says no; the doors turn this into an HTTP reply."""

    def __init__(self, status: int, code: str, message: str = "", details: str = "") -> None:
        super().__init__(f"{status} {code} {message} {details}".strip())
        self.status = status
        self.code = code
        self.message = message or code.replace("_", " ")
        self.details = details


@dataclass(slots=True)
class Series:
    """A family of events with one rule book and one fee."""

    ticker: str
    title: str
    category: str
    frequency: str = "custom"
    tags: tuple[str, ...] = ()
    fee_type: str = "quadratic"
    fee_multiplier: int = 1_000_000  # millionths
    settlement_sources: tuple[tuple[str, str], ...] = ()  # (name, url)
    contract_url: str = ""
    contract_terms_url: str = ""
    exchange_index: int = 0
    last_updated_ms: int = 0


@dataclass(slots=True)
class FeeChange:
    """A fee that a series or an event will have from a time on."""

    change_id: str
    series_ticker: str
    event_ticker: str  # empty for a change of the whole series
    fee_type: str
    fee_multiplier: int  # millionths
    scheduled_ms: int


@dataclass(slots=True)
class Event:
    """One question, with a market for each answer."""

    ticker: str
    series_ticker: str
    title: str
    sub_title: str = ""
    category: str = ""
    mutually_exclusive: bool = False
    collateral_return_type: str = ""  # MECNET, DIRECNET or nothing
    strike_ms: int | None = None
    strike_period: str | None = None
    fee_type_override: str | None = None
    fee_multiplier_override: int | None = None  # millionths
    exchange_index: int = 0
    last_updated_ms: int = 0
    market_tickers: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of the price grid with one step."""

    start: Price
    end: Price
    step: Price


@dataclass(slots=True)
class Level:
    """One price of the book: its resting orders, oldest first, and their total size."""

    size: int = 0
    orders: dict[str, Order] = field(default_factory=dict)


@dataclass(slots=True)
class Market:
    """One binary contract and what its trading has left behind."""

    ticker: str
    event_ticker: str
    market_id: str
    title: str = ""
    subtitle: str = ""
    yes_sub_title: str = ""
    no_sub_title: str = ""
    rules_primary: str = ""
    rules_secondary: str = ""
    strike_type: str | None = None
    floor_strike: str | None = None  # decimal text; the wire shows a number
    cap_strike: str | None = None
    functional_strike: str | None = None
    custom_strike: dict[str, str] | None = None
    created_ms: int = 0
    updated_ms: int = 0
    open_ms: int = 0
    close_ms: int = 0
    expected_expiration_ms: int | None = None
    latest_expiration_ms: int = 0
    settlement_timer_s: int = 60
    can_close_early: bool = True
    early_close_condition: str | None = None
    price_level_structure: str = "linear_cent"
    bands: tuple[Band, ...] = (Band(Price(0), Price(10_000), Price(100)),)
    exchange_index: int = 0
    status: MarketStatus = "initialized"
    result: Result = ""
    settlement_value: Price | None = None
    determined_ms: int | None = None
    settled_ms: int | None = None
    expiration_value: str = ""
    fee_waiver_until_ms: int | None = None
    # The book, on the YES axis.
    bids: dict[int, Level] = field(default_factory=dict)
    asks: dict[int, Level] = field(default_factory=dict)
    best_bid: int = 0  # 0 when there is none
    best_ask: int = 10_000  # 10,000 when there is none
    clock: int = 0  # the exchange's logical clock at the last change of this book
    # What trading left behind.
    last_price: int = 0
    last_trade_size: int = 0
    previous_bid: int = 0  # a day ago
    previous_ask: int = 0
    previous_price: int = 0
    volume: int = 0  # size
    volume_24h: int = 0
    open_interest: int = 0  # size
    dollar_volume: int = 0  # money


@dataclass(slots=True)
class NewOrder:
    """What a client asks for, already of the right types."""

    ticker: str
    side: Side
    price: Price
    count: Size
    time_in_force: TimeInForce
    self_trade_prevention: SelfTradePrevention
    client_order_id: str | None = None
    expiration_ms: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    cancel_on_pause: bool = False
    subaccount: int = 0
    order_group_id: str | None = None
    exchange_index: int = -1


@dataclass(slots=True)
class Order:
    """An order as the exchange knows it."""

    order_id: str
    client_order_id: str
    user_id: str
    subaccount: int
    ticker: str
    side: Side
    price: int
    initial: int
    remaining: int
    filled: int
    time_in_force: TimeInForce
    self_trade_prevention: SelfTradePrevention
    post_only: bool
    reduce_only: bool
    cancel_on_pause: bool
    expiration_ms: int | None
    order_group_id: str | None
    exchange_index: int
    created_ms: int
    updated_ms: int
    status: OrderStatus = "resting"
    last_update_reason: str = ""
    taker_cost: int = 0  # money
    maker_cost: int = 0
    taker_fees: int = 0
    maker_fees: int = 0
    rounding_carried: int = 0  # money: the fee accumulator of this order


@dataclass(frozen=True, slots=True)
class Trade:
    """A match, as everybody sees it."""

    trade_id: str
    ticker: str
    price: int
    count: int
    taker_side: Side
    ts_ms: int
    is_block: bool = False


@dataclass(frozen=True, slots=True)
class Fill:
    """One side of a match, as its owner sees it; `fee` is what was charged, net of rebate."""

    trade_id: str
    order_id: str
    client_order_id: str
    user_id: str
    subaccount: int
    ticker: str
    side: Side
    price: int
    count: int
    is_taker: bool
    fee: int  # money
    position_after: int  # signed size
    exchange_index: int
    ts_ms: int


@dataclass(slots=True)
class Position:
    """A signed holding of one market in one subaccount and what it cost; kept after it is flat or settled."""

    user_id: str
    subaccount: int
    ticker: str
    size: int = 0  # + yes, - no
    cost: int = 0  # money paid for the open size (yes price or no price, always positive)
    realized: int = 0  # money, before fees
    fees: int = 0
    traded: int = 0  # money: total value traded
    yes_bought: int = 0  # gross sizes and costs, for the settlement row
    yes_cost: int = 0
    no_bought: int = 0
    no_cost: int = 0
    updated_ms: int = 0
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one position was paid when its market was finalised."""

    user_id: str
    subaccount: int
    ticker: str
    event_ticker: str
    exchange_index: int
    result: str
    yes_count: int
    yes_cost: int
    no_count: int
    no_cost: int
    revenue: int  # money
    value: int  # price paid to one YES contract
    fees: int
    settled_ms: int


@dataclass(slots=True)
class OrderGroup:
    """A fuse that its owner puts on a set of orders: more than `limit` filled in 15 s cancels them all."""

    group_id: str
    user_id: str
    subaccount: int
    limit: int  # size
    exchange_index: int = 0
    triggered: bool = False
    fills: list[tuple[int, int]] = field(default_factory=list)  # (ts_ms, size) of the last 15 s
    order_ids: dict[str, None] = field(default_factory=dict)  # resting ones, in order of arrival


@dataclass(slots=True)
class ApiKey:
    """A public key that may sign for an account."""

    key_id: str
    user_id: str
    public_pem: bytes
    scopes: tuple[str, ...] = ("read", "write")
    subaccount: int | None = None  # restricted to it when set


@dataclass(slots=True)
class Bucket:
    """A token bucket's settings and level."""

    refill: int  # tokens a second
    capacity: int
    tokens: float
    updated_ms: int = 0


@dataclass(slots=True)
class Account:
    """A member of the exchange: cash by (subaccount, exchange shard) and its token buckets."""

    user_id: str
    cash: dict[tuple[int, int], int] = field(default_factory=dict)  # money
    reserved: dict[tuple[int, int], int] = field(default_factory=dict)  # money held for resting orders
    subaccounts: list[int] = field(default_factory=lambda: [0])
    netting: dict[int, bool] = field(default_factory=dict)
    tier: str = "basic"
    read: Bucket = field(default_factory=lambda: Bucket(200, 200, 200.0))
    write: Bucket = field(default_factory=lambda: Bucket(100, 100, 100.0))
    is_house: bool = False  # makers and takers of the world: no balance check, no rate limit, no history kept
