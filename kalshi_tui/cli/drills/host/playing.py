"""Plays a drill of the machine on one seed: each of its acts on a new stage."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Sequence
from typing import Final

from kalshi_tui.cli.drills.host.plan import HostDrill, Part
from kalshi_tui.cli.drills.host.stage import Stage
from kalshi_tui.cli.drills.trials import Dealt, Trial

_PROBLEMS: Final = 8


def play_host(drill: HostDrill, seed: int) -> Trial:
    """Play all acts of a drill, and say what came of them."""
    parts = drill.parts(seed)
    stages = [play_part(part, seed) for part in parts]
    problems = [f"{part.words}: {words}" for part, stage in zip(parts, stages, strict=True) for words in stage.problems]
    strikes = sum(stage.strikes for stage in stages)
    if not strikes:
        problems.append("the fault did not strike")
    return Trial(
        fault=drill.fault,
        seed=seed,
        problems=tuple(problems[:_PROBLEMS]),
        strikes=strikes,
        lively_ms=None if problems else 0,
        digest=_digest(stages),
        dealt=_dealt(stages),
    )


def play_part(part: Part, seed: int) -> Stage:
    """Play one act, and return its stage; whatever it falls over is a problem."""
    stage = Stage(seed, **part.options)
    try:
        stage.clock.run(part.act(stage))  # type: ignore[arg-type]  # an act is a coroutine
    except Exception as problem:  # noqa: BLE001 - whatever ends an act is what a drill is to find
        stage.problems.append(f"the act ended: {type(problem).__name__}: {problem}")
    gc.unfreeze()
    return stage


def _digest(stages: Sequence[Stage]) -> str:
    return hashlib.sha256("".join(digest for stage in stages for digest in stage.digests).encode()).hexdigest()


def _dealt(stages: Sequence[Stage]) -> Dealt:
    fills = [len(stage.exchange.fills_of(stage.world.desk.user_id)) for stage in stages]
    return Dealt(
        orders=sum(stage.accepted for stage in stages),
        fills=sum(fills),
        rows=sum(stage.rows for stage in stages),
        differing=sum(stage.differing for stage in stages),
        duplicates=sum(stage.twice for stage in stages),
        unknown_positions=sum(stage.unknown for stage in stages),
        breaches=0,
        illegal=0,
        after_kill=0,
        tradable_ms=0,
    )
