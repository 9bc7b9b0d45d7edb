"""Tapes on a disk: private, in order, bounded, and readable whatever the disk does."""

from __future__ import annotations

import errno
import os
import resource
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kalshi_tui.adapters.tape_files import TapeReader, TapeWriter, find_tapes, newest_tape
from kalshi_tui.adapters.tape_files import files as tape_files
from kalshi_tui.adapters.tape_files.cutting import cut_tape
from kalshi_tui.adapters.tape_files.disk import Disk
from kalshi_tui.adapters.tape_files.shelf import Shelf
from kalshi_tui.engine.inputs import Beat, Frames, Opening, Record
from kalshi_tui.engine.ports import Recorder
from kalshi_tui.engine.tape.form import Chunk, compressor, pack_records
from kalshi_tui.engine.tape.packing import Begin, DiskState, TapeRules, Write
from kalshi_tui.errors import ConfigError
from tests.unit.tape_kit import NOW, beats, day, frames, opening, read, write_tape

BIG = 1 << 40


def chunk(records: list[Record], number: int = 0) -> Chunk:
    return pack_records(records, number, compressor(1))


def shelf(folder: Path, limit_bytes: int = BIG) -> Shelf:
    return Shelf(folder, limit_bytes=limit_bytes, level=1)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def recorded(folder: Path, records: list[Record], **rules: Any) -> TapeWriter:
    """Record all of them as an engine does: an opening whenever one is wished for."""
    writer = TapeWriter(folder, TapeRules(**rules))
    for record in records:
        if writer.wants_opening:
            writer.begin(opening(record.at_ms, is_first=record is records[0]))
        writer.put(record)
    writer.close()
    return writer


@contextmanager
def threads_changing_often() -> Iterator[None]:
    """Let threads come between each other's steps as often as Python can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def inputs(records: list[Record]) -> list[Record]:
    return [record for record in records if not isinstance(record, Opening)]


def test_the_writer_is_what_the_engine_asks_for(tmp_path: Path) -> None:
    writer: Recorder = TapeWriter(tmp_path / "a")
    assert writer.wants_opening
    assert writer.state().state == "recording"
    writer.close()
    assert (writer.state().state, writer.state().reason) == ("off", "closed")


def test_what_was_put_is_read_again(tmp_path: Path) -> None:
    records = [*beats(3), *frames(3, NOW + 100)]
    writer = recorded(tmp_path / "a", records)
    state = writer.state()
    assert read(Path(state.path)) == [opening(), *records]
    assert state.frames_lost == 0
    assert state.bytes_written == sum(path.stat().st_size for path in Path(state.path).iterdir())


def test_order_is_kept_under_load_and_over_many_segments(tmp_path: Path) -> None:
    records = frames(40_000)
    writer = TapeWriter(tmp_path / "a", TapeRules(chunk_bytes=1 << 14, flush_s=0.001))
    with threads_changing_often():
        for number, record in enumerate(records):
            if number % 4000 == 0:
                writer.begin(opening(record.at_ms))
            writer.put(record)
    writer.close()
    tape = TapeReader(Path(writer.state().path))
    assert inputs(list(tape.records())) == records
    assert tape.breaks == []
    firsts = [[type(record) for record in segment.records(segment.places[0])[:2]] for segment in tape.segments]
    assert firsts == [[Opening, Frames]] * 10


def test_nobody_else_can_read_a_tape_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o000)
    try:
        tape = write_tape(tmp_path / "tapes" / "me-practice", day())
    finally:
        os.umask(before)
    assert [mode(folder) for folder in (tmp_path / "tapes", tape.parent, tape)] == [0o700] * 3
    assert [mode(path) for path in (tape / "0001.tape", tape.parent / ".lock")] == [0o600] * 2


def test_a_tape_is_named_after_the_second_of_its_opening_and_never_shares_a_folder(tmp_path: Path) -> None:
    names = [write_tape(tmp_path, day()).name for _ in range(3)]
    assert names == ["20260921T141320Z", "20260921T141320Z-2", "20260921T141320Z-3"]


def test_two_writers_never_share_a_folder(tmp_path: Path) -> None:
    first, second = shelf(tmp_path), shelf(tmp_path)
    first.begin(opening())
    with pytest.raises(OSError, match="another program records there"):
        second.begin(opening())
    first.close()
    second.begin(opening())
    second.close()


def test_a_second_recorder_says_why_it_does_not_record(tmp_path: Path) -> None:
    first = shelf(tmp_path)
    first.begin(opening())
    writer = recorded(tmp_path, frames(5))
    assert writer.state().reason == "another program records there"
    assert writer.state().frames_lost == 6  # the opening counts as one
    first.close()


def test_the_oldest_segments_go_first_and_never_the_open_one(tmp_path: Path) -> None:
    old = write_tape(tmp_path, [opening(), *frames(50)], [opening(), *frames(50)])
    for second, path in enumerate(tape_files.segment_files(old)):
        os.utime(path, (second, second))
    size = (old / "0001.tape").stat().st_size
    writing = shelf(tmp_path, limit_bytes=2 * size)
    writing.begin(opening())
    assert [path.name for path in tape_files.segment_files(old)] == ["0002.tape"]
    records = [opening(), *frames(50)]
    for number in range(0, 40 * len(records), len(records)):
        writing.write(chunk(records, number))
    assert not old.exists()
    assert writing.tape is not None
    assert [path.name for path in tape_files.segment_files(writing.tape)] == ["0001.tape"]
    writing.close()


def test_clearing_away_touches_nothing_that_is_no_segment(tmp_path: Path) -> None:
    old = write_tape(tmp_path, day())
    kept = [old / "notes.txt", old / "0001.tape.bak", tmp_path / "mine" / "0001.tape"]
    (tmp_path / "mine").mkdir()
    for path in kept:
        path.write_text("mine")
    writing = shelf(tmp_path, limit_bytes=1)
    writing.begin(opening())
    writing.close()
    assert not (old / "0001.tape").exists()
    assert all(path.read_text() == "mine" for path in kept)


@contextmanager
def files_no_longer_than(limit: int) -> Iterator[None]:
    """Let the kernel refuse whatever would make a file longer, as it does when a disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_costs_what_comes_until_a_new_segment_is_begun(tmp_path: Path) -> None:
    disk = Disk(shelf(tmp_path), lambda: 50.0)
    before: list[Record] = [opening(), *frames(3)]
    after: list[Record] = [opening(NOW + 9, is_first=False), *frames(2, NOW + 9)]
    disk.do(Begin(1, opening()))
    disk.do(Write(1, chunk(before)))
    with files_no_longer_than(disk.bytes_written + 100):
        disk.do(Write(1, chunk(frames(200), 4)))
        disk.do(Write(1, chunk(beats(2), 204)))
    assert disk.reason == os.strerror(errno.EFBIG)
    assert disk.state() == DiskState(failed=1, failed_s=50.0)
    assert disk.lost == 202
    disk.do(Begin(2, opening(NOW + 9, is_first=False)))
    disk.do(Write(2, chunk(after, 206)))
    disk.finish()
    assert disk.reason == ""
    tape = TapeReader(Path(disk.path))
    assert list(tape.records()) == before
    assert list(tape.records(over_breaks=True)) == before + after
    assert tape.breaks == ["0001.tape: it was not closed", "0002.tape: 202 records are missing before it"]


