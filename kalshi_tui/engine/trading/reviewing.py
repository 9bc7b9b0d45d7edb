"""Which observed or paper time a person has looked at: each moment counts once, and only where an engine ran."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kalshi_tui.engine.trading import entries
from kalshi_tui.errors import ValueRefused
from kalshi_tui.link import trading as link
from kalshi_tui.link.intents import Done

if TYPE_CHECKING:
    from kalshi_tui.engine.trading.desk import Desk

_HOUR_MS = 3_600_000


@dataclass(slots=True)
class Spans:
    """Stretches of time, each from its first moment up to but not including its last; what touches is one stretch."""

    stretches: list[tuple[int, int]] = field(default_factory=list)

    def add(self, from_ms: int, until_ms: int) -> None:
        """Take a stretch in; one that ends before it begins is none."""
        if until_ms <= from_ms:
            return
        apart = [s for s in self.stretches if s[1] < from_ms or until_ms < s[0]]
        joined = [(from_ms, until_ms), *(s for s in self.stretches if s not in apart)]
        apart.append((min(s[0] for s in joined), max(s[1] for s in joined)))
        self.stretches = sorted(apart)

    def total_ms(self) -> int:
        """Return how long they are together."""
        return sum(until_ms - from_ms for from_ms, until_ms in self.stretches)

    def within(self, from_ms: int, until_ms: int) -> list[tuple[int, int]]:
        """Return what of them lies in a stretch."""
        cut = [(max(start, from_ms), min(end, until_ms)) for start, end in self.stretches]
        return [(start, end) for start, end in cut if start < end]


class Reviewing:
    """Takes note of what a person has looked at."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def review(self, intent: link.Review) -> Done:
        """Count a stretch of time as looked at."""
        desk = self._desk
        if desk.rules.execution == "live":
            raise ValueRefused(
                "the decisions of this engine are real ones",
                hint="review those of an engine that observes or is on paper",
            )
        if not 0 <= intent.from_ms <= intent.until_ms:  # a journal of one row has no length yet
            raise ValueRefused("a stretch of time ends after it begins", hint="name two moments, the earlier one first")
        if intent.until_ms > desk.now_ms:
            raise ValueRefused("nobody can have looked at what is still to come", hint="name a moment that is past")
        before_ms = desk.ledger.reviewed_ms
        desk.note(entries.Reviewed(desk.now_ms, intent.from_ms, intent.until_ms))
        added, total = (desk.ledger.reviewed_ms - before_ms) / _HOUR_MS, desk.ledger.reviewed_ms / _HOUR_MS
        return Done(f"{added:.1f} hours more are reviewed, {total:.1f} in all")
