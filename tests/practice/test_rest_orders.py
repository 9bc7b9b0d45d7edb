"""Order entry V2 over the door: bodies, replies and refusals, as the fact sheet's sections 4 and 11 have them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.practice.exchange import Rules
from kalshi_tui.practice.records import Event, Market, Series
from kalshi_tui.practice.rest import HttpRequest
from tests.practice.door_kit import ED_KEY, ORDERS, ROOT, Caller, opened, quote, signed_headers, wish
from tests.practice.pit import CLOSE_MS, DOLLAR, OPEN_MS, Pit


@pytest.fixture
def pit_and_ann() -> tuple[Pit, Caller]:
    return opened()


def test_an_order_that_rests_says_so_in_the_recorded_keys(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    status, body = ann.place(count="2.5", client_order_id="mine")
    assert status == 201
    assert body == {
        "order_id": pit.orders_of("ann")[0].order_id,
        "client_order_id": "mine",
        "fill_count": "0.00",
        "remaining_count": "2.50",
        "ts_ms": pit.now_ms,
    }


def test_an_order_that_takes_tells_its_averages_per_contract(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    quote(pit, bid=10, ask=52, contracts=1)
    quote(pit, bid=10, ask=55, contracts=3)
    status, body = ann.place(count="4", price="0.56", time_in_force="immediate_or_cancel")
    assert (status, body["fill_count"], body["remaining_count"]) == (201, "4.00", "0.00")
    assert body["average_fill_price"] == "0.5425"  # (0.52 + 3 * 0.55) / 4
    # 0.07 * (0.52 * 0.48 + 3 * 0.55 * 0.45) = 0.069447..., to the next $0.0001 for each fill: 0.0175 + 0.0520
    assert body["average_fee_paid"] == "0.0174"  # 0.0695 / 4
    assert "client_order_id" not in body


def test_an_unfilled_immediate_order_is_created_with_nothing(pit_and_ann: tuple[Pit, Caller]) -> None:
    status, body = pit_and_ann[1].place(time_in_force="immediate_or_cancel")
    assert (status, body["fill_count"], body["remaining_count"]) == (201, "0.00", "0.00")
    order = pit_and_ann[1].get(f"/portfolio/orders/{body['order_id']}")["order"]
    assert (order["status"], order["remaining_count_fp"]) == ("canceled", "0.00")


@pytest.mark.parametrize(
    ("field", "value", "kind", "wanted"),
    [
        ("count", 1, "number", "string"),
        ("price", 0.5, "number", "string"),
        ("ticker", True, "bool", "string"),
        ("side", ["bid"], "array", "string"),
        ("expiration_time", "soon", "string", "int64"),
        ("expiration_time", 1.5, "number", "int64"),
        ("post_only", "yes", "string", "bool"),
        ("subaccount", True, "bool", "int64"),
    ],
)
def test_a_wrong_type_is_refused_flat_in_the_readers_words(
    pit_and_ann: tuple[Pit, Caller], field: str, value: object, kind: str, wanted: str
) -> None:
    status, body = pit_and_ann[1].place(**{field: value})
    place = f"CreateOrderV2Request.{field} of type {wanted}"
    assert (status, body["code"]) == (400, "bad_request")
    assert body["details"] == f"json: cannot unmarshal {kind} into Go struct field {place}"


@pytest.mark.parametrize(
    "raw", [b"{", b"[]", b'"x"', b"null", b"\xff", b'{"ticker":"\xff"}', b'{"count":NaN}', b"[" * 5_000]
)
def test_a_body_that_is_no_object_is_refused_flat(pit_and_ann: tuple[Pit, Caller], raw: bytes) -> None:
    status, body = pit_and_ann[1].write("POST", ORDERS, raw)
    assert (status, body["code"]) == (400, "bad_request")


def test_another_content_type_is_refused_flat(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    headers = signed_headers(ED_KEY, "key-1", pit.now_ms, "POST", ROOT + ORDERS) | {"content-type": "text/plain"}
    reply = ann.door.handle(HttpRequest("POST", ROOT + ORDERS, (), headers, json.dumps(wish()).encode()))
    assert (reply.status, json.loads(reply.body)["code"]) == (400, "invalid_content_type")


@pytest.mark.parametrize("field", ["ticker", "side", "count", "price", "time_in_force", "self_trade_prevention_type"])
def test_each_needed_field_is_missed(pit_and_ann: tuple[Pit, Caller], field: str) -> None:
    for nothing in (None, ""):
        status, body = pit_and_ann[1].place(**{field: nothing})
        assert (status, body["error"]["code"]) == (400, "missing_parameters")
        assert body["error"]["details"] == f"{field} is required"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"side": "yes"}, "invalid_parameters"),
        ({"time_in_force": "gtt"}, "invalid_parameters"),
        ({"self_trade_prevention_type": "none"}, "invalid_parameters"),
        ({"count": "1e3"}, "invalid_parameters"),
        ({"count": "１"}, "invalid_parameters"),  # noqa: RUF001 - a full-width digit is the point
        ({"count": "0"}, "invalid_order_size"),
        ({"count": "-1"}, "invalid_order_size"),
        ({"price": "half"}, "invalid_parameters"),
        ({"price": "0.505"}, "invalid_price"),
        ({"price": "0.50001"}, "invalid_price"),
        ({"price": "0"}, "invalid_price"),
        ({"price": "1.0000"}, "invalid_price"),
        ({"price": "-0.5"}, "invalid_price"),
        ({"price": "2"}, "invalid_price"),
        ({"client_order_id": "x" * 65}, "invalid_parameters"),
        ({"subaccount": -1}, "invalid_parameters"),
        ({"subaccount": 64}, "invalid_parameters"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(
    pit_and_ann: tuple[Pit, Caller], fields: dict[str, object], code: str
) -> None:
    status, body = pit_and_ann[1].place(**fields)
    assert (status, body["error"]["code"]) == (400, code)
    assert pit_and_ann[0].orders_of("ann") == []


def test_unknown_fields_are_ignored(pit_and_ann: tuple[Pit, Caller]) -> None:
    assert pit_and_ann[1].place(buy_max_cost_dollars="5.00", type="limit", whatever={"a": 1})[0] == 201


def test_recorded_refusals_have_their_recorded_bodies(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    quote(pit, ask=60)
    crossing = ann.place(price="0.60", post_only=True)
    assert crossing == (
        400,
        {"error": {"code": "invalid_order", "message": "invalid order", "details": "post only cross"}},
    )
    ann.place(client_order_id="once", price="0.01")
    again = ann.place(client_order_id="once", price="0.01")
    assert again == (409, {"error": {"code": "order_already_exists", "message": "order already exists"}})
    killed = ann.place(count="1000", price="0.60", time_in_force="fill_or_kill")
    assert (killed[0], killed[1]["error"]["code"]) == (409, "fill_or_kill_insufficient_resting_volume")
    poor = ann.place(count="100000", price="0.60")
    assert (poor[0], poor[1]["error"]["code"]) == (400, "insufficient_balance")
    unknown = ann.place(ticker="NOPE")
    assert (unknown[0], unknown[1]["error"]["code"]) == (404, "market_not_found")


def test_a_used_up_id_may_come_again_where_the_switch_says_so() -> None:
    for reading, status in (("for_ever", 409), ("open_only", 201)):
        _, ann = opened(Pit(rules=Rules(duplicate_ids=reading)))  # type: ignore[arg-type]
        first = ann.place(client_order_id="once")[1]["order_id"]
        assert ann.write("DELETE", f"{ORDERS}/{first}")[0] == 200
        assert ann.place(client_order_id="once")[0] == status


def test_a_cancel_tells_what_it_took_off_and_every_other_cancel_is_the_same_404(
    pit_and_ann: tuple[Pit, Caller],
) -> None:
    pit, ann = pit_and_ann
    order_id = ann.place(count="3", client_order_id="c")[1]["order_id"]
    assert ann.write("DELETE", f"{ORDERS}/{order_id}") == (
        200,
        {"order_id": order_id, "client_order_id": "c", "reduced_by": "3.00", "ts_ms": pit.now_ms},
    )
    quote(pit, ask=60)
    filled = ann.place(price="0.60")[1]["order_id"]
    bodies = [ann.call("DELETE", f"{ORDERS}/{one}").body for one in (order_id, filled, "never-was")]
    assert bodies == [b'{"error":{"code":"not_found","message":"not found"}}'] * 3


def test_a_cancel_may_name_market_shard_and_subaccount(pit_and_ann: tuple[Pit, Caller]) -> None:
    _, ann = pit_and_ann
    order_id = ann.place()[1]["order_id"]
    assert ann.write("DELETE", f"{ORDERS}/{order_id}", market_ticker="N")[0] >= 400
    assert ann.write("DELETE", f"{ORDERS}/{order_id}", subaccount=3)[0] == 404
    assert ann.write("DELETE", f"{ORDERS}/{order_id}", market_ticker="M", exchange_index=0, subaccount=0)[0] == 200


def far_off(pit: Pit) -> None:
    """List market F on shard 2, where ann has a hundred dollars, and open her subaccount 1 with as many."""
    pit.add_series(Series("S2", "Series", "Crypto", exchange_index=2))
    pit.add_event(Event("E2", "S2", "Event", exchange_index=2))
    pit.add_market(Market("F", "E2", "id-F", open_ms=OPEN_MS, close_ms=CLOSE_MS, exchange_index=2))
    pit.shard_transfer("ann", 0, 2, 100 * DOLLAR)
    pit.create_subaccount("ann")
    pit.transfer("ann", 0, 1, 100 * DOLLAR)


@pytest.mark.parametrize(
    ("way", "status"),
    [
        ({}, 404),  # shard 0, where it is not
        ({"exchange_index": 0}, 404),
        ({"exchange_index": 1, "market_ticker": "F"}, 404),
        ({"exchange_index": -1}, 400),  # by its ticker, which is not given
        ({"exchange_index": 2}, 200),
        ({"exchange_index": -1, "market_ticker": "F"}, 200),
        ({"market_ticker": "F"}, 200),
    ],
)
def test_off_shard_0_an_order_is_found_by_its_ticker_or_its_shard(
    pit_and_ann: tuple[Pit, Caller], way: dict[str, Any], status: int
) -> None:
    pit, ann = pit_and_ann
    far_off(pit)
    one, two, three = (ann.place(ticker="F", price="0.10", count="3")[1]["order_id"] for _ in range(3))
    assert ann.write("DELETE", f"{ORDERS}/{one}", **way)[0] == status
    assert ann.write("POST", f"{ORDERS}/{two}/decrease", {"reduce_by": "1", **way})[0] == status
    answer = ann.write("DELETE", f"{ORDERS}/batched", {"orders": [{"order_id": three, **way}]})
    if way == {"exchange_index": -1}:
        assert answer[0] == 200
        assert answer[1]["orders"][0]["error"]["code"] == "missing_parameters"
    else:
        assert ("error" in answer[1]["orders"][0]) is (status != 200)


def test_an_amendment_finds_its_order_by_the_ticker_and_may_name_the_shard(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    far_off(pit)
    path = f"{ORDERS}/{ann.place(ticker='F', price='0.10')[1]['order_id']}/amend"
    wishes = {"ticker": "F", "side": "bid", "price": "0.11", "count": "2"}
    for way, status in (({}, 200), ({"exchange_index": -1}, 200), ({"exchange_index": 2}, 200)):
        assert ann.write("POST", path, {**wishes, **way})[0] == status
    assert ann.write("POST", path, {**wishes, "exchange_index": 0})[0] == 404


def test_changes_look_for_an_order_in_the_primary_subaccount_unless_told_otherwise(
    pit_and_ann: tuple[Pit, Caller],
) -> None:
    pit, ann = pit_and_ann
    far_off(pit)
    order_id = ann.place(subaccount=1, price="0.10", count="5")[1]["order_id"]
    path = f"{ORDERS}/{order_id}"
    amendment = {"ticker": "M", "side": "bid", "price": "0.11", "count": "5"}
    for subaccount, status in ((None, 404), (0, 404), (1, 200)):
        query = {} if subaccount is None else {"subaccount": subaccount}
        assert ann.write("POST", f"{path}/amend", amendment, **query)[0] == status
        assert ann.write("POST", f"{path}/decrease", {"reduce_by": "1"}, **query)[0] == status
        items = ann.write("DELETE", f"{ORDERS}/batched", {"orders": [{"order_id": "x"}]})
        assert items[0] == 200
    assert ann.write("DELETE", f"{ORDERS}/batched", {"orders": [{"order_id": order_id}]})[1]["orders"][0]["error"]
    assert ann.write("DELETE", path)[0] == 404
    assert ann.write("DELETE", path, subaccount=1)[0] == 200


def test_one_request_cancels_all_of_a_subaccount(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    far_off(pit)
    house = len(pit.resting_of("house"))
    for ticker in ("M", "M", "F"):
        ann.place(ticker=ticker, price="0.10")
    kept = ann.place(subaccount=1, price="0.10")[1]["order_id"]
    reply = ann.call("DELETE", ORDERS)
    assert (reply.status, reply.body) == (204, b"")
    assert [order.order_id for order in pit.resting_of("ann")] == [kept]
    assert ann.call("DELETE", ORDERS, query=[("subaccount", "1")]).status == 204
    assert pit.resting_of("ann") == []
    assert ann.call("DELETE", ORDERS).status == 204
    assert len(pit.resting_of("house")) == house
    assert (pit.reserved("ann"), pit.account("ann").reserved[0, 2], pit.account("ann").reserved[1, 0]) == (0, 0, 0)


def test_cancelling_all_takes_the_oldest_first_and_stops_at_its_bound() -> None:
    pit, _ = opened()
    placed = [pit.bid("ann", 10, 1).order.order_id for _ in range(5)]
    assert pit.cancel_all("ann", most=3) == 3
    assert [order.order_id for order in pit.resting_of("ann")] == placed[3:]


def test_nothing_is_cancelled_while_the_exchange_is_paused(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    ann.place(price="0.10")
    pit.pause_exchange()
    assert ann.call("DELETE", ORDERS).status == 409
    pit.resume_exchange()
    pit.pause_trading()
    assert ann.call("DELETE", ORDERS).status == 204
    assert pit.resting_of("ann") == []


def test_an_amendment_may_set_move_keep_and_lift_the_end(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    start_s = pit.now_ms // 1000
    order_id = ann.place(price="0.10", count="5", expiration_time=start_s + 10)[1]["order_id"]
    path = f"{ORDERS}/{order_id}"
    body = {"ticker": "M", "side": "bid", "price": "0.10", "count": "5"}

    def end() -> str | None:
        shown: str | None = ann.get(f"/portfolio/orders/{order_id}")["order"].get("expiration_time")
        return shown

    first = end()
    assert ann.write("POST", f"{path}/amend", {**body, "count": "4"})[0] == 200
    assert end() == first is not None
    for past in (start_s, start_s - 5, -1, 10**12, "9"):
        assert ann.write("POST", f"{path}/amend", {**body, "expiration_time": past})[0] == 400
    assert end() == first
    assert ann.write("POST", f"{path}/amend", {**body, "expiration_time": start_s + 60})[0] == 200
    pit.advance(pit.now_ms + 30_000)
    assert ann.get(f"/portfolio/orders/{order_id}")["order"]["status"] == "resting"
    assert ann.write("POST", f"{path}/amend", {**body, "price": "0.12", "expiration_time": 0})[0] == 200
    assert end() is None
    pit.advance(pit.now_ms + 60_000)
    assert ann.get(f"/portfolio/orders/{order_id}")["order"]["status"] == "resting"
    again = pit.now_ms // 1000 + 5
    assert ann.write("POST", f"{path}/amend", {**body, "price": "0.13", "expiration_time": again})[0] == 200
    pit.advance(again * 1000 - 1)
    assert pit.resting_of("ann")
    pit.advance(again * 1000)
    (order,) = pit.orders_of("ann")
    assert (order.status, order.last_update_reason, pit.reserved("ann")) == ("canceled", "ExpiryCancel", 0)


def test_a_far_end_holds_no_order_that_has_gone() -> None:
    pit, _ = opened()
    pit.bid("ann", 10, 1, expiration_ms=pit.now_ms + 10**9)
    before = pit.next_due_ms(), len(pit._timers._heap)
    for _ in range(50):
        order = pit.bid("ann", 10, 1, expiration_ms=pit.now_ms + 10**9).order
        pit.cancel("ann", order.order_id)
    assert (pit.next_due_ms(), len(pit._timers._heap)) == before
    assert [len(orders) for orders in pit._resting._expiring.values()] == [1]


def test_a_decrease_takes_one_of_two_sizes(pit_and_ann: tuple[Pit, Caller]) -> None:
    _, ann = pit_and_ann
    order_id = ann.place(count="9")[1]["order_id"]
    path = f"{ORDERS}/{order_id}/decrease"
    assert ann.write("POST", path, {"reduce_by": "2"})[1]["remaining_count"] == "7.00"
    assert ann.write("POST", path, {"reduce_to": "4.50", "market_ticker": "M"})[1]["remaining_count"] == "4.50"
    assert ann.write("POST", path, {})[0] == 400
    assert ann.write("POST", path, {"reduce_to": "1", "reduce_by": "1"})[0] == 400
    assert ann.write("POST", path, {"reduce_by": 1})[1]["code"] == "bad_request"
    assert ann.write("POST", f"{ORDERS}/none/decrease", {"reduce_by": "1"})[0] == 404


def test_an_amendment_counts_what_is_filled_and_may_cross(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    order_id = ann.place(count="5", client_order_id="a")[1]["order_id"]
    path = f"{ORDERS}/{order_id}/amend"
    body = {"ticker": "M", "side": "bid", "price": "0.51", "count": "8", "updated_client_order_id": "b"}
    status, answer = ann.write("POST", path, body)
    assert (status, answer["order_id"], answer["client_order_id"]) == (200, order_id, "b")
    assert answer["remaining_count"] == "8.00"
    quote(pit, bid=10, ask=60, contracts=3)
    _, crossed = ann.write("POST", path, {**body, "price": "0.60", "updated_client_order_id": None})
    assert (crossed["fill_count"], crossed["remaining_count"]) == ("3.00", "5.00")
    assert crossed["average_fill_price"] == "0.6000"
    _, moved = ann.write("POST", path, {**body, "price": "0.41"})  # neither filled nor resized: nothing to count
    told = dict.fromkeys(("fill_count", "remaining_count", "average_fill_price", "average_fee_paid"))
    assert moved == {"order_id": order_id, "client_order_id": "b", "ts_ms": pit.now_ms, **told}
    _, shrunk = ann.write("POST", path, {**body, "price": "0.41", "count": "7"})
    assert (shrunk["fill_count"], shrunk["remaining_count"], shrunk["average_fee_paid"]) == ("0.00", "4.00", None)
    assert ann.write("POST", path, {**body, "ticker": "N"})[1]["error"]["code"] == "order_ticker_mismatch"
    assert ann.write("POST", path, {**body, "side": "ask"})[1]["error"]["code"] == "order_side_mismatch"
    assert ann.write("POST", path, {**body, "price": None})[1]["error"]["code"] == "missing_parameters"


def test_a_batch_answers_item_by_item(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    items = [wish(client_order_id="one"), wish(price="0.505"), wish(ticker="NOPE"), wish(client_order_id="two")]
    status, body = ann.write("POST", f"{ORDERS}/batched", {"orders": items})
    assert status == 201
    first, off_grid, unknown, last = body["orders"]
    assert (first["client_order_id"], last["client_order_id"]) == ("one", "two")
    assert (off_grid["order_id"], off_grid["client_order_id"]) == (None, None)
    assert off_grid["error"]["code"] == "invalid_price"  # the flat shape, inside the item
    assert unknown["error"]["code"] == "market_not_found"
    ids = [first["order_id"], "none", last["order_id"], first["order_id"]]
    status, body = ann.write("DELETE", f"{ORDERS}/batched", {"orders": [{"order_id": one} for one in ids]})
    assert status == 200
    assert [row["reduced_by"] for row in body["orders"]] == ["1.00", "0.00", "1.00", "0.00"]
    assert [row["order_id"] for row in body["orders"]] == ids
    assert [row.get("error", {}).get("code") for row in body["orders"]] == [None, "not_found", None, "not_found"]
    assert not pit.resting_of("ann")


def test_a_wrong_type_in_one_item_refuses_the_whole_batch_before_anything_is_placed(
    pit_and_ann: tuple[Pit, Caller],
) -> None:
    pit, ann = pit_and_ann
    status, body = ann.write("POST", f"{ORDERS}/batched", {"orders": [wish(), wish(count=1)]})
    assert (status, body["code"]) == (400, "bad_request")
    assert pit.orders_of("ann") == []
    bodies: list[dict[str, Any]] = [{}, {"orders": []}, {"orders": "x"}, {"orders": [1]}]
    for bad in bodies:
        assert ann.write("POST", f"{ORDERS}/batched", bad)[0] == 400
        assert ann.write("DELETE", f"{ORDERS}/batched", bad)[0] == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", ""),
        ("POST", "/batched"),
        ("DELETE", "/batched"),
        ("DELETE", "/some-id"),
        ("POST", "/some-id/amend"),
        ("POST", "/some-id/decrease"),
    ],
)
def test_orders_of_the_first_generation_are_gone(pit_and_ann: tuple[Pit, Caller], method: str, path: str) -> None:
    body = {"error": {"code": "deprecated_v1_order_endpoint", "message": "Please switch to the V2 endpoints"}}
    assert pit_and_ann[1].write(method, f"/portfolio/orders{path}", {}) == (410, body)


def test_a_group_limits_what_its_orders_may_fill(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    groups = "/portfolio/order_groups"
    status, created = ann.write("POST", f"{groups}/create", {"contracts_limit": 2})
    assert (status, created["subaccount"]) == (201, 0)
    path = f"{groups}/{created['order_group_id']}"
    resting = ann.place(price="0.10", order_group_id=created["order_group_id"])[1]["order_id"]
    assert ann.get(path)["orders"] == [resting]
    assert ann.get(groups)["order_groups"] == [
        {
            "id": created["order_group_id"],
            "contracts_limit_fp": "2.00",
            "is_auto_cancel_enabled": True,
            "exchange_index": 0,
        }
    ]
    quote(pit, bid=5, ask=60, contracts=3)
    ann.place(price="0.60", count="3", order_group_id=created["order_group_id"])
    assert ann.get(path)["orders"] == []
    assert ann.get(f"/portfolio/orders/{resting}")["order"]["status"] == "canceled"
    assert ann.place(price="0.10", order_group_id=created["order_group_id"])[0] >= 400
    assert ann.write("PUT", f"{path}/reset", {}) == (200, {})
    assert ann.place(price="0.10", order_group_id=created["order_group_id"])[0] == 201
    assert ann.write("PUT", f"{path}/limit", {"contracts_limit_fp": "7.50"}) == (200, {})
    assert ann.get(path)["contracts_limit_fp"] == "7.50"
    assert ann.write("PUT", f"{path}/trigger") == (200, {})
    assert pit.resting_of("ann") == []
    assert ann.write("DELETE", path) == (200, {})
    assert ann.refused(path)[0] == 404


def test_changes_of_a_group_look_in_the_primary_subaccount_and_on_shard_0_unless_told_otherwise(
    pit_and_ann: tuple[Pit, Caller],
) -> None:
    pit, ann = pit_and_ann
    far_off(pit)
    groups = "/portfolio/order_groups"
    made = ann.write("POST", f"{groups}/create", {"contracts_limit": 2, "subaccount": 1, "exchange_index": 2})[1]
    path = f"{groups}/{made['order_group_id']}"
    assert ann.get(path)["exchange_index"] == 2
    for where, status in (({}, 404), ({"subaccount": 1}, 404), ({"subaccount": 1, "exchange_index": 2}, 200)):
        assert ann.write("PUT", f"{path}/limit", {"contracts_limit": 5}, **where)[0] == status
        assert ann.write("PUT", f"{path}/trigger", None, **where)[0] == status
        assert ann.write("PUT", f"{path}/reset", {}, **where)[0] == status
        assert ann.write("DELETE", path, None, **where)[0] == status


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"contracts_limit": 0},
        {"contracts_limit": 1_000_001},
        {"contracts_limit": 5, "contracts_limit_fp": "6.00"},
        {"contracts_limit_fp": "0.50"},
        {"contracts_limit": "5"},
    ],
)
def test_a_groups_limit_is_checked(pit_and_ann: tuple[Pit, Caller], body: dict[str, Any]) -> None:
    _, ann = pit_and_ann
    assert ann.write("POST", "/portfolio/order_groups/create", body)[0] == 400
    both = {"contracts_limit": 5, "contracts_limit_fp": "5.00"}
    assert ann.write("POST", "/portfolio/order_groups/create", both)[0] == 201


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
_PATHS = [
    ("POST", ORDERS),
    ("POST", f"{ORDERS}/batched"),
    ("DELETE", f"{ORDERS}/batched"),
    ("POST", f"{ORDERS}/x/amend"),
    ("POST", f"{ORDERS}/x/decrease"),
    ("POST", "/portfolio/order_groups/create"),
    ("POST", "/portfolio/subaccounts/transfer"),
    ("PUT", "/portfolio/subaccounts/netting"),
    ("POST", "/portfolio/intra_exchange_instance_transfer"),
]


@given(
    st.sampled_from(_PATHS),
    st.dictionaries(st.sampled_from([*wish(), "orders", "subaccount", "amount", "expiration_time"]), _JSON),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_no_body_breaks_the_door(place: tuple[str, str], fields: dict[str, object]) -> None:
    _, ann = opened()
    for body in (fields, wish(**fields), {"orders": [fields]}):
        status, _ = ann.write(*place, body)
        assert 200 <= status < 500
    assert ann.get("/portfolio/orders").keys() == {"orders", "cursor"}


@pytest.mark.parametrize("seconds", [0, -1, 10**12, 2**63, 1_790_000_000])
def test_an_expiration_lies_ahead_and_within_the_calendar(pit_and_ann: tuple[Pit, Caller], seconds: int) -> None:
    _, ann = pit_and_ann
    assert ann.place(expiration_time=seconds)[0] == 400
    status, body = ann.place(expiration_time=1_790_000_060)
    assert status == 201
    order = ann.get(f"/portfolio/orders/{body['order_id']}")["order"]
    assert order["expiration_time"] == "2026-09-21T14:14:20Z"


@given(st.sampled_from(["/markets", "/events", "/portfolio/orders", "/markets/trades", "/portfolio/positions"]), _JSON)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_no_query_breaks_the_door(path: str, value: object) -> None:
    _, ann = opened()
    names = ("limit", "cursor", "status", "min_ts", "min_close_ts", "tickers", "with_nested_markets", "subaccount")
    reply = ann.call("GET", path, query=[(name, str(value)) for name in names])
    assert reply.status in {200, 400}
