"""What the journal has acknowledged is there whatever happens, and what it refused is not."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.adapters import journal_write
from kalshi_tui.adapters.journal_file import JournalFile
from kalshi_tui.adapters.journal_now import JournalNow
from kalshi_tui.adapters.journal_write import JournalWriter
from kalshi_tui.engine.journal_rows import GENESIS, JournalRow, first_broken, sealed
from kalshi_tui.engine.ports import Journal
from kalshi_tui.errors import ConfigError, LocalProtocolError, StorageFailed
from tests.unit.journal_kit import NAMES, journal_at, some_rows


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return journal_at(tmp_path)


@pytest.fixture
async def journal(file: Path) -> AsyncIterator[JournalFile]:
    journal = JournalFile(file, NAMES, reserve_bytes=0)
    await journal.open()
    yield journal
    await journal.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_write, "BUSY_S", 0.05)


async def reopened(file: Path) -> list[JournalRow]:
    journal = JournalFile(file, NAMES, reserve_bytes=0)
    rows = await journal.open()
    await journal.close()
    return rows


def made(folder: Path, kind: str) -> Journal:
    file = journal_at(folder)
    if kind == "live":
        return JournalFile(file, NAMES, reserve_bytes=0)
    return JournalNow(file, NAMES) if kind == "now in a file" else JournalNow()


bodies = st.lists(st.lists(st.binary(max_size=300), max_size=30), max_size=6)


@pytest.mark.parametrize("kind", ["live", "now", "now in a file"])
@given(batches=bodies, at_ms=st.integers(0, 2**62), word=st.text(max_size=12).filter(lambda text: text.isprintable()))
@settings(max_examples=30, deadline=None)
def test_rows_given_are_the_rows_read_afterwards(kind: str, batches: list[list[bytes]], at_ms: int, word: str) -> None:
    async def run(folder: Path) -> None:
        journal = made(folder, kind)
        assert await journal.open() == []
        given: list[JournalRow] = []
        for batch in batches:
            fresh: list[JournalRow] = []
            for body in batch:
                last = (given + fresh)[-1].digest if given or fresh else GENESIS
                fresh.append(sealed(last, len(given) + len(fresh) + 1, at_ms, word, body))
            await journal.append(fresh)
            given += fresh
        await journal.close()
        rows = await journal.open()
        assert rows == given
        assert first_broken(rows) is None
        await journal.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


async def test_rows_of_many_givers_lie_in_the_order_in_which_they_were_given(journal: JournalFile, file: Path) -> None:
    rows = some_rows(3000)
    await asyncio.gather(*(journal.append(rows[start : start + 3]) for start in range(0, 3000, 3)))
    assert await reopened(file) == rows


@pytest.mark.parametrize("numbers", [[2], [1, 3], [1, 1], [0], [-1]])
async def test_a_gap_or_a_number_that_was_used_is_refused_as_our_own_fault(
    journal: JournalFile, file: Path, numbers: list[int]
) -> None:
    with pytest.raises(LocalProtocolError, match="comes next"):
        await journal.append([JournalRow(number, 1, "Ended", b"{}", b"") for number in numbers])
    rows = some_rows(2)
    await journal.append(rows)
    with pytest.raises(LocalProtocolError):
        await journal.append(rows[1:])
    assert await reopened(file) == rows


async def test_the_file_itself_takes_no_row_out_of_turn_and_lets_none_be_changed(
    journal: JournalFile, file: Path
) -> None:
    await journal.append(some_rows(3))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        for statement in (
            "UPDATE rows SET body = x'00' WHERE number = 2",
            "DELETE FROM rows WHERE number = 3",
            "INSERT INTO rows VALUES (5, 1, 'Ended', x'00', x'00')",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                other.execute(statement)


async def test_a_locked_file_holds_up_nobody_else_and_rows_are_kept_once_it_is_free(
    journal: JournalFile, file: Path
) -> None:
    rows = some_rows(2)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(journal.append(rows))
        for _ in range(1000):
            await asyncio.sleep(0)
        assert not waiting.done()
        other.execute("ROLLBACK")
    await waiting
    assert await reopened(file) == rows


@pytest.mark.usefixtures("impatient")
async def test_a_file_that_stays_locked_fails_what_waits_and_everything_behind_it(file: Path) -> None:
    rows = some_rows(4)
    journal = JournalFile(file, NAMES, reserve_bytes=0)
    await journal.open()
    await journal.append(rows[:1])
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        found = await asyncio.gather(*(journal.append([row]) for row in rows[1:]), return_exceptions=True)
    assert [type(problem) for problem in found] == [StorageFailed] * 3
    first = found[0]
    assert isinstance(first, StorageFailed)
    assert "locked" in first.message
    assert "backup" in first.hint
    await journal.append(rows[1:])
    await journal.close()
    assert await reopened(file) == rows


@pytest.mark.usefixtures("impatient")
async def test_a_file_that_is_locked_when_it_is_opened_is_said_to_be(file: Path) -> None:
    assert await reopened(file) == []
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ConfigError, match="locked") as refused:
            await reopened(file)
        assert "backup" in refused.value.hint


async def test_a_giver_that_no_longer_waits_leaves_no_gap(journal: JournalFile, file: Path) -> None:
    rows = some_rows(2)
    giving = asyncio.ensure_future(journal.append(rows[:1]))
    await asyncio.sleep(0)
    giving.cancel()
    await journal.append(rows[1:])
    assert giving.cancelled()
    assert await reopened(file) == rows


async def test_a_closed_journal_takes_nothing_and_can_be_opened_again(file: Path) -> None:
    rows = some_rows(2)
    journal = JournalFile(file, NAMES, reserve_bytes=0)
    with pytest.raises(StorageFailed):
        await journal.append(rows)
    await journal.open()
    giving = asyncio.ensure_future(journal.append(rows[:1]))
    await asyncio.sleep(0)
    await journal.close()
    await journal.close()
    await giving
    with pytest.raises(StorageFailed, match="closed"):
        await journal.append(rows[1:])
    assert await journal.open() == rows[:1]
    await journal.append(rows[1:])
    await journal.close()
    assert await reopened(file) == rows


def test_a_file_that_lost_its_name_while_in_use_takes_nothing_more(file: Path) -> None:
    rows, away = some_rows(3), file.with_suffix(".away")
    writer = JournalWriter(file, NAMES)
    writer.open()
    writer.write(rows[:1])
    file.rename(away)
    with pytest.raises(StorageFailed, match="moved away or deleted"):
        writer.write(rows[1:2])
    file.touch()
    with pytest.raises(StorageFailed, match="another file has taken its place"):
        writer.write(rows[1:2])
    away.rename(file)
    writer.write(rows[1:])
    writer.close()
    assert asyncio.run(reopened(file)) == rows


class Failing(JournalWriter):
    """A writer into which a setting of SQLite's is put that makes the next commits fail."""

    setting = ""

    def write(self, rows: Sequence[JournalRow]) -> None:
        for setting in filter(None, self.setting.split(";")):
            self.connection.execute(f"PRAGMA {setting}")
        super().write(rows)


