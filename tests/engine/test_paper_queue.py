"""A resting paper order waits behind what is displayed, and is filled only by what would have reached it."""

from __future__ import annotations

import pytest

from kalshi_tui.core.events import OrderSeen
from kalshi_tui.core.fees import fee_terms
from kalshi_tui.engine.paper.models import CancelsProRata, FixedLatency, PaperModels, QueueBehindAll
from kalshi_tui.errors import ValueRefused, VenueRefused
from kalshi_tui.protocol.rest.trading import Created, Decreased
from tests.engine.paper_kit import AT_ONCE, Desk, dollars, price, size

PRO_RATA = PaperModels(latency=FixedLatency(0, 0), queue=QueueBehindAll(CancelsProRata()))


def test_trades_at_our_price_fill_us_once_what_was_ahead_is_used_up() -> None:
    desk = Desk(bids={50: 100})
    name = desk.bid(50, 20)
    assert desk.in_queue(name) == 100
    desk.print_trade("ask", 50, 70)
    assert (desk.in_queue(name), desk.deals(name)) == (30, [])
    desk.print_trade("ask", 50, 35)
    assert (desk.in_queue(name), desk.deals(name)) == (0, [(50, 5)])
    desk.print_trade("ask", 50, 100)
    assert desk.deals(name) == [(50, 5), (50, 15)]
    assert desk.order(name).status == "executed"
    assert [fill.is_taker for fill in desk.fills()] == [False, False]


def test_an_ask_waits_likewise_for_buyers() -> None:
    desk = Desk(asks={50: 10})
    name = desk.ask(50, 20)
    desk.print_trade("bid", 50, 15)
    assert desk.deals(name) == [(50, 5)]


def test_trades_elsewhere_or_of_the_other_side_do_nothing() -> None:
    desk = Desk(bids={50: 10}, asks={52: 10})
    name = desk.bid(50, 20)
    desk.print_trade("ask", 51, 500)
    desk.print_trade("bid", 50, 500)
    desk.print_trade("ask", 50, 500, is_block=True)
    desk.print_trade("ask", 50, 500, ticker="N")
    assert (desk.in_queue(name), desk.fills()) == (10, ())


def test_a_trade_from_before_we_joined_does_not_count() -> None:
    desk = Desk(bids={50: 10})
    name = desk.bid(50, 20)
    desk.print_trade("ask", 50, 500, ts_ms=desk.at_ms)
    assert (desk.in_queue(name), desk.fills()) == (10, ())


def test_a_trade_that_is_told_twice_counts_once() -> None:
    desk = Desk(bids={50: 10})
    name = desk.bid(50, 20)
    for _ in range(2):
        desk.print_trade("ask", 50, 15, trade_id="same")
    assert desk.deals(name) == [(50, 5)]


def test_a_trade_beyond_our_price_fills_us_at_our_price_whatever_was_ahead() -> None:
    desk = Desk(bids={50: 100, 49: 10})
    name = desk.bid(50, 20)
    desk.print_trade("ask", 49, 12)
    assert desk.deals(name) == [(50, 12)]
    assert desk.in_queue(name) == 0


def test_one_trade_fills_no_more_than_was_traded_over_all_our_orders() -> None:
    desk = Desk()
    better, first, second = desk.bid(51, 10), desk.bid(50, 10), desk.bid(50, 10)
    desk.print_trade("ask", 50, 25)
    assert [desk.deals(name) for name in (better, first, second)] == [[(51, 10)], [(50, 10)], [(50, 5)]]


def test_what_our_older_order_took_still_stands_before_the_younger_one() -> None:
    desk = Desk()
    older = desk.bid(50, 30)
    desk.show({50: 100}, {})
    younger = desk.bid(50, 10)
    desk.print_trade("ask", 50, 30)
    desk.show({50: 70}, {})  # in truth the thirty were of the hundred; with our older order there they would remain
    assert (desk.deals(older), desk.in_queue(younger)) == ([(50, 30)], 100)
    desk.wait(5_000)
    desk.show({50: 70}, {})
    desk.print_trade("ask", 50, 99)
    assert (desk.in_queue(younger), desk.deals(younger)) == (1, [])


@pytest.mark.parametrize("trade_first", [True, False])
def test_a_trade_and_the_shrinking_of_its_level_count_once_in_either_order(trade_first: bool) -> None:
    desk = Desk(bids={50: 100})
    name = desk.bid(50, 20)
    if trade_first:
        desk.print_trade("ask", 50, 30)
    desk.show({50: 70}, {})
    if not trade_first:
        desk.print_trade("ask", 50, 30)
    assert desk.in_queue(name) == 70


