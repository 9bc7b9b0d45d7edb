"""A price grid is its bands: what they hold may be ordered, and bands that make no sense are refused."""

from __future__ import annotations

from itertools import pairwise

import pytest

from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.units import Price, parse_price
from kalshi_tui.errors import ValueRefused


def grid(*bands: tuple[str, str, str]) -> PriceGrid:
    """Build a grid from dollar strings."""
    return PriceGrid.from_bands(
        [(parse_price(start), parse_price(end), parse_price(step)) for start, end, step in bands]
    )


CENT = grid(("0.0000", "1.0000", "0.0100"))
TAPERED = grid(("0", "0.10", "0.001"), ("0.10", "0.90", "0.01"), ("0.90", "1", "0.001"))
COMBO = grid(("0", "0.01", "0.0001"), ("0.01", "0.99", "0.001"), ("0.99", "1", "0.0001"))


def test_a_cent_grid_takes_the_ninety_nine_whole_cents_inside_zero_to_one() -> None:
    assert [price for price in range(-1, 10_002) if CENT.allows(price)] == list(range(100, 10_000, 100))


def test_a_tapered_grid_is_fine_at_both_ends_and_coarse_between() -> None:
    expected = {*range(10, 1_001, 10), *range(1_000, 9_001, 100), *range(9_000, 10_000, 10)}
    assert {price for price in range(10_001) if TAPERED.allows(price)} == expected
    assert len({price for price in range(10_001) if COMBO.allows(price)}) == 99 + 981 + 99


@pytest.mark.parametrize("each", [CENT, TAPERED, COMBO, grid(("0", "1", "0.005")), grid(("0", "1", "0.0001"))])
def test_whole_cents_are_on_every_grid_and_zero_and_one_on_none(each: PriceGrid) -> None:
    assert all(each.allows(cents * 100) for cents in range(1, 100))
    assert not each.allows(0)
    assert not each.allows(10_000)


def test_where_two_bands_meet_the_price_is_good_and_each_side_has_its_own_step() -> None:
    assert TAPERED.allows(1_000)
    assert (TAPERED.step_down(Price(1_000)), TAPERED.step_up(Price(1_000))) == (990, 1_100)
    assert (TAPERED.step_down(Price(9_000)), TAPERED.step_up(Price(9_000))) == (8_900, 9_010)


@pytest.mark.parametrize(
    ("price", "down", "up"),
    [(995, 990, 1_000), (1_000, 1_000, 1_000), (1_001, 1_000, 1_100), (1_099, 1_000, 1_100), (8_999, 8_900, 9_000)],
)
def test_a_buyers_limit_is_rounded_down_and_a_sellers_up(price: int, down: int, up: int) -> None:
    assert TAPERED.floor(price) == down
    assert TAPERED.ceil(price) == up


def test_rounding_from_beyond_the_grid_comes_back_to_it_only_from_the_safe_side() -> None:
    assert TAPERED.floor(10_000) == 9_990
    assert TAPERED.ceil(0) == 10
    with pytest.raises(ValueRefused) as low:
        TAPERED.floor(9)
    assert "0.0010" in low.value.hint
    with pytest.raises(ValueRefused) as high:
        TAPERED.ceil(9_991)
    assert "0.9990" in high.value.hint


def test_steps_end_at_the_last_price_inside_zero_to_one() -> None:
    assert CENT.step_up(Price(9_900)) is None
    assert CENT.step_down(Price(100)) is None
    assert CENT.step_up(Price(0)) == 100
    assert CENT.step_down(Price(10_000)) == 9_900
    assert CENT.step_up(Price(150)) == 200
    assert CENT.step_down(Price(150)) == 100


def test_bands_may_come_in_any_order() -> None:
    assert grid(("0.90", "1", "0.001"), ("0", "0.10", "0.001"), ("0.10", "0.90", "0.01")) == TAPERED
    assert all(lower.end == upper.start for lower, upper in pairwise(TAPERED.bands))


@pytest.mark.parametrize(
    ("bands", "fault"),
    [
        ([], "1 to 64 bands"),
        ([(0, 4_000, 100), (5_000, 10_000, 100)], "leave a gap"),
        ([(0, 5_000, 100), (4_000, 10_000, 100)], "overlap"),
        ([(0, 10_000, 100), (0, 10_000, 100)], "overlap"),
        ([(0, 10_000, 0)], "whole steps"),
        ([(0, 10_000, -100)], "whole steps"),
        ([(0, 10_000, 300)], "whole steps"),
        ([(5_000, 5_000, 100)], "whole steps"),
        ([(6_000, 5_000, 100)], "whole steps"),
        ([(-100, 10_000, 100)], "whole steps"),
        ([(0, 10_100, 100)], "whole steps"),
        ([(0, 10_000, 10_000)], "hold no price"),
        ([(step * 100, step * 100 + 100, 1) for step in range(65)], "1 to 64 bands"),
    ],
)
def test_bands_that_make_no_grid_are_refused_with_a_hint(bands: list[tuple[int, int, int]], fault: str) -> None:
    with pytest.raises(ValueRefused, match=fault) as refused:
        PriceGrid.from_bands([(Price(start), Price(end), Price(step)) for start, end, step in bands])
    assert "price_ranges" in refused.value.hint


def test_a_grid_that_covers_only_a_part_of_the_prices_takes_only_that_part() -> None:
    part = grid(("0.20", "0.30", "0.05"))
    assert [price for price in range(10_001) if part.allows(price)] == [2_000, 2_500, 3_000]
