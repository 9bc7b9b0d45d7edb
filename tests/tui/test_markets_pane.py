"""The list shows and watches only what is seen, keeps its cursor on a market, and searches while one types."""

from __future__ import annotations

from typing import Any

import pytest

from kalshi_tui.core.units import Price, Size
from kalshi_tui.link.keys import LadderKey, MarketsKey, Sort
from kalshi_tui.tui.app import Terminal
from kalshi_tui.tui.panes.market_rows import columns_for, head_row, market_row
from kalshi_tui.tui.panes.markets import STRIDE, Markets
from kalshi_tui.tui.widgets.lines import Row
from tests.tui.desk import NOW_MS, FakeEngine, everything, markets, press, row, settle, terminal, wheel


def text(cells: Row) -> str:
    return "".join(cell for cell, _ in cells)


def row_text(width: int = 100, **changes: Any) -> str:
    return text(market_row(row(0, **changes), width, NOW_MS, mark=" ", under=""))


def styles(**changes: Any) -> set[str]:
    cells = market_row(row(0, **changes), 100, NOW_MS, mark=" ", under="")
    return {word for _, style in cells for word in style.split()}


def busy_engine(count: int = 30_000) -> FakeEngine:
    engine = FakeEngine()
    engine.publish(*everything())
    engine.list_markets(row(number) for number in range(count))
    return engine


async def pane_of(pilot: Any) -> Markets:
    await settle(pilot)
    await settle(pilot)
    app: Terminal = pilot.app
    return app.desk.markets


def lines(pane: Markets) -> list[str]:
    return [pane.render_line(y).text for y in range(pane.size.height)]


def test_a_row_holds_name_sizes_prices_last_volume_close_and_state() -> None:
    words = row_text().split()
    assert words == ["Above", "3.00%", "1,200", "0.56", "0.58", "340", "0.57▼", "123,456", "1h", "00m", "live"]


def test_columns_stand_below_their_headings() -> None:
    columns = columns_for(100)
    heads, cells = text(head_row(100, columns)), row_text()
    for heading, value in (("size", "1,200"), ("volume", "123,456"), ("closes", "1h 00m")):
        assert heads.index(heading) + len(heading) == cells.index(value) + len(value)


@pytest.mark.parametrize("width", [1, 10, 20, 40, 60, 79, 80, 90, 120])
def test_rows_are_never_wider_than_the_pane_needs(width: int) -> None:
    if width >= 20:
        assert len(row_text(width)) <= width
    assert all("bid" in column.heading or column.need > 1 for column in columns_for(70))


def test_at_eighty_columns_nothing_is_left_out() -> None:
    assert [column.heading.strip() for column in columns_for(80)] == [
        "size", "bid", "ask", "size", "last", "volume", "closes", "book",
    ]  # fmt: skip


@pytest.mark.parametrize(("sort", "heading"), [("volume", "volume"), ("close", "closes")])
def test_what_is_sorted_by_is_seen(sort: Sort, heading: str) -> None:
    assert all(heading in [column.heading for column in columns_for(width, sort)] for width in (60, 80, 90))


@pytest.mark.parametrize("state", ["stale", "resync", "dead"])
def test_a_book_that_is_not_live_says_so_in_capitals_and_loses_its_colours(state: str) -> None:
    assert state.upper() in row_text(state=state, reason="why")
    assert {"bid", "ask"}.isdisjoint(styles(state=state))


def test_a_market_that_is_only_listed_is_quiet() -> None:
    assert row_text(state="listed").rstrip().endswith("listed")
    assert {"bid", "ask"}.isdisjoint(styles(state="listed"))


def test_a_market_that_does_not_trade_says_so() -> None:
    assert row_text(status="closed").rstrip().endswith("closed")
    assert row_text(status="initialized").endswith("not yet")
    assert row_text(status="finalized").endswith("settled")


def test_the_arrow_of_the_last_price_says_how_it_moved() -> None:
    assert "0.57▲" in row_text(moved=1)
    assert "0.57▼" in row_text(moved=-1)
    assert "0.57 " in row_text(moved=0)
    assert "▲" not in row_text(moved=1, last=None)


def test_a_side_that_nobody_is_on_has_neither_price_nor_size() -> None:
    words = row_text(bid=None, bid_size=Size(0)).split()
    assert words[2:4] == ["-", "0.58"]