def test_what_the_disk_has_done_waits_no_longer(tmp_path: Path) -> None:
    disk = Disk(shelf(tmp_path), lambda: 50.0)
    piece = Write(1, chunk([opening(), *frames(3)]))
    for work in (Begin(1, opening()), piece, piece, None):
        disk.add(work)
    assert disk.state().backlog == 2 * len(piece.chunk.data)
    disk.run()
    assert disk.state().backlog == 0


def test_a_place_beyond_the_file_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123")
    source = tape_files.FileSource(tmp_path / "a")
    assert [source.read(offset, 3) for offset in (-1, 0, 3, 4, 5, 1 << 70)] == [b"", b"012", b"3", b"", b"", b""]


def test_a_disk_that_is_full_from_the_start_leaves_no_empty_files_behind(tmp_path: Path) -> None:
    disk = Disk(shelf(tmp_path), lambda: 50.0)
    with files_no_longer_than(4):
        for segment in range(1, 4):
            disk.do(Begin(segment, opening()))
            disk.do(Write(segment, chunk([opening()])))
    assert disk.state().failed == 3
    with files_no_longer_than(20):
        disk.do(Begin(4, opening()))
        disk.do(Write(4, chunk([opening()])))
    assert disk.lost == 4
    assert list(Path(disk.path).iterdir()) == []
    disk.finish()
    assert not Path(disk.path).exists()


def test_the_recorder_goes_on_taking_records_while_the_disk_takes_none(tmp_path: Path) -> None:
    with files_no_longer_than(20):
        writer = recorded(tmp_path, frames(10), flush_s=0.001)
    assert writer.state().reason == os.strerror(errno.EFBIG)
    assert writer.state().frames_lost == 11


def test_a_cut_that_does_not_fit_leaves_nothing(tmp_path: Path) -> None:
    tape = TapeReader(write_tape(tmp_path / "a", [opening(), *frames(50)]))
    with files_no_longer_than(100), pytest.raises(ConfigError, match="cannot be written: File too large"):
        cut_tape(tape, tmp_path / "cut", from_ms=0, to_ms=NOW + 50)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_an_index_that_does_not_fit_costs_no_records(tmp_path: Path) -> None:
    disk = Disk(shelf(tmp_path), lambda: 50.0)
    disk.do(Begin(1, opening()))
    disk.do(Write(1, chunk([opening(), *frames(3)])))
    with files_no_longer_than(disk.bytes_written + 10):
        disk.finish()
    assert disk.reason == os.strerror(errno.EFBIG)
    assert read(Path(disk.path)) == [opening(), *frames(3)]


