"""Reviewed time: each moment counts once, however often it is reviewed, and only where an engine was at work."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_tui.adapters.sqlite_now import SqliteNow
from kalshi_tui.cli.drills.place import small_world
from kalshi_tui.cli.drills.world import World
from kalshi_tui.config.load import load_settings
from kalshi_tui.engine.order_rules import Execution, OrderRules
from kalshi_tui.engine.running import Engine
from kalshi_tui.engine.trading import entries as e
from kalshi_tui.engine.trading.ledger import Ledger
from kalshi_tui.engine.trading.reviewing import Spans
from kalshi_tui.errors import LocalProtocolError
from kalshi_tui.link.client import Link
from kalshi_tui.link.intents import Done
from kalshi_tui.link.keys import TradingKey
from kalshi_tui.link.trading import Review, TradingView

HOUR = 3_600_000
stretches = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)


@given(stretches, st.integers(0, 60), st.integers(0, 60))
def test_stretches_are_the_moments_in_them(told: list[tuple[int, int]], low: int, high: int) -> None:
    spans, moments = Spans(), set[int]()
    for start, end in told:
        spans.add(start, end)
        moments |= set(range(start, end))
    assert {m for start, end in spans.stretches for m in range(start, end)} == moments
    assert spans.total_ms() == len(moments)
    assert {m for start, end in spans.within(low, high) for m in range(start, end)} == moments & set(range(low, high))
    between = [after[0] - before[1] for before, after in zip(spans.stretches, spans.stretches[1:], strict=False)]
    assert all(gap > 0 for gap in between)  # what touches is one


def began(at_ms: int, session: int) -> e.Began:
    return e.Began(at_ms, e.CODEC, session, "abc123", "0.1", "hash", "practice", "paper", "practice", 1)


def ledger_of(*entries: e.Entry) -> Ledger:
    ledger = Ledger()
    for entry in entries:
        ledger.apply(entry)
    return ledger


def test_time_that_is_reviewed_twice_counts_once() -> None:
    ledger = ledger_of(
        began(0, 1),
        e.Reviewed(10 * HOUR, 0, 4 * HOUR),
        e.Reviewed(10 * HOUR, 2 * HOUR, 6 * HOUR),
        e.Reviewed(10 * HOUR, 2 * HOUR, 6 * HOUR),
        e.Reviewed(10 * HOUR, 8 * HOUR, 9 * HOUR),
    )
    assert ledger.reviewed_ms == 7 * HOUR


def test_time_in_which_no_engine_ran_holds_no_decisions_to_be_reviewed() -> None:
    ledger = ledger_of(
        began(10 * HOUR, 1),
        e.Disarmed(12 * HOUR, "its last word"),
        began(20 * HOUR, 2),
        e.Reviewed(23 * HOUR, 0, 23 * HOUR),
    )
    assert ledger.reviewed_ms == (2 + 3) * HOUR


def test_what_is_reviewed_outlasts_the_engine() -> None:
    told: list[e.Entry] = [began(0, 1), e.Reviewed(3 * HOUR, HOUR, 3 * HOUR), e.Ended(3 * HOUR), began(5 * HOUR, 2)]
    assert ledger_of(*told).reviewed_ms == 2 * HOUR
    assert ledger_of(*told, e.Reviewed(6 * HOUR, 0, 6 * HOUR)).reviewed_ms == 4 * HOUR


def world(execution: Execution) -> World:
    storage = SqliteNow(("practice", "practice", execution), load_settings(environ={}, folder=Path("/none")).storage)
    asyncio.run(storage.open())
    return World(storage, seed=3, spec=small_world(), orders=OrderRules(execution=execution))


@pytest.mark.parametrize("execution", ["observe", "paper"])
def test_the_panel_shows_the_hours_that_a_person_has_reviewed(execution: Execution) -> None:
    played = world(execution)
    start_ms = played.clock.now_ms()

    async def part(_: Engine, link: Link) -> None:
        await played.clock.sleep(362)
        done = await link.ask(Review(0, start_ms + 360_000))
        assert done == Done("0.1 hours more are reviewed, 0.1 in all")
        assert await link.ask(Review(start_ms, start_ms + 360_000)) == Done("0.0 hours more are reviewed, 0.1 in all")
        await played.clock.sleep(1)
        view = await link.first(TradingKey())
        assert isinstance(view, TradingView)
        assert view.reviewed_h == 0.1

    played.play(part)


def test_what_cannot_have_been_looked_at_is_not_counted() -> None:
    played = world("paper")

    async def part(engine: Engine, link: Link) -> None:
        await played.clock.sleep(2)
        now_ms = played.clock.now_ms()
        with pytest.raises(LocalProtocolError, match="still to come"):
            await link.ask(Review(now_ms - 1_000, now_ms + 60_000))
        with pytest.raises(LocalProtocolError, match="ends after it begins"):
            await link.ask(Review(now_ms, now_ms - 1))
        await link.ask(Review(now_ms, now_ms))  # all of a journal that has just begun
        assert engine.kernel.desk.ledger.reviewed_ms == 0

    played.play(part)


def test_the_decisions_of_an_engine_that_sends_are_not_reviewed_in_their_place() -> None:
    played = world("live")

    async def part(_: Engine, link: Link) -> None:
        await played.clock.sleep(2)
        with pytest.raises(LocalProtocolError, match="are real ones"):
            await link.ask(Review(0, played.clock.now_ms() - 1))

    played.play(part)
