"""Asks for order books, public trades and candles, and turns them to the YES axis."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from kalshi_tui.core.book import Level
from kalshi_tui.core.units import Price, Size, complement, parse_size
from kalshi_tui.errors import LocalProtocolError
from kalshi_tui.protocol.rest.asking import Page, Request, bounded, name, query
from kalshi_tui.protocol.rest.reading import (
    Wire,
    field,
    ident,
    millis,
    optional_price,
    price,
    reader,
    yes_price,
    yes_side,
)

PeriodMinutes = Literal[1, 60, 1440]
BOOKS_LIMIT: Final = 100
CANDLES_LIMIT: Final = 10_000


@dataclass(frozen=True, slots=True)
class BookImage:
    """A book as one REST reply showed it, on the YES axis, best first; it was true at some time and may be cached."""

    ticker: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade between two others, told to everybody."""

    trade_id: str
    ticker: str
    price: Price
    size: Size
    taker_side: str  # bid or ask
    created_ms: int
    is_block: bool


@dataclass(frozen=True, slots=True)
class Quartet:
    """First, highest, lowest and last price of a period."""

    open: Price
    high: Price
    low: Price
    close: Price


@dataclass(frozen=True, slots=True)
class Candle:
    """What happened up to and including its end; without a trade there is no traded price."""

    end_s: int
    bid: Quartet
    ask: Quartet
    traded: Quartet | None
    previous: Price | None
    volume: Size
    open_interest: Size


class _Depth(Wire):
    yes_dollars: tuple[tuple[str, str], ...] | None = None
    no_dollars: tuple[tuple[str, str], ...] | None = None


class _Book(Wire):
    orderbook_fp: _Depth


class _NamedBook(Wire):
    ticker: str
    orderbook_fp: _Depth


class _Books(Wire):
    orderbooks: tuple[_NamedBook, ...]


class _Trade(Wire):
    trade_id: str
    ticker: str
    count_fp: str
    created_time: datetime
    yes_price_dollars: str | None = None
    no_price_dollars: str | None = None
    taker_book_side: str | None = None
    taker_outcome_side: str | None = None
    taker_side: str | None = None
    is_block_trade: bool = False


class _Trades(Wire):
    trades: tuple[_Trade, ...] | None
    cursor: str | None = None


class _Prices(Wire):
    open_dollars: str | None = None
    high_dollars: str | None = None
    low_dollars: str | None = None
    close_dollars: str | None = None
    previous_dollars: str | None = None


class _Candle(Wire):
    end_period_ts: int
    yes_bid: _Prices
    yes_ask: _Prices
    price: _Prices
    volume_fp: str
    open_interest_fp: str


class _Candles(Wire):
    candlesticks: tuple[_Candle, ...] | None


class _NamedCandles(Wire):
    market_ticker: str
    candlesticks: tuple[_Candle, ...] | None


class _CandlesOfMany(Wire):
    markets: tuple[_NamedCandles, ...]


def book(ticker: str, depth: int = 0) -> Request[BookImage]:
    """Ask for one book; depth 0 is all of it."""
    asked = query(depth=bounded(depth, 0, 100, "the depth of a book") or None)
    plain = name(ticker, "market ticker")
    read = reader(_Book, lambda wire: _as_book(plain, wire.orderbook_fp))
    return Request("GET", "/markets/{}/orderbook", read, (plain,), asked)


def books(tickers: Iterable[str]) -> Request[tuple[BookImage, ...]]:
    """Ask for up to 100 books at once."""
    asked = tuple(("tickers", name(ticker, "market ticker")) for ticker in tickers)
    bounded(len(asked), 1, BOOKS_LIMIT, "the number of books")
    return Request("GET", "/markets/orderbooks", _read_books, query=asked)


def trades(
    *,
    ticker: str = "",
    min_s: int | None = None,
    max_s: int | None = None,
    limit: int = 100,
    cursor: str = "",
) -> Request[Page[Trade]]:
    """Ask for public trades, of one market or of all."""
    asked = query(
        ticker=ticker,
        min_ts=min_s,
        max_ts=max_s,
        limit=bounded(limit, 1, 1000, "the number of trades on a page"),
        cursor=cursor,
    )
    return Request("GET", "/markets/trades", _read_trades, query=asked)


def candles(
    series_ticker: str,
    ticker: str,
    *,
    start_s: int,
    end_s: int,
    period_minutes: PeriodMinutes = 1,
    with_latest_before: bool = False,
) -> Request[tuple[Candle, ...]]:
    """Ask for the candles of one market."""
    names = (name(series_ticker, "series ticker"), name(ticker, "market ticker"))
    asked = _candle_query(start_s, end_s, period_minutes, with_latest_before=with_latest_before, markets=1)
    return Request("GET", "/series/{}/markets/{}/candlesticks", _read_candles, names, asked)


