"""From records to work for a disk: which chunk, which segment, and what is lost when the disk does not follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from kalshi_tui.engine.inputs import Frames, Kept, Opening, Record, Replied
from kalshi_tui.engine.tape.form import Chunk, Compress, compressor, pack_records
from kalshi_tui.errors import ValueRefused

_A_RECORD: Final = 64  # bytes; what a record without frames or bodies takes, roughly
_SEGMENTS_AT_LEAST: Final = 4  # within the limit: the oldest goes whole, and should not be all there is


@dataclass(frozen=True, slots=True)
class TapeRules:
    """How a tape is written."""

    level: int = 3
    flush_s: float = 1.0
    chunk_bytes: int = 1 << 20  # encoding holds up the whole process, and this much takes less than 1 ms
    segment_bytes: int = 64 << 20
    segment_ms: int = 3_600_000
    limit_bytes: int = 2048 << 20
    buffer_bytes: int = 64 << 20
    retry_s: float = 30.0

    @property
    def segment_due_bytes(self) -> int:
        """Return the size at which another segment is wished for."""
        return min(self.segment_bytes, self.limit_bytes // _SEGMENTS_AT_LEAST)


@dataclass(frozen=True, slots=True)
class Begin:
    """Work for the disk: close the segment before, and begin one."""

    segment: int
    opening: Opening


@dataclass(frozen=True, slots=True)
class Write:
    """Work for the disk: add a chunk to a segment."""

    segment: int
    chunk: Chunk


Work = Begin | Write


@dataclass(frozen=True, slots=True)
class DiskState:
    """How the disk gets on: the bytes that wait for it, and the segment that it gave up, since when."""

    backlog: int = 0
    failed: int = 0
    failed_s: float = 0.0


class Packer:
    """Takes records in order and says what is to be written; it opens no file and looks at no clock."""

    def __init__(self, rules: TapeRules, work: Callable[[Work], None]) -> None:
        """Hand each piece of work to `work`, which must not wait for it to be done."""
        self.wants_opening = True
        self.lost = 0  # frames; any other record that was lost counts as one, so that no loss shows as none
        self.reason = ""  # why nothing is recorded, where that is not the disk's failure
        self._rules = rules
        self._work = work
        self._compress: Compress = compressor(rules.level)
        self._pending: list[Record] = []
        self._pending_bytes = 0
        self._number = 0  # of the next record
        self._segment = 0
        self._begun_ms = self._latest_ms = 0
        self._written = 0
        self._is_asked = True  # an opening was asked for and has not come yet
        self._is_broken = True  # what comes before the next opening has no place in the order
        self._not_before_s = 0.0  # when another opening may help

    def take(self, records: Iterable[Record], disk: DiskState, now_s: float) -> None:
        """Take what has come since the last time."""
        self._hear(disk)
        add = self._add  # looked up once: this runs for each record beside the engine's own thread
        for record in records:
            if type(record) is Opening:
                self._open(record, disk, now_s)
            if self._is_broken:
                self._lose(record)
            else:
                add(record, now_s)
        if not self._is_asked and self._is_due(disk, now_s):
            self._is_asked = self.wants_opening = True

    def flush(self, now_s: float) -> None:
        """Make a chunk of what is pending, however little it is."""
        if not self._pending:
            return
        try:
            chunk = pack_records(self._pending, self._number - len(self._pending), self._compress)
        except ValueRefused as problem:
            self._break(problem.message, now_s + self._rules.retry_s)
            return
        self._pending, self._pending_bytes = [], 0
        self._written += len(chunk.data)
        self._work(Write(self._segment, chunk))

    def _add(self, record: Record, now_s: float) -> None:
        self._pending.append(record)
        self._pending_bytes += _size_of(record)
        self._number += 1
        self._latest_ms = record.at_ms
        if self._pending_bytes >= self._rules.chunk_bytes:
            self.flush(now_s)

    def _open(self, opening: Opening, disk: DiskState, now_s: float) -> None:
        """Begin a segment here, unless more is waiting for the disk than should be."""
        self._is_asked = False
        if self._is_broken and not self._has_caught_up(disk):
            return
        self.flush(now_s)
        self._segment += 1
        self._begun_ms, self._written = opening.at_ms, 0
        self._is_broken, self.reason = False, ""
        self._work(Begin(self._segment, opening))

    def _hear(self, disk: DiskState) -> None:
        """Stop where the disk has: what it does not take now has no place in the order."""
        if self._is_broken:
            return
        if disk.failed == self._segment:
            self._break("", disk.failed_s + self._rules.retry_s)
        elif disk.backlog > self._rules.buffer_bytes:
            self._break(f"the disk is too slow: {disk.backlog >> 20} MiB are waiting for it", 0.0)

    def _is_due(self, disk: DiskState, now_s: float) -> bool:
        """Tell whether another segment would help, or is due by size or age."""
        if self._is_broken:
            return now_s >= self._not_before_s and self._has_caught_up(disk)
        is_old = self._latest_ms - self._begun_ms >= self._rules.segment_ms
        return is_old or self._written >= self._rules.segment_due_bytes

    def _has_caught_up(self, disk: DiskState) -> bool:
        return disk.backlog <= self._rules.buffer_bytes // 2

    def _break(self, reason: str, not_before_s: float) -> None:
        """Lose what is pending, and whatever comes before the next opening."""
        pending, self._pending, self._pending_bytes = self._pending, [], 0
        self._is_broken, self.reason, self._not_before_s = True, reason, not_before_s
        self._number -= len(pending)
        for record in pending:
            self._lose(record)

    def _lose(self, record: Record) -> None:
        self._number += 1
        self.lost += weight(record)


def weight(record: Record) -> int:
    """Return what a lost record counts."""
    return len(record.frames) if isinstance(record, Frames) else 1


def _size_of(record: Record) -> int:
    if type(record) is Frames:
        return _A_RECORD + sum(map(len, record.frames))
    if isinstance(record, Replied):
        return _A_RECORD + len(record.body)
    if isinstance(record, Kept):
        return _A_RECORD + sum(map(len, record.rows))
    return _A_RECORD
