"""A journal's only writer: rows go at once and in order, what an order leaves with waits until it has left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kalshi_tui.adapters.journal_file import JournalFile
from kalshi_tui.adapters.journal_now import JournalNow
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.engine.scribe import RETRY_S, SOON_S, Hears, Scribe
from kalshi_tui.errors import LocalProtocolError, StorageFailed
from tests.unit.journal_kit import NAMES, journal_at, some_rows
from tests.unit.virtual_time import VirtualClock

ROWS = some_rows(6)
FULL = "the journal did not take it: the disk is full"


class Ear:
    """Hears everything, with the time."""

    def __init__(self, clock: VirtualClock) -> None:
        self.kept: list[tuple[int, int]] = []
        self.failed: list[tuple[int, str]] = []
        self.faults: list[BaseException] = []
        self._clock = clock

    def hears(self) -> Hears:
        now_ms = self._clock.now_ms
        return Hears(
            lambda upto: self.kept.append((now_ms() - self._clock.start_ms, upto)),
            lambda words: self.failed.append((now_ms() - self._clock.start_ms, words)),
            self.faults.append,
        )


class Counted(JournalNow):
    """A journal in memory that knows what it was given together, and that may take a while."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[list[int]] = []

    async def append(self, rows: Sequence[JournalRow]) -> None:
        self.given.append([row.number for row in rows])
        await super().append(rows)


