"""Turns the kernel's rules into the filter that markets must pass to be listed."""

from __future__ import annotations

from kalshi_tui.config.filters import MarketFilter
from kalshi_tui.engine.rules import Rules


def filter_of(rules: Rules) -> MarketFilter:
    """Return the filter."""
    return MarketFilter(
        series=frozenset(rules.series),
        categories=frozenset(map(str.casefold, rules.categories)),
        min_volume=rules.min_volume,
        closes_within_ms=rules.closes_within_ms,
        closes_after_ms=rules.closes_after_ms,
    )
