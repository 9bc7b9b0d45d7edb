"""Pauses of trading, of the exchange and of one market."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kalshi_tui.practice.happenings import MarketChanged
from tests.practice.pit import START_MS, Pit, refuses


@pytest.fixture
def pit() -> Pit:
    pit = Pit()
    for name in ("ann", "ben"):
        pit.member(name)
    return pit


def test_a_trading_pause_takes_no_order_and_no_amendment_but_cancels_and_decreases(pit: Pit) -> None:
    order = pit.bid("ann", 40, 5).order
    fleeting = pit.bid("ann", 41, 5, cancel_on_pause=True).order
    pit.pause_trading()
    assert (order.status, fleeting.status, fleeting.last_update_reason) == ("resting", "canceled", "HaltCancel")
    with refuses(409, "trading_paused"):
        pit.bid("ann", 40, 1)
    with refuses(409, "trading_paused"):
        pit.change("ann", order, cents=40, contracts=1)
    pit.decrease("ann", order.order_id, reduce_by=100, reduce_to=None)
    pit.cancel("ann", order.order_id)
    pit.resume_trading()
    pit.bid("ann", 40, 1)


def test_an_amended_order_still_ends_with_the_pause(pit: Pit) -> None:
    order = pit.bid("ann", 41, 5, cancel_on_pause=True).order
    pit.change("ann", order, cents=42, contracts=5)
    pit.pause_trading()
    assert order.status == "canceled"


def test_an_exchange_pause_takes_nothing_at_all(pit: Pit) -> None:
    order = pit.bid("ann", 40, 5).order
    fleeting = pit.bid("ann", 41, 5, cancel_on_pause=True).order
    group = pit.create_group("ann", 1_000)
    pit.pause_exchange(resume_ms=START_MS + 1)
    assert (pit.exchange_active, pit.resume_ms, fleeting.status) == (False, START_MS + 1, "canceled")
    calls: list[Callable[[], object]] = [
        lambda: pit.bid("ann", 40, 1),
        lambda: pit.change("ann", order, cents=40, contracts=1),
        lambda: pit.decrease("ann", order.order_id, reduce_by=1, reduce_to=None),
        lambda: pit.cancel("ann", order.order_id),
        lambda: pit.create_group("ann", 100),
        lambda: pit.set_group_limit("ann", group.group_id, 100),
        lambda: pit.reset_group("ann", group.group_id),
        lambda: pit.trigger_group("ann", group.group_id),
        lambda: pit.delete_group("ann", group.group_id),
        lambda: pit.transfer("ann", 0, 1, 1),
        lambda: pit.shard_transfer("ann", 0, 1, 1),
    ]
    for call in calls:
        with refuses(409, "exchange_paused"):
            call()
    pit.resume_exchange()
    assert (order.remaining, pit.exchange_active, pit.resume_ms) == (500, True, None)
    pit.cancel("ann", order.order_id)


def test_an_order_that_ended_before_the_pause_is_left_alone(pit: Pit) -> None:
    order = pit.bid("ann", 41, 5, cancel_on_pause=True).order
    pit.ask("ben", 41, 5)
    pit.pause_trading()
    assert order.status == "executed"


def test_a_paused_market_keeps_its_orders_and_loses_them_when_it_opens_again(pit: Pit) -> None:
    kept, taken_off = pit.bid("ann", 40, 5).order, pit.bid("ann", 41, 5).order
    pit.pause_market("M")
    assert (pit.market.status, kept.status) == ("inactive", "resting")
    with refuses(409, "market_inactive"):
        pit.bid("ann", 40, 1)
    with refuses(409, "market_inactive"):
        pit.change("ann", kept, cents=40, contracts=1)
    pit.cancel("ann", taken_off.order_id)
    pit.resume_market("M")
    assert (kept.status, pit.levels("bid"), pit.market.status) == ("canceled", {}, "active")
    told = [one.kind for one in pit.told if isinstance(one, MarketChanged)]
    assert told == ["created", "deactivated", "activated"]


def test_time_and_results_go_on_during_a_pause(pit: Pit) -> None:
    order = pit.bid("ann", 40, 5, expiration_ms=START_MS + 1_000).order
    pit.pause_exchange()
    pit.advance(START_MS + 1_000)
    assert order.status == "canceled"
    pit.determine("M", "yes")
    assert pit.market.status == "determined"
