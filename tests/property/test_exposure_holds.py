"""Exposure against brute force: every way to fill what works, unit by unit, and every end of the market."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import ceil

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kalshi_tui.core.exposure import Working, adds_risk, cash_needed, event_worst, worst_loss, worst_size
from kalshi_tui.core.orders import Fill
from kalshi_tui.core.positions import Position
from kalshi_tui.core.units import Money, Price, Size

steady = settings(derandomize=True, max_examples=300, database=None, deadline=None)
ONE = 10_000

prices = st.one_of(st.integers(0, ONE), st.sampled_from([0, 1, 100, 4_000, 5_000, 6_000, 9_999, ONE])).map(Price)


def orders(*, fees: st.SearchStrategy[int], sizes: int = 2) -> st.SearchStrategy[Working]:
    return st.builds(
        Working, side=st.sampled_from(["bid", "ask"]), price=prices, size=st.integers(0, sizes).map(Size),
        fee=fees.map(Money),
    )  # fmt: skip


def holdings(most: int) -> st.SearchStrategy[Position]:
    return st.tuples(st.integers(-most, most), prices).map(
        lambda drawn: Position("T", Size(drawn[0]), Money(abs(drawn[0]) * drawn[1]))
    )


free = orders(fees=st.just(0))
small_fees = st.integers(0, 3_000)
charged = orders(fees=small_fees)
books = st.lists(charged, max_size=3)
# A fee that is the same for each contract has shares that need no rounding.
even = st.builds(
    lambda order, each: replace(order, fee=Money(order.size * each)),
    orders(fees=st.just(0), sizes=2_000),
    st.one_of(st.just(0), st.integers(0, 700), st.just(ONE)),
)
big = st.tuples(holdings(2_000), st.lists(even, max_size=4))


@dataclass(frozen=True)
class World:
    """Contracts of one side, what they cost with their fees, and the losses that were realised on the way."""

    held: int
    cost: Fraction
    fees_inside: Fraction = Fraction(0)
    lost: Fraction = Fraction(0)

    def filled(self, order: Working) -> World:
        """Fill one unit: a gain is forgotten, a loss is not."""
        step = 1 if order.side == "bid" else -1
        price = Fraction(order.price if step > 0 else ONE - order.price)
        fee = Fraction(order.fee, order.size)
        if self.held * step >= 0:
            return replace(
                self, held=self.held + step, cost=self.cost + price + fee, fees_inside=self.fees_inside + fee
            )
        share = Fraction(1, abs(self.held))
        loss = max(self.cost * share - (ONE - price - fee), Fraction(0))
        return World(self.held + step, self.cost * (1 - share), self.fees_inside * (1 - share), self.lost + loss)

    def loss(self) -> Fraction:
        """Return the worst of YES, NO and void; a winner that cost more than a dollar has lost, too."""
        beyond = max(self.cost - ONE * abs(self.held), Fraction(0))
        return self.lost + max(self.cost if self.held else Fraction(0), beyond, self.fees_inside)


def all_worlds(world: World, working: Sequence[Working], left: tuple[int, ...]) -> Iterator[World]:
    """Yield what every order of filling comes to, at each of its steps."""
    yield world
    for index, order in enumerate(working):
        if left[index]:
            rest = (*left[:index], left[index] - 1, *left[index + 1 :])
            yield from all_worlds(world.filled(order), working, rest)


def worst_by_paths(holding: Position, working: Sequence[Working]) -> int:
    start = World(holding.size, Fraction(holding.cost))
    return ceil(max(world.loss() for world in all_worlds(start, working, tuple(order.size for order in working))))


def loss_by_outcome(holding: Position, working: Sequence[Working], filled: Sequence[int], yes_value: int) -> Fraction:
    """Return what is lost from now on if so much of each order fills, every gain set against every loss."""
    worth = Fraction(holding.size * yes_value if holding.size >= 0 else -holding.size * (ONE - yes_value))
    gain = worth - holding.cost
    for order, size in zip(working, filled, strict=True):
        edge = yes_value - order.price if order.side == "bid" else order.price - yes_value
        gain += edge * size - (Fraction(order.fee * size, order.size) if size else 0)
    return -gain


def fillings(working: Sequence[Working]) -> Iterator[tuple[int, ...]]:
    return product(*(range(order.size + 1) for order in working))


def do_not_cross(working: Sequence[Working]) -> bool:
    """Return whether no two of the orders could lose by filling one another's contracts, fees counted."""
    bids, asks = ([order for order in working if order.side == side and order.size] for side in ("bid", "ask"))
    return all(
        Fraction(bid.opens_for, bid.size) + Fraction(ask.opens_for, ask.size) <= ONE for bid in bids for ask in asks
    )