def candles_of_many(
    tickers: Iterable[str],
    *,
    start_s: int,
    end_s: int,
    period_minutes: PeriodMinutes = 1,
    with_latest_before: bool = False,
) -> Request[dict[str, tuple[Candle, ...]]]:
    """Ask for the candles of up to 100 markets, 10,000 candles in all."""
    names = tuple(name(ticker, "market ticker") for ticker in tickers)
    bounded(len(names), 1, BOOKS_LIMIT, "the number of markets")
    asked = _candle_query(start_s, end_s, period_minutes, with_latest_before=with_latest_before, markets=len(names))
    return Request("GET", "/markets/candlesticks", _read_candles_of_many, query=(*query(market_tickers=names), *asked))


def _candle_query(
    start_s: int, end_s: int, period_minutes: int, *, with_latest_before: bool, markets: int
) -> tuple[tuple[str, str], ...]:
    if period_minutes not in {1, 60, 1440} or end_s < start_s:
        raise LocalProtocolError(
            "these candles do not exist", hint="periods are 1, 60 or 1440 minutes, and the end comes after the start"
        )
    expected = ((end_s - start_s) // (60 * period_minutes) + 1) * markets
    if expected > CANDLES_LIMIT:
        raise LocalProtocolError(
            f"{expected} candles are more than one reply holds",
            hint=f"ask for at most {CANDLES_LIMIT}: fewer markets, a shorter time or longer periods",
        )
    return query(
        start_ts=str(start_s),
        end_ts=str(end_s),
        period_interval=period_minutes,
        include_latest_before_start=with_latest_before,
    )


def _as_book(ticker: str, depth: _Depth) -> BookImage:
    bids = [_level("yes_dollars", *row) for row in depth.yes_dollars or ()]
    asks = [_level("no_dollars", *row) for row in depth.no_dollars or ()]
    return BookImage(
        ticker,
        bids=tuple(sorted((level for level in bids if level[1]), reverse=True)),
        asks=tuple(sorted((complement(at), size) for at, size in asks if size)),
    )


def _level(label: str, price_text: str, size_text: str) -> Level:
    return price(label, price_text), field(label, parse_size, size_text)


def _as_trade(wire: _Trade) -> Trade:
    # A trade has a taker but no action: the old taker_side alone reads as buying that side.
    side = yes_side(book=wire.taker_book_side, outcome=wire.taker_outcome_side, side=wire.taker_side, action="buy")
    return Trade(
        trade_id=ident(wire.trade_id),
        ticker=ident(wire.ticker),
        price=yes_price(wire.yes_price_dollars, wire.no_price_dollars),
        size=field("count_fp", parse_size, wire.count_fp),
        taker_side=side,
        created_ms=millis("created_time", wire.created_time),
        is_block=wire.is_block_trade,
    )


def _as_candle(wire: _Candle) -> Candle:
    return Candle(
        end_s=wire.end_period_ts,
        bid=_quartet("yes_bid", wire.yes_bid),
        ask=_quartet("yes_ask", wire.yes_ask),
        traded=None if wire.price.close_dollars is None else _quartet("price", wire.price),
        previous=optional_price("price.previous_dollars", wire.price.previous_dollars),
        volume=field("volume_fp", parse_size, wire.volume_fp),
        open_interest=field("open_interest_fp", parse_size, wire.open_interest_fp),
    )


def _quartet(label: str, wire: _Prices) -> Quartet:
    return Quartet(
        open=price(f"{label}.open_dollars", wire.open_dollars),
        high=price(f"{label}.high_dollars", wire.high_dollars),
        low=price(f"{label}.low_dollars", wire.low_dollars),
        close=price(f"{label}.close_dollars", wire.close_dollars),
    )


def _candle_row(rows: tuple[_Candle, ...] | None) -> tuple[Candle, ...]:
    return tuple(_as_candle(row) for row in rows or ())


_read_books = reader(
    _Books, lambda wire: tuple(_as_book(ident(row.ticker), row.orderbook_fp) for row in wire.orderbooks)
)
_read_trades = reader(_Trades, lambda wire: Page(tuple(_as_trade(row) for row in wire.trades or ()), wire.cursor or ""))
_read_candles = reader(_Candles, lambda wire: _candle_row(wire.candlesticks))
_read_candles_of_many = reader(
    _CandlesOfMany, lambda wire: {ident(row.market_ticker): _candle_row(row.candlesticks) for row in wire.markets}
)
