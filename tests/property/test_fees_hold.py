"""Invariants of fees: never negative, never cheaper in parts, the same from either side."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.core.fees import (
    CENT,
    DIRECT_GRID,
    FeePolicy,
    FeeRule,
    FeeTerms,
    OrderFees,
    RebateAt,
    fee_terms,
    predict,
)
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Money, Price, Size

steady = settings(derandomize=True, max_examples=300, database=None)

terms_in_use = st.builds(
    fee_terms,
    st.sampled_from(["quadratic", "quadratic_with_maker_fees", "quadratic_with_combo_maker_fees"]),
    st.sampled_from([0, 333_333, 500_000, 1_000_000, 2_000_000]),
)
grids = st.sampled_from([DIRECT_GRID, CENT])
policies = st.builds(FeePolicy, st.sampled_from(FeeRule), grids, st.sampled_from(RebateAt))
sides: st.SearchStrategy[Side] = st.sampled_from(["bid", "ask"])
prices = st.integers(1, 9_999).map(Price)
sizes = st.one_of(st.integers(1, 400), st.integers(1, 10**9)).map(Size)
whole_cents = st.integers(1, 99).map(lambda cents: Price(cents * 100))
whole_contracts = st.integers(1, 500).map(lambda count: Size(count * 100))
fills = st.tuples(prices, sizes, st.booleans())


@steady
@given(terms=terms_in_use, grid=grids, side=sides, parts=st.lists(fills, min_size=1, max_size=12))
def test_the_current_rule_is_what_its_four_steps_say_in_exact_fractions(
    terms: FeeTerms, grid: Money, side: Side, parts: list[tuple[Price, Size, bool]]
) -> None:
    fees = OrderFees(terms, FeePolicy(grid=grid))
    step, carried = Fraction(grid, 10**6), Fraction(0)
    for price, size, is_taker in parts:
        dollars, count = Fraction(price, 10**4), Fraction(size, 100)
        rate = Fraction(terms.taker_rate if is_taker else terms.maker_rate, 10**10)
        trade_fee = Fraction(ceil(rate * count * dollars * (1 - dollars) * 10**6), 10**6)
        revenue = count * dollars * (-1 if side == "bid" else 1)
        rounding = (revenue - trade_fee) - floor((revenue - trade_fee) / step) * step
        carried += rounding
        rebate = min(floor(carried / step), floor((trade_fee + rounding) / step)) * step
        carried -= rebate
        charge = fees.charge(side=side, price=price, size=size, is_taker=is_taker)
        assert Fraction(charge.net, 10**6) == trade_fee + rounding - rebate >= 0
        assert Fraction(fees.carried, 10**6) == carried


@steady
@given(policy=policies, terms=terms_in_use, side=sides, parts=st.lists(fills, min_size=1, max_size=12))
def test_no_fee_is_negative_or_below_its_trade_fee_less_what_was_carried(
    policy: FeePolicy, terms: FeeTerms, side: Side, parts: list[tuple[Price, Size, bool]]
) -> None:
    fees = OrderFees(terms, policy)
    for price, size, is_taker in parts:
        carried = fees.carried
        charge = fees.charge(side=side, price=price, size=size, is_taker=is_taker)
        assert min(charge.net, charge.trade_fee, charge.rounding_fee, charge.rebate, fees.carried) >= 0
        assert charge.rounding_fee < policy.grid
        assert charge.net == charge.trade_fee + fees.carried - carried


@steady
@given(policy=policies, terms=terms_in_use, price=prices, size=sizes, is_taker=st.booleans())
def test_opening_no_rounds_as_selling_yes_does_so_the_position_need_not_be_known(
    policy: FeePolicy, terms: FeeTerms, price: Price, size: Size, is_taker: bool
) -> None:
    charge = OrderFees(terms, policy).charge(side="ask", price=price, size=size, is_taker=is_taker)
    if policy.rule is FeeRule.WHOLE_CENT:
        return
    paid_for_no = Money(-(10_000 - price) * size)
    assert OrderFees(terms, policy).align(paid_for_no, charge.trade_fee) == charge
    # And closing NO by buying YES pays out 1 - price, as opening YES costs price.
    bid = OrderFees(terms, policy).charge(side="bid", price=price, size=size, is_taker=is_taker)
    received_for_no = Money((10_000 - price) * size)
    assert OrderFees(terms, policy).align(received_for_no, bid.trade_fee) == bid


@steady
@given(policy=policies, terms=terms_in_use, price=whole_cents, size=whole_contracts, side=sides, is_taker=st.booleans())
def test_a_fee_is_the_same_at_a_price_and_at_one_less_that_price_from_either_side(
    *, policy: FeePolicy, terms: FeeTerms, price: Price, size: Size, side: Side, is_taker: bool
) -> None:
    charge = OrderFees(terms, policy).charge(side=side, price=price, size=size, is_taker=is_taker)
    other: Side = "ask" if side == "bid" else "bid"
    mirrored = OrderFees(terms, policy).charge(side=other, price=Price(10_000 - price), size=size, is_taker=is_taker)
    assert mirrored == charge


@steady
@given(policy=policies, terms=terms_in_use, price=whole_cents, size=whole_contracts, more=whole_contracts)
def test_more_contracts_never_cost_less(
    policy: FeePolicy, terms: FeeTerms, price: Price, size: Size, more: Size
) -> None:
    few = OrderFees(terms, policy).charge(side="bid", price=price, size=size, is_taker=True)
    many = OrderFees(terms, policy).charge(side="bid", price=price, size=Size(size + more), is_taker=True)
    assert few.net <= many.net


@steady
@given(policy=policies, terms=terms_in_use, price=prices, size=sizes)
def test_a_charged_fee_is_never_below_the_exact_model(
    policy: FeePolicy, terms: FeeTerms, price: Price, size: Size
) -> None:
    dollars = Fraction(price, 10**4)
    model = Fraction(terms.taker_rate, 10**10) * Fraction(size, 100) * dollars * (1 - dollars)
    charge = OrderFees(terms, policy).charge(side="bid", price=price, size=size, is_taker=True)
    assert Fraction(charge.net, 10**6) >= model


@steady
@given(
    policy=policies,
    terms=terms_in_use,
    price=whole_cents,
    parts=st.lists(whole_contracts, min_size=1, max_size=12),
    side=sides,
)
def test_an_order_filled_in_parts_costs_at_least_one_fill_and_at_most_a_cent_and_a_little_more(
    policy: FeePolicy, terms: FeeTerms, price: Price, parts: list[Size], side: Side
) -> None:
    whole = OrderFees(terms, policy).charge(side=side, price=price, size=Size(sum(parts)), is_taker=True)
    fees = OrderFees(terms, policy)
    total = sum(fees.charge(side=side, price=price, size=part, is_taker=True).net for part in parts)
    assert whole.net <= total <= whole.net + CENT + DIRECT_GRID * (len(parts) - 1)
    if policy.rule is FeeRule.SEPTEMBER_2026:
        assert total <= whole.net + policy.grid + len(parts)


@steady
@given(
    terms=terms_in_use,
    asks=st.lists(st.tuples(prices, sizes), max_size=6, unique_by=lambda level: level[0]).map(sorted),
    size=sizes,
    limit=prices,
)
def test_a_prediction_is_what_the_exchange_would_charge_for_the_same_fills(
    terms: FeeTerms, asks: list[tuple[Price, Size]], size: Size, limit: Price
) -> None:
    walk = predict(terms, asks, side="bid", size=size, limit=limit)
    assert walk.size == min(size, sum(offered for price, offered in asks if price <= limit))
    fees, left, fee, value = OrderFees(terms), walk.size, 0, 0
    for price, offered in asks:
        if left:
            taken = Size(min(left, offered))
            fee += fees.charge(side="bid", price=price, size=taken, is_taker=True).net
            value += price * taken
            left = Size(left - taken)
    assert (walk.fee, walk.value) == (fee, value)


@steady
@given(
    terms=terms_in_use,
    grid=grids,
    levels=st.lists(st.tuples(whole_cents, st.lists(whole_contracts, min_size=1, max_size=4)), min_size=1, max_size=5),
)
def test_several_makers_at_a_level_cost_no_less_than_predicted_and_at_most_a_grid_step_more(
    terms: FeeTerms, grid: Money, levels: list[tuple[Price, list[Size]]]
) -> None:
    policy = FeePolicy(grid=grid)
    asks = [(price, Size(sum(makers))) for price, makers in sorted(levels)]
    walk = predict(terms, asks, side="bid", size=Size(10**9), limit=Price(9_900), policy=policy)
    fees = OrderFees(terms, policy)
    fills = [(price, size) for price, makers in sorted(levels) for size in makers]
    nets = [fees.charge(side="bid", price=price, size=size, is_taker=True).net for price, size in fills]
    assert walk.fee <= sum(nets) <= walk.fee + grid + len(fills)