@pytest.mark.parametrize("trade_first", [True, False])
def test_of_a_trade_with_our_older_order_the_younger_sees_the_same_in_either_order(trade_first: bool) -> None:
    desk = Desk()
    desk.bid(50, 30)
    desk.show({50: 100}, {})
    younger = desk.bid(50, 10)
    if trade_first:
        desk.print_trade("ask", 50, 50)
    desk.show({50: 50}, {})
    if not trade_first:
        desk.print_trade("ask", 50, 50)
    assert desk.in_queue(younger) == 80  # of the fifty, thirty were our older order's


def test_after_the_pairing_time_a_trade_is_a_happening_of_its_own() -> None:
    desk = Desk(bids={50: 100})
    name = desk.bid(50, 20)
    desk.show({50: 70}, {})  # cancelled
    desk.wait(1_001)
    desk.print_trade("ask", 50, 30)
    assert desk.in_queue(name) == 40


def test_cancels_come_from_behind_us_first() -> None:
    desk = Desk(bids={50: 100})
    name = desk.bid(50, 20)
    desk.show({50: 160}, {})
    desk.show({50: 110}, {})
    assert desk.in_queue(name) == 100
    desk.show({50: 80}, {})
    assert desk.in_queue(name) == 80


def test_cancels_come_from_both_sides_of_us_pro_rata_where_that_is_assumed() -> None:
    desk = Desk(bids={50: 100}, models=PRO_RATA)
    name = desk.bid(50, 20)
    desk.show({50: 160}, {})
    desk.show({50: 110}, {})
    assert desk.in_queue(name) == 68.75  # 100 - 50 x 100 / 160
    desk.print_trade("ask", 50, 10)
    assert desk.in_queue(name) == 68.75  # the ten may be of the fifty


def test_pro_rata_shares_out_only_what_trades_do_not_explain() -> None:
    desk = Desk(bids={50: 100}, models=PRO_RATA)
    name = desk.bid(50, 20)
    desk.show({50: 200}, {})
    desk.print_trade("ask", 50, 40)
    desk.show({50: 130}, {})  # of 160 after the trade thirty were cancelled, and 60 stood before us
    assert desk.in_queue(name) == 48.75  # 60 - 30 x 60 / 160


def test_what_happened_while_the_book_was_not_live_is_known_only_by_what_is_left() -> None:
    desk = Desk(bids={50: 100}, models=PRO_RATA)
    name = desk.bid(50, 20)
    desk.show({50: 100}, {}, is_live=False)
    desk.show({50: 60}, {})
    assert desk.in_queue(name) == 60
    desk.show({50: 60}, {}, is_live=False)
    desk.show({50: 90}, {})
    assert desk.in_queue(name) == 60


def test_the_other_side_coming_to_our_price_fills_us_up_to_its_size_once() -> None:
    desk = Desk(bids={49: 10}, asks={52: 10})
    name = desk.bid(50, 20)
    desk.show({49: 10}, {50: 8})
    assert desk.deals(name) == [(50, 8)]
    desk.show({49: 10}, {50: 8, 51: 4})
    assert desk.deals(name) == [(50, 8)]
    desk.show({48: 10}, {49: 5, 50: 10})
    assert desk.deals(name) == [(50, 8), (50, 5), (50, 2)]
    assert desk.deals(desk.take_bid(50, 10)) == []  # all of it has been taken


def test_an_order_that_has_taken_its_level_is_not_filled_by_it_again() -> None:
    desk = Desk(asks={60: 10})
    name = desk.bid(60, 15)
    desk.show({}, {60: 10})
    assert desk.deals(name) == [(60, 10)]
    desk.show({}, {60: 12})
    assert desk.deals(name) == [(60, 10), (60, 2)]


def test_a_maker_pays_the_makers_fee_and_its_rounding_is_carried_from_its_taking() -> None:
    desk = Desk(terms=fee_terms("quadratic_with_maker_fees", 1_000_000), asks={55: 10})
    name = desk.bid(55, 20)
    desk.show({}, {})
    desk.print_trade("ask", 55, 10)
    # taking: 0.07 x 10 x 0.2475 = 0.17325, on the grid 0.1733, 0.00005 carried
    # making: 0.0175 x 10 x 0.2475 = 0.0433125, as 0.043313 on the grid 0.0434, 0.000137 carried, 0.0001 given back
    assert [fill.fee for fill in desk.fills()] == [dollars(0.1733), dollars(0.0433)]
    order = desk.order(name)
    assert (order.taker_fees, order.maker_fees) == (dollars(0.1733), dollars(0.0433))
    assert (order.taker_cost, order.maker_cost) == (dollars(5.5), dollars(5.5))