async def test_markets_stand_under_their_events_titles() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        shown = lines(await pane_of(pilot))
        assert shown[2].strip() == "Fed funds rate after meeting 1?"
        assert [" ".join(line.strip("> ").split()[:2]) for line in shown[3:7]] == [
            "Above 3.00%", "Above 3.25%", "Above 3.50%", "Above 3.75%",
        ]  # fmt: skip
        assert shown[7].strip() == "Fed funds rate after meeting 2?"


async def test_only_what_is_seen_is_watched_with_a_margin() -> None:
    engine = busy_engine()
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        pane = await pane_of(pilot)
        [key] = engine.keys(MarketsKey)
        assert (key.offset, key.count) == (0, 120)
        await press(pilot, "end")
        await settle(pilot)
        [key] = engine.keys(MarketsKey)
        assert 30_000 - 3 * STRIDE - pane.size.height < key.offset < 30_000
        assert "Above 7502.75%" in lines(pane)[-2]
        assert pane.cursor == 29_999


async def test_going_down_a_line_is_not_a_new_wish() -> None:
    engine = busy_engine()
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        await pane_of(pilot)
        before = dict(engine.watched)
        await press(pilot, "down", "j", "j", "up", "k")
        await settle(pilot)
        assert {number for number, key in engine.watched.items() if isinstance(key, MarketsKey)} <= set(before)


async def test_the_cursor_is_always_in_sight() -> None:
    engine = busy_engine(200)
    async with terminal(engine).run_test(size=(80, 24)) as pilot:
        pane = await pane_of(pilot)
        for keys in (["pagedown"] * 3, ["j"] * 5, ["pageup"], ["end"], ["k"] * 3, ["home"], ["G"], ["g"]):
            await press(pilot, *keys)
            await settle(pilot)
            assert sum(line.startswith("> ") for line in lines(pane)) == 1


async def test_the_cursor_stays_on_its_market_when_others_come_before_it() -> None:
    engine = busy_engine(20)
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        pane = await pane_of(pilot)
        await press(pilot, "down", "down")
        assert pane.ticker == "KXFED-26DEC-T2"
        engine.list_markets([row(90), row(91), *map(row, range(20))])
        await settle(pilot)
        assert (pane.ticker, pane.cursor) == ("KXFED-26DEC-T2", 4)


async def test_the_cursor_comes_back_into_a_list_that_became_shorter() -> None:
    engine = busy_engine(20)
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        pane = await pane_of(pilot)
        await press(pilot, "end")
        engine.list_markets(map(row, range(3)))
        await settle(pilot)
        assert (pane.cursor, pane.ticker) == (2, "KXFED-26DEC-T2")


async def test_what_is_typed_is_searched_for_and_escape_shows_all() -> None:
    engine = busy_engine(100)
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        pane = await pane_of(pilot)
        await press(pilot, "slash", *"t77")
        await settle(pilot)
        assert [key.search for key in engine.keys(MarketsKey)] == ["t77"]
        assert (pane.matched, pane.ticker) == (1, "KXFED-26DEC-T77")
        assert "1 of 100" in lines(pane)[0]
        await press(pilot, "escape")
        await settle(pilot)
        assert [key.search for key in engine.keys(MarketsKey)] == [""]
        assert pane.matched == 100
        assert pane.has_focus


async def test_when_all_are_shown_again_the_cursor_is_where_it_was() -> None:
    engine = busy_engine(100)
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        pane = await pane_of(pilot)
        for words, expected in (("t7", "KXFED-26DEC-T7"), ("zzz", "KXFED-26DEC-T0")):  # found nothing: the open one
            await press(pilot, "slash", *words)
            await settle(pilot)
            await press(pilot, "escape")
            await settle(pilot)
            assert pane.ticker == expected


async def test_enter_keeps_what_was_found_and_enter_again_opens_it() -> None:
    engine = busy_engine(100)
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        pane = await pane_of(pilot)
        await press(pilot, "slash", *"t77", "enter")
        await settle(pilot)
        assert (pane.search, pane.has_focus) == ("t77", True)
        await press(pilot, "enter")
        await settle(pilot)
        assert [key.ticker for key in engine.keys(LadderKey)] == ["KXFED-26DEC-T77"]


