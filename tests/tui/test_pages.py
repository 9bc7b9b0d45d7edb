"""Longer texts are read page by page, above a desk that goes on moving."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from kalshi_tui.core.units import Price
from kalshi_tui.link.views import Notice, NoticesView
from kalshi_tui.tui.screens.text import details_rows, grid_words
from kalshi_tui.tui.widgets.pages import Pages
from tests.tui.desk import NOW_MS, FakeEngine, everything, ladder, levels, market, press, settle, terminal, wheel


def notices(count: int) -> NoticesView:
    return NoticesView(count, tuple(Notice(n, NOW_MS, "info", f"notice {n}") for n in range(count, 0, -1)))


def lines(pages: Pages) -> list[str]:
    return [pages.render_line(y).text for y in range(pages.size.height)]


async def test_a_text_is_scrolled_by_lines_pages_ends_and_the_wheel() -> None:
    engine = FakeEngine()
    engine.publish(*everything(), notices(50))
    app = terminal(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "n")
        pages = app.screen.query_one(Pages)
        body = pages.size.height - 1
        assert "notice 50" in lines(pages)[1]
        assert f"{50 - body} more below" in lines(pages)[0]
        for key, first in (
            ("j", 49),
            ("k", 50),
            ("pagedown", 50 - body + 1),
            ("end", body),
            ("up", body + 1),
            ("g", 50),
        ):
            await press(pilot, key)
            assert f"notice {first} " in lines(pages)[1]
        await wheel(pilot, pages, "down")
        assert "notice 47" in lines(pages)[1]
        await wheel(pilot, pages, "up")
        assert "notice 50" in lines(pages)[1]
        await press(pilot, "G", "pageup")
        assert f"notice {2 * body - 1} " in lines(pages)[1]


async def test_what_is_announced_while_one_reads_is_shown() -> None:
    engine = FakeEngine()
    engine.publish(*everything(), notices(3))
    app = terminal(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "n")
        engine.publish(notices(4))
        await settle(pilot)
        assert "notice 4" in lines(app.screen.query_one(Pages))[1]


async def test_the_desk_goes_on_moving_below_a_text() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    app = terminal(engine)
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await press(pilot, "question_mark")
        engine.publish(ladder(bids=levels((5000, 100))))
        await settle(pilot)
        assert app.desk.ladder.book is not None
        assert app.desk.ladder.book.bids == ((5000, 100),)


async def test_a_market_that_is_opened_twice_is_still_described() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    app = terminal(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "i")
        await settle(pilot)
        assert market().event_title[:20] in lines(app.screen.query_one(Pages))[1]


async def test_keys_of_the_desk_do_nothing_behind_a_text() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    app = terminal(engine)
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await press(pilot, "i", "t", "n", "slash", "enter", "tab")
        assert (app.theme, len(app.screen_stack)) == ("dark", 2)
        await press(pilot, "q")
        assert app.screen is app.desk


def test_a_market_is_told_in_words() -> None:
    words = "\n".join("".join(cell for cell, _ in row) for row in details_rows(market(), 200))
    for part in (
        "the market resolves to Yes",
        "The source is the statement of the Federal Reserve",
        "above 3.00",
        "2026-06-11 07:29 UTC",
        "30m 00s after it is determined",
        "0.00 to 1.00 by 0.01",
        "0.07 x price x (1 - price)",
        "123,456 contracts, 45,678 open",
    ):
        assert part in words
    assert "DOUBT" not in words


def test_a_description_in_doubt_says_so_first() -> None:
    first = "".join(cell for cell, _ in details_rows(market(doubt="its rules have changed"), 100)[0])
    assert first.split() == ["DOUBT", "its", "rules", "have", "changed"]


def test_a_market_that_was_not_described_yet_says_so() -> None:
    assert "not described" in details_rows(None, 80)[0][0][0]


def test_a_grid_that_cannot_be_trusted_says_so() -> None:
    assert grid_words(((0, 10_000, 0),)).startswith("cannot be trusted")
    bands = ((Price(0), Price(1_000), Price(10)), (Price(1_000), Price(10_000), Price(100)))
    assert grid_words(bands) == "0.00 to 0.10 by 0.001; 0.10 to 1.00 by 0.01"


async def test_everything_is_drawn_anew_on_demand() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    app = terminal(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        drawn: list[object] = []

        def keep(screen: Screen[Any], renderable: Any) -> None:
            del screen
            drawn.append(renderable)

        app._display = keep  # type: ignore[method-assign]
        await press(pilot, "ctrl+l")
        assert "LayoutUpdate" in {type(update).__name__ for update in drawn}
