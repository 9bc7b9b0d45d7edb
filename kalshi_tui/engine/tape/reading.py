"""A tape as its reader sees it: segments in order, their records as one run, and where that run is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final

from kalshi_tui.engine.inputs import Opening, Record
from kalshi_tui.engine.tape.form import Place, Tally, added, tally_of
from kalshi_tui.engine.tape.segment import Segment
from kalshi_tui.errors import ValueRefused

_NOTHING: Final = Tally({})
Heard = Callable[[int], None]


class Tape:
    """A tape's segments, oldest first."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        """Take segments in the order in which they were recorded."""
        self.segments = tuple(segments)
        self.breaks: list[str] = []
        """Where the last reading found that something is missing, in words."""
        self.on_read: Heard = lambda _: None
        """Called with the bytes of each chunk that was read, so that long work can show how far it is."""

    @property
    def size(self) -> int:
        """Return the bytes of all segments."""
        return sum(segment.size for segment in self.segments)

    @property
    def first_ms(self) -> int | None:
        """Return when it begins, or None when nothing in it can be read."""
        return next((segment.places[0].first_ms for segment in self.segments if segment.places), None)

    @property
    def last_ms(self) -> int | None:
        """Return when it ends."""
        return next((segment.places[-1].last_ms for segment in reversed(self.segments) if segment.places), None)

    def opening(self) -> Opening | None:
        """Return what the first segment that can be read opens with."""
        for segment in self.segments:
            with suppress(ValueRefused):
                for place in segment.places[:1]:
                    first = segment.records(place)[0]
                    return first if isinstance(first, Opening) else None
        return None

    def records(self, from_ms: int | None = None, *, over_breaks: bool = False) -> Iterator[Record]:
        """Yield the records from an opening on: the first one, or the last one at or before `from_ms`.

        Ends where records are missing, unless `over_breaks` is set: the next segment then begins with what a reader
        must know, but whatever happened in between is not told. `breaks` says afterwards what was missing.
        """
        begin = 0 if from_ms is None else self.begins(from_ms)
        for _, records in self.chunks(self.segments[begin:], over_breaks=over_breaks):
            yield from records

    def at(self, ms: int, *, over_breaks: bool = False) -> Iterator[Record]:
        """Yield the records from this time on, found by the index, without what a reader must know to begin there."""
        begin = next((i for i, seen in enumerate(self.segments) if seen.places and seen.places[-1].last_ms >= ms), None)
        if begin is not None:
            for _, records in self.chunks(self.segments[begin:], from_ms=ms, over_breaks=over_breaks):
                yield from (record for record in records if record.at_ms >= ms)

    def begins(self, ms: int) -> int:
        """Return which segment's opening is the last at or before this time; the first, where none is."""
        return max(
            (i for i, seen in enumerate(self.segments) if seen.places and seen.places[0].first_ms <= ms), default=0
        )

    def chunks(
        self, segments: Sequence[Segment], *, from_ms: int | None = None, over_breaks: bool = False
    ) -> Iterator[tuple[Place, list[Record]]]:
        """Yield chunks with their places, and note in `breaks` what is missing between them."""
        self.breaks.clear()
        expected: int | None = None
        for segment in segments:
            for place in segment.places if from_ms is None else segment.from_ms(from_ms):
                if expected is not None and place.number != expected:
                    self.breaks.append(f"{segment.name}: {_missing(expected, place.number)}")
                    if not over_breaks:
                        return
                try:
                    records = segment.records(place)
                except ValueRefused as problem:
                    self.breaks.append(f"{segment.name}: {problem.message}")
                    break  # what follows in this segment cannot be understood without it
                expected = place.number + place.records
                self.on_read(place.end - place.offset)
                yield place, records
            else:
                if segment.tear:
                    self.breaks.append(f"{segment.name}: {segment.tear}")

    def tally(self) -> Tally:
        """Count the records; only segments that were not closed have to be read for that."""
        total = _NOTHING
        for segment in self.segments:
            if segment.tally is not None:
                total = added(total, segment.tally)
                self.on_read(segment.size)
            else:
                for _, records in self.chunks([segment]):
                    total = added(total, tally_of(records))
        return total


def _missing(expected: int, number: int) -> str:
    if number > expected:
        return f"{number - expected} records are missing before it"
    return f"it goes back to record {number} where {expected} should follow"
