"""Order groups: too much filled within fifteen seconds cancels the rest and keeps new orders out until the reset."""

from __future__ import annotations

import pytest

from kalshi_tui.practice.exchange import Rules
from kalshi_tui.practice.happenings import GroupChanged
from tests.practice.pit import CLOSE_MS, START_MS, Pit, refuses


@pytest.fixture
def pit() -> Pit:
    pit = Pit()
    for name in ("ann", "ben"):
        pit.member(name)
    return pit


def steps(pit: Pit) -> list[str]:
    return [told.kind for told in pit.told if isinstance(told, GroupChanged)]


def test_reaching_the_limit_is_allowed_and_exceeding_it_cancels_the_group(pit: Pit) -> None:
    pit.list_market("N")
    group = pit.create_group("ann", 1_000)
    orders = [pit.ask("ann", cents, 6, order_group_id=group.group_id).order for cents in (41, 42, 43)]
    elsewhere = pit.bid("ann", 10, 5, ticker="N", order_group_id=group.group_id).order
    alone = pit.ask("ann", 44, 1).order
    pit.bid("ben", 42, 10)
    assert (group.triggered, [order.status for order in orders]) == (False, ["executed", "resting", "resting"])
    pit.bid("ben", 42, 0.01)
    assert group.triggered
    assert [order.status for order in orders] == ["executed", "canceled", "canceled"]
    assert (elsewhere.status, alone.status) == ("canceled", "resting")
    assert (list(group.order_ids), pit.reserved("ann")) == ([], 1 * 560_000)
    assert steps(pit) == ["created", "triggered"]


def test_the_fuse_blows_in_the_middle_of_a_sweep(pit: Pit) -> None:
    group = pit.create_group("ann", 500)
    orders = [pit.ask("ann", cents, 6, order_group_id=group.group_id).order for cents in (41, 41, 42)]
    taken = pit.bid("ben", 45, 30).order
    assert [order.filled for order in orders] == [600, 0, 0]
    assert (taken.filled, taken.remaining, taken.status) == (600, 2_400, "resting")
    assert pit.levels("ask") == {}


def test_a_taker_stops_where_its_own_group_trips(pit: Pit) -> None:
    group = pit.create_group("ann", 500)
    for cents in (41, 42, 43):
        pit.ask("ben", cents, 4)
    order = pit.bid("ann", 45, 30, order_group_id=group.group_id).order
    assert (order.filled, order.remaining, order.status) == (800, 0, "executed")
    assert pit.levels("ask") == {4_300: 400}


def test_a_fill_or_kill_is_whole_before_the_fuse_is_looked_at(pit: Pit) -> None:
    group = pit.create_group("ann", 500)
    resting = pit.bid("ann", 10, 1, order_group_id=group.group_id).order
    for cents in (41, 42, 43):
        pit.ask("ben", cents, 4)
    order = pit.bid("ann", 45, 12, order_group_id=group.group_id, time_in_force="fill_or_kill").order
    assert (order.filled, group.triggered, resting.status) == (1_200, True, "canceled")


def test_only_the_last_fifteen_seconds_count(pit: Pit) -> None:
    group = pit.create_group("ann", 1_000)
    order = pit.ask("ann", 41, 20, order_group_id=group.group_id).order
    pit.bid("ben", 41, 8)
    pit.advance(START_MS + 14_999)
    pit.bid("ben", 41, 2)
    pit.advance(START_MS + 15_000)
    pit.bid("ben", 41, 8)
    assert (group.triggered, order.remaining) == (False, 200)
    pit.advance(START_MS + 29_998)
    pit.bid("ben", 41, 0.01)
    assert group.triggered