@steady
@given(holding=holdings(4), working=st.lists(free, max_size=3))
def test_without_fees_the_worst_loss_is_that_of_the_worst_order_of_filling(
    holding: Position, working: list[Working]
) -> None:
    assume(do_not_cross(working))
    assert worst_loss(holding, working) == worst_by_paths(holding, working)


@steady
@given(holding=holdings(4), working=books, side=st.sampled_from(["bid", "ask"]))
def test_with_fees_the_worst_loss_of_one_side_is_that_of_the_worst_order_of_filling(
    holding: Position, working: list[Working], side: str
) -> None:
    one_side = [order for order in working if order.side == side]
    assume(all(order.opens_for <= ONE * order.size for order in one_side))
    assert worst_loss(holding, one_side) == worst_by_paths(holding, one_side)


@steady
@given(holding=holdings(4), working=books)
def test_no_order_of_filling_and_no_end_loses_more_than_the_worst_loss(
    holding: Position, working: list[Working]
) -> None:
    worst = worst_loss(holding, working)
    assert 0 <= worst_by_paths(holding, working) <= worst
    for filled, yes_value in product(fillings(working), (0, 1, 3_300, ONE)):
        assert loss_by_outcome(holding, working, filled, yes_value) <= worst


@steady
@given(holding=holdings(4), working=books)
def test_the_worst_size_is_that_of_the_worst_subset(holding: Position, working: list[Working]) -> None:
    sizes = [
        holding.size + sum(n if order.side == "bid" else -n for order, n in zip(working, filled, strict=True))
        for filled in fillings(working)
    ]
    assert worst_size(holding, working) == max(map(abs, sizes))


@steady
@given(holding=holdings(4), working=books, order=charged)
def test_what_adds_no_risk_can_only_reduce_and_raises_no_worst_loss(
    holding: Position, working: list[Working], order: Working
) -> None:
    assume(order.size)
    direction = 1 if order.side == "bid" else -1
    same_side = [*(other for other in working if other.side == order.side), order]
    ends = [holding.size + direction * sum(filled) for filled in fillings(same_side)]
    only_reduces = all(end * holding.size >= 0 and abs(end) <= abs(holding.size) for end in ends)
    assert adds_risk(holding, working, order) is not only_reduces
    if only_reduces and order.opens_for <= ONE * order.size and do_not_cross([*working, order]):
        assert worst_loss(holding, [*working, order]) == worst_loss(holding, working)


@steady
@given(held=big, order=even, more=st.integers(0, 500))
def test_one_more_order_and_a_greater_one_never_lower_what_is_counted(
    held: tuple[Position, list[Working]], order: Working, more: int
) -> None:
    holding, working = held
    greater = order.left(Size(order.size + more))
    for measure in (worst_loss, worst_size, cash_needed):
        before, with_it = measure(holding, working), measure(holding, [*working, order])
        assert before <= with_it <= measure(holding, [*working, greater])
    others = [(holding, working), (Position("U", Size(3), Money(12_000)), [])]
    for exclusive in (True, False):
        before = event_worst(others, mutually_exclusive=exclusive)
        with_it = event_worst([(holding, [*working, order]), others[1]], mutually_exclusive=exclusive)
        assert before <= with_it


