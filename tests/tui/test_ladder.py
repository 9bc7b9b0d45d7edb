"""The ladder's axis stands still, its rows keep their meaning, and a book that may not be believed says so."""

from __future__ import annotations

from typing import Any

import pytest
from textual.strip import Strip

from kalshi_tui.core.book import BookState
from kalshi_tui.core.units import Price, Size
from kalshi_tui.link.keys import LadderKey
from kalshi_tui.link.views import LadderView
from kalshi_tui.tui.app import Terminal
from kalshi_tui.tui.panes.axis import axis_of
from kalshi_tui.tui.panes.ladder import Ladder, state_rows
from kalshi_tui.tui.panes.ladder_rows import Rungs, rung
from kalshi_tui.tui.widgets.lines import Row
from tests.tui.desk import CENTS, TAILS, FakeEngine, everything, ladder, levels, market, press, settle, terminal, wheel

TICKER = "KXFED-26DEC-T0"


def text(row: Row) -> str:
    return "".join(cell for cell, _ in row)


def styles(row: Row) -> str:
    return " ".join(style for _, style in row)


def book_row(price: int, view: LadderView, *, width: int = 44, here: bool = False) -> Row:
    axis = axis_of(CENTS)
    return rung(Price(price), Rungs.of(view, axis, width), width, here=here)


def lines(pane: Ladder) -> list[str]:
    return [pane.render_line(y).text for y in range(pane.size.height)]


def prices(pane: Ladder) -> list[str]:
    """Return the prices that the pane shows, from the top."""
    body = lines(pane)[3:-1]
    return [next(word.strip("<>") for word in line.split() if "0." in word) for line in body if "0." in line]


async def opened(pilot: Any) -> Ladder:
    """Let the first market be opened and its pictures arrive."""
    await settle(pilot)
    await settle(pilot)
    app: Terminal = pilot.app
    return app.desk.ladder


def test_the_axis_of_whole_cents_has_a_row_for_each_from_high_to_low() -> None:
    axis = axis_of(CENTS)
    assert len(axis) == 99
    assert (axis.prices[0], axis.prices[-1], axis.decimals) == (9900, 100, 2)


def test_the_axis_has_finer_steps_where_the_grid_has() -> None:
    axis = axis_of(TAILS)
    assert len(axis) == 99 + 81 + 99 - 1 + 1
    assert axis.decimals == 3
    assert axis.prices[:2] == (9990, 9980)
    assert {Price(1000), Price(1100)} <= set(axis.prices)
    assert Price(1010) not in axis.prices


def test_a_grid_that_cannot_be_trusted_has_no_rows_but_those_of_real_levels() -> None:
    axis = axis_of(((Price(0), Price(10_000), Price(0)),))
    assert len(axis) == 0
    assert axis.with_prices([Price(5600)]).prices == (5600,)


def test_a_level_off_the_grid_has_a_row_that_says_so() -> None:
    axis = axis_of(CENTS).with_prices([Price(5650)])
    view = ladder(bids=levels((5650, 100)))
    row = rung(Price(5650), Rungs.of(view, axis, 44), 44, here=False)
    assert "off grid" in text(row)


def test_bids_stand_left_of_the_price_and_asks_right_of_it() -> None:
    view = ladder(bids=levels((5600, 120_000)), asks=levels((5800, 34_050)))
    bid, ask = text(book_row(5600, view)), text(book_row(5800, view))
    assert bid.index("1,200") < bid.index("0.56")
    assert ask.index("0.58") < ask.index("340.50")


def test_the_best_prices_are_marked_without_colour() -> None:
    view = ladder(bids=levels((5600, 100), (5500, 100)), asks=levels((5800, 100), (5900, 100)))
    assert ">0.56" in text(book_row(5600, view))
    assert "0.58<" in text(book_row(5800, view))
    assert " 0.55 " in text(book_row(5500, view))
    assert " 0.59 " in text(book_row(5900, view))


def test_every_row_is_as_wide_as_the_pane() -> None:
    view = ladder()
    for width in (30, 38, 44, 60):
        axis = axis_of(TAILS)
        rungs = Rungs.of(view, axis, width)
        assert {len(text(rung(price, rungs, width, here=False))) for price in axis.prices} == {width}


