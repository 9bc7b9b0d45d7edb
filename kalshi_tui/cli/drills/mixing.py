"""Drills made by a seed: one to three faults at once, at times of their own, while somebody trades."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from kalshi_tui.cli.drills.plan import Drill
from kalshi_tui.cli.drills.trader import Habits
from kalshi_tui.practice.faults import load_scenario, scenario_path
from kalshi_tui.practice.faults.rules import Rule

RANDOM: Final = "random"
_ALONE: Final = frozenset({"F14", "F45", "F46"})
"""What nothing can be mixed with: a key that is gone for good, readers that do not read, books ten thousand deep."""
_MOST: Final = 3
_LATEST_S: Final = 8
_NEVER_S: Final = 1e9
_KILLS: Final = 0.25  # the share of runs in which somebody presses kill


def mixed(seed: int, drills: Iterable[Drill]) -> Drill:
    """Return the drill of a seed."""
    chance = random.Random(seed * 104_729 + 3)
    fit = [drill for drill in drills if drill.fault not in _ALONE and type(drill) is Drill]
    chosen = chance.sample(fit, chance.randint(1, _MOST))
    offsets = [chance.randint(0, _LATEST_S) for _ in chosen]  # times of the wire are whole seconds
    rules = [shifted(rule, at_s) for drill, at_s in zip(chosen, offsets, strict=True) for rule in _rules_of(drill)]
    lasts_s = max(drill.lasts_s + at_s for drill, at_s in zip(chosen, offsets, strict=True))
    return Drill(
        RANDOM,
        ", ".join(drill.fault for drill in chosen),
        "as for each of them",
        lasts_s=lasts_s,
        limit_ms=max(drill.limit_ms for drill in chosen),
        scenario=tuple(rules),
        trades=_habits(chance, lasts_s),
        fewest=0,
        may_differ=tuple({kind: None for drill in chosen for kind in drill.may_differ}),
        moves_cash=any(drill.moves_cash for drill in chosen),
        tells_wrong_fees=any(drill.tells_wrong_fees for drill in chosen),
        idle=None,
    )


def shifted(rule: Rule, by_s: float) -> Rule:
    """Return a rule that strikes so much later; connections are made at the beginning, and stay as they are."""
    if rule.at == "connection":
        return rule
    if rule.at == "exchange" and not rule.params["on"]:
        return replace(rule, params={**rule.params, "at_s": rule.params["at_s"] + by_s})
    begin_s, end_s = rule.when.between_s or (0.0, _NEVER_S)
    return replace(rule, when=replace(rule.when, between_s=(begin_s + by_s, end_s + by_s)))


def _rules_of(drill: Drill) -> Sequence[Rule]:
    assert isinstance(drill.scenario, str)  # noqa: S101 - the others were left out
    return load_scenario(scenario_path(drill.scenario or drill.fault))


def _habits(chance: random.Random, lasts_s: float) -> Habits:
    leans = tuple(chance.sample(("take", "ioc", "cancel", "amend", "reduce", "cancel all", "flatten", "compare"), 2))
    kills = (round(chance.uniform(6, lasts_s), 1),) if chance.random() < _KILLS else ()
    return Habits(leans=leans, kills_at_s=kills)