def test_a_tripped_group_takes_orders_again_after_its_reset(pit: Pit) -> None:
    group = pit.create_group("ann", 1_000)
    pit.trigger_group("ann", group.group_id)
    pit.trigger_group("ann", group.group_id)
    with refuses(409, "exceeded_order_group_risk_limit"):
        pit.ask("ann", 41, 1, order_group_id=group.group_id)
    pit.reset_group("ann", group.group_id)
    pit.ask("ann", 41, 10, order_group_id=group.group_id)
    pit.bid("ben", 41, 10)
    assert not group.triggered
    assert steps(pit) == ["created", "triggered", "reset"]


def test_a_reset_starts_counting_from_nothing(pit: Pit) -> None:
    group = pit.create_group("ann", 1_000)
    pit.ask("ann", 41, 10, order_group_id=group.group_id)
    pit.bid("ben", 41, 10)
    pit.reset_group("ann", group.group_id)
    pit.ask("ann", 41, 10, order_group_id=group.group_id)
    pit.bid("ben", 41, 10)
    assert not group.triggered


def test_a_lowered_limit_may_trip_at_once(pit: Pit) -> None:
    group = pit.create_group("ann", 1_000)
    order = pit.ask("ann", 41, 10, order_group_id=group.group_id).order
    pit.bid("ben", 41, 5)
    pit.set_group_limit("ann", group.group_id, 500)
    assert (group.triggered, order.status) == (False, "resting")
    pit.set_group_limit("ann", group.group_id, 499)
    assert (group.triggered, order.status) == (True, "canceled")
    assert steps(pit) == ["created", "limit_updated", "limit_updated", "triggered"]
    pit.set_group_limit("ann", group.group_id, 400)
    assert steps(pit)[4:] == ["limit_updated"]


def test_deleting_a_group_cancels_its_orders(pit: Pit) -> None:
    group = pit.create_group("ann", 1_000)
    order = pit.ask("ann", 41, 10, order_group_id=group.group_id).order
    pit.delete_group("ann", group.group_id)
    assert (order.status, pit.groups) == ("canceled", {})
    with refuses(404, "order_group_not_found"):
        pit.reset_group("ann", group.group_id)


def test_an_order_that_leaves_the_book_leaves_its_group(pit: Pit) -> None:
    group = pit.create_group("ann", 1_000)
    first = pit.ask("ann", 41, 1, order_group_id=group.group_id).order
    second = pit.ask("ann", 42, 1, order_group_id=group.group_id, expiration_ms=CLOSE_MS).order
    assert list(group.order_ids) == [first.order_id, second.order_id]
    pit.change("ann", second, cents=43, contracts=1)
    pit.bid("ben", 41, 1)
    assert list(group.order_ids) == [second.order_id]


def test_a_group_serves_its_owner_its_subaccount_and_its_shard_alone(pit: Pit) -> None:
    pit.create_subaccount("ann")
    pit.list_market("CRYPTO", exchange_index=2)
    group = pit.create_group("ann", 1_000)
    for user_id, terms in (("ben", {}), ("ann", {"subaccount": 1}), ("ann", {"ticker": "CRYPTO"})):
        with refuses(404, "order_group_not_found"):
            pit.ask(user_id, 41, 1, order_group_id=group.group_id, **terms)
    with refuses(404, "order_group_not_found"):
        pit.trigger_group("ben", group.group_id)


@pytest.mark.parametrize("limit", [0, 99, 100_000_001, -100])
def test_a_limit_lies_between_one_and_a_million_contracts(pit: Pit, limit: int) -> None:
    group = pit.create_group("ann", 100_000_000)
    with refuses(400, "invalid_parameters"):
        pit.create_group("ann", limit)
    with refuses(400, "invalid_parameters"):
        pit.set_group_limit("ann", group.group_id, limit)
    assert group.limit == 100_000_000


def test_a_user_keeps_no_more_groups_than_the_cap() -> None:
    pit = Pit(rules=Rules(group_cap=1))
    pit.member("ann")
    group = pit.create_group("ann", 100)
    with refuses(400, "limit_exceeded"):
        pit.create_group("ann", 100)
    pit.delete_group("ann", group.group_id)
    pit.create_group("ann", 100)
