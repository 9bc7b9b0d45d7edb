"""Every worked example of Kalshi's fee pages, each under the rule that its page states."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

import pytest

from kalshi_tui.core.fees import (
    CENT,
    DIRECT_GRID,
    NO_FEE,
    FeePolicy,
    FeeRule,
    FeeTerms,
    OrderFees,
    RebateAt,
    fee_terms,
    predict,
)
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Money, Price, Size, parse_money, parse_price, parse_size
from kalshi_tui.errors import ValueRefused

USUAL: Final = fee_terms("quadratic_with_maker_fees", 1_000_000)
HALF: Final = fee_terms("quadratic", 500_000)
BROKER: Final = FeePolicy(grid=CENT)
DIRECT: Final = FeePolicy()
JUNE: Final = FeePolicy(FeeRule.JUNE_2026, grid=CENT)
JUNE_AT: Final = FeePolicy(FeeRule.JUNE_2026, grid=CENT, rebate_at=RebateAt.A_CENT)
WHOLE_CENT: Final = FeePolicy(FeeRule.WHOLE_CENT, grid=CENT)


def net(
    terms: FeeTerms, policy: FeePolicy, count: str, price: str, *, is_taker: bool = True, side: Side = "bid"
) -> Money:
    """Return the net fee of an order's only fill."""
    fees = OrderFees(terms, policy)
    return fees.charge(side=side, price=parse_price(price), size=parse_size(count), is_taker=is_taker).net


# The rule of September 2026.


def test_one_contract_at_five_and_a_half_cents_costs_a_brokers_member_half_a_cent() -> None:
    charge = OrderFees(USUAL, BROKER).charge(side="bid", price=Price(550), size=Size(100), is_taker=True)
    assert charge.trade_fee == parse_money("0.003639")
    assert charge.rounding_fee == parse_money("0.001361")
    assert charge.net == parse_money("0.005")
    # The balance moves by exactly six cents: 0.055 for the contract and the fee.
    assert parse_money("0.055") + charge.net == parse_money("0.06")


def test_three_roundings_of_four_tenths_of_a_cent_are_carried_until_they_make_a_cent() -> None:
    fees = OrderFees(USUAL, BROKER)
    carried, rebates = [], []
    for _ in range(3):
        charge = fees.align(Money(-500_000), parse_money("0.016"))
        assert charge.rounding_fee == parse_money("0.004")
        carried.append(fees.carried + charge.rebate)
        rebates.append(charge.rebate)
    assert carried == [parse_money("0.004"), parse_money("0.008"), parse_money("0.012")]
    assert rebates == [0, 0, CENT]
    assert fees.carried == parse_money("0.002")


@pytest.mark.parametrize(
    ("terms", "count", "price", "is_taker", "direct", "broker"),
    [
        (USUAL, "100", "0.50", True, "1.75", "1.75"),
        (USUAL, "100", "0.25", True, "1.3125", "1.32"),
        (HALF, "100", "0.50", True, "0.875", "0.88"),
        (USUAL, "100", "0.50", False, "0.4375", "0.44"),
    ],
)
def test_the_published_schedules_hundred_lots(
    *, terms: FeeTerms, count: str, price: str, is_taker: bool, direct: str, broker: str
) -> None:
    assert net(terms, DIRECT, count, price, is_taker=is_taker) == parse_money(direct)
    assert net(terms, BROKER, count, price, is_taker=is_taker) == parse_money(broker)


@pytest.mark.parametrize(
    ("count", "price", "is_taker", "side", "reported"),
    [
        ("1", "0.52", True, "bid", "0.017500"),
        ("1", "0.99", True, "bid", "0.000700"),
        ("5", "0.57", True, "ask", "0.085800"),  # five NO at 0.43
        ("2", "0.67", False, "bid", "0.007800"),
    ],
)
def test_fees_that_were_really_charged_are_those_of_a_direct_member_today(
    count: str, price: str, is_taker: bool, side: Side, reported: str
) -> None:
    assert net(USUAL, DIRECT, count, price, is_taker=is_taker, side=side) == parse_money(reported)


