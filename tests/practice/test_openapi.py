"""Every reply of the REST door validates against Kalshi's published OpenAPI document and says nothing beyond it.

Where the fact sheet is newer than the document, the difference stands here by name: DROPPED, LATER and NULLED.
"""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml

from kalshi_tui.core.units import Price
from kalshi_tui.practice.records import Event, FeeChange, Market, Series
from kalshi_tui.practice.rest.call import Route
from kalshi_tui.practice.rest.routing import ROUTES
from tests.practice.door_kit import ORDERS, Caller, opened, quote, wish
from tests.practice.pit import CLOSE_MS, START_MS, Pit

pytestmark = pytest.mark.specs

# Demanded by the document of 2026-08-22, removed from the wire on 2026-09-10.
DROPPED: Final = {"EventData": ["available_on_brokers"]}
# On the wire since September 2026, and demanded by clients of today; the document does not know them.
LATER: Final = {"Market": {"settlement_bounds_type"}, "Series": {"categories"}}
# Recorded as null where the document speaks of a string: the id of an order that a batch did not place.
NULLED: Final = {("BatchCreateOrdersV2Response", "order_id")}
# Operations that the document has dropped or does not have yet; clients ask for them.
UNDOCUMENTED: Final = {"GetExchangeAnnouncements", "CancelAllOrdersV2"}

_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_START_S: Final = START_MS // 1000
_CANDLES: Final = {"start_ts": _START_S - 3_600, "end_ts": _START_S + 3_600, "period_interval": 1}
_MOVE: Final = {
    "source": "event_contract",
    "destination": "event_contract",
    "amount": 10_000,
    "destination_exchange_shard": 1,
}
_TRANSFER: Final = {"client_transfer_id": "b", "from_subaccount": 0, "to_subaccount": 1, "amount_cents": 100}
_QUERIES: Final[dict[str, dict[str, object]]] = {
    "GetSeriesList": {"include_volume": True},
    "GetSeriesFeeChanges": {"show_historical": True},
    "GetEvents": {"with_nested_markets": True, "with_milestones": True},
    "GetEvent": {"with_nested_markets": True},
    "GetMarketOrderbooks": {"tickers": ["M", "N"]},
    "BatchGetMarketCandlesticks": {"market_tickers": "M,R", "include_latest_before_start": True, **_CANDLES},
    "GetMarketCandlesticks": {"include_latest_before_start": True, **_CANDLES},
    "GetOrderQueuePositions": {"market_tickers": "M"},
}


def _folder() -> Path:
    folder = os.environ.get("KALSHI_TUI_SPECS")
    if not folder or not (Path(folder) / "kalshi-openapi.yaml").is_file():
        pytest.skip("set KALSHI_TUI_SPECS to the folder of kalshi-openapi.yaml to compare with Kalshi's document")
    return Path(folder)


@cache
def _document() -> Any:
    document = yaml.load((_folder() / "kalshi-openapi.yaml").read_text(), Loader=yaml.CSafeLoader)
    schemas = document["components"]["schemas"]
    for name, dropped in DROPPED.items():
        schemas[name]["required"] = [field for field in schemas[name]["required"] if field not in dropped]
    for name, later in LATER.items():
        schemas[name]["properties"].update({field: {} for field in later})
    for name, field in NULLED:
        schemas[name]["properties"]["orders"]["items"]["properties"][field]["nullable"] = True
    document["components"]["schemas"] = _strict(schemas)
    return document


