"""The status bar says what mode this is and what is not well, in words, at any width."""

from __future__ import annotations

from typing import Any

import pytest

from kalshi_tui.link.views import Lag, StatusView, TapeState
from kalshi_tui.tui.panes.status import LOUD_LINES, Loud, bounds_words, loud_rows, quiet_rows, stream_words
from kalshi_tui.tui.widgets.lines import Row
from tests.tui.desk import NOW_MS, FakeEngine, HandClock, everything, settle, status, terminal

MODES = [
    ("PRACTICE OBSERVE", "practice", "observe", "practice"),
    ("PRACTICE", "practice", "live", "practice"),
    ("DEMO", "demo", "live", "observe"),
    ("OBSERVE", "prod", "observe", "observe"),
    ("PAPER", "prod", "paper", "paper"),
    ("LIVE", "prod", "live", "live"),
]


def text(row: Row) -> str:
    return "".join(cell for cell, _ in row)


def said(width: int = 80, **changes: Any) -> str:
    return " ".join(text(row) for row in quiet_rows(status(**changes), width, ""))


@pytest.mark.parametrize(("word", "environment", "execution", "style"), MODES)
def test_the_mode_is_a_word_at_eighty_columns_and_only_real_money_is_in_the_colour_of_danger(
    word: str, environment: str, execution: str, style: str
) -> None:
    first = quiet_rows(status(mode=word, environment=environment, execution=execution), 80, "")[0]
    assert first[0] == (f" {word} ", style)


def test_everything_is_there_at_eighty_columns() -> None:
    words = said(80)
    for part in ("PRACTICE", "stream open", "books 12/12 live", "heard 0.3 s", "gaps 0", "lag 3 ms", "tape 1.2 MB"):
        assert part in words
    assert "06:29:30 UTC" in words


@pytest.mark.parametrize("width", [1, 5, 20, 40, 79, 80, 160, 200])
def test_both_lines_fill_the_width_exactly(width: int) -> None:
    rows = quiet_rows(status(), width, "")
    assert {len(text(row)) for row in rows if width >= 40} <= {width}
    assert len(rows) == 2


def test_books_that_are_not_live_stand_out() -> None:
    cells = [cell for cell in quiet_rows(status(books=12, books_live=3), 80, "")[1] if "books 3/12 live" in cell[0]]
    assert cells[0][1] == "bar stale"


def test_a_stream_that_is_not_open_is_loud_with_its_reason_and_when_it_is_tried_again() -> None:
    view = status(feed="waiting", feed_reason="connection refused", feed_until_ms=NOW_MS + 4_000)
    assert "stream WAITING" in said(feed="waiting")
    assert stream_words(view) == "STREAM WAITING: connection refused; again in 4 s. Books may be old"
    assert stream_words(status()) == ""


def test_an_exchange_that_is_paused_is_said_with_its_end() -> None:
    assert "TRADING PAUSED for 1m 00s" in said(exchange="trading paused", exchange_until_ms=NOW_MS + 60_000)
    assert "PAUSED" not in said()


def test_each_bound_is_named_with_its_count() -> None:
    assert bounds_words(status(bounds={"link.unsent": 3, "feed.queue": 1_200, "never": 0})) == (
        "feed.queue 1,200, link.unsent 3"
    )


def test_a_tape_that_fails_says_why() -> None:
    assert "tape failed: no space is left" in said(tape=TapeState("failed", "no space is left", "", 0, 0))
    assert "7 lost" in said(tape=TapeState("recording", "", "", 5_000, 7))
    assert "tape off" in said(tape=TapeState())


def test_nothing_is_called_open_or_live_once_the_engine_may_not_be_believed() -> None:
    for width in (80, 160):
        words = " ".join(text(row) for row in quiet_rows(status(), width, "", "the engine is gone"))
        assert "stream UNKNOWN" in words
        assert "books unknown" in words
        assert " open" not in words
        assert "live" not in words


def test_a_stream_that_was_never_heard_says_so() -> None:
    assert "heard never" in said(heard_ms=0)


def test_what_is_loud_takes_at_most_some_lines_and_says_how_many_more() -> None:
    rows = loud_rows([Loud(f"thing {number}") for number in range(9)], 80)
    assert len(rows) == LOUD_LINES
    assert "and 6 more lines" in text(rows[-1])


def test_a_loud_text_is_told_over_two_lines_at_most() -> None:
    assert len(loud_rows([Loud("word " * 200)], 80)) == 2


async def test_an_engine_that_falls_silent_is_said_by_the_terminal_itself() -> None:
    engine, clock = FakeEngine(), HandClock()
    engine.publish(*everything())
    app = terminal(engine, clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert app.desk.status.loud == ()
        clock.seconds += 3.2
        await settle(pilot)
        assert app.desk.status.render_line(2).text.strip() == "ENGINE SILENT 3 s: what is shown may be old"
        engine.publish(status(now_ms=NOW_MS + 3_000))
        await settle(pilot)
        assert app.desk.status.loud == ()
        assert app.desk.status.size.height == 2


async def test_the_status_bar_is_drawn_at_most_five_times_a_second() -> None:
    engine, clock = FakeEngine(), HandClock()
    engine.publish(*everything())
    app = terminal(engine, clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        drawn: list[StatusView | None] = []
        app.desk.status.drawn_anew = lambda: drawn.append(app.desk.status.view)  # type: ignore[method-assign]
        for number in range(20):
            engine.publish(status(now_ms=NOW_MS + 50 * number))
            clock.seconds += 0.05
            await pilot.pause(0)
            app.tick()
        assert 1 <= len(drawn) <= 5


async def test_a_limit_that_was_reached_is_loud_for_a_minute_and_counted_from_then_on() -> None:
    engine, clock = FakeEngine(), HandClock()
    engine.publish(*everything(), status(bounds={"link.unsent": 3}))
    app = terminal(engine, clock=clock)
    async with app.run_test(size=(120, 24)) as pilot:

        async def loud_after(seconds: float, **bounds: int) -> bool:
            clock.seconds += seconds
            engine.publish(status(bounds=bounds))
            await settle(pilot)
            return "LIMIT REACHED" in app.desk.status.render_line(2).text

        await settle(pilot)
        assert app.desk.status.render_line(2).text.strip() == "LIMIT REACHED: link.unsent 3"
        assert await loud_after(59, **{"link.unsent": 3})
        assert not await loud_after(2, **{"link.unsent": 3})
        assert "limits reached 3" in app.desk.status.render_line(1).text
        assert await loud_after(1, **{"link.unsent": 4})


def test_the_lag_is_the_worst_but_one_in_a_hundred() -> None:
    assert "lag 12 ms" in said(lag=Lag(1.0, 12.4, 90.0))