def test_the_last_trade_is_marked_at_its_price() -> None:
    row = book_row(5700, ladder(last_price=Price(5700), last_size=Size(2_500), last_side="bid"))
    assert "last ▲25" in text(row)
    untold = book_row(5700, ladder(last_price=Price(5700), last_size=Size(0), last_side=None))
    assert text(untold).rstrip().endswith("last")
    assert "last" not in text(book_row(5600, ladder(last_price=Price(5700))))


def test_a_price_inside_the_spread_looks_different() -> None:
    view = ladder(last_price=None)
    assert "spread" in styles(book_row(5700, view))
    assert "spread" not in styles(book_row(5500, view))


@pytest.mark.parametrize("state", [BookState.STALE, BookState.RESYNC, BookState.DEAD])
def test_a_book_that_is_not_live_has_no_colours_of_its_own(state: BookState) -> None:
    row = book_row(5600, ladder(state=state, reason="a gap"))
    assert {"bid", "best", "bid-bar"}.isdisjoint(styles(row).split())
    assert "1,200" in text(row)


@pytest.mark.parametrize("state", list(BookState))
def test_the_state_is_a_word_and_not_only_a_colour(state: BookState) -> None:
    [row] = state_rows(ladder(state=state, reason="why" if state is not BookState.LIVE else ""), "", 40)
    assert state.upper() in text(row)
    assert ("why" in text(row)) == (state is not BookState.LIVE)


def test_a_long_reason_takes_a_second_line() -> None:
    rows = state_rows(ladder(state=BookState.STALE, reason="the venue's ping was not heard for 15 s"), "", 30)
    assert [text(row).strip() for row in rows] == ["STALE: the venue's ping was", "not heard for 15 s"]


def test_a_crossed_book_is_called_crossed() -> None:
    rows = state_rows(ladder(bids=levels((5900, 100)), asks=levels((5800, 100))), "", 60)
    assert "CROSSED" in text(rows[0])
    assert styles(rows[0]) == "alarm"


def test_a_description_in_doubt_is_said() -> None:
    assert "its grid has changed" in text(state_rows(ladder(), "its grid has changed", 60)[0])


async def test_a_book_that_is_newer_than_the_grid_it_is_drawn_on_is_in_doubt_until_that_has_come() -> None:
    engine = FakeEngine()
    engine.publish(*everything(), ladder(revision=4))
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        pane = await opened(pilot)
        assert "in doubt" in lines(pane)[1]
        engine.publish(market(revision=4))
        await settle(pilot)
        assert lines(pane)[1].strip() == "LIVE"


async def test_a_change_of_one_level_draws_one_line() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    app = terminal(engine)
    async with app.run_test(size=(160, 50)) as pilot:
        pane = await opened(pilot)
        asked: list[int] = []
        drawn = pane.render_line

        def counting(y: int) -> Strip:
            asked.append(y)
            return drawn(y)

        pane.render_line = counting  # type: ignore[method-assign]
        bids = dict(ladder().bids)
        bids[Price(5300)] = Size(77_700)
        engine.publish(ladder(bids=tuple(bids.items())))
        await settle(pilot)
        assert len(asked) == 1
        assert "777" in drawn(asked[0]).text


