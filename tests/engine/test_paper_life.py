"""Closes, pauses, results, expirations, kills and restarts do to paper orders what they do to real ones."""

from __future__ import annotations

from typing import Any

import pytest

from kalshi_tui.core.events import OrderGroupSeen, OrderSeen
from kalshi_tui.core.markets import MarketStatus
from kalshi_tui.core.units import Money, Price
from kalshi_tui.engine.paper.models import FixedLatency, PaperModels
from kalshi_tui.engine.paper.venue import PaperVenue
from kalshi_tui.errors import AlreadyExists, VenueRefused
from kalshi_tui.protocol.rest.portfolio import Settlement
from tests.engine.paper_kit import AT_ONCE, CLOSE_MS, MARKET, START_MS, TAKER, Desk, dollars, size

SLOW = PaperModels(latency=FixedLatency(100, 50))


def end_of(desk: Desk, name: str) -> tuple[str, str, int]:
    """Return what was last told of an order: status, reason, and how long after the start."""
    seen = [came for came in desk.came if isinstance(came, OrderSeen) and came.client_order_id == name][-1]
    return seen.status, seen.reason, (seen.updated_ms or 0) - START_MS


def code(desk: Desk, asked: str) -> str:
    said = desk.answer(asked)
    assert isinstance(said, VenueRefused)
    return said.code


