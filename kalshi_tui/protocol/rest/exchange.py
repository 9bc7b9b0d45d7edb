"""Asks how the exchange is: open or paused, its hours, its announcements, its coming fees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from kalshi_tui.core.fee_changes import FeeChange
from kalshi_tui.core.text import SafeText, clean
from kalshi_tui.protocol.rest.asking import Page, Request, bounded, query
from kalshi_tui.protocol.rest.reading import Wire, ident, millionths, millis, optional_millis, reader


@dataclass(frozen=True, slots=True)
class ShardStatus:
    """Whether one shard of the exchange works."""

    exchange_index: int
    description: SafeText
    exchange_active: bool
    trading_active: bool


@dataclass(frozen=True, slots=True)
class ExchangeStatus:
    """Whether the exchange works: trading may pause while cancelling goes on; in an exchange pause nothing does."""

    exchange_active: bool
    trading_active: bool
    resume_ms: int | None
    shards: tuple[ShardStatus, ...]


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A time for which the exchange announces to be down."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Hours:
    """A week's trading hours in New York's time, (open, close) by weekday from Monday, valid for a while."""

    start_ms: int
    end_ms: int
    days: tuple[tuple[tuple[SafeText, SafeText], ...], ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the exchange trades and when it is maintained."""

    hours: tuple[Hours, ...]
    maintenance: tuple[Maintenance, ...]


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the exchange tells everybody."""

    kind: SafeText
    message: SafeText
    delivered_ms: int
    is_active: bool


@dataclass(frozen=True, slots=True)
class HistoricalCutoff:
    """Before these times rows are found only in the historical tier."""

    markets_settled_ms: int
    trades_created_ms: int
    orders_updated_ms: int


class _Shard(Wire):
    exchange_index: int
    exchange_active: bool
    trading_active: bool
    description: str = ""


class _Status(Wire):
    exchange_active: bool
    trading_active: bool
    exchange_estimated_resume_time: datetime | None = None
    exchange_index_statuses: tuple[_Shard, ...] | None = None


class _Day(Wire):
    open_time: str
    close_time: str


class _Week(Wire):
    start_time: datetime
    end_time: datetime
    monday: tuple[_Day, ...] | None = None
    tuesday: tuple[_Day, ...] | None = None
    wednesday: tuple[_Day, ...] | None = None
    thursday: tuple[_Day, ...] | None = None
    friday: tuple[_Day, ...] | None = None
    saturday: tuple[_Day, ...] | None = None
    sunday: tuple[_Day, ...] | None = None


class _Window(Wire):
    start_datetime: datetime
    end_datetime: datetime


class _Plan(Wire):
    standard_hours: tuple[_Week, ...] | None = None
    maintenance_windows: tuple[_Window, ...] | None = None


class _Schedule(Wire):
    schedule: _Plan


class _Announcement(Wire):
    message: str
    delivery_time: datetime
    type: str = ""
    status: str = ""


class _Announcements(Wire):
    announcements: tuple[_Announcement, ...] | None


class _FeeChange(Wire):
    scheduled_ts: datetime
    series_ticker: str
    event_ticker: str = ""
    fee_type: str | None = None
    fee_multiplier: Decimal | None = None
    fee_type_override: str | None = None
    fee_multiplier_override: Decimal | None = None


class _SeriesFees(Wire):
    series_fee_change_arr: tuple[_FeeChange, ...] | None


class _EventFees(Wire):
    event_fee_changes: tuple[_FeeChange, ...] | None
    cursor: str | None = None


class _AsOf(Wire):
    as_of_time: datetime


class _Cutoff(Wire):
    market_settled_ts: datetime
    trades_created_ts: datetime
    orders_updated_ts: datetime


def exchange_status() -> Request[ExchangeStatus]:
    """Ask whether the exchange and its trading are open."""
    return Request("GET", "/exchange/status", _read_status)


def schedule() -> Request[Schedule]:
    """Ask for the weekly hours and the maintenance to come."""
    return Request("GET", "/exchange/schedule", _read_schedule)


def announcements() -> Request[tuple[Announcement, ...]]:
    """Ask for what the exchange announces."""
    return Request("GET", "/exchange/announcements", _read_announcements)


def user_data_timestamp() -> Request[int]:
    """Ask up to which time, in Unix milliseconds, balances, orders, fills and positions are complete."""
    return Request("GET", "/exchange/user_data_timestamp", _read_as_of)


def historical_cutoff() -> Request[HistoricalCutoff]:
    """Ask where the live tier ends."""
    return Request("GET", "/historical/cutoff", _read_cutoff)


def series_fee_changes(*, series_ticker: str = "", with_past: bool = False) -> Request[tuple[FeeChange, ...]]:
    """Ask for the fees that series are going to have."""
    asked = query(series_ticker=series_ticker, show_historical=with_past)
    return Request("GET", "/series/fee_changes", _read_series_fees, query=asked)


def event_fee_changes(*, event_ticker: str = "", limit: int = 100, cursor: str = "") -> Request[Page[FeeChange]]:
    """Ask for the fees that single events are going to have."""
    bounded(limit, 1, 1000, "the number of fee changes on a page")
    asked = query(event_ticker=event_ticker, limit=limit, cursor=cursor)
    return Request("GET", "/events/fee_changes", _read_event_fees, query=asked)


def _as_status(wire: _Status) -> ExchangeStatus:
    return ExchangeStatus(
        exchange_active=wire.exchange_active,
        trading_active=wire.trading_active,
        resume_ms=optional_millis("exchange_estimated_resume_time", wire.exchange_estimated_resume_time),
        shards=tuple(
            ShardStatus(row.exchange_index, clean(row.description), row.exchange_active, row.trading_active)
            for row in wire.exchange_index_statuses or ()
        ),
    )


def _as_hours(week: _Week) -> Hours:
    days = (week.monday, week.tuesday, week.wednesday, week.thursday, week.friday, week.saturday, week.sunday)
    return Hours(
        start_ms=millis("start_time", week.start_time),
        end_ms=millis("end_time", week.end_time),
        days=tuple(tuple((clean(span.open_time), clean(span.close_time)) for span in day or ()) for day in days),
    )


def _as_schedule(wire: _Schedule) -> Schedule:
    plan = wire.schedule
    return Schedule(
        hours=tuple(_as_hours(week) for week in plan.standard_hours or ()),
        maintenance=tuple(
            Maintenance(millis("start_datetime", row.start_datetime), millis("end_datetime", row.end_datetime))
            for row in plan.maintenance_windows or ()
        ),
    )


def _as_announcement(wire: _Announcement) -> Announcement:
    return Announcement(
        kind=clean(wire.type, 40),
        message=clean(wire.message, 4096),
        delivered_ms=millis("delivery_time", wire.delivery_time),
        is_active=wire.status == "active",
    )


def _as_fee_change(wire: _FeeChange) -> FeeChange:
    kind = wire.fee_type_override if wire.event_ticker else wire.fee_type
    multiplier = wire.fee_multiplier_override if wire.event_ticker else wire.fee_multiplier
    return FeeChange(
        series_ticker=ident(wire.series_ticker),
        event_ticker=ident(wire.event_ticker) if wire.event_ticker else None,
        fee_type=clean(kind, 80) if kind else None,
        multiplier=None if multiplier is None else millionths("fee_multiplier", multiplier),
        scheduled_ms=millis("scheduled_ts", wire.scheduled_ts),
    )


def _fee_changes(rows: tuple[_FeeChange, ...] | None) -> tuple[FeeChange, ...]:
    return tuple(_as_fee_change(row) for row in rows or ())


def _as_cutoff(wire: _Cutoff) -> HistoricalCutoff:
    return HistoricalCutoff(
        markets_settled_ms=millis("market_settled_ts", wire.market_settled_ts),
        trades_created_ms=millis("trades_created_ts", wire.trades_created_ts),
        orders_updated_ms=millis("orders_updated_ts", wire.orders_updated_ts),
    )


_read_status = reader(_Status, _as_status)
_read_schedule = reader(_Schedule, _as_schedule)
_read_announcements = reader(
    _Announcements, lambda wire: tuple(_as_announcement(row) for row in wire.announcements or ())
)
_read_as_of = reader(_AsOf, lambda wire: millis("as_of_time", wire.as_of_time))
_read_cutoff = reader(_Cutoff, _as_cutoff)
_read_series_fees = reader(_SeriesFees, lambda wire: _fee_changes(wire.series_fee_change_arr))
_read_event_fees = reader(_EventFees, lambda wire: Page(_fee_changes(wire.event_fee_changes), wire.cursor or ""))
