"""The stream's messages as they are on the wire: only the fields that we use, with numbers still in their strings.

Fields stand in the wire's order, `type` first, because msgspec then finds each key at the first try.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from kalshi_tui.core.units import PRICE_ONE, Price, format_price

Leg = Literal["yes", "no"]
BookSide = Literal["bid", "ask"]

# The 9,999 prices that an order can rest at. As a literal each decodes to one and the same string, whose hash is known:
# that makes the look-up of its number three times as fast, and refuses every other price while decoding.
LEVEL_PRICES: dict[str, Price] = {format_price(price): price for price in map(Price, range(1, PRICE_ONE))}
if TYPE_CHECKING:
    LevelPrice = str
else:
    LevelPrice = Literal[tuple(LEVEL_PRICES)]


class _Frame(Struct, kw_only=True, gc=False, tag_field="type"):
    sending_ts_ms: int = 0


class _OnSubscription(_Frame, kw_only=True, gc=False):
    """A message of one subscription; `seq` is None on the channels that do not count."""

    id: int | None = None
    sid: int
    seq: int | None = None


class DeltaBody(Struct, gc=False):
    """One change of one level: the hot path's message."""

    market_ticker: str
    clock: int
    price_dollars: LevelPrice
    delta_fp: str
    side: Leg
    ts_ms: int = 0


class Delta(Struct, gc=False, tag_field="type", tag="orderbook_delta"):
    """A book's change."""

    sid: int
    seq: int
    msg: DeltaBody
    sending_ts_ms: int = 0


class SnapshotBody(Struct, gc=False):
    """A whole book; the key of an empty side is absent, or null."""

    market_ticker: str
    clock: int
    yes_dollars_fp: list[tuple[LevelPrice, str]] | None = None
    no_dollars_fp: list[tuple[LevelPrice, str]] | None = None


class Snapshot(Struct, kw_only=True, gc=False, tag_field="type", tag="orderbook_snapshot"):
    """A book's snapshot; `id` is that of the get_snapshot command it answers."""

    id: int | None = None
    sid: int
    seq: int
    msg: SnapshotBody
    sending_ts_ms: int = 0


class ListedSubscription(Struct, gc=False):
    """One line of the answer to list_subscriptions, and the body of `subscribed`."""

    channel: str
    sid: int


class Subscribed(_Frame, kw_only=True, gc=False, tag="subscribed"):
    """A channel was opened; its sid stands inside the body here and nowhere else."""

    id: int | None = None
    msg: ListedSubscription


class Unsubscribed(_OnSubscription, kw_only=True, gc=False, tag="unsubscribed"):
    """A subscription was closed."""


class AckBody(Struct, gc=False):
    """The lists that `ok` carries: we know what we asked for, so we do not read them."""


class Ok(_Frame, kw_only=True, gc=False, tag="ok"):
    """A command was done."""

    id: int | None = None
    sid: int | None = None
    seq: int | None = None
    msg: list[ListedSubscription] | AckBody | None = None


class ErrorBody(Struct, gc=False):
    """An error's number and words."""

    code: int
    msg: str = ""
    market_ticker: str | None = None
    market_tickers: list[str] | None = None


class Error(_Frame, kw_only=True, gc=False, tag="error"):
    """A command was refused, or a subscription died."""

    id: int | None = None
    sid: int | None = None
    seq: int | None = None
    msg: ErrorBody


class TickerBody(Struct, gc=False):
    """A market's top line."""

    market_ticker: str
    price_dollars: str
    yes_bid_dollars: str
    yes_ask_dollars: str
    volume_fp: str
    open_interest_fp: str
    yes_bid_size_fp: str
    yes_ask_size_fp: str
    last_trade_size_fp: str
    ts_ms: int


class Ticker(_OnSubscription, kw_only=True, gc=False, tag="ticker"):
    """A market's top line changed."""

    msg: TickerBody


class TradeBody(Struct, gc=False):
    """A public trade."""

    trade_id: str
    market_ticker: str
    yes_price_dollars: str
    count_fp: str
    taker_book_side: BookSide
    ts_ms: int
    is_block_trade: bool = False


class Trade(_OnSubscription, kw_only=True, gc=False, tag="trade"):
    """Two orders met."""

    msg: TradeBody


class FillBody(Struct, gc=False):
    """A fill of ours."""

    trade_id: str
    order_id: str
    market_ticker: str
    is_taker: bool
    yes_price_dollars: str
    count_fp: str
    fee_cost: str
    book_side: BookSide
    post_position_fp: str
    ts_ms: int
    client_order_id: str = ""
    exchange_index: int = 0
    subaccount: int = 0


class Fill(_OnSubscription, kw_only=True, gc=False, tag="fill"):
    """An order of ours was filled."""

    msg: FillBody


class UserOrderBody(Struct, gc=False):
    """An order of ours."""

    order_id: str
    ticker: str
    status: str
    book_side: BookSide
    yes_price_dollars: str
    fill_count_fp: str
    remaining_count_fp: str
    initial_count_fp: str
    taker_fill_cost_dollars: str
    maker_fill_cost_dollars: str
    taker_fees_dollars: str
    maker_fees_dollars: str
    client_order_id: str = ""
    exchange_index: int = 0
    created_ts_ms: int | None = None
    order_group_id: str | None = None
    self_trade_prevention_type: str | None = None
    last_updated_ts_ms: int | None = None
    expiration_ts_ms: int | None = None
    last_update_reason: str | None = None
    subaccount_number: int | None = None


