"""What trading goes by: the settings that decide, in whole units, as a tape keeps them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from kalshi_tui.core.fees import CURRENT_POLICY
from kalshi_tui.core.units import Money, Price, Size

Execution = Literal["observe", "paper", "live"]


class OrderRules(Struct, frozen=True, gc=False):
    """Bounds of the gate, times of tickets and comparisons."""

    execution: Execution = "observe"
    is_real_money: bool = False
    may_go_live: bool = True  # for real money: the settings and a flag say so
    kill: bool = False
    ticket_ms: int = 5_000
    slippage_ticks: int = 1
    arm_ms: int = 900_000
    expiration_ms: int = 0  # after now; 0 is the market's close
    cancel_on_pause: bool = True
    group_limit: Size = Size(20_000)
    collar: Price = Price(300)
    collar_percent: int = 15
    depth_percent: int = 25
    tail: Price = Price(300)
    reconcile_ms: int = 15_000
    full_reconcile_ms: int = 300_000
    quarantine_ms: int = 60_000
    duplicate_ms: int = 2_000
    orders_per_10s: int = 5
    orders_per_minute: int = 20
    heard_ms: int = 2_000
    confirmed_ms: int = 5_000
    offset_ms: int = 4_000
    status_ms: int = 30_000
    reconciled_ms: int = 60_000
    daily_loss: Money = Money(50_000_000)
    needs_limits: bool = True
    fee_rule: str = str(CURRENT_POLICY.rule)
    fee_grid: Money = CURRENT_POLICY.grid
    balance_excludes_resting: Literal["unknown", "yes", "no"] = "unknown"
    paper_cash: Money = Money(10_000_000_000)
    paper_there_ms: int = 100
    paper_back_ms: int = 100
    paper_queue: Literal["behind-first", "pro-rata"] = "behind-first"
    reviewed_ms: int = 0  # of observed and paper time, by this account's other journals
    arm_phrase: str = ""
    reset_phrase: str = ""
