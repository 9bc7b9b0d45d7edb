"""A book keeps sizes by price on the YES axis, exactly, with both best prices at hand."""

from __future__ import annotations

import hashlib

import pytest

from kalshi_tui.core.book import Book, Level
from kalshi_tui.core.units import Price, Size
from kalshi_tui.errors import ValueRefused


def levels(*pairs: tuple[int, int]) -> list[Level]:
    return [(Price(price), Size(size)) for price, size in pairs]


def book(bids: list[Level], asks: list[Level]) -> Book:
    made = Book("KXA")
    made.replace(bids, asks)
    return made


def test_best_prices_are_the_highest_bid_and_the_lowest_ask() -> None:
    made = book(levels((4400, 20), (4500, 10)), levels((4700, 5), (4600, 1)))
    assert (made.best_bid, made.best_ask) == (4500, 4600)
    assert not made.crossed


def test_an_empty_book_has_no_best_prices() -> None:
    made = Book("KXA")
    assert (made.best_bid, made.best_ask, made.crossed) == (None, None, False)
    assert made.depth("bid", 5) == []


def test_a_change_adds_to_what_rests_at_that_price() -> None:
    made = book(levels((4500, 10)), [])
    made.apply("bid", Price(4500), Size(5))
    made.apply("ask", Price(4600), Size(7))
    assert made.size_at("bid", Price(4500)) == 15
    assert made.size_at("ask", Price(4600)) == 7
    assert made.size_at("ask", Price(4500)) == 0


def test_hundredths_of_contracts_that_sum_to_nothing_leave_no_dust() -> None:
    made = Book("KXA")
    for change in (1, 1, 1, -2, -1):
        made.apply("bid", Price(4500), Size(change))
    assert made.bids == {}
    assert made.best_bid is None


def test_a_change_of_nothing_changes_nothing() -> None:
    made = book(levels((4500, 10)), [])
    made.apply("bid", Price(4500), Size(0))
    made.apply("bid", Price(4400), Size(0))
    assert made.bids == {4500: 10}


@pytest.mark.parametrize(
    ("side", "price", "change"), [("bid", 4500, -11), ("bid", 4400, -1), ("ask", 4600, -6), ("ask", 4700, -1)]
)
def test_no_level_falls_below_zero_and_the_book_stays_as_it_was(side: str, price: int, change: int) -> None:
    made = book(levels((4500, 10)), levels((4600, 5)))
    before = made.digest()
    with pytest.raises(ValueRefused, match="below zero"):
        made.apply("bid" if side == "bid" else "ask", Price(price), Size(change))
    assert made.digest() == before
    assert (made.best_bid, made.best_ask) == (4500, 4600)


@pytest.mark.parametrize("price", [0, 10_000, -1, 10_001])
def test_nothing_rests_at_zero_or_one_dollar_or_beyond(price: int) -> None:
    made = Book("KXA")
    with pytest.raises(ValueRefused):
        made.apply("bid", Price(price), Size(1))
    with pytest.raises(ValueRefused):
        made.replace(levels((price, 1)), [])


@pytest.mark.parametrize("wrong", [levels((4500, 0)), levels((4500, -1)), levels((4500, 1), (4500, 2))])
def test_a_refused_replacement_leaves_the_book_as_it_was(wrong: list[Level]) -> None:
    made = book(levels((4500, 10)), levels((4600, 5)))
    with pytest.raises(ValueRefused):
        made.replace(levels((4400, 1)), wrong)
    assert (made.bids, made.asks) == ({4500: 10}, {4600: 5})


@pytest.mark.parametrize("gap", [1, 10, 100, 300, 1_700])
def test_the_best_price_falls_back_to_the_next_level_on_any_grid(gap: int) -> None:
    made = book(levels((4500, 10), (4500 - gap, 3)), levels((4600, 5), (4600 + gap, 2)))
    made.apply("bid", Price(4500), Size(-10))
    made.apply("ask", Price(4600), Size(-5))
    assert (made.best_bid, made.best_ask) == (4500 - gap, 4600 + gap)


def test_a_finer_level_that_came_later_is_found_when_the_best_one_empties() -> None:
    made = book(levels((4500, 10), (4400, 3)), [])
    made.apply("bid", Price(4497), Size(1))
    made.apply("bid", Price(4500), Size(-10))
    assert made.best_bid == 4497


def test_a_better_price_becomes_the_best_one() -> None:
    made = book(levels((4500, 10)), levels((4700, 5)))
    made.apply("bid", Price(4600), Size(1))
    made.apply("ask", Price(4650), Size(1))
    assert (made.best_bid, made.best_ask) == (4600, 4650)


def test_overlapping_sides_are_crossed_until_they_part_and_each_time_counts() -> None:
    made = book(levels((4500, 10)), levels((4600, 5)))
    made.apply("bid", Price(4600), Size(1))
    assert (made.crossed, made.crossings) == (True, 1)
    made.apply("ask", Price(4600), Size(-5))
    assert (made.crossed, made.crossings) == (False, 1)
    made.apply("ask", Price(4300), Size(5))
    assert (made.crossed, made.crossings) == (True, 2)
    made.apply("ask", Price(4300), Size(-5))
    assert not made.crossed


def test_depth_lists_the_best_levels_first() -> None:
    made = book(levels((4300, 1), (4500, 10), (4400, 20)), levels((4700, 5), (4600, 1)))
    assert made.depth("bid", 2) == [(4500, 10), (4400, 20)]
    assert made.depth("ask", 9) == [(4600, 1), (4700, 5)]


def test_equal_books_have_equal_digests_whatever_way_they_came_about() -> None:
    grown = Book("KXA")
    for price, change in ((4400, 20), (4500, 30), (4500, -20)):
        grown.apply("bid", Price(price), Size(change))
    assert grown.digest() == book(levels((4500, 10), (4400, 20)), []).digest()
    assert grown.digest() == hashlib.sha256(b"4400:20,4500:10;").hexdigest()


def test_bids_and_asks_are_not_interchangeable_in_a_digest() -> None:
    assert book(levels((4500, 10)), []).digest() != book([], levels((4500, 10))).digest()
