"""Asks for series, events and markets, and reads them into the core's values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal

from msgspec import Raw

from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.markets import Event, Market, MarketStatus, Series, Strike, StrikeKind
from kalshi_tui.core.text import clean
from kalshi_tui.core.units import PRICE_ONE, Price, Size, parse_price, parse_size
from kalshi_tui.errors import LocalProtocolError
from kalshi_tui.protocol.rest.asking import Page, Request, bounded, name, query
from kalshi_tui.protocol.rest.reading import (
    Wire,
    field,
    ident,
    millionths,
    millis,
    one_row_reader,
    optional_millis,
    optional_price,
    price,
    reader,
    rows_reader,
)

MarketFilter = Literal["unopened", "open", "paused", "closed", "settled"]
EventFilter = Literal["unopened", "open", "closed", "settled"]
Span = tuple[int | None, int | None]
"""From and to in Unix seconds, either may be open."""

TICKERS_LIMIT: Final = 1000
_ANY_TIME: Final[Span] = (None, None)
_TEXT: Final = 4096
# The venue ties each family of times to what a market must have gone through to have such a time.
_STATUS_WITH: Final[dict[str, set[str | None]]] = {
    "created": {None, "unopened", "open"},
    "close": {None, "closed"},
    "settled": {None, "settled"},
}


class _Series(Wire):
    ticker: str
    title: str
    fee_type: str
    fee_multiplier: Decimal
    category: str = ""
    frequency: str = ""
    tags: tuple[str, ...] | None = None


class _SeriesOne(Wire):
    series: _Series


class _SeriesList(Wire):
    series: tuple[_Series, ...] | None


class _Band(Wire):
    start: str
    end: str
    step: str


class _Market(Wire):
    ticker: str
    event_ticker: str
    open_time: datetime
    close_time: datetime
    status: str
    yes_bid_dollars: str
    yes_bid_size_fp: str
    yes_ask_dollars: str
    yes_ask_size_fp: str
    last_price_dollars: str
    volume_fp: str
    volume_24h_fp: str
    open_interest_fp: str
    price_ranges: tuple[_Band, ...]
    title: str | None = None
    yes_sub_title: str = ""
    no_sub_title: str = ""
    rules_primary: str = ""
    rules_secondary: str = ""
    strike_type: str | None = None
    floor_strike: Decimal | None = None
    cap_strike: Decimal | None = None
    expected_expiration_time: datetime | None = None
    settlement_timer_seconds: int = 0
    result: str = ""
    settlement_value_dollars: str | None = None
    exchange_index: int = 0
    fee_waiver_expiration_time: datetime | None = None
    updated_time: datetime | None = None


class _MarketOne(Wire):
    market: _Market


class _Rows(Wire):
    markets: tuple[Raw, ...] | None = None
    events: tuple[Raw, ...] | None = None
    cursor: str | None = None


class _Event(Wire):
    event_ticker: str
    series_ticker: str
    title: str
    mutually_exclusive: bool
    sub_title: str = ""
    collateral_return_type: str = ""
    strike_date: datetime | None = None
    fee_type_override: str | None = None
    fee_multiplier_override: Decimal | None = None
    exchange_index: int = 0
    markets: tuple[_Market, ...] | None = None


class _EventOne(Wire):
    event: _Event
    markets: tuple[_Market, ...] | None = None


def series_list(*, category: str = "", tags: Iterable[str] = ()) -> Request[tuple[Series, ...]]:
    """Ask for every series, in one reply without pages."""
    return Request("GET", "/series", _read_series_list, query=query(category=category, tags=tags))


def series(ticker: str) -> Request[Series]:
    """Ask for one series."""
    return Request("GET", "/series/{}", _read_series, (name(ticker, "series ticker"),))


def events(
    *,
    status: EventFilter | None = None,
    series_ticker: str = "",
    tickers: Iterable[str] = (),
    nested: bool = False,
    min_close_s: int | None = None,
    limit: int = 200,
    cursor: str = "",
) -> Request[Page[Event]]:
    """Ask for events; `nested` brings their markets along."""
    asked = query(
        status=status,
        series_ticker=series_ticker,
        tickers=tickers,
        with_nested_markets=nested,
        min_close_ts=min_close_s,
        limit=bounded(limit, 1, 200, "the number of events on a page"),
        cursor=cursor,
    )
    return Request("GET", "/events", _read_events, query=asked)


def event(ticker: str) -> Request[Event]:
    """Ask for one event with its markets."""
    return Request("GET", "/events/{}", _read_event, (name(ticker, "event ticker"),), query(with_nested_markets=True))


def markets(
    *,
    status: MarketFilter | None = None,
    tickers: Iterable[str] = (),
    event_ticker: str = "",
    series_ticker: str = "",
    combos: Literal["only", "exclude"] | None = None,
    created: Span = _ANY_TIME,
    closes: Span = _ANY_TIME,
    settled: Span = _ANY_TIME,
    updated_since_s: int | None = None,
    limit: int = 1000,
    cursor: str = "",
) -> Request[Page[Market]]:
    """Ask for markets; at most one family of times, and only with a status that can have it."""
    _check_times(status, combos, {"created": created, "close": closes, "settled": settled}, updated_since_s)
    asked = query(
        status=status,
        tickers=tuple(tickers),
        event_ticker=event_ticker,
        series_ticker=series_ticker,
        mve_filter=combos,
        min_created_ts=created[0],
        max_created_ts=created[1],
        min_close_ts=closes[0],
        max_close_ts=closes[1],
        min_settled_ts=settled[0],
        max_settled_ts=settled[1],
        min_updated_ts=updated_since_s,
        limit=bounded(limit, 1, 1000, "the number of markets on a page"),
        cursor=cursor,
    )
    return Request("GET", "/markets", _read_markets, query=asked)


def market(ticker: str) -> Request[Market]:
    """Ask for one market."""
    return Request("GET", "/markets/{}", _read_market, (name(ticker, "market ticker"),))


def _check_times(
    status: str | None, combos: str | None, families: dict[str, Span], updated_since_s: int | None
) -> None:
    used = [family for family, span in families.items() if span != _ANY_TIME]
    if len(used) + (updated_since_s is not None) > 1:
        raise LocalProtocolError(
            "markets were asked for by several kinds of time at once",
            hint="filter by one of created, closing, settled or updated time",
        )
    for family in used:
        if status not in _STATUS_WITH[family]:
            raise LocalProtocolError(
                f"{family} times do not go with the status {status!r}",
                hint="leave the status out, or choose one that such a time belongs to",
            )
    if updated_since_s is not None and (combos != "exclude" or status is not None):
        raise LocalProtocolError(
            "updated times go only with combos left out and no status", hint='ask with combos="exclude"'
        )


def _as_series(wire: _Series) -> Series:
    return Series(
        ticker=ident(wire.ticker),
        title=clean(wire.title),
        category=clean(wire.category),
        frequency=clean(wire.frequency),
        tags=tuple(clean(tag) for tag in wire.tags or ()),
        fee_type=clean(wire.fee_type),
        fee_multiplier=millionths("fee_multiplier", wire.fee_multiplier),
    )


def _as_event(wire: _Event, beside: tuple[_Market, ...] | None = None) -> Event:
    override = wire.fee_multiplier_override
    return Event(
        ticker=ident(wire.event_ticker),
        series_ticker=ident(wire.series_ticker),
        title=clean(wire.title),
        sub_title=clean(wire.sub_title),
        mutually_exclusive=wire.mutually_exclusive,
        collateral_return=clean(wire.collateral_return_type),
        strike_ms=optional_millis("strike_date", wire.strike_date),
        fee_type_override=clean(wire.fee_type_override) if wire.fee_type_override else None,
        fee_multiplier_override=None if override is None else millionths("fee_multiplier_override", override),
        exchange_index=wire.exchange_index,
        markets=tuple(_as_market(market) for market in wire.markets or beside or ()),
    )


def _as_market(wire: _Market) -> Market:
    bid, bid_size = _quote("yes_bid", wire.yes_bid_dollars, wire.yes_bid_size_fp)
    ask, ask_size = _quote("yes_ask", wire.yes_ask_dollars, wire.yes_ask_size_fp)
    return Market(
        ticker=ident(wire.ticker),
        event_ticker=ident(wire.event_ticker),
        title=clean(wire.title or ""),
        yes_title=clean(wire.yes_sub_title),
        no_title=clean(wire.no_sub_title),
        rules_primary=clean(wire.rules_primary, _TEXT),
        rules_secondary=clean(wire.rules_secondary, _TEXT),
        strike=Strike(StrikeKind(wire.strike_type or ""), wire.floor_strike, wire.cap_strike),
        grid=_grid(tuple((band.start, band.end, band.step) for band in wire.price_ranges)),
        status=MarketStatus(wire.status),
        open_ms=millis("open_time", wire.open_time),
        close_ms=millis("close_time", wire.close_time),
        expected_expiration_ms=optional_millis("expected_expiration_time", wire.expected_expiration_time),
        settlement_timer_s=wire.settlement_timer_seconds,
        yes_bid=bid,
        yes_ask=ask,
        yes_bid_size=bid_size,
        yes_ask_size=ask_size,
        last_price=price("last_price_dollars", wire.last_price_dollars) or None,
        volume=field("volume_fp", parse_size, wire.volume_fp),
        volume_24h=field("volume_24h_fp", parse_size, wire.volume_24h_fp),
        open_interest=field("open_interest_fp", parse_size, wire.open_interest_fp),
        result=clean(wire.result, 40),
        settlement_value=optional_price("settlement_value_dollars", wire.settlement_value_dollars),
        exchange_index=wire.exchange_index,
        fee_waiver_until_ms=optional_millis("fee_waiver_expiration_time", wire.fee_waiver_expiration_time),
        updated_ms=optional_millis("updated_time", wire.updated_time),
    )


def _quote(side: str, price_text: str, size_text: str) -> tuple[Price | None, Size]:
    # An empty side is written 0.00 or 1.00 with no size behind it; neither number is a price anybody can trade at.
    quoted = price(f"{side}_dollars", price_text)
    size = field(f"{side}_size_fp", parse_size, size_text)
    return (quoted, size) if size and 0 < quoted < PRICE_ONE else (None, Size(0))


@lru_cache(maxsize=256)
def _grid(bands: tuple[tuple[str, str, str], ...]) -> PriceGrid:
    return PriceGrid.from_bands((parse_price(start), parse_price(end), parse_price(step)) for start, end, step in bands)


read_series_row: Final = one_row_reader(_Series, _as_series, "ticker")
read_event_row: Final = one_row_reader(_Event, _as_event, "event_ticker")
read_market_row: Final = one_row_reader(_Market, _as_market, "ticker")
_market_rows = rows_reader(read_market_row)
_event_rows = rows_reader(read_event_row)


def _market_page(wire: _Rows) -> Page[Market]:
    rows, unread = _market_rows(wire.markets or ())
    return Page(rows, wire.cursor or "", unread)


def _event_page(wire: _Rows) -> Page[Event]:
    rows, unread = _event_rows(wire.events or ())
    return Page(rows, wire.cursor or "", unread)


_read_series = reader(_SeriesOne, lambda wire: _as_series(wire.series))
_read_series_list = reader(_SeriesList, lambda wire: tuple(_as_series(row) for row in wire.series or ()))
_read_market = reader(_MarketOne, lambda wire: _as_market(wire.market))
_read_event = reader(_EventOne, lambda wire: _as_event(wire.event, wire.markets))
_read_markets = reader(_Rows, _market_page)
_read_events = reader(_Rows, _event_page)
