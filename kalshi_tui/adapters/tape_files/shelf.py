"""Where segments lie: opens, fills and closes them one after another, and clears old ones away. Errors are OSErrors."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from kalshi_tui.adapters.tape_files import files
from kalshi_tui.adapters.tape_files.segment_file import SegmentFile
from kalshi_tui.engine.inputs import Opening
from kalshi_tui.engine.tape import form
from kalshi_tui.engine.tape.form import Chunk

_TRIES: Final = 10_000


class _Found(NamedTuple):
    """A segment on the disk; the first two say how old it is."""

    touched_ns: int
    number: int
    size: int
    path: Path


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
        self._segment: SegmentFile | None = None
        self._total = 0  # bytes of all segments in the folder, as far as we know

    def begin(self, opening: Opening) -> None:
        """Begin a segment, after whatever was open before."""
        self.end()
        self._prepare(opening)
        path = self._next_path()
        self._segment = SegmentFile(path)
        self.bytes_written += self._segment.size
        files.sync_folder(path.parent)
        self._clear(self._measured())

    def write(self, chunk: Chunk) -> None:
        """Add a chunk to the segment that was begun."""
        assert self._segment is not None  # noqa: S101 - whoever failed to begin one writes nothing
        self._segment.add(chunk)
        self.bytes_written += len(chunk.data)
        self._total += len(chunk.data)
        if self._total > self._limit:
            self._clear(self._measured())

    def sync(self) -> None:
        """Wait until the disk has all that was written."""
        if self._segment is not None:
            self._segment.sync()

    def end(self) -> None:
        """Close the segment, if one is open."""
        segment, self._segment = self._segment, None
        if segment is not None:
            before = segment.size
            segment.end(self._compress)
            self.bytes_written += segment.size - before

    def give_up(self) -> None:
        """Leave the segment as far as it could be written."""
        segment, self._segment = self._segment, None
        if segment is not None:
            segment.give_up()

    def close(self) -> None:
        """Let other writers in."""
        self.give_up()
        if self.tape is not None:
            with suppress(OSError):  # refuses where anything was recorded
                self.tape.rmdir()
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

    def _measured(self) -> list[_Found]:
        """Return all segments of all tapes, oldest first; others may have changed them, so they are looked at anew."""
        found = []
        for tape in files.tapes_in(self._folder):
            for number, path in enumerate(files.segment_files(tape)):
                with suppress(FileNotFoundError):
                    status = path.lstat()
                    found.append(_Found(status.st_mtime_ns, number, status.st_size, path))
        self._total = sum(segment.size for segment in found)
        return sorted(found)

    def _clear(self, found: list[_Found]) -> None:
        """Delete the oldest segments while all of them take more than the limit; never the one that is open."""
        for segment in found:
            if self._total <= self._limit:
                return
            if self._segment is not None and segment.path == self._segment.path:
                continue
            with suppress(OSError):  # what cannot be deleted is no reason to stop recording
                segment.path.unlink()
                self._total -= segment.size
                segment.path.parent.rmdir()  # refuses while anything is left in it