async def test_the_market_is_in_the_middle_at_first() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        shown = prices(await opened(pilot))
        assert abs(shown.index("0.57") - len(shown) // 2) <= 1


async def test_the_rows_stand_still_while_the_market_moves_inside_the_view() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        pane = await opened(pilot)
        before = prices(pane)
        engine.publish(ladder(bids=levels((6400, 100)), asks=levels((6600, 100))))
        await settle(pilot)
        assert prices(pane) == before


async def test_the_ladder_follows_a_market_that_has_left_the_view() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        pane = await opened(pilot)
        engine.publish(ladder(bids=levels((800, 100)), asks=levels((1000, 100))))
        await settle(pilot)
        assert {"0.08", "0.10"} <= set(prices(pane))


async def test_the_row_under_the_cursor_keeps_its_price_wherever_the_market_goes() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        pane = await opened(pilot)
        await press(pilot, "enter", "down")
        before = prices(pane)
        engine.publish(ladder(bids=levels((800, 100)), asks=levels((1000, 100))))
        await settle(pilot)
        assert pane.cursor == 5600
        assert prices(pane) == before


async def test_space_brings_the_market_back_and_lets_the_cursor_go() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        await pilot.resize_terminal(160, 30)
        pane = await opened(pilot)
        await press(pilot, "enter", "home")
        assert (pane.cursor, "0.57" in prices(pane)) == (9900, False)
        await press(pilot, "space")
        await pilot.pause(0)
        assert (pane.cursor, "0.57" in prices(pane)) == (None, True)


async def test_keys_move_the_cursor_along_the_grid_to_both_ends() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        pane = await opened(pilot)
        await press(pilot, "enter", "up")
        assert pane.cursor == 5800
        await press(pilot, "k", "k", "j")
        assert pane.cursor == 5900
        await press(pilot, "G")
        assert (pane.cursor, prices(pane)[-1]) == (100, "0.01")
        await press(pilot, "down")
        assert pane.cursor == 100
        await press(pilot, "g", "up")
        assert (pane.cursor, prices(pane)[0]) == (9900, "0.99")
        await press(pilot, "escape")
        assert pane.cursor is None


async def test_pages_of_prices_go_by_what_is_seen() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    async with terminal(engine).run_test(size=(80, 24)) as pilot:
        pane = await opened(pilot)
        await press(pilot, "enter", "home", "pagedown")
        seen = len(prices(pane))
        assert pane.cursor == 9900 - 100 * (seen - 1)
        await press(pilot, "pageup")
        assert pane.cursor == 9900


async def test_who_looks_elsewhere_by_the_wheel_is_left_there_until_space() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    async with terminal(engine).run_test(size=(160, 30)) as pilot:
        pane = await opened(pilot)
        before = prices(pane)
        for _ in range(20):
            await wheel(pilot, pane, "up")
        assert prices(pane)[0] == "0.99"
        engine.publish(ladder(bids=levels((5600, 100)), asks=levels((5700, 100))))
        await settle(pilot)
        assert prices(pane)[0] == "0.99"
        await wheel(pilot, pane, "down")
        assert prices(pane)[0] == "0.96"
        await press(pilot, "enter", "space")
        assert prices(pane) == before


async def test_depth_beyond_what_was_sent_is_said() -> None:
    engine = FakeEngine()
    engine.publish(*everything(), ladder(bid_levels=40))
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        pane = await opened(pilot)
        assert "spread 0.02   not shown: 26 bids deeper" in lines(pane)[-1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bids": ()}, "nobody bids"),
        ({"asks": ()}, "nobody asks"),
        ({"bids": (), "asks": ()}, "nobody bids or asks"),
        ({}, "spread 0.02"),
    ],
)
async def test_an_empty_side_is_said(changes: dict[str, Any], words: str) -> None:
    counts = {f"{side[:3]}_levels": 0 for side in changes}
    engine = FakeEngine()
    engine.publish(*everything(), ladder(TICKER, **changes, **counts))
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        assert words in lines(await opened(pilot))[-1]


async def test_a_new_grid_makes_a_new_axis_and_the_cursor_stays_on_its_price() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        pane = await opened(pilot)
        await press(pilot, "enter", "down", "down")
        engine.publish(market(grid=((Price(0), Price(10_000), Price(50)),), revision=4))
        await settle(pilot)
        assert pane.cursor == 5500
        assert len(pane.axis) == 199


async def test_pictures_of_another_market_are_not_shown() -> None:
    pane = Ladder(id="ladder")
    pane.ticker = "KXA"
    pane.take(ladder("KXB"))
    pane.take(market("KXB"))
    assert (pane.book, pane.market) == (None, None)


async def test_a_refusal_is_shown_where_the_book_would_be() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    engine.default.pop(LadderView)
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        pane = await opened(pilot)
        engine.refuse(LadderKey, f"there is no market {TICKER}")
        await settle(pilot)
        assert f"there is no market {TICKER}" in lines(pane)[1]