def test_the_rule_in_force_is_that_of_september_on_a_direct_members_grid() -> None:
    assert FeePolicy() == FeePolicy(FeeRule.SEPTEMBER_2026, DIRECT_GRID)
    assert parse_money("0.0001") == DIRECT_GRID


def test_a_rebate_never_makes_a_fee_negative_and_what_was_not_given_back_stays_carried() -> None:
    fees = OrderFees(NO_FEE, BROKER)
    # 0.01 contract at 49 cents moves 0.0049: the balance loses a cent, 0.0051 of it to rounding.
    first, second = (fees.charge(side="bid", price=Price(4_900), size=Size(1), is_taker=True) for _ in range(2))
    assert (first.net, second.net) == (5_100, 5_100)
    assert fees.carried == 10_200
    fees.terms = USUAL
    third = fees.charge(side="bid", price=Price(5_000), size=Size(100), is_taker=True)
    assert (third.trade_fee, third.rounding_fee, third.rebate) == (17_500, 2_500, CENT)
    assert fees.carried == 2_700


def test_a_rebate_may_be_several_steps_of_the_grid() -> None:
    fees = OrderFees(USUAL, BROKER)
    for _ in range(5):
        fees.align(Money(-4_900), Money(0))
    assert fees.carried == 25_500
    assert fees.align(Money(-500_000), Money(20_000)).rebate == 2 * CENT
    assert fees.carried == 5_500


def test_taker_and_maker_fills_of_one_order_share_what_is_carried() -> None:
    fees = OrderFees(USUAL, BROKER)
    taker = fees.charge(side="bid", price=Price(5_000), size=Size(100), is_taker=True)
    maker = fees.charge(side="bid", price=Price(5_000), size=Size(100), is_taker=False)
    assert (taker.trade_fee, taker.rounding_fee) == (17_500, 2_500)
    # A maker's 0.004375 leaves 0.005625; with the taker's 0.0025 that is still below a cent.
    assert (maker.trade_fee, maker.rounding_fee, maker.rebate) == (4_375, 5_625, 0)
    assert fees.carried == 8_125
    again = fees.charge(side="bid", price=Price(5_000), size=Size(100), is_taker=True)
    assert (again.rebate, again.net, fees.carried) == (CENT, CENT, 625)


# The rule of June 2026: tenths of a mill, and a cent back at a time.


@pytest.mark.parametrize(
    ("revenue", "trade_fee", "rounding", "carried", "rebates", "nets", "balance"),
    [
        ("-0.055", "0.0085", "0.0065", ["0.0065", "0.013", "0.0095"], [0, 1, 0], ["0.015", "0.005", "0.015"], "-0.07"),
        ("-0.15", "0.0041", "0.0059", ["0.0059", "0.0118", "0.0077"], [0, 1, 0], ["0.01", "0", "0.01"], "-0.16"),
        ("-0.009903", "0.0005", "0.009597", ["0.009597", "0.019194", "0.018791"], [0, 1, 1],
         ["0.010097", "0.000097", "0.000097"], "-0.02"),
    ],
)  # fmt: skip
def test_the_june_pages_three_orders_of_three_fills(
    *,
    revenue: str,
    trade_fee: str,
    rounding: str,
    carried: list[str],
    rebates: list[int],
    nets: list[str],
    balance: str,
) -> None:
    fees = OrderFees(USUAL, JUNE)
    for step in range(3):
        charge = fees.align(parse_money(revenue), parse_money(trade_fee))
        assert charge.rounding_fee == parse_money(rounding)
        assert fees.carried + charge.rebate == parse_money(carried[step])
        assert charge.rebate == rebates[step] * CENT
        assert charge.net == parse_money(nets[step])
        assert parse_money(revenue) - charge.trade_fee - charge.rounding_fee == parse_money(balance)


