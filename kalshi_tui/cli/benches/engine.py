"""`bench engine`: what engine, link and tape add to the hot path, and how a real engine fares under load."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from kalshi_tui.cli.benches import engine_hot, engine_live
from kalshi_tui.cli.benches.report import Report, Target, report

TARGETS: Final = {
    "engine_to_bare": Target(at_most=2.0),
    "recording_share": Target(at_most=0.05),
    "busy_messages_per_s": Target(at_least=4_900),
    "busy_lag_p99_ms": Target(at_most=20),
    "busy_bounds_hit": Target(at_most=0),
    "busy_growth_mib": Target(at_most=5),
    "universe_messages_per_s": Target(at_least=4_900),
    "universe_peak_mib": Target(at_most=1536),
}


def measure(say: Callable[[str], None], *, seconds: float = engine_live.WINDOW_S) -> Report:
    """Measure the hot path in this process, and then a real engine in another."""
    frames = engine_hot.prepare()
    say("the engine's way beside the bare one, five rounds")
    figures = engine_hot.engine_to_bare(frames)
    few = engine_hot.engine_to_bare(frames, engine_hot.FEW_AT_ONCE)
    figures["engine_to_bare_small_batches"] = few["engine_to_bare"]
    say("with a tape and without one, five rounds")
    figures |= engine_hot.recording(frames)
    figures["seconds"] = seconds
    say(f"{engine_live.BOOKS} books, {engine_live.CHANGES_PER_S:,} changes a second, {seconds:.0f} seconds")
    figures |= _named("busy", engine_live.busy(seconds))
    say(f"{engine_live.UNIVERSE:,} markets, {engine_live.CHANGES_PER_S:,} changes a second, {seconds:.0f} seconds")
    figures |= _named("universe", engine_live.universe(seconds))
    return report("engine", figures, TARGETS)


def _named(what: str, figures: Mapping[str, float]) -> dict[str, float]:
    return {f"{what}_{name}": value for name, value in figures.items()}
