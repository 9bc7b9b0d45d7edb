"""What is on a tape, as one value: spans, counts, and whose it is."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from kalshi_tui.engine.inputs import Opening
from kalshi_tui.engine.tape.reading import Tape
from kalshi_tui.engine.tape.segment import Segment


class SegmentInfo(Struct, frozen=True):
    """One file of a tape; times are None where nothing in it can be read."""

    name: str
    first_ms: int | None
    last_ms: int | None
    records: int
    bytes: int
    state: str
    tear: str


class TapeInfo(Struct, frozen=True):
    """What is on a tape; `bytes` are those on the disk, and `raw_bytes` those of the records before compression."""

    first_ms: int | None
    last_ms: int | None
    records: int
    kinds: dict[str, int]
    frames: int
    marks: int
    lost: int  # records that are missing between others
    bytes: int
    raw_bytes: int
    opening: Opening | None  # without its books
    state: str
    segments: list[SegmentInfo]

    @property
    def ratio(self) -> float:
        """Return how many times the records are larger than the tape."""
        return self.raw_bytes / self.bytes if self.bytes else 0.0


def summarise(tape: Tape) -> TapeInfo:
    """Count what is on a tape; segments that were not closed are read for that."""
    tally = tape.tally()
    places = [place for segment in tape.segments for place in segment.places]
    return TapeInfo(
        first_ms=tape.first_ms,
        last_ms=tape.last_ms,
        records=sum(tally.kinds.values()),
        kinds=tally.kinds,
        frames=tally.frames,
        marks=tally.kinds.get("Mark", 0),
        lost=lost_records(tape),
        bytes=tape.size,
        raw_bytes=sum(place.raw for place in places),
        opening=without_books(tape.opening()),
        state=state_of(tape.segments),
        segments=[_segment(segment) for segment in tape.segments],
    )


def state_of(segments: Sequence[Segment]) -> str:
    """Return what a person would say of segments: recording, torn, closed."""
    if any(segment.is_open for segment in segments):
        return "recording"
    return "torn" if any(segment.tear for segment in segments) else "closed"


def lost_records(tape: Tape) -> int:
    """Count the records that are missing between those that are there."""
    lost, expected = 0, None
    for segment in tape.segments:
        for place in segment.places:
            if expected is not None:
                lost += max(0, place.number - expected)
            expected = place.number + place.records
    return lost


def without_books(opening: Opening | None) -> Opening | None:
    """Return an opening without the books, which are long and not what a person asks for."""
    if opening is None or not opening.books:
        return opening
    return msgspec.structs.replace(opening, books=())


def _segment(segment: Segment) -> SegmentInfo:
    places = segment.places
    return SegmentInfo(
        name=segment.name,
        first_ms=places[0].first_ms if places else None,
        last_ms=places[-1].last_ms if places else None,
        records=sum(place.records for place in places),
        bytes=segment.size,
        state=state_of([segment]),
        tear=segment.tear,
    )
