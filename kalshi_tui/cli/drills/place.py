"""The small, lively world of the drills: few markets, for speed, with many changes, for faults to strike at."""

from __future__ import annotations

from functools import cache
from typing import Final

from msgspec.structs import replace

from kalshi_tui.practice.worldfile import CrowdSpec, FamilySpec, WorldSpec, load_world

_COUNTS: Final = {"KXINXU": 3, "KXBTCD": 3, "KXBTC15M": 1}  # how many strikes an event of each series has here
_LIVELIER: Final = 5.0


@cache
def small_world() -> WorldSpec:
    """Return the first world with some of its families, each event narrower and its books busier."""
    first = load_world("first")
    families = tuple(_busy(family) for family in first.family if family.series in _COUNTS)
    moving = {family.walk for family in families}
    walks = tuple(walk for walk in first.walk if walk.name in moving)
    return replace(first, name="drill", walk=walks, family=families, crowd=CrowdSpec())


def _busy(family: FamilySpec) -> FamilySpec:
    quotes = replace(
        family.quotes,
        look_s=family.quotes.look_s / _LIVELIER,
        refresh_per_s=family.quotes.refresh_per_s * _LIVELIER,
    )
    strikes = replace(family.strikes, count=_COUNTS[family.series])
    return replace(family, strikes=strikes, quotes=quotes)
