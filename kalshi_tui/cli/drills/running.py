"""Plays one drill on one seed, replays its tape, and says what came of it."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from kalshi_tui.adapters.sqlite_now import SqliteNow
from kalshi_tui.cli.drills.host.plan import HostDrill
from kalshi_tui.cli.drills.mixing import RANDOM, mixed
from kalshi_tui.cli.drills.plan import Drill
from kalshi_tui.cli.drills.scene import Scene, make_scene
from kalshi_tui.cli.drills.table import DRILLS
from kalshi_tui.cli.drills.trials import Dealt, Trial
from kalshi_tui.config.load import load_settings
from kalshi_tui.engine.replaying import Replay

_REPLAYED: Final = 4  # of so many seeds with trading one is replayed: it takes half as long as the drill
_NAMES: Final = ("practice", "practice", "observe")


def rehearse(fault: str, seed: int, *, twice: bool = False) -> Trial:
    """Play a drill, once more where `twice`: then both must have come to the same."""
    drill = mixed(seed, DRILLS.values()) if fault == RANDOM else DRILLS[fault]
    first = play(drill, seed)
    if not twice:
        return first
    second = play(drill, seed)
    if second == first:
        return first
    return msgspec.structs.replace(first, problems=(*first.problems, "the same seed came to something else"))


def play(drill: Drill, seed: int) -> Trial:
    """Play a drill once, and its tape after it."""
    if isinstance(drill, HostDrill):
        from kalshi_tui.cli.drills.host.playing import play_host  # noqa: PLC0415 - it makes trials as this does

        with _quiet():
            return play_host(drill, seed)
    storage = SqliteNow(_NAMES, load_settings(environ={}, folder=Path("/nonexistent")).storage)
    asyncio.run(storage.open())
    with _quiet():
        scene = make_scene(drill, seed, storage)
        scene.play()
        digest = _replayed(scene)
    gc.unfreeze()  # the engine froze its catalogue, which nobody needs any more
    return _trial(scene, seed, digest)


def _replayed(scene: Scene) -> str:
    """Return the digest of what was published, after the tape has published the same again."""
    if not hasattr(scene, "engine"):
        return ""
    digest = scene.engine.kernel.board.digest()
    if scene.dealing is not None and scene.seed % _REPLAYED != 1:
        return digest
    try:
        outcome = Replay(risk_checks=lambda _: scene.world.checks).run(scene.world.recorder.records)
    except Exception as problem:  # noqa: BLE001 - what the engine fell over, its replay falls over
        scene.problems.append(f"the tape cannot be replayed: {type(problem).__name__}: {problem}")
        return digest
    if outcome.digest != digest or outcome.agrees is False:
        scene.problems.append("the tape published something else")
    return digest


def _trial(scene: Scene, seed: int, digest: str) -> Trial:
    if not hasattr(scene, "witness"):
        return Trial(scene.drill.fault, seed, tuple(scene.problems))
    seen, counters = scene.witness.seen, scene.counters
    return Trial(
        fault=scene.drill.fault,
        seed=seed,
        problems=_named(scene.drill, (*seen.problems, *scene.problems)),
        strikes=scene.faults.struck.total(),
        frames=seen.frames,
        rows=seen.rows,
        wrong=seen.wrong,
        late=seen.late,
        longest_behind_ms=seen.longest_ms,
        lively_ms=scene.lively_ms,
        gaps=counters.gaps,
        resyncs=counters.resyncs,
        reconnects=len(scene.world.streams.asked_ms) - 1,
        digest=digest,
        dealt=_dealt(scene),
    )


def _named(drill: Drill, problems: tuple[str, ...]) -> tuple[str, ...]:
    """Say which faults were mixed, where that went wrong."""
    return (f"with {drill.words}", *problems) if problems and drill.fault == RANDOM else problems


def _dealt(scene: Scene) -> Dealt | None:
    dealing, desk = scene.dealing, scene.world.desk
    if dealing is None:
        return None
    register, agreement, tradable_ms = dealing.register, dealing.agreement, dealing.trader.tradable_ms
    return Dealt(
        orders=register.accepted,
        fills=len(desk.exchange.fills_of(desk.user_id)),
        rows=agreement.rows,
        differing=len(agreement.differences),
        duplicates=register.duplicates,
        unknown_positions=agreement.unknown_positions,
        breaches=register.breaches,
        illegal=register.illegal,
        after_kill=register.sends_after_kill,
        tradable_ms=0 if scene.drill.is_final else None if tradable_ms is None else tradable_ms - scene.ceased_ms,
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the engine logs to itself: it is told of faults all the time, and the score says what counts."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
