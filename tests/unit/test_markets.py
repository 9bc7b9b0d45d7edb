"""Strikes decide as Kalshi's own markets have been seen to, and a market's life follows the clock."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.markets import Market, MarketStatus, Strike, StrikeKind
from kalshi_tui.core.text import clean
from kalshi_tui.core.units import Price
from kalshi_tui.errors import ValueRefused


def strike(kind: str, floor: str | None, cap: str | None) -> Strike:
    """Build a strike from text."""
    return Strike(StrikeKind(kind), Decimal(floor) if floor else None, Decimal(cap) if cap else None)


@pytest.mark.parametrize(
    ("kind", "floor", "cap", "wins", "loses"),
    [
        # T85 is titled "86 or above", T78 "77 or below", the bucket between them "84 to 85".
        ("greater", "85", None, ["85.0001", "86"], ["85", "84"]),
        ("less", None, "78", ["77", "77.9999"], ["78", "79"]),
        ("between", "84", "85", ["84", "84.5", "85"], ["83.9999", "85.0001"]),
        # "$52,000 or above" lies one tick over its strike.
        ("greater", "51999.99", None, ["52000"], ["51999.99"]),
        ("greater_or_equal", "7224.9999", None, ["7224.9999", "7225"], ["7224.9998"]),
        ("less_or_equal", None, "4.00", ["4.00", "4", "3.99"], ["4.01"]),
        ("greater", "-3", None, ["-2", "0"], ["-3", "-4"]),
    ],
)
def test_a_strike_holds_strictly_or_inclusively_as_its_kind_says(
    kind: str, floor: str | None, cap: str | None, wins: list[str], loses: list[str]
) -> None:
    decided = strike(kind, floor, cap)
    assert all(decided.holds(Decimal(value)) is True for value in wins)
    assert all(decided.holds(Decimal(value)) is False for value in loses)


@pytest.mark.parametrize("kind", ["functional", "custom", "structured", "", "of a kind to come"])
def test_a_strike_that_is_no_number_says_that_it_does_not_know(kind: str) -> None:
    assert strike(kind, "1", "2").holds(Decimal(1)) is None


@pytest.mark.parametrize(
    ("kind", "floor", "cap"),
    [
        ("greater", None, "1"),
        ("greater_or_equal", None, "1"),
        ("less", "1", None),
        ("less_or_equal", "1", None),
        ("between", "1", None),
        ("between", None, "1"),
    ],
)
def test_a_strike_without_its_bound_says_that_it_does_not_know(kind: str, floor: str | None, cap: str | None) -> None:
    assert strike(kind, floor, cap).holds(Decimal(1)) is None


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_neither_a_strike_nor_an_outcome_may_be_no_number(text: str) -> None:
    with pytest.raises(ValueRefused):
        Strike(StrikeKind.GREATER, floor=Decimal(text))
    with pytest.raises(ValueRefused):
        Strike(StrikeKind.LESS, cap=Decimal(text))
    with pytest.raises(ValueRefused):
        strike("greater", "1", None).holds(Decimal(text))


def test_a_status_or_a_kind_that_we_do_not_know_is_not_guessed() -> None:
    assert MarketStatus("active") is MarketStatus.ACTIVE
    assert MarketStatus("half-open") is MarketStatus.UNKNOWN
    assert StrikeKind("greater") is StrikeKind.GREATER
    assert StrikeKind("prime") is StrikeKind.NONE


@pytest.mark.parametrize(
    ("status", "now_ms", "then"),
    [
        ("initialized", 999, "initialized"),
        ("initialized", 1_000, "active"),
        ("initialized", 2_000, "closed"),
        ("active", 1_999, "active"),
        ("active", 2_000, "closed"),
        ("inactive", 1_999, "inactive"),
        ("inactive", 2_000, "closed"),
        ("closed", 0, "closed"),
        ("determined", 3_000, "determined"),
        ("disputed", 3_000, "disputed"),
        ("amended", 3_000, "amended"),
        ("finalized", 1_500, "finalized"),
        ("unheard-of", 1_500, "unknown"),
    ],
)
def test_a_market_opens_and_closes_by_the_clock_without_word_from_the_venue(
    status: str, now_ms: int, then: str
) -> None:
    market = Market(
        ticker="KXFED-26SEP-T4.00",
        event_ticker="KXFED-26SEP",
        title=clean("Above 4.00%"),
        yes_title=clean("Above"),
        no_title=clean("Not above"),
        rules_primary=clean(""),
        rules_secondary=clean(""),
        strike=Strike(StrikeKind.GREATER, floor=Decimal("4.00")),
        grid=PriceGrid.from_bands([(Price(0), Price(10_000), Price(100))]),
        status=MarketStatus(status),
        open_ms=1_000,
        close_ms=2_000,
    )
    assert market.status_at(now_ms) == then
