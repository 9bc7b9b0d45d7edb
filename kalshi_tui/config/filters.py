"""Which markets are loaded and listed, as a rule that needs no clock of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from kalshi_tui.config.tables import FilterSettings
from kalshi_tui.core.markets import Market, Series
from kalshi_tui.core.units import SIZE_ONE, Size

_HOUR_MS: Final = 3_600_000
_NO_VOLUME: Final = Size(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFilter:
    """Lets markets through by series, category, volume and time to close; an empty set and 0 leave nothing out."""

    series: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()  # in small letters
    min_volume: Size = _NO_VOLUME
    closes_within_ms: int = 0
    closes_after_ms: int = 0

    @classmethod
    def of(cls, settings: FilterSettings) -> Self:
        """Make the filter that the settings describe."""
        return cls(
            series=frozenset(settings.series),
            categories=frozenset(map(str.casefold, settings.categories)),
            min_volume=Size(settings.min_volume * SIZE_ONE),
            closes_within_ms=round(settings.closes_within_h * _HOUR_MS),
            closes_after_ms=round(settings.closes_after_s * 1000),
        )

    def allows(self, series: Series | None, market: Market, now_ms: int) -> bool:
        """Tell whether a market passes; one of an unknown series passes no filter of series or categories."""
        return self.allows_series(series) and market.volume >= self.min_volume and self._allows_close(market, now_ms)

    def allows_series(self, series: Series | None) -> bool:
        """Tell whether any market of a series can pass, so that its events need not be loaded when none can."""
        if series is None:
            return not self.series and not self.categories
        is_named = not self.series or series.ticker in self.series
        return is_named and (not self.categories or series.category.casefold() in self.categories)

    def _allows_close(self, market: Market, now_ms: int) -> bool:
        """Bound the time to close; what has closed lies below both bounds, so only `closes_after` leaves it out."""
        left_ms = market.close_ms - now_ms
        is_soon = not self.closes_within_ms or left_ms <= self.closes_within_ms
        return is_soon and (not self.closes_after_ms or left_ms >= self.closes_after_ms)
