"""The terminal at a real pty: what it sends is only its own drawing, whatever texts the engine brings."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol, Self

import pyte
import pytest
from msgspec.structs import replace

from kalshi_tui.link.pipes import Pipe, SocketPipe
from kalshi_tui.link.trading import Fire, Kill
from kalshi_tui.link.views import Notice, NoticesView, StatusView, View
from kalshi_tui.tui.app import DRAWN_ANEW_S
from tests.tui.desk import NOW_MS, FakeEngine, everything, row, status
from tests.tui.hostile import CORPUS
from tests.tui.played import played
from tests.tui.test_safety import hostile_views

COLUMNS, LINES = 160, 50
PATIENCE_S = 30.0
REST_S = 0.7
BATCH = 40
# Everything that the terminal may send besides letters: colours, places, and switching its modes on and off.
OWN = re.compile(
    rb"\x1b\[[0-9;]*m"  # colours
    rb"|\x1b\[[0-9]+;[0-9]+H|\x1b\[H"  # places
    rb"|\x1b\[\?(?:1000|1003|1004|1006|1015|1016|1049|2004|2026|2048|25|7)[hl]"  # modes
    rb"|\x1b\[\?(?:2026|2048)\$p|\x1b\[>[0-9]+u|\x1b\[<u|\x1b\[\?u|\x1b\[>4;[0-2]m"  # questions
    rb"|\x1b\]22;[a-z-]*\x07"  # the pointer's shape
    rb"|\x1b\]2;(?:[A-Z0-9 -]+ - )?kalshi-tui\x07|\x1b\[2[23];2t"  # the window's title, and what it was before
    rb"|\x1b\[\?4m|\x1b\[c|\x1b\[6n|\x1b\[2J|\x1b\[0J|\x1b\[J"
    rb"|\r\n|\n|\r"
)

ASKED = re.compile(rb"\x1b\[[?<>][0-9;]*(?:\$p|[a-z])")
CUT = re.compile(rb"\x1b(?:\[(?:[?<>][0-9;]*\$?)?)?\Z")
"""The beginning of such a question whose rest is read with what comes next."""
LEFT = re.compile(r"[━─] +([0-9.]+) s\b")


class Published(Protocol):
    @property
    def default(self) -> dict[type, View]: ...

    def publish(self, *views: View) -> None: ...

    def serve(self, pipe: Pipe) -> None: ...


class Pty:
    """The terminal in a process of its own, with a screen that a program reads."""

    def __init__(self, process: asyncio.subprocess.Process, master: int) -> None:
        self.process = process
        self.sent = bytearray()
        self._master = master
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self._cut = b""
        self._came = asyncio.Event()
        asyncio.get_running_loop().add_reader(master, self._read)

    @classmethod
    async def start(cls, path: Path) -> Self:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        own = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(Path.cwd())}
        size = {"COLUMNS", "LINES"}  # whatever runs the tests may have said its own, which would win over the pty's
        environ = {**{name: value for name, value in os.environ.items() if name not in size}, **own}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.tui.child", str(path),
            stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        return cls(process, master)

    def lines(self) -> list[str]:
        """Return what the screen shows; the emulator's own way breaks at half a wide letter."""
        buffer = self._screen.buffer
        return ["".join(buffer[y][x].data for x in range(COLUMNS)) for y in range(LINES)]

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def wipe(self) -> None:
        """Lose what was drawn."""
        self._stream.feed(b"\x1b[2J")

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until the screen is as it should be."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not holds():
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            pytest.fail("\n".join(self.lines()))

    async def shows(self, text: str) -> None:
        """Wait until a text can be read on the screen."""
        await self.until(lambda: any(text in line for line in self.lines()))

    async def hides(self, text: str) -> None:
        """Wait until a text cannot be read on the screen any more."""
        await self.until(lambda: not any(text in line for line in self.lines()))

    async def runs_down_to(self, left_s: float) -> None:
        """Wait until an open ticket has at most so many seconds left."""
        await self.until(lambda: any(float(left) <= left_s for line in self.lines() for left in LEFT.findall(line)))

    async def rests(self) -> list[str]:
        """Wait until nothing is drawn any more, and return what is shown then."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self._came.clear()
                try:
                    await asyncio.wait_for(self._came.wait(), REST_S)
                except TimeoutError:
                    return self.lines()

    async def ends(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        if self.process.returncode is None:
            self.process.kill()

    def _read(self) -> None:
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:
            data = b""
        self.sent += data
        data = self._cut + data
        self._cut = found[0] if (found := CUT.search(data)) else b""
        # The emulator knows fewer questions than the terminal asks; what it does not know it would print.
        self._stream.feed(ASKED.sub(b"", data[: len(data) - len(self._cut)]))
        self._came.set()


@asynccontextmanager
async def at_a_pty(engine: Published, tmp_path: Path) -> AsyncIterator[Pty]:
    path = tmp_path / "engine.sock"
    server = await asyncio.get_running_loop().create_unix_server(lambda: SocketPipe(opened=engine.serve), str(path))
    terminal = await Pty.start(path)
    beat = asyncio.ensure_future(_beat(engine))
    try:
        yield terminal
    finally:
        beat.cancel()
        terminal.close()
        await terminal.process.wait()
        server.close()


async def _beat(engine: Published) -> None:
    """Say again and again how the engine is, as an engine does, so that it is not called silent."""
    while True:
        await asyncio.sleep(0.2)
        if isinstance(view := engine.default.get(StatusView), StatusView):
            engine.publish(view)


def foreign(sent: bytes) -> set[bytes]:
    """Return the control bytes that are left once the terminal's own drawing is taken away."""
    rest = OWN.sub(b"", sent).decode()
    return {char.encode() for char in rest if not char.isprintable()}


