"""All drills, one for each fault, and the faults that no drill injects yet."""

from __future__ import annotations

from typing import Final

from kalshi_tui.cli.drills.host import HOST_DRILLS
from kalshi_tui.cli.drills.market_table import MARKET_DRILLS
from kalshi_tui.cli.drills.order_table import ORDER_DRILLS

DRILLS: Final = {
    drill.fault: drill for drill in sorted((*ORDER_DRILLS, *MARKET_DRILLS, *HOST_DRILLS), key=lambda drill: drill.fault)
}
PENDING: Final = tuple(name for name in (f"F{number:02d}" for number in range(1, 76)) if name not in DRILLS)
"""Faults of the list that no drill injects yet: they are named, and never counted as survived."""
