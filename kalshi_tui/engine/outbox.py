"""What the catalogue has to tell: changes for people, rows for the storage, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kalshi_tui.engine.changes import Change
from kalshi_tui.engine.held import Kind

CHANGES_LIMIT: Final = 10_000
UNREAD_LIMIT: Final = 1_000


class Outbox:
    """Keeps each until it is taken, within limits."""

    def __init__(self) -> None:
        self._changes: list[Change] = []
        self._saves: dict[tuple[Kind, str], bytes] = {}
        self._forgets: dict[tuple[Kind, str], None] = {}
        self.unread: dict[str, str] = {}
        self.untold = 0

    def tell(self, changes: Iterable[Change]) -> None:
        """Keep changes; those beyond the limit are only counted."""
        for change in changes:
            if len(self._changes) < CHANGES_LIMIT:
                self._changes.append(change)
            else:
                self.untold += 1

    def save(self, kind: Kind, ticker: str, raw: bytes) -> None:
        """Keep a row for the storage; of two for one thing the later counts."""
        self._saves[kind, ticker] = raw
        self._forgets.pop((kind, ticker), None)

    def forget(self, kind: Kind, ticker: str) -> None:
        """Keep the name of what the storage should let go."""
        self._saves.pop((kind, ticker), None)
        self._forgets[kind, ticker] = None

    def cannot_read(self, name: str, reason: str) -> None:
        """Keep what could not be read, by name; the names are bounded, for a venue could send any number of them."""
        if name in self.unread or len(self.unread) < UNREAD_LIMIT:
            self.unread[name] = reason

    def take_changes(self) -> tuple[Change, ...]:
        """Return the changes, once."""
        taken = tuple(self._changes)
        self._changes.clear()
        return taken

    def take_saves(self) -> dict[Kind, list[tuple[str, bytes]]]:
        """Return the rows for the storage by kind, once."""
        taken: dict[Kind, list[tuple[str, bytes]]] = {}
        for (kind, ticker), raw in self._saves.items():
            taken.setdefault(kind, []).append((ticker, raw))
        self._saves.clear()
        return taken

    def take_forgets(self) -> dict[Kind, list[str]]:
        """Return what the storage should let go by kind, once."""
        taken: dict[Kind, list[str]] = {}
        for kind, ticker in self._forgets:
            taken.setdefault(kind, []).append(ticker)
        self._forgets.clear()
        return taken
