"""A kill goes on whatever the venue says of its key, and is lifted like one that is done only when it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from kalshi_tui.adapters.journal_now import JournalNow
from kalshi_tui.adapters.sqlite_now import SqliteNow
from kalshi_tui.cli.drills.place import small_world
from kalshi_tui.cli.drills.world import World as DrillWorld
from kalshi_tui.config.load import load_settings
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine import inputs
from kalshi_tui.engine.ports import HttpReply
from kalshi_tui.engine.running import Engine
from kalshi_tui.engine.trading.effects import RunKill
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link import trading as link
from kalshi_tui.link.client import Link
from kalshi_tui.practice.records import NewOrder
from tests.engine.dealing import LIVE, desk_of, resting, revoke, running
from tests.engine.test_killing import World
from tests.property.trading_world import LongWorld

NO_SUCH_KEY: Final = HttpReply(401, {}, b'{"code":"authentication_error","message":"no such key"}')
TOO_OLD: Final = HttpReply(401, {}, b'{"code":"header_timestamp_expired","message":"too old"}')
CLOSED: Final = HttpReply(503, {}, b"")
LIST: Final = "/portfolio/orders"


# What is sent


@pytest.mark.parametrize("refused_s", [30.0, 250.0])
def test_a_key_that_is_refused_for_minutes_is_tried_until_it_is_taken(refused_s: float) -> None:
    world = World()
    group = world.group()
    world.place(3, group=group)
    world.place(3)
    began = world.clock.monotonic()
    world.http.before = lambda *_: NO_SUCH_KEY if world.clock.monotonic() - began < refused_s else None
    report = world.kill(groups=(group,))
    assert (report.is_verified, report.refused, world.resting()) == (True, "", 0)
    assert report.triggered == (group,)
    assert refused_s * 1_000 <= report.took_ms < refused_s * 1_000 + 8_000
    assert len(world.http.sent) < 60 + refused_s, "it asks calmly meanwhile"


def test_triggers_that_are_refused_keep_no_cancel_back() -> None:
    world = World()
    group = world.group()
    world.place(30, group=group)
    world.place(3)
    world.http.before = lambda _, path: NO_SUCH_KEY if "/trigger" in path else None
    report = world.kill(groups=(group,), limit_s=60)
    assert (report.is_verified, report.canceled, world.resting()) == (True, 33, 0)
    assert report.not_triggered == (group,)


def test_a_refusal_of_the_time_of_a_batch_makes_nobody_cancel_one_by_one() -> None:
    world = World()
    world.place(20)
    left = 12  # more than what is tried once more by itself, for a refusal tells the right time

    def refuse(_method: str, path: str) -> HttpReply | None:
        nonlocal left
        left -= path.endswith("/batched")
        return TOO_OLD if path.endswith("/batched") and left >= 0 else None

    world.http.before = refuse
    report = world.kill()
    assert (report.is_verified, report.canceled) == (True, 20)
    assert {path.rpartition("/")[2] for _, method, path in world.http.sent if method == "DELETE"} == {"batched"}


@pytest.mark.parametrize("then", [NO_SUCH_KEY, CLOSED])
def test_one_empty_list_alone_is_not_counted_as_nothing_resting(then: HttpReply) -> None:
    world = World()
    lists = 0

    def refuse(_method: str, path: str) -> HttpReply | None:
        nonlocal lists
        lists += LIST in path
        return then if LIST in path and lists > 1 else None

    world.http.before = refuse
    report = world.kill(limit_s=20)
    assert (report.is_verified, report.resting) == (False, None)
    assert "NOT verified" in report.words


# What the engine makes of it


@pytest.fixture
def world() -> Iterator[LongWorld]:
    with running() as here:
        yield here


def far_below(ticker: str) -> NewOrder:
    return NewOrder(
        ticker=ticker,
        side="bid",
        price=Price(100),
        count=Size(100),
        time_in_force="good_till_canceled",
        self_trade_prevention="maker",
    )


def give_up(world: LongWorld) -> None:
    """Have a kill end without having seen that nothing rests, as after a day of trying."""
    desk = desk_of(world)
    desk.take(inputs.KillStepped(desk.now_ms, "NOT verified: at least 1 still rest", 1, is_over=True))


def test_a_key_that_is_refused_for_minutes_leaves_the_kill_pending_and_then_it_is_done(world: LongWorld) -> None:
    world.exchange.create(world.user_id, far_below(world.tickers[0]))
    world.wait(1)
    revoked = revoke(world)
    world.ask(link.Kill("a person"))
    world.wait(120)
    shown = desk_of(world).kills.row()
    assert shown is not None
    assert (shown.is_over, resting(world)) == (False, [100])
    assert "pending" in shown.words
    with pytest.raises(KalshiTuiError):
        world.ask(link.ResetKill("lift"))
    world.exchange.keys.update(revoked)
    world.wait(15)
    assert resting(world) == []
    world.ask(link.ResetKill("lift"))


def test_a_kill_that_ended_unverified_is_tried_again_after_half_a_minute_and_no_sooner(world: LongWorld) -> None:
    world.ask(link.Kill("a person"))
    world.wait(5)
    world.exchange.keys, kept = {}, world.exchange.keys
    give_up(world)
    world.exchange.keys = kept
    world.wait(29)
    kills = desk_of(world).kills
    assert kills.step is not None
    assert (kills.step.is_over, kills.step.resting) == (True, 1)
    world.wait(5)
    assert kills.step is not None
    assert (kills.step.is_over, kills.step.resting) == (True, 0)


def test_an_unverified_kill_says_how_to_go_on_and_the_phrase_alone_does_not_lift_it(world: LongWorld) -> None:
    world.ask(link.Kill("a person"))
    world.wait(5)
    give_up(world)
    world.wait(1)
    with pytest.raises(KalshiTuiError, match="not seen that nothing rests") as refused:
        world.ask(link.ResetKill("lift"))
    for words in ("press kill again", "`kalshi-tui kill`", "lift although orders may rest"):
        assert words in refused.value.hint
    world.ask(link.Kill("a person"))
    world.wait(5)
    world.ask(link.ResetKill("lift"))


def test_where_no_phrase_is_asked_for_a_kill_may_be_lifted_although_orders_may_rest() -> None:
    with running(replace(LIVE, reset_phrase="")) as here:
        here.ask(link.Kill("a person"))
        here.wait(5)
        give_up(here)
        here.wait(1)
        with pytest.raises(KalshiTuiError, match="not seen that nothing rests"):
            here.ask(link.ResetKill(""))
        here.ask(link.ResetKill("although orders may rest"))
        assert desk_of(here).kills.reason() == ""


def test_without_a_journal_an_unverified_kill_is_tried_again_too(world: LongWorld) -> None:
    desk = desk_of(world)
    desk.is_open, desk.journal_problem = False, "the journal is broken at row 1"
    desk.take(inputs.Traded(desk.now_ms, link.Kill("a person"), "test"))
    desk.effects()  # nobody takes the kill out
    give_up(world)
    began_ms = desk.now_ms
    tried: list[int] = []
    for at_ms in range(began_ms, began_ms + 40_000, 1_000):
        desk.kernel.now_ms = at_ms
        desk.beat()
        tried += [at_ms - began_ms for effect in desk.effects() if isinstance(effect, RunKill)]
    assert tried == [30_000]


def test_without_a_journal_a_mark_on_the_disk_kills_too_and_is_shown_since_then(world: LongWorld) -> None:
    desk = desk_of(world)
    desk.is_open, desk.journal_problem = False, "the journal is broken at row 1"
    began_ms = desk.now_ms
    desk.take(inputs.FlagSeen(began_ms, "another program"))
    assert [type(effect) for effect in desk.effects()] == [RunKill]
    assert desk.kills.state() == ("killed", "another program")
    desk.kernel.now_ms += 5_000
    desk.take(inputs.KillStepped(desk.now_ms, "verified: nothing rests", 0, is_over=True))
    row = desk.kills.row()
    assert row is not None
    assert (row.since_ms, row.reason, row.is_over) == (began_ms, "another program", True)
    desk.take(inputs.FlagSeen(desk.now_ms, ""))
    assert desk.kills.reason() == ""
    assert desk.effects() == []


@pytest.mark.parametrize("rests", [False, True])
def test_an_engine_that_only_looks_lifts_a_kill_by_the_phrase_where_it_has_seen_that_nothing_rests(rests: bool) -> None:
    settings = load_settings(environ={}, folder=Path("/nonexistent"))
    storage = SqliteNow(("practice", "practice", "observe"), settings.storage)
    asyncio.run(storage.open())
    journal = JournalNow()
    here = DrillWorld(storage, seed=3, spec=small_world(), orders=replace(LIVE, execution="observe"), journal=journal)
    left: list[str] = []

    async def part(engine: Engine, terminal: Link) -> None:
        if rests:
            exchange = here.desk.exchange
            ticker = next(row.ticker for row in exchange.markets.values() if row.status == "active" and row.asks)
            exchange.create(here.desk.user_id, far_below(ticker))
        await here.clock.sleep(5)
        await terminal.ask(link.Kill("a person"))
        await here.clock.sleep(40)
        if rests:
            with pytest.raises(KalshiTuiError, match="not seen that nothing rests"):
                await terminal.ask(link.ResetKill("lift"))
        await terminal.ask(link.ResetKill("lift although orders may rest" if rests else "lift"))
        left.append(engine.kernel.desk.kills.reason())
        ended = [row for row in journal.durable_rows() if row.kind == "KillEnded"]
        assert len(ended) == 1, "it can cancel nothing, and does not try again and again"

    here.play(part)
    assert left == [""]
