"""Limits on what can be lost, per order, market, event, group and in all, and on what the day has lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from kalshi_tui.core.units import Money, format_decimal
from kalshi_tui.sdk import Denial, Exposure, RiskPicture, Usage
from kalshi_tui_limits.rules import Rule, dollars, known

_WHOLE: Final = 10_000  # hundredths of a percent


@dataclass(frozen=True, slots=True)
class OrderRisk:
    """The dollars that one order alone can lose."""

    limit: Money
    name: ClassVar[str] = "risk of an order"
    rule: ClassVar[Rule] = Rule("LIMIT_ORDER_RISK", "would risk {used} in one order; the limit is {limit}", dollars)

    def judge(self, picture: RiskPicture) -> Denial | None:
        """Deny an order that can lose more."""
        return self.rule.judge(picture, picture.at_risk, self.limit)

    def usage(self, picture: RiskPicture) -> Usage | None:
        """Return nothing: what is there already uses none of it."""
        del picture
        return None


@dataclass(frozen=True, slots=True)
class TradeBalance:
    """The share of the balance that one order can lose, in hundredths of a percent."""

    limit: int
    name: ClassVar[str] = "share of the balance"
    rule: ClassVar[Rule] = Rule(
        "LIMIT_TRADE_BALANCE", "would risk {used} in one order; {place} % of the balance is {limit}", dollars
    )

    def judge(self, picture: RiskPicture) -> Denial | None:
        """Deny an order that can lose more of it; of a balance that is not known, every share is too much."""
        balance = known(picture.balance)
        if balance is None:
            return self.rule.unknown(picture, "the balance")
        share = format_decimal(self.limit, 2).rstrip("0").rstrip(".")
        return self.rule.judge(picture, picture.at_risk, balance * self.limit // _WHOLE, share)

    def usage(self, picture: RiskPicture) -> Usage | None:
        """Return nothing: what is there already uses none of it."""
        del picture
        return None


@dataclass(frozen=True, slots=True)
class MarketRisk:
    """The dollars that one market can lose."""

    limit: Money
    name: ClassVar[str] = "risk in a market"
    rule: ClassVar[Rule] = Rule("LIMIT_MARKET_RISK", "would risk {used} in this market; the limit is {limit}", dollars)

    def judge(self, picture: RiskPicture) -> Denial | None:
        """Deny what lets it lose more."""
        return self.rule.judge(picture, picture.market.after, self.limit)

    def usage(self, picture: RiskPicture) -> Usage | None:
        """Return what it can lose now."""
        return _usage("market", picture.market, self.limit)


@dataclass(frozen=True, slots=True)
class EventRisk:
    """The dollars that one event can lose."""

    limit: Money
    name: ClassVar[str] = "risk in an event"
    rule: ClassVar[Rule] = Rule("LIMIT_EVENT_RISK", "would risk {used} in this event; the limit is {limit}", dollars)

    def judge(self, picture: RiskPicture) -> Denial | None:
        """Deny what lets it lose more."""
        return self.rule.judge(picture, picture.event.after, self.limit)

    def usage(self, picture: RiskPicture) -> Usage | None:
        """Return what it can lose now."""
        return _usage("event", picture.event, self.limit)


@dataclass(frozen=True, slots=True)
class GroupRisk:
    """The dollars that what moves together can lose."""

    limit: Money
    name: ClassVar[str] = "risk in a group"
    rule: ClassVar[Rule] = Rule(
        "LIMIT_GROUP_RISK", "would risk {used} in {place}, which moves together; the limit is {limit}", dollars
    )

    def judge(self, picture: RiskPicture) -> Denial | None:
        """Deny what lets any group of this market lose more; the first one is named."""
        denials = (self.rule.judge(picture, group.after, self.limit, group.name) for group in picture.groups)
        return next((denial for denial in denials if denial is not None), None)

    def usage(self, picture: RiskPicture) -> Usage | None:
        """Return what the fullest group can lose now."""
        fullest = max(picture.groups, key=lambda group: group.before, default=None)
        return None if fullest is None else _usage("group", fullest, self.limit)


@dataclass(frozen=True, slots=True)
class TotalRisk:
    """The dollars that everything together can lose."""

    limit: Money
    name: ClassVar[str] = "risk in all"
    rule: ClassVar[Rule] = Rule("LIMIT_TOTAL_RISK", "would risk {used} in all; the limit is {limit}", dollars)

    def judge(self, picture: RiskPicture) -> Denial | None:
        """Deny what lets it lose more."""
        return self.rule.judge(picture, picture.total.after, self.limit)

    def usage(self, picture: RiskPicture) -> Usage | None:
        """Return what it can lose now."""
        return Usage(self.name, picture.total.before, self.limit, "dollars")


@dataclass(frozen=True, slots=True)
class DailyLoss:
    """The dollars lost since midnight in New York, at prices that could be had."""

    limit: Money
    name: ClassVar[str] = "lost today"
    rule: ClassVar[Rule] = Rule("LIMIT_DAILY_LOSS", "{used} is lost today; the limit is {limit}", dollars)

    def judge(self, picture: RiskPicture) -> Denial | None:
        """Deny once the whole of it is lost; an unknown result may be any loss."""
        result = known(picture.day_result)
        if result is None:
            return self.rule.unknown(picture, "the result of today")
        if picture.adds_risk is False or -result < self.limit:
            return None
        return self.rule.denial(-result, self.limit)

    def usage(self, picture: RiskPicture) -> Usage | None:
        """Return what is lost; a day that gains has lost nothing."""
        if picture.day_result is None:
            return None
        return Usage(self.name, max(0, -picture.day_result), self.limit, "dollars")


def _usage(kind: str, exposure: Exposure, limit: Money) -> Usage | None:
    """Return what a place can lose now; without a name there is no place."""
    return Usage(f"risk in {kind} {exposure.name}", exposure.before, limit, "dollars") if exposure.name else None
