"""How a terminal is to look and feel: plain values, chosen by whoever starts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kalshi_tui.core.units import Size
from kalshi_tui.tui.theming import Themes

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
