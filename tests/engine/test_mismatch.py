"""A difference is believed when it stays the same over three looks, far enough apart, with no fill in between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_tui.engine.trading.mismatch import APART_MS, LOOKS, Mismatch

FAR = 4_000


def believed(looks: list[tuple[int, int, int]]) -> list[bool]:
    mismatch = Mismatch()
    return [mismatch.is_seen_again(value, now_ms, fill_ms) for value, now_ms, fill_ms in looks]


def test_the_third_look_is_believed() -> None:
    assert believed([(200, at * FAR, 1) for at in (1, 2, 3, 4)]) == [False, False, True, True]


def test_somebody_who_looks_again_and_again_within_a_second_sees_the_same_page_and_proves_nothing() -> None:
    assert believed([(200, 10_000 + 100 * look, 1) for look in range(10)]) == [False] * 10


@pytest.mark.parametrize(
    "third",
    [(100, 3 * FAR, 1), (200, 3 * FAR, 2 * FAR + 1)],
    ids=["another value", "a fill since the last look"],
)
def test_what_changes_or_is_traded_upon_is_looked_at_from_the_beginning(third: tuple[int, int, int]) -> None:
    fourth = (third[0], 4 * FAR, third[2])
    fifth = (third[0], 5 * FAR, third[2])
    assert believed([(200, FAR, 1), (200, 2 * FAR, 1), third, fourth, fifth]) == [False] * 4 + [True]


@given(st.lists(st.integers(1, 5_000), min_size=1, max_size=40))
def test_what_is_believed_has_stood_for_two_whole_lags(pauses: list[int]) -> None:
    now_ms, mismatch = 0, Mismatch()
    times = [now_ms := now_ms + pause for pause in pauses]
    for at_ms in times:
        if mismatch.is_seen_again(200, at_ms, 0):
            assert at_ms - times[0] >= (LOOKS - 1) * APART_MS
