"""The fees that are going to change, and what a market's fee is in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kalshi_tui.core.fee_changes import FeeChange, market_terms
from kalshi_tui.core.fees import FeeTerms
from kalshi_tui.core.markets import Event, Market, Series
from kalshi_tui.engine.changes import Change, moment, plain
from kalshi_tui.errors import ValueRefused

LIMIT: Final = 20_000


class FeePlan:
    """Scheduled changes by series; those of the past go, and so do those that the venue lists no longer."""

    def __init__(self) -> None:
        self._by_series: dict[str, dict[FeeChange, None]] = {}
        self._seen: dict[FeeChange, None] = {}
        self._next_ms: int | None = None
        self.count = 0
        self.lost = 0

    def take(self, changes: Iterable[FeeChange], at_ms: int, *, of_events: bool, is_last: bool) -> list[Change]:
        """Take a page of what is scheduled, and return what is new in it, and after the last what was called off."""
        told = [_announcement(change) for change in changes if self._is_new(change, at_ms)]
        if is_last:
            told += [_called_off(change) for change in self._all() if self._is_gone(change, of_events=of_events)]
            self._seen.clear()
        self._next_ms = min((change.scheduled_ms for change in self._all()), default=None)
        return told

    def _is_new(self, change: FeeChange, at_ms: int) -> bool:
        if change.scheduled_ms <= at_ms:
            return False
        if change in self._by_series.get(change.series_ticker, {}):
            self._seen[change] = None
            return False
        if self.count >= LIMIT:
            self.lost += 1
            return False
        self._seen[change] = None
        self._by_series.setdefault(change.series_ticker, {})[change] = None
        self.count += 1
        return True

    def _is_gone(self, change: FeeChange, *, of_events: bool) -> bool:
        if change in self._seen or (change.event_ticker is not None) != of_events:
            return False
        self._remove(change)
        return True

    def _remove(self, change: FeeChange) -> None:
        del self._by_series[change.series_ticker][change]
        self.count -= 1

    def _all(self) -> list[FeeChange]:
        return [change for planned in self._by_series.values() for change in planned]

    def due(self, now_ms: int) -> list[FeeChange]:
        """Return changes whose time has come, in the order of their times, once."""
        if self._next_ms is None or now_ms < self._next_ms:
            return []
        due = sorted((change for change in self._all() if change.scheduled_ms <= now_ms), key=_order)
        for change in due:
            self._remove(change)
        self._next_ms = min((change.scheduled_ms for change in self._all()), default=None)
        return due

    def of(self, series_ticker: str) -> Iterable[FeeChange]:
        """Return what is to come for a series and its events."""
        return self._by_series.get(series_ticker, ())


def fee_words(series: Series, event: Event, market: Market, plan: FeePlan, now_ms: int) -> str:
    """Say what fills of a market cost now, or why that is not known."""
    try:
        terms = market_terms(series, event, market, plan.of(series.ticker), read_ms=0, now_ms=now_ms)
    except ValueRefused as problem:
        return f"unknown: {problem.message}"
    words = terms_words(terms)
    if market.fee_waiver_until_ms is not None and now_ms < market.fee_waiver_until_ms:
        words += f", waived until {moment(market.fee_waiver_until_ms)}"
    return words


def terms_words(terms: FeeTerms) -> str:
    """Say what taking and making cost, as shares of price x (1 - price)."""
    if not terms.taker_rate and not terms.maker_rate:
        return "none"
    taker, maker = _share(terms.taker_rate), _share(terms.maker_rate)
    return (
        f"taker {taker}, maker {maker} of price x (1 - price)"
        if terms.maker_rate
        else f"taker {taker} of price x (1 - price), maker none"
    )


def _share(rate: int) -> str:
    return f"{plain(rate, 8)} %"  # a rate counts ten-billionths, so hundredths of it count eight decimals


def _order(change: FeeChange) -> tuple[int, str, str]:
    return change.scheduled_ms, change.series_ticker, change.event_ticker or ""


def _announcement(change: FeeChange) -> Change:
    ticker, new = change.event_ticker or change.series_ticker, _planned(change)
    when = moment(change.scheduled_ms)
    return Change(ticker, "coming_fee", "", f"{new} from {when}", f"{ticker}: from {when} its fee is {new}", "warning")


def _called_off(change: FeeChange) -> Change:
    ticker, old = change.event_ticker or change.series_ticker, _planned(change)
    when = moment(change.scheduled_ms)
    words = f"{ticker}: its fee of {old} from {when} was called off"
    return Change(ticker, "coming_fee", f"{old} from {when}", "", words, "warning")


def _planned(change: FeeChange) -> str:
    parts = [change.fee_type] if change.fee_type else []
    parts += [f"multiplier {plain(change.multiplier, 6)}"] if change.multiplier is not None else []
    return " ".join(parts) or "that of its series"
