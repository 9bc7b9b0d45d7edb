"""Paper orders take from the live book as it is when they arrive: level by level, once, with exact fees."""

from __future__ import annotations

from typing import Any

import pytest

from kalshi_tui.core.events import FillSeen, OrderSeen, PositionSeen
from kalshi_tui.core.orders import OrderStatus
from kalshi_tui.core.units import Money, Price
from kalshi_tui.engine.paper.models import FixedLatency, PaperModels
from kalshi_tui.engine.paper.venue import Answer
from kalshi_tui.errors import AlreadyExists, NotFound, VenueRefused
from kalshi_tui.protocol.rest.trading import Canceled, Created
from tests.engine.paper_kit import CLOSE_MS, START_MS, Desk, dollars, price, size

SLOW = PaperModels(latency=FixedLatency(100, 50))


def refusal(desk: Desk, asked: str) -> tuple[int, str, str]:
    said = desk.answer(asked)
    assert isinstance(said, VenueRefused)
    assert said.message
    return said.status, said.code, said.details


def test_an_order_takes_the_levels_within_its_limit_best_first() -> None:
    desk = Desk(asks={60: 10, 61: 20, 62: 30})
    name = desk.take_bid(61, 25)
    assert desk.deals(name) == [(60, 10), (61, 15)]
    created = desk.answer(name)
    assert isinstance(created, Created)
    assert (created.filled, created.remaining) == (size(25), 0)
    # 10 x 0.60 + 15 x 0.61 = 15.15; by hand 7 % of each level: 0.168 and 0.249795, which the 0.0001 grid makes 0.2498
    assert created.average_price == dollars(15.15 / 25)
    assert [fill.fee for fill in desk.fills()] == [dollars(0.168), dollars(0.2498)]
    assert created.average_fee == Money(16_712)  # 0.4178 / 25
    assert desk.balance().cash == dollars(1_000 - 15.15 - 0.4178)


def test_an_ask_takes_bids_downwards_and_pays_for_no() -> None:
    desk = Desk(bids={40: 10, 39: 10, 38: 10})
    name = desk.take_ask(39, 15)
    assert desk.deals(name) == [(40, 10), (39, 5)]
    # NO at 0.60 and 0.61; fees 0.07 x 10 x 0.24 = 0.168 and 0.07 x 5 x 0.2379 = 0.083265, on the grid 0.0833
    assert desk.position().size == -size(15)
    assert desk.position().cost == dollars(6 + 3.05)
    assert desk.balance().cash == dollars(1_000 - 9.05 - 0.168 - 0.0833)


def test_what_an_immediate_order_cannot_take_is_cancelled() -> None:
    desk = Desk(asks={60: 10})
    some, none = desk.take_bid(60, 25), desk.take_bid(59, 5)
    assert (desk.order(some).status, desk.order(some).filled, desk.order(some).remaining) == ("executed", size(10), 0)
    assert (desk.order(none).status, desk.order(none).filled, desk.order(none).remaining) == ("canceled", 0, 0)
    assert desk.answer(none).average_price is None


def test_fill_or_kill_takes_all_or_nothing_and_uses_its_id_up() -> None:
    desk = Desk(asks={60: 10, 61: 10})
    name = desk.bid(61, 21, time_in_force="fill_or_kill")
    assert refusal(desk, name)[:2] == (409, "fill_or_kill_insufficient_resting_volume")
    assert (desk.fills(), desk.orders(), desk.balance().cash) == ((), (), dollars(1_000))
    assert isinstance(desk.answer(desk.bid(61, 5, client_order_id=name)), AlreadyExists)
    assert desk.deals(desk.bid(61, 20, time_in_force="fill_or_kill")) == [(60, 10), (61, 10)]


def test_what_remains_of_an_order_rests_at_its_limit() -> None:
    desk = Desk(bids={59: 40}, asks={60: 10})
    name = desk.bid(60, 25)
    assert (desk.order(name).status, desk.order(name).remaining) == (OrderStatus.RESTING, size(15))
    assert desk.in_queue(name) == 0


def test_a_displayed_contract_is_taken_once() -> None:
    desk = Desk(asks={60: 10})
    assert desk.deals(desk.take_bid(60, 4)) == [(60, 4)]
    assert desk.deals(desk.take_bid(60, 10)) == [(60, 6)]
    desk.show({}, {60: 10, 61: 5})  # the same ten
    assert desk.deals(desk.take_bid(60, 10)) == []


def test_a_level_that_shrinks_gives_nothing_back_and_one_that_grows_gives_what_came() -> None:
    desk = Desk(asks={60: 10})
    desk.take_bid(60, 6)
    desk.show({}, {60: 7})  # somebody took three: of ours six, one is still to be had
    assert desk.deals(desk.take_bid(60, 10)) == [(60, 1)]
    desk.show({}, {60: 3})
    desk.show({}, {60: 8})
    assert desk.deals(desk.take_bid(60, 10)) == [(60, 5)]


