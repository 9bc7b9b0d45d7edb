"""The terminal in a window of its own: what it shows, how it ends, and that whatever befalls it is not the engine's."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import Iterator

import pytest

from kalshi_tui.core.book import BookState
from kalshi_tui.link.client import attach_to
from kalshi_tui.link.intents import Recall, Recalled
from kalshi_tui.link.keys import LadderKey
from kalshi_tui.link.views import LadderView
from tests.process.home import Home, Window, children_of, is_there, until

LIVE = re.compile(r"books (\d+)/\1 live")


@pytest.fixture
def window(home: Home) -> Iterator[Window]:
    window = Window(home)
    yield window
    window.close()


def some_are_live(text: str) -> bool:
    found = LIVE.search(text)
    return found is not None and int(found[1]) > 0


def cents(price: int | None) -> str:
    return "-" if price is None else f"{price / 10_000:.4f}".rstrip("0").ljust(4, "0")


async def _ladder(socket: str, ticker: str) -> LadderView:
    link = await attach_to(socket, name="test")
    view = await link.first(LadderKey(ticker))
    await link.close()
    assert isinstance(view, LadderView)
    return view


async def _left(socket: str) -> str:
    """Return what the engine keeps of the last terminal."""
    link = await attach_to(socket, name="test")
    recalled = await link.ask(Recall("terminal"))
    await link.close()
    assert isinstance(recalled, Recalled)
    return recalled.text or ""


def market_of(text: str) -> str:
    """Return the market whose ladder is shown: the first ticker on the screen, in the ladder's title."""
    found = re.search(r"KX\w+-\w+-\S+", text)
    return found[0] if found else ""


def shows_the_engines_book(home: Home, window: Window) -> bool:
    """Compare the ladder on the screen with the engine's book of the market in its title, level by level.

    A market that has just closed has an empty book, which proves nothing: the next market in the list is looked at.
    """
    ticker = market_of(window.text)
    if not ticker:
        return False
    socket = str(home.run_folder / "engine.socket")
    before = asyncio.run(_ladder(socket, ticker))
    window.read(0.3)
    after = asyncio.run(_ladder(socket, ticker))
    if before.state is not BookState.LIVE or (before.bids, before.asks) != (after.bids, after.asks):
        return False  # it moved while we looked
    if not after.bids and not after.asks:
        window.type("]")
        return False
    shown = set(re.findall(r"0\.\d{2,4}", window.text))
    best = [levels[0] for levels in (after.bids, after.asks) if levels]
    return all(cents(price) in shown for price, _ in best)


def test_a_first_start_shows_live_books_and_quitting_leaves_nothing_running(home: Home, window: Window) -> None:
    window.until(some_are_live)
    assert "PRACTICE" in window.text
    assert "OBSERVE" not in window.text
    window.until(lambda _: shows_the_engines_book(home, window))
    engine = home.json("status")["status"]["engine_pid"]
    (exchange,) = children_of(engine)
    window.type("\x11")
    assert window.wait() == 0
    until(lambda: not is_there(engine) and not is_there(exchange))


def test_the_last_terminal_ends_the_engine_and_not_the_one_before(home: Home, window: Window) -> None:
    window.until(some_are_live)
    with Window(home, "attach", columns=80, lines=24) as other:
        other.until(some_are_live)
        engine = home.json("status")["status"]["engine_pid"]
        window.type("\x11")
        assert window.wait() == 0
        assert "the engine goes on" in window.text
        assert is_there(engine)
        other.type("\x11")
        assert other.wait() == 0
    until(lambda: not is_there(engine))


def test_a_terminal_that_is_killed_costs_the_engine_nothing_and_another_shows_its_books(
    home: Home, window: Window
) -> None:
    window.until(some_are_live)
    engine = home.json("status")["status"]["engine_pid"]
    first = market_of(window.text)
    window.type("jjjj\r")
    window.until(lambda text: market_of(text) not in {"", first})
    left = market_of(window.text)
    until(lambda: left in asyncio.run(_left(str(home.run_folder / "engine.socket"))))
    window.process.send_signal(signal.SIGKILL)
    window.process.wait()
    until(lambda: home.json("status")["status"]["clients"] <= 1)
    assert any("went without a word" in notice["words"] for notice in home.json("status")["notices"])
    with Window(home) as again:
        again.until(some_are_live)
        again.until(lambda text: market_of(text) == left)
        again.until(lambda _: shows_the_engines_book(home, again))
        assert home.json("status")["status"]["engine_pid"] == engine
        again.type("\x11")
        assert again.wait() == 0


def test_an_engine_that_is_killed_is_told_of_and_another_is_started_by_a_key(home: Home, window: Window) -> None:
    window.until(some_are_live)
    engine = home.json("status")["status"]["engine_pid"]
    os.kill(engine, signal.SIGKILL)
    window.until(lambda text: "ENGINE GONE" in text)
    assert not some_are_live(window.text)
    window.type("r")
    window.until(some_are_live)
    assert home.json("status")["status"]["engine_pid"] != engine
    window.type("\x11")
    assert window.wait() == 0


def test_a_terminal_that_is_told_to_end_leaves_the_window_as_it_was(window: Window) -> None:
    window.until(some_are_live)
    window.process.send_signal(signal.SIGTERM)
    assert window.wait() == 143
    for entered, left in ((b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?25l", b"\x1b[?25h")):
        assert window.drawn.rindex(left) > window.drawn.rindex(entered)
    assert b"Traceback" not in window.drawn


@pytest.mark.parametrize("is_controlled", [True, False])
def test_a_terminal_ends_with_its_window_and_the_engine_does_not(home: Home, is_controlled: bool) -> None:
    with Window(home, is_controlled=is_controlled) as window:
        window.until(some_are_live)
        window.vanish()
        until(lambda: window.process.poll() is not None)
        assert home.json("status")["status"]["books"] >= 0


def test_a_window_of_one_cell_and_back_shows_the_books_again(home: Home, window: Window) -> None:
    window.until(some_are_live)
    for columns, lines in ((1, 1), (300, 2), (2, 90), (160, 50)):
        window.resize(columns, lines)
        os.kill(window.process.pid, signal.SIGWINCH)
        window.read(0.3)
    window.until(some_are_live)
    window.until(lambda _: shows_the_engines_book(home, window))
    window.type("\x11")
    assert window.wait() == 0


def test_a_terminal_that_was_stopped_goes_on_where_the_market_is_now(home: Home, window: Window) -> None:
    window.until(some_are_live)
    os.kill(window.process.pid, signal.SIGTSTP)
    time.sleep(1)
    assert home.json("status")["status"]["books_live"] > 0
    os.kill(window.process.pid, signal.SIGCONT)
    window.until(some_are_live)
    window.until(lambda _: shows_the_engines_book(home, window))
    window.type("\x11")
    assert window.wait() == 0
