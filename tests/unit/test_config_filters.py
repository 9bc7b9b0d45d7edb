"""Market filters: what each bound lets through, and what is unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kalshi_tui.config.filters import MarketFilter
from kalshi_tui.config.tables import FilterSettings
from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.markets import Market, MarketStatus, Series, Strike
from kalshi_tui.core.text import clean
from kalshi_tui.core.units import Price, Size

NOW_MS = 1_000_000_000_000
HOUR_MS = 3_600_000
SERIES = Series(ticker="KXFED", title=clean("Fed"), category=clean("Economics"), fee_type="quadratic", fee_multiplier=1)
OPEN = FilterSettings(series=(), categories=(), min_volume=0, closes_within_h=0.0, closes_after_s=0.0)
NOTHING = clean("")
MARKET = Market(
    ticker="KXFED-1",
    event_ticker="KXFED",
    title=NOTHING,
    yes_title=NOTHING,
    no_title=NOTHING,
    rules_primary=NOTHING,
    rules_secondary=NOTHING,
    strike=Strike(),
    grid=PriceGrid.from_bands([(Price(0), Price(10_000), Price(100))]),
    status=MarketStatus.ACTIVE,
    open_ms=0,
    close_ms=NOW_MS + HOUR_MS,
    volume=Size(10_000),
)


def allows(settings: FilterSettings, market: Market = MARKET, series: Series | None = SERIES) -> bool:
    return MarketFilter.of(settings).allows(series, market, NOW_MS)


def test_without_bounds_everything_passes_even_of_an_unknown_series() -> None:
    assert allows(OPEN)
    assert allows(OPEN, series=None)
    assert allows(OPEN, replace(MARKET, close_ms=0, volume=Size(0)))
    assert MarketFilter.of(OPEN) == MarketFilter()


@pytest.mark.parametrize(("series", "passes"), [(("KXFED",), True), (("KXBTC", "KXFED"), True), (("KXBTC",), False)])
def test_a_market_passes_by_its_series(series: tuple[str, ...], passes: bool) -> None:
    assert allows(replace(OPEN, series=series)) is passes


@pytest.mark.parametrize(("category", "passes"), [("Economics", True), ("economics", True), ("Econ", False)])
def test_a_market_passes_by_its_category_in_any_case(category: str, passes: bool) -> None:
    assert allows(replace(OPEN, categories=(category,))) is passes


def test_series_and_category_must_both_hold() -> None:
    both = replace(OPEN, series=("KXFED",), categories=("Sports",))
    assert not allows(both)


@pytest.mark.parametrize("settings", [replace(OPEN, series=("KXFED",)), replace(OPEN, categories=("Economics",))])
def test_a_market_of_an_unknown_series_passes_no_filter_of_series(settings: FilterSettings) -> None:
    assert not allows(settings, series=None)


@pytest.mark.parametrize(("volume", "passes"), [(9_999, False), (10_000, True)])
def test_volume_counts_contracts_and_the_bound_itself_passes(volume: int, passes: bool) -> None:
    assert allows(replace(OPEN, min_volume=100), replace(MARKET, volume=Size(volume))) is passes


@pytest.mark.parametrize(
    ("left_ms", "passes"), [(-1, True), (0, True), (HOUR_MS // 2, True), (HOUR_MS // 2 + 1, False)]
)
def test_what_closes_later_than_the_bound_is_left_out(left_ms: int, passes: bool) -> None:
    assert allows(replace(OPEN, closes_within_h=0.5), replace(MARKET, close_ms=NOW_MS + left_ms)) is passes


@pytest.mark.parametrize(("left_ms", "passes"), [(-1, False), (1499, False), (1500, True), (HOUR_MS, True)])
def test_what_closes_sooner_than_the_bound_is_left_out(left_ms: int, passes: bool) -> None:
    assert allows(replace(OPEN, closes_after_s=1.5), replace(MARKET, close_ms=NOW_MS + left_ms)) is passes
