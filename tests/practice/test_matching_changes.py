"""What becomes of a resting order: amend, decrease, cancel, and its place in the queue."""

from __future__ import annotations

from typing import Any

import pytest

from kalshi_tui.practice.exchange import Rules
from tests.practice.pit import DOLLAR, START_MS, Pit, refuses


@pytest.fixture
def pit() -> Pit:
    pit = Pit()
    for name in ("ann", "ben", "cat"):
        pit.member(name)
    return pit


def test_the_size_ahead_counts_better_prices_and_earlier_orders(pit: Pit) -> None:
    pit.bid("ann", 41, 3)
    pit.bid("ann", 40, 2)
    order = pit.bid("ben", 40, 1).order
    pit.bid("cat", 40, 9)
    pit.bid("cat", 39, 9)
    assert pit.queue_ahead(order) == 500
    pit.ask("cat", 41, 2.5)
    assert pit.queue_ahead(order) == 250
    pit.cancel("ben", order.order_id)
    assert pit.queue_ahead(order) == 0


def test_less_at_the_same_price_keeps_its_place(pit: Pit) -> None:
    first = pit.bid("ann", 40, 5).order
    second = pit.bid("ben", 40, 5).order
    outcome = pit.change("ann", first, cents=40, contracts=2)
    assert (outcome.order.remaining, outcome.order.initial, outcome.fills) == (200, 200, [])
    assert (pit.queue_ahead(first), pit.queue_ahead(second)) == (0, 200)
    assert first.last_update_reason == "Amend"
    assert pit.reserved("ann") == 80 * DOLLAR // 100


@pytest.mark.parametrize(("cents", "contracts"), [(40, 6), (39, 5), (41, 5), (41, 2)])
def test_more_size_or_another_price_loses_its_place(pit: Pit, cents: float, contracts: float) -> None:
    first = pit.bid("ann", 40, 5).order
    pit.bid("ben", cents, 5)
    pit.change("ann", first, cents=cents, contracts=contracts)
    ahead = pit.queue_ahead(first)
    assert ahead >= 500
    assert (first.price, first.remaining) == (cents * 100, contracts * 100)


def test_an_amendment_that_changes_nothing_keeps_its_place(pit: Pit) -> None:
    first = pit.bid("ann", 40, 5).order
    pit.bid("ben", 40, 5)
    pit.change("ann", first, cents=40, contracts=5)
    assert pit.queue_ahead(first) == 0


def test_an_amendment_may_cross_and_fill(pit: Pit) -> None:
    pit.ask("ben", 45, 3)
    order = pit.bid("ann", 40, 5).order
    outcome = pit.change("ann", order, cents=46, contracts=5)
    assert [(fill.price, fill.count, fill.is_taker) for fill in outcome.fills] == [(4_500, 300, True)]
    assert (order.status, order.filled, order.remaining) == ("resting", 300, 200)
    assert (pit.levels("bid"), pit.levels("ask")) == ({4_600: 200}, {})


def test_count_is_what_is_filled_plus_what_shall_rest(pit: Pit) -> None:
    order = pit.bid("ann", 40, 5).order
    pit.ask("ben", 40, 2)
    with refuses(400, "invalid_order_size"):
        pit.change("ann", order, cents=40, contracts=1.99)
    pit.change("ann", order, cents=40, contracts=3)
    assert (order.filled, order.remaining) == (200, 100)
    pit.change("ann", order, cents=40, contracts=2)
    assert (order.status, order.remaining, pit.levels("bid")) == ("canceled", 0, {})
    with refuses(404, "not_found"):
        pit.change("ann", order, cents=40, contracts=9)


@pytest.mark.parametrize(
    ("terms", "status", "code"),
    [
        ({"ticker": "N"}, 400, "order_ticker_mismatch"),
        ({"side": "ask"}, 400, "order_side_mismatch"),
        ({"client_order_id": "other"}, 400, "order_id_and_client_order_id_mismatch"),
        ({"updated_client_order_id": "taken"}, 409, "order_already_exists"),
        ({"cents": 40.5}, 400, "invalid_price"),
        ({"contracts": 0}, 400, "invalid_order_size"),
        ({"contracts": 3_000}, 400, "insufficient_balance"),
    ],
)
def test_a_refused_amendment_changes_nothing(pit: Pit, terms: dict[str, Any], status: int, code: str) -> None:
    order = pit.bid("ann", 40, 5, client_order_id="mine").order
    pit.cancel("ann", pit.bid("ann", 40, 5, client_order_id="taken").order.order_id)
    before = (pit.log_digest(), pit.reserved("ann"), pit.levels("bid"))
    wish: dict[str, Any] = {"cents": 41, "contracts": 6, **terms}
    with refuses(status, code):
        pit.change("ann", order, **wish)
    assert (pit.log_digest(), pit.reserved("ann"), pit.levels("bid")) == before
    assert (order.price, order.remaining, order.client_order_id) == (4_000, 500, "mine")


def test_an_amendment_may_give_a_new_id_which_is_used_up_as_well(pit: Pit) -> None:
    order = pit.bid("ann", 40, 5, client_order_id="a").order
    pit.change("ann", order, cents=40, contracts=4, client_order_id="a", updated_client_order_id="b")
    assert order.client_order_id == "b"
    for used in ("a", "b"):
        with refuses(409, "order_already_exists"):
            pit.bid("ann", 40, 1, client_order_id=used)


