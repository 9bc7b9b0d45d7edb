"""Pictures of orders for risk checks, and the limits that they are looked at with."""

from __future__ import annotations

from kalshi_tui.core.units import MONEY_ONE, SIZE_ONE, Money, Price, Size
from kalshi_tui.sdk import Exposure, RiskPicture

LIMITS = {
    "order_contracts": 50 * SIZE_ONE,
    "market_contracts": 200 * SIZE_ONE,
    "order_risk_dollars": 50 * MONEY_ONE,
    "market_risk_dollars": 100 * MONEY_ONE,
    "event_risk_dollars": 150 * MONEY_ONE,
    "group_risk_dollars": 250 * MONEY_ONE,
    "total_risk_dollars": 500 * MONEY_ONE,
    "trade_balance_percent": 200,
    "open_sets": 10,
    "orders_per_day": 500,
    "daily_loss_dollars": 50 * MONEY_ONE,
    "first_week_contracts": 5 * SIZE_ONE,
}
TIGHTEST = {
    **dict.fromkeys(LIMITS, 1),
    **{name: SIZE_ONE for name in LIMITS if name.endswith("_contracts")},
    **{name: 10_000 for name in LIMITS if name.endswith("_dollars")},
}
"""The least that a person can set: one contract, one cent, 0.01 percent, one event, one order."""
LOOSEST = {
    **dict.fromkeys(LIMITS, 1_000_000),
    **{name: 1_000_000 * SIZE_ONE for name in LIMITS if name.endswith("_contracts")},
    **{name: 1_000_000 * MONEY_ONE for name in LIMITS if name.endswith("_dollars")},
    "order_contracts": 100 * SIZE_ONE,
    "first_week_contracts": 100 * SIZE_ONE,
    "trade_balance_percent": 10_000,
}


def exposure(name: str, before: str, after: str) -> Exposure:
    return Exposure(name, money(before), money(after))


def money(dollars: str) -> Money:
    whole, _, cents = dollars.partition(".")
    return Money(int(whole) * 1_000_000 + int(cents.ljust(6, "0") or 0))


def picture(**changed: object) -> RiskPicture:
    """Show an order of 10 YES at 40 cents, $4.10 at risk, beside other holdings; everything is known."""
    facts: dict[str, object] = {
        "ticker": "KXFED-26SEP-T4.25",
        "event_ticker": "KXFED-26SEP",
        "series_ticker": "KXFED",
        "side": "bid",
        "price": Price(4_000),
        "size": Size(1_000),
        "adds_risk": True,
        "at_risk": money("4.10"),
        "held": Size(2_000),
        "worst_size": Size(3_000),
        "market": exposure("KXFED-26SEP-T4.25", "8.20", "12.30"),
        "event": exposure("KXFED-26SEP", "20.00", "24.10"),
        "groups": (exposure("KXFED", "30.00", "34.10"), exposure("rates", "40.00", "44.10")),
        "total": exposure("all", "100.00", "104.10"),
        "sets_before": 3,
        "sets_after": 4,
        "orders_today": 7,
        "balance": money("1000"),
        "day_result": Money(-3_000_000),
        "is_live": False,
        "live_days": None,
    }
    return RiskPicture(**{**facts, **changed})  # type: ignore[arg-type]  # the names are those of the fields
