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


def test_a_correction_takes_the_place_of_the_first_account_and_stays() -> None:
    portfolio = Portfolio()
    first, right = fill("bid", "10", "0.40", fee="0.17"), fill("bid", "10", "0.41", fee="0.169")
    assert portfolio.add(first)
    assert portfolio.correct(right) is True
    assert portfolio.correct(right) is False
    assert portfolio.add(first) is False
    assert portfolio.position("T") == after(right)
    assert portfolio.fills_of("T") == (right,)
    assert portfolio.flow() == parse_money("-4.269")


def test_a_correction_of_an_unknown_trade_counts_it() -> None:
    portfolio = Portfolio()
    assert portfolio.correct(fill("bid", "1", "0.5")) is True
    assert portfolio.add(fill("bid", "2", "0.5")) is False
    assert portfolio.position("T").size == parse_size("1")


def test_a_correction_may_move_a_trade_to_another_market_and_time() -> None:
    portfolio = Portfolio()
    portfolio.add(fill("bid", "1", "0.5", trade_id="a", ts_ms=1))
    portfolio.add(fill("bid", "1", "0.2", trade_id="b", ts_ms=2))
    portfolio.correct(fill("bid", "1", "0.5", trade_id="a", ts_ms=3, ticker="U"))
    assert {key: position.cost for key, position in portfolio.positions().items()} == {
        ("T", 0): parse_money("0.20"),
        ("U", 0): parse_money("0.50"),
    }


def test_a_withdrawn_fill_counts_no_more_until_it_is_told_again() -> None:
    portfolio = Portfolio()
    phantom, other = fill("bid", "5", "0.4", trade_id="p", fee="0.08"), fill("ask", "1", "0.5", trade_id="q", ts_ms=1)
    portfolio.add(phantom)
    portfolio.add(other)
    assert portfolio.withdraw("p", "o") is True
    assert portfolio.withdraw("p", "o") is False
    assert portfolio.position("T") == after(other)
    assert portfolio.flow() == parse_money("-0.50")
    assert portfolio.add(phantom) is True
    assert portfolio.position("T") == after(phantom, other)


def test_a_portfolio_whose_only_fill_was_withdrawn_holds_nothing() -> None:
    portfolio = Portfolio()
    portfolio.add(fill("bid", "5", "0.4"))
    portfolio.withdraw("t", "o")
    assert portfolio.positions() == {}
    assert portfolio.fills_of("T") == ()
    assert (portfolio.flow(), portfolio.flow_by_shard()) == (0, {})
    assert portfolio.withdraw("unknown", "o") is False
    portfolio.correct(fill("bid", "5", "0.4"))
    portfolio.withdraw("t", "o")
    portfolio.add(fill("bid", "5", "0.4"))
    with pytest.raises(ValueRefused, match="differ"):  # the correction is withdrawn with its trade
        portfolio.add(fill("bid", "6", "0.4"))


def test_a_holding_from_before_is_closed_by_fills_at_its_cost_and_moves_no_cash_itself() -> None:
    portfolio = Portfolio()
    portfolio.add(fill("ask", "4", "0.70", fee="0.05"))
    portfolio.begin_with("T", parse_size("6"), parse_money("2.40"))
    portfolio.begin_with("T", parse_size("4"), parse_money("1.60"))
    position = portfolio.position("T")
    assert (position.size, position.cost) == (parse_size("6"), parse_money("2.40"))
    assert position.realised == parse_money("1.20")
    assert portfolio.flow() == parse_money("2.75")  # what the sale brought, less its fee
    portfolio.settle("T", "yes")
    assert portfolio.flow() == parse_money("8.75")


def test_holdings_from_before_on_both_sides_cancel_out_in_whatever_order_they_are_told() -> None:
    told = [("5", "2"), ("-3", "1.50"), ("1", "0.10")]
    for order in (told, told[::-1]):
        portfolio = Portfolio()
        for size, paid in order:
            portfolio.begin_with(
                "T", Size(parse_size(size.lstrip("-")) * (-1 if "-" in size else 1)), parse_money(paid)
            )
        # Six YES cost 2.10; three of them go with the three NO, and half of the cost with them.
        assert portfolio.position("T") == Position("T", parse_size("3"), parse_money("1.05"))
        portfolio.begin_with("T", Size(-300), parse_money("1"))
        assert portfolio.position("T") == Position("T")
        assert portfolio.flow() == 0


