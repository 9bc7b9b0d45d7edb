"""A killed engine, a lost tail, a full disk: what was acknowledged stays, and what stays is a whole beginning."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.adapters.journal_write import JournalWriter
from kalshi_tui.engine.journal_rows import JournalRow, first_broken
from tests.unit.journal_kit import NAMES, journal_at, some_rows

ROOT = Path(__file__).parents[2]
# Tells of each row once it is acknowledged; four givers at once, so that rows share transactions.
GIVES_WITHOUT_END = """
import asyncio, os, sys
from pathlib import Path
from kalshi_tui.adapters.journal_file import JournalFile
from kalshi_tui.engine.journal_rows import GENESIS, sealed

async def run():
    journal = JournalFile(Path(sys.argv[1]), ("practice", "practice", "live"), reserve_bytes=0)
    rows = await journal.open()
    number, digest = (rows[-1].number, rows[-1].digest) if rows else (0, GENESIS)

    async def give(row):
        await journal.append([row])
        os.write(1, b"%d\\n" % row.number)

    while True:
        batch = []
        for _ in range(4):
            number += 1
            row = sealed(digest, number, number, "Ended", b"x" * (number * 97 % 3000))
            digest = row.digest
            batch.append(give(row))
        await asyncio.gather(*batch)

asyncio.run(run())
"""
# On a disk of 3 MiB: fills it up, and goes on in the reserve; prints what was kept before and after.
FILLS_A_DISK = """
import asyncio, os, sys
from pathlib import Path
from kalshi_tui.adapters.journal_file import JournalFile
from kalshi_tui.errors import StorageFailed
from tests.unit.journal_kit import NAMES, some_rows

async def run():
    place = Path(sys.argv[1])
    journal = JournalFile(place / "journal" / "one.sqlite", NAMES, reserve_bytes=1 << 20)
    await journal.open()
    reserve = place / "journal" / "one.sqlite.reserve"
    while not reserve.exists() or reserve.stat().st_size < 1 << 20:
        await asyncio.sleep(0.01)
    descriptor = os.open(place / "others", os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(descriptor, bytes(4096))
    except OSError:
        pass
    rows = some_rows(1000, size=4000)
    kept = 0
    try:
        for row in rows:
            await journal.append([row])
            kept += 1
    except StorageFailed as problem:
        assert "full" in problem.message, problem.message
    assert reserve.stat().st_size == 0
    os.ftruncate(descriptor, 0)
    await journal.append(rows[kept:kept + 100])
    await journal.close()
    assert await journal.open() == rows[:kept + 100]
    await journal.close()
    print(kept)

asyncio.run(run())
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.mark.parametrize("run", range(20))
def test_a_row_that_was_acknowledged_survives_a_killed_engine(folder: Path, run: int) -> None:
    """The twenty share one journal, so that each also goes on where a killed one stopped."""
    file = journal_at(folder)
    command = [sys.executable, "-c", GIVES_WITHOUT_END, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:  # noqa: S603 - ours
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(1 + run * 7)]
        process.send_signal(signal.SIGKILL)
        told += [int(line) for line in process.stdout.readlines() if line.endswith("\n")]
        process.wait()
    writer = JournalWriter(file, NAMES)
    rows = writer.open()
    writer.close()
    assert len(rows) >= max(told)
    assert first_broken(rows) is None


@given(share=st.floats(0, 1), flip=st.booleans())
@settings(max_examples=60, deadline=None)
def test_after_a_power_cut_what_is_left_is_a_whole_beginning(share: float, flip: bool) -> None:
    """The write-ahead file is cut off, or turned over, at any byte."""
    rows = some_rows(40, size=700)
    with tempfile.TemporaryDirectory() as name:
        file = journal_at(Path(name))
        writer = JournalWriter(file, NAMES)
        writer.open()
        for row in rows:
            writer.write([row])
        copy = journal_at(Path(name) / "copy")
        copy.parent.mkdir(parents=True)
        shutil.copy(file, copy)
        wal = bytearray(file.with_name(file.name + "-wal").read_bytes())
        writer.close()
        at = int(share * len(wal))
        if flip and at < len(wal):
            wal[at] ^= 0xFF
        else:
            del wal[at:]
        copy.with_name(copy.name + "-wal").write_bytes(wal)
        found = _opened(copy)
        assert found == rows[: len(found)]
        assert first_broken(found) is None


def _opened(file: Path) -> list[JournalRow]:
    writer = JournalWriter(file, NAMES)
    rows = writer.open()
    writer.close()
    return rows


def test_a_really_full_disk_lets_the_reserve_keep_what_comes_last(tmp_path: Path) -> None:
    """A disk of 3 MiB in a namespace of its own; where the system grants none, nothing is proved here."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = f"mount -t tmpfs -o size=3m none {place} || exit 77"
    inner = f'{mount}; exec "{sys.executable}" -c "$CODE" {place}'
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("no unshare here")
    environ = {**os.environ, "CODE": FILLS_A_DISK, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(  # noqa: S603 - ours
        [unshare, "-Urm", "sh", "-c", inner], capture_output=True, text=True, env=environ, check=False, cwd=ROOT
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no namespace for a small disk here")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 50