def after_fill(
    holding: Position, working: Sequence[Working], index: int, part: int, better: int
) -> tuple[Position, list[Working]]:
    """Fill a part of one order, at its limit or better, as the venue would tell it."""
    order = working[index]
    size = min(part, order.size)
    price = max(order.price - better, 0) if order.side == "bid" else min(order.price + better, ONE)
    rest = [*working[:index], order.left(Size(order.size - size)), *working[index + 1 :]]
    if not size:
        return holding, rest
    fill = Fill(
        trade_id="t", order_id="o", ticker=holding.ticker, side=order.side, price=Price(price), size=Size(size),
        is_taker=True, fee=Money(0), ts_ms=0,
    )  # fmt: skip
    return holding.with_fill(fill), rest


steps = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 1_500), st.sampled_from([0, 0, 0, 1, 500])), max_size=6)


@settings(steady, max_examples=500)
@given(held=big, told=steps)
def test_whatever_fills_in_parts_and_in_any_order_no_allowed_exposure_is_exceeded(
    held: tuple[Position, list[Working]], told: list[tuple[int, int, int]]
) -> None:
    holding, working = held
    loss, size = worst_loss(holding, working), worst_size(holding, working)
    for index, part, better in told:
        if index < len(working):
            holding, working = after_fill(holding, working, index, part, better)
            assert worst_loss(holding, working) <= loss
            assert worst_size(holding, working) <= size


@settings(steady, max_examples=300)
@given(
    markets=st.lists(big, min_size=1, max_size=4),
    told=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 1_500)), max_size=6),
)
def test_no_allowed_exposure_of_an_event_is_exceeded_by_fills(
    markets: list[tuple[Position, list[Working]]], told: list[tuple[int, int, int]]
) -> None:
    allowed = {exclusive: event_worst(markets, mutually_exclusive=exclusive) for exclusive in (True, False)}
    assert allowed[True] <= allowed[False]
    assert allowed[False] == sum(worst_loss(*market) for market in markets)
    for number, index, part in told:
        if number < len(markets) and index < len(markets[number][1]):
            markets[number] = after_fill(*markets[number], index, part, 0)
            for exclusive, most in allowed.items():
                assert event_worst(markets, mutually_exclusive=exclusive) <= most


@steady
@given(markets=st.lists(st.tuples(holdings(3), st.lists(charged, max_size=2)), min_size=1, max_size=3))
def test_no_end_of_an_event_with_one_winner_or_none_loses_more_than_its_worst(
    markets: list[tuple[Position, list[Working]]],
) -> None:
    worst = event_worst(markets, mutually_exclusive=True)
    for winner in range(len(markets) + 1):
        # In each market the adversary fills what is worst for this end.
        lost = sum(
            max(
                loss_by_outcome(holding, working, filled, ONE if number == winner else 0)
                for filled in fillings(working)
            )
            for number, (holding, working) in enumerate(markets)
        )
        assert lost <= worst


@steady
@given(holding=holdings(4), working=books)
def test_no_way_of_filling_takes_more_cash_than_is_set_aside(holding: Position, working: list[Working]) -> None:
    def least(held: int, cash: Fraction, left: tuple[int, ...]) -> Fraction:
        low = cash
        for index, order in enumerate(working):
            if left[index]:
                step = 1 if order.side == "bid" else -1
                price = order.price if step > 0 else ONE - order.price
                back = ONE if held * step < 0 else 0
                rest = (*left[:index], left[index] - 1, *left[index + 1 :])
                low = min(low, least(held + step, cash - price + back - Fraction(order.fee, order.size), rest))
        return low

    assert -least(holding.size, Fraction(0), tuple(order.size for order in working)) <= cash_needed(holding, working)
