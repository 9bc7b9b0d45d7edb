"""The terminal draws itself before it attaches, says why an engine is gone, and quits with an answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from kalshi_tui.errors import ConfigError, TransportError
from kalshi_tui.link.client import Link
from kalshi_tui.link.keys import (
    LadderKey,
    MarketKey,
    MarketsKey,
    NoticesKey,
    OrdersKey,
    PositionsKey,
    StatusKey,
    TradesKey,
    TradingKey,
)
from kalshi_tui.link.views import StatusView
from kalshi_tui.tui.app import Terminal
from kalshi_tui.tui.look import Look
from kalshi_tui.tui.theming import bundled_folder, read_themes
from tests.tui.desk import FakeEngine, HandClock, everything, press, settle, status, terminal, trades


def top(app: Terminal) -> str:
    return "\n".join(app.desk.status.render_line(y).text for y in range(app.desk.status.size.height))


async def test_the_shell_is_drawn_while_the_engine_is_still_awaited() -> None:
    clock = HandClock()

    async def never() -> Link:
        await asyncio.Event().wait()
        raise AssertionError

    app = Terminal(never, Look(themes=read_themes(bundled_folder()), tick_s=None), clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        clock.seconds += 7
        await settle(pilot)
        assert "connecting to the engine, 7 s" in top(app)
        assert "connecting to the engine, 7 s" in app.desk.markets.render_line(1).text


async def test_what_is_always_seen_is_watched() -> None:
    engine = FakeEngine()
    async with terminal(engine).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        always = {StatusKey, MarketsKey, NoticesKey, TradingKey, OrdersKey, PositionsKey}
        assert {type(key) for key in engine.watched.values()} == always


async def test_an_open_market_is_watched_and_the_one_before_no_longer() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await press(pilot, "down", "enter")
        await settle(pilot)
        for kind in (LadderKey, MarketKey, TradesKey):
            assert [key.ticker for key in engine.keys(kind)] == ["KXFED-26DEC-T1"]


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (ConfigError("the engine refused: another version", hint="kalshi-tui engine stop"), "kalshi-tui engine stop"),
        (TransportError("the engine did not greet within 5 s"), "did not greet within 5 s"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
    ],
)
async def test_an_engine_that_cannot_be_had_is_said_with_the_reason_and_asked_again_by_r(
    problem: Exception, words: str
) -> None:
    engine = FakeEngine()
    engine.problem = problem
    engine.publish(*everything())
    app = terminal(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "ENGINE GONE" in top(app)
        assert words in " ".join(top(app).split())
        engine.problem = None
        await press(pilot, "r")
        await settle(pilot)
        assert app.attaching.state == "attached"
        assert "GONE" not in top(app)


async def test_when_the_engine_goes_the_reason_is_said_and_what_was_open_is_kept() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    app = terminal(engine)
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await press(pilot, "down", "down", "enter", "up")
        await settle(pilot)
        watched = set(engine.watched.values())
        engine.hang_up("it was stopped by another terminal")
        await settle(pilot)
        assert "what is shown is old: it was stopped by another terminal" in top(app)
        assert app.desk.ladder.ticker == "KXFED-26DEC-T2"
        await press(pilot, "r")
        await settle(pilot)
        assert (engine.greetings, set(engine.watched.values())) == (2, watched)
        assert app.desk.markets.ticker == "KXFED-26DEC-T2"
        assert app.desk.status.loud == ()


async def test_a_terminal_that_was_let_go_attaches_again_by_itself_to_an_engine_that_still_runs() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    app = terminal(engine, again=engine.connect)
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        engine.hang_up("it did not read")
        await settle(pilot)
        await settle(pilot)
        assert engine.greetings == 2
        assert app.attaching.state == "attached"
        assert app.desk.status.loud == ()


async def test_where_no_engine_runs_any_more_the_first_reason_is_said_and_it_is_looked_for_once() -> None:
    engine, looked = FakeEngine(), 0
    engine.publish(*everything())

    async def look() -> Link:
        nonlocal looked
        looked += 1
        raise TransportError("no engine runs", hint="start one")

    app = terminal(engine, again=look)
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        engine.hang_up("the engine ends")
        await settle(pilot)
        await settle(pilot)
        assert "what is shown is old: the engine ends" in top(app)
        assert looked == 1


async def test_pictures_of_an_engine_that_is_gone_or_silent_are_not_called_live() -> None:
    engine, clock = FakeEngine(), HandClock()
    engine.publish(*everything())
    app = terminal(engine, clock)

    def said() -> tuple[str, str, str]:
        markets, ladder = app.desk.markets, app.desk.ladder
        words = (ladder.render_line(1).text, markets.render_line(3).text, markets.render_line(4).text)
        return words[0].strip(), words[1].split()[-1], words[2].split()[-1]

    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        assert said() == ("LIVE", "live", "live")
        clock.seconds += 2.5
        await settle(pilot)
        assert said() == ("STALE: the engine is silent", "STALE", "STALE")
        engine.publish(status())
        await settle(pilot)
        assert said() == ("LIVE", "live", "live")
        engine.hang_up("stopped")
        await settle(pilot)
        assert said()[1:] == ("STALE", "STALE")
        assert said()[0] == "STALE: seen before the engine was lost"
        engine.default = {StatusView: status()}
        await press(pilot, "r")
        await settle(pilot)
        assert said() == ("STALE: seen before the engine was lost", "STALE", "STALE")
        engine.publish(*everything())
        await settle(pilot)
        assert said() == ("LIVE", "live", "live")


async def test_r_does_nothing_while_attached() -> None:
    engine = FakeEngine()
    async with terminal(engine).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "r", "r")
        await settle(pilot)
        assert engine.greetings == 1


async def test_a_fault_of_ours_while_connecting_is_not_swallowed() -> None:
    engine = FakeEngine()
    engine.problem = ZeroDivisionError()
    app = terminal(engine)
    with pytest.raises(ZeroDivisionError):
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)


async def farewell(app: Terminal, size: tuple[int, int], *keys: str) -> Any:
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, *keys)
    return app.return_value


async def test_quitting_asks_nothing_when_nothing_is_working() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    assert await farewell(terminal(engine), (80, 24), "ctrl+q") == "quit"


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (("ctrl+c", "enter"), "leave"),
        (("ctrl+q", "down", "down", "enter"), "stop"),
        (("ctrl+q", "up", "enter"), "stop"),
        (("slash", "a", "ctrl+q", "enter"), "leave"),
        (("slash", "a", "ctrl+c", "enter"), "leave"),
        (("n", "ctrl+q", "enter"), "leave"),
        (("ctrl+p", "ctrl+q", "enter"), "leave"),
    ],
)
async def test_quitting_asks_when_something_is_working(keys: tuple[str, ...], answer: str) -> None:
    engine = FakeEngine()
    engine.publish(*everything(), status(working=("the tape is being written",)))
    assert await farewell(terminal(engine), (80, 24), *keys) == answer


@pytest.mark.parametrize("keys", [("escape",), ("down", "enter")])
async def test_one_can_stay(keys: tuple[str, ...]) -> None:
    engine = FakeEngine()
    engine.publish(*everything(), status(working=("the tape is being written",)))
    app = terminal(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+q", *keys)
        assert (app.screen, app.is_running) == (app.desk, True)


async def test_a_second_quit_does_not_ask_twice() -> None:
    engine = FakeEngine()
    engine.publish(*everything(), status(working=("the tape is being written",)))
    app = terminal(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+q", "ctrl+q")
        assert len(app.screen_stack) == 2


async def test_one_can_quit_when_the_engine_is_gone_whatever_was_working() -> None:
    engine = FakeEngine()
    engine.publish(*everything(), status(working=("the tape is being written",)))
    app = terminal(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        engine.hang_up("stopped")
        await settle(pilot)
        await press(pilot, "ctrl+q")
    assert app.return_value == "quit"


async def test_the_link_is_closed_at_the_end() -> None:
    engine = FakeEngine()
    async with terminal(engine).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
    for _ in range(20):
        await asyncio.sleep(0)
    assert engine._pump is not None
    assert engine._pump.done()


async def test_it_survives_any_window_down_to_a_single_cell() -> None:
    engine = FakeEngine()
    engine.publish(*everything(), status(bounds={"link.unsent": 3}))
    app = terminal(engine)
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        for size in ((1, 1), (2, 2), (80, 24), (1, 50), (160, 1), (20, 6), (300, 100), (160, 50)):
            await pilot.resize_terminal(*size)
            await settle(pilot)
            await press(pilot, "tab", "down", "question_mark", "escape")
        assert "LIVE" in app.desk.ladder.render_line(1).text


async def test_tab_goes_round_the_panes_and_brings_them_into_sight_where_there_is_little_room() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    app = terminal(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        seen = []
        for _ in range(6):
            focused = app.focused
            assert focused is not None
            seen.append((focused.id, focused.size.width > 0, app.desk.listing.display, app.desk.opened.display))
            await press(pilot, "tab")
        assert seen == [
            ("markets", True, True, False),
            ("ladder", True, False, True),
            ("trades", True, False, True),
            ("blotter", True, False, True),
            ("positions", True, False, True),
            ("markets", True, True, False),
        ]
        await press(pilot, *["shift+tab"] * 4)
        assert app.focused is app.desk.trades


async def test_a_calm_terminal_ticks_twice_a_second() -> None:
    timers: list[tuple[float, object]] = []
    app = terminal(FakeEngine(), tick_s=0.05, calm=True)
    app.set_interval = lambda interval, does: timers.append((interval, does))  # type: ignore[assignment, misc]
    async with app.run_test(size=(80, 24)):
        assert timers == [(0.05, app._stir), (0.5, app.tick)]  # the first draws nothing


async def test_trades_that_come_do_not_move_those_that_are_being_read() -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    app = terminal(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "tab", "tab", "down", "down", "down")
        before = app.desk.trades.render_line(2).text
        engine.publish(trades(count=45))
        await settle(pilot)
        assert "newer above" in app.desk.trades.render_line(0).text
        assert before.split()[2] == app.desk.trades.render_line(2).text.split()[2]
        await press(pilot, "escape")
        assert "newer above" not in app.desk.trades.render_line(0).text


async def test_trades_from_before_the_market_was_followed_count_as_well() -> None:
    engine = FakeEngine()
    engine.publish(*everything(), replace(trades(count=5), total=2))
    app = terminal(engine)
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        assert app.desk.trades.render_line(0).text.split() == ["trades", "5"]
