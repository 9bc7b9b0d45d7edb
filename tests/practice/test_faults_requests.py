"""Rules at the REST doors: when they strike and what the door is told."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.faults import Faults, RequestFault, Rule, When
from kalshi_tui.practice.faults.catalogue import ACTIONS, Need
from kalshi_tui.practice.records import Refusal
from tests.practice.stream_kit import HOUSE, MEMBER, OTHER, START_MS, place, small_exchange

ORDERS = "/trade-api/v2/portfolio/events/orders"


def _rule(action: str, when: When | None = None, **params: Any) -> Rule:
    defaults = {name: value for name, value in ACTIONS["request"][action].items() if not isinstance(value, Need)}
    match = {"method": "POST", "path": "/portfolio/events/orders"}
    return Rule("rule-1", "F00", "request", action, when or When(), match, {**defaults, **params})


def _ask(faults: Faults, exchange: Exchange, method: str = "POST", path: str = ORDERS) -> RequestFault | None:
    return faults.for_request(method, path, exchange.now_ms, exchange)


def _strikes(when: When, occasions: int = 10, seed: int = 1) -> list[int]:
    exchange = small_exchange()
    faults = Faults([_rule("lose_reply", when)], random.Random(seed))
    faults.arm(exchange)
    struck = []
    for number in range(1, occasions + 1):
        exchange.advance(START_MS + number * 1000)
        if _ask(faults, exchange) is not None:
            struck.append(number)
    return struck


@pytest.mark.parametrize(
    ("when", "struck"),
    [
        (When(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (When(nth=3), [3]),
        (When(every=4), [4, 8]),
        (When(every=2, times=2), [2, 4]),
        (When(between_s=(3, 6)), [3, 4, 5]),
        (When(between_s=(3, 6), nth=2), [4]),
        (When(probability=0.0), []),
        (When(state=("trading_paused",)), []),
        (When(state=("not trading_paused",), times=1), [1]),
    ],
)
def test_a_rule_strikes_by_count_time_and_state(when: When, struck: list[int]) -> None:
    assert _strikes(when) == struck


def test_chance_comes_from_the_seed() -> None:
    assert _strikes(When(probability=0.3), 200) == _strikes(When(probability=0.3), 200)
    assert _strikes(When(probability=0.3), 200) != _strikes(When(probability=0.3), 200, seed=2)
    assert 30 < len(_strikes(When(probability=0.3), 200)) < 90


def test_a_rule_looks_only_at_what_its_patterns_fit() -> None:
    exchange = small_exchange()
    faults = Faults([_rule("lose_reply")], random.Random(1))
    assert _ask(faults, exchange, method="GET") is None
    assert _ask(faults, exchange, path=f"{ORDERS}/batched") is None
    assert _ask(faults, exchange, path=f"{ORDERS}?x=1") is not None


def test_two_rules_share_the_occasions_and_the_first_that_is_due_strikes() -> None:
    exchange = small_exchange()
    rules = [_rule("lose_reply", When(nth=1)), _rule("lose_request", When(times=1)), _rule("truncate", When(nth=3))]
    faults = Faults(rules, random.Random(1))
    kinds = [fault.kind if fault else "" for fault in (_ask(faults, exchange) for _ in range(4))]
    assert kinds == ["lose_reply", "lose_request", "truncate", ""]


def test_a_state_may_be_a_member_who_has_resting_orders() -> None:
    exchange = small_exchange()
    faults = Faults([_rule("lose_reply", When(state=("resting_orders",)))], random.Random(1))
    place(exchange, "bid", 3_000, 100)
    assert _ask(faults, exchange) is None
    order = place(exchange, "bid", 3_000, 100, user=MEMBER).order
    assert _ask(faults, exchange) is not None
    exchange.cancel(MEMBER, order.order_id)
    assert _ask(faults, exchange) is None


@pytest.mark.parametrize(
    ("params", "body"),
    [
        ({"status": 429}, {"error": "too many requests"}),
        ({"status": 500}, {"error": {"code": "internal_server_error", "message": "internal server error"}}),
        (
            {"status": 401, "details": "NOT_FOUND"},
            {
                "error": {
                    "code": "authentication_error",
                    "message": "authentication error",
                    "details": "NOT_FOUND",
                }
            },
        ),
        (
            {"status": 409, "code": "order_already_exists"},
            {"error": {"code": "order_already_exists", "message": "order already exists"}},
        ),
        ({"status": 201, "body": "{}"}, {}),
    ],
)
def test_made_up_answers_have_the_body_that_goes_with_their_status(params: dict[str, Any], body: Any) -> None:
    fault = _ask(Faults([_rule("refuse", **params)], random.Random(1)), small_exchange())
    assert fault is not None
    assert (fault.status, fault.content_type) == (params["status"], "application/json")
    assert msgspec.json.decode(fault.body) == body


def test_an_html_answer_is_a_page() -> None:
    fault = _ask(Faults([_rule("fail_after", status=502, html=True)], random.Random(1)), small_exchange())
    assert fault is not None
    assert fault.content_type == "text/html"
    assert b"<title>502" in fault.body


def _cancel_race(count: str) -> tuple[Exchange, str]:
    exchange = small_exchange()
    place(exchange, "bid", 4_500, 300, user=OTHER)  # better priced: it is filled first
    place(exchange, "bid", 4_000, 200, user=OTHER)  # earlier at the same price
    order = place(exchange, "bid", 4_000, 500, user=MEMBER).order
    rule = Rule("r", "F20", "request", "fill_first", When(), {"method": "DELETE"}, {"count": count})
    faults = Faults([rule], random.Random(1))
    assert _ask(faults, exchange, "DELETE", f"{ORDERS}/{order.order_id}") is None
    return exchange, order.order_id


def test_an_order_may_be_filled_just_before_its_cancel() -> None:
    exchange, order_id = _cancel_race("")
    assert exchange.orders[order_id].status == "executed"
    with pytest.raises(Refusal) as refused:
        exchange.cancel(MEMBER, order_id)
    assert refused.value.status == 404


def test_an_order_may_be_filled_in_part_just_before_its_cancel() -> None:
    exchange, order_id = _cancel_race("1.00")
    assert exchange.orders[order_id].filled == 100
    assert exchange.cancel(MEMBER, order_id)[1] == 400


def test_requests_about_no_order_pass() -> None:
    exchange = small_exchange()
    rule = Rule("r", "F20", "request", "fill_first", When(), {}, {"count": ""})
    assert _ask(Faults([rule], random.Random(1)), exchange, "DELETE", f"{ORDERS}/unknown") is None


def test_the_package_shares_only_units_with_the_project() -> None:
    package = Path(__file__).parents[2] / "kalshi_tui" / "practice"
    for path in (*package.glob("faults/*.py"), *package.glob("stream/*.py")):
        for line in path.read_text().splitlines():
            if line.startswith("from kalshi_tui"):
                assert line.startswith(("from kalshi_tui.practice", "from kalshi_tui.core.units")), (path.name, line)


def test_the_house_is_no_member() -> None:
    exchange = small_exchange()
    faults = Faults([_rule("lose_reply", When(state=("position",)))], random.Random(1))
    place(exchange, "bid", 4_000, 100, user=HOUSE)
    assert _ask(faults, exchange) is None
    place(exchange, "ask", 4_000, 100, user=MEMBER)
    assert _ask(faults, exchange) is not None