@pytest.mark.parametrize(
    ("policy", "cents"),
    [(JUNE, [2, 2, 2, 2, 1, 2, 2, 2, 1, 2]), (JUNE_AT, [2, 2, 2, 1, 2, 2, 2, 1, 2, 2])],
)
def test_ten_single_contracts_cost_what_ten_together_cost_whichever_way_exceeds_is_read(
    policy: FeePolicy, cents: list[int]
) -> None:
    fees = OrderFees(USUAL, policy)
    nets = [fees.charge(side="bid", price=Price(5_000), size=Size(100), is_taker=True).net for _ in range(10)]
    assert nets == [each * CENT for each in cents]
    assert sum(nets) == net(USUAL, policy, "10", "0.50") == 18 * CENT


def test_the_june_rule_rounds_a_trade_fee_up_to_a_hundredth_of_a_cent() -> None:
    # 0.07 x 0.055 x 0.945 = 0.00363825
    charge = OrderFees(USUAL, JUNE).charge(side="bid", price=Price(550), size=Size(100), is_taker=True)
    assert charge.trade_fee == parse_money("0.0037")


def test_the_june_rule_gives_no_cent_back_that_would_make_a_fee_negative() -> None:
    fees = OrderFees(NO_FEE, JUNE)
    nets = [fees.charge(side="bid", price=Price(4_900), size=Size(1), is_taker=True).net for _ in range(3)]
    assert nets == [5_100] * 3
    assert fees.carried == 15_300


# The rule before: the whole order, rounded up to a cent.

HUNDREDTHS: Final = [
    ("1", "0.50", USUAL, True, "0.02"),
    ("10", "0.50", USUAL, True, "0.18"),
    ("100", "0.50", USUAL, True, "1.75"),
    ("1", "0.01", USUAL, True, "0.01"),
    ("100", "0.01", USUAL, True, "0.07"),
    ("100", "0.05", USUAL, True, "0.34"),
    ("100", "0.10", USUAL, True, "0.63"),
    ("100", "0.25", USUAL, True, "1.32"),
    ("100", "0.95", USUAL, True, "0.34"),
    ("7", "0.63", USUAL, True, "0.12"),
    ("1000", "0.99", USUAL, True, "0.70"),
    ("100", "0.50", HALF, True, "0.88"),
    ("250", "0.37", HALF, True, "2.04"),
    ("100", "0.50", USUAL, False, "0.44"),
    ("100", "0.25", USUAL, False, "0.33"),
]


@pytest.mark.parametrize("policy", [WHOLE_CENT, JUNE, BROKER], ids=lambda policy: policy.rule)
@pytest.mark.parametrize(("count", "price", "terms", "is_taker", "fee"), HUNDREDTHS)
def test_one_fill_of_whole_contracts_at_a_whole_cent_costs_the_model_rounded_up_to_a_cent(
    *, policy: FeePolicy, count: str, price: str, terms: FeeTerms, is_taker: bool, fee: str
) -> None:
    assert net(terms, policy, count, price, is_taker=is_taker) == parse_money(fee)


def test_no_float_is_in_the_way_of_any_order_up_to_five_hundred_contracts() -> None:
    naive_is_wrong = 0
    for count in range(1, 501):
        for cents in range(1, 100):
            fee = OrderFees(USUAL, WHOLE_CENT).charge(
                side="bid", price=Price(cents * 100), size=Size(count * 100), is_taker=True
            )
            exact = (7 * count * cents * (100 - cents) + 9_999) // 10_000
            assert fee.net == exact * CENT
            price = cents / 100
            naive_is_wrong += math.ceil(0.07 * count * price * (1 - price) * 100) != exact
    assert naive_is_wrong == 189


def test_under_whole_cents_the_fills_of_an_order_cost_together_what_one_fill_costs() -> None:
    fees = OrderFees(USUAL, WHOLE_CENT)
    nets = [fees.charge(side="bid", price=Price(5_000), size=Size(100), is_taker=True).net for _ in range(10)]
    assert nets == [each * CENT for each in (2, 2, 2, 1, 2, 2, 2, 1, 2, 2)]
    assert sum(nets) == net(USUAL, WHOLE_CENT, "10", "0.50")


