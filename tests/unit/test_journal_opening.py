"""Which file is taken for a journal, whose it is, who may read it, and what is kept for a full disk."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from kalshi_tui.adapters import journal_write
from kalshi_tui.adapters.journal_file import JournalFile
from kalshi_tui.adapters.journal_mount import network_kind
from kalshi_tui.adapters.journal_reserve import Reserve
from kalshi_tui.adapters.journal_schema import NAMES as HEADINGS
from kalshi_tui.adapters.journal_schema import STEPS, journal_file, prepare
from kalshi_tui.adapters.journal_write import JournalWriter
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.errors import ConfigError, StorageFailed
from tests.unit.journal_kit import NAMES, journal_at, some_rows

MIB = 1 << 20


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return journal_at(tmp_path)


def opened(file: Path, names: tuple[str, str, str] = NAMES, reserve: Reserve | None = None) -> list[JournalRow]:
    """Open a journal, close it again, and return its rows."""
    writer = JournalWriter(file, names, reserve)
    rows = writer.open()
    writer.close()
    return rows


def written(file: Path, rows: list[JournalRow]) -> None:
    writer = JournalWriter(file, NAMES)
    writer.open()
    writer.write(rows)
    writer.close()


def modes(folder: Path) -> dict[str, int]:
    return {path.name.partition(".")[2]: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


class LetsGo(Reserve):
    """A reserve whose space is a number of pages that the file may have more."""

    def __init__(self, file: Path, writer: list[JournalWriter]) -> None:
        super().__init__(file, MIB, MIB)
        self.writer = writer

    def release(self) -> bool:
        had = super().release()
        if had:
            self.writer[0].connection.execute("PRAGMA max_page_count = 1000000")
        return had


def test_on_a_full_disk_the_reserve_is_let_go_of_and_the_rows_are_kept(file: Path) -> None:
    rows = some_rows(4, size=20_000)
    writers: list[JournalWriter] = []
    reserve = LetsGo(file.with_name("reserve"), writers)
    writer = JournalWriter(file, NAMES, reserve)
    writers.append(writer)
    writer.open()
    assert writer.housekeep() == 0.0
    assert reserve.file.stat().st_size == MIB
    writer.connection.execute("PRAGMA max_page_count = 1")
    writer.write(rows[:1])
    assert reserve.file.stat().st_size == 0
    assert "full" in writer.problem
    writer.connection.execute("PRAGMA max_page_count = 1")
    with pytest.raises(StorageFailed, match="full"):
        writer.write(rows[1:])
    writer.connection.execute("PRAGMA max_page_count = 1000000")
    assert writer.housekeep() == 0.0
    assert (reserve.file.stat().st_size, writer.problem) == (MIB, "")
    writer.write(rows[1:])
    writer.close()
    assert opened(file) == rows


def test_the_reserve_is_really_allocated_chunk_by_chunk(file: Path) -> None:
    reserve = Reserve(file.with_name("reserve"))
    writer = JournalWriter(file, NAMES, reserve)
    writer.open()
    assert not reserve.file.exists()
    sizes = []
    while writer.housekeep() is not None:
        sizes.append(reserve.file.stat().st_size)
    assert sizes == [8 * MIB, 16 * MIB, 24 * MIB, 32 * MIB]
    assert reserve.file.stat().st_blocks * 512 >= 32 * MIB
    writer.close()
    assert writer.problem == ""


def test_a_disk_that_is_nearly_full_is_left_alone_and_that_is_told(file: Path) -> None:
    writer = JournalWriter(file, NAMES, Reserve(file.with_name("reserve"), 1 << 60))
    writer.open()
    assert writer.housekeep() == 10.0
    assert "no space could be reserved" in writer.problem
    writer.write(some_rows(1))
    writer.close()


def test_a_reserve_with_holes_is_made_anew(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve", MIB, MIB // 2)
    with reserve.file.open("wb") as sparse:
        sparse.truncate(MIB)
    assert [reserve.grow(), reserve.grow()] == [False, True]
    assert reserve.file.stat().st_blocks * 512 >= MIB
    assert Reserve(reserve.file, MIB).grow()
    assert (reserve.release(), reserve.release()) == (True, False)


def test_a_reserve_is_no_link_into_another_file(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"x" * 100)
    (tmp_path / "soft").symlink_to(other)
    (tmp_path / "hard").hardlink_to(other)
    with pytest.raises(OSError, match="symbolic"):
        Reserve(tmp_path / "soft").grow()
    with pytest.raises(ConfigError, match="no file of ours"):
        Reserve(tmp_path / "hard").grow()
    assert not Reserve(tmp_path / "soft").release()
    assert other.read_bytes() == b"x" * 100


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_folder_and_files_are_their_owners_alone(file: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        writer = JournalWriter(file, NAMES, Reserve(file.with_name(f"{file.name}.reserve"), MIB))
        writer.open()
        writer.write(some_rows(1))
        writer.housekeep()
        assert modes(file.parent) == dict.fromkeys(["sqlite", "sqlite-wal", "sqlite-shm", "sqlite.reserve"], 0o600)
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        writer.close()
    finally:
        os.umask(before)


def test_each_account_and_mode_has_a_journal_of_its_own(tmp_path: Path) -> None:
    assert journal_file(tmp_path, "demo", "demo-a1b2", "live") == tmp_path / "journal" / "demo-demo-a1b2-live.sqlite"
    with pytest.raises(ConfigError):
        journal_file(tmp_path, "demo", "../x", "live")


def test_another_accounts_journal_is_refused(file: Path) -> None:
    opened(file)
    with pytest.raises(ConfigError, match="belongs to practice/practice/live, not to prod/prod-a1b2/live"):
        opened(file, ("prod", "prod-a1b2", "live"))


def test_a_newer_programs_journal_is_refused(file: Path) -> None:
    opened(file)
    with closing(sqlite3.connect(file)) as other:
        other.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    with pytest.raises(ConfigError, match="newer version"):
        opened(file)


@pytest.mark.parametrize("statement", ["CREATE TABLE t (x)", "PRAGMA user_version = 1", "PRAGMA application_id = 7"])
def test_another_programs_database_is_refused_and_left_as_it_is(file: Path, statement: str) -> None:
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as other:
        other.execute(statement)
    before = file.read_bytes()
    with pytest.raises(ConfigError, match="another program"):
        opened(file)
    assert file.read_bytes() == before


def test_an_older_journal_is_brought_to_the_new_version_with_all_its_rows(file: Path) -> None:
    written(file, some_rows(3))
    steps = (*STEPS, ("ALTER TABLE rows ADD COLUMN note TEXT", "CREATE INDEX by_kind ON rows (kind)"))
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        prepare(connection, file, NAMES, steps)
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("SELECT count(*), max(note) FROM rows").fetchone() == (3, None)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection, pytest.raises(sqlite3.Error):
        prepare(connection, file, NAMES, (*steps, ("ALTER TABLE rows ADD COLUMN more TEXT", "no SQL")))
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert "more" not in [column[1] for column in connection.execute("PRAGMA table_info(rows)")]


@pytest.mark.parametrize(("at", "count"), [(0, 16), (4096, 100), (0, 4096), (20_000, 60_000)])
def test_a_damaged_journal_is_refused_and_never_replaced(file: Path, at: int, count: int) -> None:
    written(file, some_rows(500, size=300))
    content = bytearray(file.read_bytes())
    content[at : at + count] = bytes(count)
    file.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        opened(file)
    assert "damaged" in refused.value.message or "another program" in refused.value.message
    assert "mv " in refused.value.hint
    assert file.read_bytes() == content


def test_a_last_row_that_its_page_no_longer_counts_is_missed(file: Path) -> None:
    """No digest can tell this: the rows that are left follow one on the other."""
    written(file, some_rows(500, size=300))
    content = bytearray(file.read_bytes())
    with closing(sqlite3.connect(file)) as other:
        root = other.execute("SELECT rootpage FROM sqlite_master WHERE name = 'rows'").fetchone()[0]
    at = (root - 1) * 4096
    assert content[at] == 5  # an inner page; at 8 it says which page is its last
    at = (int.from_bytes(content[at + 8 : at + 12], "big") - 1) * 4096
    assert content[at] == 13  # a page of rows; at 3 it says how many
    count = int.from_bytes(content[at + 3 : at + 5], "big")
    content[at + 3 : at + 5] = (count - 1).to_bytes(2, "big")
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="damaged"):
        opened(file)


def test_a_commit_waits_for_the_disk(file: Path) -> None:
    writer = JournalWriter(file, NAMES)
    writer.open()
    found = [writer.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")]
    assert found == [2, "wal"]  # 2 is FULL
    writer.close()


@pytest.mark.parametrize("beside", ["-wal", ".reserve"])
def test_a_journal_that_was_emptied_is_not_begun_anew(file: Path, beside: str) -> None:
    opened(file)
    file.write_bytes(b"")
    file.with_name(file.name + beside).write_bytes(b"x" * 5000)
    with pytest.raises(ConfigError, match="it is empty, and was not"):
        opened(file, reserve=Reserve(file.with_name(f"{file.name}.reserve")))
    assert file.with_name(file.name + beside).stat().st_size == 5000


def test_a_link_in_the_journals_place_is_refused(file: Path, tmp_path: Path) -> None:
    file.parent.mkdir()
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="link"):
        opened(file)


def test_a_place_that_cannot_be_made_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("no folder")
    with pytest.raises(ConfigError):
        opened(journal_at(tmp_path))


def test_its_headings_are_those_of_its_names(file: Path) -> None:
    opened(file)
    with closing(sqlite3.connect(file)) as other:
        assert dict(other.execute("SELECT name, value FROM about")) == dict(zip(HEADINGS, NAMES, strict=True))


def test_an_engine_hears_why_its_journal_cannot_be_used(file: Path) -> None:
    written(file, some_rows(1))
    with pytest.raises(ConfigError, match="belongs to"):
        asyncio.run(JournalFile(file, ("demo", "demo-a1b2", "live")).open())


MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:31 / /home rw shared:2 - nfs4 server:/home rw,vers=4.2
31 30 0:32 / /home/me/local rw - xfs /dev/vdb rw
32 22 0:33 / /mnt/two\\040words rw - cifs //server/share rw
33 22 0:34 / /mnt/over rw - nfs server:/x rw
34 22 0:35 / /mnt/over rw - tmpfs none rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/data", ""),
        ("/home", "nfs4"),
        ("/home/me/data", "nfs4"),
        ("/home/me/local/data", ""),
        ("/homeless", ""),
        ("/mnt/two words/data", "cifs"),
        ("/mnt/over/data", ""),
    ],
)
def test_a_folder_on_another_computer_is_known(tmp_path: Path, folder: str, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert network_kind(Path(folder), mounts) == kind
    assert network_kind(Path(folder), tmp_path / "none") == ""


def test_a_journal_on_another_computer_works_and_says_so(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_write, "network_kind", lambda _: "nfs4")
    writer = JournalWriter(file, NAMES)
    writer.open()
    writer.write(some_rows(1))
    assert "nfs4" in writer.problem
    assert "local disk" in writer.problem
    writer.close()