class UserOrder(_OnSubscription, kw_only=True, gc=False, tag="user_order"):
    """An order of ours changed."""

    msg: UserOrderBody


class PositionBody(Struct, gc=False):
    """A holding of ours."""

    market_ticker: str
    position_fp: str
    position_cost_dollars: str
    realized_pnl_dollars: str
    fees_paid_dollars: str
    position_fee_cost_dollars: str
    volume_fp: str
    subaccount: int = 0


class MarketPosition(_OnSubscription, kw_only=True, gc=False, tag="market_position"):
    """A holding of ours changed."""

    msg: PositionBody


class MetadataBody(Struct, gc=False):
    """A market's words and strike, as `created` nests them."""

    title: str = ""
    yes_sub_title: str = ""
    no_sub_title: str = ""
    rules_primary: str = ""
    rules_secondary: str = ""
    can_close_early: bool | None = None
    event_ticker: str = ""
    expected_expiration_ts: int | None = None
    strike_type: str = ""
    floor_strike: Decimal | None = None
    cap_strike: Decimal | None = None


class PriceRange(Struct, gc=False):
    """One band of a price grid."""

    start: str
    end: str
    step: str


class MarketLifecycleBody(Struct, gc=False):
    """A step in a market's life; times are in seconds."""

    market_ticker: str
    event_type: str
    exchange_index: int | None = None
    open_ts: int | None = None
    close_ts: int | None = None
    determination_ts: int | None = None
    settled_ts: int | None = None
    result: str = ""
    settlement_value: str | None = None
    is_deactivated: bool | None = None
    additional_metadata: MetadataBody | None = None
    price_ranges: list[PriceRange] | None = None
    strike_type: str = ""
    floor_strike: Decimal | None = None
    cap_strike: Decimal | None = None
    yes_sub_title: str = ""


class MarketLifecycle(_OnSubscription, kw_only=True, gc=False, tag="market_lifecycle_v2"):
    """A market was created, paused, resumed, moved, determined, settled or described anew."""

    msg: MarketLifecycleBody


class EventLifecycleBody(Struct, gc=False):
    """An event."""

    event_ticker: str
    series_ticker: str = ""
    title: str = ""
    subtitle: str = ""
    collateral_return_type: str = ""
    exchange_index: int = 0
    strike_date: int | None = None


class EventLifecycle(_OnSubscription, kw_only=True, gc=False, tag="event_lifecycle"):
    """An event was listed or described anew."""

    msg: EventLifecycleBody


class EventFeeBody(Struct, gc=False):
    """An event's fee override; both null when it was lifted."""

    event_ticker: str
    fee_type_override: str | None
    fee_multiplier_override: Decimal | None


class EventFeeUpdate(_OnSubscription, kw_only=True, gc=False, tag="event_fee_update"):
    """An event's fee override was set or lifted."""

    msg: EventFeeBody


class OrderGroupBody(Struct, gc=False):
    """An order group."""

    event_type: str
    order_group_id: str
    ts_ms: int
    contracts_limit_fp: str | None = None


class OrderGroupUpdate(_OnSubscription, kw_only=True, gc=False, tag="order_group_updates"):
    """An order group of ours changed."""

    msg: OrderGroupBody


class AverageBody(Struct, gc=False):
    """A mean over a window of an index's values."""

    value: str
    window_size: int
    window_start_ts_ms: int
    window_end_ts_exclusive: int


class IndexBody(Struct, gc=False):
    """An index's value; `data` is the publisher's own JSON inside a string."""

    index_id: str
    received_at: int
    data: str
    avg_60s_data: AverageBody | None = None
    last_minute: AverageBody | None = field(name="last_60s_windowed_average_15min", default=None)


class IndexValue(_OnSubscription, kw_only=True, gc=False, tag="cfbenchmarks_value"):
    """An index was published, once a second."""

    msg: IndexBody


class FastIndexBody(Struct, gc=False):
    """An index's value between the seconds."""

    index_id: str
    value_usd: str
    source_ts_ms: int
    received_at: int


class FastIndexValue(_OnSubscription, kw_only=True, gc=False, tag="cfbenchmarks_value_5hz"):
    """An index was published, up to five times a second."""

    msg: FastIndexBody


class IndexListBody(Struct, gc=False):
    """The indices of a subscription."""

    index_ids: list[str]


class IndexList(_OnSubscription, kw_only=True, gc=False, tag="cfbenchmarks_value_indexlist"):
    """The answer to `indexlist`."""

    msg: IndexListBody


class FastIndexList(_OnSubscription, kw_only=True, gc=False, tag="cfbenchmarks_value_5hz_indexlist"):
    """The answer to `indexlist` on the fast channel."""

    msg: IndexListBody


ChannelMessage = (
    Ticker
    | Trade
    | Fill
    | UserOrder
    | MarketPosition
    | MarketLifecycle
    | EventLifecycle
    | EventFeeUpdate
    | OrderGroupUpdate
    | IndexValue
    | FastIndexValue
    | IndexList
    | FastIndexList
)
Control = Subscribed | Unsubscribed | Ok | Error
Frame = Delta | Snapshot | Control | ChannelMessage
