"""What the world remembers of its events and walks: plain data, so that it can be kept and woken again."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from kalshi_tui.practice.index import Sample, Samples
from kalshi_tui.practice.worldfile import WalkSpec

_YEAR_S = 365 * 86_400
_POWERS = tuple(int(f"1{'0' * places}") for places in range(9))


@dataclass(slots=True)
class Outcome:
    """One market of an event: YES when lower <= settled value < upper, in steps of the event's lattice."""

    ticker: str
    lower: int | None
    upper: int | None

    def pays(self, steps: int) -> bool:
        """Tell whether the market resolves YES on a settled value."""
        return (self.lower is None or self.lower <= steps) and (self.upper is None or steps < self.upper)


@dataclass(slots=True)
class LiveEvent:
    """An event that is listed and not yet decided."""

    ticker: str
    open_ms: int
    close_ms: int
    lattice: float
    outcomes: list[Outcome]
    family: int = -1  # the place in the world's list; -1 for one of the crowd
    ready: bool = True  # False until a window's strike is announced
    mean: float = 0.0  # what the makers saw at their last look
    spread: float = 0.0
    slipped: int = -1  # the outcome that is misquoted, by how much, and until when
    slip: float = 0.0
    slip_until_ms: int = 0
    value: float = 0.0  # of the crowd's own walks
    walked_ms: int = 0
    per_root_s: float = 0.0


@dataclass(slots=True)
class WalkState:
    """A walk at a moment."""

    value: float
    at_ms: int
    samples: list[tuple[int, int]] = field(default_factory=list)


class Walk:
    """A random walk that moves only when it is stepped, and its samples at one a second."""

    def __init__(self, spec: WalkSpec, at_ms: int) -> None:
        self.spec = spec
        self.value = float(spec.start)
        self.at_ms = at_ms
        self.samples = Samples()
        self._lowest = float(spec.lowest) if spec.lowest else -math.inf
        self._highest = float(spec.highest) if spec.highest else math.inf

    @property
    def per_root_s(self) -> float:
        """Return the walk's deviation over one second, in its own units."""
        yearly = self.spec.yearly if self.spec.additive else self.spec.yearly * self.value
        return yearly / math.sqrt(_YEAR_S)

    @property
    def units(self) -> int:
        """Return the published value in units of its last decimal."""
        return round(self.value * _POWERS[self.spec.decimals])

    @property
    def fixed(self) -> int:
        """Return the published value in 1e-8 units."""
        return self.units * _POWERS[8 - self.spec.decimals]

    def step(self, to_ms: int, chance: random.Random) -> None:
        """Walk on to a time."""
        if to_ms > self.at_ms:
            moved = self.value + self.per_root_s * math.sqrt((to_ms - self.at_ms) / 1000) * chance.gauss(0.0, 1.0)
            self.value = min(max(moved, self._lowest), self._highest)
            self.at_ms = to_ms

    def state(self) -> WalkState:
        """Return what must be kept."""
        return WalkState(self.value, self.at_ms, [(one.at_ms, one.value) for one in self.samples])

    def restore(self, state: WalkState) -> None:
        """Go on from a kept state."""
        self.value, self.at_ms = state.value, state.at_ms
        self.samples = Samples(Sample(*one) for one in state.samples)
