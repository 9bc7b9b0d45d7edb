"""The terminal's hold on an engine: it connects, notices the end, and connects again when it is asked to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link.client import Link
from kalshi_tui.tui.wires import Wires


class Attaching:
    """Where the terminal stands with its engine, and since when."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Link]],
        wires: Wires,
        monotonic: Callable[[], float],
        attached: Callable[[Link], Awaitable[None]],
        again: Callable[[], Awaitable[Link]] | None = None,
    ) -> None:
        """`attached` is called with each new link, once everything is watched over it.

        `again` attaches to an engine that still runs: one that let us go because we were stopped, or not read.
        """
        self._again = again
        self._connect = connect
        self._wires = wires
        self._monotonic = monotonic
        self._attached = attached
        self._link: Link | None = None
        self._work: asyncio.Task[None] | None = None
        self.state: Literal["connecting", "attached", "lost"] = "connecting"
        self.reason = ""
        self.since = monotonic()
        self.heard = monotonic()

    def begin(self) -> None:
        """Connect, unless that is being done."""
        if self._work is None or self._work.done():
            self._become("connecting", "")
            self._work = asyncio.ensure_future(self._attach())

    def beat(self) -> bool:
        """Hand over what has come; notice an end. Tell whether anything came."""
        if self._work is not None and self._work.done() and not self._work.cancelled():
            self._work.result()  # a fault of ours in there is one of the terminal's
        came = self._wires.drain() > 0
        if came:
            self.heard = self._monotonic()
        if self._link is not None and self._link.closed:
            self._lose(self._link.closed)
            if self._again is not None and (self._work is None or self._work.done()):
                self._work = asyncio.ensure_future(self._attach_again(self._again, self.reason))
        return came

    def silent_s(self) -> float:
        """Return for how long nothing has come from the engine."""
        return self._monotonic() - self.heard

    async def end(self) -> None:
        """Let the engine go."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        if self._link is not None:
            await self._link.close()

    async def _attach(self) -> None:
        try:
            link = await self._connect()
        except (KalshiTuiError, OSError) as problem:
            hint = getattr(problem, "hint", "")
            self._lose(f"{problem}" + (f" ({hint})" if hint else ""))
            return
        await self._use(link)

    async def _attach_again(self, again: Callable[[], Awaitable[Link]], reason: str) -> None:
        try:
            link = await again()
        except (KalshiTuiError, OSError):
            self._lose(reason)  # it is gone, and why was said when it went
            return
        await self._use(link)

    async def _use(self, link: Link) -> None:
        self._link = link
        self.heard = self._monotonic()
        self._wires.plug(link)
        self._become("attached", "")
        await self._attached(link)

    def _lose(self, reason: str) -> None:
        self._link = None
        self._wires.unplug()
        self._become("lost", reason)

    def _become(self, state: Literal["connecting", "attached", "lost"], reason: str) -> None:
        self.state, self.reason, self.since = state, reason, self._monotonic()
