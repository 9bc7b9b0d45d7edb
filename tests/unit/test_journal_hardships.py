"""What a journal says of a disk, a file system and a reserve that do not do as they should."""

from __future__ import annotations

import errno
import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from kalshi_tui.adapters import journal_read
from kalshi_tui.adapters.journal_read import JournalReader
from kalshi_tui.adapters.journal_reserve import Reserve
from kalshi_tui.adapters.journal_schema import APPLICATION_ID, prepare
from kalshi_tui.adapters.journal_write import JournalWriter
from kalshi_tui.engine.journal_rows import JournalRow, first_broken
from kalshi_tui.errors import ConfigError, StorageFailed
from tests.unit.journal_kit import NAMES, journal_at, some_rows

MIB = 1 << 20


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return journal_at(tmp_path)


@contextmanager
def open_writer(file: Path, reserve: Reserve | None = None) -> Iterator[JournalWriter]:
    writer = JournalWriter(file, NAMES, reserve)
    writer.open()
    try:
        yield writer
    finally:
        writer.close()


def written(file: Path, rows: list[JournalRow]) -> None:
    with open_writer(file) as writer:
        writer.write(rows)


def rows_in(file: Path) -> list[JournalRow]:
    writer = JournalWriter(file, NAMES)
    rows = writer.open()
    writer.close()
    return rows


# The writer


def test_a_journal_that_is_not_open_takes_nothing(file: Path) -> None:
    writer = JournalWriter(file, NAMES)
    with pytest.raises(StorageFailed, match="not open") as refused:
        writer.write(some_rows(1))
    assert refused.value.hint
    assert not file.exists()


def test_an_empty_file_with_nothing_of_a_used_one_beside_it_is_begun(file: Path) -> None:
    file.parent.mkdir(mode=0o700)
    file.touch(mode=0o600)
    file.with_name(f"{file.name}.reserve").touch(mode=0o600)  # one that was let go of
    rows = some_rows(2)
    with open_writer(file, Reserve(file.with_name(f"{file.name}.reserve"), MIB)) as writer:
        writer.write(rows)
    assert rows_in(file) == rows


@pytest.mark.parametrize("count", [1, 200])
def test_where_not_even_the_reserve_makes_room_the_failure_is_told_and_nothing_is_kept(file: Path, count: int) -> None:
    rows = some_rows(count, size=20_000)
    reserve = Reserve(file.with_name("reserve"), MIB, MIB)
    with open_writer(file, reserve) as writer:
        assert writer.housekeep() == 0.0
        writer.connection.execute("PRAGMA max_page_count = 1")  # full, whatever is given back
        with pytest.raises(StorageFailed, match="the disk is full") as refused:
            writer.write(rows)
        assert "free some space" in refused.value.hint
        assert reserve.file.stat().st_size == 0, "it was let go of"
        assert writer.connection.execute("SELECT count(*) FROM rows").fetchone() == (0,)
        writer.connection.execute("PRAGMA max_page_count = 1000000")
        writer.write(rows)
    assert rows_in(file) == rows


def test_a_journal_whose_tables_are_missing_is_damaged_and_not_begun_anew(file: Path) -> None:
    file.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(file)) as other:
        other.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        other.execute("PRAGMA user_version = 1")
    before = file.read_bytes()
    with pytest.raises(ConfigError, match="damaged: its tables are missing") as refused:
        rows_in(file)
    assert "journal verify" in refused.value.hint
    assert file.read_bytes() == before


def test_a_file_system_without_shared_memory_keeps_no_journal(tmp_path: Path) -> None:
    """Locks that are files, as on a network's disk, share no memory between processes."""
    file = tmp_path / "one.sqlite"
    name = f"{file.as_uri()}?vfs=unix-dotfile"
    with closing(sqlite3.connect(name, uri=True, isolation_level=None)) as connection:
        with pytest.raises(ConfigError, match="no shared memory") as refused:
            prepare(connection, file, NAMES)
        assert "local disk" in refused.value.hint
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


# The reserve


def test_what_lies_in_the_reserves_place_and_holds_no_space_gives_none_back(tmp_path: Path) -> None:
    pipe = tmp_path / "reserve"
    os.mkfifo(pipe, 0o600)
    assert not Reserve(pipe, MIB).release()
    assert pipe.exists()


@pytest.mark.parametrize("trouble", [None, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL])
def test_where_no_call_reserves_space_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: int | None
) -> None:
    """As on macOS, which has no such call, and on file systems that do not know it."""

    def refuses(_descriptor: int, _offset: int, _count: int) -> None:
        raise OSError(trouble, "no such call")

    if trouble is None:
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    else:
        monkeypatch.setattr(os, "posix_fallocate", refuses, raising=False)
    reserve = Reserve(tmp_path / "reserve", MIB, MIB // 2)
    assert [reserve.grow(), reserve.grow()] == [False, True]
    taken = reserve.file.read_bytes()
    assert len(taken) == MIB
    assert taken[: MIB // 2] != taken[MIB // 2 :]
    assert b"\0" * 64 not in taken, "a file system that compresses would keep no room for zeros"
    assert (reserve.release(), reserve.file.stat().st_size) == (True, 0)


def test_a_disk_that_refuses_space_is_told_and_not_written_full(file: Path) -> None:
    """No file of this process may grow beyond 200 KB here: reserving more fails, as it does on a full disk."""
    rows = some_rows(1)
    reserve = Reserve(file.with_name("reserve"), MIB, MIB)
    with open_writer(file, reserve) as writer:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
            again_s = writer.housekeep()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert again_s == 10.0
        assert "no space could be reserved" in writer.problem
        assert reserve.file.stat().st_size == 0
        writer.write(rows)
        assert writer.housekeep() == 0.0, "and once the disk takes it, it is there"
        assert (writer.problem, reserve.file.stat().st_size) == ("", MIB)
    assert rows_in(file) == rows


# The reader


def test_damage_that_comes_while_a_journal_is_read_is_told_and_ends_the_reading(file: Path) -> None:
    written(file, some_rows(3))
    with closing(JournalReader(file)) as reader:
        assert reader.check_pages() == ""
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("PRAGMA writable_schema = ON")
            other.execute("UPDATE sqlite_master SET sql = 'no SQL' WHERE name = 'rows'")
            other.execute("PRAGMA schema_version = 1000")  # whoever has it open reads the tables anew
        assert "malformed" in reader.check_pages()
        assert list(reader.rows()) == []
        assert "malformed" in reader.check_pages(), "what was found stays found"


def test_a_journal_that_another_program_has_locked_is_said_to_be(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_read, "BUSY_S", 0.05)
    rows = some_rows(3)
    written(file, rows)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ConfigError, match=r"cannot be read: another program has it locked") as refused:
            JournalReader(file)
        assert "backup" in refused.value.hint
    with closing(JournalReader(file)) as reader:
        assert list(reader.rows()) == rows


@pytest.mark.parametrize("broken", [1, 2, 3, 4])
def test_the_first_row_that_does_not_follow_from_the_one_before_is_named(broken: int) -> None:
    rows = some_rows(4)
    assert first_broken(rows) is None
    changed = list(rows)
    row = rows[broken - 1]
    changed[broken - 1] = JournalRow(row.number, row.at_ms, row.kind, row.body + b" ", row.digest)
    assert first_broken(changed) == broken
    assert first_broken(rows[: broken - 1] + rows[broken:]) == (broken if broken < 4 else None)