def test_a_fee_that_changes_while_an_order_rests_is_charged_from_then_on() -> None:
    desk = Desk(terms=fee_terms("quadratic", 1_000_000))
    desk.bid(50, 10)
    desk.fee_terms = fee_terms("quadratic_with_maker_fees", 1_000_000)
    desk.print_trade("ask", 50, 10)
    assert [fill.fee for fill in desk.fills()] == [dollars(0.04375 + 0.00005)]


def test_less_size_keeps_the_place_and_more_or_another_price_loses_it() -> None:
    desk = Desk(bids={50: 10, 49: 70})
    name = desk.bid(50, 20)
    order_id = desk.order_id(name)
    desk.show({50: 40, 49: 70}, {})
    desk.amend(order_id, price(50), size(15), desk.at_ms)
    desk.decrease(order_id, desk.at_ms, by=size(3))
    desk.decrease(order_id, desk.at_ms, to=size(10))
    desk.wait(0)
    assert (desk.in_queue(name), desk.order(name).remaining) == (10, size(10))
    desk.amend(order_id, price(50), size(16), desk.at_ms)
    assert desk.in_queue(name) == 40
    desk.amend(order_id, price(49), size(16), desk.at_ms, new_client_order_id="renamed")
    assert desk.in_queue("renamed") == 70
    assert desk.balance().cash == dollars(1_000 - 0.49 * 16)


def test_an_amendment_counts_what_is_filled_and_may_take() -> None:
    desk = Desk(asks={60: 10, 62: 10})
    name = desk.bid(60, 15)
    order_id = desk.order_id(name)
    desk.amend(order_id, price(62), size(22), desk.at_ms)
    desk.wait(0)
    said = desk.answer(order_id)
    assert isinstance(said, Created)
    assert (said.filled, said.remaining) == (size(10), size(2))
    assert desk.deals(name) == [(60, 10), (62, 10)]
    desk.amend(order_id, price(62), size(19), desk.at_ms)
    desk.wait(0)
    assert desk.answer(order_id).code == "invalid_order_size"
    desk.amend(order_id, price(62), size(20), desk.at_ms)
    assert (desk.order(name).status, desk.order(name).remaining) == ("canceled", 0)


def test_an_amendment_is_refused_where_the_order_would_be() -> None:
    desk = Desk(cash=10, asks={60: 10})
    order_id = desk.order_id(desk.bid(50, 10, post_only=True))
    taken = desk.take_bid(60, 1)
    for cents, contracts, name, expected in (
        (60, 10, "", "invalid_order"),
        (50.5, 10, "", "invalid_price"),
        (50, 30, "", "insufficient_balance"),
        (51, 10, taken, "order_already_exists"),
    ):
        desk.amend(order_id, price(cents), size(contracts), desk.at_ms, new_client_order_id=name)
        desk.wait(0)
        said = desk.answer(order_id)
        assert isinstance(said, VenueRefused)
        assert said.code == expected
    assert (desk.orders()[-1].price, desk.orders()[-1].remaining) == (price(50), size(10))


def test_a_decrease_to_nothing_ends_an_order() -> None:
    desk = Desk()
    order_id = desk.order_id(desk.bid(50, 10))
    desk.decrease(order_id, desk.at_ms, by=size(11))
    desk.wait(0)
    assert desk.answer(order_id).code == "invalid_order_size"
    desk.decrease(order_id, desk.at_ms, by=size(10))
    desk.wait(0)
    said = desk.answer(order_id)
    assert isinstance(said, Decreased)
    assert said.remaining == 0
    seen = [came for came in desk.came if isinstance(came, OrderSeen)][-1]
    assert (seen.status, seen.reason) == ("canceled", "Decrease")


def test_each_model_says_its_name_and_its_parameters() -> None:
    assert Desk().words() == (
        "FixedLatency: 0 ms there, 0 ms back",
        "QueueBehindAll: CancelsBehindFirst, trade and level paired within 1000 ms",
        "TakenDepth: a displayed contract is taken once",
        "ExactFees: rule 2026-09, balance grid $0.000100",
    )
    assert "CancelsProRata" in PRO_RATA.words()[1]
    assert AT_ONCE.words() == Desk().words()


def test_a_latency_that_nobody_has_is_refused() -> None:
    with pytest.raises(ValueRefused):
        FixedLatency(-1, 0)


def test_whom_we_kept_from_a_trade_stands_before_our_next_order_until_the_level_empties() -> None:
    desk = Desk()
    desk.bid(50, 30)
    desk.show({50: 100}, {})
    desk.print_trade("ask", 50, 30)
    desk.show({50: 70}, {})
    assert desk.in_queue(desk.bid(50, 10)) == 100
    desk.show({}, {})
    desk.show({50: 20}, {})
    assert desk.in_queue(desk.bid(50, 10)) == 20
