"""Records a tape: the engine's thread only appends to a list, one thread packs it, another one waits for the disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from kalshi_tui.adapters.tape_files.disk import Disk
from kalshi_tui.adapters.tape_files.shelf import Shelf
from kalshi_tui.engine.inputs import Opening, Record
from kalshi_tui.engine.tape.packing import Packer, TapeRules, weight
from kalshi_tui.link.views import TapeState

_LOOK_S: Final = 0.1  # how long records wait unseen: what the buffer's bound cannot count yet
_CLOSE_S: Final = 10.0
_DEFAULT: Final = TapeRules()


class TapeWriter:
    """A `Recorder` that writes segments into a folder of one account and mode."""

    def __init__(
        self, folder: Path, rules: TapeRules = _DEFAULT, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Start both threads; nothing is written before the first `begin`."""
        self._waiting: list[Record] = []
        # Not a method of ours: calling the list's own costs half as much, and it is called for each batch of frames.
        self.put: Callable[[Record], None] = self._waiting.append
        self._rules = rules
        self._monotonic = monotonic
        self._disk = Disk(Shelf(folder, limit_bytes=rules.limit_bytes, level=rules.level), monotonic)
        self._packer = Packer(rules, self._disk.add)
        self._stop = threading.Event()
        self._is_closed = False
        self._fault = ""  # a defect of ours, which must cost the tape and not the engine
        self._lost = 0  # since then
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)  # a disk that hangs must not keep the process alive
            for work, name in ((self._pack, "tape-pack"), (self._disk.run, "tape-disk"))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def wants_opening(self) -> bool:
        """Return whether a new segment is due."""
        return self._packer.wants_opening

    def begin(self, opening: Opening) -> None:
        """Begin a new segment with what is put from here on."""
        self._packer.wants_opening = False
        self._waiting.append(opening)

    def state(self) -> TapeState:
        """Return what is recorded, or why nothing is."""
        disk = self._disk
        lost = self._lost + self._packer.lost + disk.lost
        reason = self._fault or disk.reason or self._packer.reason
        state: Literal["off", "failed", "recording"] = "failed" if reason else "recording"
        if self._is_closed:
            state, reason = "off", reason or "closed"
        return TapeState(state, reason, disk.path, disk.bytes_written, lost)

    def close(self) -> None:
        """Write what is left and close the files, unless the disk takes longer than we would wait."""
        self._stop.set()
        end_s = self._monotonic() + _CLOSE_S
        for thread in self._threads:
            thread.join(max(0.0, end_s - self._monotonic()))
        if any(thread.is_alive() for thread in self._threads):
            self._fault = f"closed, but the disk had not taken everything after {_CLOSE_S:.0f} s"
        self._is_closed = True

    def _pack(self) -> None:
        """Look for records until the end, and flush now and then."""
        flushed_s = self._monotonic()
        is_last = False
        while not is_last:
            is_last = self._stop.wait(min(_LOOK_S, self._rules.flush_s))
            now_s = self._monotonic()
            is_due = is_last or now_s - flushed_s >= self._rules.flush_s
            flushed_s = now_s if is_due else flushed_s
            self._turn(now_s, flush=is_due)
        self._disk.add(None)

    def _turn(self, now_s: float, *, flush: bool) -> None:
        taken = self._taken()  # in any case, or the list would grow for ever
        if self._fault:
            self._lost += sum(map(weight, taken))
            return
        try:
            self._packer.take(taken, self._disk.state(), now_s)
            if flush:
                self._packer.flush(now_s)
        except Exception as defect:  # noqa: BLE001 - nobody would hear it in this thread
            self._fault = f"a fault of kalshi-tui itself: {type(defect).__name__}: {defect}"

    def _taken(self) -> list[Record]:
        """Take what is waiting; each of the steps is one that no other thread can come between."""
        count = len(self._waiting)
        taken = self._waiting[:count]
        del self._waiting[:count]
        return taken
