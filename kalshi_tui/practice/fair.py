"""What a contract is worth: the chance that a normal walk settles where it pays. Floats, because these are opinions."""

from __future__ import annotations

import math
from typing import NamedTuple

MINUTE_MS = 60_000
PRINTS = 60


class View(NamedTuple):
    """Where the settled value is expected, and how far it may stray (one standard deviation)."""

    mean: float
    spread: float


def last_value(value: float, per_root_s: float, left_ms: int) -> View:
    """Look ahead to a value read at the close."""
    return View(value, per_root_s * math.sqrt(max(left_ms, 0) / 1000))


def sixty_prints(value: float, per_root_s: float, left_ms: int, seen_sum: float, seen: int) -> View:
    """Look ahead to the mean of the minute's prints, of which `seen` are known."""
    left = PRINTS - seen
    if left <= 0 or left_ms <= 0:
        return View((seen_sum + left * value) / PRINTS, 0.0)
    first_s = max(left_ms / 1000 - (left - 1), 0.0)
    steps = left * left * first_s + (left - 1) * left * (2 * left - 1) / 6
    return View((seen_sum + left * value) / PRINTS, per_root_s * math.sqrt(steps) / PRINTS)


def below(view: View, edge: float) -> float:
    """Return the chance that the settled value ends under `edge`."""
    if view.spread <= 0:
        return 1.0 if view.mean < edge else 0.0
    return 0.5 * math.erfc((view.mean - edge) / (view.spread * math.sqrt(2)))


def chance(view: View, lattice: float, lower: int | None, upper: int | None) -> float:
    """Return the chance of lower <= value < upper, counted in steps of the lattice that settled values lie on.

    An edge is drawn half a step below its first value, so that buckets which tile leave nothing out.
    """
    under = 1.0 if upper is None else below(view, (upper - 0.5) * lattice)
    return max(under - (0.0 if lower is None else below(view, (lower - 0.5) * lattice)), 0.0)
