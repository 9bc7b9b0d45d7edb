"""A person's home folder and the program as that person runs it, with and without a terminal of its own."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import pyte

PATIENCE_S = 20.0
# Not done between fork and exec: tests have threads, and a lock that one holds at that moment is held for ever.
TAKE_TERMINAL = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Home:
    """Where settings, data and engines of one test are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {"HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color"}

    @property
    def run_folder(self) -> Path:
        return self.folder / ".local" / "share" / "kalshi-tui" / "run" / "practice-live"

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - this Python and our own arguments
            command(*arguments), capture_output=True, text=True, env=self.environ, cwd=self.folder, check=False
        )

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def end_all(self) -> None:
        """End what a test has left: the engine by its note, with its exchange, and whatever else lives in this home."""
        self.run("engine", "stop", "--force")
        for pid in self.left():
            os.kill(pid, signal.SIGKILL)

    def left(self) -> list[int]:
        """Return the processes that live in this home; some are in no note any more, as their settings were changed."""
        mine, found = f"HOME={self.folder}".encode(), list[int]()
        for environ in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):  # it has ended meanwhile, or is another user's
                if mine in environ.read_bytes().split(b"\0"):
                    found.append(int(environ.parent.name))
        return found


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "kalshi_tui", *arguments]


class Window:
    """A terminal window with the program in it: what is typed goes in, and what is drawn is on `screen`."""

    def __init__(
        self, home: Home, *arguments: str, columns: int = 160, lines: int = 50, is_controlled: bool = True
    ) -> None:
        self._ours, its = pty.openpty()
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.drawn = b""
        self.resize(columns, lines)
        program = command(*arguments)
        self.process = subprocess.Popen(  # noqa: S603 - as above
            [sys.executable, "-c", TAKE_TERMINAL, *program] if is_controlled else program,
            stdin=its,
            stdout=its,
            stderr=its,
            env=home.environ,
            cwd=home.folder,
            start_new_session=True,
        )
        os.close(its)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def resize(self, columns: int, lines: int) -> None:
        """Give the window another size, as its frame does when it is dragged."""
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.screen.resize(max(lines, 1), max(columns, 1))

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def read(self, seconds: float = 0.05) -> None:
        """Draw what the program has sent, waiting a little for it."""
        while select.select([self._ours], [], [], seconds)[0]:
            try:
                data = os.read(self._ours, 65_536)
            except OSError:
                return  # what a terminal says when its program has ended
            self.drawn += data
            self._stream.feed(data)
            seconds = 0

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def until(self, condition: Callable[[str], Any]) -> None:
        """Draw until the screen shows something."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition(self.text):
            assert time.monotonic() < deadline, self.text
            self.read()

    def wait(self) -> int:
        """Draw until the program has ended, and return its exit code."""
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.text
            self.read()
        self.read()
        return self.process.returncode

    def vanish(self) -> None:
        """Close the window without a signal to the program in it, as when it was started with setsid."""
        os.close(self._ours)
        self._ours = -1

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self._ours >= 0:
            os.close(self._ours)


def is_there(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def until(condition: Callable[[], Any]) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
