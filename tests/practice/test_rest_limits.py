"""Token buckets as the fact sheet's section 5 has them; tokens are counted here apart from the door."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kalshi_tui.practice.records import Bucket
from tests.practice.door_kit import ORDERS, Caller, opened, wish
from tests.practice.pit import Pit


def basic() -> tuple[Pit, Caller]:
    """A member of the basic tier: 200 tokens a second to read, 100 to write, as much saved up."""
    pit, ann = opened()
    account = pit.account("ann")
    account.read, account.write = Bucket(200, 200, 200.0), Bucket(100, 100, 100.0)
    return pit, ann


def statuses(caller: Caller, times: int) -> list[int]:
    return [caller.place(price="0.0100")[0] for _ in range(times)]


def test_a_basic_account_reads_twenty_times_in_a_burst() -> None:
    _, ann = basic()
    assert [ann.call("GET", "/portfolio/fills").status for _ in range(21)] == [200] * 20 + [429]


def test_a_basic_account_writes_ten_times_in_a_burst() -> None:
    _, ann = basic()
    assert statuses(ann, 11) == [201] * 10 + [429]


def test_the_refusal_tells_no_time_to_wait() -> None:
    _, ann = basic()
    statuses(ann, 10)
    reply = ann.call("POST", ORDERS, wish())
    assert json.loads(reply.body) == {"error": "too many requests"}
    assert not {name for name in reply.headers if "retry" in name or "ratelimit" in name}


def test_tokens_flow_back_continuously_and_exactly() -> None:
    pit, ann = basic()
    statuses(ann, 10)
    for _ in range(99):  # a millisecond is a tenth of a token of this bucket
        pit.advance(pit.now_ms + 1)
        assert ann.place()[0] == 429
    pit.advance(pit.now_ms + 1)
    assert ann.place()[0] == 201


def test_a_refused_request_costs_nothing_and_a_bucket_holds_no_more_than_its_capacity() -> None:
    pit, ann = basic()
    statuses(ann, 40)
    pit.advance(pit.now_ms + 3_600_000 - 1)
    assert statuses(ann, 1) != [429]
    pit.advance(pit.now_ms + 10_000)
    assert [ann.call("GET", "/portfolio/fills").status for _ in range(21)].count(200) == 20


def test_reads_and_writes_have_a_bucket_each() -> None:
    _, ann = basic()
    statuses(ann, 11)
    assert ann.call("GET", "/portfolio/balance").status == 200


def test_a_cancel_and_a_look_at_one_order_cost_a_fifth() -> None:
    _, ann = basic()
    order_id = ann.place(price="0.0100")[1]["order_id"]
    cancels = [ann.call("DELETE", f"{ORDERS}/{order_id}").status for _ in range(46)]
    assert cancels == [200] + [404] * 44 + [429]  # 90 tokens were left for them
    looks = [ann.call("GET", f"/portfolio/orders/{order_id}").status for _ in range(101)]
    assert looks == [200] * 100 + [429]


@pytest.mark.parametrize(("number", "status"), [(10, 201), (11, 429)])
def test_a_batch_fits_at_once_or_not_at_all(number: int, status: int) -> None:
    pit, ann = basic()
    answer = ann.write("POST", f"{ORDERS}/batched", {"orders": [wish(price="0.0100")] * number})
    assert answer[0] == status
    assert len(pit.orders_of("ann")) == (number if status == 201 else 0)


def test_a_batch_of_cancels_costs_two_for_each() -> None:
    _, ann = basic()
    items: list[dict[str, Any]] = [{"order_id": "none"}]
    assert ann.write("DELETE", f"{ORDERS}/batched", {"orders": items * 50})[0] == 200
    assert ann.write("DELETE", f"{ORDERS}/batched", {"orders": items})[0] == 429


def test_a_single_write_that_names_a_shard_uses_that_shards_bucket() -> None:
    _, ann = basic()
    statuses(ann, 10)
    assert [ann.place(exchange_index=2)[0] for _ in range(11)] == [404] * 10 + [429]
    assert ann.place(exchange_index=0)[0] == 429
    assert ann.write("POST", f"{ORDERS}/batched", {"orders": [wish(exchange_index=3)]})[0] == 429
    assert ann.write("DELETE", f"{ORDERS}/none", exchange_index=3)[0] == 404


def test_requests_that_nobody_signed_share_a_generous_bucket() -> None:
    pit, ann = basic()
    nobody = Caller(ann.door, pit, key_id=None)
    assert {nobody.call("GET", "/markets").status for _ in range(500)} == {200}


def test_the_account_tells_its_buckets_and_what_does_not_cost_ten() -> None:
    _, ann = basic()
    limits = ann.get("/account/limits")
    assert limits["usage_tier"] == "basic"
    assert limits["read"] == {"refill_rate": 200, "bucket_capacity": 200}
    assert limits["write"] == {"refill_rate": 100, "bucket_capacity": 100}
    costs = ann.get("/account/endpoint_costs")
    assert costs["default_cost"] == 10
    told = {(row["method"], row["path"].removeprefix("/trade-api/v2")): row["cost"] for row in costs["endpoint_costs"]}
    assert told == {
        ("GET", "/portfolio/orders/{order_id}"): 2,
        ("DELETE", "/portfolio/events/orders/{order_id}"): 2,
        ("DELETE", "/portfolio/events/orders/batched"): 2,
    }
