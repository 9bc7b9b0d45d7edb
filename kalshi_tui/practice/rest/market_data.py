"""Markets, books and trades for everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from kalshi_tui.practice import refusals
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.records import Market, MarketStatus, Trade
from kalshi_tui.practice.rest.call import Call
from kalshi_tui.practice.rest.encode_market import book_json, market_json, trade_json
from kalshi_tui.practice.rest.paging import page_by_key, page_by_place
from kalshi_tui.practice.rest.query import Query

Json = dict[str, Any]
Keep = Callable[[Market], bool]

COMBO_PREFIX: Final = "KXMVE"

STATUSES: Final[Mapping[str, frozenset[MarketStatus]]] = {
    "unopened": frozenset({"initialized"}),
    "open": frozenset({"active"}),
    "paused": frozenset({"inactive"}),
    "closed": frozenset({"closed", "determined", "disputed", "amended"}),
    "settled": frozenset({"finalized"}),
}
# Which statuses may be asked for together with times of which kind.
_FAMILIES: Final[Mapping[str, frozenset[str]]] = {
    "created": frozenset({"", "unopened", "open"}),
    "close": frozenset({"", "closed"}),
    "settled": frozenset({"", "settled"}),
}
_BOOKS_AT_ONCE: Final = 100


def markets(call: Call) -> Json:
    """List markets that pass every filter."""
    query = call.query
    keep = _market_filter(query)
    limit = query.limit(minimum=0)
    rows, cursor = page_by_place(_candidates(call.exchange, query), keep, limit, query.text("cursor"))
    return {"markets": [market_json(market) for market in rows], "cursor": cursor}


def market(call: Call) -> Json:
    """Show one market."""
    return {"market": market_json(call.market(call.arguments["ticker"]))}


def order_book(call: Call) -> Json:
    """Show the book of one market."""
    depth = call.query.integer("depth", maximum=100) or 0
    return {"orderbook_fp": book_json(call.market(call.arguments["ticker"]), depth)}


def order_books(call: Call) -> Json:
    """Show the books of up to a hundred markets; unknown tickers are left out."""
    tickers = call.query.repeated("tickers", most=_BOOKS_AT_ONCE)
    if not tickers:
        raise call.query.refusal("tickers is required")
    known = [call.exchange.markets[ticker] for ticker in tickers if ticker in call.exchange.markets]
    return {"orderbooks": [{"ticker": row.ticker, "orderbook_fp": book_json(row, 0)} for row in known]}


def trades(call: Call) -> Json:
    """List trades, newest first."""
    query, exchange = call.query, call.exchange
    ticker = query.text("ticker")
    since, until = query.integer("min_ts"), query.integer("max_ts")
    is_block = query.flag("is_block_trade")

    def keep(trade: Trade) -> bool:
        return is_between(trade.ts_ms, since, until) and is_block in {None, trade.is_block}

    rows = exchange.trades_of(ticker) if ticker else exchange.recent_trades()
    limit = query.limit(minimum=0)
    found, cursor = page_by_key(reversed(rows), keep, _trade_key, limit, query.text("cursor"))
    return {"trades": [trade_json(trade) for trade in found], "cursor": cursor}


def is_between(ms: int | None, since_s: int | None, until_s: int | None) -> bool:
    """Tell whether a time lies within bounds of whole seconds, both inclusive; no time lies within none."""
    if since_s is None and until_s is None:
        return True
    after = since_s is None or (ms is not None and ms >= since_s * 1000)
    return ms is not None and after and (until_s is None or ms <= until_s * 1000)


def series_of(exchange: Exchange, market: Market) -> str:
    """Return the series that a market belongs to."""
    return exchange.events[market.event_ticker].series_ticker


def _trade_key(trade: Trade) -> tuple[int, str]:
    return trade.ts_ms, trade.trade_id


def _candidates(exchange: Exchange, query: Query) -> Iterable[Market]:
    """Return the markets that named tickers leave over, before the other filters."""
    if tickers := query.listed("tickers"):
        named = (exchange.markets.get(ticker) for ticker in tickers)
        return [row for row in named if row is not None and _in_event(row, query) and _in_series(exchange, row, query)]
    if event_ticker := query.text("event_ticker"):
        event = exchange.events.get(event_ticker)
        rows = [exchange.markets[ticker] for ticker in event.market_tickers] if event else []
        return [row for row in rows if _in_series(exchange, row, query)]
    if query.text("series_ticker"):
        return (row for row in exchange.markets.values() if _in_series(exchange, row, query))
    return exchange.markets.values()


def _in_event(row: Market, query: Query) -> bool:
    return query.text("event_ticker") in {"", row.event_ticker}


def _in_series(exchange: Exchange, row: Market, query: Query) -> bool:
    wanted = query.text("series_ticker")
    return not wanted or series_of(exchange, row) == wanted


def _market_filter(query: Query) -> Keep:
    """Build the filter by status, times and combos, or refuse filters that exclude each other."""
    status = query.choice("status", STATUSES)
    statuses = STATUSES.get(status)
    combos = query.choice("mve_filter", ("only", "exclude"))
    spans = {family: (query.integer(f"min_{family}_ts"), query.integer(f"max_{family}_ts")) for family in _FAMILIES}
    updated = query.integer("min_updated_ts"), query.integer("max_updated_ts")
    _check_families(query, status, [family for family, span in spans.items() if span != (None, None)])

    def keep(row: Market) -> bool:
        return (
            (statuses is None or row.status in statuses)
            and (not combos or row.event_ticker.startswith(COMBO_PREFIX) is (combos == "only"))
            and is_between(row.created_ms, *spans["created"])
            and is_between(row.close_ms, *spans["close"])
            and is_between(row.settled_ms, *spans["settled"])
            and is_between(row.updated_ms, *updated)
        )

    return keep


def _check_families(query: Query, status: str, given: list[str]) -> None:
    if len(given) > 1:
        raise query.refusal(f"{given[0]} and {given[1]} timestamp filters are mutually exclusive")
    if given and status not in _FAMILIES[given[0]]:
        raise query.refusal(f"{given[0]} timestamp filters are not compatible with status {status}")
    if query.text("min_updated_ts") or query.text("max_updated_ts"):
        _check_updated_alone(query, given)


def _check_updated_alone(query: Query, given: list[str]) -> None:
    others = [name for name in ("status", "tickers", "event_ticker") if query.text(name)]
    if given or others:
        raise query.refusal("updated timestamp filters are not compatible with other filters")
    if query.text("mve_filter") == "only" or (query.text("series_ticker") and not query.text("mve_filter")):
        raise query.refusal("updated timestamp filters with series_ticker need mve_filter=exclude")


def unknown_market(_call: Call) -> Json:
    """Refuse a market that was not archived: none ever is here."""
    raise refusals.no_such_market()
