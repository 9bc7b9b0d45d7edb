"""A terminal goes on where the one before left off, as far as that is still there."""

from __future__ import annotations

import json

from kalshi_tui.link.intents import Recall, Remember
from kalshi_tui.link.keys import LadderKey, MarketsKey
from kalshi_tui.link.views import MarketsView
from tests.tui.desk import FakeEngine, HandClock, everything, press, settle, terminal


def left(**other: str) -> str:
    return json.dumps({"market": "KXFED-26DEC-T2", "sort": "event", "theme": "", **other})


def opened(engine: FakeEngine) -> list[str]:
    return [key.ticker for key in engine.keys(LadderKey)]


async def test_a_terminal_opens_the_market_that_was_left_with_its_theme() -> None:
    engine = FakeEngine()
    engine.left = left(theme="light")
    engine.publish(*everything())
    app = terminal(engine)
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await settle(pilot)
        assert opened(engine) == ["KXFED-26DEC-T2"]
        assert app.desk.markets.ticker == "KXFED-26DEC-T2"
        assert app.theme == "light"


async def test_a_market_that_is_listed_no_more_gives_way_to_the_first() -> None:
    engine = FakeEngine()
    engine.left = left(market="KXGONE-1", theme="nowhere")
    engine.publish(*everything())
    app = terminal(engine)
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await settle(pilot)
        assert opened(engine) == ["KXFED-26DEC-T0"]
        assert app.theme == "dark"
        assert [key.search for key in engine.keys(MarketsKey)] == [""]  # the question for it is over


async def test_what_was_left_in_another_language_is_no_obstacle() -> None:
    engine = FakeEngine()
    engine.left = '{"market": 7}'
    engine.publish(*everything())
    async with terminal(engine).run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await settle(pilot)
        assert opened(engine) == ["KXFED-26DEC-T0"]


async def test_what_is_left_is_kept_when_it_changes_and_only_then() -> None:
    engine, clock = FakeEngine(), HandClock()
    engine.publish(*everything())
    async with terminal(engine, clock=clock).run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await press(pilot, "down", "enter", "t")
        for _ in range(4):
            clock.seconds += 1
            await settle(pilot)
        kept = [ask.intent.text for ask in engine.asked if isinstance(ask.intent, Remember)]
        assert json.loads(kept[-1]) == {"market": "KXFED-26DEC-T1", "sort": "event", "theme": "light"}
        assert len(kept) == len(set(kept))
        assert sum(isinstance(ask.intent, Recall) for ask in engine.asked) == 1


async def test_the_list_is_seen_before_anything_was_recalled() -> None:
    engine = FakeEngine()
    engine.left = None
    engine.publish(*everything())
    app = terminal(engine)
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        assert isinstance(app.desk.markets.view, MarketsView)
        assert opened(engine) == []
        await press(pilot, "enter")
        await settle(pilot)
        assert opened(engine) == ["KXFED-26DEC-T0"]