def test_what_fails_is_said_and_not_raised(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    writer = recorded(tmp_path / "file" / "a", frames(2))
    assert writer.state().reason == f"{tmp_path / 'file'}: File exists"
    assert writer.state().frames_lost == 3


def test_a_defect_of_ours_costs_the_tape_and_not_the_engine(tmp_path: Path) -> None:
    writer = TapeWriter(tmp_path)
    writer.begin(opening())
    writer.put("no record at all")  # type: ignore[arg-type]
    while not writer.state().reason:
        pass
    for record in frames(4):
        writer.put(record)
    writer.close()
    assert writer.state().reason.startswith("a fault of kalshi-tui itself")
    assert writer.state().frames_lost == 4


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let no segment be begun before the event is set: a disk that hangs."""
    gate = threading.Event()
    begin = Shelf.begin

    def wait_and_begin(shelf: Shelf, first: Opening) -> None:
        gate.wait()
        begin(shelf, first)

    monkeypatch.setattr(Shelf, "begin", wait_and_begin)
    yield gate
    gate.set()


def test_a_disk_that_hangs_holds_up_neither_the_engine_nor_its_memory(tmp_path: Path, hanging: threading.Event) -> None:
    writer = TapeWriter(tmp_path, TapeRules(buffer_bytes=1000, flush_s=0.001))
    writer.begin(opening())
    noise = Random(1)
    while not writer.state().frames_lost:
        writer.put(Frames(NOW, [noise.randbytes(500)]))
    assert writer.state().state == "failed"
    assert "too slow" in writer.state().reason
    hanging.set()
    writer.close()


def test_a_disk_that_hangs_holds_up_no_end(tmp_path: Path, hanging: threading.Event) -> None:
    later = iter(range(0, 10**9, 60))  # each look at the clock finds it a minute later
    writer = TapeWriter(tmp_path, monotonic=lambda: next(later))
    writer.begin(opening())
    writer.close()
    assert writer.state().reason.startswith("closed, but the disk had not taken everything")
    hanging.set()
    for thread in writer._threads:
        thread.join()


def test_closing_twice_does_nothing_more(tmp_path: Path) -> None:
    writer = recorded(tmp_path, frames(2))
    before = writer.state()
    writer.close()
    assert writer.state() == before


def test_a_tape_that_is_being_recorded_is_not_torn(tmp_path: Path) -> None:
    writing = shelf(tmp_path)
    writing.begin(opening())
    writing.write(chunk([opening(), *beats(2)]))
    assert writing.tape is not None
    tape = TapeReader(writing.tape)
    assert list(tape.records()) == [opening(), *beats(2)]
    assert tape.segments[0].is_open
    assert tape.breaks == []
    writing.close()
    tape = TapeReader(writing.tape)
    list(tape.records())
    assert tape.breaks == ["0001.tape: it was not closed"]


def test_a_single_segment_is_read_as_a_tape(tmp_path: Path) -> None:
    tape = write_tape(tmp_path, day(), [opening(NOW + 100, is_first=False), *beats(2, NOW + 100)])
    assert read(tape / "0002.tape") == [opening(NOW + 100, is_first=False), *beats(2, NOW + 100)]


def test_segments_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    segments: list[list[Record]] = [[opening(NOW + i), Beat(NOW + i)] for i in range(3)]
    tape = write_tape(tmp_path, *segments)
    (tape / "0003.tape").rename(tape / "10000.tape")
    (tape / "0002.tape").rename(tape / "9999.tape")
    assert [record.at_ms - NOW for record in read(tape)] == [0, 0, 1, 1, 2, 2]


def test_the_newest_tape_is_the_one_that_was_written_to_last(tmp_path: Path) -> None:
    tapes = [write_tape(tmp_path / account, day()) for account in ("b", "a", "c")]
    for second, tape in enumerate(tapes, 1):
        os.utime(tape / "0001.tape", (second, second))
    (tmp_path / "a" / "20300101T000000Z").mkdir()  # no segment in it
    assert find_tapes(tmp_path) == tapes
    assert newest_tape(tmp_path) == tapes[-1]


@pytest.mark.parametrize("name", ["none", "none/at/all"])
def test_without_any_tape_it_is_said_where_they_would_be(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="there is no tape in") as refused:
        newest_tape(tmp_path / name)
    assert "tape.enabled" in refused.value.hint


def test_what_is_no_tape_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.tape").write_bytes(b"PK\x03\x04 this is something else")
    os.mkfifo(tmp_path / "pipe")
    tape = write_tape(tmp_path / "b", day())
    for path, said in (
        (tmp_path / "a.tape", "is no tape"),
        (tmp_path / "none", "No such file"),
        (tmp_path / "pipe", "is no file"),
        (tmp_path / "b", "holds no segment"),
    ):
        with pytest.raises(ConfigError, match=said) as refused:
            TapeReader(path)
        assert refused.value.hint
        if path.name == "b":
            assert str(tape) in refused.value.hint