async def test_nothing_of_the_list_before_is_opened_by_a_hasty_enter() -> None:
    engine = busy_engine(100)
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        await pane_of(pilot)
        await press(pilot, "down", "down", "enter", "tab", "tab")
        engine.listing = None
        await press(pilot, "slash", *"t77", "enter", "enter")
        await settle(pilot)
        assert [key.ticker for key in engine.keys(LadderKey)] == ["KXFED-26DEC-T2"]


async def test_a_search_that_finds_nothing_says_how_to_go_on() -> None:
    engine = busy_engine(10)
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        pane = await pane_of(pilot)
        await press(pilot, "slash", *"zzz", "enter")
        await settle(pilot)
        assert "no market holds these words; Esc shows all" in lines(pane)[-1]
        await press(pilot, "enter")


async def test_keys_that_are_typed_do_nothing_else() -> None:
    engine = busy_engine(10)
    app = terminal(engine)
    async with app.run_test(size=(160, 50)) as pilot:
        await pane_of(pilot)
        await press(pilot, "slash", *"qtinr")
        assert app.desk.search.value == "qtinr"
        assert app.screen is app.desk


async def test_words_that_a_slow_line_brings_at_once_are_searched_for() -> None:
    engine = busy_engine(100)
    async with terminal(engine).run_test(size=(80, 24)) as pilot:
        pane = await pane_of(pilot)
        await press(pilot, "slash", *"t77", at_once=True)
        await settle(pilot)
        assert (pane.search, pilot.app.theme) == ("t77", "dark")


async def test_a_slash_can_be_searched_for() -> None:
    engine = busy_engine(10)
    app = terminal(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pane_of(pilot)
        await press(pilot, "slash", "a", "/", "b")
        assert app.desk.search.value == "a/b"


async def test_sorting_goes_round_and_names_each_market_by_its_ticker() -> None:
    engine = busy_engine(10)
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        pane = await pane_of(pilot)
        await press(pilot, "s")
        await settle(pilot)
        assert [key.sort for key in engine.keys(MarketsKey)] == ["volume"]
        assert "by volume" in lines(pane)[0]
        assert "KXFED-26DEC-T9  Above" in lines(pane)[2]
        await press(pilot, "s", "s", "s")
        assert pane.sort == "event"


async def test_the_next_market_is_opened_without_going_to_the_list() -> None:
    engine = busy_engine(10)
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        await pane_of(pilot)
        await press(pilot, "enter", "right_square_bracket", "right_square_bracket", "left_square_bracket")
        await settle(pilot)
        assert [key.ticker for key in engine.keys(LadderKey)] == ["KXFED-26DEC-T1"]
        assert pilot.app.focused is not None
        assert pilot.app.focused.id == "ladder"


async def test_the_wheel_and_pages_move_the_cursor() -> None:
    engine = busy_engine(100)
    async with terminal(engine).run_test(size=(80, 24)) as pilot:
        pane = await pane_of(pilot)
        await wheel(pilot, pane, "down")
        await wheel(pilot, pane, "down")
        await wheel(pilot, pane, "up")
        assert pane.cursor == 3


async def test_escape_in_the_list_shows_all_markets_again() -> None:
    engine = busy_engine(100)
    app = terminal(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await pane_of(pilot)
        await press(pilot, "slash", *"t77", "enter")
        assert app.desk.search.display
        await press(pilot, "escape")
        await settle(pilot)
        assert (pane.matched, app.desk.search.display) == (100, False)


async def test_a_click_opens_what_was_clicked() -> None:
    engine = busy_engine(10)
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        await pane_of(pilot)
        await pilot.click("#markets", offset=(5, 5))
        await settle(pilot)
        assert [key.ticker for key in engine.keys(LadderKey)] == ["KXFED-26DEC-T2"]


async def test_the_reason_of_the_market_under_the_cursor_is_said_in_full() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    engine.publish(markets([row(0, state="stale", reason="a gap in the sequence"), row(1)]))
    async with terminal(engine).run_test(size=(80, 24)) as pilot:
        assert "KXFED-26DEC-T0  stale: a gap in the sequence" in lines(await pane_of(pilot))[-1]


async def test_a_catalogue_that_is_still_loading_says_so() -> None:
    engine = FakeEngine()
    engine.publish(markets([], loading="the catalogue is being read: 4 of 30 series"))
    async with terminal(engine).run_test(size=(80, 24)) as pilot:
        assert "4 of 30 series" in lines(await pane_of(pilot))[1]


async def test_a_price_with_four_decimals_finds_room() -> None:
    assert "0.5655" in row_text(bid=Price(5655))
