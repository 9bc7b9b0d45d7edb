"""How long to wait before trying again, spread by chance so that clients do not return all at once."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from kalshi_tui.engine.ports import Chance

_DOUBLINGS: Final = 16
_MINUTE: Final = 60.0


def full_jitter(attempt: int, *, base_s: float, cap_s: float, chance: Chance) -> float:
    """Return a time between nothing and a bound that doubles with each attempt."""
    return chance() * min(cap_s, base_s * float(2 ** min(attempt, _DOUBLINGS)))


@dataclass(frozen=True, slots=True)
class ReconnectRules:
    """How patiently a feed comes back: no pause is longer than 9 s, so that books are right 10 s after an outage.

    After some short sessions in a row each pause is a long one, until a session holds: eight connects a minute.
    """

    base_s: float = 0.5
    cap_s: float = 9.0
    short_session_s: float = 5.0
    short_sessions: int = 3
    long_pause_s: float = 7.5
    connects_per_minute: int = 10


@dataclass(slots=True)
class Reconnects:
    """Remembers how sessions went and says when the next may start."""

    rules: ReconnectRules
    chance: Chance
    failures: int = 0
    short: int = 0
    _connects: deque[float] = field(default_factory=deque)

    def connecting(self, now: float) -> None:
        """Count a connect; the times of the last minute's are kept."""
        self._connects.append(now)
        while now - self._connects[0] >= _MINUTE:
            self._connects.popleft()

    def ended(self, lasted_s: float) -> None:
        """Count a session that was open for this long; 0 when it never was."""
        is_short = lasted_s < self.rules.short_session_s
        self.failures = self.failures + 1 if is_short else 0
        self.short = self.short + 1 if is_short else 0

    def pause_s(self, now: float, at_least_s: float = 0.0) -> float:
        """Return how long to wait before the next connect."""
        rules = self.rules
        pause = full_jitter(self.failures, base_s=rules.base_s, cap_s=rules.cap_s, chance=self.chance)
        if self.short >= rules.short_sessions:
            pause = max(pause, rules.long_pause_s)
        if len(self._connects) >= rules.connects_per_minute:
            oldest = self._connects[-rules.connects_per_minute]
            pause = max(pause, oldest + _MINUTE - now)
        return max(pause, at_least_s)
