"""Work that waits for a disk: done in turn, and what fails is told, never raised."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

from kalshi_tui.adapters.tape_files.shelf import Shelf
from kalshi_tui.engine.tape.packing import Begin, DiskState, Work, Write


class Disk:
    """Does the work that waits for a disk, in its own thread; a failure costs the segment and is told, not raised."""

    def __init__(self, shelf: Shelf, monotonic: Callable[[], float]) -> None:
        """Take a shelf that nobody else uses."""
        self.lost = 0  # frames, and any other record as one
        self.reason = ""  # why nothing is recorded
        self._shelf = shelf
        self._monotonic = monotonic
        self._work: SimpleQueue[Work | None] = SimpleQueue()
        self._added = self._done = 0  # bytes; each is changed by one thread alone
        self._failed = 0
        self._failed_s = 0.0

    @property
    def path(self) -> str:
        """Return where the tape lies, once it does."""
        return _printable(self._shelf.tape or "")

    @property
    def bytes_written(self) -> int:
        """Return how much the tape takes so far."""
        return self._shelf.bytes_written

    def add(self, work: Work | None) -> None:
        """Let work be done in turn; None ends it."""
        self._added += _size_of(work)
        self._work.put(work)

    def state(self) -> DiskState:
        """Return how it gets on."""
        return DiskState(self._added - self._done, self._failed, self._failed_s)

    def run(self) -> None:
        """Do all the work that is added, until there is no more."""
        while (work := self._work.get()) is not None:
            self.do(work)
            self._done += _size_of(work)
        self.finish()

    def do(self, work: Work) -> None:
        """Do a piece of work, or note why it cannot be done."""
        try:
            self._do(work)
            if self._work.empty():  # under load one wait does for all that has piled up
                self._shelf.sync()
        except Exception as problem:  # noqa: BLE001 - nobody would hear it in this thread
            self._fail(work, problem)

    def finish(self) -> None:
        """Close what is open."""
        try:
            self._shelf.end()
        except OSError as problem:
            self.reason = self.reason or _words(problem)
        self._shelf.close()

    def _do(self, work: Work) -> None:
        if isinstance(work, Begin):
            self._shelf.begin(work.opening)
            self.reason = ""
        elif work.segment == self._failed:
            self.lost += _weight(work)
        else:
            self._shelf.write(work.chunk)

    def _fail(self, work: Work, problem: Exception) -> None:
        if isinstance(work, Write):
            self.lost += _weight(work)
        self._shelf.give_up()
        self.reason = _words(problem)
        self._failed_s = self._monotonic()
        self._failed = work.segment


def _weight(work: Write) -> int:
    tally = work.chunk.tally
    return tally.frames + sum(count for kind, count in tally.kinds.items() if kind != "Frames")


def _size_of(work: Work | None) -> int:
    return len(work.chunk.data) if isinstance(work, Write) else 0


def _words(problem: Exception) -> str:
    if not isinstance(problem, OSError):
        return f"a fault of kalshi-tui itself: {type(problem).__name__}: {problem}"
    where = f"{_printable(problem.filename)}: " if problem.filename else ""
    return f"{where}{problem.strerror or problem}"


def _printable(path: str | Path) -> str:
    """Return a path in letters that can be sent and recorded; a file's name need not be made of such."""
    return os.fsencode(path).decode(errors="replace")
