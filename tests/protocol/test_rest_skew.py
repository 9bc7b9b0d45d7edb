"""The venue's clock is known only as far as its replies prove it."""

from __future__ import annotations

import random

import pytest

from kalshi_tui.protocol.rest.skew import Skew, http_date_ms


def test_a_clock_that_agrees_is_left_alone() -> None:
    skew = Skew()
    skew.saw_date("Thu, 11 Jun 2026 06:29:30 GMT", 1_781_159_370_100, 1_781_159_370_160)
    assert skew.offset_ms == 0


@pytest.mark.parametrize("true_offset", [-30_000, -1_500, 1_500, 5_000, 3_600_000])
def test_many_coarse_dates_find_the_offset_without_ever_going_beyond_it(true_offset: int) -> None:
    skew, chance = Skew(), random.Random(1)
    now = 1_781_159_370_000
    for _ in range(200):
        now += chance.randrange(50, 5_000)
        sent, trip = now, chance.randrange(2, 80)
        venue = sent + trip // 2 + true_offset
        skew.saw(venue // 1000 * 1000, sent, sent + trip, grain_ms=1000)
        assert abs(skew.offset_ms) <= abs(true_offset)
    assert abs(skew.offset_ms - true_offset) < 200


def test_an_exact_time_of_the_engine_narrows_to_the_round_trip() -> None:
    skew = Skew()
    skew.saw(10_000 + 25, 5_000, 5_050)
    assert 4_975 <= skew.offset_ms <= 5_025


def in_step() -> Skew:
    skew = Skew()
    assert not skew.is_known
    for at in range(0, 10_000, 1_000):
        skew.saw(at + 10, at, at + 20)
    assert (skew.offset_ms, skew.is_known) == (0, True)
    return skew


def test_a_clock_that_jumps_is_followed_when_a_second_reply_says_the_same() -> None:
    skew = in_step()
    skew.saw(20_000 + 60_000, 20_000, 20_020)
    assert skew.offset_ms == 0
    skew.saw(21_000 + 60_000, 21_000, 21_020)
    assert skew.offset_ms == pytest.approx(60_000, abs=20)


def test_one_reply_with_a_wrong_time_among_right_ones_changes_nothing() -> None:
    skew = in_step()
    for at in range(20_000, 26_000, 2_000):
        skew.saw(at + 90_000_000 + at * 7, at, at + 20)
        skew.saw(at + 1_010, at + 1_000, at + 1_020)
        assert skew.offset_ms == 0


def test_the_time_of_a_venue_that_has_refused_us_for_ours_is_believed_at_once() -> None:
    skew = in_step()
    skew.saw(20_000 + 60_000, 20_000, 20_020, is_sure=True)
    assert skew.offset_ms == pytest.approx(60_000, abs=20)


@pytest.mark.parametrize("venue_ms", [-1, 0, 253_402_300_800_000, 10**30])
def test_a_time_that_no_calendar_has_teaches_nothing(venue_ms: int) -> None:
    skew = Skew()
    skew.saw(venue_ms, 1_781_159_370_000, 1_781_159_370_050)
    assert skew.offset_ms == 0


def test_an_answer_that_came_before_its_question_teaches_nothing() -> None:
    skew = Skew()
    skew.saw(50_000, 2_000, 1_000)
    assert skew.offset_ms == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "Thu, 11 Jun 2026 06:29:30 CET",
        "Thu, 99 Jun 2026 06:29:30 GMT",
        "Thu, 11 Foo 2026 06:29:30 GMT",
    ],
)
def test_a_date_that_cannot_be_read_teaches_nothing(text: str) -> None:
    assert http_date_ms(text) is None
    skew = Skew()
    skew.saw_date(text, 0, 10)
    assert skew.offset_ms == 0


def test_a_date_is_read() -> None:
    assert http_date_ms("Thu, 11 Jun 2026 06:29:30 GMT") == 1_781_159_370_000
