"""Limits on how many events are open at once, and how many orders a day may have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kalshi_tui.sdk import Denial, RiskPicture, Usage
from kalshi_tui_limits.rules import Rule, counts


@dataclass(frozen=True, slots=True)
class OpenSets:
    """The events in which something is held or works."""

    limit: int
    name: ClassVar[str] = "open events"
    rule: ClassVar[Rule] = Rule("LIMIT_OPEN_SETS", "would be in {used} events at once; the limit is {limit}", counts)

    def judge(self, picture: RiskPicture) -> Denial | None:
        """Deny while there would be more of them, also in an event that is open already."""
        return self.rule.judge(picture, picture.sets_after, self.limit)

    def usage(self, picture: RiskPicture) -> Usage | None:
        """Return how many are open."""
        return Usage(self.name, picture.sets_before, self.limit, "sets")


@dataclass(frozen=True, slots=True)
class OrdersPerDay:
    """The orders from midnight to midnight in New York."""

    limit: int
    name: ClassVar[str] = "orders today"
    rule: ClassVar[Rule] = Rule(
        "LIMIT_ORDERS_PER_DAY", "would be order {used} of the day; the limit is {limit}", counts
    )

    def judge(self, picture: RiskPicture) -> Denial | None:
        """Deny the first order beyond the limit."""
        return self.rule.judge(picture, picture.orders_today + 1, self.limit)

    def usage(self, picture: RiskPicture) -> Usage | None:
        """Return how many there were."""
        return Usage(self.name, picture.orders_today, self.limit, "orders")
