"""Pages are cut into raw rows: each can be read, kept and found unreadable by itself."""

from __future__ import annotations

import json

import msgspec
import pytest

from kalshi_tui.errors import RemoteProtocolError
from kalshi_tui.protocol.rest import rows
from tests.unit.catalogue_kit import (
    encode,
    event_json,
    events_body,
    market_json,
    markets_body,
    series_body,
    series_json,
)


def test_an_event_is_kept_without_its_markets_and_reads_as_it_was() -> None:
    body = events_body(event_json("E", [market_json("E-1"), market_json("E-2")], unknown={"x": 1.10}), cursor="more")
    page = rows.split_events(body)
    assert page.cursor == "more"
    (row,) = page.rows
    assert json.loads(row.raw) == {
        key: value for key, value in event_json("E", unknown={"x": 1.1}).items() if key != "markets"
    }
    assert b'"x":1.1' in row.raw
    assert rows.read_event_row(row.raw).ticker == "E"
    assert [rows.read_market_row(raw).ticker for raw in row.markets] == ["E-1", "E-2"]
    assert bytes(row.markets[0]) == encode(market_json("E-1"))


def test_one_events_markets_may_stand_inside_or_beside_it() -> None:
    markets = [market_json("E-1")]
    inside = rows.split_event(encode({"event": event_json("E", markets)}))
    beside = rows.split_event(encode({"event": event_json("E"), "markets": markets}))
    assert inside.markets == beside.markets
    assert inside.raw == beside.raw


def test_markets_come_as_a_page_or_alone() -> None:
    page = rows.split_markets(markets_body(market_json("E-1"), market_json("E-2")))
    alone = rows.split_markets(encode({"market": market_json("E-1")}))
    assert [bytes(raw) for raw in alone.rows] == [bytes(page.rows[0])]
    assert len(page.rows) == 2
    assert rows.split_markets(b'{"markets":null}').rows == ()
    assert [bytes(raw) for raw in rows.split_series(series_body(series_json()))] == [encode(series_json())]


@pytest.mark.parametrize("broken", [b'{"events":[7]}', b'{"events":[{"markets":7}]}', b'{"events":["x"]}'])
def test_a_row_of_another_shape_is_named_only_when_it_is_read(broken: bytes) -> None:
    (row,) = rows.split_events(broken).rows
    assert row.markets == ()
    with pytest.raises(RemoteProtocolError, match=r"^\?: "):
        rows.read_event_row(row.raw)


def test_an_unreadable_row_is_told_by_its_name() -> None:
    for read, raw in (
        (rows.read_market_row, encode(market_json("E-1", volume_fp="many"))),
        (rows.read_series_row, encode(series_json("S", fee_multiplier="x"))),
        (rows.read_event_row, encode(event_json("E", title=None))),
    ):
        name = raw.split(b'"')[3].decode()
        with pytest.raises(RemoteProtocolError, match=f"^{name}: "):
            read(raw)
    assert rows.row_name(msgspec.Raw(b"[]"), "ticker") == "?"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"events":{}}', b'{"events":[}', b"\xff"])
def test_a_body_that_is_none_is_refused_whole(body: bytes) -> None:
    for split in (rows.split_events, rows.split_event, rows.split_series):
        with pytest.raises(RemoteProtocolError):
            split(body)
