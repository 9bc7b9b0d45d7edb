"""The oracle: what the exchange told at which clock, and how long ago it went on."""

from __future__ import annotations

from kalshi_tui.cli.drills.truth import Change, Past, Truth
from kalshi_tui.core.book import BookState, Level
from kalshi_tui.core.units import Price, Size
from kalshi_tui.link.views import LadderView
from tests.practice.stream_kit import START_MS, place, small_exchange

A = "KXT-1-A"
Sides = dict[int, int]


def ladder(clock: int, bids: Sides, asks: Sides, *, more_bids: int = 0) -> LadderView:
    def levels(side: Sides) -> tuple[Level, ...]:
        return tuple((Price(price), Size(size)) for price, size in side.items())

    return LadderView(
        ticker=A,
        state=BookState.LIVE,
        reason="",
        clock=clock,
        revision=1,
        heard_ms=0,
        bids=levels(bids),
        asks=levels(asks),
        bid_levels=len(bids) + more_bids,
        ask_levels=len(asks),
        last_price=None,
        last_size=Size(0),
        last_side=None,
        last_ms=0,
    )


def past() -> Past:
    """Return a book that three actions changed; the second of them changed two levels."""
    told = Past({4_000: 100}, {6_000: 100}, 10, 0)
    told.add(Change(11, 1_000, "bid", 4_100, 50))
    told.add(Change(12, 2_000, "bid", 4_100, -50))
    told.add(Change(12, 2_000, "ask", 5_900, 30))
    told.add(Change(13, 3_000, "ask", 6_000, -100))
    return told


def test_a_ladder_is_right_where_the_book_was_so_at_its_clock() -> None:
    told = past()
    assert told.place_of(ladder(10, {4_000: 100}, {6_000: 100})) == 0
    assert told.place_of(ladder(11, {4_100: 50, 4_000: 100}, {6_000: 100})) == 1
    assert told.place_of(ladder(13, {4_000: 100}, {5_900: 30})) == 4


def test_a_ladder_is_wrong_at_another_clock_than_its_own() -> None:
    told = past()
    assert told.place_of(ladder(11, {4_000: 100}, {6_000: 100})) is None
    assert told.place_of(ladder(12, {4_100: 50, 4_000: 100}, {6_000: 100})) is None
    assert told.place_of(ladder(14, {4_000: 100}, {5_900: 30})) is None


def test_a_ladder_is_wrong_by_one_hundredth_of_a_contract_and_by_one_level() -> None:
    told = past()
    assert told.place_of(ladder(13, {4_000: 101}, {5_900: 30})) is None
    assert told.place_of(ladder(13, {4_000: 100}, {5_900: 30, 6_000: 100})) is None
    assert told.place_of(ladder(13, {}, {5_900: 30})) is None


def test_the_beginning_of_an_action_is_right_but_not_its_end_alone() -> None:
    told = past()
    assert told.place_of(ladder(12, {4_000: 100}, {6_000: 100})) == 2
    assert told.place_of(ladder(12, {4_000: 100}, {5_900: 30, 6_000: 100})) == 3
    assert told.place_of(ladder(12, {4_100: 50, 4_000: 100}, {5_900: 30, 6_000: 100})) is None


def test_ladders_may_be_asked_about_in_any_order() -> None:
    told = past()
    last, first = ladder(13, {4_000: 100}, {5_900: 30}), ladder(10, {4_000: 100}, {6_000: 100})
    assert [told.place_of(view) for view in (last, first, last, first)] == [4, 0, 4, 0]


def test_of_a_deep_book_the_best_levels_and_the_number_of_all_are_compared() -> None:
    told = Past({4_000: 1, 4_100: 2, 4_200: 3}, {}, 5, 0)
    assert told.place_of(ladder(5, {4_200: 3, 4_100: 2}, {}, more_bids=1)) == 0
    assert told.place_of(ladder(5, {4_200: 3, 4_000: 1}, {}, more_bids=1)) is None
    assert told.place_of(ladder(5, {4_200: 3, 4_100: 2}, {}, more_bids=2)) is None


def test_the_book_moved_on_when_its_next_change_came() -> None:
    told = past()
    assert [told.moved_ms(place) for place in range(5)] == [1_000, 2_000, 2_000, 3_000, None]


def test_a_top_counts_from_when_it_came_until_another_came() -> None:
    told = past()
    assert told.had_top((4_100, 6_000, 50, 100), 1_500)
    assert told.had_top((4_100, 6_000, 50, 100), 1_000)
    assert not told.had_top((4_100, 6_000, 50, 100), 2_001)
    assert told.had_top((4_000, 5_900, 100, 30), 60_000)
    assert not told.had_top((4_000, 6_100, 100, 30), 0)


def test_the_records_add_up_to_the_exchanges_own_books() -> None:
    exchange = small_exchange()
    place(exchange, "bid", 4_000, 300)
    truth = Truth(exchange)
    for price, count in ((4_500, 200), (4_600, 100)):
        place(exchange, "bid", price, count)
    place(exchange, "ask", 4_500, 250, user="member-1", tif="immediate_or_cancel")
    assert truth.unsound() == []
    assert truth.of(A).now.top() == (4_500, None, 50, 0)
    assert truth.of(A).place_of(ladder(exchange.markets[A].clock, {4_500: 50, 4_000: 300}, {})) is not None
    assert truth.busiest() == A
    exchange.markets[A].bids[4_000].size += 1
    assert truth.unsound() == [A]


def test_a_book_that_was_never_told_of_is_empty_from_now_on() -> None:
    exchange = small_exchange()
    exchange.advance(START_MS + 5)
    past_of_none = Truth(exchange).of("KXT-1-LATER")
    assert past_of_none.place_of(ladder(0, {}, {})) == 0
    assert past_of_none.had_top((None, None, 0, 0), START_MS)
