"""The limits: how much may be sent, held and lost; each of them is one small check that can only deny."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kalshi_tui.core.units import Money, Size
from kalshi_tui.sdk import Options, RiskCheck, ValueRefused, hookimpl
from kalshi_tui_limits.contracts import FirstWeek, MarketContracts, OrderContracts
from kalshi_tui_limits.counts import OpenSets, OrdersPerDay
from kalshi_tui_limits.losses import DailyLoss, EventRisk, GroupRisk, MarketRisk, OrderRisk, TotalRisk, TradeBalance

__all__ = ["register_risk_checks"]

_HINT: Final = "the table `limits` of the settings has one whole number above zero for each"


@hookimpl
def register_risk_checks(options: Options) -> Sequence[RiskCheck]:
    """Make every check for these limits; one that is missing or no number makes none of them."""
    return (
        OrderContracts(Size(_limit(options, "order_contracts"))),
        FirstWeek(Size(_limit(options, "first_week_contracts"))),
        MarketContracts(Size(_limit(options, "market_contracts"))),
        OrderRisk(Money(_limit(options, "order_risk_dollars"))),
        TradeBalance(_limit(options, "trade_balance_percent")),
        MarketRisk(Money(_limit(options, "market_risk_dollars"))),
        EventRisk(Money(_limit(options, "event_risk_dollars"))),
        GroupRisk(Money(_limit(options, "group_risk_dollars"))),
        TotalRisk(Money(_limit(options, "total_risk_dollars"))),
        OpenSets(_limit(options, "open_sets")),
        OrdersPerDay(_limit(options, "orders_per_day")),
        DailyLoss(Money(_limit(options, "daily_loss_dollars"))),
    )


def _limit(options: Options, name: str) -> int:
    limit = options.get(name)
    if type(limit) is not int or limit < 1:
        raise ValueRefused(f"limit {name} is {limit!r:.40}", hint=_HINT)
    return limit
