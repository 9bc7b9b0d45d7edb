"""What the stream's words about a market's life make of the market: a new description, a doubt, or both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from kalshi_tui.core.events import EventLifecycle, MarketLifecycle
from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.markets import Event, Market, MarketStatus, Strike, StrikeKind
from kalshi_tui.errors import ValueRefused

_LATEST_MS: Final = 4_102_444_800_000  # the year 2100; beyond it a time is a mistake, and few libraries can show it

_BEFORE_CLOSE: Final = (MarketStatus.INITIALIZED, MarketStatus.ACTIVE, MarketStatus.INACTIVE)


@dataclass(frozen=True, slots=True)
class Told:
    """The market as it is now known; `doubt` says why it must be read anew all the same."""

    market: Market
    doubt: str = ""


def told(market: Market, word: MarketLifecycle) -> Told:
    """Return what a market is after a lifecycle message about it."""
    step = _STEPS.get(word.kind)
    if step is None:
        return Told(market, f"the venue told {word.kind!r:.60} of it, which we do not know")
    return step(market, word)


def told_event(event: Event, word: EventLifecycle) -> Event:
    """Return what an event is after a lifecycle message about it; the message leaves out whether one answer wins."""
    return replace(
        event,
        series_ticker=word.series_ticker or event.series_ticker,
        title=word.title or event.title,
        sub_title=word.sub_title,
        collateral_return=word.collateral_return,
        exchange_index=word.exchange_index,
        strike_ms=word.strike_ms if _is_time(word.strike_ms) else event.strike_ms,
    )


def _is_time(ms: int | None) -> bool:
    return ms is not None and 0 < ms < _LATEST_MS


def _created(market: Market, _: MarketLifecycle) -> Told:
    return Told(market, "it was listed again under the same name")


def _activated(market: Market, word: MarketLifecycle) -> Told:
    doubt = "the venue called it active and paused at once" if word.is_deactivated else ""
    return Told(market if doubt else replace(market, status=MarketStatus.ACTIVE), doubt)


def _deactivated(market: Market, word: MarketLifecycle) -> Told:
    doubt = "the venue called it paused and not paused at once" if word.is_deactivated is False else ""
    return Told(replace(market, status=MarketStatus.INACTIVE), doubt)


def _close_moved(market: Market, word: MarketLifecycle) -> Told:
    if word.close_ms is None or not _is_time(word.close_ms):
        return Told(market, "its closing time was moved, and the message does not say to when")
    doubt = "" if market.status in _BEFORE_CLOSE else "its closing time was moved after it had closed"
    return Told(replace(market, close_ms=word.close_ms), doubt)


def _determined(market: Market, word: MarketLifecycle) -> Told:
    doubt = "" if word.result else "it was determined, and the message does not say how"
    value = market.settlement_value if word.settlement_value is None else word.settlement_value
    changed = replace(
        market, status=MarketStatus.DETERMINED, result=word.result or market.result, settlement_value=value
    )
    return Told(changed, doubt)


def _settled(market: Market, _: MarketLifecycle) -> Told:
    doubt = "" if market.result else "it was settled, and how was never told"
    return Told(replace(market, status=MarketStatus.FINALIZED), doubt)


def _grid_changed(market: Market, word: MarketLifecycle) -> Told:
    missing = "its price grid changed, and the message does not say to which"
    if word.price_ranges is None:
        return Told(market, missing)
    try:
        return Told(replace(market, grid=PriceGrid.from_bands(word.price_ranges)))
    except ValueRefused as problem:
        return Told(market, f"its price grid changed to one that makes no sense: {problem.message}")


def _described(market: Market, word: MarketLifecycle) -> Told:
    # The message has room for strike and answer alone; rules, titles and times may have changed beside them.
    details = word.details
    strike = market.strike
    if details.strike_type and StrikeKind(details.strike_type) is not StrikeKind.NONE:
        strike = _strike(details.strike_type, word) or strike
    changed = replace(market, strike=strike, yes_title=details.yes_title or market.yes_title)
    return Told(changed, "its description changed, and the message does not carry all of it")


def _strike(kind: str, word: MarketLifecycle) -> Strike | None:
    try:
        return Strike(StrikeKind(kind), word.details.floor_strike, word.details.cap_strike)
    except ValueRefused:
        return None


_STEPS: Final[dict[str, Callable[[Market, MarketLifecycle], Told]]] = {
    "created": _created,
    "activated": _activated,
    "deactivated": _deactivated,
    "close_date_updated": _close_moved,
    "determined": _determined,
    "settled": _settled,
    "price_level_structure_updated": _grid_changed,
    "metadata_updated": _described,
}
