"""The day of a loss ends at midnight by the venue's clock, and not because this machine's clock is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from msgspec.structs import replace

from kalshi_tui.cli.drills.world import risk_checks
from kalshi_tui.core.units import Money, Size
from kalshi_tui.engine.ports import HttpReply
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.desk import Desk
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link import trading as link
from kalshi_tui.protocol import rest
from tests.plugins.pictures import LOOSEST
from tests.property import trading_world
from tests.property.trading_world import RULES, LongWorld
from tests.unit.test_venue import BALANCE, DENIED, bench, fail, ok

_DAY_LIMIT = Money(50_000)
HOUR_MS: Final = 3_600_000
MIDNIGHT_MS: Final = 1_781_236_800_000  # Fri, 12 Jun 2026 04:00:00 GMT, midnight in New York


class Fast:
    """A clock that is hours fast."""

    def __init__(self, right: Any, by_ms: int = 0) -> None:
        self._right, self.by_ms = right, by_ms

    def now_ms(self) -> int:
        return int(self._right.now_ms()) + self.by_ms

    def __getattr__(self, name: str) -> Any:
        return getattr(self._right, name)


def test_a_start_with_a_fast_clock_begins_no_new_day_and_lifts_no_halt() -> None:
    rules = replace(RULES, depth_percent=100, daily_loss=_DAY_LIMIT)
    world = LongWorld(3, orders=rules, checks=risk_checks(tuple(LOOSEST.items())))
    try:
        world.start()
        world.wait(3)
        world.ask(link.Arm())
        best = world.engine.kernel.stream.books[world.tickers[0]].book.best_ask
        assert best is not None
        draft = link.Draft(world.tickers[0], "bid", best, Size(100), time_in_force="immediate_or_cancel")
        staged = world.ask(link.Stage(draft))
        assert isinstance(staged, link.Staged)
        world.ask(link.Fire(staged.ticket.number, staged.ticket.token))
        world.wait(2)
        day = world.engine.kernel.desk.ledger.day
        assert day is not None
        assert world.engine.kernel.desk.kills.state()[0] == "reducing"
        world.crash()
        right, world.clock = world.clock, Fast(world.clock, 22 * 3_600_000)  # type: ignore[assignment]  # as a clock is
        world.start()
        world.wait(4)
        later = world.engine.kernel.desk.ledger.day
        assert later is not None
        assert (later.day, later.worth) == (day.day, day.worth)
        assert "" in world.engine.kernel.desk.ledger.halted
        world.crash()
        world.clock = right
        world.start()
        world.wait(4)
        assert world.engine.kernel.desk.kills.arm_phrase() == "go on beyond $0.05"
        with pytest.raises(KalshiTuiError, match="phrase"):
            world.ask(link.Arm())
    finally:
        world.end()


def lost_world(**more: Any) -> LongWorld:
    """Return a world in which the day's limit is lost, on a clock that may be set."""
    rules = replace(RULES, depth_percent=100, daily_loss=_DAY_LIMIT, **more)
    world = LongWorld(3, orders=rules, checks=risk_checks(tuple(LOOSEST.items())))
    world.clock = Fast(world.clock)  # type: ignore[assignment]  # as a clock is
    world.start()
    world.wait(3)
    world.ask(link.Arm(more.get("arm_phrase", "")))
    best = world.engine.kernel.stream.books[world.tickers[0]].book.best_ask
    assert best is not None
    draft = link.Draft(world.tickers[0], "bid", best, Size(100), time_in_force="immediate_or_cancel")
    staged = world.ask(link.Stage(draft))
    assert isinstance(staged, link.Staged)
    world.ask(link.Fire(staged.ticket.number, staged.ticket.token))
    world.wait(2)
    assert desk_of(world).kills.state()[0] == "reducing"
    return world


def desk_of(world: LongWorld) -> Desk:
    return world.engine.kernel.desk


def set_clock(world: LongWorld, by_ms: int) -> None:
    world.clock.by_ms = by_ms  # type: ignore[attr-defined]  # it is one that may be set


@pytest.mark.parametrize("hours", [22, 46])
def test_a_clock_that_is_set_on_while_an_engine_runs_begins_no_new_day_and_lifts_no_halt(hours: int) -> None:
    world = lost_world()
    try:
        before = desk_of(world).ledger.day
        for by_ms in (hours * HOUR_MS, 0, hours * HOUR_MS, -hours * HOUR_MS, 0):
            set_clock(world, by_ms)
            for _ in range(500):
                world.wait(0.1)
                assert desk_of(world).ledger.day == before
                assert "" in desk_of(world).ledger.halted
    finally:
        world.end()


