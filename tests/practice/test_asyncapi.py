"""Every message that the stream sends validates against Kalshi's published AsyncAPI document."""

from __future__ import annotations

import os
import random
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from kalshi_tui.core.units import Price
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.grids import GRIDS
from kalshi_tui.practice.happenings import IndexTicked
from kalshi_tui.practice.records import Event, Refusal
from tests.practice.stream_kit import MEMBER, OTHER, START_MS, Wire, connect, make_market, place, small_exchange

pytestmark = pytest.mark.specs

_BY_TYPE = {
    "subscribed": ("subscribedResponse",),
    "unsubscribed": ("unsubscribedResponse",),
    "error": ("errorResponse",),
    "orderbook_snapshot": ("orderbookSnapshot",),
    "orderbook_delta": ("orderbookDelta",),
    "ticker": ("ticker",),
    "trade": ("trade",),
    "fill": ("fill",),
    "user_order": ("userOrder",),
    "market_position": ("marketPosition",),
    "market_lifecycle_v2": ("marketLifecycleV2", "marketMetadataUpdated"),
    "event_lifecycle": ("eventLifecycle",),
    "event_fee_update": ("eventFeeUpdate",),
    "order_group_updates": ("orderGroupUpdates",),
    "cfbenchmarks_value": ("cfbenchmarksValue",),
    "cfbenchmarks_value_5hz": ("cfbenchmarksValue5Hz",),
    "cfbenchmarks_value_indexlist": ("cfbenchmarksIndexList",),
    "cfbenchmarks_value_5hz_indexlist": ("cfbenchmarks5HzIndexList",),
    "pyth_value_underlying_list": ("pythUnderlyingList",),
}


@cache
def _document() -> Any:
    folder = os.environ.get("KALSHI_TUI_SPECS")
    path = Path(folder or "") / "kalshi-asyncapi.yaml"
    if not folder or not path.is_file():
        pytest.skip("set KALSHI_TUI_SPECS to the folder of kalshi-asyncapi.yaml to compare with Kalshi's document")
    return yaml.load(path.read_text(), Loader=yaml.CSafeLoader)


@cache
def _validator(payload: str) -> jsonschema.Draft202012Validator:
    schema = {"$ref": f"#/components/schemas/{payload}", "components": _document()["components"]}
    return jsonschema.Draft202012Validator(schema)


def _payloads(message: dict[str, Any]) -> list[str]:
    kind = message["type"]
    if kind == "ok":
        return [_ok_payload(message)]
    named = _BY_TYPE[kind]
    if kind == "market_lifecycle_v2":
        named = (named[message["msg"]["event_type"] == "metadata_updated"],)
    return [_document()["components"]["messages"][name]["payload"]["$ref"].rpartition("/")[2] for name in named]


def _ok_payload(message: dict[str, Any]) -> str:
    if isinstance(message.get("msg"), list):
        return "listSubscriptionsResponsePayload"
    if "index_ids" in message.get("msg", {}):
        return "subscribedIndicesResponsePayload"
    if "underlying_tickers" in message.get("msg", {}):
        return "subscribedUnderlyingsResponsePayload"
    return "okResponsePayload"


def _undocumented(message: dict[str, Any], payload: str) -> set[str]:
    """Return the keys of a message that the document does not know, so that a typing error is not a new field."""
    schema = _document()["components"]["schemas"][payload]
    keys = set(message) - set(schema["properties"])
    body = schema["properties"].get("msg", {})
    if isinstance(message.get("msg"), dict) and "properties" in body:
        keys |= set(message["msg"]) - set(body["properties"])
    return keys


def _check(messages: list[dict[str, Any]]) -> set[str]:
    for message in messages:
        for payload in _payloads(message):
            _validator(payload).validate(message)
            assert not _undocumented(message, payload), message
    return {message["type"] for message in messages}


def test_every_kind_of_message_validates() -> None:
    _document()
    exchange = small_exchange()
    _, wire = connect(exchange)
    for channel in _document()["channels"]:
        if channel not in ("root", "control_frames"):
            wire.subscribe(channel, market_tickers=["KXT-1-A", "KXT-1-B"], index_ids=["all"])
    _everything_happens(exchange)
    _every_command(wire)
    wire.read()
    assert _check(wire.seen) == {*_BY_TYPE, "ok"}


