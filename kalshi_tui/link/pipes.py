"""Two ends between which whole messages go: over a socket, or in memory for tests."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from kalshi_tui.errors import RemoteProtocolError, TransportError

HEAD: Final = 4
LONGEST: Final = 16 * 1024 * 1024


class Pipe(Protocol):
    """One end."""

    async def receive(self) -> list[bytes]:
        """Return the messages that have arrived, at least one; raise TransportError once the other end is gone."""

    def send(self, message: bytes) -> None:
        """Send a message; does nothing once the other end is gone."""

    def unsent(self) -> int:
        """Return how many bytes the other end has not taken yet."""

    def close(self) -> None:
        """Hang up, after what was sent."""

    def abort(self) -> None:
        """Hang up without waiting for an end that does not read."""


class Splitter:
    """Cuts a stream of bytes into messages; one longer than `longest` is refused at its head."""

    def __init__(self, longest: int = LONGEST) -> None:
        self._held = bytearray()
        self._longest = longest

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes and return the messages that are whole now."""
        held = self._held
        held += data
        messages, start = [], 0
        while len(held) - start >= HEAD:
            length = int.from_bytes(held[start : start + HEAD], "big")
            if length > self._longest:
                raise RemoteProtocolError(
                    f"a message of {length:,} bytes over the local link, where {self._longest:,} are allowed",
                    hint="both ends must be this program, in the same version",
                )
            end = start + HEAD + length
            if len(held) < end:
                break
            messages.append(bytes(held[start + HEAD : end]))
            start = end
        if start:
            del held[:start]
        return messages


class Arrivals:
    """Messages that wait for their reader, and the reason why no more will come."""

    def __init__(self) -> None:
        self._messages: deque[bytes] = deque()
        self._ended = ""
        self._waiter: asyncio.Future[None] | None = None
        self.held = 0

    def put(self, messages: list[bytes]) -> None:
        """Add messages."""
        self._messages.extend(messages)
        self.held += sum(map(len, messages))
        self._wake()

    def end(self, reason: str) -> None:
        """Say that no more will come."""
        self._ended = self._ended or reason
        self._wake()

    async def take(self) -> list[bytes]:
        """Return what has arrived, waiting for the first."""
        while not self._messages:
            if self._ended:
                raise TransportError(self._ended, hint="`kalshi-tui engine status` tells whether an engine runs")
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        taken = list(self._messages)
        self._messages.clear()
        self.held = 0
        return taken

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class SocketPipe(asyncio.Protocol):
    """An end over a connected socket; `opened` is called once it is one."""

    def __init__(self, *, longest: int = LONGEST, opened: Callable[[SocketPipe], None] | None = None) -> None:
        self._splitter = Splitter(longest)
        self._arrivals = Arrivals()
        self._opened = opened
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the socket."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a stream socket gives
        self.transport = transport
        if self._opened is not None:
            self._opened(self)

    def data_received(self, data: bytes) -> None:
        """Cut what came into messages; an end that speaks another language is hung up on."""
        try:
            messages = self._splitter.feed(data)
        except RemoteProtocolError as problem:
            self._arrivals.end(problem.message)
            self.close()
            return
        if messages:
            self._arrivals.put(messages)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the reader."""
        self._arrivals.end(f"the other end is gone ({exc})" if exc else "the other end is gone")

    async def receive(self) -> list[bytes]:
        """Return the messages that have arrived, at least one."""
        return await self._arrivals.take()

    def send(self, message: bytes) -> None:
        """Send a message."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(len(message).to_bytes(HEAD, "big") + message)

    def unsent(self) -> int:
        """Return how many bytes wait on our side; what the kernel holds is not counted."""
        return 0 if self.transport is None else self.transport.get_write_buffer_size()

    def close(self) -> None:
        """Hang up."""
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Hang up without waiting for an end that does not read."""
        if self.transport is not None:
            self.transport.abort()


class MemoryPipe:
    """An end in memory; `memory_pipes` makes two."""

    def __init__(self) -> None:
        self._arrivals = Arrivals()
        self._other: MemoryPipe | None = None

    async def receive(self) -> list[bytes]:
        """Return the messages that have arrived, at least one."""
        return await self._arrivals.take()

    def send(self, message: bytes) -> None:
        """Send a message."""
        if self._other is not None:
            self._other._arrivals.put([message])  # noqa: SLF001 - the other half of the same thing

    def unsent(self) -> int:
        """Return how many bytes the other end has not taken yet."""
        return 0 if self._other is None else self._other._arrivals.held  # noqa: SLF001 - as above

    def close(self) -> None:
        """Hang up."""
        other, self._other = self._other, None
        self._arrivals.end("hung up here")
        if other is not None:
            other._other = None  # noqa: SLF001 - as above
            other._arrivals.end("the other end is gone")  # noqa: SLF001 - as above

    def abort(self) -> None:
        """Hang up."""
        self.close()


def memory_pipes() -> tuple[MemoryPipe, MemoryPipe]:
    """Return the two ends of a pipe in memory."""
    one, two = MemoryPipe(), MemoryPipe()
    one._other, two._other = two, one  # noqa: SLF001 - as above
    return one, two
