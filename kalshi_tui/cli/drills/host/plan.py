"""A drill of the machine: acts on stages of their own, each with engines that come and go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kalshi_tui.cli.drills.plan import Drill

if TYPE_CHECKING:
    from kalshi_tui.cli.drills.host.stage import Stage


@dataclass(frozen=True, slots=True)
class Part:
    """One act, and how its stage is set."""

    words: str
    act: Callable[[Stage], Awaitable[None]]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDrill(Drill):
    """A drill whose fault is the machine's, and not the exchange's: no scenario injects it."""

    parts: Callable[[int], Sequence[Part]]  # of a seed
    lasts_s: float = 0.0
    scenario: tuple[()] = ()
