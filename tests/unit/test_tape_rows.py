"""What another program gets to see of a tape: exact integers, and redacted nothing that is not known to be public."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kalshi_tui.engine.inputs import (
    Asked,
    Beat,
    Connected,
    Disconnected,
    FeedSaid,
    Frames,
    Mark,
    NotReplied,
    Record,
    Replied,
    Sent,
    Told,
)
from kalshi_tui.engine.rules import Rules
from kalshi_tui.engine.tape.rows import Rows
from kalshi_tui.engine.tape.schema import COLUMNS, KINDS, Row
from kalshi_tui.link.intents import Follow
from tests.protocol.stream_frames import NOW as SENT
from tests.protocol.stream_frames import delta, snapshot, subscribed
from tests.protocol.test_stream_translation import FILL, ORDER, POSITION, TICKER, TRADE
from tests.unit.tape_kit import NOW, opening

GROUP = (
    b'{"type":"order_group_updates","sid":16,"seq":1,"msg":{"event_type":"created","order_group_id":"g-77","ts_ms":5}}'
)
LIFE = (
    b'{"type":"market_lifecycle_v2","sid":13,"seq":1,"msg":{"market_ticker":"KXA","event_type":"determined",'
    b'"result":"yes","determination_ts":1694635200}}'
)
EVENT = (
    b'{"type":"event_lifecycle","sid":13,"seq":2,"msg":{"event_ticker":"KXE","title":"=cmd()","series_ticker":"KX"}}'
)
INDEX = (
    b'{"type":"cfbenchmarks_value_5hz","sid":17,"msg":{"index_id":"BRTI","value_usd":"98750.12","source_ts_ms":1,'
    b'"received_at":2}}'
)
FEE = (
    b'{"type":"event_fee_update","sid":13,"msg":{"event_ticker":"KXE","fee_type_override":null,'
    b'"fee_multiplier_override":null}}'
)
STRANGE = b'{"type":"balance_update","sid":18,"msg":{"balance":"8675309.00"}}'
PLACE = {"number": 7, "at_ms": NOW}


def rows(
    *records: Record, kinds: list[str] | None = None, redact: bool = False, rules: Rules | None = None
) -> list[Row]:
    made = Rows(kinds, redact=redact)
    made.hear(opening(rules=rules))
    return [row for record in records for row in made.of(7, record)]


def of_frames(*frames: bytes, **how: Any) -> list[Row]:
    return rows(Frames(NOW, list(frames)), **how)


def test_a_change_of_a_bid_and_of_an_ask() -> None:
    bid, ask = of_frames(delta(3, change="-1.50", ts_ms=5), delta(4, price="0.5600", side="no", ts_ms=6))
    told = {"kind": "change", "ticker": "KXA", "sid": 1, "sent_ms": SENT, "clock": 101}
    assert bid == PLACE | told | {"seq": 3, "ts_ms": 5, "side": "bid", "price_e4": 4500, "size_e2": -150}
    assert ask == PLACE | told | {"seq": 4, "ts_ms": 6, "side": "ask", "price_e4": 5600, "size_e2": 100}


def test_no_prices_are_turned_to_the_yes_axis_where_the_tape_has_them() -> None:
    (ask,) = of_frames(delta(4, price="0.4400", side="no"), rules=Rules(use_yes_price=False))
    assert (ask["side"], ask["price_e4"]) == ("ask", 5600)
    found = of_frames(snapshot(1, yes=(), no=(("0.4400", "2.00"),)), rules=Rules(use_yes_price=False))
    assert [(row["side"], row["price_e4"], row["size_e2"]) for row in found] == [("ask", 5600, 200)]


def test_a_snapshot_is_a_row_for_each_level() -> None:
    found = of_frames(snapshot(9, yes=(("0.4400", "20.00"),), no=(("0.5500", "5.00"), ("0.5600", "7.50"))))
    place = PLACE | {"kind": "snapshot", "ticker": "KXA", "sid": 1, "seq": 9, "sent_ms": SENT, "clock": 100}
    assert found == [
        place | {"side": "bid", "price_e4": 4400, "size_e2": 2000},
        place | {"side": "ask", "price_e4": 5500, "size_e2": 500},
        place | {"side": "ask", "price_e4": 5600, "size_e2": 750},
    ]


def test_an_empty_book_is_told_too() -> None:
    (row,) = of_frames(snapshot(9, yes=(), no=()))
    assert (row["kind"], "side" in row) == ("snapshot", False)


def test_a_ticker_and_a_trade() -> None:
    ticker, trade = of_frames(TICKER, TRADE)
    assert ticker == PLACE | {
        "kind": "ticker",
        "ticker": "FED-23DEC-T3.00",
        "sid": 11,
        "sent_ms": 1669149841234,
        "ts_ms": 1669149841000,
        "price_e4": 4800,
        "size_e2": 2500,
        "bid_e4": 4500,
        "ask_e4": 5300,
        "bid_size_e2": 30_000,
        "ask_size_e2": 15_050,
        "volume_e2": 3_389_600,
        "open_interest_e2": 2_042_200,
    }
    assert (trade["side"], trade["price_e4"], trade["size_e2"], trade["seq"]) == ("ask", 3600, 13_600, 7)
    assert (trade["id"], "detail" in trade) == ("d91bc706-ee49-470d-82d8-11418bda6fed", False)


def test_a_block_trade_says_so() -> None:
    (trade,) = of_frames(TRADE.replace(b'"is_block_trade":false', b'"is_block_trade":true'))
    assert json.loads(str(trade["detail"])) == {"is_block": True}


def test_prices_where_nothing_rests_are_left_out() -> None:
    (row,) = of_frames(TICKER.replace(b'"yes_bid_dollars":"0.4500"', b'"yes_bid_dollars":"0.0000"'))
    assert "bid_e4" not in row
    assert row["ask_e4"] == 5300


def test_what_belongs_to_the_account_is_told_with_all_its_details() -> None:
    fill, order, position, group = of_frames(FILL, ORDER, POSITION, GROUP)
    assert [row["kind"] for row in (fill, order, position, group)] == ["fill", "order", "position", "order_group"]
    assert (fill["side"], fill["price_e4"], fill["size_e2"]) == ("bid", 7500, 27_850)
    assert json.loads(str(fill["detail"]))["fee"] == 2_080_000
    assert (order["id"], order["size_e2"], order["ts_ms"]) == ("ee587a1c", 800, 1772000000500)
    assert position["size_e2"] == -10_000
    assert json.loads(str(group["detail"]))["group_id"] == "g-77"


def test_lives_events_and_indexes_carry_their_words_as_json() -> None:
    found = of_frames(LIFE, EVENT, INDEX, FEE)
    assert [(row["kind"], row["ticker"]) for row in found] == [
        ("market", "KXA"),
        ("event", "KXE"),
        ("index", "BRTI"),
        ("event_fee", "KXE"),
    ]
    details = [json.loads(str(row["detail"])) for row in found]
    assert (details[0]["result"], details[1]["title"], details[2]["value"]) == ("yes", "=cmd()", "98750.12")


@pytest.mark.parametrize(
    ("frame", "kind", "said"),
    [
        (b"not json", "damaged", "not JSON"),
        (delta(3, change="1.005"), "damaged", "decimal"),
        (snapshot(3, yes=(("0.4400", "-1.00"),)), "damaged", "negative"),
        (STRANGE, "unknown", "balance_update"),
    ],
)
def test_what_cannot_be_understood_is_a_row_that_says_why(frame: bytes, kind: str, said: str) -> None:
    (row,) = of_frames(frame)
    assert row["kind"] == kind
    assert said in str(row["detail"])


@pytest.mark.parametrize("field", ["sid", "seq", "sending_ts_ms", "clock", "ts_ms"])
def test_a_number_that_no_column_holds_makes_the_frame_a_damaged_one(field: str) -> None:
    content = json.loads(delta(3))
    (content["msg"] if field in content["msg"] else content)[field] = 2**63
    (row,) = of_frames(json.dumps(content).encode())
    assert row["kind"] == "damaged"
    assert "64 bits" in str(row["detail"])


def everything() -> list[Record]:
    own_change = json.loads(delta(3))
    own_change["msg"] |= {"client_order_id": "mine-9", "subaccount": 41}
    frames = [json.dumps(own_change).encode(), snapshot(4), TICKER, TRADE, LIFE, EVENT, INDEX, FEE]
    private = [FILL, ORDER, POSITION, GROUP, STRANGE, subscribed(), b"key-of-mine"]
    return [
        opening(),
        Connected(NOW),
        Frames(NOW, frames + private),
        Sent(NOW, b'{"cmd":"mine-9"}'),
        Replied(NOW, "balance", "", b'{"balance":8675309}'),
        NotReplied(NOW, "orders", "mine-9", "refused"),
        FeedSaid(NOW, "refused", "the venue refused key-of-mine"),
        Told(NOW, "info", "key-of-mine"),
        Asked(NOW, Follow(("mine-9",))),
        Mark(NOW, 1, "mine-9"),
        Disconnected(NOW),
    ]


def test_every_kind_can_be_asked_for_and_all_of_them_come() -> None:
    found = rows(*everything(), kinds=list(KINDS))
    assert {row["kind"] for row in found} == set(KINDS)
    assert all(set(row) <= {column.name for column in COLUMNS} for row in found)
    for column in COLUMNS:
        kind = int if column.type == "integer" else str
        assert all(isinstance(row[column.name], kind) for row in found if column.name in row), column.name
    assert {name for row in found for name in row} == {column.name for column in COLUMNS}


def test_without_kinds_the_usual_ones_come() -> None:
    assert {row["kind"] for row in rows(*everything())} == {name for name, kind in KINDS.items() if kind.is_usual}


def test_redaction_leaves_nothing_that_belongs_to_the_account() -> None:
    found = rows(*everything(), kinds=list(KINDS), redact=True)
    assert {row["kind"] for row in found} == {name for name, kind in KINDS.items() if kind.is_public}
    text = json.dumps(found)
    secrets = [
        "mine-",
        "of-mine",
        "ee587a1c",
        "g-77",
        "8675309",
        "somebody",
        "5e7",
        "subaccount",
        "client_order_id",
        "balance",
        "PRACTICE",
    ]
    assert [secret for secret in secrets if secret in text] == []


def test_redaction_keeps_a_change_of_our_own_as_the_change_that_everybody_saw() -> None:
    found = rows(*everything(), kinds=["change"], redact=True)
    assert [(row["kind"], row["price_e4"]) for row in found] == [("change", 4500)]


def test_what_redaction_left_out_is_counted() -> None:
    made = Rows(["trade", "fill", "unknown"], redact=True)
    assert [row["kind"] for record in everything() for row in made.of(0, record)] == ["trade"]
    assert made.redacted == 2


def test_the_engines_own_clockwork_makes_no_rows() -> None:
    assert rows(Beat(NOW), kinds=list(KINDS)) == []
