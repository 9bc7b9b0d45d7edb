"""The practice exchange without a socket: transports in memory on a virtual clock, every delay drawn from a seed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from kalshi_tui.practice.delivery import Counter, Delivered, Delivery
from kalshi_tui.practice.records import Refusal
from kalshi_tui.practice.rest import HttpReply, HttpRequest
from kalshi_tui.practice.rest.auth import require_scope
from kalshi_tui.practice.rest.wire import STREAM_PATH, TooMany, refuse
from kalshi_tui.practice.stream.outgoing import Binary, Close, Outgoing, Ping
from kalshi_tui.practice.stream.session import Session
from kalshi_tui.practice.virtual import VirtualClock

__all__ = ["MemoryConnection", "MemoryHttp", "MemoryStreams", "Network", "VirtualClock"]

Failure = Callable[[str], Exception]
Refused = Callable[[int, bytes], Exception]

_WINDOW: Final = 1 << 18  # bytes that a client may leave unread before its session fills up


def _refused(status: int, body: bytes) -> Exception:
    return ConnectionError(f"the upgrade was refused with {status}: {body[:200].decode(errors='replace')}")


class Network:
    """The way between client and exchange: seeded delays, and the exceptions that the client's ports promise.

    `failure` makes the exception for an answer that never came or a stream that broke, `refused` the one for an upgrade
    that was answered with a status and a body.
    """

    def __init__(
        self,
        clock: VirtualClock,
        *,
        seed: int,
        delay_ms: tuple[float, float] = (1.0, 8.0),
        failure: Failure = ConnectionError,
        refused: Refused = _refused,
    ) -> None:
        self.clock = clock
        self.failure = failure
        self.refused = refused
        self._chance = random.Random(seed)
        self._delay_ms = delay_ms

    def delay_s(self) -> float:
        """Draw how long something takes one way; to the microsecond, so that equal times are rare and seeded."""
        return round(self._chance.uniform(*self._delay_ms) * 1000) / 1e6

    async def travel(self) -> None:
        """Let something take its way."""
        await self.clock.sleep(self.delay_s())

    async def sleep_ms(self, ms: int) -> None:
        """Wait for milliseconds of exchange time."""
        await self.clock.sleep(ms / 1000)


class MemoryHttp:
    """Requests that reach the exchange although, as on a real network, whoever sent them may have given up."""

    def __init__(self, counter: Counter, network: Network) -> None:
        self._network = network
        self._delivery = Delivery(counter, network.sleep_ms)
        self._under_way: dict[asyncio.Task[Delivered], None] = {}  # in the order of their beginning

    async def send(self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None) -> HttpReply:
        """Send one request and return its answer."""
        path, _, query = path_and_query.partition("?")
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        request = HttpRequest(method, path, pairs, _lower(headers), body or b"")
        delivered = await asyncio.shield(self._start(self._there_and_back(request)))
        if delivered.reply is None:
            raise self._network.failure("the connection was cut before an answer came")
        if delivered.keep_bytes is not None:
            raise self._network.failure(f"the connection was cut after {delivered.keep_bytes} bytes of the answer")
        return delivered.reply

    async def close(self) -> None:
        """Forget what is still under way."""
        for task in tuple(self._under_way):
            task.cancel()

    def _start(self, work: Coroutine[Any, Any, Delivered]) -> asyncio.Task[Delivered]:
        task = asyncio.create_task(work)
        self._under_way[task] = None
        task.add_done_callback(self._under_way.pop)
        return task

    async def _there_and_back(self, request: HttpRequest) -> Delivered:
        await self._network.travel()
        delivered = await self._delivery.carry(request)
        await self._network.travel()
        return delivered


class MemoryStreams:
    """Opens streams of one exchange."""

    def __init__(self, counter: Counter, network: Network) -> None:
        self._counter = counter
        self._network = network
        self._delivery = Delivery(counter, network.sleep_ms)

    async def connect(self, headers: Mapping[str, str]) -> MemoryConnection:
        """Open a stream with signed headers."""
        await self._network.travel()
        headers = _lower(headers)
        befallen = await self._delivery.upgrade(headers)
        if befallen is not None:
            raise self._fallen(befallen)
        try:
            key = self._counter.rest.authenticate("GET", STREAM_PATH, headers)
            require_scope(key, "read")
            connection = MemoryConnection(
                self._network, lambda wake: self._counter.hub.open(key.user_id, wake, key.subaccount)
            )
        except Refusal as refusal:
            raise self._fallen(Delivered(refuse(TooMany() if refusal.status == 429 else refusal))) from refusal
        await self._network.travel()
        return connection

    def _fallen(self, befallen: Delivered) -> Exception:
        if befallen.reply is None:
            return self._network.failure("the connection was cut during the upgrade")
        return self._network.refused(befallen.reply.status, befallen.reply.body)


class MemoryConnection:
    """One stream: what either side sends arrives later, in order, and only as fast as the client reads."""

    def __init__(self, network: Network, open_session: Callable[[Callable[[], None]], Session]) -> None:
        self.on_ping: Callable[[], None] | None = None
        self._network = network
        self._loop = asyncio.get_running_loop()
        self._inbox: list[bytes] = []
        self._unread = 0  # bytes in the inbox and on their way to it
        self._stirred = False
        self._arrived = asyncio.Event()
        self._down_at = self._up_at = 0.0
        self._ended = ""
        self._session = open_session(self._stir)

    async def receive(self) -> list[bytes]:
        """Return every text message that has arrived, at least one."""
        while not self._inbox:
            if self._ended:
                raise self._network.failure(self._ended)
            self._arrived.clear()
            await self._arrived.wait()
        inbox, self._inbox = self._inbox, []
        self._unread -= sum(map(len, inbox))
        if self._stirred:
            self._loop.call_soon(self._take)
        return inbox

    async def send(self, data: bytes) -> None:
        """Send one text message."""
        if self._ended:
            raise self._network.failure(self._ended)
        self._up_at = self._later(self._up_at)
        self._loop.call_at(self._up_at, self._session.receive, data)

    async def close(self) -> None:
        """Hang up."""
        self._end("the stream was closed here")
        self._session.close()

    def _stir(self) -> None:
        """Hear from the session that it has something; while the client does not read, leave it there."""
        self._stirred = True
        if not self._loop.is_closed():  # a run may end with streams left open; nobody reads them any more
            self._loop.call_soon(self._take)

    def _take(self) -> None:
        if not self._stirred or self._unread > _WINDOW:
            return
        self._stirred = False
        items = self._session.take()
        self._unread += sum(len(text) for item in items if (text := _text(item)) is not None)
        self._down_at = self._later(self._down_at)
        self._loop.call_at(self._down_at, self._arrive, items)

    def _later(self, last_at: float) -> float:
        """Return when what is sent now arrives: never before what was sent earlier."""
        return max(self._loop.time() + self._network.delay_s(), last_at + 1e-6)

    def _arrive(self, items: list[Outgoing]) -> None:
        for item in items:
            if self._ended:
                return
            self._arrive_one(item)

    def _arrive_one(self, item: Outgoing) -> None:
        if isinstance(item, Ping):
            if self.on_ping is not None:
                self.on_ping()
        elif isinstance(item, Close):
            self._end(f"the exchange closed the stream: {item.code} {item.reason}".rstrip())
        elif (text := _text(item)) is not None:
            self._inbox.append(text)
            self._arrived.set()

    def _end(self, reason: str) -> None:
        self._ended = self._ended or reason
        self._arrived.set()


def _text(item: Outgoing) -> bytes | None:
    if isinstance(item, Binary):
        return item.payload
    return item if isinstance(item, bytes) else None


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
