"""Which fee a market has at a moment: its series, its event's override, scheduled changes and waivers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kalshi_tui.core.fees import NO_FEE, FeeTerms, fee_terms
from kalshi_tui.core.markets import Event, Market, Series


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeChange:
    """A fee that a series, or one event of it, has from a time on; None clears an event's override."""

    series_ticker: str
    event_ticker: str | None = None
    fee_type: str | None
    multiplier: int | None  # millionths
    scheduled_ms: int


def market_terms(
    series: Series,
    event: Event,
    market: Market,
    changes: Iterable[FeeChange],
    *,
    read_ms: int,
    now_ms: int,
    honour_waiver: bool = True,
) -> FeeTerms:
    """Return what fills of a market cost at `now_ms`, given what was read of it at `read_ms`.

    Changes up to `read_ms` are in what was read already; counting them again would undo a later, unscheduled one.
    A type and a multiplier are overridden each by itself. Without `honour_waiver` a waived fee is counted as charged.
    """
    if honour_waiver and market.fee_waiver_until_ms is not None and now_ms < market.fee_waiver_until_ms:
        return NO_FEE
    own = (series.fee_type, series.fee_multiplier)
    override = (event.fee_type_override, event.fee_multiplier_override)
    for change in sorted(changes, key=lambda change: change.scheduled_ms):
        if not read_ms < change.scheduled_ms <= now_ms:
            continue
        if change.event_ticker == event.ticker:
            override = (change.fee_type, change.multiplier)
        elif change.event_ticker is None and change.series_ticker == series.ticker:
            own = (change.fee_type or own[0], own[1] if change.multiplier is None else change.multiplier)
    return fee_terms(override[0] or own[0], own[1] if override[1] is None else override[1])
