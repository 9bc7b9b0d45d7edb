"""A guard whose removal no drill notices is unproven: each is taken away in turn, and a drill must turn red."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kalshi_tui.cli.drills import world
from kalshi_tui.cli.drills.running import play, rehearse
from kalshi_tui.cli.drills.table import DRILLS
from kalshi_tui.cli.drills.trials import Trial
from kalshi_tui.core.book import Book
from kalshi_tui.engine.backoff import Reconnects
from kalshi_tui.engine.pictures import Pictures, Sight
from kalshi_tui.link.server import Server
from kalshi_tui.protocol import depth
from kalshi_tui.protocol.depth import Depth
from kalshi_tui.protocol.health import Health
from kalshi_tui.protocol.stream import Stream
from kalshi_tui.protocol.subscriptions import Arrival, Subscription
from kalshi_tui.protocol.tracked import TrackedBook

SEEDS = range(1, 7)  # a fault may strike where it does no harm


def played(fault: str) -> Trial:
    """Return the first trial of a drill that found something, or the last."""
    trial = rehearse(fault, SEEDS[0])
    for seed in SEEDS[1:]:
        if trial.problems:
            break
        trial = rehearse(fault, seed)
    return trial


def test_without_the_sequence_check_a_lost_frame_makes_a_wrong_book_live(monkeypatch: pytest.MonkeyPatch) -> None:
    def believe(self: Subscription, message: Any) -> Arrival:
        self.last = message
        return Arrival.NEXT

    monkeypatch.setattr(Subscription, "arrive", believe)
    assert played("F36").wrong


def test_without_the_crossing_watch_an_invented_bid_stays_in_a_live_book(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Depth, "_doubt_crossing", lambda *_: None)
    assert played("F43").problems


def test_if_crossed_books_were_shown_as_live_they_would_be_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def sight(self: Pictures, ticker: str, _: str) -> Sight | None:
        tracked = self.books.get(ticker)
        return None if tracked is None else Sight(tracked.book, tracked.state, tracked.reason, tracked.clock)

    monkeypatch.setattr(Pictures, "sight", sight)
    assert played("F43").wrong


def test_without_the_watch_over_pings_a_half_open_connection_stays_live(monkeypatch: pytest.MonkeyPatch) -> None:
    def deaf(self: Health, now_ms: int) -> str:
        del now_ms
        return "not connected" if self._ping_ms is None else ""

    monkeypatch.setattr(Health, "_reason", deaf)
    assert played("F34").late


def test_without_the_watch_over_delays_books_are_live_that_are_seconds_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Health, "_excess_ms", lambda _: 0)
    assert played("F44").late


def test_if_levels_could_fall_below_zero_books_would_be_wrong_and_live(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgive(side: str) -> Any:
        change = getattr(Book, f"change_{side}")

        def changed(self: Book, price: Any, by: Any) -> None:
            levels = self.bids if side == "bid" else self.asks
            change(self, price, max(by, -levels.get(price, 0)))

        return changed

    for side in ("bid", "ask"):
        monkeypatch.setattr(Book, f"change_{side}", forgive(side))
    assert played("F42").wrong


# Three guards stand against an answer that comes too late to be true: it answers an older question, it lacks changes
# that were told before it, and it says itself how old it is. Each alone suffices; without all of them books are wrong.

LATE_ANSWERS = """
[[rule]]
at = "frame"
action = "drop"
type = "orderbook_delta"
every = 40
between_s = [2, 600]

[[rule]]
at = "frame"
action = "delay"
type = "orderbook_snapshot"
every = 5
between_s = [2, 600]
delay_ms = 3000
"""
LATE_SEEDS = (1, 2, 5)


def believe_any_question(monkeypatch: pytest.MonkeyPatch) -> None:
    may_take, arrived = Depth._may_take, Depth._arrived

    def believe(self: Depth, message: Any, tracked: TrackedBook | None, now_ms: int) -> bool:
        def come(*arguments: Any) -> Arrival:
            found = arrived(self, *arguments)
            if tracked is not None and message.id is not None:
                tracked.asked = message.id
            return found

        self._arrived = come  # type: ignore[method-assign, assignment]
        try:
            return may_take(self, message, tracked, now_ms)
        finally:
            del self._arrived

    monkeypatch.setattr(Depth, "_may_take", believe)


def believe_any_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TrackedBook, "told_clock", 0)


def believe_any_age(monkeypatch: pytest.MonkeyPatch) -> None:
    def take(self: Stream, message: Any, now_ms: int) -> Any:
        if message.sid != self._book_subscription.sid:
            return self._roster.hold(message, now_ms)
        return self._depth.snapshot(message, now_ms)

    monkeypatch.setattr(Stream, "_snapshot", take)


REMOVALS = {"question": believe_any_question, "clock": believe_any_clock, "age": believe_any_age}


@pytest.mark.parametrize("kept", ["none", *REMOVALS])
def test_one_guard_against_late_answers_suffices_and_none_does_not(
    kept: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "late-answers.toml"
    file.write_text(LATE_ANSWERS)
    drill = replace(DRILLS["F40"], scenario=str(file), counts=())
    for guard, remove in REMOVALS.items():
        if guard != kept:
            remove(monkeypatch)
    trials = [play(drill, seed) for seed in LATE_SEEDS]
    if kept == "none":
        assert any(trial.late for trial in trials)
    else:
        assert [trial.problems for trial in trials] == [()] * len(LATE_SEEDS)


def test_if_snapshots_could_lack_changes_told_before_them_books_would_be_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TrackedBook, "told_clock", 0)
    assert played("F40").wrong


def test_if_levels_could_stand_off_the_grid_books_would_be_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depth, "check_tick", lambda *_: None)
    assert played("F49").wrong


def test_without_patience_the_connects_of_a_storm_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reconnects, "pause_s", lambda *_: 0.0)
    assert any("connects within" in problem for problem in rehearse("F35", 1).problems)


def test_without_a_bound_a_reader_that_does_not_read_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "_has_room", lambda *_: True)
    assert any("bytes waited" in problem for problem in rehearse("F45", 1).problems)


def test_without_a_largest_size_a_huge_message_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "MAX_MESSAGE", 1 << 30)
    assert any("refused for their size" in problem for problem in rehearse("F46", 1).problems)


def test_an_engine_that_raises_is_reported_and_not_mistaken_for_a_quiet_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(*_: Any) -> None:
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr(Depth, "damaged", fall)
    assert any("ZeroDivisionError" in problem for problem in rehearse("F47", 1).problems)
