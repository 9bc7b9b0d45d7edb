"""What the terminal asks of the engine: answers are handed over when they come, and nothing waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kalshi_tui.errors import KalshiTuiError, TransportError
from kalshi_tui.link.client import Link
from kalshi_tui.link.intents import Intent, Result

Took = Callable[[Result], None]
Failed = Callable[[KalshiTuiError], None]


class Asking:
    """The questions that are on their way."""

    def __init__(self) -> None:
        self._link: Link | None = None
        self._work: set[asyncio.Task[None]] = set()

    @property
    def speed(self) -> float:
        """Return how many seconds of the venue pass in one of ours."""
        return self._link.welcome.speed if self._link is not None else 1.0

    def plug(self, link: Link) -> None:
        """Ask over this link from now on."""
        self._link = link

    def ask(self, intent: Intent, took: Took, failed: Failed) -> None:
        """Ask, and hand the answer to one of the two; without an engine the second is called at once."""
        if self._link is None or self._link.closed:
            failed(TransportError("the engine is gone: nothing was asked", hint="r attaches again"))
            return
        self._work.add(asyncio.ensure_future(self._ask(self._link, intent, took, failed)))

    def beat(self) -> None:
        """Let go of what is done; a fault of ours in there is one of the terminal's."""
        for task in [task for task in self._work if task.done()]:
            self._work.discard(task)
            if not task.cancelled():
                task.result()

    async def end(self) -> None:
        """Wait for nothing any more."""
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    @staticmethod
    async def _ask(link: Link, intent: Intent, took: Took, failed: Failed) -> None:
        try:
            result = await link.ask(intent)
        except KalshiTuiError as problem:
            failed(problem)
        else:
            took(result)


def told(problem: KalshiTuiError) -> str:
    """Return what is wrong, and what to do."""
    return f"{problem.message}; {problem.hint}" if problem.hint else problem.message