def test_what_is_foreign_is_found() -> None:
    assert foreign(b"\x1b[1;1H\x1b[38;2;1;2;3mfine\x1b[0m\r\n") == set()
    assert foreign(b"\x1b]52;c;x\x07") == {b"\x1b", b"\x07"}
    assert foreign("\u202e\x9b2J".encode()) == {"\u202e".encode(), "\x9b".encode()}
    assert foreign(b"\x1b[5i") == {b"\x1b"}


async def test_hostile_texts_bring_no_foreign_byte_to_a_real_terminal(tmp_path: Path) -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    async with at_a_pty(engine, tmp_path) as terminal:
        for words in ("stream open", "Enter open", "14 bids, 12 asks"):
            await terminal.shows(words)
        before = await terminal.rests()
        for start in range(0, len(CORPUS), BATCH):
            texts = CORPUS[start : start + BATCH]
            mark = f"batch {start} is drawn"
            views = hostile_views(texts)
            notices = NoticesView(9, (Notice(9, NOW_MS, "info", mark), *_rows_of(views)))
            engine.publish(*views, notices)
            await terminal.shows(mark)
            for key, words in ((b"n", "newest first"), (b"i", "yes means")):
                terminal.press(key)
                await terminal.shows(words)
                terminal.press(b"q")
                await terminal.hides(words)
        engine.publish(*everything())
        await terminal.until(lambda: terminal.lines() == before)
        terminal.press(b"\x11")
        assert await terminal.ends() == 0
    assert foreign(bytes(terminal.sent)) == set()
    assert terminal.sent.index(b"\x1b[22;2t") < terminal.sent.index(b"\x1b]2;PRACTICE - kalshi-tui\x07")
    assert terminal.sent.count(b"\x1b[23;2t") == 1
    assert b"farewell: quit" in terminal.sent


def _rows_of(views: list[View]) -> tuple[Notice, ...]:
    return next(view.rows for view in views if isinstance(view, NoticesView))


