"""An engine's whole way in one thread: from frames that have arrived to views that are on their way to a client.

There is no network in front of it, so that it can be compared with the bare path of the same frames; behind it there
is a real socket with one client, who watches a ladder, a page of the list and the status.
"""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from kalshi_tui.cli.benches.frames import FrameMaker
from kalshi_tui.core.events import Event
from kalshi_tui.engine import inputs
from kalshi_tui.engine.intake import Intake
from kalshi_tui.engine.kernel import Kernel
from kalshi_tui.engine.ports import Recorder
from kalshi_tui.engine.questions import request_of
from kalshi_tui.engine.rules import Rules
from kalshi_tui.link.client import Link, attach
from kalshi_tui.link.intents import Done, Follow, Intent, Result
from kalshi_tui.link.keys import Key, LadderKey, MarketsKey, StatusKey
from kalshi_tui.link.messages import LINK_VERSION, Welcome
from kalshi_tui.link.pipes import SocketPipe
from kalshi_tui.link.server import LinkRules, Server
from kalshi_tui.link.views import Lag
from kalshi_tui.practice.desk import Desk
from kalshi_tui.practice.rest import HttpRequest

BEAT_MS = 50
PER_BEAT = 250  # frames: 5,000 a second
_BEATS_A_SECOND = 20
_BEATS_A_TICK = 2
_BOOKS = "orderbook_delta"


class EnginePath:
    """Kernel, recorder and link; the host behind that link."""

    def __init__(self, maker: FrameMaker, recorder: Recorder) -> None:
        self.kernel = Kernel(_opening(maker.now_ms))
        self.intake = Intake(self.kernel, recorder)
        self.server = Server(self, LinkRules(), lambda: self.now_ms / 1000)
        self.now_ms = maker.now_ms
        self._recorder = recorder
        self._beats = 0

    # What the measured thread does

    def carry(self, frames: list[bytes], at_once: int) -> None:
        """Take frames as they come, with everything that the engine does beside them in that time."""
        for start in range(0, len(frames), PER_BEAT):
            self._take(frames[start : start + PER_BEAT], at_once)
            self.beat()

    def beat(self) -> None:
        """Let a twentieth of a second pass: timers, publishing, delivery."""
        self.now_ms += BEAT_MS
        self._beats += 1
        if self._beats % _BEATS_A_TICK == 0:
            self.intake.tick(self.now_ms)
            self.intake.outgoing()
        if self._beats % _BEATS_A_SECOND == 0:
            self.intake.ping(self.now_ms)
            self.intake.take(inputs.Vitals(self.now_ms, 1, (), {}, Lag(), self._recorder.state()))
        self.intake.beat(self.now_ms)
        self.server.deliver()

    def _take(self, frames: list[bytes], at_once: int) -> None:
        """Take frames as a feed does."""
        intake = self.intake
        for start in range(0, len(frames), at_once):
            intake.receive_all(frames[start : start + at_once], self.now_ms, _ignore)
            intake.events()
            intake.outgoing()

    # What has to be there first

    def open_books(self, maker: FrameMaker) -> None:
        """Subscribe to all books of the maker, and take their snapshots."""
        self.intake.connected(self.now_ms)
        self.intake.take(inputs.Asked(self.now_ms, Follow(tuple(maker.tickers))))
        self.intake.beat(self.now_ms)
        answers = [_granted(command) for command in self.intake.outgoing()]
        self._take([*answers, *maker.snapshots()], len(answers) + len(maker.tickers))

    def read_catalogue(self, desk: Desk) -> None:
        """Ask a practice exchange everything that the kernel wants to know, without a network between them."""
        while not self.kernel.asking.has_read:
            self.intake.beat(self.now_ms)
            for question in self.kernel.questions():
                request = request_of(question)
                reply = desk.rest.handle(HttpRequest(request.method, request.full_path, request.query, {}, b""))
                self.intake.take(inputs.Replied(self.now_ms, question.endpoint, question.argument, reply.body))

    def check(self) -> None:
        """Refuse to have measured an engine that was out of step."""
        counters, (books, live) = self.kernel.stream.counters, self.kernel.following.count_live()
        lost = self._recorder.state().frames_lost
        if counters.gaps or counters.malformed or counters.ignored or live < books or self.server.bounds or lost:
            raise AssertionError(f"the measured engine fell out of step: {counters}, {live} of {books} live, {lost=}")

    # What the link asks of its host

    def welcome(self, session: int) -> Welcome:
        """Return the greeting."""
        return Welcome(LINK_VERSION, "bench", session, 1, "", "", "", "", "", self.now_ms, self.now_ms, 1.0, stays=True)

    def watched(self, key: Key) -> None:
        """Publish a view from now on."""
        self.intake.take(inputs.Watched(self.now_ms, key))

    def unwatched(self, key: Key) -> None:
        """Publish it no longer."""
        self.intake.take(inputs.Unwatched(self.now_ms, key))

    def shown(self, key: Key) -> tuple[int, bytes] | None:
        """Return the latest of a view."""
        return self.kernel.board.shown(key)

    async def answer(self, intent: Intent) -> Result:
        """Do nothing: this client asks for nothing."""
        del intent
        return Done()

    def warn(self, words: str) -> None:
        """Stop: the client was let go."""
        raise AssertionError(words)


@asynccontextmanager
async def open_path(maker: FrameMaker, desk: Desk, recorder: Recorder) -> AsyncIterator[EnginePath]:
    """Open an engine's way with its books, its catalogue and its client; it must be in step at its end."""
    path = EnginePath(maker, recorder)
    path.open_books(maker)
    path.read_catalogue(desk)
    its, ours = socket.socketpair()
    loop = asyncio.get_running_loop()
    _, pipe = await loop.create_connection(SocketPipe, sock=its)
    serving = asyncio.ensure_future(path.server.serve(pipe))
    link = await attach((await loop.create_connection(SocketPipe, sock=ours))[1], name="bench")
    try:
        await _watch(link, maker.tickers[0])
        gc.collect()
        gc.freeze()  # as the engine does once it knows its catalogue
        yield path
        path.check()
    finally:
        gc.unfreeze()
        await link.close()
        await serving
        recorder.close()


async def _watch(link: Link, ticker: str) -> None:
    watched = [link.watch(key) for key in (LadderKey(ticker), MarketsKey(), StatusKey())]
    async with asyncio.timeout(10):
        while any(one.view is None for one in watched):  # noqa: ASYNC110 - they come within a few turns of the loop
            await asyncio.sleep(0)


def _opening(now_ms: int) -> inputs.Opening:
    return inputs.Opening(
        at_ms=now_ms,
        codec=inputs.CODEC,
        program="bench",
        settings_hash="",
        environment="practice",
        execution="observe",
        account="practice",
        mode="PRACTICE OBSERVE",
        words="measured",
        engine_pid=1,
        started_ms=now_ms,
        is_first=True,
        rules=Rules(),
    )


def _granted(command: bytes) -> bytes:
    """Return what the venue answers to a subscription; the books' sid is the one that frames are made for."""
    asked = msgspec.json.decode(command)
    channel, number = asked["params"]["channels"][0], asked["id"]
    sid = 1 if channel == _BOOKS else 1 + number
    return msgspec.json.encode({"id": number, "type": "subscribed", "msg": {"channel": channel, "sid": sid}})


def _ignore(_: Event) -> None:
    """The kernel has taken it already."""
