"""What a key wishes to do, worked out by hand, and steps that stay on the grid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.units import Price, Size
from kalshi_tui.errors import ValueRefused
from kalshi_tui.tui.drafts import (
    TIMES,
    amend,
    flatten,
    next_time,
    side_at,
    stepped_price,
    stepped_size,
    typed_size,
)
from tests.tui.desk import TAILS, ladder, levels, market
from tests.tui.played import order, position

BOOK = ladder(bids=levels((5600, 100)), asks=levels((6100, 100)))


@pytest.mark.parametrize(
    ("price", "side"),
    [(100, "bid"), (5600, "bid"), (5800, "bid"), (5900, "ask"), (6000, "ask"), (6100, "ask"), (9900, "ask")],
)
def test_the_cursor_does_what_would_rest_at_its_price_and_between_the_two_what_is_nearer(price: int, side: str) -> None:
    assert side_at(BOOK, Price(price)) == side


def test_with_one_side_empty_the_cursor_joins_or_improves_the_other() -> None:
    assert side_at(ladder(asks=()), Price(9900)) == "ask"
    assert side_at(ladder(asks=()), Price(5600)) == "bid"
    assert side_at(ladder(bids=()), Price(5700)) == "bid"
    assert side_at(ladder(bids=()), Price(5800)) == "ask"


def test_nothing_can_be_flattened_where_nothing_is_held_or_nobody_takes_it() -> None:
    with pytest.raises(ValueRefused, match="nothing is held"):
        flatten(position(size=Size(0)), BOOK)
    with pytest.raises(ValueRefused, match="nobody is there"):
        flatten(position(size=Size(100)), ladder(bids=()))


@pytest.mark.parametrize("state", ["sent", "canceling", "filled", "unknown", "rejected"])
def test_only_an_order_that_rests_is_amended(state: str) -> None:
    with pytest.raises(ValueRefused, match="does not rest"):
        amend(order(state=state))


@pytest.mark.parametrize(("size", "by", "then"), [(100, 1, 200), (100, -1, 100), (150, -1, 50), (50, -1, 50)])
def test_a_size_never_steps_to_nothing(size: int, by: int, then: int) -> None:
    assert stepped_size(Size(size), by) == then


@given(st.integers(1, 9_999), st.sampled_from([-1, 1]))
def test_a_stepped_price_is_on_the_grid_and_the_next_one(price: int, by: int) -> None:
    grid = PriceGrid.from_bands(TAILS)
    allowed = [tick for tick in range(1, 10_000) if grid.allows(tick)]
    beyond = [tick for tick in allowed if (tick > price if by > 0 else tick < price)]
    stepped = stepped_price(market(grid=TAILS), Price(price), by)
    assert stepped == ((beyond[0] if by > 0 else beyond[-1]) if beyond else price)


def test_without_the_markets_grid_a_price_is_not_stepped() -> None:
    with pytest.raises(ValueRefused, match="not known yet"):
        stepped_price(None, Price(5600), 1)


@pytest.mark.parametrize(("text", "size"), [("1", 100), ("25", 2500), ("2.5", 250), ("2.", 200), ("0.01", 1)])
def test_digits_stand_for_contracts_and_hundredths(text: str, size: int) -> None:
    assert typed_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "0.", "0.00", ".", "1.234", "1..2"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueRefused):
        typed_size(text)


def test_the_ways_to_stay_go_round() -> None:
    assert [next_time(way) for way in TIMES] == [*TIMES[1:], TIMES[0]]
