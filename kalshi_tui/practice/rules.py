"""What Kalshi leaves open or changes now and then, as settings of the practice exchange.

Settled readings that are nobody's setting, because no source contradicts them or none says anything:

* An order that rests reserves what its opening part would cost at its limit: a bid its price, an ask one dollar less
  its price. What closes a position reserves nothing; the best-priced order closes first. The fee of what would open
  at once is asked for, that of a resting order is not, so it may take a balance a little below zero.
* No collateral is given back between markets of one event (MECNET and DIRECNET are labels here), because the formula
  is not published. Every subaccount nets; the switch that turns netting off is kept and has no effect.
* A create or an amendment whose remainder is cancelled at once (immediate-or-cancel, self-trade, order group) ends as
  executed when anything was filled in the order's life, else as canceled; a resting order that is cancelled is
  canceled.
* A paused market takes cancels and decreases and refuses the rest; a trading pause does the same for all markets.
* The fee type "flat" charges nothing, because its table is not published.
* `traded` and the gross costs of a position count what the bought leg cost: an ask at 0.60 buys NO at 0.40.
* A client_order_id is burnt by an order that reached the book or by a killed fill-or-kill, not by a refused body.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Rules:
    """Readings of the protocol that a world or a test may switch, and the limits on what grows."""

    fee_grid: int = 100  # money: balances of direct members move in $0.0001; 10_000 ($0.01) for all others
    settlement_grid: int = 10_000  # money: what a scalar value pays beyond whole cents, the exchange keeps
    duplicate_ids: Literal["for_ever", "open_only"] = "for_ever"
    reduce_only_when_flat: Literal["cancel", "refuse"] = "cancel"  # a reduce-only order with nothing to reduce
    timestamp_window_ms: int = 15_000
    group_window_ms: int = 15_000
    group_cap: int = 100_000  # order groups of one user
    group_limit_cap: int = 100_000_000  # size: 1,000,000 contracts
    open_order_cap: int = 200_000  # of one user
    order_size_cap: int = 10**11  # size: a billion contracts
    subaccount_cap: int = 64
    shard_cap: int = 100  # the highest shard that cash may be moved to
    keep_trades: int = 100_000  # over all markets
    keep_trades_per_market: int = 2_000
    keep_candles: int = 200_000  # minute candles over all markets; and a quarter of it of hours and of days
    keep_history: int = 100_000  # ended orders, fills and settlements of one user, each
    keep_client_ids: int = 1_000_000  # of one user


DEFAULT: Final = Rules()
