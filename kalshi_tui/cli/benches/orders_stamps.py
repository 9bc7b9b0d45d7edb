"""Notes when things happen on an order's way, on the one monotonic clock that all processes of a machine share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

import httpcore
import httpx

POST: Final = b"POST "

Note = Callable[[str], None]
T = TypeVar("T")


class Stamps:
    """What happened when, in nanoseconds."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.rows: list[tuple[str, int]] = []

    def note(self, what: str) -> None:
        """Note that something happens now."""
        self.rows.append((what, time.monotonic_ns()))


def first_after(rows: Iterable[tuple[str, int]], what: str, at_ns: int) -> int:
    """Return when something happened for the first time since a moment."""
    found = min((at for name, at in rows if name == what and at >= at_ns), default=None)
    if found is None:
        raise AssertionError(f"{what!r} was never noted after {at_ns}")
    return found


def watch_writes(transport: httpx.AsyncHTTPTransport, note: Note) -> None:
    """Have a transport note `wire` each time that the last bytes of a POST have been handed to the socket.

    httpx gives no way to choose its network backend, so that of the connection pool inside is replaced; the bare
    transport and the engine's own are stamped by the same code at the same place.
    """
    pool: Any = transport._pool  # noqa: SLF001 - see above
    pool._network_backend = _Backend(pool._network_backend, note)  # noqa: SLF001 - see above


class _Backend(httpcore.AsyncNetworkBackend):
    def __init__(self, inner: httpcore.AsyncNetworkBackend, note: Note) -> None:
        self._inner = inner
        self._note = note

    async def connect_tcp(self, *arguments: Any, **named: Any) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._inner.connect_tcp(*arguments, **named), self._note)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    """One connection: httpcore writes a request's head and its body apart, and the body of a POST counts."""

    def __init__(self, inner: httpcore.AsyncNetworkStream, note: Note) -> None:
        self._inner = inner
        self._note = note
        self._is_post = False

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's own
        await self._inner.write(buffer, timeout)
        if self._is_post:
            self._note("wire")
        self._is_post = buffer.startswith(POST)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - as above
        return await self._inner.read(max_bytes, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
