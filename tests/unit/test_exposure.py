"""The most that can be lost, worked out by hand."""

from __future__ import annotations

import pytest

from kalshi_tui.core.exposure import Working, adds_risk, cash_needed, event_worst, worst_loss, worst_size
from kalshi_tui.core.orders import Side
from kalshi_tui.core.positions import Position
from kalshi_tui.core.units import Money, Price, Size, parse_money, parse_price, parse_size
from kalshi_tui.errors import ValueRefused

FLAT = Position("T")


def works(side: Side, size: str, price: str, fee: str = "0") -> Working:
    return Working(side, parse_price(price), parse_size(size), parse_money(fee))


def yes(size: str, cost: str) -> Position:
    return Position("T", parse_size(size), parse_money(cost), realised=parse_money("99"), fees=parse_money("9"))


def no(size: str, cost: str) -> Position:
    return Position("T", Size(-parse_size(size)), parse_money(cost), realised=parse_money("-99"))


def test_a_position_can_lose_its_cost_and_what_it_has_realised_does_not_count() -> None:
    assert worst_loss(yes("10", "4"), []) == parse_money("4")
    assert worst_loss(no("10", "6"), []) == parse_money("6")
    assert worst_loss(FLAT, []) == 0


def test_an_order_can_lose_its_price_and_its_fee() -> None:
    assert worst_loss(FLAT, [works("bid", "10", "0.40", "0.168")]) == parse_money("4.168")
    assert worst_loss(FLAT, [works("ask", "10", "0.40", "0.168")]) == parse_money("6.168")


def test_orders_on_both_sides_lose_on_one_of_them() -> None:
    quotes = [works("bid", "10", "0.40", "0.10"), works("ask", "10", "0.70", "0.20")]
    assert worst_loss(FLAT, quotes) == parse_money("4.10")


def test_an_order_that_extends_adds_to_the_cost() -> None:
    assert worst_loss(yes("10", "4"), [works("bid", "5", "0.60", "0.05")]) == parse_money("7.05")
    assert worst_loss(no("10", "4"), [works("ask", "5", "0.60", "0.05")]) == parse_money("6.05")


def test_an_order_that_reduces_adds_nothing_at_a_gain_or_at_a_loss() -> None:
    assert worst_loss(yes("10", "4"), [works("ask", "10", "0.70", "0.10")]) == parse_money("4")
    assert worst_loss(yes("10", "9"), [works("ask", "10", "0.10", "0.10")]) == parse_money("9")


def test_what_is_gained_by_closing_is_no_room_for_what_opens_after_it() -> None:
    # Ten YES that cost 1 are sold at 0.50, a gain of 4; twenty NO are bought with the rest, for 10.
    assert worst_loss(yes("10", "1"), [works("ask", "30", "0.50")]) == parse_money("10")


def test_what_is_lost_by_closing_adds_to_what_opens_after_it() -> None:
    # Ten YES that cost 0.90 each are sold at 0.50, a loss of 4; ten NO are bought for 5.
    assert worst_loss(yes("10", "9"), [works("ask", "20", "0.50")]) == parse_money("9")
    assert worst_loss(yes("10", "9"), [works("ask", "30", "0.50")]) == parse_money("14")


def test_the_dearest_orders_are_taken_to_be_those_that_open() -> None:
    # Ten of the asks close; it is worst that those at 0.80 do, and those at 0.30 buy NO for 7.
    asks = [works("ask", "10", "0.80"), works("ask", "10", "0.30")]
    assert worst_loss(yes("10", "1"), asks) == parse_money("7")
    assert worst_loss(yes("10", "1"), asks[::-1]) == parse_money("7")


def test_fees_are_lost_in_a_void_market_and_beyond_a_dollar() -> None:
    # Each contract opened gets its price back in a void market, but no fee.
    assert worst_loss(FLAT, [works("bid", "1", "0.01", "0.05"), works("ask", "1", "0.99", "0.05")]) == parse_money(
        "0.10"
    )
    assert worst_loss(FLAT, [works("bid", "1", "0.99", "0.05")]) == parse_money("1.04")


def test_a_part_of_a_micro_dollar_is_rounded_up() -> None:
    # Three hundredths of a contract cost a micro-dollar of fee; a hundredth of them opens.
    assert worst_loss(yes("0.02", "0"), [Working("ask", Price(10_000), Size(3), Money(1))]) == 1


