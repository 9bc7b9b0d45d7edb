"""Breakers: what is too unusual to deal in waits, says why, and goes on by itself; what is usual never waits."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kalshi_tui.core.book import Book
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.trading.breakers import BURST, FEWEST, HOLD_MS, JUMP, STEP_MS, WIDE, WINDOW_MS, Breakers

TICKER = "KXTEST-A"
SECOND = 1_000


def book(bid: int | None, ask: int | None) -> Book:
    made = Book(TICKER)
    made.replace([] if bid is None else [(Price(bid), Size(100))], [] if ask is None else [(Price(ask), Size(100))])
    return made


class Room:
    """A desk as breakers see it: one market, a clock, and how many messages come."""

    def __init__(self) -> None:
        self.now_ms = 1_781_159_370_000
        self.shown: Book | None = book(4_000, 4_200)
        self.rate = FEWEST
        self.follows = True
        self.told: list[str] = []
        self.compared: list[str] = []
        self.ledger: Any = SimpleNamespace(tickers=lambda: [TICKER] if self.follows else [])
        self.tickets: Any = SimpleNamespace(tickers=list)
        self.comparing: Any = SimpleNamespace(compare_anew=self.compared.append)
        self.kernel: Any = SimpleNamespace(status=SimpleNamespace(frames_per_s=lambda: self.rate))
        desk: Any = self
        self.breakers = Breakers(desk)

    def believed_book(self, ticker: str) -> Book | None:
        assert ticker == TICKER
        return self.shown

    def tell(self, words: str, loudness: str, ticker: str = "") -> None:
        self.told.append(f"{loudness} {ticker or 'all'}: {words}")

    def beat(self, after_ms: int = 50) -> str:
        """Look after a while; return why the market waits."""
        self.now_ms += after_ms
        self.breakers.beat()
        return self.breakers.holds(TICKER)


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.mark.parametrize(
    ("bid", "ask", "words"),
    [
        (None, 4_200, "nobody bids"),
        (4_000, None, "nobody asks"),
        (4_000, 4_000 + WIDE, ""),
        (4_000, 4_100 + WIDE, "the spread is 21 cents"),
    ],
)
def test_a_market_without_a_side_or_with_a_spread_too_wide_waits(
    room: Room, bid: int | None, ask: int | None, words: str
) -> None:
    room.shown = book(bid, ask)
    assert room.beat() == words
    assert room.told == ([f"warning {TICKER}: held back here: {words}"] if words else [])
    assert room.breakers.holds("KXTEST-B") == "", "no other market does"


def test_a_market_goes_on_a_while_after_the_last_unusual_look(room: Room) -> None:
    room.shown = book(4_000, None)
    for _ in range(3):
        room.beat(SECOND)
    room.shown = book(None, 4_000)
    assert room.beat(SECOND) == "nobody bids", "what is said is what was seen last"
    room.shown = book(4_000, 4_200)
    assert room.beat(HOLD_MS - 1) == "nobody bids"
    assert room.breakers.held() == {TICKER: "nobody bids"}
    assert room.beat(1) == ""
    assert room.told[1:] == [f"info {TICKER}: back to normal"]


def test_a_price_that_jumps_waits_and_one_that_drifts_does_not(room: Room) -> None:
    for step in range(10):
        room.shown = book(1_000 + step * JUMP // 2, 1_200 + step * JUMP // 2)
        assert room.beat(WINDOW_MS + 1) == "", "half a jump in each window"
    room.shown = book(9_000, 9_200)
    room.beat(WINDOW_MS + 1)
    room.shown = book(9_000 - JUMP, 9_200 - JUMP)
    assert room.beat(SECOND) == "", "exactly what is allowed"
    room.shown = book(8_900 - JUMP, 9_100 - JUMP)
    assert room.beat(SECOND) == "the price has moved by 16 cents within 2 s"


def test_while_a_book_is_not_believed_nothing_is_remembered_of_its_price(room: Room) -> None:
    room.beat()
    room.shown = None
    assert room.beat() == ""
    room.shown = book(7_000, 7_200)
    assert room.beat() == "", "it is a new beginning, not a jump"


def test_a_market_that_nobody_holds_or_stages_is_forgotten(room: Room) -> None:
    room.beat()
    room.follows = False
    room.beat()
    room.follows, room.shown = True, book(7_000, 7_200)
    assert room.beat() == ""


def learn(room: Room, rate: float, seconds: int = 31) -> None:
    room.rate = rate
    for _ in range(seconds):
        assert room.beat(SECOND) == ""


@pytest.mark.parametrize(
    ("usual", "now", "words"),
    [
        (100.0, 100.0 * BURST, ""),
        (100.0, 100.0 * BURST + 100, "messages come 21 times as often as usual"),
        (100.0, 100.0 / BURST, ""),
        (100.0, 100.0 / BURST - 1, "hardly any messages come"),
        (FEWEST - 1, 10_000.0, ""),
        (FEWEST - 1, 0.0, ""),
    ],
)
def test_everything_waits_while_messages_come_far_more_or_far_less_often_than_they_did(
    room: Room, usual: float, now: float, words: str
) -> None:
    learn(room, usual)
    room.rate = now
    assert room.beat(SECOND) == words
    assert room.breakers.holds("KXTEST-B") == words, "all of them"


def test_a_rate_says_nothing_before_it_was_watched_for_half_a_minute(room: Room) -> None:
    learn(room, 100.0, seconds=30)
    room.rate = 10_000.0
    assert room.beat(SECOND) == ""


def test_what_is_usual_is_what_came_in_the_last_minute(room: Room) -> None:
    learn(room, 100.0, seconds=61)
    learn(room, 1_900.0, seconds=61)
    room.rate = 90.0
    assert room.beat(SECOND) == "hardly any messages come"


@pytest.mark.parametrize(
    ("by_ms", "words"),
    [
        (STEP_MS + 50, "the clock has gone on by 5 s at once"),
        (-3_000, "the clock was set back by 3 s"),
    ],
)
def test_a_clock_that_was_set_holds_everything_and_has_all_compared(room: Room, by_ms: int, words: str) -> None:
    room.breakers.clock_was_set(by_ms)
    assert room.breakers.holds("KXANY") == words
    assert room.compared == [f"comparing with the venue: {words}"]


def test_beats_so_far_apart_that_the_machine_must_have_slept_are_a_clock_that_was_set(room: Room) -> None:
    room.beat()
    assert room.beat(STEP_MS) == ""
    assert room.beat(STEP_MS + 1) == "the clock has gone on by 5 s at once"
    assert len(room.compared) == 1
