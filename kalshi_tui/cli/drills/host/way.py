"""The way from an engine to the exchange, with seams just before a request leaves and just after its answer came."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from kalshi_tui.engine.ports import HttpTransport, Reply
from kalshi_tui.errors import TransportError

ORDERS: Final = "/trade-api/v2/portfolio/events/orders"
Seam = Callable[[str, str], Awaitable[None]]
"""Is told of method and path."""


class Way:
    """A transport with seams."""

    def __init__(self, inner: HttpTransport) -> None:
        """Stand before a transport."""
        self.before: Seam | None = None
        self.after: Seam | None = None
        self._inner = inner

    async def send(self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """Send a request and return its answer."""
        path = path_and_query.partition("?")[0]
        if self.before is not None:
            await self.before(method, path)
        reply = await self._inner.send(method, path_and_query, headers, body)
        if self.after is not None:
            await self.after(method, path)
        return reply

    async def close(self) -> None:
        """Let go."""
        await self._inner.close()


def places(method: str, path: str) -> bool:
    """Tell whether a request asks for a new order."""
    return (method, path) == ("POST", ORDERS)


async def lost_answer(method: str, path: str) -> None:
    """Lose the answers to new orders."""
    if places(method, path):
        raise TransportError("the connection was cut before an answer came", hint="a drill wants it so")
