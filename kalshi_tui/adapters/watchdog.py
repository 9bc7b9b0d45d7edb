"""Watches the engine's loop from a thread of its own: a loop that stands still can deny nothing and cancel nothing."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from kalshi_tui.engine.ports import KillFlag
from kalshi_tui.errors import KalshiTuiError

_LOG: Final = logging.getLogger("kalshi_tui.watchdog")
_GONE_S: Final = 5.0  # that the thread gets for ending; it is a daemon and holds up no exit


@dataclass(frozen=True, slots=True)
class StallLimits:
    """How long the loop may stand still before it is told on, and before it is given up."""

    deny_s: float = 3.0
    kill_s: float = 10.0
    look_s: float = 0.25  # from one look to the next


class StallRule:
    """Decides from beats and looks alone: when to deny, and when to kill, each once for each stall.

    A look counts for no more than twice its interval towards a kill: a process that was stopped whole, or a machine
    that slept, comes back to a watchdog that has watched nothing, and its loop gets the time to stir.
    """

    def __init__(self, limits: StallLimits, now: float) -> None:
        """Count from now."""
        self._limits = limits
        self._beat_at = self._looked_at = now
        self._watched_s = 0.0
        self._has_denied = self._has_killed = False

    def look(self, now: float, beat_at: float) -> tuple[bool, bool]:
        """Return whether to deny and whether to kill now, given when the loop was last heard."""
        if beat_at > self._beat_at:
            self._beat_at, self._watched_s = beat_at, 0.0
            self._has_denied = self._has_killed = False
        step_s = min(now - max(self._looked_at, self._beat_at), 2 * self._limits.look_s)
        self._watched_s += max(step_s, 0.0)
        self._looked_at = now
        denies = not self._has_denied and now - self._beat_at >= self._limits.deny_s
        kills = not self._has_killed and self._watched_s >= self._limits.kill_s
        self._has_denied |= denies
        self._has_killed |= kills
        return denies, kills


class StallFlag:
    """Whether the loop has stood still since somebody last made sure that all is well; any thread may look."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self._event = threading.Event()

    @property
    def is_set(self) -> bool:
        """Return whether nothing that adds risk may be sent."""
        return self._event.is_set()

    def set(self) -> None:
        """Deny from now on: also when the loop goes on, for what it knows is old by then."""
        self._event.set()

    def clear(self) -> None:
        """Deny no longer: the engine has compared itself with the venue since."""
        self._event.clear()


class Watchdog:
    """The thread that watches."""

    def __init__(
        self,
        deny: Callable[[], None],
        kill: Callable[[], Coroutine[Any, Any, object]],
        flag: KillFlag,
        *,
        limits: StallLimits | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what it does; `kill` must make its own connection, for it runs in another loop and thread."""
        self._deny = deny
        self._kill = kill
        self._flag = flag
        self._limits = limits or StallLimits()
        self._monotonic = monotonic
        self._beat_at = monotonic()
        self._rule = StallRule(self._limits, self._beat_at)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch; the loop must beat from now on."""
        self.beat()
        self._thread.start()

    def beat(self) -> None:
        """Show that the loop goes on: a float is put in place whole, so this needs no lock and costs nothing."""
        self._beat_at = self._monotonic()

    def stop(self) -> None:
        """Watch no longer; a kill that is under way is left to end with the process."""
        self._is_over.set()
        if self._thread.is_alive():
            self._thread.join(_GONE_S)

    def look(self) -> None:
        """Look once, and do what has become due."""
        denies, kills = self._rule.look(self._monotonic(), self._beat_at)
        if denies:
            self._deny()
            _LOG.error("the engine's loop stands still: nothing that adds risk is sent until it is known to be right")
        if kills:
            self._end_it()

    def _watch(self) -> None:
        while not self._is_over.wait(self._limits.look_s):
            self.look()

    def _end_it(self) -> None:
        """Set the flag, then kill; that the disk does not take the flag must not hold up the kill."""
        reason = f"the engine's loop stood still for {self._limits.kill_s:g} s"
        _LOG.critical("%s: everything is canceled from beside it", reason)
        try:
            self._flag.set(reason)
        except KalshiTuiError as problem:
            _LOG.critical("%s; %s", problem.message, problem.hint)
        try:
            asyncio.run(self._run())
        except Exception:  # noqa: BLE001 - the watch goes on whatever the kill ran into
            _LOG.exception("the kill beside the loop has failed")

    async def _run(self) -> None:
        _LOG.critical("the kill beside the loop has ended: %s", await self._kill())
