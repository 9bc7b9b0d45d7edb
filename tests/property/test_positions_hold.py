"""Invariants of positions: no money is made or lost by counting, and the order of arrival does not matter."""

from __future__ import annotations

from dataclasses import replace
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


def cash_by_the_exchanges_rule(fills: list[Fill], ended: dict[str, int]) -> dict[int, int]:
    """Pay for what is bought, get a dollar for each pair and what a contract is worth in the end; by shard."""
    cash: dict[int, int] = {}
    held: dict[tuple[str, int], list[int]] = {}
    for fill in sorted(fills, key=lambda fill: (fill.ts_ms, fill.trade_id)):
        sizes = held.setdefault((fill.ticker, fill.subaccount), [0, 0])
        is_no = fill.side == "ask"
        sizes[is_no] += fill.size
        pairs = min(sizes)
        sizes[:] = sizes[0] - pairs, sizes[1] - pairs
        paid = (10_000 - fill.price if is_no else fill.price) * fill.size + fill.fee
        cash[fill.exchange_index] = cash.get(fill.exchange_index, 0) - paid + 10_000 * pairs
    for (ticker, _), (yes, no) in held.items():
        if ticker in ended:
            cash[9] = cash.get(9, 0) + yes * ended[ticker] + no * (10_000 - ended[ticker])
    return cash


@steady
@given(fills=fill_lists, ended=results, shards=st.lists(st.sampled_from([0, 1]), min_size=12, max_size=12))
def test_flow_is_the_cash_of_the_exchanges_rule_on_each_shard(
    fills: list[Fill], ended: tuple[Result, Price | None, int], shards: list[int]
) -> None:
    spread = [replace(fill, exchange_index=shard) for fill, shard in zip(fills, shards, strict=False)]
    portfolio = Portfolio()
    for fill in spread:
        portfolio.add(fill)
    result, value, yes_value = ended
    portfolio.settle("A", result, value, exchange_index=9)
    expected = cash_by_the_exchanges_rule(spread, {"A": yes_value})
    moved = portfolio.flow_by_shard()
    assert {shard: cash for shard, cash in moved.items() if cash} == {shard: c for shard, c in expected.items() if c}
    assert portfolio.flow() == sum(expected.values())
    # The net form needs no order at all: each pair, whoever made it, has given a dollar back.
    rest = [fill for fill in spread if fill.ticker == "B"]
    by_sides = 0
    for subaccount in (0, 1):
        mine = [fill for fill in rest if fill.subaccount == subaccount]
        bought, sold = (sum(fill.size for fill in mine if fill.side == side) for side in ("bid", "ask"))
        by_sides += 10_000 * min(bought, sold) - sum(
            (fill.price if fill.side == "bid" else 10_000 - fill.price) * fill.size + fill.fee for fill in mine
        )
    assert sum(position.cash for (ticker, _), position in portfolio.positions().items() if ticker == "B") == by_sides


Told = tuple[str, Fill]
Begun = list[tuple[Size, Money]]


def told_and_right(fills: list[Fill], fates: list[str]) -> tuple[list[Told], list[Fill]]:
    """Return all that is told of fills with their fates, and the fills that count in the end."""
    told: list[Told] = [("add", fill) for fill in fills]
    right: list[Fill] = []
    for fill, fate in zip(fills, fates, strict=False):
        better = replace(fill, price=Price(10_000 - fill.price), fee=Money(fill.fee + 1), ts_ms=6 - fill.ts_ms)
        if fate != "stays":
            told.append((fate, better))
        if fate != "withdraw":
            right.append(better if fate == "correct" else fill)
    return told, right


def portfolio_of(told: list[Told], early: Begun, late: Begun) -> Portfolio:
    portfolio = Portfolio()
    for size, cost in early:
        portfolio.begin_with("A", size, cost)
    for what, fill in told:
        if what == "withdraw":
            portfolio.withdraw(fill.trade_id, fill.order_id)
        else:
            (portfolio.correct if what == "correct" else portfolio.add)(fill)
    for size, cost in late:
        portfolio.begin_with("A", size, cost)
    return portfolio


@steady
@given(
    fills=fill_lists,
    fates=st.lists(st.sampled_from(["stays", "stays", "correct", "withdraw"]), min_size=12, max_size=12),
    begun=st.lists(st.tuples(st.integers(-500, 500), st.integers(0, 10**6)), max_size=3),
    seed=st.integers(),
)
def test_corrections_withdrawals_and_beginnings_come_to_the_same_whenever_they_are_told(
    fills: list[Fill], fates: list[str], begun: list[tuple[int, int]], seed: int
) -> None:
    random = Random(seed)
    told, right = told_and_right(fills, fates)
    told += random.choices(told, k=8) if told else []
    random.shuffle(told)
    told.sort(key=lambda entry: entry[0] == "withdraw")  # what is told after it was withdrawn counts again
    held = [(Size(size), Money(cost if size else 0)) for size, cost in begun]
    portfolio = portfolio_of(told, held[:1], held[1:])
    plain = portfolio_of([("add", fill) for fill in right], held[::-1], [])
    for _ in range(2):  # before and after a settlement
        assert portfolio.positions() == plain.positions()
        assert portfolio.flow_by_shard() == plain.flow_by_shard()
        assert portfolio.fills_of("A", 1) == plain.fills_of("A", 1)
        portfolio.settle("A", "yes")
        plain.settle("A", "yes")


@steady
@given(fills=fill_lists, cut=st.integers(0, 12))
def test_a_portfolio_begun_with_what_is_held_goes_on_as_the_one_that_saw_all(fills: list[Fill], cut: int) -> None:
    ordered = sorted(fills, key=lambda fill: (fill.ts_ms, fill.trade_id))
    before, whole, after = Portfolio(), Portfolio(), Portfolio()
    for fill in ordered[:cut]:
        before.add(fill)
    for (ticker, subaccount), position in before.positions().items():
        after.begin_with(ticker, position.size, position.cost, subaccount)
    for fill in ordered[cut:]:
        after.add(fill)
    for fill in ordered:
        whole.add(fill)
    for key, position in whole.positions().items():
        assert (position.size, position.cost) == (after.position(*key).size, after.position(*key).cost)
        assert position.realised == before.position(*key).realised + after.position(*key).realised
    assert whole.flow() == before.flow() + after.flow()
