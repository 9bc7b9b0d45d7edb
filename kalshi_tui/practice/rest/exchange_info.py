"""What everybody may ask about the exchange itself, and where its archive begins."""

from __future__ import annotations

from typing import Any, Final

from kalshi_tui.practice.rest.call import Call
from kalshi_tui.practice.rest.texts import time_text

Json = dict[str, Any]

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_YEAR_MS: Final = 365 * 86_400_000
_LIVE_TIER_MS: Final = 90 * 86_400_000


def status(call: Call) -> Json:
    """Show whether the exchange and its trading are active, on the whole and shard by shard."""
    exchange = call.exchange
    flags = {
        "exchange_active": exchange.exchange_active,
        "trading_active": exchange.exchange_active and exchange.trading_active,
        "intra_exchange_transfers_active": exchange.exchange_active,
    }
    shards = sorted({0} | {event.exchange_index for event in exchange.events.values()})
    rows = [{"exchange_index": shard, "description": f"shard {shard}"} | flags for shard in shards]
    answer: Json = flags | {"exchange_index_statuses": rows}
    if exchange.resume_ms is not None:
        answer["exchange_estimated_resume_time"] = time_text(exchange.resume_ms)
    return answer


def schedule(call: Call) -> Json:
    """Show the hours: the practice exchange never sleeps, its pauses come by scenario and are not announced."""
    now_ms = call.exchange.now_ms
    hours = {day: [{"open_time": "00:00", "close_time": "00:00"}] for day in _DAYS}
    week = {"start_time": time_text(now_ms - _YEAR_MS), "end_time": time_text(now_ms + _YEAR_MS)} | hours
    return {"schedule": {"standard_hours": [week], "maintenance_windows": []}}


def announcements(_call: Call) -> Json:
    """Show the announcements, of which there are none; the venue dropped this and clients still ask."""
    return {"announcements": []}


def user_data_timestamp(call: Call) -> Json:
    """Show how fresh portfolio reads are."""
    return {"as_of_time": time_text(call.exchange.now_ms)}


def historical_cutoff(call: Call) -> Json:
    """Show where the archive begins: before anything that this exchange has known."""
    created = [market.created_ms for market in call.exchange.markets.values()]
    cutoff = time_text(min([call.exchange.now_ms, *created]) - _LIVE_TIER_MS)
    names = ("market_settled_ts", "trades_created_ts", "orders_updated_ts", "market_positions_last_updated_ts")
    return dict.fromkeys(names, cutoff)


def no_markets(call: Call) -> Json:
    """List the archive's markets: none."""
    call.query.limit(minimum=0)
    return {"markets": [], "cursor": ""}


def no_trades(call: Call) -> Json:
    """List the archive's trades: none."""
    call.query.limit(minimum=0)
    return {"trades": [], "cursor": ""}


def no_orders(call: Call) -> Json:
    """List the archive's orders: none."""
    call.query.limit()
    return {"orders": [], "cursor": ""}


def no_fills(call: Call) -> Json:
    """List the archive's fills: none."""
    call.query.limit()
    return {"fills": [], "cursor": ""}


def no_positions(call: Call) -> Json:
    """List the archive's positions: none."""
    call.query.limit()
    return {"market_positions": [], "event_positions": [], "cursor": ""}