def test_an_order_of_nothing_counts_for_nothing() -> None:
    assert worst_loss(FLAT, [works("bid", "0", "0.40")]) == 0
    assert worst_size(FLAT, [works("bid", "0", "0.40")]) == 0


def test_the_worst_size_is_on_either_side() -> None:
    orders = [works("bid", "5", "0.40"), works("ask", "30", "0.60"), works("bid", "1", "0.30")]
    assert worst_size(yes("10", "4"), orders) == parse_size("20")
    assert worst_size(no("10", "4"), orders) == parse_size("40")
    assert worst_size(yes("10", "4"), []) == worst_size(no("10", "4"), []) == parse_size("10")


@pytest.mark.parametrize(
    ("holding", "working", "order", "adds"),
    [
        (FLAT, [], works("bid", "1", "0.40"), True),
        (FLAT, [], works("ask", "1", "0.40"), True),
        (yes("10", "4"), [], works("bid", "1", "0.40"), True),
        (yes("10", "4"), [], works("ask", "10", "0.40"), False),
        (yes("10", "4"), [], works("ask", "10.01", "0.40"), True),
        (yes("10", "4"), [works("ask", "6", "0.90")], works("ask", "4", "0.40"), False),
        (yes("10", "4"), [works("ask", "6", "0.90")], works("ask", "5", "0.40"), True),
        (yes("10", "4"), [works("bid", "6", "0.20")], works("ask", "11", "0.40"), True),
        (no("10", "4"), [works("ask", "6", "0.90")], works("bid", "10", "0.40"), False),
        (no("10", "4"), [], works("bid", "11", "0.40"), True),
        (no("10", "4"), [], works("ask", "1", "0.40"), True),
    ],
)
def test_only_what_can_but_reduce_adds_no_risk(
    *, holding: Position, working: list[Working], order: Working, adds: bool
) -> None:
    assert adds_risk(holding, working, order) is adds


def test_cash_is_set_aside_for_what_may_open_on_both_sides() -> None:
    quotes = [works("bid", "10", "0.40", "0.10"), works("ask", "10", "0.70", "0.20")]
    assert cash_needed(FLAT, quotes) == parse_money("7.30")
    # Ten asks close what is held; the other side is only there to be paid for.
    assert cash_needed(yes("10", "4"), quotes) == parse_money("4.10")
    assert cash_needed(yes("10", "4"), []) == 0


def test_an_event_with_one_winner_loses_one_yes_and_every_other_no() -> None:
    markets: list[tuple[Position, list[Working]]]
    markets = [(no("10", "6"), []), (no("10", "7"), []), (yes("10", "2"), [works("bid", "10", "0.10")])]
    assert event_worst(markets, mutually_exclusive=False) == parse_money("16")
    # The second market wins: its NO is worth nothing, and so is the YES of the third, with all that it may buy.
    assert event_worst(markets, mutually_exclusive=True) == parse_money("10")
    assert event_worst([], mutually_exclusive=True) == 0


def test_a_hedge_of_one_market_by_another_is_not_counted_where_nothing_ties_them() -> None:
    markets: list[tuple[Position, list[Working]]] = [(yes("10", "4"), []), (no("10", "4"), [])]
    assert event_worst(markets, mutually_exclusive=False) == parse_money("8")


def test_what_is_left_of_an_order_keeps_its_share_of_the_fee_rounded_up() -> None:
    order = Working("bid", Price(4_000), Size(300), Money(100))
    assert order.left(Size(100)) == Working("bid", Price(4_000), Size(100), Money(34))
    assert order.left(Size(0)) == Working("bid", Price(4_000), Size(0), Money(0))
    assert order.left(Size(0)).left(Size(0)).fee == 0


@pytest.mark.parametrize(
    ("side", "price", "size", "fee"),
    [("buy", 1, 1, 0), ("bid", -1, 1, 0), ("bid", 10_001, 1, 0), ("ask", 1, -1, 0), ("ask", 1, 1, -1)],
)
def test_what_cannot_work_is_refused(side: Side, price: int, size: int, fee: int) -> None:
    with pytest.raises(ValueRefused) as refused:
        Working(side, Price(price), Size(size), Money(fee))
    assert refused.value.hint
