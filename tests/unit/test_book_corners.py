"""A book at its corners: changes of nothing, a crossing that ends, and how it and its state are written for people."""

from __future__ import annotations

import pytest

from kalshi_tui.core.book import Book, BookState
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Price, Size
from kalshi_tui.protocol.tracked import TrackedBook
from tests.unit.test_book import book, levels


@pytest.mark.parametrize("side", ["bid", "ask"])
@pytest.mark.parametrize("price", [4_400, 4_500, 4_600, 4_700])
def test_a_change_of_nothing_leaves_every_level_as_it_is(side: Side, price: int) -> None:
    made = book(levels((4_500, 10)), levels((4_600, 5)))
    before = made.digest()
    made.apply(side, Price(price), Size(0))
    assert (made.digest(), made.best_bid, made.best_ask, made.crossed) == (before, 4_500, 4_600, False)


@pytest.mark.parametrize(("side", "price"), [("bid", 4_700), ("ask", 4_400)])
def test_a_crossing_ends_when_the_level_that_crossed_is_empty_and_counts_once(side: Side, price: int) -> None:
    made = book(levels((4_500, 10)), levels((4_600, 5)))
    made.apply(side, Price(price), Size(3))
    assert (made.crossed, made.crossings) == (True, 1)
    made.apply(side, Price(price), Size(-3))
    assert (made.crossed, made.crossings, made.best_bid, made.best_ask) == (False, 1, 4_500, 4_600)


def test_a_book_is_written_with_its_market_both_best_prices_and_how_many_levels() -> None:
    made = book(levels((4_500, 10), (4_400, 1)), levels((4_600, 5)))
    assert repr(made) == "Book('KXA', 4500/4600, 2+1 levels)"
    assert repr(Book("KXB")) == "Book('KXB', None/None, 0+0 levels)"


def test_a_followed_book_is_written_with_its_state_and_why() -> None:
    tracked = TrackedBook("KXA", BookState.RESYNC, "a gap", tells_changes=False)
    tracked.book.apply("bid", Price(4_500), Size(10))
    assert repr(tracked) == "TrackedBook(Book('KXA', 4500/None, 1+0 levels), resync, 'a gap')"
    assert tracked.lane.bids == {4_500: 10}, "its fast lane is the same book"
