"""What both WebSocket adapters share: messages that wait for their reader, and what a refused upgrade means."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from kalshi_tui.errors import KalshiTuiError, RateLimited, TransportError
from kalshi_tui.protocol.rest.answers import retry_after
from kalshi_tui.protocol.rest.complaints import Complaint, excerpt, read_complaint, refusal

MAX_MESSAGE: Final = 16 * 1024 * 1024
_HIGH_WATER: Final = 32 * 1024 * 1024


class Inbox:
    """Messages that have arrived; when their reader is slow, reading from the socket pauses and the venue notices."""

    def __init__(self, max_message: int = MAX_MESSAGE) -> None:
        """Start empty; `pause` and `resume` are set once there is a socket to pause."""
        self.pause: Callable[[], None] = _nothing
        self.resume: Callable[[], None] = _nothing
        self._max_message = max_message
        self._messages: list[bytes] = []
        self._held = 0
        self._parts = bytearray()
        self._is_paused = False
        self._ended = ""
        self._waiter: asyncio.Future[None] | None = None

    def put(self, message: bytes) -> None:
        """Add one whole message."""
        self._messages.append(message)
        self._held += len(message)
        if self._held > _HIGH_WATER and not self._is_paused:
            self._is_paused = True
            self.pause()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def put_part(self, part: bytes, *, is_last: bool) -> bool:
        """Add a part of a message, and return whether the message is still of a size that we take."""
        self._parts += part
        if len(self._parts) > self._max_message:
            return False
        if is_last:
            self.put(bytes(self._parts))
            self._parts.clear()
        return True

    def end(self, reason: str) -> None:
        """Say that nothing comes any more; what has arrived is still handed over first."""
        self._ended = self._ended or reason
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def take(self) -> list[bytes]:
        """Return all that has arrived, waiting for the first; one wake-up serves a whole burst."""
        if not self._messages and not self._ended:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if not self._messages:
            raise TransportError(f"the stream was closed: {self._ended}", hint="it is opened again by itself")
        messages, self._messages, self._held = self._messages, [], 0
        if self._is_paused:
            self._is_paused = False
            self.resume()
        return messages


def _nothing() -> None:
    return None


def upgrade_refused(status: int, headers: Mapping[str, str], body: bytes) -> KalshiTuiError:
    """Return the error for a venue that answered the upgrade with plain HTTP."""
    if status in {401, 403}:
        return refusal(status, read_complaint(body) or Complaint())
    if status == 429:
        return RateLimited(
            "the venue allows no further stream now",
            retry_after_s=retry_after(headers),
            hint="close other programs that follow the same account",
        )
    hint = "redirects are never followed with a signature; check the address" if 300 <= status < 400 else "trying again"
    return TransportError(f"the venue opened no stream (HTTP {status}: {excerpt(body)})", hint=hint)
