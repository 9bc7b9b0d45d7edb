"""`bench terminals`: terminals that are not read, stopped, killed or made tiny, and what the engine feels of it.

Each is a real terminal on a pseudo-terminal, attached to a real engine that follows 200 books at 1,000 messages a
second. Afterwards the books that the engine shows to a new client are compared with the exchange's, level by level.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from kalshi_tui.adapters.http import HttpxTransport
from kalshi_tui.cli.benches.engine_live import attached, engine, ready
from kalshi_tui.cli.benches.report import Report, Target, report
from kalshi_tui.core.book import BookState
from kalshi_tui.link.client import Watching, attach_to
from kalshi_tui.link.keys import LadderKey
from kalshi_tui.link.views import LadderView, StatusView
from kalshi_tui.protocol import rest

BOOKS: Final = 200
CHANGES_PER_S: Final = 1_000
COMPARED: Final = 50
TRIES: Final = 100
SECONDS: Final = 60.0
SHOWN: Final = b"live"  # what a terminal draws when it has books


@dataclass(slots=True)
class Window:
    """A terminal on a pseudo-terminal, read by a thread unless it is told not to."""

    told: dict[str, Any]
    is_read: bool = True
    drawn: int = 0
    seen: bytes = b""
    _ours: int = -1
    _process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self._ours, its = pty.openpty()
        self.resize(160, 50)
        folder = self.told["folder"]
        environ = {**os.environ, "HOME": folder, "XDG_DATA_HOME": folder, "TERM": "xterm-256color"}
        self._process = subprocess.Popen(  # noqa: S603 - this Python and our own words
            [sys.executable, "-m", "kalshi_tui", "--config", self.told["settings"], "attach"],
            stdin=its,
            stdout=its,
            stderr=its,
            env=environ,
            start_new_session=True,
        )
        os.close(its)
        threading.Thread(target=self._read, daemon=True).start()

    def resize(self, columns: int, lines: int) -> None:
        """Give it another size, and tell it so."""
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def send(self, number: int) -> None:
        """Send the process a signal."""
        self._process.send_signal(number)

    def close(self) -> None:
        """End it, whatever state it is in."""
        self._process.kill()
        self._process.wait()
        self.is_read = True

    async def shows_books(self) -> None:
        """Wait until it has drawn books."""
        async with asyncio.timeout(30):
            while SHOWN not in self.seen:  # noqa: ASYNC110 - another process draws
                await asyncio.sleep(0.05)

    def _read(self) -> None:
        while True:
            if not self.is_read:
                threading.Event().wait(0.1)
                continue
            if not select.select([self._ours], [], [], 0.2)[0]:
                continue
            try:
                data = os.read(self._ours, 65_536)
            except OSError:
                return
            self.drawn += len(data)
            self.seen = (self.seen + data)[-100_000:]


async def unread(window: Window, seconds: float) -> None:
    """Leave it unread."""
    window.is_read = False
    await asyncio.sleep(seconds)
    window.is_read = True


async def stopped(window: Window, seconds: float) -> None:
    """Stop it as Ctrl-Z does."""
    window.send(signal.SIGTSTP)
    await asyncio.sleep(seconds)
    window.send(signal.SIGCONT)


async def killed(window: Window, seconds: float) -> None:
    """Kill it."""
    window.send(signal.SIGKILL)
    await asyncio.sleep(seconds)


async def tiny(window: Window, seconds: float) -> None:
    """Make it one cell large."""
    window.resize(1, 1)
    window.send(signal.SIGWINCH)
    await asyncio.sleep(seconds)
    window.resize(160, 50)
    window.send(signal.SIGWINCH)


PHASES: Final[dict[str, Callable[[Window, float], Awaitable[None]]]] = {
    "unread": unread,
    "stopped": stopped,
    "killed": killed,
    "tiny": tiny,
}
TARGETS: Final = {
    **{f"{phase}_lag_p99_ms": Target(at_most=20) for phase in PHASES},
    **{f"{phase}_books_unequal": Target(at_most=0) for phase in PHASES},
}


def measure(say: Callable[[str], None], *, seconds: float = SECONDS) -> Report:
    """Let a terminal misbehave in each way for a minute."""
    with engine(BOOKS, where="behind", changes_per_s=CHANGES_PER_S) as (told, tickers):
        figures = asyncio.run(_all(told, tickers, seconds, say))
    return report("terminals", figures, TARGETS)


async def _all(
    told: dict[str, Any], tickers: list[str], seconds: float, say: Callable[[str], None]
) -> dict[str, float]:
    figures: dict[str, float] = {}
    async with attached(told["socket"], tickers[0]) as status:
        await ready(status, BOOKS)
        for phase, misbehave in PHASES.items():
            say(f"a terminal is {phase}")
            window = Window(told)
            try:
                await window.shows_books()
                figures[f"{phase}_lag_p99_ms"] = await worst_lag(status, misbehave(window, seconds))
                figures[f"{phase}_books_unequal"] = await books_unequal(told, tickers[:COMPARED])
            finally:
                window.close()
        bounds = _status(status).bounds
    figures["slow_readers_held_back"] = bounds.get("slow readers held back", 0)
    figures["stuck_readers_dropped"] = bounds.get("stuck readers dropped", 0)
    return figures


async def worst_lag(status: Watching, during: Awaitable[None]) -> float:
    """Return the highest p99 that the engine told of its loop meanwhile."""
    busy, worst = asyncio.ensure_future(during), 0.0
    while not busy.done():
        await asyncio.wait([busy], timeout=1.0)
        worst = max(worst, _status(status).lag.p99_ms)
    await busy
    return worst


async def books_unequal(told: dict[str, Any], tickers: list[str]) -> float:
    """Attach anew, and count the markets whose book is not the exchange's; one that moves is looked at again."""
    link, http = await attach_to(told["socket"], name="bench"), HttpxTransport(told["venue"]["rest_url"])
    try:
        watched = {ticker: link.watch(LadderKey(ticker)) for ticker in tickers}
        left = set(tickers)
        for _ in range(TRIES):
            await asyncio.sleep(0.1)
            left -= await _equal(http, {ticker: watched[ticker] for ticker in sorted(left)})
            if not left:
                break
        return float(len(left))
    finally:
        await link.close()
        await http.close()


async def _equal(http: HttpxTransport, watched: dict[str, Watching]) -> set[str]:
    request = rest.books(list(watched))
    reply = await http.send(request.method, request.target, {}, None)
    found = set()
    for image in request.read(reply.body):
        view = watched[image.ticker].view
        if not isinstance(view, LadderView) or view.state is not BookState.LIVE:
            continue
        if (view.bids, view.asks) == (image.bids, image.asks):
            found.add(image.ticker)
    return found


def _status(status: Watching) -> StatusView:
    view = status.view
    assert isinstance(view, StatusView)  # noqa: S101 - it was there when the engine was ready
    return view
