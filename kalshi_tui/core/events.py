"""What happened, as immutable messages with integer prices and sizes: the stream makes them, the rest reads them."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from kalshi_tui.core.book import BookState, Level
from kalshi_tui.core.orders import Side
from kalshi_tui.core.text import SafeText
from kalshi_tui.core.units import Money, Price, Size


# They hold no cycles, so the collector need not track them: that halves the cost of making millions.
class _Happened(Struct, frozen=True, gc=False, tag=True):
    pass


class BookReplaced(_Happened, frozen=True):
    """A snapshot took the place of a book; it holds every change up to `clock`."""

    ticker: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    clock: int
    sent_ms: int


class BookChanged(_Happened, frozen=True):
    """The size at one price of one side changed by `change`; one action's changes share `clock`."""

    ticker: str
    side: Side
    price: Price
    change: Size
    clock: int
    ts_ms: int


class BookTouched(_Happened, frozen=True):
    """A book changed, and who cares reads it: always the same message, because a new one costs a tenth of the way."""

    ticker: str


class BookStateChanged(_Happened, frozen=True):
    """A book may be believed, or no longer; `reason` says why in plain words."""

    ticker: str
    state: BookState
    reason: str


class TickerSeen(_Happened, frozen=True):
    """A market's top line; a price is None where nothing rests or nothing has traded."""

    ticker: str
    last_price: Price | None
    yes_bid: Price | None
    yes_ask: Price | None
    yes_bid_size: Size
    yes_ask_size: Size
    last_size: Size
    volume: Size
    open_interest: Size
    ts_ms: int


class TradeSeen(_Happened, frozen=True):
    """Two orders met in public."""

    trade_id: str
    ticker: str
    price: Price
    size: Size
    taker_side: Side
    is_block: bool
    ts_ms: int


class FillSeen(_Happened, frozen=True):
    """An order of ours was filled; `position` is what we hold after it, above zero in YES and below in NO."""

    trade_id: str
    order_id: str
    client_order_id: str
    ticker: str
    side: Side
    price: Price
    size: Size
    fee: Money
    is_taker: bool
    position: Size
    exchange_index: int
    subaccount: int
    ts_ms: int


class OrderSeen(_Happened, frozen=True):
    """An order of ours as the exchange now has it; `reason` is the exchange's own word for the last change."""

    order_id: str
    client_order_id: str
    ticker: str
    side: Side
    status: str
    price: Price
    initial: Size
    filled: Size
    remaining: Size
    taker_cost: Money
    maker_cost: Money
    taker_fees: Money
    maker_fees: Money
    order_group_id: str
    self_trade_prevention: str
    reason: str
    exchange_index: int
    subaccount: int
    created_ms: int | None
    updated_ms: int | None
    expiration_ms: int | None


class PositionSeen(_Happened, frozen=True):
    """What we hold in one market, above zero in YES and below in NO."""

    ticker: str
    position: Size
    cost: Money
    realised: Money
    fees: Money
    position_fees: Money
    volume: Size
    subaccount: int


class MarketDetails(Struct, frozen=True, gc=False):
    """What a lifecycle message tells about a market's words and strike."""

    event_ticker: str
    title: SafeText
    yes_title: SafeText
    no_title: SafeText
    rules_primary: SafeText
    rules_secondary: SafeText
    can_close_early: bool | None
    expected_expiration_ms: int | None
    strike_type: str
    floor_strike: Decimal | None
    cap_strike: Decimal | None


class MarketLifecycle(_Happened, frozen=True):
    """A step in a market's life; only the fields that belong to its `kind` are set."""

    ticker: str
    kind: str
    details: MarketDetails
    exchange_index: int | None
    open_ms: int | None
    close_ms: int | None
    determined_ms: int | None
    settled_ms: int | None
    result: str
    settlement_value: Price | None
    is_deactivated: bool | None
    price_ranges: tuple[tuple[Price, Price, Price], ...] | None


class EventLifecycle(_Happened, frozen=True):
    """An event was listed or described anew."""

    event_ticker: str
    series_ticker: str
    title: SafeText
    sub_title: SafeText
    collateral_return: str
    exchange_index: int
    strike_ms: int | None


class EventFeeChanged(_Happened, frozen=True):
    """An event's fee override was set, or lifted where None; the multiplier counts millionths."""

    event_ticker: str
    fee_type: str | None
    fee_multiplier: int | None


class OrderGroupSeen(_Happened, frozen=True):
    """An order group of ours was created, triggered, reset, deleted, or its limit updated."""

    kind: str
    group_id: str
    limit: Size | None
    ts_ms: int


class IndexAverage(Struct, frozen=True, gc=False):
    """A mean over part of an index's recent values; the window's end is exclusive."""

    value: Decimal
    count: int
    start_ms: int
    end_ms: int


class IndexSeen(_Happened, frozen=True):
    """An index was published; `last_minute` is the running mean that a 15-minute market settles on."""

    index_id: str
    value: Decimal
    source_ms: int
    received_ms: int
    is_fast: bool
    is_amended: bool
    is_repeated: bool
    average_60s: IndexAverage | None
    last_minute: IndexAverage | None


class IndexesListed(_Happened, frozen=True):
    """The indices that a subscription carries."""

    channel: str
    index_ids: tuple[str, ...]


class SubscriptionReady(_Happened, frozen=True):
    """A channel is being sent; whatever happened before must be read another way."""

    channel: str
    sid: int


class SubscriptionLost(_Happened, frozen=True):
    """A channel is no longer being sent; it will be asked for again."""

    channel: str
    reason: str


class SubscriptionsListed(_Happened, frozen=True):
    """What the exchange says that it sends on this connection, as (channel, sid)."""

    subscriptions: tuple[tuple[str, int], ...]


class MessagesLost(_Happened, frozen=True):
    """Something of a channel was lost or unreadable; what it would have told must be read another way."""

    channel: str
    reason: str


class CommandRefused(_Happened, frozen=True):
    """The exchange refused a command of ours, or did not answer it (code 0)."""

    command: Literal["subscribe", "unsubscribe", "add", "delete", "snapshot", "list"]
    channel: str
    code: int
    message: SafeText


class ErrorSeen(_Happened, frozen=True):
    """The exchange reported an error that answers no command of ours."""

    channel: str
    code: int
    message: SafeText


Event = (
    BookReplaced
    | BookChanged
    | BookTouched
    | BookStateChanged
    | TickerSeen
    | TradeSeen
    | FillSeen
    | OrderSeen
    | PositionSeen
    | MarketLifecycle
    | EventLifecycle
    | EventFeeChanged
    | OrderGroupSeen
    | IndexSeen
    | IndexesListed
    | SubscriptionReady
    | SubscriptionLost
    | SubscriptionsListed
    | MessagesLost
    | CommandRefused
    | ErrorSeen
)
