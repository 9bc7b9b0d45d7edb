"""A clock that nobody waits for: an asyncio loop whose time jumps to whatever is due next, the exchange's included.

While no coroutine can run, time passes to the next timer of the loop or the next action of the exchange, whichever is
earlier. Nothing depends on the machine, so a run is repeated exactly by its seed. What would be done in a thread of the
loop's executor is done at once instead, and takes no time. Other threads are outside of that: the loop hears of their
results, and its time does not wait for them.
"""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from kalshi_tui.practice.exchange import Exchange

T = TypeVar("T")

_PATIENCE_S: Final = 1.0  # of the wall's time, for a thread when nothing else is left to wait for


class Stuck(RuntimeError):  # noqa: N818 - reads as what happened to the run
    """Nothing is due, ever, or the run has gone on for longer than it may."""


class VirtualClock:
    """The exchange's time as the client's: `now_ms`, `monotonic` and `sleep` as a clock port has them."""

    def __init__(self, exchange: Exchange, *, limit_s: float = 200_000.0) -> None:
        self._exchange = exchange
        self._start_ms = exchange.now_ms
        self._now_us = 0
        self._limit_us = int(limit_s * 1e6)

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""
        return self._start_ms + self._now_us // 1000

    def monotonic(self) -> float:
        """Return the seconds since the clock was made."""
        return self._now_us / 1e6

    async def sleep(self, seconds: float) -> None:
        """Wait this long, in no time."""
        await asyncio.sleep(seconds)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end; time goes on where the last run left it."""
        with asyncio.Runner(loop_factory=self._loop) as runner:
            return runner.run(work)

    def advance(self, seconds: float) -> None:
        """Let so much time pass."""
        self.run(self.sleep(seconds))

    def leap(self, seconds: float) -> None:
        """Let time pass for the exchange alone, as while its clients' machine sleeps: their timers are late then."""
        until_us = self._now_us + int(seconds * 1e6)
        while self._now_us < until_us:
            self._pass((until_us - self._now_us) / 1e6)

    def _loop(self) -> asyncio.AbstractEventLoop:
        return _Loop(self.monotonic, self._pass)

    def _pass(self, seconds: float | None) -> bool:
        """Pass to what is due next, at most so many seconds on; tell whether there was anything."""
        due_ms = self._exchange.next_due_ms()
        dues = [] if due_ms is None else [(due_ms - self._start_ms) * 1000]
        if seconds is not None:
            # A microsecond at least, or a timer that rounding puts an instant ahead would never come.
            dues.append(self._now_us + max(1, math.ceil(seconds * 1e6 - 1e-3)))
        if not dues:
            return False
        self._now_us = max(self._now_us, min(dues))
        if self._now_us > self._limit_us:
            raise Stuck(f"the run is still going on after {self._limit_us // 10**6} seconds of its own time")
        self._exchange.advance(self.now_ms())
        return True


class _Selector(selectors.DefaultSelector):
    """Looks at sockets and threads without waiting, and lets virtual time pass instead."""

    def __init__(self, pass_time: Callable[[float | None], bool]) -> None:
        super().__init__()
        self._pass_time = pass_time

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; when nothing is and nothing was to be waited for, time has passed."""
        ready = super().select(0)
        if ready or timeout == 0 or self._pass_time(timeout):
            return ready
        ready = super().select(_PATIENCE_S)
        if not ready:
            raise Stuck("nothing is left that could happen: a coroutine waits for what nobody will do")
        return ready


class _Loop(asyncio.SelectorEventLoop):
    """A loop on another's time."""

    def __init__(self, monotonic: Callable[[], float], pass_time: Callable[[float | None], bool]) -> None:
        super().__init__(_Selector(pass_time))
        self._monotonic = monotonic

    def time(self) -> float:
        """Return virtual seconds."""
        return self._monotonic()

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]  # as much of it as is called
        """Do it at once: beside a thread virtual time would go on by chance."""
        del executor
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as problem:  # noqa: BLE001 - whoever waits for it hears of it
            done.set_exception(problem)
        return done
