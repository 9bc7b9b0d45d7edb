"""Where segments lie: opens, fills and closes them one after another, and clears old ones away. Errors are OSErrors."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kalshi_tui.adapters.tape_files import files
from kalshi_tui.engine.inputs import Opening
from kalshi_tui.engine.tape import form
from kalshi_tui.engine.tape.form import HEAD_SIZE, Chunk, Place, Tally, added

_TRIES: Final = 10_000


@dataclass(slots=True)
class _Segment:
    """A segment that is being written."""

    path: Path
    descriptor: int
    offset: int
    places: list[Place]
    tally: Tally


class Shelf:
    """The folder of one account and mode; a tape is a folder in it, named after when it began."""

    def __init__(self, folder: Path, *, limit_bytes: int, level: int) -> None:
        """Touch no disk before the first `begin`."""
        self.tape: Path | None = None
        self.bytes_written = 0
        self._folder = folder
        self._limit = limit_bytes
        self._compress = form.compressor(level)
        self._lock: int | None = None
        self._number = 0
        self._segment: _Segment | None = None
        self._total = 0  # bytes of all segments in the folder, as far as we know

    def begin(self, opening: Opening) -> None:
        """Begin a segment, after whatever was open before."""
        self.end()
        self._prepare(opening)
        path = self._next_path()
        self._segment = _Segment(path, files.new_file(path), 0, [], Tally({}))
        try:
            files.try_lock(self._segment.descriptor)  # tells readers that it is not torn but goes on
            self._write(form.head())
        except OSError:
            self._leave()
            path.unlink(missing_ok=True)  # or a disk that stays full fills up with empty files
            raise
        files.sync_folder(path.parent)
        self._clear(measure=True)

    def write(self, chunk: Chunk) -> None:
        """Add a chunk to the segment that was begun."""
        segment = self._segment
        assert segment is not None  # noqa: S101 - whoever failed to begin one writes nothing
        place = chunk.header.at(segment.offset)
        self._write(chunk.data)
        segment.places.append(place)
        segment.tally = added(segment.tally, chunk.tally)
        self._clear()

    def end(self) -> None:
        """Close the segment with its index, and wait until the disk has it."""
        segment = self._segment
        if segment is None:
            return
        try:
            self._write(form.pack_index(segment.places, segment.tally, self._compress, segment.offset))
            os.fsync(segment.descriptor)
        finally:
            self._leave()

    def give_up(self) -> None:
        """Leave the segment as it is: what was written whole can be read, the rest is cut off where that works."""
        segment = self._segment
        if segment is None:
            return
        with suppress(OSError):
            os.ftruncate(segment.descriptor, segment.places[-1].end if segment.places else HEAD_SIZE)
        self._leave()
        if not segment.places:
            with suppress(OSError):
                segment.path.unlink()

    def close(self) -> None:
        """Let other writers in."""
        self._leave()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _prepare(self, opening: Opening) -> None:
        """Make the folders and keep others out, once."""
        if self._lock is None:
            files.make_folder(self._folder)
            self._lock = files.lock_folder(self._folder)
        if self.tape is None:
            self.tape = self._new_tape(opening.at_ms)
        files.make_folder(self.tape)  # somebody may have deleted it

    def _new_tape(self, at_ms: int) -> Path:
        name = files.tape_name(at_ms)
        for count in range(1, _TRIES):
            tape = self._folder / (name if count == 1 else f"{name}-{count}")
            with suppress(FileExistsError):
                files.make_folder(tape, is_new=True)
                return tape
        raise FileExistsError(f"there are {_TRIES} tapes of that second")

    def _next_path(self) -> Path:
        assert self.tape is not None  # noqa: S101 - `_prepare` made it
        self._number += 1  # also when nothing comes of it: a name that is taken must not be tried for ever
        return self.tape / files.segment_name(self._number)

    def _write(self, data: bytes) -> None:
        assert self._segment is not None  # noqa: S101 - callers have one
        files.write_all(self._segment.descriptor, data)
        self._segment.offset += len(data)
        self.bytes_written += len(data)
        self._total += len(data)

    def _leave(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            os.close(segment.descriptor)

    def _clear(self, *, measure: bool = False) -> None:
        """Delete the oldest segments while all of them take more than the limit; never the one that is open."""
        if not measure and self._total <= self._limit:
            return
        found = self._by_age()
        self._total = sum(size for _, size, _ in found)
        for _, size, path in found:
            if self._total <= self._limit:
                return
            if self._segment is not None and path == self._segment.path:
                continue
            with suppress(OSError):  # what cannot be deleted is no reason to stop recording
                path.unlink()
                self._total -= size
                path.parent.rmdir()  # refuses while anything is left in it

    def _by_age(self) -> list[tuple[tuple[int, int], int, Path]]:
        found = []
        for tape in files.tapes_in(self._folder):
            for number, path in enumerate(files.segment_files(tape)):
                with suppress(FileNotFoundError):
                    status = path.lstat()
                    found.append(((status.st_mtime_ns, number), status.st_size, path))
        return sorted(found)