@pytest.mark.parametrize("count", [1, 200])
@pytest.mark.parametrize(
    ("setting", "undone", "words"),
    [
        ("query_only = ON", "query_only = OFF", "cannot be written"),
        ("max_page_count = 1", "max_page_count = 1000000", "full"),
    ],
)
async def test_what_the_disk_refuses_is_not_there_and_may_be_given_again(
    file: Path, count: int, setting: str, undone: str, words: str
) -> None:
    rows = some_rows(count + 1, size=20_000)
    writer = Failing(file, NAMES)
    journal = JournalFile(file, NAMES, writer=writer)
    await journal.open()
    await journal.append(rows[:1])
    writer.setting = setting
    with pytest.raises(StorageFailed, match=words) as refused:
        await journal.append(rows[1:])
    assert refused.value.hint
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT max(number) FROM rows").fetchone() == (1,)
    writer.setting = undone
    await journal.append(rows[1:])
    await journal.close()
    assert await reopened(file) == rows


async def kept_of(journal: JournalFile, rows: list[JournalRow]) -> tuple[int, StorageFailed | None]:
    """Give rows one by one until one fails, and return how many were kept."""
    for count, row in enumerate(rows):
        try:
            await journal.append([row])
        except StorageFailed as problem:
            return count, problem
    return len(rows), None


async def test_a_failing_disk_is_told_and_what_was_acknowledged_stays(file: Path) -> None:
    """No file of this process may grow beyond 200 KB here: the write itself fails."""
    rows = some_rows(40, size=20_000)
    journal = JournalFile(file, NAMES, reserve_bytes=0)
    await journal.open()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        kept, failure = await kept_of(journal, rows)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert failure is not None
    assert "disk failed" in failure.message
    assert 1 < kept < 10
    await journal.append(rows[kept:])
    await journal.close()
    assert await reopened(file) == rows


async def test_rows_that_no_file_can_hold_fail_alone_and_the_journal_goes_on(journal: JournalFile, file: Path) -> None:
    rows = some_rows(3)
    with pytest.raises(StorageFailed, match="fault of ours"):
        await journal.append([JournalRow(1, 2**70, "Ended", b"", b"")])
    await journal.append(rows)
    assert await reopened(file) == rows


class Held(JournalWriter):
    """A writer that waits before its first commit, and then fails."""

    def __init__(self, file: Path) -> None:
        super().__init__(file, NAMES)
        self.has_begun = Event()
        self.may_fail = Event()
        self.calls: list[list[int]] = []

    def write(self, rows: Sequence[JournalRow]) -> None:
        self.calls.append([row.number for row in rows])
        if len(self.calls) == 1:
            self.has_begun.set()
            self.may_fail.wait(30)
            raise StorageFailed("the disk is full", hint="free some space")
        super().write(rows)


async def test_rows_queued_behind_a_failure_never_reach_the_file_and_later_ones_do(file: Path) -> None:
    rows = some_rows(4)
    writer = Held(file)
    journal = JournalFile(file, NAMES, writer=writer)
    await journal.open()
    first = asyncio.ensure_future(journal.append(rows[:1]))
    await asyncio.to_thread(writer.has_begun.wait, 30)
    behind = [asyncio.ensure_future(journal.append([row])) for row in rows[1:3]]
    await asyncio.sleep(0)
    writer.may_fail.set()
    found = await asyncio.gather(first, *behind, return_exceptions=True)
    assert [str(problem) for problem in found] == [
        "the disk is full",
        "the journal did not take what comes before it",
        "the journal did not take what comes before it",
    ]
    await journal.append(rows)
    await journal.close()
    assert writer.calls == [[1], [1, 2, 3, 4]]
    assert await reopened(file) == rows


async def test_what_waits_while_a_commit_is_made_shares_the_next_one(file: Path) -> None:
    rows = some_rows(30)
    writer = Held(file)
    journal = JournalFile(file, NAMES, writer=writer)
    await journal.open()
    with pytest.raises(StorageFailed, match="full"):
        await asyncio.gather(journal.append(rows[:1]), asyncio.to_thread(writer.may_fail.set))
    await asyncio.gather(*(journal.append([row]) for row in rows))
    await journal.close()
    assert [number for call in writer.calls[1:] for number in call] == [row.number for row in rows]
    assert len(writer.calls) < 30
    assert await reopened(file) == rows
