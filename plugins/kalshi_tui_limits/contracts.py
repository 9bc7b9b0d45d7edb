"""Limits on how many contracts an order may have, and a market may come to hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from kalshi_tui.core.units import Size
from kalshi_tui.sdk import Denial, RiskPicture, Usage
from kalshi_tui_limits.rules import Rule, contracts

HARD_CAP: Final = Size(10_000)
"""100 contracts: a slip of the finger is never larger, whatever the settings say."""
FIRST_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class OrderContracts:
    """The contracts of one order."""

    limit: Size
    name: ClassVar[str] = "contracts in an order"
    rule: ClassVar[Rule] = Rule("LIMIT_ORDER_CONTRACTS", "would send {used} contracts; the limit is {limit}", contracts)

    def judge(self, picture: RiskPicture) -> Denial | None:
        """Deny an order above the limit, or above the hard cap."""
        limit = min(self.limit, HARD_CAP)
        return self.rule.judge(picture, picture.size, limit)

    def usage(self, picture: RiskPicture) -> Usage | None:
        """Return nothing: what is there already uses none of it."""
        del picture
        return None


@dataclass(frozen=True, slots=True)
class FirstWeek:
    """The contracts of one order while trading with real money is new."""

    limit: Size
    name: ClassVar[str] = "contracts in an order of the first week"
    rule: ClassVar[Rule] = Rule(
        "LIMIT_FIRST_WEEK",
        "would send {used} contracts; in the first week with real money the limit is {limit}",
        contracts,
    )

    def judge(self, picture: RiskPicture) -> Denial | None:
        """Deny a larger order until seven days with real money have passed."""
        if picture.is_live is False or (picture.live_days is not None and picture.live_days >= FIRST_DAYS):
            return None
        return self.rule.judge(picture, picture.size, self.limit)

    def usage(self, picture: RiskPicture) -> Usage | None:
        """Return nothing: what is there already uses none of it."""
        del picture
        return None


@dataclass(frozen=True, slots=True)
class MarketContracts:
    """The contracts that one market may come to hold, on either side."""

    limit: Size
    name: ClassVar[str] = "contracts in a market"
    rule: ClassVar[Rule] = Rule(
        "LIMIT_MARKET_CONTRACTS", "could come to {used} contracts in this market; the limit is {limit}", contracts
    )

    def judge(self, picture: RiskPicture) -> Denial | None:
        """Deny what could hold more, if all that works were filled in the worst way."""
        return self.rule.judge(picture, picture.worst_size, self.limit)

    def usage(self, picture: RiskPicture) -> Usage | None:
        """Return what is held of this market."""
        if not picture.ticker:
            return None
        return Usage(f"contracts in {picture.ticker}", abs(picture.held), self.limit, "contracts")