def _strict(schema: Any) -> Any:
    """Translate OpenAPI 3.0's `nullable`, and forbid fields that an object does not document."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _strict(part) for key, part in schema.items() if key != "nullable"}
    if isinstance(schema.get("properties"), dict) and "type" in schema:
        plain.setdefault("additionalProperties", False)
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain


@cache
def _validator(operation: str, status: int) -> jsonschema.Draft202012Validator | None:
    answer = _answers()[operation].get(str(status), {})
    if "$ref" in answer:
        answer = _document()["components"]["responses"][answer["$ref"].split("/")[-1]]
    if "content" not in answer:
        return None
    schema = {**_strict(answer["content"]["application/json"]["schema"]), "components": _document()["components"]}
    return jsonschema.Draft202012Validator(schema, format_checker=_formats())


@cache
def _answers() -> dict[str, Any]:
    operations = (verb for verbs in _document()["paths"].values() for verb in verbs.values() if isinstance(verb, dict))
    return {verb["operationId"]: verb["responses"] for verb in operations}


@cache
def _formats() -> jsonschema.FormatChecker:
    checker = jsonschema.FormatChecker(formats=())

    @checker.checks("date-time")
    def _is_stamp(value: object) -> bool:
        if not isinstance(value, str):
            return True
        return bool(_STAMP.fullmatch(value)) and bool(datetime.fromisoformat(value))

    return checker


def _check(operation: str, status: int, body: bytes) -> None:
    validator = _validator(operation, status)
    if validator is None:
        return
    errors = [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(json.loads(body))]
    assert errors == []


@pytest.fixture
def lived_in() -> tuple[Pit, Caller, dict[str, str]]:
    """An exchange on which everything has happened once: M trades, R is settled, V ended scalar, N waits."""
    pit, ann = opened()
    pit.list_market("N", open_ms=CLOSE_MS - 1, strike_type="between", floor_strike="4.25", cap_strike="5")
    pit.list_market("R", strike_type="custom", custom_strike={"team": "x"}, expected_expiration_ms=CLOSE_MS)
    pit.list_market(
        "V", functional_strike="f(x)", early_close_condition="as soon as known", fee_waiver_until_ms=CLOSE_MS
    )
    pit.add_series(Series("U", "Other", "Sports", tags=("x",), settlement_sources=(("Name", "https://example.org"),)))
    pit.add_event(Event("U-1", "U", "Title", "Sub", mutually_exclusive=True, strike_ms=CLOSE_MS, strike_period="day"))
    pit.add_market(Market("U-1-A", "U-1", "id-u", open_ms=START_MS - 1, close_ms=CLOSE_MS, exchange_index=2))
    for ticker in "MRV":
        quote(pit, ticker=ticker)
        assert ann.place(ticker=ticker, price="0.60", count="3")[0] == 201
        assert ann.place(ticker=ticker, price="0.40", count="0.5", side="ask", time_in_force="immediate_or_cancel")
    pit.advance(START_MS + 1_234)
    group = ann.write("POST", "/portfolio/order_groups/create", {"contracts_limit": 5})[1]["order_group_id"]
    resting = ann.place(
        price="0.10", count="2", order_group_id=group, client_order_id="r", expiration_time=_START_S + 900
    )[1]["order_id"]
    cancelled = ann.place(price="0.11", cancel_order_on_pause=True)[1]["order_id"]
    ann.write("DELETE", f"{ORDERS}/{cancelled}")
    for ticker, result, value in (("R", "no", None), ("V", "scalar", Price(2_500))):
        pit.close_market(ticker)
        pit.determine(ticker, result, value=value, expiration_value="3.7")  # type: ignore[arg-type]
        pit.settle(ticker)
    pit.schedule_fee_change(FeeChange("c1", "S", "", "quadratic", 500_000, CLOSE_MS))
    pit.schedule_fee_change(FeeChange("c2", "S", "E", "flat", 500_000, CLOSE_MS))
    pit.set_event_fee("E", "quadratic", 2_000_000)
    ann.write("POST", "/portfolio/subaccounts")
    ann.write("POST", "/portfolio/subaccounts/transfer", {**_TRANSFER, "client_transfer_id": "a"})
    moved = ann.write("POST", "/portfolio/intra_exchange_instance_transfer", _MOVE)[1]["transfer_id"]
    names = {"series_ticker": "S", "event_ticker": "E", "ticker": "M", "order_id": resting}
    return pit, ann, names | {"order_group_id": group, "transfer_id": moved}


def _body(operation: str, names: dict[str, str]) -> object:
    bodies: dict[str, object] = {
        "CreateOrderV2": wish(price="0.60", count="2", client_order_id="c"),
        "BatchCreateOrdersV2": {"orders": [wish(price="0.60"), wish(price="0.05"), wish(price="0.005")]},
        "BatchCancelOrdersV2": {"orders": [{"order_id": names["order_id"]}, {"order_id": "none"}]},
        "AmendOrderV2": {"ticker": "M", "side": "bid", "price": "0.60", "count": "3"},
        "DecreaseOrderV2": {"reduce_by": "1"},
        "CreateOrderGroup": {"contracts_limit_fp": "5.00", "subaccount": 0},
        "UpdateOrderGroupLimit": {"contracts_limit": 6},
        "CreateSubaccount": {},
        "ApplySubaccountTransfer": _TRANSFER,
        "UpdateSubaccountNetting": {"subaccount_number": 0, "enabled": False},
        "IntraExchangeInstanceTransfer": _MOVE,
    }
    return bodies.get(operation)


def _served() -> list[Route]:
    gone = {route.operation for route in ROUTES if route.run.__name__ == "gone"}
    never = {"GetHistoricalMarket", "GetMarketCandlesticksHistorical"}  # nothing is ever archived here
    return [route for route in ROUTES if route.operation not in gone | never | UNDOCUMENTED]


@pytest.mark.parametrize("route", _served(), ids=lambda route: route.operation)
def test_a_reply_is_as_the_document_says(lived_in: tuple[Pit, Caller, dict[str, str]], route: Route) -> None:
    _, ann, names = lived_in
    _document()
    query = [
        (name, str(one).lower() if isinstance(one, bool) else str(one))
        for name, value in _QUERIES.get(route.operation, {}).items()
        for one in (value if isinstance(value, list) else [value])
    ]
    reply = ann.call(route.method, route.path.format(**names), _body(route.operation, names), query)
    assert (reply.status, str(route.status)) == (route.status, str(reply.status)), reply.body
    assert str(route.status) in _answers()[route.operation]
    _check(route.operation, reply.status, reply.body)


@pytest.mark.parametrize(
    ("path", "operation", "key"),
    [
        ("/markets", "GetMarkets", "markets"),
        ("/events", "GetEvents", "events"),
        ("/markets/trades", "GetTrades", "trades"),
        ("/portfolio/orders", "GetOrders", "orders"),
        ("/portfolio/fills", "GetFills", "fills"),
        ("/portfolio/positions", "GetPositions", "market_positions"),
        ("/portfolio/settlements", "GetSettlements", "settlements"),
        ("/series/fee_changes", "GetSeriesFeeChanges", "series_fee_change_arr"),
        ("/events/fee_changes", "GetEventFeeChanges", "event_fee_changes"),
    ],
)
def test_what_was_compared_was_not_empty(
    lived_in: tuple[Pit, Caller, dict[str, str]], path: str, operation: str, key: str
) -> None:
    _document()
    assert lived_in[1].get(path, **_QUERIES.get(operation, {}))[key]


def test_settled_and_scalar_markets_are_among_what_was_compared(lived_in: tuple[Pit, Caller, dict[str, str]]) -> None:
    _document()
    ann = lived_in[1]
    results = {row["ticker"]: row["result"] for row in ann.get("/markets", status="settled")["markets"]}
    assert results == {"R": "no", "V": "scalar"}
    assert {row["market_result"] for row in ann.get("/portfolio/settlements")["settlements"]} == {"no", "scalar"}
    assert {row["status"] for row in ann.get("/portfolio/orders")["orders"]} == {"resting", "canceled", "executed"}


def test_every_operation_that_is_served_is_in_the_document() -> None:
    served = {route.operation for route in ROUTES}
    assert served - set(_answers()) == UNDOCUMENTED


def test_paths_and_methods_are_those_of_the_document() -> None:
    documented = {
        (verb["operationId"], method.upper(), path)
        for path, verbs in _document()["paths"].items()
        for method, verb in verbs.items()
        if isinstance(verb, dict)
    }
    served = {(route.operation, route.method, route.path) for route in ROUTES if route.operation not in UNDOCUMENTED}
    assert served <= documented


def test_errors_carry_the_documented_object_inside_their_shapes(lived_in: tuple[Pit, Caller, dict[str, str]]) -> None:
    _, ann, _ = lived_in
    schema = {"$ref": "#/components/schemas/ErrorResponse", "components": _document()["components"]}
    validator = jsonschema.Draft202012Validator(schema)
    flat = ann.place(count=1)[1]
    nested = [ann.place(price="0.005")[1], ann.refused("/markets/none")[1], ann.refused("/portfolio/orders/none")[1]]
    for error in [flat, *(body["error"] for body in nested)]:
        assert list(validator.iter_errors(error)) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [({"ticker": None}, "not of type"), ({"status": "settled"}, "not one of"), ({"news": 1}, "Additional properties")],
)
def test_the_comparison_notices_what_is_wrong(
    lived_in: tuple[Pit, Caller, dict[str, str]], change: dict[str, object], complaint: str
) -> None:
    market = lived_in[1].get("/markets/M")["market"]
    validator = _validator("GetMarket", 200)
    assert validator is not None
    assert [complaint in error.message for error in validator.iter_errors({"market": market | change})] == [True]
    assert list(validator.iter_errors({"market": {**market, "open_time": "soon"}}))
