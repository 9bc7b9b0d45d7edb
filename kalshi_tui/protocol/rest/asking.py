"""A request as a value: what to send, what it costs, and how its reply is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar
from urllib.parse import urlencode

from kalshi_tui.errors import LocalProtocolError

T = TypeVar("T")

PREFIX: Final = "/trade-api/v2"
DEFAULT_COST: Final = 10
# Tickers, order ids and group ids; anything else in a path could ask for something that nobody meant.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,127}")


@dataclass(frozen=True, slots=True)
class Request(Generic[T]):
    """One call: sent by a venue, answered by `read`."""

    method: str
    route: str  # below the prefix, with {} where a name goes: what endpoint costs are listed by
    read: Callable[[bytes], T]
    names: tuple[str, ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    cost: int = DEFAULT_COST  # tokens for each unit, unless the account's list says otherwise
    units: int = 1  # a batch pays for each of its orders
    is_write: bool = False
    is_cancel: bool = False
    signed: bool = False

    @property
    def path(self) -> str:
        """Return the path below the prefix, the names filled in."""
        return self.route.format(*self.names)

    @property
    def full_path(self) -> str:
        """Return the path from the root: the one that is signed."""
        return PREFIX + self.path

    @property
    def target(self) -> str:
        """Return path and query from the root: what goes on the request line."""
        return f"{self.full_path}?{urlencode(self.query)}" if self.query else self.full_path

    def at_cursor(self, cursor: str) -> Request[T]:
        """Return the same question for the page at `cursor`."""
        kept = tuple(pair for pair in self.query if pair[0] != "cursor")
        return replace(self, query=(*kept, ("cursor", cursor)))


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, and where the next ones are; an empty cursor ends the list."""

    rows: tuple[T, ...]
    cursor: str = ""
    unread: tuple[str, ...] = ()  # why a row of a catalogue was left out; rows about money are never left out


QueryValue = str | int | bool | Iterable[str] | None


def query(**values: QueryValue) -> tuple[tuple[str, str], ...]:
    """Return the pairs that say something: nothing, emptiness and False are left out, lists are joined by commas."""
    return tuple((name, text) for name, value in values.items() if (text := _text(value)))


def _text(value: QueryValue) -> str:
    if isinstance(value, bool):
        return "true" if value else ""
    if value is None or isinstance(value, str):
        return value or ""
    return str(value) if isinstance(value, int) else ",".join(value)


def name(text: str, what: str) -> str:
    """Return a ticker or id that may stand in a path, or refuse it."""
    if not _NAME.fullmatch(text) or ".." in text:
        raise LocalProtocolError(
            f"{text!r:.80} cannot be a {what}",
            hint=f"a {what} holds letters, digits, points and hyphens, as the listings show it",
        )
    return text


def bounded(value: int, low: int, high: int, what: str) -> int:
    """Return a count that the venue accepts, or refuse it here: the venue does not clamp."""
    if not low <= value <= high:
        raise LocalProtocolError(f"{what} is {value}", hint=f"choose {low} to {high}")
    return value