@pytest.fixture
def before_midnight(monkeypatch: pytest.MonkeyPatch) -> Iterator[LongWorld]:
    """Play in the last minute of a day in New York, whose loss is at its limit."""
    monkeypatch.setattr(trading_world, "START_MS", MIDNIGHT_MS - 120_000)
    world = LongWorld(3)
    try:
        world.start()
        world.wait(3)
        desk = desk_of(world)
        desk.note(entries.Halted(desk.now_ms, "", "the day's result is -$0.06", "reducing"))
        yield world
    finally:
        world.end()


def day(world: LongWorld) -> tuple[str, bool]:
    """Return the day that losses are counted in, and whether it is halted."""
    ledger = desk_of(world).ledger
    assert ledger.day is not None
    return ledger.day.day, "" in ledger.halted


def test_at_midnight_in_new_york_a_new_day_begins_within_a_second(before_midnight: LongWorld) -> None:
    world = before_midnight
    world.wait((MIDNIGHT_MS - world.now_ms - 500) / 1_000)
    assert day(world) == ("2026-06-11", True)
    world.wait(1)
    assert day(world) == ("2026-06-12", False)


def test_a_machine_that_sleeps_over_midnight_begins_the_new_day_once_it_has_compared_anew(
    before_midnight: LongWorld,
) -> None:
    world = before_midnight
    world.clock.leap(600)
    world.wait(15)
    assert day(world) == ("2026-06-11", True)
    world.wait(30)
    assert day(world) == ("2026-06-12", False)


@pytest.mark.parametrize(("offset_ms", "today"), [(4_000, "2026-06-12"), (4_001, "2026-06-11")])
def test_a_new_day_begins_by_the_venues_clock_only_where_ours_agrees_with_it(
    before_midnight: LongWorld, offset_ms: int, today: str
) -> None:
    world = before_midnight
    world.wait((MIDNIGHT_MS - world.now_ms - 2_000) / 1_000)
    desk = desk_of(world)
    desk.offset_ms = offset_ms  # two seconds past midnight
    desk.day.beat()
    assert day(world)[0] == today


def test_going_on_after_the_days_loss_never_dates_a_day_by_a_time_that_was_not_told() -> None:
    world = lost_world()
    try:
        desk = desk_of(world)
        before = desk.ledger.day
        assert before is not None
        desk.offset_ms = None
        desk.kernel.now_ms += 22 * HOUR_MS
        desk.day.begin_anew("a person typed it")
        assert desk.ledger.day is not None
        assert desk.ledger.day.day == before.day
        desk.kernel.now_ms -= 22 * HOUR_MS
    finally:
        world.end()


def test_real_money_goes_on_after_the_days_loss_by_the_words_of_the_loss_and_the_accounts_own() -> None:
    world = lost_world(arm_phrase="trade ABCD up to $500.00")
    try:
        asked = desk_of(world).kills.arm_phrase()
        assert asked == "go on beyond $0.05 trade ABCD up to $500.00"
        for typed in ("", "go on beyond $0.05", "trade ABCD up to $500.00"):
            with pytest.raises(KalshiTuiError, match="phrase"):
                world.ask(link.Arm(typed))
        world.ask(link.Arm(asked))
        assert desk_of(world).kills.state()[0] == "active"
    finally:
        world.end()


async def test_a_refusal_for_another_reason_than_our_time_is_one_voice_among_others() -> None:
    """An answer of 401 that is dated an hour ahead is believed alone only where it is our time that it refuses."""
    right, ahead = "Thu, 11 Jun 2026 06:29:30 GMT", "Thu, 11 Jun 2026 07:29:30 GMT"
    refused = b'{"error":{"code":"authentication_error","details":"NOT_FOUND"}}'
    desk = bench(ok(BALANCE, date=right), HttpReply(401, {"date": ahead}, refused))
    await desk.clock.play(desk.venue.ask(rest.balance()))
    await fail(desk, rest.balance())
    assert desk.venue.known_offset_ms == 0
    desk = bench(ok(BALANCE, date=right), HttpReply(401, {"date": ahead}, DENIED))
    await desk.clock.play(desk.venue.ask(rest.balance()))
    await fail(desk, rest.balance())
    assert 3_598_000 < desk.venue.offset_ms < 3_601_000
