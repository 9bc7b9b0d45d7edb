"""Eight points between an intent and its end at which an engine may vanish, in memory and as a real process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from kalshi_tui.cli.drills.host.way import ORDERS, Way
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.engine.ports import Journal

Die = Callable[[], Awaitable[None]]
"""Ends everything; whoever waits for it waits for ever."""
_FILLS: Final = "/trade-api/v2/portfolio/fills"


@dataclass(frozen=True, slots=True)
class Point:
    """Just before or just after a row of some kind is kept, or a request of some kind is sent and answered."""

    name: str
    words: str
    at: Literal["journal", "way"]
    when: Literal["before", "after"]
    what: str  # the kind of the row, or the method and the path


POINTS: Final = (
    Point("intent-unkept", "before an intent is kept", "journal", "before", "Intended"),
    Point("intent-kept", "after an intent is kept, before it is sent", "journal", "after", "Intended"),
    Point("unsent", "after it is said to be sent, before a byte leaves", "way", "before", f"POST {ORDERS}"),
    Point("unanswered", "after its bytes have left, before the answer is read", "way", "after", f"POST {ORDERS}"),
    Point("answer-unkept", "after the answer is read, before it is kept", "journal", "before", "Placed"),
    Point("answer-kept", "after the answer is kept, before it is filled", "journal", "after", "Placed"),
    Point("fill-unkept", "after a fill is told, before it is kept", "journal", "before", "FillTold"),
    Point("comparing", "amid the comparison with which an engine starts", "way", "after", f"GET {_FILLS}"),
)
BY_NAME: Final = {point.name: point for point in POINTS}


class MortalJournal:
    """A journal whose engine may die beside it."""

    def __init__(self, inner: Journal, point: Point, die: Die) -> None:
        """Stand before a journal."""
        self._inner = inner
        self._point = point
        self._die = die

    async def open(self) -> list[JournalRow]:
        """Open it."""
        return await self._inner.open()

    async def append(self, rows: Sequence[JournalRow]) -> None:
        """Keep rows, and die before or after, where the point has it so."""
        is_it = any(row.kind == self._point.what for row in rows)
        if is_it and self._point.when == "before":
            await self._die()
        await self._inner.append(rows)
        if is_it and self._point.when == "after":
            await self._die()

    async def close(self) -> None:
        """Let go of it."""
        await self._inner.close()


def journal_at(point: Point, journal: Journal, die: Die) -> Journal:
    """Return the journal of an engine that dies at a point."""
    return MortalJournal(journal, point, die) if point.at == "journal" else journal


def arm_way(point: Point, way: Way, die: Die) -> None:
    """Let an engine die beside its way to the exchange, where the point has it so."""

    async def look(method: str, path: str) -> None:
        if f"{method} {path}" == point.what:
            await die()

    if point.at == "way":
        way.before, way.after = (look, None) if point.when == "before" else (None, look)
