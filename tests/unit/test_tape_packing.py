"""What the packer makes of records: chunks in order, segments when they are due, and losses that are counted."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from kalshi_tui.engine.inputs import Beat, Frames, Kept, Record, Replied, Told
from kalshi_tui.engine.tape import form
from kalshi_tui.engine.tape.form import HEADER_SIZE, read_header, read_records
from kalshi_tui.engine.tape.packing import Begin, DiskState, Packer, TapeRules, Work, Write
from tests.unit.tape_kit import NOW, beats, frames, opening


class Bench:
    """A packer, and the work that it handed out."""

    def __init__(self, **rules: Any) -> None:
        self.work: list[Work] = []
        self.disk = DiskState()
        self.now_s = 0.0
        self.packer = Packer(TapeRules(**rules), self.work.append)

    def take(self, *records: Record) -> None:
        self.packer.take(records, self.disk, self.now_s)

    def flush(self) -> None:
        self.packer.flush(self.now_s)

    def asks(self) -> bool:
        """Tell whether an opening is wished for now, and answer nothing."""
        self.take()
        return self.packer.wants_opening

    def begin(self, at_ms: int = NOW) -> None:
        self.packer.wants_opening = False
        self.take(opening(at_ms))

    def chunks(self) -> list[tuple[int, int, list[Record]]]:
        """Return what is to be written: the segment, the number of the first record, the records."""
        found = []
        for work in self.work:
            if isinstance(work, Write):
                header = read_header(work.chunk.data)
                records = read_records(header, work.chunk.data[HEADER_SIZE:])
                found.append((work.segment, header.number, records))
        return found

    def shape(self) -> list[tuple[int, int, int]]:
        """Return of each chunk its segment, the number of its first record and how many there are."""
        return [(segment, number, len(records)) for segment, number, records in self.chunks()]


def put(bench: Bench, records: Sequence[Record]) -> None:
    bench.take(*records)
    bench.flush()


def test_an_opening_is_asked_for_at_once_and_only_once() -> None:
    bench = Bench()
    assert bench.asks()
    bench.begin()
    assert not bench.asks()


def test_an_opening_that_is_on_its_way_is_not_asked_for_again() -> None:
    bench = Bench(segment_ms=1)
    bench.begin()
    bench.take(Beat(NOW + 1))
    assert bench.asks()
    bench.packer.wants_opening = False  # it has been put behind other records, and was not taken yet
    bench.take(Beat(NOW + 2))
    assert not bench.asks()


def test_what_comes_before_the_first_opening_is_counted_as_lost() -> None:
    bench = Bench()
    bench.take(Frames(NOW, [b"a", b"b"]), Beat(NOW))
    bench.begin()
    bench.flush()
    assert bench.packer.lost == 3
    assert bench.chunks() == [(1, 2, [opening()])]


def test_records_become_chunks_when_they_are_flushed_and_keep_their_order_and_numbers() -> None:
    bench = Bench()
    records = beats(5)
    bench.begin()
    bench.take(*records[:2])
    assert [type(work) for work in bench.work] == [Begin]
    bench.flush()
    put(bench, records[2:])
    bench.flush()
    assert bench.chunks() == [(1, 0, [opening(), *records[:2]]), (1, 3, records[2:])]


@pytest.mark.parametrize(
    "record",
    [Frames(NOW, [b"x" * 600, b"y" * 600]), Replied(NOW, "books", "", b"x" * 1000), Kept(NOW, "market", [b"x" * 1000])],
)
def test_a_chunk_is_full_at_its_bound_without_waiting_for_a_flush(record: Record) -> None:
    bench = Bench(chunk_bytes=1000)
    bench.begin()
    bench.take(record, Beat(NOW))
    assert bench.shape() == [(1, 0, 2)]


def test_an_opening_divides_what_came_before_from_what_comes_after() -> None:
    bench = Bench()
    first, second = opening(), opening(NOW + 9, is_first=False)
    bench.take(first, Beat(NOW), second, Beat(NOW + 9))
    bench.flush()
    assert bench.chunks() == [(1, 0, [first, Beat(NOW)]), (2, 2, [second, Beat(NOW + 9)])]
    assert [work.segment for work in bench.work] == [1, 1, 2, 2]


def test_a_segment_that_is_large_asks_for_the_next_one() -> None:
    bench = Bench(segment_bytes=4000)
    bench.begin()
    put(bench, frames(1))
    assert not bench.asks()
    put(bench, [Frames(NOW, [Random(1).randbytes(4000)])])  # by its size on the disk: no compression makes this less
    assert bench.asks()
    bench.begin()
    assert not bench.asks()


def test_a_segment_is_never_more_than_a_quarter_of_what_may_lie_there() -> None:
    assert TapeRules(segment_bytes=64 << 20, limit_bytes=64 << 20).segment_due_bytes == 16 << 20
    assert TapeRules(segment_bytes=64 << 20, limit_bytes=1 << 40).segment_due_bytes == 64 << 20


def test_a_segment_that_is_old_by_the_venues_time_asks_for_the_next_one() -> None:
    bench = Bench(segment_ms=60_000)
    bench.begin()
    bench.take(Beat(NOW + 59_999))
    assert not bench.asks()
    bench.take(Beat(NOW + 60_000))
    assert bench.asks()
    bench.begin(NOW + 60_000)
    bench.take(Beat(NOW + 60_001))
    assert not bench.asks()


def test_a_segment_that_the_disk_gave_up_is_not_gone_on_with() -> None:
    bench = Bench(retry_s=30.0)
    bench.begin()
    put(bench, beats(2))
    bench.take(Frames(NOW, [b"a", b"b", b"c"]))
    bench.disk, bench.now_s = DiskState(failed=1, failed_s=100.0), 100.5
    put(bench, frames(2))
    assert bench.packer.lost == 5
    assert bench.shape() == [(1, 0, 3)]


def test_the_disk_is_tried_again_after_a_while_with_a_new_segment() -> None:
    bench = Bench(retry_s=30.0)
    bench.begin()
    bench.disk, bench.now_s = DiskState(failed=1, failed_s=100.0), 129.9
    bench.take(Beat(NOW))
    assert not bench.asks()
    bench.now_s = 130.0
    assert bench.asks()
    bench.begin()
    put(bench, beats(3))
    assert bench.shape() == [(2, 2, 4)]  # the first opening and a beat were lost, and their numbers with them
    bench.disk = DiskState(failed=2, failed_s=130.0)
    put(bench, beats(1))
    bench.now_s = 159.0
    assert not bench.asks()


def test_more_than_the_buffer_holds_is_lost_until_the_disk_has_caught_up() -> None:
    bench = Bench(buffer_bytes=1000)
    bench.begin()
    put(bench, beats(1))
    bench.disk = DiskState(backlog=1000)
    put(bench, beats(1))
    assert bench.packer.lost == 0
    bench.disk = DiskState(backlog=1001)
    put(bench, frames(4))
    assert bench.packer.lost == 4
    assert "too slow" in bench.packer.reason
    bench.disk = DiskState(backlog=501)
    put(bench, frames(4))
    assert not bench.asks()
    bench.disk = DiskState(backlog=500)
    assert bench.asks()
    bench.begin()
    put(bench, beats(1))
    assert bench.packer.reason == ""
    assert bench.shape() == [(1, 0, 2), (1, 2, 1), (2, 11, 2)]


def test_an_opening_that_comes_while_the_disk_is_behind_is_asked_for_again() -> None:
    bench = Bench(buffer_bytes=1000, segment_ms=1)
    bench.begin()
    put(bench, [Beat(NOW + 1)])
    assert bench.asks()
    bench.disk = DiskState(backlog=2000)
    bench.begin()
    put(bench, beats(1))
    assert [type(work) for work in bench.work] == [Begin, Write]
    assert not bench.asks()
    bench.disk = DiskState()
    assert bench.asks()


def test_a_chunk_that_no_reader_would_take_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "RAW_LIMIT", 1000)
    bench = Bench()
    bench.begin()
    put(bench, [Frames(NOW, [bytes(1000)])])
    assert [type(work) for work in bench.work] == [Begin]
    assert bench.packer.lost == 2
    assert "too many" in bench.packer.reason


def test_a_record_that_cannot_be_written_costs_its_chunk_and_is_told() -> None:
    bench = Bench(retry_s=30.0)
    bench.begin()
    bench.flush()
    put(bench, [Beat(NOW), Told(NOW, "info", "\udc80")])
    assert bench.packer.lost == 2
    assert "cannot be written" in bench.packer.reason
    assert not bench.asks()
    bench.now_s = 30.0
    assert bench.asks()
