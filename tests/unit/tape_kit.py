"""Records as an engine would put them, segments in memory, and tapes on a disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kalshi_tui.adapters.tape_files import TapeReader
from kalshi_tui.adapters.tape_files.shelf import Shelf
from kalshi_tui.engine.inputs import CODEC, Beat, Connected, Frames, Mark, Opening, Record, encode_records
from kalshi_tui.engine.rules import Rules
from kalshi_tui.engine.tape import form
from kalshi_tui.engine.tape.reading import Tape
from kalshi_tui.engine.tape.segment import Segment

NOW = 1_790_000_000_000  # 2026-09-21 14:13:20 UTC


def opening(at_ms: int = NOW, *, is_first: bool = True, rules: Rules | None = None) -> Opening:
    return Opening(
        at_ms=at_ms,
        codec=CODEC,
        program="0.1.0",
        settings_hash="5e7",
        environment="practice",
        execution="observe",
        account="somebody",
        mode="PRACTICE OBSERVE",
        words="practice, world first",
        started_ms=NOW,
        engine_pid=7,
        is_first=is_first,
        rules=rules or Rules(),
    )


def beats(count: int, at_ms: int = NOW) -> list[Record]:
    """Return beats, 50 ms apart."""
    return [Beat(at_ms + 50 * i) for i in range(count)]


def frames(count: int, at_ms: int = NOW, size: int = 100) -> list[Record]:
    """Return single frames, 1 ms apart, no two of them alike."""
    return [Frames(at_ms + i, [f"{i:0{size}d}".encode()]) for i in range(count)]


def day(at_ms: int = NOW) -> list[Record]:
    """Return a little of everything, with an opening in front and a mark at the end."""
    return [opening(at_ms), Connected(at_ms), *frames(3, at_ms), Beat(at_ms + 50), Mark(at_ms + 50, 1, "d1")]


def same(found: Sequence[Record], expected: Sequence[Record]) -> bool:
    """Compare by their bytes: a NaN in a lag is no reason for two equal tapes to differ."""
    return encode_records(found) == encode_records(expected)


class Bytes:
    """A segment's file in memory."""

    def __init__(self, data: bytes, name: str = "0001.tape") -> None:
        self.data = data
        self.name = name
        self.size = len(data)

    def read(self, offset: int, count: int) -> bytes:
        return self.data[offset : offset + count] if offset >= 0 else b""


def segment_bytes(*chunks: Sequence[Record], number: int = 0, closed: bool = True) -> bytes:
    """Write a segment of these chunks into memory."""
    compress = form.compressor(3)
    data, places, tally = form.head(), [], form.Tally({})
    for records in chunks:
        chunk = form.pack_records(records, number, compress)
        places.append(chunk.header.at(len(data)))
        data += chunk.data
        tally = form.added(tally, chunk.tally)
        number += len(records)
    return data + form.pack_index(places, tally, compress, len(data)) if closed else data


def tape_of(*segments: bytes) -> Tape:
    return Tape([Segment(Bytes(data, f"{i:04d}.tape")) for i, data in enumerate(segments, 1)])


def write_tape(folder: Path, *segments: Sequence[Record], at_once: int = 3, closed: bool = True) -> Path:
    """Write a tape to disk, a segment for each list of records, without threads; return its folder."""
    shelf = Shelf(folder, limit_bytes=1 << 40, level=3)
    compress, number = form.compressor(3), 0
    for records in segments:
        first = records[0]
        assert isinstance(first, Opening)
        shelf.begin(first)
        for start in range(0, len(records), at_once):
            part = records[start : start + at_once]
            shelf.write(form.pack_records(part, number, compress))
            number += len(part)
    if closed:
        shelf.end()
    shelf.close()
    assert shelf.tape is not None
    return shelf.tape


def read(path: Path) -> list[Record]:
    return list(TapeReader(path).records())
