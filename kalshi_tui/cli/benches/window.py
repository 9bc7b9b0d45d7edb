"""A program in a terminal window of its own, whose keys we press and whose screen we read as it is drawn."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from kalshi_tui.cli.benches.canvas import Canvas

COLUMNS, LINES = 160, 50
PATIENCE_S = 30.0
_END_S = 10.0


class Window:
    """One program on a pseudo-terminal; whoever holds it must read all the time, or the program waits."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        """Start it."""
        self.canvas = Canvas(COLUMNS, LINES)
        self.received = 0  # bytes
        self._ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.started = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 - this Python and our own words
            command, stdin=its, stdout=its, stderr=its, env=environ, start_new_session=True
        )
        os.close(its)

    @property
    def pid(self) -> int:
        """Return the program's process."""
        return self._process.pid

    def press(self, keys: bytes) -> None:
        """Send what keys send."""
        os.write(self._ours, keys)

    def read(self, seconds: float) -> bool:
        """Paint what comes next, waiting for it so long at most; tell whether something came."""
        if not select.select([self._ours], [], [], max(seconds, 0.0))[0]:
            return False
        try:
            data = os.read(self._ours, 1 << 16)
        except OSError as problem:
            if problem.errno != errno.EIO:  # which says that the program has ended
                raise
            raise AssertionError(f"the measured program ended: {self.canvas.text.strip()[-500:]}") from None
        self.received += len(data)
        self.canvas.take(data)
        return True

    def rest(self, seconds: float) -> None:
        """Read for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.read(left)

    def until(self, condition: Callable[[Canvas], object], *, patience_s: float = PATIENCE_S) -> float:
        """Read until something is painted, and return when that was."""
        end = time.monotonic() + patience_s
        while not condition(self.canvas):
            if not self.read(end - time.monotonic()):
                raise AssertionError(
                    f"what is waited for was not painted within {patience_s:.0f} s:\n{self.canvas.text}"
                )
        return time.monotonic()

    def ended(self) -> int:
        """Read until the program has ended, and return its exit code."""
        end = time.monotonic() + _END_S
        while self._process.poll() is None and time.monotonic() < end:
            try:
                self.read(0.1)
            except AssertionError:
                break
        return self._process.wait(_END_S)

    def close(self) -> None:
        """End the program, if it has not ended by itself, and close the window."""
        self._process.kill()
        self._process.wait()
        os.close(self._ours)


@contextmanager
def window(command: Sequence[str], environ: Mapping[str, str]) -> Iterator[Window]:
    """Open a window, and close it whatever happens."""
    opened = Window(command, environ)
    try:
        yield opened
    finally:
        opened.close()


def environ_of(folder: str) -> dict[str, str]:
    """Return the environment of a person whose home is this folder, at a terminal with all colours."""
    return {
        **{name: os.environ[name] for name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV") if name in os.environ},
        "HOME": folder,
        "XDG_DATA_HOME": folder,
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }
