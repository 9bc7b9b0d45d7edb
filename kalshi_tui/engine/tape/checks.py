"""What is wrong with a tape, in sentences; a tape of which nothing is said can be replayed as it was."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from kalshi_tui.engine.inputs import CODEC, Mark, Opening, Record
from kalshi_tui.engine.tape.form import Place, Tally, added, tally_of
from kalshi_tui.engine.tape.reading import Tape
from kalshi_tui.engine.tape.segment import Segment
from kalshi_tui.errors import ValueRefused

_NOTHING: Final = Tally({})


def check_tape(tape: Tape) -> Iterator[str]:
    """Read every chunk and yield what is wrong, in the order in which it is found."""
    check = _Check(tape)
    for segment in tape.segments:
        for finding in check.segment(segment):
            yield f"{segment.name}: {finding}"
    if not check.marks:
        yield "it holds no mark, so a replay of it has nothing to be compared with"


class _Check:
    """What was seen so far, to compare what comes with it."""

    def __init__(self, tape: Tape) -> None:
        self.marks = 0
        self._tape = tape
        self._number: int | None = None
        self._at_ms: int | None = None
        self._opening: Opening | None = None

    def segment(self, segment: Segment) -> Iterator[str]:
        if segment.tear:
            yield segment.tear
        if segment.codec is None:
            return
        if segment.codec != CODEC:
            yield f"its records have codec {segment.codec}, and this program reads {CODEC}"
            return
        tally = _NOTHING
        for index, place in enumerate(segment.places):
            try:
                records = segment.records(place)
            except ValueRefused as problem:
                yield f"chunk {index + 1} of {len(segment.places)}: {problem.message}; the rest cannot be read"
                return
            self._tape.on_read(place.end - place.offset)
            tally = added(tally, tally_of(records))
            yield from self._numbers(place)
            yield from self._times(place, records)
            yield from self._openings(segment, records, is_first=index == 0)
        if segment.tally is not None and segment.tally != tally:
            yield "its index does not count what is in it"

    def _numbers(self, place: Place) -> Iterator[str]:
        if self._number is not None and place.number > self._number:
            yield f"{place.number - self._number} records before record {place.number} were lost"
        elif self._number is not None and place.number < self._number:
            yield f"record {place.number} comes where record {self._number} should"
        self._number = place.number + place.records

    def _times(self, place: Place, records: list[Record]) -> Iterator[str]:
        if (place.first_ms, place.last_ms) != (records[0].at_ms, records[-1].at_ms):
            yield f"the times of the chunk at record {place.number} are not those of its records"
        times = [record.at_ms for record in records]
        back = [number for number, (before, now) in enumerate(pairwise(times), place.number + 1) if now < before]
        if self._at_ms is not None and times[0] < self._at_ms:
            back.insert(0, place.number)
        if back:
            yield f"record {back[0]} is earlier than the one before it"
        self._at_ms = times[-1]
        self.marks += sum(isinstance(record, Mark) for record in records)

    def _openings(self, segment: Segment, records: list[Record], *, is_first: bool) -> Iterator[str]:
        if any(isinstance(record, Opening) for record in records[is_first:]):
            yield "it has an opening inside"
        if not is_first:
            return
        first = records[0]
        if not isinstance(first, Opening):
            yield "it does not begin with an opening"
            return
        if first.codec != segment.codec:
            yield f"its opening tells of codec {first.codec}, and its first bytes of codec {segment.codec}"
        if self._opening is not None and _whose(first) != _whose(self._opening):
            yield "it belongs to another run than the segment before it"
        self._opening = first


def _whose(opening: Opening) -> tuple[str, str, int]:
    return opening.account, opening.mode, opening.started_ms
