"""`bench orders`: how long an order takes from the key to the socket, and a kill under load to the proof."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kalshi_tui.cli.benches import orders_fire, orders_kill
from kalshi_tui.cli.benches.report import Report, Target, report

TARGETS: Final = {
    "fire_above_httpx_ms": Target(at_most=3),
    "fire_but_commit_above_httpx_ms": Target(at_most=3),  # what is ours on any disk, however long that takes to sync
    "kill_messages_per_s": Target(at_least=4_900),
    "kill_gate_ms": Target(at_most=50),
    "kill_trigger_ms": Target(at_most=250),
    "kill_verified_s": Target(at_most=5),
}


def measure(say: Callable[[str], None]) -> Report:
    """Fire some hundred orders, and kill some times."""
    say(f"{orders_fire.FIRES} orders, each beside a bare post and a bare sync of the disk")
    figures = orders_fire.measure()
    say(
        f"{orders_kill.ROUNDS} kills of {orders_kill.ORDERS} orders in {orders_kill.MARKETS} markets, "
        f"{orders_kill.CHANGES_PER_S:,} messages a second"
    )
    return report("orders", figures | orders_kill.measure(), TARGETS)
