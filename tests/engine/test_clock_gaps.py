"""The process may be paused between any two lines: nothing is killed, lost or told wrongly because of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kalshi_tui.adapters.journal_now import JournalNow
from kalshi_tui.adapters.sqlite_now import SqliteNow
from kalshi_tui.adapters.watchdog import StallLimits, StallRule
from kalshi_tui.cli.drills.place import small_world
from kalshi_tui.cli.drills.world import World
from kalshi_tui.config.load import load_settings
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.engine.onward import Onward
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.ports import HttpReply
from kalshi_tui.engine.running import Engine
from kalshi_tui.engine.surroundings import Watch
from kalshi_tui.engine.venue import Venue, within
from kalshi_tui.errors import KalshiTuiError, OutcomeUnknown, TransportError
from kalshi_tui.link import trading
from kalshi_tui.link.client import Link
from kalshi_tui.protocol import rest
from tests.engine.dealing import armed, desk_of, fire, order_of, refused, stage

SLOW_S = 12.0


class SlowJournal(JournalNow):
    """A journal on a slow disk, or one of many years: it takes its time to open, or to close."""

    opens_s = closes_s = 0.0

    async def open(self) -> list[JournalRow]:
        await asyncio.sleep(self.opens_s)
        return await super().open()

    async def close(self) -> None:
        await asyncio.sleep(self.closes_s)
        await super().close()


@pytest.mark.parametrize(("opens_s", "closes_s"), [(SLOW_S, 0.0), (0.0, SLOW_S)], ids=["opening", "closing"])
def test_a_loop_that_waits_for_a_slow_disk_does_not_stand_still_and_is_not_killed(
    opens_s: float, closes_s: float
) -> None:
    settings = load_settings(environ={}, folder=Path("/nonexistent"))
    storage = SqliteNow(("practice", "practice", "live"), settings.storage)
    asyncio.run(storage.open())
    journal = SlowJournal()
    journal.opens_s, journal.closes_s = opens_s, closes_s
    world = World(storage, seed=3, spec=small_world(), orders=OrderRules(execution="live"), journal=journal)
    beats, killed = [world.clock.monotonic()], []
    world.around = replace(
        world.around, watch=Watch(lambda: beats.append(world.clock.monotonic()), lambda: False, lambda: None)
    )

    async def look() -> None:
        rule, limits = StallRule(StallLimits(), world.clock.monotonic()), StallLimits()
        while True:
            await world.clock.sleep(limits.look_s)
            _, kills = rule.look(world.clock.monotonic(), beats[-1])
            if kills:
                killed.append(world.clock.monotonic())

    async def part(engine: Engine, link: Link) -> None:
        del engine, link
        await world.clock.sleep(opens_s + 3)

    async def play() -> None:
        looking = asyncio.ensure_future(look())
        await world.attended(part)
        looking.cancel()

    world.clock.run(play())
    assert killed == []


class Gaps:
    """A clock whose process is paused where a test wants it."""

    def __init__(self) -> None:
        self.seconds = 1_000.0
        self.oversleeps_s = 0.0
        self.between_looks_s = 0.0

    def now_ms(self) -> int:
        now_ms = round(self.seconds * 1000)
        self.seconds, self.between_looks_s = self.seconds + self.between_looks_s, 0.0
        return now_ms

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds, self.oversleeps_s = self.seconds + seconds + self.oversleeps_s, 0.0
        for _ in range(20 if seconds > 0 else 1):  # others get their turns while it sleeps
            await asyncio.sleep(0)


class Slow:
    """A signer, in which the process is paused."""

    def __init__(self, clock: Gaps, pause_s: float) -> None:
        self._clock, self._pause_s = clock, pause_s

    def sign(self, *_: Any) -> dict[str, str]:
        self._clock.seconds += self._pause_s
        return {}


class Answers:
    """A venue that answers after a few turns of the loop, which take no time."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None) -> HttpReply:
        del path_and_query, headers, body
        self.sent.append(method)
        for _ in range(6):
            await asyncio.sleep(0)
        return HttpReply(200, {}, b'{"order_id":"o-1","reduced_by":"1.00","ts_ms":1000000}')

    async def close(self) -> None:
        """There is nothing to close."""


CANCEL = rest.cancel_order(rest.CancelTarget("o-1"))


def bench(pause_s: float = 0.0) -> tuple[Venue, Gaps, Answers]:
    clock, http = Gaps(), Answers()
    return Venue(http, clock, lambda: 0.5, signer=Slow(clock, pause_s)), clock, http  # type: ignore[arg-type]


