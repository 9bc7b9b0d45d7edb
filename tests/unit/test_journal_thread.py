"""The journal's thread: what is told of a journal that is not all well, and what becomes of those who wait for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from kalshi_tui.adapters.journal_file import JournalFile
from kalshi_tui.adapters.journal_reserve import Reserve
from kalshi_tui.adapters.journal_write import JournalWriter
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.errors import ConfigError, StorageFailed
from tests.unit.journal_kit import NAMES, journal_at, some_rows

LONGEST_S = 30


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return journal_at(tmp_path)


@pytest.fixture
async def faults() -> AsyncIterator[list[dict[str, Any]]]:
    """Collect what nobody has heard of on the loop."""
    heard: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: heard.append(context))
    yield heard
    loop.set_exception_handler(None)


async def happens(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, LONGEST_S)


async def thread_ends() -> None:
    for thread in threading.enumerate():
        if thread.name == "journal":
            await asyncio.to_thread(thread.join, LONGEST_S)
            assert not thread.is_alive()
    await asyncio.sleep(0)  # what it has told the loop last is heard


async def read_again(file: Path) -> list[JournalRow]:
    journal = JournalFile(file, NAMES, reserve_bytes=0)
    rows = await journal.open()
    await journal.close()
    return rows


class Tidied(JournalWriter):
    """A writer that tells when it has looked after its file for the first time."""

    def __init__(self, file: Path, reserve: Reserve | None = None) -> None:
        super().__init__(file, NAMES, reserve)
        self.has_tidied = threading.Event()

    def housekeep(self) -> float | None:
        after = super().housekeep()
        self.has_tidied.set()
        return after


async def test_that_no_space_could_be_reserved_is_told_and_rows_are_kept_all_the_same(file: Path) -> None:
    rows = some_rows(2)
    writer = Tidied(file, Reserve(file.with_name("reserve"), 1 << 60))
    journal = JournalFile(file, NAMES, writer=writer)
    assert journal.problem == ""
    await journal.open()
    await happens(writer.has_tidied)
    assert "no space could be reserved for the journal" in journal.problem
    await journal.append(rows)
    await journal.close()
    assert await read_again(file) == rows


class Opening(JournalWriter):
    """A writer whose opening takes as long as a test wants, and fails if it wants so."""

    def __init__(self, file: Path, problem: ConfigError | None = None) -> None:
        super().__init__(file, NAMES)
        self.has_begun = threading.Event()
        self.may_go_on = threading.Event()
        self.problem_met = problem

    def open(self) -> list[JournalRow]:
        self.has_begun.set()
        self.may_go_on.wait(LONGEST_S)
        if self.problem_met is not None:
            raise self.problem_met
        return super().open()


@pytest.mark.parametrize("problem", [None, ConfigError("the journal is damaged", hint="move it away")])
async def test_an_opening_that_nobody_waits_for_any_more_lets_go_of_the_file(
    file: Path, faults: list[dict[str, Any]], problem: ConfigError | None
) -> None:
    writer = Opening(file, problem)
    journal = JournalFile(file, NAMES, writer=writer)
    opening = asyncio.ensure_future(journal.open())
    await happens(writer.has_begun)
    opening.cancel()
    with suppress(asyncio.CancelledError):
        await opening
    assert opening.cancelled()
    writer.may_go_on.set()
    await thread_ends()
    with pytest.raises(StorageFailed, match="not open"):
        writer.write(some_rows(1))
    with pytest.raises(StorageFailed, match="closed"):
        await journal.append(some_rows(1))
    assert faults == []
    assert await read_again(file) == []


class Dying(JournalWriter):
    """A writer that a fault of ours ends while it looks after its file."""

    def __init__(self, file: Path) -> None:
        super().__init__(file, NAMES)
        self.has_begun = threading.Event()
        self.may_die = threading.Event()

    def housekeep(self) -> float | None:
        self.has_begun.set()
        self.may_die.wait(LONGEST_S)
        raise RuntimeError("a fault of ours")


@pytest.mark.parametrize("is_closing", [False, True])
async def test_when_the_thread_dies_whoever_waits_hears_of_it_and_nothing_more_is_taken(
    file: Path, monkeypatch: pytest.MonkeyPatch, is_closing: bool
) -> None:
    died: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", died.append)
    rows = some_rows(2)
    writer = Dying(file)
    journal = JournalFile(file, NAMES, writer=writer)
    await journal.open()
    await happens(writer.has_begun)
    waiting = [asyncio.ensure_future(journal.append([row])) for row in rows]
    await asyncio.sleep(0)
    closing = [asyncio.ensure_future(journal.close())] if is_closing else []
    await asyncio.sleep(0)
    writer.may_die.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(problem) for problem in found] == [StorageFailed] * 2
    assert [str(problem) for problem in found] == ["the journal is closed"] * 2
    await asyncio.gather(*closing)
    await thread_ends()
    assert [str(one.exc_value) for one in died] == ["a fault of ours"]
    with pytest.raises(StorageFailed, match="closed"):
        await journal.append(rows)
    await journal.close()
    assert await read_again(file) == [], "nobody was told that they are kept"
