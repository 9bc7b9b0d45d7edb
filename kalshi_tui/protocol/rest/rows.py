"""Cuts pages of the catalogue into raw rows, so that each is read, kept and found unreadable by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec import Raw

from kalshi_tui.protocol.rest.catalogue import read_event_row, read_market_row, read_series_row
from kalshi_tui.protocol.rest.reading import Wire, reader, row_name

__all__ = [
    "EventRow",
    "EventRows",
    "MarketRows",
    "read_event_row",
    "read_market_row",
    "read_series_row",
    "row_name",
    "split_event",
    "split_events",
    "split_markets",
    "split_series",
]


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event's JSON without its markets, and the JSON of each market."""

    raw: bytes
    markets: tuple[Raw, ...]


@dataclass(frozen=True, slots=True)
class EventRows:
    """A page of events; an empty cursor ends the list."""

    rows: tuple[EventRow, ...]
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class MarketRows:
    """A page of markets; an empty cursor ends the list."""

    rows: tuple[Raw, ...]
    cursor: str = ""


_NONE: Final = Raw()


class _Nested(Wire):
    markets: tuple[Raw, ...] | None = None


class _EventOne(Wire):
    event: Raw
    markets: tuple[Raw, ...] | None = None


class _Events(Wire):
    events: tuple[Raw, ...] | None
    cursor: str | None = None


class _Markets(Wire):
    markets: tuple[Raw, ...] | None = None
    market: Raw = _NONE
    cursor: str | None = None


class _SeriesRows(Wire):
    series: tuple[Raw, ...] | None


_nested: Final = msgspec.json.Decoder(_Nested).decode
_parts: Final = msgspec.json.Decoder(dict[str, Raw]).decode
_encode: Final = msgspec.json.Encoder().encode


def _event_row(raw: Raw, beside: tuple[Raw, ...] | None = None) -> EventRow:
    try:
        parts = _parts(raw)
        inside = _nested(raw).markets
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return EventRow(bytes(raw), beside or ())  # whoever reads it says why it cannot be read
    parts.pop("markets", None)
    return EventRow(_encode(parts), inside or beside or ())


def _event_rows(wire: _Events) -> EventRows:
    return EventRows(tuple(_event_row(raw) for raw in wire.events or ()), wire.cursor or "")


def _market_rows(wire: _Markets) -> MarketRows:
    single = (wire.market,) if bytes(wire.market) else ()
    return MarketRows(wire.markets or single, wire.cursor or "")


split_series: Final = reader(_SeriesRows, lambda wire: wire.series or ())
split_events: Final = reader(_Events, _event_rows)
split_event: Final = reader(_EventOne, lambda wire: _event_row(wire.event, wire.markets))
split_markets: Final = reader(_Markets, _market_rows)
