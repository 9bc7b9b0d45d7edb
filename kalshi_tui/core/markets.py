"""Series, events and markets as Kalshi describes them, with strikes and the market's life."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, Self

from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.text import SafeText
from kalshi_tui.core.units import Price, Size
from kalshi_tui.errors import ValueRefused

_NOTHING: Final = Size(0)


class MarketStatus(StrEnum):
    """Where a market is in its life; a word that we do not know reads as UNKNOWN and takes no orders."""

    INITIALIZED = "initialized"
    ACTIVE = "active"
    INACTIVE = "inactive"
    CLOSED = "closed"
    DETERMINED = "determined"
    DISPUTED = "disputed"
    AMENDED = "amended"
    FINALIZED = "finalized"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, _: object) -> Self:
        return cls("unknown")


class StrikeKind(StrEnum):
    """How a market's outcome depends on a number; a word that we do not know reads as NONE."""

    GREATER = "greater"
    GREATER_OR_EQUAL = "greater_or_equal"
    LESS = "less"
    LESS_OR_EQUAL = "less_or_equal"
    BETWEEN = "between"
    FUNCTIONAL = "functional"
    CUSTOM = "custom"
    STRUCTURED = "structured"
    NONE = ""

    @classmethod
    def _missing_(cls, _: object) -> Self:
        return cls("")


@dataclass(frozen=True, slots=True)
class Strike:
    """The number or numbers that decide a market; ties are settled by its rules, which win over this."""

    kind: StrikeKind = StrikeKind.NONE
    floor: Decimal | None = None
    cap: Decimal | None = None

    def __post_init__(self) -> None:
        for bound in (self.floor, self.cap):
            if bound is not None and not bound.is_finite():
                raise ValueRefused(f"strike {bound} is not a number", hint="read this market's rules; do not trade it")

    def holds(self, value: Decimal) -> bool | None:
        """Return whether `value` makes YES win, or None where the strike is no number or lacks its bound."""
        if not value.is_finite():
            raise ValueRefused(f"{value} is not an outcome", hint="pass the settled number")
        floor, cap = self.floor, self.cap
        match self.kind:
            case StrikeKind.GREATER:
                return None if floor is None else value > floor
            case StrikeKind.GREATER_OR_EQUAL:
                return None if floor is None else value >= floor
            case StrikeKind.LESS:
                return None if cap is None else value < cap
            case StrikeKind.LESS_OR_EQUAL:
                return None if cap is None else value <= cap
            case StrikeKind.BETWEEN:
                return None if floor is None or cap is None else floor <= value <= cap
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A family of events with one rule book and one fee."""

    ticker: str
    title: SafeText
    category: SafeText
    frequency: str = ""
    tags: tuple[SafeText, ...] = ()
    fee_type: str
    fee_multiplier: int  # millionths


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One binary contract; a quote is None where its side of the book is empty."""

    ticker: str
    event_ticker: str
    title: SafeText
    yes_title: SafeText
    no_title: SafeText
    rules_primary: SafeText
    rules_secondary: SafeText
    strike: Strike
    grid: PriceGrid
    status: MarketStatus
    open_ms: int
    close_ms: int
    expected_expiration_ms: int | None = None
    settlement_timer_s: int = 0
    yes_bid: Price | None = None
    yes_ask: Price | None = None
    yes_bid_size: Size = _NOTHING
    yes_ask_size: Size = _NOTHING
    last_price: Price | None = None
    volume: Size = _NOTHING
    volume_24h: Size = _NOTHING
    open_interest: Size = _NOTHING
    result: str = ""
    settlement_value: Price | None = None
    exchange_index: int = 0
    fee_waiver_until_ms: int | None = None
    updated_ms: int | None = None

    def status_at(self, now_ms: int) -> MarketStatus:
        """Return the status now: a market opens and closes by the clock, and the venue sends no word of it."""
        status = self.status
        if status is MarketStatus.INITIALIZED and now_ms >= self.open_ms:
            status = MarketStatus.ACTIVE
        if status in {MarketStatus.ACTIVE, MarketStatus.INACTIVE} and now_ms >= self.close_ms:
            status = MarketStatus.CLOSED
        return status


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One question, with a market for each answer."""

    ticker: str
    series_ticker: str
    title: SafeText
    sub_title: SafeText
    mutually_exclusive: bool
    collateral_return: str = ""
    strike_ms: int | None = None
    fee_type_override: str | None = None
    fee_multiplier_override: int | None = None  # millionths
    exchange_index: int = 0
    markets: tuple[Market, ...] = ()
