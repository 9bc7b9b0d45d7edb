"""Writes each request in one go: httpcore hands over head and body apart, and two packets wake the venue twice.

On one machine that costs an order 0.3 ms. httpx has no way to choose a network backend, so that of the connection pool
inside is replaced; where a version of it has none, requests are written as ever.
"""

from __future__ import annotations

import ssl
from typing import Any, Final

import httpcore
import httpx

LIMIT: Final = 65_536
"""So much is held back; larger bodies go out in parts, as they come."""


def write_whole(transport: httpx.AsyncHTTPTransport) -> None:
    """Let a transport write each request in one go."""
    pool: Any = transport._pool  # noqa: SLF001 - see above
    inner = getattr(pool, "_network_backend", None)
    if inner is not None:
        pool._network_backend = WholeBackend(inner)  # noqa: SLF001 - see above


class WholeBackend(httpcore.AsyncNetworkBackend):
    """Opens connections as another backend does, and lets each write its requests whole."""

    def __init__(self, inner: httpcore.AsyncNetworkBackend) -> None:
        self.inner = inner

    async def connect_tcp(self, *arguments: Any, **named: Any) -> httpcore.AsyncNetworkStream:
        return WholeStream(await self.inner.connect_tcp(*arguments, **named))

    async def connect_unix_socket(self, *arguments: Any, **named: Any) -> httpcore.AsyncNetworkStream:
        return WholeStream(await self.inner.connect_unix_socket(*arguments, **named))

    async def sleep(self, seconds: float) -> None:
        await self.inner.sleep(seconds)


class WholeStream(httpcore.AsyncNetworkStream):
    """One connection; a request ends with a write of nothing, and whoever reads has written all."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self._held = b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's own
        self._held += buffer
        if not buffer or len(self._held) > LIMIT:
            await self._let_go(timeout)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - as above
        await self._let_go(timeout)
        return await self._inner.read(max_bytes, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
    ) -> httpcore.AsyncNetworkStream:
        return WholeStream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    async def _let_go(self, timeout: float | None) -> None:  # noqa: ASYNC109 - as above
        held, self._held = self._held, b""
        if held:
            await self._inner.write(held, timeout)
