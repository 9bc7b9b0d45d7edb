"""The tables of the settings that decide what may be sent: limits, orders, and trading with real money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

from kalshi_tui.config.amounts import Amount, Percent, Wholes
from kalshi_tui.config.kinds import Choice, Flag, Number, Whole
from kalshi_tui.core.units import SIZE_ONE, Money

_CENT: Final = Money(10_000)
_MILLION: Final = Money(10**12)
_RISK: Final = Amount(_CENT, _MILLION)


class RestingFunds(StrEnum):
    """Whether the venue's balance leaves out what resting orders may cost."""

    UNKNOWN = "unknown"
    YES = "yes"
    NO = "no"


class PaperQueue(StrEnum):
    """Who of a level is taken to cancel first, in the simulation."""

    BEHIND_FIRST = "behind-first"
    PRO_RATA = "pro-rata"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """The most that may be sent, held and lost; sizes count whole contracts, the percentage its hundredths."""

    order_contracts: Annotated[int, Whole(1, 100, "contracts")]
    market_contracts: Annotated[int, Whole(1, 1_000_000, "contracts")]
    order_risk_dollars: Annotated[Money, _RISK]
    market_risk_dollars: Annotated[Money, _RISK]
    event_risk_dollars: Annotated[Money, _RISK]
    group_risk_dollars: Annotated[Money, _RISK]
    total_risk_dollars: Annotated[Money, _RISK]
    trade_balance_percent: Annotated[int, Percent(1, 10_000)]
    open_sets: Annotated[int, Whole(1, 10_000, "events")]
    orders_per_day: Annotated[int, Whole(1, 1_000_000, "orders")]
    daily_loss_dollars: Annotated[Money, _RISK]
    first_week_contracts: Annotated[int, Whole(1, 100, "contracts")]

    def options(self) -> Mapping[str, int]:
        """Return them as risk checks take them: in the units of size and money, and hundredths of a percent."""
        sizes = {
            "order_contracts": self.order_contracts,
            "market_contracts": self.market_contracts,
            "first_week_contracts": self.first_week_contracts,
        }
        return {
            **{name: contracts * SIZE_ONE for name, contracts in sizes.items()},
            "order_risk_dollars": self.order_risk_dollars,
            "market_risk_dollars": self.market_risk_dollars,
            "event_risk_dollars": self.event_risk_dollars,
            "group_risk_dollars": self.group_risk_dollars,
            "total_risk_dollars": self.total_risk_dollars,
            "trade_balance_percent": self.trade_balance_percent,
            "open_sets": self.open_sets,
            "orders_per_day": self.orders_per_day,
            "daily_loss_dollars": self.daily_loss_dollars,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSettings:
    """How tickets and orders are made, guarded, compared with the venue and let go."""

    kill: Annotated[bool, Flag()]
    time_to_live_s: Annotated[float, Number(1, 60, "seconds")]
    slippage_ticks: Annotated[int, Whole(0, 20, "ticks")]
    arm_minutes: Annotated[int, Whole(1, 480, "minutes")]
    expiration_minutes: Annotated[int, Whole(0, 525_600, "minutes")]
    cancel_on_pause: Annotated[bool, Flag()]
    group_contracts_15s: Annotated[int, Whole(1, 1_000_000, "contracts")]
    sizes: Annotated[tuple[int, ...], Wholes(9, 1, 100, "contracts")]
    collar_cents: Annotated[int, Whole(1, 99, "cents")]
    collar_percent: Annotated[int, Whole(0, 100, "percent")]
    depth_percent: Annotated[int, Whole(1, 100, "percent")]
    confirm_tail_cents: Annotated[int, Whole(0, 50, "cents")]
    duplicate_s: Annotated[float, Number(0, 60, "seconds")]
    orders_per_10s: Annotated[int, Whole(1, 1000, "orders")]
    orders_per_minute: Annotated[int, Whole(1, 10_000, "orders")]
    reconcile_s: Annotated[float, Number(1, 300, "seconds")]
    full_reconcile_s: Annotated[float, Number(10, 3600, "seconds")]
    unknown_quarantine_s: Annotated[float, Number(5, 3600, "seconds")]
    cancel_on_exit: Annotated[bool, Flag()]
    stop_wait_s: Annotated[float, Number(0, 60, "seconds")]
    balance_excludes_resting: Annotated[RestingFunds, Choice(RestingFunds)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSettings:
    """Whether orders may cost real money at all."""

    enabled: Annotated[bool, Flag()]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperSettings:
    """What the simulation of orders begins with and assumes; docs/paper.md explains its models."""

    cash_dollars: Annotated[Money, _RISK]
    there_ms: Annotated[int, Whole(0, 600_000, "milliseconds")]
    back_ms: Annotated[int, Whole(0, 600_000, "milliseconds")]
    queue: Annotated[PaperQueue, Choice(PaperQueue)]
