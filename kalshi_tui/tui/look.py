"""How a terminal is to look and feel: plain values, chosen by whoever starts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kalshi_tui.core.units import Size
from kalshi_tui.tui.theming import Themes

CALM_TICK_S: Final = 0.5
STIR_S: Final = 0.05
SIZES: Final = tuple(Size(100 * contracts) for contracts in (1, 5, 10, 25, 100))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a person may choose; `tick_s` of None leaves the tick to the caller, for tests."""

    themes: Themes
    theme: str = "dark"
    tick_s: float | None = 0.05
    keys: Mapping[str, str] = field(default_factory=dict)  # an action's id and its keys: "market.next": "n,ctrl+n"
    sizes: Sequence[Size] = SIZES  # of the keys 1 to 5 on the ladder
    calm: bool = False  # nothing blinks, and two pictures a second at most

    @property
    def beat_s(self) -> float | None:
        """Return how far apart two ticks are."""
        return self.tick_s if self.tick_s is None or not self.calm else max(self.tick_s, CALM_TICK_S)

    @property
    def stir_s(self) -> float | None:
        """Return how often it is looked whether everything stood still: a calm terminal must not miss it either."""
        return None if self.tick_s is None else STIR_S