def test_a_days_random_trading_validates() -> None:
    _document()
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("ticker", "trade", "fill", "user_orders", "market_positions", "market_lifecycle_v2")
    wire.subscribe("orderbook_delta", market_tickers=list(exchange.markets))
    chance = random.Random(3)
    for _ in range(250):
        side = chance.choice(("bid", "ask"))
        try:
            place(exchange, side, chance.randrange(3_000, 7_000, 100), chance.randrange(1, 900), user=MEMBER)  # type: ignore[arg-type]
            place(exchange, side, chance.randrange(3_000, 7_000, 100), chance.randrange(1, 900), user=OTHER)  # type: ignore[arg-type]
        except Refusal:
            continue
        exchange.advance(exchange.now_ms + 7)
        wire.read()
    kinds = _check(wire.seen)
    assert {"ticker", "trade", "fill", "user_order", "market_position", "orderbook_delta"} <= kinds


def _everything_happens(exchange: Exchange) -> None:
    number = exchange.create_subaccount(MEMBER)
    exchange.transfer(MEMBER, 0, number, 10**9)
    place(exchange, "bid", 4_000, 150)
    expiring: dict[str, Any] = {"client_order_id": "mine-1", "expiration_ms": START_MS + 60_000, "subaccount": number}
    group = exchange.create_group(MEMBER, 1_000, subaccount=number)
    place(exchange, "bid", 4_500, 150, user=MEMBER, order_group_id=group.group_id, **expiring)
    place(exchange, "ask", 4_000, 250)
    exchange.set_group_limit(MEMBER, group.group_id, 50_000_00)
    exchange.trigger_group(MEMBER, group.group_id)
    exchange.reset_group(MEMBER, group.group_id)
    exchange.delete_group(MEMBER, group.group_id)
    exchange.add_event(Event("KXT-2", "KXT", "Second", strike_ms=START_MS, strike_period="hourly"))
    exchange.set_event_fee("KXT-2", "quadratic_with_maker_fees", 500_000)
    exchange.set_event_fee("KXT-2", None, None)
    strike = {"strike_type": "between", "floor_strike": "100.50", "cap_strike": "200"}
    exchange.add_market(make_market("KXT-1-D", 5, **strike, custom_strike={"who": "them"}))
    exchange.pause_market("KXT-1-D")
    exchange.resume_market("KXT-1-D")
    exchange.update_metadata("KXT-1-D", yes_sub_title="Above")
    for label, bands in GRIDS.items():
        exchange.change_grid("KXT-1-D", label, bands)
    exchange.determine("KXT-1-D", "scalar", value=Price(2_500))
    exchange.settle("KXT-1-D")
    for second, fast in ((1, False), (1, True), (2, False)):
        at_ms = START_MS + second * 1000
        average = ("68000.00000000", 4, at_ms - 60_000, at_ms) if second == 2 else None
        exchange.tell(IndexTicked("BRTI", "68000.1", at_ms, at_ms, fast, average, average))


def _every_command(wire: Wire) -> None:
    sids = {name: one.sid for name, one in wire.session.by_channel.items()}
    book, ticker = sids["orderbook_delta"], sids["ticker"]
    wire.update("add_markets", sid=book, market_tickers=["KXT-1-C"])
    wire.update("delete_markets", sid=ticker, market_tickers=["KXT-1-A"])
    wire.update("get_snapshot", sids=[book], market_tickers=["KXT-1-C"])
    for name in ("cfbenchmarks_value", "cfbenchmarks_value_5hz"):
        wire.update("unsubscribe_indices", sid=sids[name], index_ids=["all"])
        wire.update("subscribe_indices", sid=sids[name], index_ids=["BRTI"])
        wire.update("indexlist", sid=sids[name])
    wire.update("subscribe_underlyings", sid=sids["pyth_value"], underlying_tickers=["Metal.XAU/USD"])
    wire.update("underlying_list", sid=sids["pyth_value"])
    wire.update("get_snapshot", sid=book, market_tickers=["KXNO-SUCH"])
    wire.update("paint", sid=ticker)
    wire.ask("list_subscriptions")
    wire.session.subscriptions[book].die(25)
    wire.session.subscriptions[ticker].die(10)
    wire.ask("unsubscribe", {"sids": [sids["trade"], sids["fill"]]})