class Bench:
    """A scribe at work, on a clock that a test owns."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.journal = Counted()
        self.ear = Ear(self.clock)
        self.scribe = Scribe(self.journal, self.clock, self.ear.hears())

    async def wait(self, seconds: float) -> None:
        await self.clock.sleep(seconds)

    def kept(self) -> list[int]:
        return [row.number for row in self.journal.durable_rows()]


@asynccontextmanager
async def working(bench: Bench) -> AsyncIterator[None]:
    await bench.journal.open()
    running = asyncio.ensure_future(bench.scribe.run())
    try:
        yield
    finally:
        running.cancel()


async def test_rows_are_with_the_journal_s_thread_before_the_call_returns(tmp_path: Path) -> None:
    journal, clock = JournalFile(journal_at(tmp_path), NAMES, reserve_bytes=0), VirtualClock()
    await journal.open()
    heard = asyncio.Event()
    scribe = Scribe(journal, clock, Hears(lambda _: heard.set(), lambda _: None, lambda _: None))
    scribe.write(ROWS[:2])
    assert journal._given == 2
    await asyncio.wait_for(heard.wait(), 5)
    await journal.close()


async def test_what_may_wait_is_written_a_moment_later() -> None:
    bench = Bench()

    async def play() -> None:
        async with working(bench):
            bench.scribe.write(ROWS[:1], may_wait=True)
            await bench.wait(SOON_S * 0.9)
            assert bench.kept() == []
            await bench.wait(SOON_S * 0.2)
            assert bench.kept() == [1]

    await bench.clock.play(play())
    assert bench.ear.kept == [(5, 1)]


async def test_what_must_not_wait_takes_along_what_waits_before_it() -> None:
    bench = Bench()

    async def play() -> None:
        async with working(bench):
            bench.scribe.write(ROWS[:1], may_wait=True)
            bench.scribe.write(ROWS[1:2])
            await bench.wait(0.0)
            assert bench.kept() == [1, 2]

    await bench.clock.play(play())
    assert bench.ear.kept == [(0, 2)]


async def test_rows_that_come_while_the_disk_is_busy_share_the_next_commit() -> None:
    bench = Bench()

    async def play() -> None:
        bench.journal.stall = lambda: bench.clock.sleep(0.5)
        async with working(bench):
            for row in ROWS[:4]:
                bench.scribe.write([row])
            await bench.wait(2)

    await bench.clock.play(play())
    assert bench.journal.given == [[1], [2, 3, 4]]
    assert bench.ear.kept == [(500, 1), (1_000, 4)]


async def test_what_waits_is_urgent_no_more_once_it_was_given() -> None:
    bench = Bench()

    async def play() -> None:
        async with working(bench):
            bench.scribe.write(ROWS[:1])
            await bench.wait(0.0)
            bench.scribe.write(ROWS[1:2], may_wait=True)
            await bench.wait(0.0)
            assert bench.kept() == [1]
            await bench.wait(SOON_S)

    await bench.clock.play(play())
    assert bench.kept() == [1, 2]


@pytest.mark.parametrize("later_s", [0.0, 0.2])
async def test_what_the_disk_refuses_is_given_again_in_order_after_a_while(later_s: float) -> None:
    bench = Bench()

    async def play() -> None:
        async with working(bench):
            bench.journal.fail_next("the disk is full", times=2)
            bench.scribe.write(ROWS[:2])
            await bench.wait(later_s)
            bench.scribe.write(ROWS[2:3])
            bench.scribe.write(ROWS[3:4], may_wait=True)
            await bench.wait(3 * RETRY_S)

    await bench.clock.play(play())
    assert bench.kept() == [1, 2, 3, 4]
    assert [at for at, _ in bench.ear.failed] == [0, 1_000]
    assert [words for _, words in bench.ear.failed] == [FULL] * 2
    assert bench.ear.kept == [(2_000, 4)]


async def test_a_fault_of_ours_in_the_journal_ends_the_engine_and_is_not_swallowed() -> None:
    bench = Bench()

    async def play() -> None:
        async with working(bench):
            bench.scribe.write(ROWS[3:])
            await bench.wait(0.0)

    await bench.clock.play(play())
    assert [type(fault) for fault in bench.ear.faults] == [LocalProtocolError]
    assert (bench.ear.kept, bench.ear.failed) == ([], [])


@pytest.mark.parametrize("fails", [0, 1])
async def test_a_fault_of_ours_in_who_hears_it_ends_the_engine(fails: int) -> None:
    bench = Bench()
    faults: list[BaseException] = []

    def breaks(_: object) -> None:
        raise ZeroDivisionError

    bench.scribe = Scribe(bench.journal, bench.clock, Hears(breaks, breaks, faults.append))
    bench.journal.fail_next(times=fails)

    async def play() -> None:
        async with working(bench):
            bench.scribe.write(ROWS[:1])
            await bench.wait(0.0)

    await bench.clock.play(play())
    assert [type(fault) for fault in faults] == [ZeroDivisionError]


async def test_at_the_end_everything_is_written_once_and_nobody_hears_of_it() -> None:
    bench = Bench()

    async def play() -> str:
        bench.journal.stall = lambda: bench.clock.sleep(0.5)
        async with working(bench):
            bench.scribe.write(ROWS[:2])
            await bench.wait(0.1)
            bench.scribe.let_nobody_hear()
            bench.scribe.write(ROWS[2:])
        return await bench.scribe.finish()

    assert await bench.clock.play(play()) == ""
    assert bench.journal.given == [[1, 2], [3, 4, 5, 6]]
    assert bench.kept() == [1, 2, 3, 4, 5, 6]
    assert bench.ear.kept == []


async def test_at_the_end_what_was_refused_is_given_once_more_and_the_reason_is_said() -> None:
    bench = Bench()

    async def play() -> str:
        bench.journal.stall = lambda: bench.clock.sleep(0.5)
        async with working(bench):
            bench.scribe.write(ROWS[:2])
            await bench.wait(0.1)
            bench.journal.fail_next("the disk is full", times=2)
            bench.scribe.let_nobody_hear()
        return await bench.scribe.finish()

    assert await bench.clock.play(play()) == FULL
    assert bench.journal.given == [[1, 2], [1, 2]]
    assert bench.ear.failed == []


async def test_at_the_end_a_fault_of_ours_is_said_and_keeps_nothing_else_from_ending() -> None:
    bench = Bench()
    await bench.journal.open()
    bench.scribe.write(ROWS[3:], may_wait=True)
    assert "row 4 was given to the journal where 1 comes next" in await bench.scribe.finish()


async def test_a_loop_that_ends_amid_a_write_forgets_no_row() -> None:
    bench = Bench()

    async def play() -> None:
        bench.journal.stall = lambda: bench.clock.sleep(0.5)
        async with working(bench):
            bench.scribe.write(ROWS[:2])
            await bench.wait(0.1)
            assert bench.scribe._writing is not None
            bench.scribe._writing.cancel()
            await bench.wait(0.0)
        bench.journal.stall = None
        assert await bench.scribe.finish() == ""

    await bench.clock.play(play())
    assert bench.kept() == [1, 2]


async def test_a_closed_journal_refuses_through_what_it_returns(tmp_path: Path) -> None:
    journal = JournalFile(journal_at(tmp_path), NAMES, reserve_bytes=0)
    giving = journal.append(ROWS[:1])
    with pytest.raises(StorageFailed, match="closed"):
        await giving
