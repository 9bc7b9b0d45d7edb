"""The figures that the exchange does not publish: how much one connection may hold, ask and fall behind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one connection; the defaults are what third parties report of the real exchange."""

    connections: int = 200  # open at once, per member
    markets: int = 500_000  # per subscription
    commands: int = 10_000  # a second, with as many saved up
    command_bytes: int = 16 << 20
    buffered: int = 20_000  # messages not yet taken, per subscription and beyond one per market
    replies: int = 10_000  # replies not yet taken, of those that belong to no subscription
    heartbeat_ms: int = 10_000


class CommandBudget:
    """A token bucket in exchange time: one token a command."""

    def __init__(self, per_second: int, now_ms: int) -> None:
        self._per_second = per_second
        self._tokens = per_second * 1_000  # thousandths, so that a millisecond refills an integer
        self._updated_ms = now_ms

    def spend(self, now_ms: int) -> bool:
        """Take a token, or say that there is none."""
        gained = (now_ms - self._updated_ms) * self._per_second
        self._tokens = min(self._per_second * 1_000, self._tokens + gained)
        self._updated_ms = now_ms
        if self._tokens < 1_000:
            return False
        self._tokens -= 1_000
        return True