# Terms, refusals, predictions.


@pytest.mark.parametrize(
    ("fee_type", "multiplier", "taker", "maker"),
    [
        ("quadratic", 1_000_000, Fraction(7, 100), Fraction(0)),
        ("quadratic", 500_000, Fraction(35, 1_000), Fraction(0)),
        ("quadratic_with_maker_fees", 1_000_000, Fraction(7, 100), Fraction(175, 10_000)),
        ("quadratic_with_combo_maker_fees", 1_000_000, Fraction(7, 100), Fraction(35, 1_000)),
        ("quadratic_with_maker_fees", 333_333, Fraction(7 * 333_333, 10**8), Fraction(175 * 333_333, 10**10)),
        ("quadratic_with_maker_fees", 0, Fraction(0), Fraction(0)),
    ],
)
def test_rates_are_the_fee_types_share_of_seven_percent_times_the_multiplier_exactly(
    fee_type: str, multiplier: int, taker: Fraction, maker: Fraction
) -> None:
    terms = fee_terms(fee_type, multiplier)
    assert Fraction(terms.taker_rate, 10**10) == taker
    assert Fraction(terms.maker_rate, 10**10) == maker


@pytest.mark.parametrize("fee_type", ["flat", "", "cubic"])
def test_a_fee_without_a_known_formula_is_not_guessed(fee_type: str) -> None:
    with pytest.raises(ValueRefused, match="no published formula") as refused:
        fee_terms(fee_type, 1_000_000)
    assert refused.value.hint


def test_a_negative_multiplier_is_refused() -> None:
    with pytest.raises(ValueRefused):
        fee_terms("quadratic", -1)


@pytest.mark.parametrize("grid", [0, -100, 300, 20_000])
def test_a_balance_grid_must_divide_a_cent(grid: int) -> None:
    with pytest.raises(ValueRefused):
        FeePolicy(grid=Money(grid))


@pytest.mark.parametrize(("price", "size"), [(-1, 100), (10_001, 100), (5_000, 0), (5_000, -100)])
def test_a_fill_that_cannot_be_is_not_charged(price: int, size: int) -> None:
    with pytest.raises(ValueRefused):
        OrderFees(USUAL).charge(side="bid", price=Price(price), size=Size(size), is_taker=True)


LEVELS: Final = [(Price(5_000), Size(1_000)), (Price(5_200), Size(500)), (Price(6_000), Size(10_000))]


def test_a_planned_purchase_walks_the_levels_up_to_its_limit() -> None:
    walk = predict(USUAL, LEVELS, side="bid", size=Size(2_000), limit=Price(5_200))
    assert walk.size == 1_500
    # 10 x 0.50 + 5 x 0.52, and 0.175 + 0.08736 rounded up to 0.0874
    assert walk.value == parse_money("7.60")
    assert walk.fee == parse_money("0.2624")


def test_a_planned_sale_walks_down_and_takes_no_more_than_it_wants() -> None:
    bids = [(Price(5_200), Size(500)), (Price(5_000), Size(1_000))]
    walk = predict(USUAL, bids, side="ask", size=Size(600), limit=Price(5_000))
    assert (walk.size, walk.value) == (600, parse_money("3.10"))
    assert walk.fee == parse_money("0.0874") + parse_money("0.0175")


def test_a_limit_beyond_the_book_takes_nothing_and_costs_nothing() -> None:
    walk = predict(USUAL, LEVELS, side="bid", size=Size(100), limit=Price(4_900))
    assert (walk.size, walk.value, walk.fee) == (0, 0, 0)


def test_a_prediction_follows_the_rule_that_it_is_given() -> None:
    walk = predict(USUAL, LEVELS, side="bid", size=Size(100), limit=Price(5_000), policy=WHOLE_CENT)
    assert walk.fee == 2 * CENT
