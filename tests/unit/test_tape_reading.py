"""Reading a tape of several segments: seeking, what is missing between them, what verifying finds, and cutting."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec
import pytest

from kalshi_tui.adapters.tape_files import TapeReader
from kalshi_tui.adapters.tape_files.cutting import Cut, cut_tape
from kalshi_tui.engine.inputs import Beat, Mark, Record, encode_records
from kalshi_tui.engine.tape import form, segment
from kalshi_tui.engine.tape.checks import check_tape
from kalshi_tui.engine.tape.form import HEAD_SIZE, HEADER_SIZE, RAW_LIMIT, Header, compressor, pack_records
from kalshi_tui.engine.tape.reading import Tape
from kalshi_tui.engine.tape.segment import Segment
from kalshi_tui.engine.tape.summary import summarise
from kalshi_tui.errors import ConfigError, ValueRefused
from tests.unit.tape_kit import NOW, Bytes, beats, frames, opening, segment_bytes, tape_of, write_tape

SECOND = NOW + 10_000
FIRST_PART: list[Record] = [opening(), *frames(20), Mark(NOW + 20, 1, "a")]
SECOND_PART: list[Record] = [opening(SECOND, is_first=False), *frames(20, SECOND), Mark(SECOND + 20, 2, "b")]


def chunked(records: list[Record], at_once: int = 4) -> list[list[Record]]:
    return [records[start : start + at_once] for start in range(0, len(records), at_once)]


def first(*, closed: bool = True) -> bytes:
    return segment_bytes(*chunked(FIRST_PART), closed=closed)


def second(number: int = len(FIRST_PART)) -> bytes:
    return segment_bytes(*chunked(SECOND_PART), number=number)


def both() -> Tape:
    return tape_of(first(), second())


def damaged(data: bytes, chunk: int) -> bytes:
    """Return a segment with a wrong byte in the payload of a chunk."""
    place = Segment(Bytes(data)).places[chunk]
    position = place.offset + HEADER_SIZE + 5
    return data[:position] + bytes([data[position] ^ 0xFF]) + data[position + 1 :]


def findings(*segments: bytes) -> list[str]:
    return list(check_tape(tape_of(*segments)))


def test_segments_are_one_run_of_records() -> None:
    tape = both()
    assert list(tape.records()) == FIRST_PART + SECOND_PART
    assert tape.breaks == []


@pytest.mark.parametrize(
    ("from_ms", "expected"),
    [
        (0, FIRST_PART + SECOND_PART),
        (NOW + 5, FIRST_PART + SECOND_PART),
        (SECOND - 1, FIRST_PART + SECOND_PART),
        (SECOND, SECOND_PART),
        (SECOND + 10**9, SECOND_PART),
    ],
)
def test_a_reader_that_must_know_the_books_begins_at_the_last_opening_before(
    from_ms: int, expected: list[Record]
) -> None:
    assert list(both().records(from_ms)) == expected


@pytest.mark.parametrize("ms", [0, NOW, NOW + 7, NOW + 20, NOW + 21, SECOND, SECOND + 19, SECOND + 20, SECOND + 21])
@pytest.mark.parametrize("closed", [True, False])
def test_seeking_finds_all_that_is_not_earlier(ms: int, closed: bool) -> None:
    tape = tape_of(first(closed=closed), second())
    assert list(tape.at(ms)) == [record for record in FIRST_PART + SECOND_PART if record.at_ms >= ms]


def test_seeking_in_a_closed_segment_reads_no_chunk_before_the_place() -> None:
    read: list[int] = []
    tape = tape_of(first())
    tape.on_read = read.append
    assert len(list(tape.at(NOW + 20))) == 1
    last = tape.segments[0].places[-2:]  # the last frame and the mark are of two chunks
    assert read == [place.end - place.offset for place in last if place.last_ms >= NOW + 20]


def test_a_reading_ends_where_records_are_missing() -> None:
    tape = tape_of(first(), second(number=len(FIRST_PART) + 3))
    assert list(tape.records()) == FIRST_PART
    assert tape.breaks == ["0002.tape: 3 records are missing before it"]
    assert list(tape.records(over_breaks=True)) == FIRST_PART + SECOND_PART
    assert summarise(tape).lost == 3


def test_a_damaged_chunk_ends_its_segment_and_with_it_the_reading() -> None:
    tape = tape_of(damaged(first(), 2), second())
    assert list(tape.records()) == FIRST_PART[:8]
    assert tape.breaks[0] == "0001.tape: a chunk is damaged: its checksum is wrong"
    assert list(tape.records(over_breaks=True)) == FIRST_PART[:8] + SECOND_PART


def test_segments_in_the_wrong_order_are_no_run() -> None:
    tape = tape_of(second(), first())
    assert list(tape.records()) == SECOND_PART
    assert "goes back to record 0" in tape.breaks[0]


def test_what_is_on_a_tape_is_counted_the_same_with_and_without_an_index() -> None:
    with_index, without = (
        summarise(tape_of(first())),
        summarise(tape_of(first(closed=False))),
    )
    assert with_index.kinds == without.kinds == {"Opening": 1, "Frames": 20, "Mark": 1}
    assert (with_index.records, with_index.frames, with_index.marks, with_index.lost) == (22, 20, 1, 0)
    assert (with_index.first_ms, with_index.last_ms) == (NOW, NOW + 20)
    assert with_index.opening == FIRST_PART[0]
    assert (with_index.state, without.state) == ("closed", "torn")


def test_a_closed_segment_is_counted_without_being_read() -> None:
    source = Bytes(damaged(first(), 2))
    assert summarise(Tape([Segment(source)])).records == len(FIRST_PART)


def test_a_sound_tape_has_no_findings() -> None:
    assert findings(first(), second()) == []


@pytest.mark.parametrize(
    ("segments", "said"),
    [
        ([first(closed=False)], "it was not closed"),
        ([first()[:-3]], "its index is damaged"),
        ([first()[:100]], "a chunk is cut off"),
        ([first()[:5]], "cut off in its first bytes"),
        ([damaged(first(), 2)], "chunk 3 of 6: a chunk is damaged"),
        ([first(), second(number=len(FIRST_PART) + 3)], "3 records before record 25 were lost"),
        ([first(), second(number=4)], "record 4 comes where record 22 should"),
        ([second(0), segment_bytes(*chunked(FIRST_PART), number=len(SECOND_PART))], "record 22 is earlier"),
        ([segment_bytes([*FIRST_PART, Beat(NOW)])], "record 22 is earlier than the one before it"),
        ([segment_bytes(FIRST_PART[1:])], "does not begin with an opening"),
        ([segment_bytes(FIRST_PART, [opening(NOW + 20)])], "an opening inside"),
        ([segment_bytes(FIRST_PART[:-1])], "holds no mark"),
        ([first(), segment_bytes([msgspec.structs.replace(opening(SECOND), account="x")], number=22)], "another run"),
        (
            [segment_bytes([msgspec.structs.replace(opening(), codec=9)])],
            "its opening tells of codec 9",
        ),
        ([form.head(codec=9) + first()[HEAD_SIZE:]], "its records have codec 9"),
    ],
)
def test_each_fault_is_found_and_named(segments: list[bytes], said: str) -> None:
    found = findings(*segments)
    assert any(said in finding for finding in found), found


def test_an_index_that_counts_wrongly_is_found() -> None:
    tape = tape_of(first())
    tape.segments[0].tally = form.Tally({"Frames": 21}, 21)
    assert "0001.tape: its index does not count what is in it" in list(check_tape(tape))


def test_a_header_with_other_times_than_its_records_is_found() -> None:
    chunk = pack_records(FIRST_PART, 0, compressor(3))
    lying = replace(chunk.header, last_ms=NOW + 21)
    data = form.head() + lying.packed() + chunk.data[HEADER_SIZE:]
    assert "0001.tape: the times of the chunk at record 0 are not those of its records" in findings(data)


def test_what_a_tape_opens_with_is_told_also_where_its_first_chunk_is_damaged() -> None:
    assert summarise(tape_of(damaged(first(), 0), second())).opening == SECOND_PART[0]


def test_an_index_whose_times_are_not_those_of_its_chunks_gives_no_records() -> None:
    compress = compressor(3)
    data = segment_bytes(FIRST_PART, closed=False)
    wrong = msgspec.structs.replace(Segment(Bytes(data)).places[0], first_ms=1)
    data += form.pack_index([wrong], form.tally_of(FIRST_PART), compress, len(data))
    assert list(tape_of(data).records()) == []
    assert any("disagree" in finding for finding in findings(data))


def test_a_tape_of_another_codec_is_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigError, match="codec 9") as refused:
        list(tape_of(form.head(codec=9) + first()[HEAD_SIZE:]).records())
    assert "the version of kalshi-tui that recorded it" in refused.value.hint


def test_a_tape_of_a_newer_form_is_refused() -> None:
    data = first()
    with pytest.raises(ConfigError, match="form 2"):
        tape_of(data[:6] + b"\x02" + data[7:])


def test_a_payload_that_would_fill_the_memory_is_refused_unopened() -> None:
    bomb = compressor(1)(bytes(RAW_LIMIT + 1))
    with pytest.raises(ValueRefused, match="longer than its header tells"):
        form.read_records(header_of(bomb, raw=100), bomb)


def test_a_payload_with_something_behind_it_is_refused() -> None:
    raw = encode_records(FIRST_PART)
    payload = compressor(3)(raw) + b"more"
    with pytest.raises(ValueRefused, match="cannot be decompressed"):
        form.read_records(header_of(payload, raw=len(raw), records=len(FIRST_PART)), payload)


@pytest.mark.parametrize("closed", [True, False])
def test_a_file_of_more_chunks_than_any_tape_has_is_read_up_to_there(
    closed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment, "_CHUNKS_LIMIT", 3)
    tape = tape_of(first(closed=closed))
    assert len(tape.segments[0].places) == 3
    assert "more chunks than are read" in tape.segments[0].tear


@pytest.mark.parametrize("wrong", [{"raw": RAW_LIMIT + 1}, {"length": 2**31}, {"kind": b"KTxx"}])
def test_a_header_that_asks_for_too_much_is_refused(wrong: dict[str, Any]) -> None:
    header = replace(header_of(b"", raw=1), **wrong)
    with pytest.raises(ValueRefused, match="what no tape holds"):
        form.read_header(header.packed())


@pytest.mark.parametrize(("records", "count"), [([], 0), ([Beat(NOW)], 2)])
def test_a_chunk_with_another_number_of_records_than_it_says_is_refused(records: list[Record], count: int) -> None:
    raw = encode_records(records)
    payload = compressor(3)(raw)
    with pytest.raises(ValueRefused, match="where its header tells"):
        form.read_records(header_of(payload, raw=len(raw), records=count), payload)


def header_of(payload: bytes, raw: int, records: int = 1) -> Header:
    return Header(form.CHUNK, len(payload), raw, crc32(payload), NOW, NOW, records, 0)


def test_a_cut_begins_at_an_opening_and_ends_at_the_time(tmp_path: Path) -> None:
    tape = TapeReader(write_tape(tmp_path, FIRST_PART, SECOND_PART, at_once=4))
    cut = cut_tape(tape, tmp_path / "cut", from_ms=SECOND + 3, to_ms=SECOND + 9)
    found = TapeReader(tmp_path / "cut")
    assert list(found.records()) == [record for record in SECOND_PART if record.at_ms <= SECOND + 9]
    assert cut == Cut(SECOND, SECOND + 9, 11, 1)
    assert found.breaks == []
    assert found.segments[0].places[0].number == len(FIRST_PART)  # numbers stay, and so do losses


def test_a_cut_of_everything_is_everything(tmp_path: Path) -> None:
    tape = TapeReader(write_tape(tmp_path, FIRST_PART, SECOND_PART))
    cut_tape(tape, tmp_path / "cut", from_ms=0, to_ms=2**60)
    found = TapeReader(tmp_path / "cut")
    assert list(check_tape(found)) == []
    assert list(found.records()) == FIRST_PART + SECOND_PART
    assert found.info().kinds == tape.info().kinds


def test_a_cut_of_a_torn_tape_is_whole(tmp_path: Path) -> None:
    path = write_tape(tmp_path, FIRST_PART, closed=False)
    with (path / "0001.tape").open("ab") as file:
        file.write(b"KTck and then the power failed")
    cut_tape(TapeReader(path), tmp_path / "cut", from_ms=0, to_ms=2**60)
    assert list(check_tape(TapeReader(tmp_path / "cut"))) == []


def test_a_cut_never_replaces_what_is_there_and_leaves_no_half(tmp_path: Path) -> None:
    tape = TapeReader(write_tape(tmp_path / "a", FIRST_PART))
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ConfigError, match="is there already"):
        cut_tape(tape, tmp_path / "out", from_ms=0, to_ms=NOW)
    with pytest.raises(ConfigError, match="cannot be written"):
        cut_tape(tape, tmp_path / "out" / "deeper", from_ms=0, to_ms=NOW)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "out"]


def test_a_tape_is_read_while_it_grows() -> None:
    data = segment_bytes(FIRST_PART[:5], closed=False)
    tape = Tape([Segment(Bytes(data + b"KTck half of a chunk"), is_open=True)])
    assert list(tape.records()) == FIRST_PART[:5]
    assert tape.breaks == []
    assert beats(1)[0] not in FIRST_PART