def test_a_level_that_was_empty_is_new() -> None:
    desk = Desk(asks={60: 10})
    desk.take_bid(60, 10)
    desk.show({}, {61: 10})
    desk.show({}, {60: 10})
    assert desk.deals(desk.take_bid(60, 10)) == [(60, 10)]


def test_what_was_taken_stays_taken_while_the_book_is_not_live() -> None:
    desk = Desk(asks={60: 10})
    desk.take_bid(60, 10)
    desk.show({}, {}, is_live=False)
    desk.show({}, {60: 10})
    assert desk.deals(desk.take_bid(60, 10)) == []


def test_an_order_meets_the_book_that_is_there_when_it_arrives() -> None:
    desk = Desk(models=SLOW, asks={60: 10})
    name = desk.take_bid(61, 10)
    desk.at_ms += 100
    desk.show({}, {61: 10})  # in the very millisecond of the arrival: the order was there first
    desk.wait(49)
    assert desk.came == []
    desk.wait(1)
    assert desk.deals(name) == [(60, 10)]
    assert [fill.ts_ms for fill in desk.fills()] == [START_MS + 100]
    late = desk.take_bid(61, 10)
    desk.at_ms += 99
    desk.show({}, {61: 7})
    desk.wait(51)
    assert desk.deals(late) == [(61, 7)]


def test_answers_and_news_come_in_the_order_of_their_times_and_once() -> None:
    desk = Desk(models=SLOW, asks={60: 10})
    name = desk.take_bid(60, 4)
    assert desk.due_ms() == START_MS + 100
    desk.wait(99)
    other = desk.take_bid(60, 4)
    desk.wait(1)
    assert desk.due_ms() == START_MS + 150
    desk.wait(1_000)
    kinds = [type(came) for came in desk.came]
    assert kinds == [Answer, FillSeen, PositionSeen, OrderSeen] * 2
    answers = [came for came in desk.came if isinstance(came, Answer)]
    assert [(one.kind, one.asked, one.at_ms - START_MS) for one in answers] == [
        ("place", name, 150),
        ("place", other, 249),
    ]
    assert desk.take() == []
    fills = [came for came in desk.came if isinstance(came, FillSeen)]
    assert [(fill.client_order_id, fill.position) for fill in fills] == [(name, size(4)), (other, size(8))]


def test_a_book_that_is_not_live_fills_nothing_and_refuses_orders() -> None:
    desk = Desk(asks={60: 10})
    resting = desk.bid(50, 5)
    desk.show({}, {50: 10}, is_live=False)
    assert refusal(desk, desk.take_bid(60, 1))[:2] == (409, "book_not_live")
    assert refusal(desk, desk.bid(40, 1))[:2] == (409, "book_not_live")
    desk.print_trade("ask", 50, 100)
    assert desk.fills() == ()
    assert desk.order(resting).status == "resting"
    desk.book_changed("M", None, True, desk.at_ms)
    assert refusal(desk, desk.take_bid(60, 1))[:2] == (409, "book_not_live")


def test_a_book_that_crosses_itself_is_not_believed() -> None:
    desk = Desk(bids={61: 5}, asks={60: 10})
    assert refusal(desk, desk.take_bid(60, 1))[1] == "book_not_live"


def test_a_market_whose_fees_are_not_known_is_refused() -> None:
    desk = Desk(asks={60: 10}, terms=None)
    assert refusal(desk, desk.take_bid(60, 1))[:2] == (409, "fees_unknown")


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"ticker": "N"}, (404, "market_not_found")),
        ({"exchange_index": 2}, (404, "market_not_found")),
        ({"subaccount": 1}, (400, "invalid_parameters")),
        ({"expiration_s": START_MS // 1000}, (400, "invalid_order")),
        ({"reduce_only": True}, (400, "invalid_order")),
        ({"post_only": True, "time_in_force": "immediate_or_cancel"}, (400, "invalid_order")),
        ({"price": Price(6_050)}, (400, "invalid_price")),
    ],
)
def test_what_the_venue_would_refuse_is_refused_with_its_code(terms: dict[str, Any], expected: tuple[int, str]) -> None:
    desk = Desk(asks={60: 10})
    cents = terms.pop("price", price(60)) / 100
    assert refusal(desk, desk.bid(cents, 1, **terms))[:2] == expected
    assert (desk.fills(), desk.orders()) == ((), ())


