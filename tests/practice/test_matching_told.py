"""What is told of an action: in order, under one tick of the clock, each level once, and never a crossed book."""

from __future__ import annotations

import pytest

from kalshi_tui.practice.happenings import BookChanged, Filled, Happening, OrderChanged, PositionChanged, Traded
from tests.practice.pit import Pit, order, refuses


@pytest.fixture
def pit() -> Pit:
    pit = Pit()
    for name in ("ann", "ben", "cat"):
        pit.member(name)
    pit.told.clear()
    return pit


def book_changes(pit: Pit) -> list[tuple[str, int, int, int, str]]:
    told = [one for one in pit.told if isinstance(one, BookChanged)]
    return [(one.side, one.price, one.delta, one.clock, one.client_order_id) for one in told]


def kinds(pit: Pit) -> list[str]:
    return [type(one).__name__ for one in pit.told]


def test_each_action_that_changes_a_book_takes_one_tick_of_the_clock(pit: Pit) -> None:
    pit.ask("ann", 41, 1, client_order_id="a")
    pit.ask("ann", 42, 1, client_order_id="b")
    pit.bid("ben", 42, 3, client_order_id="c")
    assert book_changes(pit) == [
        ("ask", 4_100, 100, 1, "a"),
        ("ask", 4_200, 100, 2, "b"),
        ("ask", 4_100, -100, 3, "c"),
        ("ask", 4_200, -100, 3, "c"),
        ("bid", 4_200, 100, 3, "c"),
    ]
    assert (pit.clock, pit.market.clock) == (3, 3)


def test_what_changes_no_book_takes_no_tick(pit: Pit) -> None:
    pit.bid("ann", 40, 1, time_in_force="immediate_or_cancel")
    with refuses(400, "invalid_price"):
        pit.bid("ann", 40.5, 1)
    assert (pit.clock, kinds(pit)) == (0, ["OrderChanged"])


def test_several_orders_of_one_level_are_told_as_one_change(pit: Pit) -> None:
    for name in ("ann", "cat", "ann"):
        pit.ask(name, 41, 2)
    pit.told.clear()
    pit.bid("ben", 41, 5)
    assert [(side, price, delta) for side, price, delta, _, _ in book_changes(pit)] == [("ask", 4_100, -500)]


def test_an_amendment_at_its_price_is_one_change_and_a_move_is_two(pit: Pit) -> None:
    resting = pit.bid("ann", 40, 5).order
    pit.told.clear()
    pit.change("ann", resting, cents=40, contracts=7)
    pit.change("ann", resting, cents=40, contracts=4)
    pit.change("ann", resting, cents=41, contracts=4)
    assert [(price, delta, clock) for _, price, delta, clock, _ in book_changes(pit)] == [
        (4_000, 200, 2),
        (4_000, -300, 3),
        (4_000, -400, 4),
        (4_100, 400, 4),
    ]


def test_a_match_is_told_as_trade_fills_orders_book_and_positions(pit: Pit) -> None:
    pit.ask("ann", 41, 2)
    pit.told.clear()
    pit.bid("ben", 41, 2)
    assert kinds(pit) == [
        "Traded",
        "Filled",
        "Filled",
        "OrderChanged",
        "OrderChanged",
        "BookChanged",
        "PositionChanged",
        "PositionChanged",
    ]
    filled = [one.fill for one in pit.told if isinstance(one, Filled)]
    traded = next(one.trade for one in pit.told if isinstance(one, Traded))
    assert [(fill.user_id, fill.side, fill.is_taker, fill.position_after) for fill in filled] == [
        ("ben", "bid", True, 200),
        ("ann", "ask", False, -200),
    ]
    assert {fill.trade_id for fill in filled} == {traded.trade_id}
    assert (traded.taker_side, traded.price, traded.count) == ("bid", 4_100, 200)


def test_a_position_is_told_once_an_action(pit: Pit) -> None:
    for cents in (41, 42, 43):
        pit.ask("ann", cents, 1)
    pit.told.clear()
    pit.bid("ben", 43, 3)
    told = [one.position.user_id for one in pit.told if isinstance(one, PositionChanged)]
    assert sorted(told) == ["ann", "ben"]


def test_whoever_listens_sees_the_books_as_the_action_left_them(pit: Pit) -> None:
    seen: list[tuple[int, int]] = []
    pit.listen(lambda _: seen.append((pit.market.best_bid, pit.market.best_ask)))
    pit.ask("ann", 41, 1)
    pit.ask("ann", 42, 1)
    seen.clear()
    pit.bid("ben", 42, 3)
    assert set(seen) == {(4_200, 10_000)}


def test_a_listener_may_act_and_its_action_is_told_afterwards(pit: Pit) -> None:
    def quote_again(happening: Happening) -> None:
        if isinstance(happening, Traded) and happening.trade.price == 4_100:
            pit.create("ann", order("ask", 44, 1))

    pit.ask("ann", 41, 1)
    pit.listen(quote_again)
    later: list[Happening] = []
    pit.listen(later.append)
    pit.told.clear()
    pit.bid("ben", 41, 1)
    assert later == pit.told
    assert [(side, price, clock) for side, price, _, clock, _ in book_changes(pit)] == [
        ("ask", 4_100, 2),
        ("ask", 4_400, 3),
    ]


def test_a_removed_listener_hears_no_more(pit: Pit) -> None:
    heard: list[Happening] = []
    remove = pit.listen(heard.append)
    pit.bid("ann", 40, 1)
    remove()
    pit.bid("ann", 40, 1)
    assert len(heard) == 2


def test_a_failing_listener_costs_those_behind_it_one_happening_and_no_more(pit: Pit) -> None:
    def fail(happening: Happening) -> None:
        if type(happening) is BookChanged:
            raise ConnectionError(happening.side)

    remove = pit.listen(fail)
    heard: list[Happening] = []
    pit.listen(heard.append)
    with pytest.raises(ConnectionError, match="bid"):
        pit.bid("ann", 40, 1)
    remove()
    pit.bid("ann", 41, 1)
    assert [type(one) for one in heard] == [OrderChanged, OrderChanged, BookChanged]


def test_the_private_news_of_the_house_are_not_told(pit: Pit) -> None:
    pit.open_account(cash=0, user_id="house", house=True)
    pit.ask("house", 41, 2)
    pit.bid("house", 40, 2)
    assert set(kinds(pit)) == {"BookChanged"}
    pit.bid("ann", 41, 1)
    private = [one for one in pit.told if isinstance(one, Filled | OrderChanged | PositionChanged)]
    assert len(private) == 3