def test_a_new_id_frees_the_old_one_where_only_open_orders_hold_theirs() -> None:
    pit = Pit(rules=Rules(duplicate_ids="open_only"))
    pit.member("ann")
    order = pit.bid("ann", 40, 5, client_order_id="a").order
    pit.change("ann", order, cents=40, contracts=4, updated_client_order_id="b")
    assert pit.bid("ann", 40, 1, client_order_id="a").order.status == "resting"
    with refuses(409, "order_already_exists"):
        pit.bid("ann", 40, 1, client_order_id="b")


def test_an_amendment_may_repeat_its_own_id(pit: Pit) -> None:
    order = pit.bid("ann", 40, 5, client_order_id="a").order
    pit.change("ann", order, cents=40, contracts=4, client_order_id="a", updated_client_order_id="a")
    assert (order.client_order_id, order.remaining) == ("a", 400)


def test_a_post_only_order_may_not_be_amended_across(pit: Pit) -> None:
    pit.ask("ben", 45, 3)
    order = pit.bid("ann", 40, 5, post_only=True).order
    with refuses(400, "invalid_order", "post only cross"):
        pit.change("ann", order, cents=45, contracts=5)
    assert order.price == 4_000


def test_an_amendment_into_ones_own_order_is_cancelled_at_the_cross(pit: Pit) -> None:
    pit.ask("ann", 45, 3)
    order = pit.bid("ann", 40, 5).order
    pit.change("ann", order, cents=45, contracts=5)
    assert (order.status, order.remaining, pit.levels("bid"), pit.levels("ask")) == ("canceled", 0, {}, {4_500: 300})
    assert pit.reserved("ann") == 3 * 55 * DOLLAR // 100


def test_an_amended_order_still_expires_once(pit: Pit) -> None:
    order = pit.bid("ann", 40, 5, expiration_ms=START_MS + 1_000).order
    pit.change("ann", order, cents=41, contracts=5)
    pit.advance(START_MS + 1_000)
    assert (order.status, order.last_update_reason) == ("canceled", "ExpiryCancel")


def test_decrease_keeps_the_place_and_ends_at_nothing(pit: Pit) -> None:
    order = pit.bid("ann", 40, 5).order
    later = pit.bid("ben", 40, 5).order
    pit.decrease("ann", order.order_id, reduce_by=200, reduce_to=None)
    assert (order.remaining, order.initial, pit.queue_ahead(later)) == (300, 500, 300)
    pit.decrease("ann", order.order_id, reduce_by=None, reduce_to=100)
    assert (order.remaining, order.last_update_reason, pit.reserved("ann")) == (100, "Decrease", 40 * DOLLAR // 100)
    pit.decrease("ann", order.order_id, reduce_by=None, reduce_to=0)
    assert (order.status, pit.queue_ahead(later), pit.reserved("ann")) == ("canceled", 0, 0)


@pytest.mark.parametrize(
    ("by", "to", "code"),
    [
        (None, None, "invalid_parameters"),
        (1, 1, "invalid_parameters"),
        (0, None, "invalid_order_size"),
        (501, None, "invalid_order_size"),
        (None, 500, "invalid_order_size"),
        (None, 600, "invalid_order_size"),
        (None, -1, "invalid_order_size"),
    ],
)
def test_a_decrease_only_decreases(pit: Pit, by: int | None, to: int | None, code: str) -> None:
    order = pit.bid("ann", 40, 5).order
    with refuses(400, code):
        pit.decrease("ann", order.order_id, reduce_by=by, reduce_to=to)
    assert order.remaining == 500


def test_cancel_returns_what_it_took_off(pit: Pit) -> None:
    order = pit.bid("ann", 40, 5).order
    pit.ask("ben", 40, 2)
    cancelled, size = pit.cancel("ann", order.order_id)
    assert (cancelled.status, cancelled.filled, cancelled.remaining, size) == ("canceled", 200, 0, 300)
    assert (pit.levels("bid"), pit.reserved("ann"), pit.resting_of("ann")) == ({}, 0, [])


def test_unknown_ended_and_foreign_orders_are_not_found(pit: Pit) -> None:
    order = pit.bid("ann", 40, 5).order
    done = pit.bid("ann", 41, 1).order
    pit.ask("ben", 41, 1)
    for user_id, order_id in (("ann", "nope"), ("ben", order.order_id), ("ann", done.order_id)):
        with refuses(404, "not_found"):
            pit.cancel(user_id, order_id)
        with refuses(404, "not_found"):
            pit.decrease(user_id, order_id, reduce_by=1, reduce_to=None)
    pit.cancel("ann", order.order_id)
    with refuses(404, "not_found"):
        pit.cancel("ann", order.order_id)


def test_a_cancel_that_describes_another_order_is_refused(pit: Pit) -> None:
    order = pit.bid("ann", 40, 5).order
    with refuses(400, "order_ticker_mismatch"):
        pit.cancel("ann", order.order_id, ticker="N")
    wrongs: list[dict[str, Any]] = [{"subaccount": 1}, {"exchange_index": 1}]
    for wrong in wrongs:
        with refuses(404, "not_found"):
            pit.cancel("ann", order.order_id, **wrong)
    pit.cancel("ann", order.order_id, subaccount=0, exchange_index=-1, ticker="M")


def test_off_shard_zero_a_cancel_needs_the_ticker_or_the_shard(pit: Pit) -> None:
    pit.list_market("CRYPTO", exchange_index=2)
    pit.shard_transfer("ann", 0, 2, 100 * DOLLAR)
    orders = [pit.bid("ann", 40, 5, ticker="CRYPTO").order for _ in range(2)]
    with refuses(404, "not_found"):
        pit.cancel("ann", orders[0].order_id)
    pit.cancel("ann", orders[0].order_id, ticker="CRYPTO")
    pit.cancel("ann", orders[1].order_id, exchange_index=2)