@pytest.mark.parametrize(("size", "paid"), [(100, -1), (0, 1), (1.5, 1), (100, 0.5)])
def test_a_holding_that_cannot_be_is_refused(size: int, paid: int) -> None:
    portfolio = Portfolio()
    with pytest.raises(ValueRefused) as refused:
        portfolio.begin_with("T", Size(size), Money(paid))
    assert refused.value.hint
    portfolio.begin_with("T", Size(0), Money(0))
    assert portfolio.positions() == {}


def test_a_told_revenue_wins_over_what_the_contracts_should_pay_and_later_fills_still_count() -> None:
    portfolio = Portfolio()
    portfolio.add(fill("bid", "10.01", "0.40", trade_id="a"))
    portfolio.settle("T", "yes", revenue=parse_money("10"))
    assert portfolio.position("T").realised == parse_money("10") - parse_money("4.004")
    assert portfolio.flow() == parse_money("5.996")
    portfolio.add(fill("bid", "1", "0.40", trade_id="b"))
    assert portfolio.flow() == parse_money("5.596")
    # The same result told once more without a revenue, and with a value that says nothing new, changes nothing.
    portfolio.settle("T", "yes", Price(10_000))
    assert portfolio.flow() == parse_money("5.596")


def test_an_amended_result_makes_a_revenue_of_the_first_count_no_more() -> None:
    portfolio = Portfolio()
    portfolio.add(fill("bid", "10", "0.40"))
    portfolio.settle("T", "yes", revenue=parse_money("10"))
    portfolio.settle("T", "no")
    assert portfolio.position("T").realised == parse_money("-4")
    portfolio.settle("T", "scalar", Price(2_500), revenue=parse_money("2.50"))
    assert portfolio.position("T").realised == parse_money("-1.50")
    portfolio.settle("T", "scalar", Price(3_000))
    assert portfolio.flow() == parse_money("-1")


def test_a_revenue_is_its_subaccounts_and_the_result_is_everybodys() -> None:
    portfolio = Portfolio()
    portfolio.add(fill("bid", "10", "0.40", trade_id="a"))
    portfolio.add(replace(fill("ask", "10", "0.40", trade_id="b"), subaccount=1))
    portfolio.settle("T", "no", revenue=parse_money("9"), subaccount=1)
    assert portfolio.position("T").realised == parse_money("-4")
    assert portfolio.position("T", 1).realised == parse_money("3")


def test_a_revenue_for_a_market_without_known_fills_is_cash_all_the_same() -> None:
    portfolio = Portfolio()
    portfolio.settle("T", "yes", revenue=parse_money("3"))
    assert portfolio.flow() == parse_money("3")
    assert portfolio.positions() == {("T", 0): Position("T", realised=parse_money("3"))}


@pytest.mark.parametrize("revenue", [-1, 0.5])
def test_a_revenue_that_cannot_be_is_refused(revenue: int) -> None:
    portfolio = Portfolio()
    with pytest.raises(ValueRefused) as refused:
        portfolio.settle("T", "yes", revenue=Money(revenue))
    assert refused.value.hint
    assert portfolio.positions() == {}


def test_cash_is_counted_on_the_shard_of_each_fill_and_settlement() -> None:
    portfolio = Portfolio()
    portfolio.add(replace(fill("bid", "10", "0.40", trade_id="a", fee="0.10"), exchange_index=2))
    portfolio.add(fill("ask", "5", "0.40", trade_id="b", ticker="U"))
    portfolio.settle("T", "yes", exchange_index=2)
    assert portfolio.flow_by_shard() == {0: parse_money("-3"), 2: parse_money("5.90")}
    assert portfolio.flow() == parse_money("2.90")


def test_a_full_portfolio_still_corrects_and_withdraws_what_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FILLS_LIMIT", 1)
    portfolio = Portfolio()
    portfolio.add(fill("bid", "1", "0.5", trade_id="a"))
    with pytest.raises(ValueRefused):
        portfolio.correct(fill("bid", "1", "0.5", trade_id="b"))
    assert portfolio.correct(fill("bid", "2", "0.5", trade_id="a"))
    assert portfolio.position("T").size == parse_size("2")
    assert portfolio.withdraw("a", "o")
    assert portfolio.add(fill("bid", "1", "0.5", trade_id="b"))
