"""Gives a journal its rows in order, at once; but what is noted as an order leaves waits until it has left.

The journal's thread shares the interpreter with the loop: a commit that begins while an order's bytes are being made
costs that order up to a millisecond.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final, NoReturn

from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.engine.ports import Clock, Journal
from kalshi_tui.errors import KalshiTuiError, StorageFailed

SOON_S: Final = 0.005
"""How long rows wait that may: by then an order that is being sent has left."""
RETRY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Hears:
    """Who hears what becomes of rows."""

    kept: Callable[[int], None]
    failed: Callable[[str], None]
    fault: Callable[[BaseException], None]


class Scribe:
    """One journal's only writer; what fails is kept in order and tried again."""

    def __init__(self, journal: Journal, clock: Clock, hears: Hears) -> None:
        self._journal = journal
        self._clock = clock
        self._hears = hears
        self._rows: list[JournalRow] = []
        self._is_urgent = False
        self._writing: asyncio.Future[None] | None = None
        self._something = asyncio.Event()
        self._not_before = 0.0

    def write(self, rows: Iterable[JournalRow], *, may_wait: bool = False) -> None:
        """Have rows written after all before them, and those with them."""
        self._rows += rows
        self._is_urgent = self._is_urgent or not may_wait
        if self._is_urgent:
            self._hand_over()
        else:
            self._something.set()

    async def run(self) -> NoReturn:
        """Hand over what has waited for long enough."""
        while True:
            await self._something.wait()
            self._something.clear()
            await self._clock.sleep(max(SOON_S, self._not_before - self._clock.monotonic()))
            self._hand_over()

    def let_nobody_hear(self) -> None:
        """Tell nothing from now on: what is kept now must have nothing sent."""
        self._hears = Hears(_unheard, _unheard, self._hears.fault)

    async def finish(self) -> str:
        """Write what is left, and return why it could not be."""
        while self._writing is not None:
            await asyncio.wait([self._writing])  # rows on their way to the disk cannot be called back
        rows, self._rows = tuple(self._rows), []
        try:
            if rows:
                await self._journal.append(rows)
        except KalshiTuiError as problem:
            return problem.message
        return ""

    def _hand_over(self) -> None:
        if self._writing is not None or not self._rows:
            return
        if self._clock.monotonic() < self._not_before:
            self._something.set()
            return
        rows, self._rows, self._is_urgent = tuple(self._rows), [], False
        self._writing = asyncio.ensure_future(self._journal.append(rows))
        self._writing.add_done_callback(partial(self._written, rows))

    def _written(self, rows: tuple[JournalRow, ...], writing: asyncio.Future[None]) -> None:
        self._writing = None
        try:
            writing.result()
        except StorageFailed as problem:
            self._rows = [*rows, *self._rows]
            self._not_before = self._clock.monotonic() + RETRY_S
            self._tell(self._hears.failed, problem.message)
        except asyncio.CancelledError:
            self._rows = [*rows, *self._rows]  # the loop ends
        except Exception as fault:  # noqa: BLE001 - a fault of ours ends the engine, and not just this call
            self._hears.fault(fault)
        else:
            self._tell(self._hears.kept, rows[-1].number)
        if self._rows:
            self.write((), may_wait=True)

    def _tell(self, hears: Callable[..., None], what: int | str) -> None:
        try:
            hears(what)
        except Exception as fault:  # noqa: BLE001 - as above
            self._hears.fault(fault)


def _unheard(_: object) -> None:
    """Hear nothing: the engine has ended."""
