"""A key is answered at once; what the market does waits for the next frame."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from textual import events

from kalshi_tui.core.units import Size
from kalshi_tui.tui.app import Terminal
from tests.tui.desk import FakeEngine, everything, row, settle, terminal


async def turns() -> None:
    """Let everything be done that needs no time; a pilot's pause would draw a frame of its own."""
    for _ in range(200):
        await asyncio.sleep(0)


async def key(app: Any, name: str) -> None:
    app.post_message(events.Key(name, None))
    await turns()


class Frames:
    """Counts what is drawn while no frame ever comes due."""

    def __init__(self, app: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
        self.drawn = 0
        timer = app.desk._update_timer
        timer.pause()
        monkeypatch.setattr(timer, "resume", lambda: None)
        monkeypatch.setattr(app, "_display", self.take)

    def take(self, _: Any, update: Any) -> None:
        self.drawn += update is not None


def engine() -> FakeEngine:
    made = FakeEngine()
    made.publish(*everything())
    return made


@pytest.mark.parametrize("pane", ["markets", "ladder"])
async def test_a_key_is_drawn_without_waiting_for_a_frame(pane: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with terminal(engine()).run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        app: Any = pilot.app
        app.set_focus(app.query_one(f"#{pane}"))
        await pilot.pause(0.1)
        frames = Frames(app, monkeypatch)
        await key(app, "down")
        assert frames.drawn == 1
        await key(app, "down")
        assert frames.drawn == 2


async def test_what_an_engine_sends_waits_for_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    fed = engine()
    async with terminal(fed).run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await pilot.pause(0.1)
        app: Any = pilot.app
        frames = Frames(app, monkeypatch)
        fed.list_markets(row(number, volume=Size(123)) for number in range(24))
        await turns()
        app.tick()
        await turns()
        assert frames.drawn == 0
        assert {seen.volume for seen in app.desk.markets.view.rows} == {123}


async def test_keys_that_change_nothing_draw_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with terminal(engine()).run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await pilot.pause(0.1)
        app: Any = pilot.app
        frames = Frames(app, monkeypatch)
        await key(app, "f9")
        assert frames.drawn == 0