def test_an_order_expires_at_its_time() -> None:
    desk = Desk()
    name = desk.bid(50, 10, expiration_s=START_MS // 1000 + 2)
    desk.wait(1_999)
    assert desk.order(name).status == "resting"
    desk.wait(500)
    assert end_of(desk, name) == ("canceled", "ExpiryCancel", 2_000)
    assert desk.balance().cash == dollars(1_000)


def test_a_close_cancels_by_the_clock_and_refuses_what_comes_later() -> None:
    desk = Desk()
    name = desk.bid(50, 10)
    desk.wait(CLOSE_MS - START_MS + 7)
    assert end_of(desk, name) == ("canceled", "CloseCancel", CLOSE_MS - START_MS)
    assert code(desk, desk.bid(50, 1)) == "market_already_closed"


def test_a_close_that_is_moved_counts_from_its_new_time() -> None:
    desk = Desk()
    name = desk.bid(50, 10)
    desk.change_market(close_ms=CLOSE_MS + 1_000)
    desk.wait(CLOSE_MS - START_MS)
    assert desk.order(name).status == "resting"
    desk.change_market(close_ms=CLOSE_MS - 5)
    assert end_of(desk, name)[:2] == ("canceled", "CloseCancel")


def test_a_trade_after_the_close_fills_nothing() -> None:
    desk = Desk()
    desk.bid(50, 10)
    desk.at_ms = CLOSE_MS
    desk.print_trade("ask", 50, 10)
    assert desk.fills() == ()


def test_a_paused_market_takes_cancels_only_and_cancels_when_it_resumes() -> None:
    desk = Desk()
    first, second = desk.bid(50, 10), desk.bid(49, 10)
    desk.change_market(status=MarketStatus.INACTIVE)
    desk.print_trade("ask", 48, 100)
    assert desk.fills() == ()
    assert code(desk, desk.bid(50, 1)) == "market_inactive"
    desk.cancel(desk.order_id(first), desk.at_ms)
    desk.wait(0)
    assert end_of(desk, first)[:2] == ("canceled", "")
    desk.change_market(status=MarketStatus.ACTIVE)
    assert end_of(desk, second)[:2] == ("canceled", "HaltCancel")


def test_a_trading_pause_refuses_orders_and_cancels_those_that_asked_for_it() -> None:
    desk = Desk()
    stays, goes = desk.bid(50, 10), desk.bid(50, 10, cancel_on_pause=True)
    desk.pause(trading=False)
    assert end_of(desk, goes)[:2] == ("canceled", "HaltCancel")
    assert code(desk, desk.bid(50, 1)) == "trading_paused"
    order_id = desk.order_id(stays)
    desk.amend(order_id, Price(4_900), size(10), desk.at_ms)
    desk.wait(0)
    assert code(desk, order_id) == "trading_paused"
    desk.cancel(order_id, desk.at_ms)
    assert desk.order(stays).status == "canceled"


def test_an_exchange_pause_refuses_everything() -> None:
    desk = Desk()
    name = desk.bid(50, 10)
    order_id = desk.order_id(name)
    desk.pause(exchange=False)
    desk.cancel(order_id, desk.at_ms)
    desk.wait(0)
    assert code(desk, order_id) == "exchange_paused"
    assert code(desk, desk.bid(50, 1)) == "exchange_paused"
    desk.pause()
    desk.cancel(order_id, desk.at_ms)
    assert desk.order(name).status == "canceled"


@pytest.mark.parametrize(
    ("result", "value", "paid"),
    [
        ("yes", Price(10_000), 10),
        ("no", Price(0), 0),
        ("scalar", Price(3_700), 3.7),
        ("scalar", Price(3_705), 3.7),  # 10 contracts x 0.3705: the half cent stays with the venue
    ],
)
def test_a_result_pays_what_is_held(result: str, value: Price, paid: float) -> None:
    desk = Desk(asks={60: 10})
    desk.take_bid(60, 10)
    resting = desk.bid(50, 5)
    desk.change_market(status=MarketStatus.DETERMINED, result=result, settlement_value=value)
    assert end_of(desk, resting)[:2] == ("canceled", "CloseCancel")
    assert desk.settlements() == ()
    desk.change_market(status=MarketStatus.FINALIZED, result=result, settlement_value=value)
    told = [came for came in desk.came if isinstance(came, Settlement)]
    assert desk.settlements() == tuple(told)
    assert (told[0].revenue, told[0].value, told[0].fees) == (dollars(paid), Money(100 * value), dollars(0.168))
    assert (told[0].yes_size, told[0].yes_cost, told[0].no_size) == (size(10), dollars(6), 0)
    assert desk.positions() == ()
    assert desk.balance().cash == dollars(1_000 - 6 - 0.168 + paid)
    desk.change_market(status=MarketStatus.FINALIZED, result=result, settlement_value=value)
    assert desk.balance().cash == dollars(1_000 - 6 - 0.168 + paid)


def test_no_pays_those_who_sold() -> None:
    desk = Desk(bids={60: 10})
    desk.take_ask(60, 10)
    desk.change_market(status=MarketStatus.FINALIZED, result="no", settlement_value=Price(0))
    assert desk.balance().cash == dollars(1_000 - 4 - 0.168 + 10)


@pytest.mark.parametrize("fields", [{"result": ""}, {"result": "void"}, {"result": "scalar", "settlement_value": None}])
def test_a_result_that_is_not_understood_pays_nothing_until_it_is(fields: dict[str, Any]) -> None:
    desk = Desk(asks={60: 10})
    desk.take_bid(60, 10)
    desk.change_market(status=MarketStatus.FINALIZED, **fields)
    assert (desk.settlements(), desk.position().size) == ((), size(10))
    desk.change_market(result="yes")
    assert desk.balance().cash == dollars(1_000 - 6 - 0.168 + 10)


def test_a_kill_cancels_all_and_what_is_in_flight_does_not_get_by() -> None:
    desk = Desk(models=SLOW)
    name = desk.bid(50, 10, order_group_id="G")
    desk.wait(200)
    desk.trigger(desk.at_ms)
    late = desk.bid(50, 10, order_group_id="G")
    closing = desk.bid(50, 10)
    desk.wait(150)
    assert desk.order(name).status == "canceled"
    assert code(desk, late) == "exceeded_order_group_risk_limit"
    assert desk.order(closing).status == "resting"
    assert desk.answer("") == OrderGroupSeen("triggered", "", None, START_MS + 300)
    desk.reset(desk.at_ms)
    again = desk.bid(50, 10, order_group_id="G")
    desk.wait(150)
    assert desk.order(again).status == "resting"


def test_a_group_can_be_triggered_alone() -> None:
    desk = Desk()
    one, other = desk.bid(50, 10, order_group_id="G"), desk.bid(50, 10, order_group_id="H")
    desk.trigger(desk.at_ms, "G")
    assert (desk.order(one).status, desk.order(other).status) == ("canceled", "resting")
    assert code(desk, desk.bid(50, 10, order_group_id="G")) == "exceeded_order_group_risk_limit"
    desk.reset(desk.at_ms, "G")
    assert desk.order(desk.bid(50, 10, order_group_id="G")).status == "resting"


def test_a_cancel_that_arrives_after_the_fill_finds_nothing() -> None:
    desk = Desk(models=SLOW)
    name = desk.bid(50, 10)
    desk.wait(150)
    order_id = desk.order_id(name)
    desk.cancel(order_id, desk.at_ms)
    desk.print_trade("ask", 50, 10)
    desk.wait(150)
    assert desk.deals(name) == [(50, 10)]
    assert code(desk, order_id) == "not_found"


def test_time_never_runs_backwards() -> None:
    desk = Desk(asks={60: 10})
    desk.wait(1_000)
    desk.at_ms -= 5_000
    desk.take_bid(60, 1)
    assert [fill.ts_ms for fill in desk.fills()] == [START_MS + 1_000]


def test_positions_are_worth_what_the_best_price_would_bring() -> None:
    desk = Desk(bids={58: 5}, asks={60: 10})
    desk.take_bid(60, 10)
    assert desk.balance().portfolio_value == dollars(5.8)
    desk.show({58: 5}, {}, is_live=False)
    assert desk.balance().portfolio_value == 0


def test_an_earlier_life_is_taken_up_with_its_money_and_its_ids() -> None:
    old = Desk(bids={40: 10}, asks={60: 10})
    taken = old.take_bid(60, 10)
    resting = old.bid(50, 10)
    young = PaperVenue(AT_ONCE, dollars(1_000), lambda _: TAKER, "2")
    young.restore(old.orders(), old.fills(), old.settlements())
    assert young.balance().cash == dollars(1_000 - 6 - 0.168)
    assert young.positions() == old.positions()
    assert {order.client_order_id: str(order.status) for order in young.orders()} == {
        taken: "executed",
        resting: "canceled",
    }
    young.market_changed(MARKET, START_MS)
    young.book_changed("M", None, False, START_MS)
    assert young.words() == old.words()


def test_an_earlier_lifes_ids_are_used_up_and_its_settlements_paid() -> None:
    old = Desk(asks={60: 10})
    name = old.take_bid(60, 10)
    old.change_market(status=MarketStatus.FINALIZED, result="yes", settlement_value=Price(10_000))
    young = Desk(asks={60: 10})
    young.restore(old.orders(), old.fills(), old.settlements())
    assert young.balance().cash == old.balance().cash == dollars(1_000 - 6 - 0.168 + 10)
    assert isinstance(young.answer(young.bid(60, 1, client_order_id=name)), AlreadyExists)
    young.change_market(status=MarketStatus.FINALIZED, result="yes", settlement_value=Price(10_000))
    assert young.balance().cash == old.balance().cash
