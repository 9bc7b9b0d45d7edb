"""Keeps a stream running for ever: connects, signs, pumps frames, and comes back when it was cut off."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NoReturn, Protocol

from kalshi_tui.core.events import Event
from kalshi_tui.engine.backoff import ReconnectRules, Reconnects
from kalshi_tui.engine.onward import Onward
from kalshi_tui.engine.ports import Chance, Clock, StreamConnection, StreamTransport
from kalshi_tui.engine.venue import is_about_time, within
from kalshi_tui.errors import AuthenticationRefused, LocalProtocolError, RateLimited, TransportError
from kalshi_tui.protocol.signing import Signer

STREAM_PATH: Final = "/trade-api/ws/v2"
_LEAP_MS: Final = 1_000  # of a machine that slept, or whose clock was set on
_CONNECT_S: Final = 10.0
_CLOSE_S: Final = 3.0
_CALM: Final = ReconnectRules()


class Machine(Protocol):
    """What a feed needs of a stream; kalshi_tui.protocol.stream.Stream is one."""

    def connected(self, now_ms: int) -> None:
        """Hear that a new connection is open."""

    def disconnected(self, now_ms: int) -> None:
        """Hear that it is gone."""

    def receive_all(self, frames: Iterable[bytes | str], now_ms: int, deliver: Callable[[Event], None]) -> None:
        """Take the frames that have arrived and deliver what they mean, in order."""

    def ping(self, now_ms: int) -> None:
        """Hear that the venue is alive."""

    def tick(self, now_ms: int) -> None:
        """Let timers run."""

    def outgoing(self) -> list[bytes]:
        """Return commands to send, once."""

    def events(self) -> list[Event]:
        """Return what else happened, once."""

    def reconnect_reason(self, now_ms: int) -> str:
        """Return why the connection is of no use any more, or nothing."""


class FeedState(StrEnum):
    """Where a feed is in its life."""

    CONNECTING = "connecting"
    OPEN = "open"
    WAITING = "waiting"
    REFUSED = "refused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """The state with its reason in plain words, and when a waiting feed tries again."""

    state: FeedState
    reason: str
    since_ms: int
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class FeedRules:
    """How often timers run, how long silence is borne, and how patiently the feed comes back."""

    tick_s: float = 0.1
    silence_s: float = 30.0
    rate_limit_pause_s: float = 10.0
    reconnects: ReconnectRules = _CALM


DEFAULT_RULES: Final = FeedRules()


class Feed:
    """One stream over one address."""

    def __init__(
        self,
        stream: Machine,
        transport: StreamTransport,
        clock: Clock,
        chance: Chance,
        deliver: Callable[[Event], None],
        *,
        signer: Signer,
        offset_ms: Callable[[], int] = lambda: 0,
        on_status: Callable[[FeedStatus], None] = lambda _: None,
        rules: FeedRules = DEFAULT_RULES,
        speed: float = 1.0,
    ) -> None:
        """Take what it needs; `deliver` is called for each event, in order, and must not block."""
        self._stream = stream
        self._transport = transport
        self._clock = clock
        self._deliver = deliver
        self._signer = signer
        self._offset_ms = offset_ms
        self._on_status = on_status
        self._rules = rules
        self._reconnects = Reconnects(rules.reconnects, chance)
        self._heard = 0.0
        self._time = Onward(clock, speed)
        self._commands: deque[bytes] = deque()
        self._something_to_send = asyncio.Event()
        self.status = FeedStatus(FeedState.STOPPED, "not started", clock.now_ms())

    async def run(self) -> NoReturn:
        """Run until cancelled; a refused key ends it with AuthenticationRefused, since repeating would not help."""
        try:
            while True:
                await self._pause(await self._session())
        except AuthenticationRefused as problem:
            self._become(FeedState.REFUSED, f"{problem.message}; {problem.hint}")
            raise
        finally:
            if self.status.state is not FeedState.REFUSED:
                self._become(FeedState.STOPPED, "stopped")

    def nudge(self) -> None:
        """Send what the stream wants to say now, where it is connected; otherwise it waits for the next timer."""
        if self.status.state is FeedState.OPEN:
            self._drain()

    async def _session(self) -> TransportError | RateLimited:
        """Open one connection, use it up, and return why it ended."""
        opened: float | None = None
        self._become(FeedState.CONNECTING, "connecting")
        self._reconnects.connecting(self._clock.monotonic())
        try:
            connection = await self._connect()
            opened = self._clock.monotonic()
            await self._use(connection)
        except (TransportError, RateLimited) as problem:
            return problem
        except AuthenticationRefused as problem:
            if not is_about_time(problem):
                raise
            return TransportError(problem.message, hint="it is tried again: the venue's replies tell its time")
        finally:
            self._reconnects.ended(0.0 if opened is None else self._clock.monotonic() - opened)

    async def _connect(self) -> StreamConnection:
        now_ms = self._clock.now_ms() + self._offset_ms()
        headers = self._signer.sign(now_ms, "GET", STREAM_PATH)
        return await within(self._clock, _CONNECT_S, self._transport.connect(headers))

    async def _use(self, connection: StreamConnection) -> NoReturn:
        connection.on_ping = self._pinged
        self._pinged()
        self._become(FeedState.OPEN, "connected")
        self._stream.connected(self._stream_ms())
        self._commands.clear()
        self._drain()
        # Each of the three may wait by itself: a peer that does not read must not keep the watchdog from noticing.
        work = (self._pump(connection), self._send(connection), self._tick())
        tasks = [asyncio.ensure_future(part) for part in work]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:  # in this order: one seed makes one history
                if task.done():
                    task.result()
            raise TransportError("the stream's reader ended")
        finally:
            connection.on_ping = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._stream.disconnected(self._stream_ms())
            self._drain()
            await self._close(connection)

    async def _pump(self, connection: StreamConnection) -> NoReturn:
        stream, deliver, clock = self._stream, self._deliver, self._clock
        while True:
            frames = await connection.receive()
            now_ms = self._stream_ms()
            self._heard = clock.monotonic()
            stream.receive_all(frames, now_ms, deliver)
            self._drain()

    async def _send(self, connection: StreamConnection) -> NoReturn:
        while True:
            await self._something_to_send.wait()
            while self._commands:
                await connection.send(self._commands.popleft())
            self._something_to_send.clear()

    async def _tick(self) -> NoReturn:
        leapt_ms = self._time.leapt_ms
        while True:
            await self._clock.sleep(self._rules.tick_s)
            now_ms = self._stream_ms()
            self._stream.tick(now_ms)
            self._drain()
            if self._time.leapt_ms - leapt_ms >= _LEAP_MS:
                raise TransportError("the clock has gone on at once, so what comes may be old", hint="reconnecting")
            if reason := self._stream.reconnect_reason(now_ms):
                raise TransportError(reason, hint="reconnecting")
            silent_s = self._clock.monotonic() - self._heard
            if silent_s > self._rules.silence_s:
                raise TransportError(f"the venue has been silent for {silent_s:.0f} s", hint="reconnecting")

    def _pinged(self) -> None:
        self._heard = self._clock.monotonic()
        self._stream.ping(self._stream_ms())

    def _stream_ms(self) -> int:
        """Return the time for the stream: where the clock is set back it goes on, or a dead book would stay fresh."""
        return self._time.now_ms()

    def _drain(self) -> None:
        for event in self._stream.events():
            self._deliver(event)
        if commands := self._stream.outgoing():
            self._commands.extend(commands)
            self._something_to_send.set()

    async def _close(self, connection: StreamConnection) -> None:
        try:
            await within(self._clock, _CLOSE_S, connection.close())
        except TransportError:
            return

    async def _pause(self, problem: TransportError | RateLimited) -> None:
        least = 0.0
        if isinstance(problem, RateLimited):
            least = problem.retry_after_s or self._rules.rate_limit_pause_s
        pause = self._reconnects.pause_s(self._clock.monotonic(), least)
        until_ms = self._clock.now_ms() + int(pause * 1000)
        self._become(FeedState.WAITING, problem.message, until_ms)
        await self._clock.sleep(pause)

    def _become(self, state: FeedState, reason: str, until_ms: int | None = None) -> None:
        self.status = FeedStatus(state, reason, self._clock.now_ms(), until_ms)
        self._on_status(self.status)


class Mailbox:
    """Events for a reader with a pace of its own: bounded, and loud when the reader falls behind."""

    def __init__(self, limit: int = 100_000) -> None:
        """Hold up to `limit` events that were not read yet."""
        self._events: deque[Event] = deque()
        self._limit = limit
        self._overflowed = False
        self._arrived = asyncio.Event()

    def put(self, event: Event) -> None:
        """Add an event; what comes after an overflow is not kept."""
        if len(self._events) >= self._limit:
            self._overflowed = True
        if not self._overflowed:
            self._events.append(event)
        self._arrived.set()

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Yield events as they come, for ever; raise after the last one that was kept when some were lost."""
        while True:
            while self._events:
                yield self._events.popleft()
            if self._overflowed:
                raise LocalProtocolError(
                    f"more than {self._limit} events were waiting, so later ones were lost",
                    hint="follow fewer markets, or start over from a snapshot",
                )
            self._arrived.clear()
            await self._arrived.wait()