async def test_a_real_terminal_shows_what_the_engine_sends(tmp_path: Path) -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    engine.list_markets(map(row, range(60)))
    async with at_a_pty(engine, tmp_path) as terminal:
        await terminal.shows("PRACTICE")
        await terminal.shows("Above 3.00%")
        terminal.press(b"/t44")
        await terminal.shows("1 of 60")
        terminal.press(b"\x1b")
        await terminal.shows("Above 14.25%")
        terminal.resize(1, 1)
        terminal.resize(COLUMNS, LINES)
        await terminal.shows("Above 14.25%")
        terminal.press(b"\x11")
        assert await terminal.ends() == 0


@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGTSTP], ids=["from outside", "by its own key"])
async def test_what_was_lost_while_the_program_stood_still_is_drawn_again(tmp_path: Path, how: signal.Signals) -> None:
    engine = FakeEngine()
    engine.publish(*everything())
    async with at_a_pty(engine, tmp_path) as terminal:
        await terminal.shows("14 bids, 12 asks")
        before = await terminal.rests()
        terminal.process.send_signal(how)
        await asyncio.sleep(DRAWN_ANEW_S + 0.3)
        terminal.wipe()
        terminal.process.send_signal(signal.SIGCONT)
        await terminal.until(lambda: terminal.lines() == before)
        terminal.press(b"\x11")
        assert await terminal.ends() == 0


@pytest.mark.parametrize("farewell", ["leave", "stop"])
async def test_the_answer_to_the_question_is_what_the_program_hears(tmp_path: Path, farewell: str) -> None:
    engine = FakeEngine()
    engine.publish(*everything(), status(working=("the tape is being written",)))
    async with at_a_pty(engine, tmp_path) as terminal:
        await terminal.shows("LIVE")
        terminal.press(b"\x11")
        await terminal.shows("Something is working")
        terminal.press(b"\r" if farewell == "leave" else b"jj\r")
        assert await terminal.ends() == 0
    assert f"farewell: {farewell}".encode() in terminal.sent


async def test_at_a_real_terminal_only_the_key_that_fires_does_and_not_what_is_pasted_replied_or_clicked(
    tmp_path: Path,
) -> None:
    engine = played()
    engine.change = lambda view: replace(view, expires_ms=view.made_ms + 60_000)
    async with at_a_pty(engine, tmp_path) as terminal:
        await terminal.shows("14 bids, 12 asks")
        terminal.press(b"\r")
        await terminal.shows("Enter stage")
        terminal.press(b"q")
        await terminal.shows("F9 or ! fires")
        await terminal.runs_down_to(59.2)
        terminal.press(b"\x1b[200~b y ! y\r!\x1b[20~\x1b[201~")  # a paste that the window marks
        await terminal.shows("pasted text does nothing here")
        await terminal.runs_down_to(58.2)
        terminal.press(b"!y!y!y")  # one that it does not
        await terminal.shows("not fired:")
        await terminal.runs_down_to(57.0)
        terminal.press(b"\x1b[24;80R\x1b[?62;22c\x1b[<0;120;20M\x1b[<0;120;20m")  # replies, and a click
        await terminal.shows("Everywhere")  # Textual takes a reply that it did not ask for as keys: a question mark
        terminal.press(b"\x1b")
        await terminal.hides("Everywhere")
        terminal.press(b"\r")
        await terminal.runs_down_to(55.0)
        assert engine.asked_of(Fire) == []
        terminal.press(b"\x1b[20~")
        await terminal.shows("on its way")
        async with asyncio.timeout(PATIENCE_S):  # it is said before it is there
            while not engine.asked_of(Fire):  # noqa: ASYNC110 - the played engine has no event for it
                await asyncio.sleep(0.01)
        assert engine.asked_of(Fire) == [Fire(len(engine.tickets), f"token-{len(engine.tickets)}")]
        terminal.press(b"\x0b\x0b")
        await terminal.shows("KILL: the engine has it")
        assert len(engine.asked_of(Kill)) == 1
        terminal.press(b"\x11")
        assert await terminal.ends() == 0
