"""The simulation's journal fails, waits and crashes exactly when a drill wants it to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kalshi_tui.adapters.journal_now import JournalNow
from kalshi_tui.errors import LocalProtocolError, StorageFailed
from tests.unit.journal_kit import NAMES, journal_at, some_rows


@pytest.fixture(params=["memory", "file"])
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> JournalNow:
    journal = JournalNow(journal_at(tmp_path), NAMES) if request.param == "file" else JournalNow()
    await journal.open()
    return journal


async def test_it_fails_as_often_as_it_was_told_and_keeps_nothing_of_it(journal: JournalNow) -> None:
    rows = some_rows(3)
    await journal.append(rows[:1])
    journal.fail_next("the disk is full", times=2)
    for _ in range(2):
        with pytest.raises(StorageFailed, match="the disk is full"):
            await journal.append(rows[1:])
        assert journal.durable_rows() == rows[:1]
    await journal.append(rows[1:])
    assert journal.durable_rows() == rows
    await journal.close()


async def test_what_waits_behind_a_failure_fails_with_it(journal: JournalNow) -> None:
    rows = some_rows(3)
    journal.stall = lambda: asyncio.sleep(0)
    journal.fail_next()
    found = await asyncio.gather(*(journal.append([row]) for row in rows), return_exceptions=True)
    assert [type(problem) for problem in found] == [StorageFailed] * 3
    assert journal.durable_rows() == []
    await journal.append(rows)
    assert journal.durable_rows() == rows
    await journal.close()


async def test_rows_that_wait_are_kept_in_the_order_in_which_they_were_given(journal: JournalNow) -> None:
    rows = some_rows(3)
    gate = asyncio.Event()

    async def wait() -> None:
        await gate.wait()

    journal.stall = wait
    giving = [asyncio.ensure_future(journal.append([row])) for row in rows]
    for _ in range(10):
        await asyncio.sleep(0)
    assert journal.durable_rows() == []
    gate.set()
    await asyncio.gather(*giving)
    assert journal.durable_rows() == rows
    await journal.close()


async def test_what_waits_when_the_engine_crashes_is_never_kept(journal: JournalNow) -> None:
    rows = some_rows(3)
    await journal.append(rows[:1])
    gate = asyncio.Event()

    async def wait() -> None:
        await gate.wait()

    journal.stall = wait
    giving = asyncio.ensure_future(journal.append(rows[1:2]))
    await asyncio.sleep(0)
    journal.stall = None
    assert await journal.open() == rows[:1]
    gate.set()
    with pytest.raises(StorageFailed, match="closed"):
        await giving
    await journal.append(rows[1:])
    assert journal.durable_rows() == rows
    await journal.close()


async def test_a_lost_tail_is_gone_for_the_next_engine_which_goes_on_from_there(journal: JournalNow) -> None:
    rows = some_rows(5)
    await journal.append(rows)
    journal.lose_after(2)
    with pytest.raises(StorageFailed):
        await journal.append(some_rows(6)[5:])
    assert await journal.open() == rows[:2]
    await journal.append(rows[2:])
    assert journal.durable_rows() == rows
    await journal.close()
    assert await journal.open() == rows
    await journal.close()


async def test_a_number_out_of_turn_is_our_own_fault(journal: JournalNow) -> None:
    with pytest.raises(LocalProtocolError):
        await journal.append(some_rows(2)[1:])
    await journal.close()
    with pytest.raises(StorageFailed):
        await journal.append(some_rows(1))
