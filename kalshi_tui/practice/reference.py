"""What the reference address serves: the values that the world's markets are about, and the exchange's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kalshi_tui.core.units import format_decimal

if TYPE_CHECKING:
    from kalshi_tui.practice.desk import Desk


def reference_values(desk: Desk) -> dict[str, Any]:
    """Return each walk's value, exact to its last decimal, with its time."""
    values = [
        {
            "name": walk.spec.name,
            "index_id": walk.spec.index,
            "value": format_decimal(walk.units, walk.spec.decimals),
            "ts_ms": walk.at_ms,
            "about": walk.spec.about,
        }
        for walk in desk.living.walks.values()
    ]
    return {"world": desk.world, "now_ms": desk.exchange.now_ms, "values": values}


def reference_clock(desk: Desk, speed: float) -> dict[str, Any]:
    """Return the exchange's time, and how many of its seconds pass in one of ours."""
    return {"now_ms": desk.exchange.now_ms, "speed": speed, "world": desk.world, "seed": desk.seed}
