"""Copies a part of a tape to a tape of its own, chunk by chunk."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from kalshi_tui.adapters.tape_files import files
from kalshi_tui.adapters.tape_files.segment_file import SegmentFile
from kalshi_tui.engine.inputs import Record
from kalshi_tui.engine.tape.form import Chunk, Compress, Place, compressor, pack_records, read_header, tally_of
from kalshi_tui.engine.tape.reading import Tape
from kalshi_tui.engine.tape.segment import Segment
from kalshi_tui.errors import ConfigError

_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Cut:
    """What was copied; it begins with an opening, and so perhaps before the time that was asked for."""

    first_ms: int
    last_ms: int
    records: int
    segments: int


def cut_tape(tape: Tape, out: Path, *, from_ms: int, to_ms: int) -> Cut:
    """Write the segments from the last opening at or before `from_ms` on, up to `to_ms`, into a new folder."""
    if out.exists():
        raise ConfigError(f"{out} is there already", hint="choose another name, or delete it first")
    draft = out.with_name(f".{out.name}.{token_hex(8)}")
    try:
        files.make_folder(draft, is_new=True)
        cut = _copy(tape, draft, from_ms, to_ms)
        files.sync_folder(draft)
        draft.rename(out)
    except OSError as problem:
        raise ConfigError(f"{out} cannot be written: {problem.strerror}", hint="check free space and modes") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return cut


def _copy(tape: Tape, folder: Path, from_ms: int, to_ms: int) -> Cut:
    compress = compressor(_LEVEL)
    first_ms = last_ms = records = segments = 0
    for segment in tape.segments[tape.begins(from_ms) :]:
        if not segment.places or segment.places[0].first_ms > to_ms:
            continue
        copy = SegmentFile(folder / files.segment_name(segments + 1))
        for place, found in tape.chunks([segment]):
            kept = [record for record in found if record.at_ms <= to_ms]
            if not kept:
                break
            copy.add(_chunk(segment, place, found, kept, compress))
            first_ms = first_ms if records else kept[0].at_ms
            last_ms, records = kept[-1].at_ms, records + len(kept)
        copy.end(compress)
        segments += 1
    return Cut(first_ms, last_ms, records, segments)


def _chunk(segment: Segment, place: Place, found: list[Record], kept: list[Record], compress: Compress) -> Chunk:
    """Return a chunk as it is where all of it is kept: that spares compressing it once more."""
    if len(kept) < len(found):
        return pack_records(kept, place.number, compress)
    data = segment.chunk(place)
    return Chunk(read_header(data), data, tally_of(found))
