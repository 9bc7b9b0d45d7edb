"""Series and events for everybody, with their markets and the fees that are about to change."""

from __future__ import annotations

from typing import Any

from kalshi_tui.practice import refusals
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.records import Event, FeeChange, Market, Series
from kalshi_tui.practice.rest.call import Call
from kalshi_tui.practice.rest.encode_market import (
    event_fee_change_json,
    event_json,
    market_json,
    series_fee_change_json,
    series_json,
)
from kalshi_tui.practice.rest.market_data import COMBO_PREFIX, STATUSES, is_between
from kalshi_tui.practice.rest.paging import page_by_place

Json = dict[str, Any]


def series_list(call: Call) -> Json:
    """List every series that passes the filters; there are no pages."""
    query = call.query
    category, tags = query.text("category"), set(query.listed("tags"))
    updated = query.integer("min_updated_ts")
    volumes = _volumes(call.exchange) if query.flag("include_volume") else None
    rows = [
        series
        for series in call.exchange.series.values()
        if category in {"", series.category}
        and (not tags or tags & set(series.tags))
        and is_between(series.last_updated_ms, updated, None)
    ]
    return {"series": [series_json(row, None if volumes is None else volumes.get(row.ticker, 0)) for row in rows]}


def one_series(call: Call) -> Json:
    """Show one series."""
    series = call.exchange.series.get(call.arguments["series_ticker"])
    if series is None:
        raise refusals.not_found()
    volume = _volumes(call.exchange).get(series.ticker, 0) if call.query.flag("include_volume") else None
    return {"series": series_json(series, volume)}


def series_fee_changes(call: Call) -> Json:
    """List coming changes of series' fees, and past ones where they are asked for."""
    wanted, historical = call.query.text("series_ticker"), call.query.flag("show_historical")
    rows = [
        change
        for change in call.exchange.fee_changes
        if not change.event_ticker
        and wanted in {"", change.series_ticker}
        and (historical or change.scheduled_ms > call.exchange.now_ms)
    ]
    return {"series_fee_change_arr": [series_fee_change_json(change) for change in rows]}


def event_fee_changes(call: Call) -> Json:
    """List changes of events' fee overrides."""
    query = call.query
    wanted = query.text("event_ticker")

    def keep(change: FeeChange) -> bool:
        return bool(change.event_ticker) and wanted in {"", change.event_ticker}

    rows, cursor = page_by_place(call.exchange.fee_changes, keep, query.limit(), query.text("cursor"))
    return {"event_fee_changes": [event_fee_change_json(change) for change in rows], "cursor": cursor}


def events(call: Call) -> Json:
    """List events that pass the filters; a status fits when it fits any of the event's markets."""
    query, exchange = call.query, call.exchange
    statuses = STATUSES.get(query.choice("status", ("unopened", "open", "closed", "settled")))
    series, tickers = query.text("series_ticker"), query.listed("tickers")
    close, updated = query.integer("min_close_ts"), query.integer("min_updated_ts")
    nested = bool(query.flag("with_nested_markets"))

    def keep(event: Event) -> bool:
        held = markets_of(exchange, event) if statuses or close else []
        return (
            not event.ticker.startswith(COMBO_PREFIX)
            and series in {"", event.series_ticker}
            and is_between(event.last_updated_ms, updated, None)
            and (statuses is None or any(market.status in statuses for market in held))
            and (close is None or any(market.close_ms >= close * 1000 for market in held))
        )

    named = [exchange.events[ticker] for ticker in tickers if ticker in exchange.events]
    candidates = named if tickers else exchange.events.values()
    limit = query.limit(default=200, maximum=200)
    rows, cursor = page_by_place(candidates, keep, limit, query.text("cursor"))
    answer: Json = {"events": [_event(exchange, event, nested=nested) for event in rows], "cursor": cursor}
    return answer | ({"milestones": []} if query.flag("with_milestones") else {})


def event(call: Call) -> Json:
    """Show one event beside its markets, and on demand with them inside as well."""
    found = call.exchange.events.get(call.arguments["event_ticker"])
    if found is None:
        raise refusals.not_found()
    nested = bool(call.query.flag("with_nested_markets"))
    markets = [market_json(market) for market in markets_of(call.exchange, found)]
    return {"event": _event(call.exchange, found, nested=nested), "markets": markets}


def markets_of(exchange: Exchange, event: Event) -> list[Market]:
    """Return the markets of an event."""
    return [exchange.markets[ticker] for ticker in event.market_tickers]


def _event(exchange: Exchange, event: Event, *, nested: bool) -> Json:
    value = event_json(event, _series(exchange, event))
    if nested:
        value["markets"] = [market_json(market) for market in markets_of(exchange, event)]
    return value


def _series(exchange: Exchange, event: Event) -> Series:
    return exchange.series[event.series_ticker]


def _volumes(exchange: Exchange) -> dict[str, int]:
    volumes: dict[str, int] = {}
    for event in exchange.events.values():
        held = sum(market.volume for market in markets_of(exchange, event))
        volumes[event.series_ticker] = volumes.get(event.series_ticker, 0) + held
    return volumes
