"""What happens on the exchange, told in order to whoever listens: streams, log and index are fed from here alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kalshi_tui.practice.records import Event, Fill, Market, Order, OrderGroup, Position, Side, Trade


@dataclass(frozen=True, slots=True)
class BookChanged:
    """The total size at one price of one side changed by `delta`; all changes of one action share `clock`."""

    market: Market
    side: Side
    price: int
    delta: int
    clock: int
    ts_ms: int
    user_id: str  # whose order caused it
    client_order_id: str
    subaccount: int


@dataclass(frozen=True, slots=True)
class Traded:
    """Two orders met."""

    trade: Trade
    market: Market


@dataclass(frozen=True, slots=True)
class Filled:
    """One side of a match."""

    fill: Fill
    order: Order


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """An order was taken, filled, amended, decreased or ended; `order` is live, read it at once."""

    order: Order
    ts_ms: int


@dataclass(frozen=True, slots=True)
class PositionChanged:
    """A holding changed; `position` is live, read it at once."""

    position: Position
    ts_ms: int


@dataclass(frozen=True, slots=True)
class MarketChanged:
    """A step in a market's life."""

    kind: Literal[
        "created",
        "activated",
        "deactivated",
        "close_date_updated",
        "determined",
        "settled",
        "price_level_structure_updated",
        "metadata_updated",
    ]
    market: Market
    ts_ms: int


@dataclass(frozen=True, slots=True)
class EventCreated:
    """A new event was listed."""

    event: Event
    ts_ms: int


@dataclass(frozen=True, slots=True)
class EventFeeChanged:
    """An event's fee override was set or lifted."""

    event: Event
    ts_ms: int


@dataclass(frozen=True, slots=True)
class GroupChanged:
    """An order group was created, triggered, reset, deleted, or its limit updated."""

    kind: Literal["created", "triggered", "reset", "deleted", "limit_updated"]
    group: OrderGroup
    ts_ms: int


@dataclass(frozen=True, slots=True)
class IndexTicked:
    """An index was published: once a second, or five times a second where `fast`.

    Averages are 8-decimal strings with their windows as (value, count, start_ms, end_ms), or None.
    """

    index_id: str
    value: str
    source_ms: int
    received_ms: int
    fast: bool = False
    avg_60s: tuple[str, int, int, int] | None = None
    last_60s_15min: tuple[str, int, int, int] | None = None


Happening = (
    BookChanged
    | Traded
    | Filled
    | OrderChanged
    | PositionChanged
    | MarketChanged
    | EventCreated
    | EventFeeChanged
    | GroupChanged
    | IndexTicked
)
