"""The series and events that markets belong to, and the fees that come with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, Protocol

from kalshi_tui.core.events import EventFeeChanged, EventLifecycle
from kalshi_tui.core.fee_changes import FeeChange, market_terms
from kalshi_tui.core.fees import FeeTerms
from kalshi_tui.core.markets import Event, Market, Series
from kalshi_tui.engine.changes import Change, event_changes, series_changes
from kalshi_tui.engine.fee_plan import FeePlan, fee_words
from kalshi_tui.engine.held import HeldEvent, HeldSeries, Reading
from kalshi_tui.engine.outbox import Outbox
from kalshi_tui.engine.told import told_event
from kalshi_tui.errors import ValueRefused

LIMIT: Final = 100_000


class Hear(Protocol):
    """Whoever must know which markets a change concerns."""

    def __call__(self, tickers: Iterable[str], *, doubt: str = "", is_revision: bool = False) -> None:
        """Hear that they are described differently, why they must be read anew if so, and whether it is a revision."""


class Families:
    """Series and events by ticker; `hear` is told of the markets that a change of one concerns."""

    def __init__(self, outbox: Outbox, hear: Hear) -> None:
        self.series: dict[str, HeldSeries] = {}
        self.events: dict[str, HeldEvent] = {}
        self.must_read: dict[str, None] = {}  # events
        self.plan = FeePlan()
        self.refused = 0
        self._outbox = outbox
        self._hear = hear
        self._waiting: dict[str, dict[str, None]] = {}  # markets whose event was not read yet, by event

    def event_of(self, market: Market) -> Event | None:
        """Return a market's event, where it is known."""
        held = self.events.get(market.event_ticker)
        return None if held is None else held.event

    def series_of(self, market: Market) -> Series | None:
        """Return a market's series, where it is known."""
        event = self.events.get(market.event_ticker)
        held = None if event is None else self.series.get(event.event.series_ticker)
        return None if held is None else held.series

    def fee_of(self, market: Market, now_ms: int) -> str:
        """Say what fills of a market cost, or why that is not known."""
        event, series = self.event_of(market), self.series_of(market)
        if event is None:
            return f"unknown: event {market.event_ticker} was not read yet"
        if series is None:
            return f"unknown: series {event.series_ticker} was not read yet"
        return fee_words(series, event, market, self.plan, now_ms)

    def terms_of(self, market: Market, now_ms: int) -> FeeTerms:
        """Return what fills of a market cost, or refuse what is not known."""
        event, series = self.event_of(market), self.series_of(market)
        if event is None or series is None:
            missing = market.event_ticker if event is None else event.series_ticker
            raise ValueRefused(f"{missing} was not read yet", hint="wait a moment; it is asked for")
        return market_terms(series, event, market, self.plan.of(series.ticker), read_ms=0, now_ms=now_ms)

    def join(self, market: Market) -> None:
        """Put a market under its event."""
        held = self.events.get(market.event_ticker)
        if held is None:
            self._waiting.setdefault(market.event_ticker, {})[market.ticker] = None
            self.must_read[market.event_ticker] = None
        else:
            held.tickers[market.ticker] = None

    def leave(self, market: Market) -> None:
        """Take a market out of its event; an event without markets is forgotten."""
        held = self.events.get(market.event_ticker)
        tickers = self._waiting.get(market.event_ticker, {}) if held is None else held.tickers
        tickers.pop(market.ticker, None)
        if tickers:
            return
        self._waiting.pop(market.event_ticker, None)
        self.must_read.pop(market.event_ticker, None)
        if self.events.pop(market.event_ticker, None) is not None:
            self._outbox.forget("event", market.event_ticker)

    # Readings

    def take_series(self, series: Series, raw: bytes, reading: Reading) -> None:
        """Take a series as the venue describes it."""
        held = self.series.get(series.ticker)
        if held is None:
            if len(self.series) >= LIMIT:
                self.refused += 1
                return
            self.series[series.ticker] = HeldSeries(series, reading.asked_ms, reading.source, not reading.is_new)
            self._hear(self._markets_of(series.ticker))
        elif not reading.is_new or reading.asked_ms < held.as_of_ms:
            return
        else:
            self._change_series(held, series, reading.asked_ms)
        self._store_series(self.series[series.ticker], raw, reading)

    def take_event(self, event: Event, raw: bytes, reading: Reading) -> None:
        """Take an event as the venue describes it, its markets aside."""
        held = self.events.get(event.ticker)
        if held is None:
            if len(self.events) >= LIMIT:
                self.refused += 1
                return
            waiting = self._waiting.pop(event.ticker, {})
            held = HeldEvent(event, reading.asked_ms, reading.source, not reading.is_new, waiting)
            self.events[event.ticker] = held
            self._hear(waiting)
        elif not reading.is_new or reading.asked_ms < held.as_of_ms:
            return
        else:
            self._change_event(held, event, reading.asked_ms)
        self.must_read.pop(event.ticker, None)
        self._store_event(held, raw, reading)

    def take_fee_changes(self, changes: Iterable[FeeChange], at_ms: int, *, of_events: bool, is_last: bool) -> None:
        """Take a page of the fees that are to come."""
        self._outbox.tell(self.plan.take(changes, at_ms, of_events=of_events, is_last=is_last))

    def _store_series(self, held: HeldSeries, raw: bytes, reading: Reading) -> None:
        held.source = reading.source
        if not held.is_stored:
            held.is_stored = True
            self._outbox.save("series", held.series.ticker, raw)

    def _store_event(self, held: HeldEvent, raw: bytes, reading: Reading) -> None:
        held.source = reading.source
        if not held.is_stored:
            held.is_stored = True
            self._outbox.save("event", held.event.ticker, raw)

    # Words of the stream, and of the clock

    def take_event_word(self, word: EventLifecycle, at_ms: int) -> None:
        """Take the stream's description of an event; what it leaves out must be read."""
        held = self.events.get(word.event_ticker)
        if held is None:
            self.must_read[word.event_ticker] = None
        elif self._change_event(held, told_event(held.event, word), at_ms):
            self.must_read[word.event_ticker] = None
            self._hear(held.tickers, doubt="its event was described anew")

    def take_fee_word(self, word: EventFeeChanged, at_ms: int) -> None:
        """Take an event's own fee, or that it has none any more."""
        held = self.events.get(word.event_ticker)
        if held is None:
            self.must_read[word.event_ticker] = None
            return
        self._set_event_fee(held, word.fee_type, word.fee_multiplier, at_ms)

    def tick(self, now_ms: int) -> None:
        """Let scheduled fees come into force; whoever takes anything newer calls this first."""
        for change in self.plan.due(now_ms):
            if change.event_ticker is not None:
                event = self.events.get(change.event_ticker)
                if event is not None:
                    self._set_event_fee(event, change.fee_type, change.multiplier, change.scheduled_ms)
            else:
                self._set_series_fee(change)

    def _set_event_fee(self, held: HeldEvent, kind: str | None, multiplier: int | None, at_ms: int) -> None:
        changed = replace(held.event, fee_type_override=kind, fee_multiplier_override=multiplier)
        self._change_event(held, changed, at_ms)

    def _set_series_fee(self, change: FeeChange) -> None:
        held = self.series.get(change.series_ticker)
        if held is None:
            return
        multiplier = held.series.fee_multiplier if change.multiplier is None else change.multiplier
        changed = replace(held.series, fee_type=change.fee_type or held.series.fee_type, fee_multiplier=multiplier)
        self._change_series(held, changed, change.scheduled_ms)

    # Changes

    def _change_series(self, held: HeldSeries, series: Series, as_of_ms: int) -> None:
        changes = series_changes(held.series, series)
        is_same = series == held.series
        held.series, held.as_of_ms = series, as_of_ms
        if not is_same:
            held.is_stored = False
            self._tell(changes, self._markets_of(series.ticker))

    def _change_event(self, held: HeldEvent, event: Event, as_of_ms: int) -> bool:
        changes = event_changes(held.event, event)
        is_same = event == held.event
        held.event, held.as_of_ms = event, as_of_ms
        if not is_same:
            held.is_stored = False
            self._tell(changes, held.tickers)
        return bool(changes)

    def _tell(self, changes: list[Change], tickers: Iterable[str]) -> None:
        self._outbox.tell(changes)
        self._hear(tickers, is_revision=bool(changes))

    def _markets_of(self, series_ticker: str) -> list[str]:
        events = [held for held in self.events.values() if held.event.series_ticker == series_ticker]
        return [ticker for held in events for ticker in held.tickers]
