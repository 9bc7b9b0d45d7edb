"""A killed engine loses no committed batch, readers never wait, and a disk that takes nothing stops nobody."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from kalshi_tui.adapters import sqlite
from tests.unit.storage_kit import point, storage_at

ROOT = Path(__file__).parents[2]
# Tells each batch once it is committed, and goes on without end.
WRITES_WITHOUT_END = """
import asyncio, sys
from pathlib import Path
from tests.unit.storage_kit import storage_at, point

async def run():
    storage = storage_at(Path(sys.argv[1]), history_per_market=1_000_000, queue_rows=1_000_000)
    await storage.open()
    number = 0
    while True:
        storage.keep("market", [(f"M-{number}-{part}", b"x" * 500) for part in range(200)])
        storage.add_history([("M", point(number * 1000 + part)) for part in range(200)])
        await storage.flush()
        print(number, flush=True)
        number += 1

asyncio.run(run())
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "db" / "one.sqlite"


def killed_after(file: Path, batches: int) -> int:
    """Kill a writer that has told of so many batches, and return of how many it told in all."""
    command = [sys.executable, "-c", WRITES_WITHOUT_END, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:  # noqa: S603 - ours
        assert process.stdout is not None
        for _ in range(batches):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
        return batches + len(process.stdout.readlines())


@pytest.mark.parametrize("batches", [1, 7, 20])
async def test_an_engine_that_is_killed_in_the_middle_loses_no_committed_batch(file: Path, batches: int) -> None:
    told = killed_after(file, batches)
    storage = storage_at(file, history_per_market=1_000_000)
    await storage.open()
    assert storage.problem == ""
    rows = sum(len(raws) for _, raws in await storage.catalogue())
    points = await storage.history("M", 0, 1_000_000)
    assert rows >= told * 200
    assert rows % 200 == 0
    assert len(points) == rows
    storage.keep("series", [("S", b"goes on")])
    await storage.flush()
    assert (await storage.catalogue())[0] == ("series", [b"goes on"])
    await storage.close()


async def test_readers_do_not_wait_for_a_writer_in_a_long_transaction(file: Path) -> None:
    storage = storage_at(file)
    await storage.open()
    storage.add_history([("M", point(1))])
    storage.remember("layout", "wide")
    await storage.flush()
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        other.execute("DELETE FROM history")
        other.execute("DELETE FROM texts")
        storage.add_history([("M", point(2))])
        writing = asyncio.create_task(storage.flush())
        # The write waits for the other program; were the reads behind it, they would wait as long.
        assert await storage.history("M", 0, 10) == [point(1)]
        assert await storage.recall("layout") == "wide"
        assert not writing.done()
        other.execute("ROLLBACK")
    await writing
    assert await storage.history("M", 0, 10) == [point(1), point(2)]
    await storage.close()


async def test_a_file_that_others_lock_is_told_and_written_to_as_soon_as_it_is_free(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_S", 0.0)
    storage = storage_at(file)
    await storage.open()
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        storage.keep("market", [("M", b"old"), ("N", b"old")])
        await storage.flush()
        assert "locked" in storage.problem
        storage.keep("market", [("M", b"new")])
        other.execute("ROLLBACK")
    await storage.flush()
    assert (storage.problem, storage.lost) == ("", 0)
    assert await storage.catalogue() == [("market", [b"new", b"old"])]
    await storage.close()


async def limit_pages(storage: sqlite.SqliteStorage, pages: int) -> None:
    """Let the disk be as full as SQLite can make it: it answers with the same error."""
    assert storage._writer is not None
    await storage._writer.execute(f"PRAGMA max_page_count = {pages}")


async def test_a_full_disk_is_told_keeps_what_was_there_and_loses_nothing_that_waits(file: Path) -> None:
    storage = storage_at(file)
    await storage.open()
    storage.keep("market", [("A", b"before")])
    await storage.flush()
    await limit_pages(storage, 1)
    storage.keep("market", [(f"M-{number}", b"x" * 4000) for number in range(50)])
    storage.add_history([("M", point(1))])
    await storage.flush()
    assert "full" in storage.problem
    assert await storage.catalogue() == [("market", [b"before"])]
    await limit_pages(storage, 1_000_000)
    await storage.flush()
    assert (storage.problem, storage.lost) == ("", 0)
    assert sum(len(raws) for _, raws in await storage.catalogue()) == 51
    assert await storage.history("M", 0, 10) == [point(1)]
    await storage.close()


async def test_what_does_not_fit_into_the_queue_is_counted_and_never_raises(file: Path) -> None:
    storage = storage_at(file, queue_rows=5)
    await storage.open()
    await limit_pages(storage, 1)
    storage.keep("market", [(f"M-{number}", b"x" * 4000) for number in range(4)])
    storage.add_history([("M", point(at_ms)) for at_ms in range(3)])
    storage.keep("market", [("M-1", b"newer"), ("M-9", b"new")])
    storage.remember("layout", "wide")
    assert storage.lost == 4  # two points, a new row, a text; the row that was waiting already took no place
    assert "lost" in storage.problem
    await storage.flush()
    await storage.close()
    assert storage.lost == 9
    assert "kept" in storage.problem


async def test_an_engine_goes_on_where_no_database_can_be_opened(file: Path) -> None:
    file.parent.mkdir()
    file.parent.chmod(0o700)
    blocker = file.parent.parent / "blocked"
    blocker.write_bytes(b"")
    storage = storage_at(blocker / "db" / "one.sqlite")
    await storage.open()
    assert "nothing is kept" in storage.problem
    storage.keep("market", [("M", b"{}")])
    await storage.flush()
    assert await storage.catalogue() == []
    assert await storage.history("M", 0, 10) == []
    assert await storage.recall("layout") is None
    blocker.unlink()
    await storage.flush()
    assert (storage.problem, storage.lost) == ("", 0)
    assert await storage.catalogue() == [("market", [b"{}"])]
    await storage.close()


def test_a_process_that_fails_before_it_closes_its_storage_ends_all_the_same(file: Path) -> None:
    code = "import asyncio, sys; from pathlib import Path; from tests.unit.storage_kit import storage_at"
    code += "; asyncio.run(storage_at(Path(sys.argv[1])).open()); raise SystemExit(3)"
    command = [sys.executable, "-c", code, str(file)]
    assert subprocess.run(command, cwd=ROOT, timeout=30, check=False).returncode == 3  # noqa: S603 - ours


async def test_the_writer_writes_by_itself_and_closing_waits_for_it(file: Path) -> None:
    storage = storage_at(file)
    await storage.open()
    storage.keep("market", [("M", b"{}")])
    await storage.close()
    again = storage_at(file)
    await again.open()
    assert await again.catalogue() == [("market", [b"{}"])]
    await again.close()
