"""What a measurement reports: figures, the targets that some of them must meet, and whether they did."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import msgspec

ROUNDS = 5


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """A bound on one figure."""

    at_most: float | None = None
    at_least: float | None = None

    def is_met(self, figure: float) -> bool:
        """Tell whether `figure` lies within the bound."""
        low = self.at_least is None or figure >= self.at_least
        return low and (self.at_most is None or figure <= self.at_most)

    def __str__(self) -> str:
        """Write the bound as people do."""
        return f"at most {self.at_most:g}" if self.at_most is not None else f"at least {self.at_least:g}"


class Report(msgspec.Struct, frozen=True):
    """The one object that `bench NAME --json` prints."""

    name: str
    figures: dict[str, float]
    targets: dict[str, Target]
    ok: bool


def report(name: str, figures: dict[str, float], targets: dict[str, Target]) -> Report:
    """Judge figures by their targets; a target without its figure is missed."""
    ok = all(key in figures and target.is_met(figures[key]) for key, target in targets.items())
    return Report(name, {key: round(value, 4) for key, value in figures.items()}, targets, ok)


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU time of this thread that `work` took: a shared machine's wall clock measures the neighbours."""
    start = time.thread_time()
    work()
    return time.thread_time() - start


def middle(values: list[float]) -> float:
    """Return the median, which one disturbed round does not move."""
    return float(median(values))
