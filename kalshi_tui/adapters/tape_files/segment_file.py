"""A segment that is being written. Errors are OSErrors."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from kalshi_tui.adapters.tape_files import files
from kalshi_tui.engine.tape import form
from kalshi_tui.engine.tape.form import HEAD_SIZE, Chunk, Compress, Place, Tally, added


class SegmentFile:
    """A new file, open until it is ended or given up."""

    def __init__(self, path: Path) -> None:
        """Create it; where not even its first bytes can be written, no file is left."""
        self.path = path
        self.size = 0
        self._places: list[Place] = []
        self._tally = Tally({})
        self._descriptor = files.new_file(path)
        try:
            files.try_lock(self._descriptor)  # tells readers that it is not torn but goes on
            self._write(form.head())
        except OSError:
            self.give_up()
            raise

    def add(self, chunk: Chunk) -> None:
        """Add a chunk."""
        place = chunk.header.at(self.size)
        self._write(chunk.data)
        self._places.append(place)
        self._tally = added(self._tally, chunk.tally)

    def sync(self) -> None:
        """Wait until the disk has what was added."""
        os.fsync(self._descriptor)

    def end(self, compress: Compress) -> None:
        """Close it with its index, and wait until the disk has it."""
        try:
            self._write(form.pack_index(self._places, self._tally, compress, self.size))
            self.sync()
        finally:
            os.close(self._descriptor)

    def give_up(self) -> None:
        """Leave what was written whole, which can be read; without any such thing, leave no file."""
        with suppress(OSError):
            os.ftruncate(self._descriptor, self._places[-1].end if self._places else HEAD_SIZE)
        os.close(self._descriptor)
        if not self._places:
            with suppress(OSError):  # a disk that stays full would fill up with empty files
                self.path.unlink()

    def _write(self, data: bytes) -> None:
        files.write_all(self._descriptor, data)
        self.size += len(data)
