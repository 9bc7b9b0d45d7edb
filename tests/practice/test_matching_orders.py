"""How orders meet: priority, terms of life, self-trade prevention, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from kalshi_tui.practice.exchange import Rules
from kalshi_tui.practice.happenings import Filled
from kalshi_tui.practice.records import Band, Order
from tests.practice.pit import CLOSE_MS, DOLLAR, START_MS, Pit, refuses


def makers_hit(pit: Pit) -> list[tuple[str, int, int]]:
    fills = [told.fill for told in pit.told if isinstance(told, Filled) and not told.fill.is_taker]
    return [(fill.user_id, fill.price, fill.count) for fill in fills]


@pytest.fixture
def pit() -> Pit:
    pit = Pit()
    for name in ("ann", "ben", "cat"):
        pit.member(name)
    return pit


def test_a_trade_happens_at_the_resting_price(pit: Pit) -> None:
    pit.ask("ann", 40, 5)
    outcome = pit.bid("ben", 55, 5)
    assert [(fill.price, fill.count, fill.is_taker) for fill in outcome.fills] == [(4_000, 500, True)]
    assert (outcome.order.status, outcome.order.filled, outcome.order.remaining) == ("executed", 500, 0)


def test_the_best_price_goes_first_and_then_the_oldest(pit: Pit) -> None:
    pit.ask("ann", 42, 1)
    pit.ask("ben", 41, 1)
    pit.ask("ann", 41, 2)
    pit.bid("cat", 42, 3.5)
    assert makers_hit(pit) == [("ben", 4_100, 100), ("ann", 4_100, 200), ("ann", 4_200, 50)]
    assert pit.levels("ask") == {4_200: 50}


def test_what_is_not_filled_rests_at_its_own_price(pit: Pit) -> None:
    pit.bid("ann", 50, 2)
    outcome = pit.ask("ben", 48, 5)
    assert (outcome.order.status, outcome.order.filled, outcome.order.remaining) == ("resting", 200, 300)
    assert (pit.levels("bid"), pit.levels("ask")) == ({}, {4_800: 300})
    assert (pit.market.best_bid, pit.market.best_ask) == (0, 4_800)


def test_yes_and_no_interest_meet_in_one_book_at_adjacent_prices(pit: Pit) -> None:
    pit.bid("ann", 50, 2)
    pit.ask("ben", 51, 2)
    assert makers_hit(pit) == []
    assert (pit.market.best_bid, pit.market.best_ask) == (5_000, 5_100)


def test_immediate_or_cancel_never_rests(pit: Pit) -> None:
    pit.ask("ann", 40, 2)
    some = pit.bid("ben", 40, 5, time_in_force="immediate_or_cancel").order
    none = pit.bid("ben", 40, 5, time_in_force="immediate_or_cancel").order
    assert (some.status, some.filled, some.remaining) == ("executed", 200, 0)
    assert (none.status, none.filled, none.remaining) == ("canceled", 0, 0)
    assert pit.levels("bid") == {}


def test_fill_or_kill_books_all_or_nothing(pit: Pit) -> None:
    pit.ask("ann", 40, 2)
    pit.ask("cat", 41, 2)
    cash = pit.cash("ben")
    with refuses(409, "fill_or_kill_insufficient_resting_volume"):
        pit.bid("ben", 41, 4.01, time_in_force="fill_or_kill")
    with refuses(409, "fill_or_kill_insufficient_resting_volume"):
        pit.bid("ben", 40, 3, time_in_force="fill_or_kill")
    assert (pit.cash("ben"), pit.orders_of("ben"), pit.fills_of("ben")) == (cash, [], [])
    assert pit.levels("ask") == {4_000: 200, 4_100: 200}
    assert pit.bid("ben", 41, 4, time_in_force="fill_or_kill").order.filled == 400


def test_a_fill_or_kill_that_meets_its_owner_goes_on_as_immediate_or_cancel(pit: Pit) -> None:
    pit.ask("ann", 40, 2)
    own = pit.ask("ben", 41, 2).order
    killed = pit.bid("ben", 41, 4, time_in_force="fill_or_kill").order
    assert (killed.filled, killed.remaining) == (200, 0)
    assert own.remaining == 200


def test_a_fill_or_kill_that_is_whole_before_it_meets_its_owner_is_filled(pit: Pit) -> None:
    pit.ask("ann", 40, 4)
    pit.ask("ben", 41, 2)
    assert pit.bid("ben", 41, 4, time_in_force="fill_or_kill").order.filled == 400


def test_post_only_rests_or_is_refused(pit: Pit) -> None:
    pit.ask("ann", 40, 2)
    with refuses(400, "invalid_order", "post only cross"):
        pit.bid("ben", 40, 1, post_only=True)
    assert pit.bid("ben", 39, 1, post_only=True).order.status == "resting"
    with refuses(400, "invalid_order", "post only cross"):
        pit.ask("ann", 39, 1, post_only=True)


def test_taker_at_cross_cancels_the_incoming_order_and_keeps_what_it_took(pit: Pit) -> None:
    pit.ask("ann", 40, 1)
    own = pit.ask("ben", 41, 1).order
    pit.ask("cat", 42, 1)
    incoming = pit.bid("ben", 45, 3).order
    assert (incoming.filled, incoming.remaining, incoming.status) == (100, 0, "executed")
    assert incoming.last_update_reason == "SelfTradeCancel"
    assert own.remaining == 100
    assert pit.levels("ask") == {4_100: 100, 4_200: 100}


def test_a_lone_self_cross_fills_nothing_and_leaves_the_resting_order(pit: Pit) -> None:
    own = pit.ask("ben", 41, 1).order
    incoming = pit.bid("ben", 41, 1).order
    assert (incoming.filled, incoming.remaining, incoming.status) == (0, 0, "canceled")
    assert (own.status, own.remaining, pit.levels("ask"), pit.levels("bid")) == ("resting", 100, {4_100: 100}, {})


def test_maker_prevention_cancels_the_resting_order_and_goes_on(pit: Pit) -> None:
    own = pit.ask("ben", 41, 1).order
    pit.ask("cat", 41, 1)
    incoming = pit.bid("ben", 41, 3, self_trade_prevention="maker").order
    assert (own.status, own.last_update_reason, own.remaining) == ("canceled", "SelfTradeCancel", 0)
    assert (incoming.filled, incoming.remaining, incoming.status) == (100, 200, "resting")
    assert (pit.levels("ask"), pit.levels("bid")) == ({}, {4_100: 200})
    assert pit.reserved("ben") == 41 * 2 * DOLLAR // 100


def test_an_order_expires_at_its_time(pit: Pit) -> None:
    kept = pit.bid("ann", 40, 1).order
    order = pit.bid("ann", 41, 1, expiration_ms=START_MS + 5_000).order
    pit.advance(START_MS + 4_999)
    assert order.status == "resting"
    pit.advance(START_MS + 60_000)
    assert (order.status, order.last_update_reason, order.updated_ms) == ("canceled", "ExpiryCancel", START_MS + 5_000)
    assert (kept.status, pit.market.best_bid) == ("resting", 4_000)


def test_an_order_that_never_rests_leaves_no_alarm(pit: Pit) -> None:
    pit.ask("ben", 40, 1)
    pit.bid("ann", 40, 1, expiration_ms=START_MS + 5_000)
    assert pit.next_due_ms() == CLOSE_MS


def test_reduce_only_is_cut_down_to_the_position(pit: Pit) -> None:
    pit.ask("ann", 40, 5)
    pit.bid("ben", 40, 5)
    pit.bid("cat", 38, 9)
    order = pit.ask("ben", 38, 9, time_in_force="immediate_or_cancel", reduce_only=True).order
    assert (order.initial, order.filled, order.remaining, pit.position("ben").size) == (900, 500, 0, 0)
    pit.ask("cat", 45, 9)
    short = pit.bid("ann", 45, 9, time_in_force="fill_or_kill", reduce_only=True).order
    assert (short.filled, pit.position("ann").size) == (500, 0)


def test_reduce_only_needs_an_order_that_does_not_rest(pit: Pit) -> None:
    with refuses(400, "invalid_order"):
        pit.ask("ben", 38, 9, reduce_only=True)


def test_reduce_only_with_nothing_to_reduce_follows_the_rule() -> None:
    terms = {"time_in_force": "immediate_or_cancel", "reduce_only": True}
    lenient, strict = Pit(), Pit(rules=Rules(reduce_only_when_flat="refuse"))
    for pit in (lenient, strict):
        pit.bid(pit.member("ann"), 50, 5)
        pit.member("ben")
    order = lenient.ask("ben", 50, 5, **terms).order
    assert (order.status, order.filled, order.last_update_reason) == ("canceled", 0, "ReduceOnlyCancel")
    with refuses(400, "invalid_order"):
        strict.ask("ben", 50, 5, **terms)


@pytest.mark.parametrize(
    ("terms", "status", "code"),
    [
        ({"cents": 40.5}, 400, "invalid_price"),
        ({"cents": 0}, 400, "invalid_price"),
        ({"cents": 100}, 400, "invalid_price"),
        ({"contracts": 0}, 400, "invalid_order_size"),
        ({"contracts": 10**10}, 400, "invalid_order_size"),
        ({"ticker": "NOPE"}, 404, "market_not_found"),
        ({"exchange_index": 1}, 404, "market_not_found"),
        ({"subaccount": 3}, 400, "invalid_parameters"),
        ({"expiration_ms": START_MS}, 400, "invalid_order"),
        ({"expiration_ms": CLOSE_MS, "time_in_force": "immediate_or_cancel"}, 400, "invalid_order"),
        ({"post_only": True, "time_in_force": "fill_or_kill"}, 400, "invalid_order"),
        ({"order_group_id": "nope"}, 404, "order_group_not_found"),
        ({"cents": 99, "contracts": 2_000}, 400, "insufficient_balance"),
    ],
)
def test_a_refused_order_changes_nothing(pit: Pit, terms: dict[str, Any], status: int, code: str) -> None:
    before = pit.log_digest()
    with refuses(status, code):
        pit.bid("ann", **{"cents": 40, "contracts": 1, "client_order_id": "mine", **terms})
    assert (pit.log_digest(), pit.orders_of("ann"), pit.levels("bid"), pit.reserved("ann")) == (before, [], {}, 0)
    assert pit.bid("ann", 40, 1, client_order_id="mine").order.status == "resting"


def test_an_order_of_a_stranger_is_refused(pit: Pit) -> None:
    with refuses(404, "user_not_found"):
        pit.bid("nobody", 40, 1)


def test_a_price_is_on_the_grid_of_either_band_that_it_touches(pit: Pit) -> None:
    edge, middle = Band(0, 1_000, 10), Band(1_000, 9_000, 100)  # type: ignore[arg-type]
    pit.change_grid("M", "tapered_deci_cent", [edge, middle])
    for cents in (0.1, 9.9, 10, 11, 89):
        pit.bid("ann", cents, 1)
    for cents in (0.05, 10.1, 90.1):
        with refuses(400, "invalid_price"):
            pit.bid("ann", cents, 1)


def test_an_id_is_used_up_for_ever_also_by_cancelled_orders_and_killed_ones(pit: Pit) -> None:
    first = pit.bid("ann", 40, 1, client_order_id="a").order
    with refuses(409, "fill_or_kill_insufficient_resting_volume"):
        pit.bid("ann", 40, 1, client_order_id="b", time_in_force="fill_or_kill")
    pit.cancel("ann", first.order_id)
    for used in ("a", "b"):
        with refuses(409, "order_already_exists"):
            pit.bid("ann", 40, 1, client_order_id=used)
    assert pit.bid("ben", 40, 1, client_order_id="a").order.client_order_id == "a"


def test_an_id_is_used_up_only_while_its_order_is_open_where_the_rule_says_so() -> None:
    pit = Pit(rules=Rules(duplicate_ids="open_only"))
    pit.member("ann")
    first = pit.bid("ann", 40, 1, client_order_id="a").order
    with refuses(409, "order_already_exists"):
        pit.bid("ann", 41, 1, client_order_id="a")
    pit.cancel("ann", first.order_id)
    with refuses(409, "fill_or_kill_insufficient_resting_volume"):
        pit.bid("ann", 40, 1, client_order_id="a", time_in_force="fill_or_kill")
    assert pit.bid("ann", 41, 1, client_order_id="a").order.status == "resting"


def test_the_oldest_ids_are_forgotten_first() -> None:
    pit = Pit(rules=Rules(keep_client_ids=2))
    pit.member("ann")
    for used in ("a", "b", "c"):
        pit.bid("ann", 40, 1, client_order_id=used)
    for used in ("b", "c"):
        with refuses(409, "order_already_exists"):
            pit.bid("ann", 40, 1, client_order_id=used)
    assert pit.bid("ann", 40, 1, client_order_id="a").order.status == "resting"


def test_nobody_keeps_more_open_orders_than_the_cap() -> None:
    pit = Pit(rules=Rules(open_order_cap=2))
    pit.member("ann")
    orders: list[Order] = [pit.bid("ann", cents, 1).order for cents in (40, 41)]
    with refuses(400, "limit_exceeded"):
        pit.bid("ann", 42, 1)
    assert pit.bid("ann", 42, 1, time_in_force="immediate_or_cancel").order.status == "canceled"
    pit.cancel("ann", orders[0].order_id)
    pit.bid("ann", 42, 1)


def test_the_house_needs_no_cash_pays_no_fee_and_leaves_no_history() -> None:
    pit = Pit()
    pit.open_account(cash=0, user_id="house", house=True)
    pit.member("ann")
    pit.ask("house", 50, 10, client_order_id="same")
    resting = pit.ask("house", 51, 10, client_order_id="same").order
    pit.bid("ann", 50, 10)
    assert pit.cash("house") == -5 * DOLLAR
    assert (pit.orders_of("house"), pit.fills_of("house"), pit.position("house").fees) == ([], [], 0)
    assert list(pit.orders) == [resting.order_id, pit.orders_of("ann")[0].order_id]
    pit.cancel("house", resting.order_id)
    assert resting.order_id not in pit.orders