def test_post_only_rests_or_is_refused() -> None:
    desk = Desk(asks={60: 10})
    assert refusal(desk, desk.bid(60, 1, post_only=True)) == (400, "invalid_order", "post only cross")
    assert desk.order(desk.bid(59, 1, post_only=True)).status == "resting"
    assert refusal(desk, desk.ask(59, 1, post_only=True)) == (400, "invalid_order", "post only cross")


def test_reduce_only_takes_no_more_than_is_held() -> None:
    desk = Desk(bids={58: 50}, asks={60: 10})
    flat = desk.take_ask(58, 5, reduce_only=True)
    assert (desk.order(flat).status, desk.order(flat).filled) == ("canceled", 0)
    desk.take_bid(60, 10)
    name = desk.take_ask(58, 30, reduce_only=True)
    assert desk.deals(name) == [(58, 10)]
    assert desk.position().size == 0


def test_an_order_that_would_meet_our_own_is_cancelled_there_and_keeps_what_it_took() -> None:
    desk = Desk(asks={60: 10, 62: 10})
    own = desk.ask(61, 5)
    name = desk.bid(62, 30)
    assert desk.deals(name) == [(60, 10)]
    seen = [came for came in desk.came if isinstance(came, OrderSeen) and came.client_order_id == name][-1]
    assert (seen.status, seen.remaining, seen.reason) == ("executed", 0, "SelfTradeCancel")
    assert desk.order(own).status == "resting"


def test_what_stands_before_our_own_order_is_taken_first() -> None:
    desk = Desk(asks={60: 10})
    desk.ask(60, 5)  # behind the ten
    desk.show({}, {60: 30})  # and twenty more behind it
    assert desk.deals(desk.bid(60, 30)) == [(60, 10)]


def test_maker_prevention_cancels_our_own_and_goes_on() -> None:
    desk = Desk(asks={60: 10, 62: 10})
    own = desk.ask(61, 5)
    name = desk.take_bid(62, 15, self_trade_prevention="maker")
    assert desk.deals(name) == [(60, 10), (62, 5)]
    assert desk.order(own).status == "canceled"


def test_a_fill_or_kill_that_meets_our_own_goes_on_as_immediate_or_cancel() -> None:
    desk = Desk(asks={60: 10, 62: 10})
    desk.ask(61, 5)
    assert desk.deals(desk.bid(62, 15, time_in_force="fill_or_kill")) == [(60, 10)]


def test_an_order_beyond_the_cash_is_refused_to_the_micro_dollar() -> None:
    # 10 at 0.60 cost 6, the fee 0.168
    poor, rich = Desk(cash=6.167999, asks={60: 10}), Desk(cash=6.168, asks={60: 10})
    assert refusal(poor, poor.take_bid(60, 10))[1] == "insufficient_balance"
    assert rich.deals(rich.take_bid(60, 10)) == [(60, 10)]
    assert rich.balance().cash == 0


def test_working_orders_hold_cash_and_closing_holds_none() -> None:
    desk = Desk(cash=20, bids={40: 100}, asks={60: 10})
    name = desk.bid(50, 10)
    assert desk.balance().cash == dollars(15)
    assert refusal(desk, desk.bid(30, 51))[1] == "insufficient_balance"
    desk.cancel(desk.order_id(name), desk.at_ms)
    assert desk.balance().cash == dollars(20)
    desk.take_bid(60, 10)  # 6 and a fee of 0.168
    desk.ask(70, 10)  # closes what is held
    assert desk.balance().cash == dollars(13.832)
    desk.ask(80, 10)  # opens NO at 0.20; the one at 0.70 holds the more and fills first, so it stays the closing one
    assert desk.balance().cash == dollars(11.832)


def test_an_id_is_used_once() -> None:
    desk = Desk(asks={60: 10})
    name = desk.take_bid(60, 1)
    desk.bid(50, 1, client_order_id=name)
    assert isinstance(desk.answer(name), AlreadyExists)


def test_a_cancel_says_what_was_still_open_and_a_second_one_finds_nothing() -> None:
    desk = Desk(asks={60: 10})
    order_id = desk.order_id(desk.bid(60, 25))
    desk.cancel(order_id, desk.at_ms)
    desk.wait(0)
    said = desk.answer(order_id)
    assert isinstance(said, Canceled)
    assert said.reduced_by == size(15)
    desk.cancel(order_id, desk.at_ms)
    desk.wait(0)
    assert isinstance(desk.answer(order_id), NotFound)


def test_an_order_arriving_at_the_close_is_too_late() -> None:
    desk = Desk(models=SLOW, asks={60: 10})
    desk.at_ms = CLOSE_MS - 100
    name = desk.take_bid(60, 1)
    desk.wait(150)
    assert refusal(desk, name)[:2] == (409, "market_already_closed")
