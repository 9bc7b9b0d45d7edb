"""A cancel and fills race: whatever comes first, what was filled is held, and nothing counts as gone before it is."""

from __future__ import annotations

from itertools import permutations
from typing import Final

import pytest
from msgspec.structs import replace

from kalshi_tui.core.units import Size
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.ledger import Ledger
from tests.engine.test_ledger_told import INTENDED, RESTING, fill, told

SIZE: Final = 200
ASKED: Final = entries.CancelAsked(4, 1, "a person asked for it")
# What was filled before the venue had the cancel, in one trade or in two.
FILLED: Final = ((), (50,), (50, 70), (200,), (120, 80))


def words_of_the_venue(sizes: tuple[int, ...]) -> list[entries.Entry]:
    """Return all that the venue tells of an order of which so much was filled before its cancel came."""
    filled = sum(sizes)
    is_whole = filled == SIZE
    answer = entries.CancelAnswered(
        5, 1, "gone" if is_whole else "canceled", None if is_whole else Size(SIZE - filled), "", ts_ms=6
    )
    status = "executed" if is_whole else "canceled"
    end = told(status=status, filled=Size(filled), remaining=Size(0), updated_ms=6)
    fills = [replace(fill(size), trade_id=f"trade-{number}") for number, size in enumerate(sizes)]
    return [answer, end, *fills]


@pytest.mark.parametrize("sizes", FILLED, ids=str)
def test_a_cancel_that_races_with_fills_leaves_exactly_what_was_filled(sizes: tuple[int, ...]) -> None:
    filled = sum(sizes)
    for way in permutations([ASKED, *words_of_the_venue(sizes)]):
        ledger = Ledger()
        ledger.apply(INTENDED)
        ledger.apply(entries.Sending(1, 1))
        ledger.apply(RESTING)
        order = ledger.orders[1]
        for entry in way:
            ledger.apply(entry)
            assert order.filled + order.open_size >= filled, f"{entry} has hidden what may have been filled"
            if not any(
                isinstance(one, entries.CancelAnswered | entries.OrderTold) for one in way[: way.index(entry) + 1]
            ):
                assert order.is_working or order.filled == SIZE, "to ask for a cancel ends nothing"
        assert (order.state, order.filled, order.open_size) == ("filled" if filled == SIZE else "canceled", filled, 0)
        position = ledger.portfolio.positions().get((order.ticker, 0))
        assert (position.size if position is not None else 0) == -filled  # it sells
        assert ledger.troubles == []


@pytest.mark.parametrize("sizes", [(), (50,), (50, 70)], ids=str)
def test_a_cancel_without_an_answer_counts_in_full_until_the_venue_says_what_became_of_it(
    sizes: tuple[int, ...],
) -> None:
    answer, end, *fills = words_of_the_venue(sizes)
    assert isinstance(answer, entries.CancelAnswered)
    ledger = Ledger()
    lost = replace(answer, outcome="no answer", reduced_by=None)
    for entry in (INTENDED, entries.Sending(1, 1), RESTING, ASKED, lost, *fills):
        ledger.apply(entry)
    order = ledger.orders[1]
    assert (order.state, order.filled + order.open_size) == ("canceling", SIZE)
    ledger.apply(end)
    assert (order.state, order.filled, order.open_size) == ("canceled", sum(sizes), 0)
