"""Who may come in: signatures, clocks, scopes and bound keys, as the fact sheet's sections 2 and 4 have them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from kalshi_tui.practice.records import ApiKey
from kalshi_tui.practice.rest import HttpRequest
from tests.practice.door_kit import ED_KEY, ROOT, RSA_KEY, Caller, PrivateKey, opened, public_pem, signed_headers
from tests.practice.pit import Pit

PATH = f"{ROOT}/portfolio/balance"
WRONG = {
    "error": {
        "code": "authentication_error",
        "message": "authentication_error",
        "details": "INCORRECT_API_KEY_SIGNATURE",
    }
}


@pytest.fixture
def ann() -> Caller:
    pit, caller = opened()
    pit.add_key(ApiKey("rsa", "ann", public_pem(RSA_KEY)))
    return caller


def send(caller: Caller, headers: dict[str, str], path: str = PATH) -> tuple[int, Any]:
    reply = caller.door.handle(HttpRequest("GET", path, (), headers, b""))
    return reply.status, json.loads(reply.body)


@pytest.mark.parametrize("salt", [0, 32, padding.PSS.MAX_LENGTH])
def test_an_rsa_signature_with_any_salt_length_is_taken(ann: Caller, salt: Any) -> None:
    length = padding.calculate_max_pss_salt_length(RSA_KEY, hashes.SHA256()) if salt not in {0, 32} else salt
    headers = signed_headers(RSA_KEY, "rsa", ann.clock.now_ms, "GET", PATH, salt=length)
    assert send(ann, headers)[0] == 200


def test_an_ed25519_signature_is_taken(ann: Caller) -> None:
    assert send(ann, signed_headers(ED_KEY, "key-1", ann.clock.now_ms, "GET", PATH))[0] == 200


def test_an_rsa_signature_with_the_old_padding_is_refused(ann: Caller) -> None:
    headers = signed_headers(RSA_KEY, "rsa", ann.clock.now_ms, "GET", PATH)
    message = f"{ann.clock.now_ms}GET{PATH}".encode()
    old = RSA_KEY.sign(message, padding.PKCS1v15(), hashes.SHA256())
    headers["kalshi-access-signature"] = base64.b64encode(old).decode()
    assert send(ann, headers) == (401, WRONG)


@pytest.mark.parametrize("signed", [f"{PATH}?limit=1", "/portfolio/balance", PATH + "/"])
@pytest.mark.parametrize(("key_id", "key"), [("rsa", RSA_KEY), ("key-1", ED_KEY)], ids=["rsa", "ed25519"])
def test_only_the_whole_path_without_the_query_verifies(ann: Caller, signed: str, key_id: str, key: PrivateKey) -> None:
    assert send(ann, signed_headers(key, key_id, ann.clock.now_ms, "GET", signed)) == (401, WRONG)


def test_another_method_does_not_verify(ann: Caller) -> None:
    assert send(ann, signed_headers(ED_KEY, "key-1", ann.clock.now_ms, "POST", PATH)) == (401, WRONG)


def test_a_signature_that_was_good_once_is_not_good_for_another_message(ann: Caller) -> None:
    headers = signed_headers(RSA_KEY, "rsa", ann.clock.now_ms, "GET", PATH)
    assert send(ann, headers)[0] == 200
    assert send(ann, headers, f"{ROOT}/portfolio/fills") == (401, WRONG)
    assert send(ann, headers | {"kalshi-access-timestamp": str(ann.clock.now_ms + 1)}) == (401, WRONG)


@pytest.mark.parametrize("signature", ["", "%%%", "AAAA", "ü"])
def test_a_signature_that_is_none_is_refused_and_breaks_nothing(ann: Caller, signature: str) -> None:
    headers = signed_headers(ED_KEY, "key-1", ann.clock.now_ms, "GET", PATH)
    assert send(ann, headers | {"kalshi-access-signature": signature})[0] == 401


@pytest.mark.parametrize("name", ["kalshi-access-key", "kalshi-access-timestamp", "kalshi-access-signature"])
def test_an_absent_header_is_named_as_the_recordings_have_it(ann: Caller, name: str) -> None:
    headers = signed_headers(ED_KEY, "key-1", ann.clock.now_ms, "GET", PATH)
    del headers[name]
    status, body = send(ann, headers)
    assert (status, body["error"]["code"]) == (401, "signature_is_missing_from_headers")


def test_an_unknown_key_is_not_found(ann: Caller) -> None:
    status, body = send(ann, signed_headers(ED_KEY, "nobody", ann.clock.now_ms, "GET", PATH))
    assert (status, body["error"]["details"]) == (401, "NOT_FOUND")


def test_a_key_that_is_taken_away_ends_at_once() -> None:
    pit, ann = opened()
    ann.get("/portfolio/balance")
    del pit.keys["key-1"]
    assert ann.refused("/portfolio/balance")[0] == 401


@pytest.mark.parametrize(("skew_ms", "status"), [(15_000, 200), (-15_000, 200), (15_001, 401), (-15_001, 401)])
def test_a_clock_may_be_wrong_by_the_window_and_no_more(ann: Caller, skew_ms: int, status: int) -> None:
    answer = send(ann, signed_headers(ED_KEY, "key-1", ann.clock.now_ms + skew_ms, "GET", PATH))
    assert answer[0] == status
    if status == 401:
        assert answer[1]["error"]["code"] == "header_timestamp_expired"


@pytest.mark.parametrize("timestamp", ["now", "1.5", "-1", "٣", "9" * 400])
def test_a_timestamp_that_is_no_number_is_expired(ann: Caller, timestamp: str) -> None:
    headers = signed_headers(ED_KEY, "key-1", ann.clock.now_ms, "GET", PATH) | {"kalshi-access-timestamp": timestamp}
    assert send(ann, headers)[1]["error"]["code"] == "header_timestamp_expired"


def test_market_data_needs_no_signature_and_the_portfolio_does() -> None:
    pit, ann = opened()
    nobody = Caller(ann.door, pit, key_id=None)
    for path in ("/markets", "/markets/M/orderbook", "/events", "/exchange/status", "/account/endpoint_costs"):
        assert nobody.get(path)
    for path in ("/portfolio/orders", "/account/limits", "/api_keys", "/portfolio/order_groups"):
        assert nobody.refused(path)[0] == 401


def test_a_wrong_signature_is_refused_where_none_was_needed(ann: Caller) -> None:
    headers = signed_headers(ED_KEY, "key-1", ann.clock.now_ms, "GET", PATH)
    assert send(ann, headers, f"{ROOT}/markets") == (401, WRONG)


def scoped(*scopes: str, subaccount: int | None = None) -> tuple[Pit, Caller]:
    pit, ann = opened()
    pit.keys["key-1"] = ApiKey("key-1", "ann", public_pem(ED_KEY), scopes, subaccount)
    return pit, ann


def test_a_key_that_may_only_read_places_no_order() -> None:
    _, ann = scoped("read")
    ann.get("/portfolio/orders")
    status, body = ann.place()
    assert (status, body["error"]["code"]) == (403, "forbidden")
    assert ann.write("POST", "/portfolio/subaccounts")[0] == 403


def test_a_child_scope_gives_its_part_and_no_more() -> None:
    _, ann = scoped("read::portfolio_balance", "write::trade")
    ann.get("/portfolio/balance")
    assert ann.refused("/portfolio/orders")[0] == 403
    assert ann.place()[0] == 201
    assert ann.write("POST", "/portfolio/subaccounts")[0] == 403


def test_a_bound_key_acts_on_its_own_subaccount_alone() -> None:
    pit, ann = scoped("read", "write", subaccount=1)
    pit.create_subaccount("ann")
    pit.transfer("ann", 0, 1, 100_000_000)
    assert ann.place(subaccount=0)[0] == 403
    assert ann.refused("/portfolio/positions", subaccount=0)[0] == 403
    order_id = ann.place()[1]["order_id"]
    assert pit.orders[order_id].subaccount == 1
    assert [row["order_id"] for row in ann.get("/portfolio/orders")["orders"]] == [order_id]
    assert ann.get("/portfolio/balance").keys() >= {"balance", "balance_dollars"}
    assert "balance_breakdown" not in ann.get("/portfolio/balance")


def test_a_bound_key_sees_no_order_of_another_subaccount() -> None:
    pit, ann = scoped("read", "write", subaccount=1)
    pit.create_subaccount("ann")
    other = pit.bid("ann", 10, 1).order.order_id
    assert ann.refused(f"/portfolio/orders/{other}")[0] == 404
    assert ann.write("DELETE", f"/portfolio/events/orders/{other}")[0] == 404
    assert ann.write("POST", f"/portfolio/events/orders/{other}/decrease", {"reduce_by": "1"})[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/portfolio/subaccounts", {}),
        (
            "POST",
            "/portfolio/subaccounts/transfer",
            {"client_transfer_id": "t", "from_subaccount": 0, "to_subaccount": 1, "amount_cents": 100},
        ),
        ("PUT", "/portfolio/subaccounts/netting", {"subaccount_number": 0, "enabled": False}),
        (
            "POST",
            "/portfolio/intra_exchange_instance_transfer",
            {"source": "event_contract", "destination": "event_contract", "amount": 1, "destination_exchange_shard": 1},
        ),
    ],
)
def test_a_bound_key_moves_nothing_of_the_other_subaccounts(method: str, path: str, body: object) -> None:
    pit, ann = scoped("read", "write", subaccount=1)
    pit.create_subaccount("ann")
    status, answer = ann.write(method, path, body)
    assert (status, answer["error"]["code"]) == (403, "forbidden")
    assert (pit.account("ann").subaccounts, pit.account("ann").netting, pit.cash("ann")) == ([0, 1], {}, 1_000_000_000)


def test_a_bound_key_cancels_all_of_its_own_subaccount_alone() -> None:
    pit, ann = scoped("read", "write", subaccount=1)
    pit.create_subaccount("ann")
    pit.transfer("ann", 0, 1, 100_000_000)
    other = pit.bid("ann", 10, 1).order
    assert ann.place(price="0.10")[0] == 201
    assert ann.call("DELETE", "/portfolio/events/orders").status == 204
    assert pit.resting_of("ann") == [other]


def test_another_members_order_is_as_unknown_as_none() -> None:
    pit, ann = opened()
    bob = pit.bid(pit.member("bob"), 10, 1).order.order_id
    assert ann.refused(f"/portfolio/orders/{bob}") == ann.refused("/portfolio/orders/none")
    assert ann.write("DELETE", f"/portfolio/events/orders/{bob}") == ann.write("DELETE", "/portfolio/events/orders/no")
