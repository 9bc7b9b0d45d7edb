"""How long the stream waits, how often it asks and how much it keeps: each number may be set."""

from __future__ import annotations

from dataclasses import dataclass

_LONGEST_SHIFT = 16


@dataclass(frozen=True, slots=True)
class Patience:
    """The stream's limits; the defaults bring every book back within ten seconds of a fault's end."""

    ping_ms: int = 15_000  # the exchange pings every 10 s
    delay_ms: int = 2_000  # how much older than the fastest message a message may be
    crossed_ms: int = 250  # one action's changes are not atomic, so bids and asks may overlap for a moment
    reconnect_ms: int = 30_000  # stale for so long, the connection itself is to be replaced
    answer_ms: int = 4_000  # for a command's answer, and for the next of the first snapshots
    cooldown_ms: int = 1_000  # between two snapshot requests for one book, and between two subscriptions; it doubles
    cooldown_limit_ms: int = 4_000
    refused_ms: int = 60_000  # before a command is repeated that was refused for what it asks
    calm_ms: int = 10_000  # after so long without a fault, cooldowns start anew
    snapshot_tries: int = 3  # then the subscription is closed and opened again
    batch: int = 500  # markets in one command
    commands_per_s: int = 10
    early_messages: int = 2_000  # kept for a subscription whose answer has not come yet

    def cooldown(self, failures: int) -> int:
        """Return how long to wait after so many failures in a row."""
        return min(self.cooldown_limit_ms, self.cooldown_ms << min(max(failures - 1, 0), _LONGEST_SHIFT))
