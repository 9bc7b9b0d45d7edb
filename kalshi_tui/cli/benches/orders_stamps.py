"""Notes when things happen on an order's way, on the one monotonic clock that all processes of a machine share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from aiohttp.web_protocol import RequestHandler

POST: Final = b"POST "
_END: Final = b"\r\n\r\n"

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


def noting_handler(note: Note) -> Callable[[RequestHandler, bytes], None]:
    """Return how a server takes bytes, noting `post` when it has the body of a POST.

    The receiver's word counts: on one machine it often takes the sender's core before the sender's write returns.
    """
    receive = RequestHandler.data_received
    halves: set[int] = set()

    def data_received(self: RequestHandler, data: bytes) -> None:
        is_head = data.startswith(POST)
        if is_head and data.endswith(_END):
            halves.add(id(self))
        elif is_head or id(self) in halves:
            halves.discard(id(self))
            note("post")
        receive(self, data)

    return data_received
