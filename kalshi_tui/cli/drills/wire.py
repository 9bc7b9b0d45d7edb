"""Everything that leaves the engine over HTTP, noted as it leaves, before the exchange or a fault has seen it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from kalshi_tui.engine.ports import HttpTransport, Reply

_ORDERS: Final = "/trade-api/v2/portfolio/events/orders"


class Write(NamedTuple):
    """A request that asks for something to be done."""

    at_ms: int
    method: str
    path: str
    body: bytes

    @property
    def places(self) -> bool:
        """Tell whether it asks for a new order."""
        return self.method == "POST" and self.path == _ORDERS

    @property
    def amends(self) -> bool:
        """Tell whether it asks for another price or size of an order."""
        return self.method == "POST" and self.path.startswith(_ORDERS) and self.path.endswith("/amend")

    @property
    def order_id(self) -> str:
        """Return the order that it is about, where the path names one."""
        return self.path.removeprefix(_ORDERS).strip("/").partition("/")[0]

    def said(self) -> dict[str, Any]:
        """Return what its body says."""
        said: dict[str, Any] = msgspec.json.decode(self.body)
        return said


class Wire:
    """A transport that keeps a record of what it was given."""

    def __init__(self, inner: HttpTransport, now_ms: Callable[[], int]) -> None:
        """Stand before a transport."""
        self.writes: list[Write] = []
        self.asked: Counter[str] = Counter()  # by method and path
        self.asked_ms: list[int] = []
        self.on_write: Callable[[Write], None] = lambda _: None
        self._inner = inner
        self._now_ms = now_ms

    async def send(self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """Note a request and send it."""
        path = path_and_query.partition("?")[0]
        self.asked[f"{method} {path}"] += 1
        self.asked_ms.append(self._now_ms())
        if method != "GET":
            write = Write(self._now_ms(), method, path, body or b"")
            self.writes.append(write)
            self.on_write(write)
        return await self._inner.send(method, path_and_query, headers, body)

    async def close(self) -> None:
        """Let go."""
        await self._inner.close()
