"""The views that the engine publishes: immutable pictures with integer prices, each whole in itself."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from kalshi_tui.core.book import BookState, Level
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Price, Size
from kalshi_tui.link.trading import TradingViews

Loudness = Literal["info", "warning", "alarm"]


class _View(Struct, frozen=True, gc=False, tag=True):
    pass


class Lag(Struct, frozen=True, gc=False):
    """How late the engine's loop woke, in milliseconds, over the last minute; `worst_ms` since it started."""

    p50_ms: float = 0.0
    p99_ms: float = 0.0
    worst_ms: float = 0.0


class TapeState(Struct, frozen=True, gc=False):
    """What is recorded, or why nothing is."""

    state: Literal["off", "recording", "failed"] = "off"
    reason: str = ""
    path: str = ""
    bytes_written: int = 0
    frames_lost: int = 0


class StatusView(_View, frozen=True):
    """How the engine is; `bounds` counts how often each limit was reached, and is empty when none was."""

    mode: str
    environment: str
    execution: str
    account: str
    words: str  # the venue, as a person would name it
    engine_pid: int
    program: str
    started_ms: int
    now_ms: int
    feed: str  # connecting, open, waiting, refused, stopped
    feed_reason: str
    feed_since_ms: int
    feed_until_ms: int | None
    exchange: str  # open, trading paused, exchange paused, unknown
    exchange_until_ms: int | None  # when a pause is said to end
    heard_ms: int  # when anything last came over the stream
    frames: int
    frames_per_s: float
    books: int
    books_live: int
    gaps: int
    resyncs: int
    malformed: int
    catalogue: str  # loading, ready, or why it is not
    series: int
    events: int
    markets: int
    universe: str  # needed, full
    clients: int
    working: tuple[str, ...]  # what would be cut short if the engine ended now, in words
    bounds: dict[str, int]
    lag: Lag
    tape: TapeState


class MarketRow(Struct, frozen=True, gc=False):
    """A market in a list; prices are its book's where that is followed, and `state` says whether to believe them."""

    ticker: str
    event_ticker: str
    event_title: str
    answer: str
    status: str
    close_ms: int
    bid: Price | None
    ask: Price | None
    bid_size: Size
    ask_size: Size
    last: Price | None
    moved: int  # the last trade against the one before: -1, 0, 1
    volume: Size
    state: str  # a BookState, or "listed" where only a summary is known
    reason: str
    heard_ms: int


class MarketsView(_View, frozen=True):
    """A page of the list; `matched` counts what the search leaves of `total`."""

    total: int
    matched: int
    offset: int
    rows: tuple[MarketRow, ...]
    loading: str  # empty once the catalogue is there


class MarketView(_View, frozen=True):
    """What a market is; `doubt` is set while something about it is known to have changed and not yet read anew."""

    ticker: str
    event_ticker: str
    series_ticker: str
    event_title: str
    title: str
    yes_title: str
    no_title: str
    category: str
    rules_primary: str
    rules_secondary: str
    strike: str
    status: str
    open_ms: int
    close_ms: int
    expected_expiration_ms: int | None
    settlement_timer_s: int
    mutually_exclusive: bool
    grid: tuple[tuple[Price, Price, Price], ...]
    fee: str
    volume: Size
    open_interest: Size
    result: str
    revision: int
    read_ms: int
    doubt: str


class LadderView(_View, frozen=True):
    """A market's book, best levels first; `bid_levels` and `ask_levels` count all, also those beyond the depth."""

    ticker: str
    state: BookState
    reason: str
    clock: int
    revision: int  # of the market's description that this was published beside
    heard_ms: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    bid_levels: int
    ask_levels: int
    last_price: Price | None
    last_size: Size
    last_side: Side | None
    last_ms: int


class TradeRow(Struct, frozen=True, gc=False):
    """Two orders met in public."""

    number: int  # counts a market's trades as they came; those from before we listened have 0 and less
    price: Price
    size: Size
    taker_side: Side
    is_block: bool
    ts_ms: int


class TradesView(_View, frozen=True):
    """The latest trades, newest first; `total` counts all that came, so that a reader sees what it missed."""

    ticker: str
    total: int
    rows: tuple[TradeRow, ...]


class Notice(Struct, frozen=True, gc=False):
    """Something that a person should hear of."""

    number: int
    at_ms: int
    loudness: Loudness
    words: str
    ticker: str = ""


class NoticesView(_View, frozen=True):
    """What was announced, newest first; `total` counts all."""

    total: int
    rows: tuple[Notice, ...]


class ValueRow(Struct, frozen=True, gc=False):
    """A number that markets are about, as its publisher wrote it; `average` is the mean that a market settles on."""

    name: str
    source: str  # index, or reference
    value: str
    average: str
    about: str
    source_ms: int
    heard_ms: int


class ValuesView(_View, frozen=True):
    """Index and reference values, by name."""

    rows: tuple[ValueRow, ...]


View = StatusView | MarketsView | MarketView | LadderView | TradesView | NoticesView | ValuesView | TradingViews