async def test_a_pause_behind_the_wait_for_tokens_costs_none_and_is_not_told_as_a_spent_budget() -> None:
    venue, clock, http = bench()
    venue.budget.refused(CANCEL, 1_000_000)
    clock.oversleeps_s = 0.5
    with pytest.raises(KalshiTuiError) as told:
        await venue.ask(CANCEL, deadline_s=0.3)
    assert http.sent == []
    assert "used up" not in told.value.message  # the tokens were there; it was late for another reason
    assert venue.budget.write.level(1_000_520) == 52  # all of 0.52 s at 100 a second


async def test_what_a_pause_has_made_late_before_it_was_sent_is_not_sent_and_given_up_in_the_same_moment() -> None:
    venue, _, http = bench(pause_s=0.2)
    told: KalshiTuiError | None = None
    try:
        await venue.ask(CANCEL, deadline_s=0.1)
    except KalshiTuiError as problem:
        told = problem
    assert not isinstance(told, OutcomeUnknown)  # it has its answer, or it was not sent and is told so
    assert (http.sent == []) is (told is not None)


def test_a_pause_between_two_looks_at_two_clocks_is_no_leap_of_one() -> None:
    clock = Gaps()
    time = Onward(clock)
    time.now_ms()
    for _ in range(7):
        clock.seconds += 3_600
        clock.between_looks_s = 0.15
        time.now_ms()
        clock.seconds += 0.1
        time.now_ms()
    assert time.leapt_ms == 0


class Mark:
    """The mark of a kill on the disk, which another process sets while an order waits for the journal."""

    def __init__(self) -> None:
        self.clean_looks: int | None = None  # so many more looks find nothing; None while nobody sets it

    def reason(self) -> str:
        if self.clean_looks is None:
            return ""
        self.clean_looks -= 1
        return "a person pressed kill" if self.clean_looks < 0 else ""

    def set(self, reason: str) -> None:
        """Set it; why is the same for all here."""
        del reason
        self.clean_looks = 0

    def clear(self) -> None:
        """It stays."""


def marked(engine: Engine) -> Mark:
    """Give an engine a mark of the test's own."""
    mark, executor = Mark(), engine.executor
    executor._outside = replace(executor._outside, flag=mark)  # type: ignore[type-var]
    return mark


@pytest.mark.parametrize("clean_looks", [0, 1], ids=["as it waited for the disk", "as it was about to leave"])
def test_no_order_leaves_once_the_mark_of_a_kill_is_on_the_disk_though_no_beat_has_seen_it(clean_looks: int) -> None:
    with armed() as world:
        mark = marked(world.engine)
        ticket = stage(world)

        async def paused() -> None:  # `kalshi-tui kill` has done its work meanwhile
            world.journal.stall = None
            mark.clean_looks = clean_looks

        world.journal.stall = paused
        number = fire(world, ticket)
        world.wait(2)
        assert [left for left in world.left if left.path.endswith("/portfolio/events/orders")] == []
        order = order_of(world, number)
        assert (order.state, order.reason) == ("not sent", "killed before it left")


def test_what_is_asked_after_the_mark_of_a_kill_was_set_is_answered_by_an_engine_that_is_killed() -> None:
    with armed() as world:
        mark = marked(world.engine)
        ticket = stage(world)
        mark.clean_looks = 0
        problem = refused(world, trading.Fire(ticket.number, ticket.token))
        assert problem.message == "not fired: not armed: killed (NOT_ARMED)"
        assert desk_of(world).ledger.killed is not None


@pytest.mark.parametrize("asks", [trading.Disarm(), trading.Kill("a person pressed kill")], ids=["anything", "a kill"])
def test_a_kill_that_comes_before_the_journal_is_read_is_noted_in_it_afterwards(asks: trading.TradingIntent) -> None:
    settings = load_settings(environ={}, folder=Path("/nonexistent"))
    storage = SqliteNow(("practice", "practice", "live"), settings.storage)
    asyncio.run(storage.open())
    journal = SlowJournal()
    journal.opens_s = 2.0
    world = World(storage, seed=3, spec=small_world(), orders=OrderRules(execution="live"), journal=journal)

    async def part(engine: Engine, link: Link) -> None:
        mark = marked(engine)
        if isinstance(asks, trading.Disarm):
            mark.set("by another process")
        await world.clock.sleep(0.5)
        with suppress(KalshiTuiError):
            await link.ask(asks)
        await world.clock.sleep(5)
        assert engine.kernel.desk.ledger.killed is not None

    world.clock.run(world.attended(part))


async def test_an_answer_that_came_while_the_process_was_paused_beyond_its_time_is_read() -> None:
    clock = Gaps()
    clock.oversleeps_s = 0.5

    async def large_answer() -> str:
        for _ in range(30):  # more turns of the loop than the time that was set, but for the pause, would have given it
            await asyncio.sleep(0)
        return "read"

    assert await within(clock, 3.0, large_answer()) == "read"
    with pytest.raises(TransportError, match=r"no answer within 3\.0 s"):
        await within(clock, 3.0, large_answer())  # nothing was paused this time
