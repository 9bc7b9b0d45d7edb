"""Invariants of positions: no money is made or lost by counting, and the order of arrival does not matter."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.core.orders import Fill
from kalshi_tui.core.positions import Portfolio, Position, Result
from kalshi_tui.core.units import Money, Price, Size

steady = settings(derandomize=True, max_examples=300, database=None)

fill_lists = st.lists(
    st.builds(
        Fill,
        trade_id=st.integers(0, 10**6).map(str),
        order_id=st.just("o"),
        ticker=st.sampled_from(["A", "B"]),
        side=st.sampled_from(["bid", "ask"]),
        price=st.integers(1, 9_999).map(Price),
        size=st.integers(1, 1_000).map(Size),
        is_taker=st.booleans(),
        fee=st.integers(0, 10**5).map(Money),
        ts_ms=st.integers(0, 5),
        subaccount=st.sampled_from([0, 1]),
    ),
    max_size=12,
    unique_by=lambda fill: fill.trade_id,
)
results: st.SearchStrategy[tuple[Result, Price | None, int]] = st.sampled_from(
    [("yes", None, 10_000), ("no", None, 0), ("scalar", Price(3_300), 3_300)]
)


@steady
@given(fills=fill_lists, ended=results)
def test_profit_is_the_cash_that_came_in_less_the_cash_that_went_out(
    fills: list[Fill], ended: tuple[Result, Price | None, int]
) -> None:
    """Cash by the exchange's own rule: pay for the side bought, get a dollar back for each YES and NO held together."""
    yes = no = cash = 0
    position = Position("A")
    for fill in fills:
        if fill.ticker != "A":
            continue
        if fill.side == "bid":
            yes, cash = yes + fill.size, cash - fill.price * fill.size
        else:
            no, cash = no + fill.size, cash - (10_000 - fill.price) * fill.size
        pairs = min(yes, no)
        yes, no, cash = yes - pairs, no - pairs, cash + 10_000 * pairs
        position = position.with_fill(fill)
        assert position.size == yes - no
        assert position.cost >= 0
        assert position.realised - position.cost == cash
    result, value, yes_value = ended
    assert position.settled(result, value).realised == cash + yes * yes_value + no * (10_000 - yes_value)


@steady
@given(fills=fill_lists)
def test_the_cost_kept_is_the_exact_average_cost_to_a_micro_dollar_a_closing(fills: list[Fill]) -> None:
    position, exact, closings = Position("A"), Fraction(0), 0
    for fill in fills:
        if fill.ticker != "A":
            continue
        before, position = position.size, position.with_fill(fill)
        is_bid = fill.side == "bid"
        opening = fill.price if is_bid else 10_000 - fill.price
        if before == 0 or (before > 0) == is_bid:
            exact += opening * fill.size
        else:
            closings += 1
            left = max(abs(before) - fill.size, 0)
            exact = exact * left / abs(before) + opening * max(fill.size - abs(before), 0)
        assert 0 <= exact - position.cost <= closings


@steady
@given(fills=fill_lists, seed=st.integers())
def test_fills_in_any_order_and_any_number_of_times_give_the_same_positions(fills: list[Fill], seed: int) -> None:
    random = Random(seed)
    told_again = fills + random.choices(fills, k=10) if fills else []
    random.shuffle(told_again)
    once, again = Portfolio(), Portfolio()
    for fill in fills:
        assert once.add(fill)
    assert sum(map(again.add, told_again)) == len(fills)
    assert again.positions() == once.positions()
    assert sum(position.size for position in once.positions().values()) == sum(
        fill.size if fill.side == "bid" else -fill.size for fill in fills
    )
    assert sum(position.fees for position in once.positions().values()) == sum(fill.fee for fill in fills)
