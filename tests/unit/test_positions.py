"""A position's cost, profit and settlement, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from kalshi_tui.core import positions as module
from kalshi_tui.core.orders import Fill, Side
from kalshi_tui.core.positions import Portfolio, Position
from kalshi_tui.core.units import Money, Price, Size, parse_money, parse_price, parse_size
from kalshi_tui.errors import ValueRefused


def fill(
    side: Side, count: str, price: str, *, fee: str = "0", trade_id: str = "t", ts_ms: int = 0, ticker: str = "T"
) -> Fill:
    """Build a fill from dollar strings."""
    return Fill(
        trade_id=trade_id, order_id="o", ticker=ticker, side=side, price=parse_price(price), size=parse_size(count),
        is_taker=True, fee=parse_money(fee), ts_ms=ts_ms,
    )  # fmt: skip


def after(*fills: Fill) -> Position:
    """Return the position after fills, in order."""
    position = Position("T")
    for each in fills:
        position = position.with_fill(each)
    return position


def test_buying_yes_costs_its_price_and_fees_are_counted_apart() -> None:
    position = after(fill("bid", "10", "0.40", fee="0.168"), fill("bid", "30", "0.60", fee="0.504"))
    assert position.size == parse_size("40")
    assert position.cost == parse_money("22")
    assert position.average_price == parse_money("0.55")
    assert (position.realised, position.fees) == (0, parse_money("0.672"))


def test_selling_what_is_not_held_buys_no_for_the_rest_of_the_dollar() -> None:
    position = after(fill("ask", "10", "0.40"))
    assert position.size == -parse_size("10")
    assert position.cost == parse_money("6")
    assert position.average_price == parse_money("0.60")


def test_selling_part_of_a_position_realises_that_part_of_its_profit() -> None:
    position = after(fill("bid", "10", "0.40"), fill("ask", "4", "0.70", fee="0.0588"))
    assert position.size == parse_size("6")
    assert position.cost == parse_money("2.40")
    assert position.realised == parse_money("1.20")
    assert position.fees == parse_money("0.0588")


def test_buying_back_a_no_position_realises_what_no_has_gained() -> None:
    # NO was bought at 0.60 and is sold at 0.75.
    position = after(fill("ask", "10", "0.40"), fill("bid", "10", "0.25"))
    assert (position.size, position.cost) == (0, 0)
    assert position.realised == parse_money("1.50")


def test_a_fill_through_zero_closes_first_and_opens_the_other_side_with_the_rest() -> None:
    position = after(fill("bid", "10", "0.40"), fill("ask", "15", "0.70"))
    assert position.size == -parse_size("5")
    assert position.realised == parse_money("3")
    assert position.cost == parse_money("1.50")
    back = position.with_fill(fill("bid", "8", "0.90"))
    # Five NO that cost 0.30 each are sold at 0.10, and three YES bought at 0.90.
    assert back.size == parse_size("3")
    assert back.realised == parse_money("2")
    assert back.cost == parse_money("2.70")


def test_releasing_a_cost_in_parts_rounds_each_up_and_leaves_nothing_in_the_end() -> None:
    # 0.03 contracts at 0.3333 and 0.04 at 0.3334 cost 23.335 thousandths: a seventh of that is no whole micro-dollar.
    position = after(fill("bid", "0.03", "0.3333"), fill("bid", "0.04", "0.3334"))
    assert position.cost == 23_335
    costs = [position.cost]
    for _ in range(7):
        position = position.with_fill(fill("ask", "0.01", "0.5"))
        costs.append(position.cost)
    # 23335/7 = 3333.57, rounded up; then 20001/6 = 3333.5; then 16667/5 = 3333.4; then 13333/4 = 3333.25; ...
    assert costs == [23_335, 20_001, 16_667, 13_333, 9_999, 6_666, 3_333, 0]
    assert position.realised == 7 * 5_000 - 23_335


def test_an_average_is_rounded_up_and_a_flat_position_has_none() -> None:
    assert after(fill("bid", "1", "0.33"), fill("bid", "2", "0.34")).average_price == Money(336_667)
    assert Position("T").average_price is None


@pytest.mark.parametrize(
    ("side", "result", "value", "realised"),
    [
        ("bid", "yes", None, "6"),
        ("bid", "no", None, "-4"),
        ("bid", "scalar", "0.25", "-1.50"),
        ("bid", "void", None, "0"),
        ("ask", "yes", None, "-6"),
        ("ask", "no", None, "4"),
        ("ask", "scalar", "0.25", "1.50"),
        ("ask", "void", None, "0"),
    ],
)
def test_settlement_pays_the_winning_side_a_scalar_its_value_and_a_void_market_what_was_paid(
    *, side: Side, result: Literal["yes", "no", "scalar", "void"], value: str | None, realised: str
) -> None:
    held = after(fill(side, "10", "0.40", fee="0.168"))
    settled = held.settled(result, parse_price(value) if value else None)
    assert (settled.size, settled.cost) == (0, 0)
    assert settled.realised == parse_money(realised)
    assert settled.fees == parse_money("0.168")
    assert held.size != 0


def test_settlement_adds_to_what_was_realised_before() -> None:
    settled = after(fill("bid", "10", "0.40"), fill("ask", "4", "0.70")).settled("yes")
    assert settled.realised == parse_money("1.20") + parse_money("3.60")


def test_a_flat_position_is_paid_nothing() -> None:
    assert Position("T").payout("yes") == 0
    assert Position("T").settled("no") == Position("T")


@pytest.mark.parametrize(
    ("result", "value"), [("scalar", None), ("scalar", 10_001), ("scalar", -1), ("", None), ("all", 1)]
)
def test_a_result_that_settles_nothing_is_refused(result: Literal["scalar"], value: int | None) -> None:
    with pytest.raises(ValueRefused) as refused:
        after(fill("bid", "1", "0.5")).settled(result, None if value is None else Price(value))
    assert refused.value.hint


def test_a_fill_of_another_market_changes_nothing() -> None:
    with pytest.raises(ValueRefused, match="another"):
        Position("another").with_fill(fill("bid", "1", "0.5"))


def test_a_portfolio_counts_a_trade_once() -> None:
    portfolio = Portfolio()
    assert portfolio.add(fill("bid", "1", "0.5", trade_id="a")) is True
    assert portfolio.add(fill("bid", "1", "0.5", trade_id="a", ts_ms=9)) is False
    assert portfolio.add(fill("bid", "1", "0.5", trade_id="b")) is True
    assert portfolio.position("T").size == parse_size("2")


def test_a_trade_between_two_orders_of_one_account_is_two_fills() -> None:
    portfolio = Portfolio()
    bought = fill("bid", "1", "0.5")
    assert portfolio.add(bought)
    assert portfolio.add(replace(bought, order_id="other", side="ask", subaccount=1))
    assert portfolio.position("T").size == 100
    assert portfolio.position("T", 1).size == -100


@pytest.mark.parametrize("other", [fill("ask", "1", "0.5"), fill("bid", "2", "0.5"), fill("bid", "1", "0.5", fee="1")])
def test_two_accounts_of_one_trade_that_differ_are_refused(other: Fill) -> None:
    portfolio = Portfolio()
    portfolio.add(fill("bid", "1", "0.5"))
    with pytest.raises(ValueRefused, match="differ"):
        portfolio.add(other)
    assert portfolio.position("T").size == parse_size("1")


def test_a_late_fill_takes_its_place_in_time() -> None:
    early, late = fill("bid", "1", "0.2", trade_id="z", ts_ms=1), fill("ask", "1", "0.6", trade_id="a", ts_ms=2)
    after_that = fill("bid", "1", "0.3", trade_id="b", ts_ms=3)
    portfolio = Portfolio()
    for each in (after_that, late, early):
        portfolio.add(each)
    assert portfolio.position("T") == after(early, late, after_that)
    assert portfolio.position("T").realised == parse_money("0.40")


def test_settlement_holds_for_fills_that_arrive_after_it_and_an_amended_result_replaces_the_first() -> None:
    portfolio = Portfolio()
    portfolio.add(fill("bid", "10", "0.40", trade_id="a"))
    portfolio.settle("T", "yes")
    portfolio.add(fill("bid", "10", "0.60", trade_id="b"))
    assert portfolio.position("T").realised == parse_money("10")
    portfolio.settle("T", "no")
    assert portfolio.position("T").realised == parse_money("-10")
    assert portfolio.positions() == {("T", 0): portfolio.position("T")}


def test_a_settlement_that_settles_nothing_is_refused_before_it_is_kept() -> None:
    portfolio = Portfolio()
    with pytest.raises(ValueRefused):
        portfolio.settle("T", "scalar")
    assert portfolio.position("T") == Position("T")


def test_a_portfolio_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FILLS_LIMIT", 2)
    portfolio = Portfolio()
    portfolio.add(fill("bid", "1", "0.5", trade_id="a"))
    portfolio.add(fill("bid", "1", "0.5", trade_id="b"))
    assert portfolio.add(fill("bid", "1", "0.5", trade_id="a")) is False
    with pytest.raises(ValueRefused) as refused:
        portfolio.add(fill("bid", "1", "0.5", trade_id="c"))
    assert refused.value.hint
    assert portfolio.position("T").size == Size(200)
