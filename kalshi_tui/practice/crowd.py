"""The crowd: thousands of further markets in events and series of believable sizes, lively within one common bound."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING

import msgspec

from kalshi_tui.practice.crew import Crew
from kalshi_tui.practice.fair import View, last_value
from kalshi_tui.practice.listing import Strike, list_event, named, strikes
from kalshi_tui.practice.live import LiveEvent
from kalshi_tui.practice.newyork import DAY_MS, new_york, new_york_ms
from kalshi_tui.practice.records import Series
from kalshi_tui.practice.worldfile import CrowdSpec, FamilySpec, KindSpec, RecursSpec

if TYPE_CHECKING:
    from kalshi_tui.practice.exchange import Exchange

MOST = 30_000
_SPREAD_STEPS = 0.28  # how far an event's value may stray by its close, as a share of the range its strikes cover
_NAME_STEPS = 1000


class Crowd:
    """Events that the world's command line asked for, each with a walk of its own."""

    def __init__(self, exchange: Exchange, crew: Crew, spec: CrowdSpec) -> None:
        self._exchange = exchange
        self._crew = crew
        self._spec = spec
        self._random = exchange.random
        self._ranked: list[LiveEvent] = []
        self._weights: list[float] = []

    def gather(self, markets: int) -> list[LiveEvent]:
        """List events until so many markets are added, and stock their books."""
        events = list(self._events(markets)) if markets > 0 else []
        for live in events:
            self._crew.stock(live, self._view(live), self._spec.quotes)
        self.adopt(events)
        return events

    def adopt(self, events: list[LiveEvent]) -> None:
        """Take events over, the liveliest first in a seeded order."""
        self._ranked = list(events)
        self._random.shuffle(self._ranked)
        self._weights = list(accumulate((rank + 1) ** -self._spec.zipf for rank in range(len(events))))

    def go(self) -> None:
        """Let makers and takers come."""
        rate = self._spec.looks_per_s + self._spec.takes_per_s
        if self._ranked and rate > 0:
            delay_ms = max(int(self._random.expovariate(rate) * 1000), 1)
            self._exchange.schedule(self._exchange.now_ms + delay_ms, self._act)

    def settled(self, live: LiveEvent) -> tuple[int, str]:
        """Return where an event's own walk ended, in steps of its lattice and as text."""
        self._walk(live)
        steps = round(live.value / live.lattice)
        return steps, f"{steps * live.lattice:g}"

    def _act(self) -> None:
        spec = self._spec
        drawn = self._random.random()
        live = self._ranked[bisect_right(self._weights, self._random.random() * self._weights[-1])]
        if live.close_ms <= self._exchange.now_ms:
            pass
        elif drawn * (spec.looks_per_s + spec.takes_per_s) < spec.takes_per_s:
            self._crew.take(live, spec.takes, spec.quotes.fractional)
        elif drawn < 0.6:
            self._crew.refresh(live, spec.quotes)
        else:
            self._walk(live)
            self._crew.requote(live, self._view(live), spec.quotes)
        self.go()

    def _walk(self, live: LiveEvent) -> None:
        to_ms = min(self._exchange.now_ms, live.close_ms)
        moved = math.sqrt(max(to_ms - live.walked_ms, 0) / 1000)
        live.value += live.per_root_s * moved * self._random.gauss(0.0, 1.0)
        live.walked_ms = to_ms

    def _view(self, live: LiveEvent) -> View:
        return last_value(live.value, live.per_root_s, live.close_ms - live.walked_ms)

    # -- making events

    def _events(self, markets: int) -> Iterator[LiveEvent]:
        kinds = self._spec.kind
        days = {kind.prefix: 0 for kind in kinds}
        shares = [kind.share for kind in kinds]
        while markets > 0:
            kind = self._random.choices(kinds, shares)[0]
            number, days[kind.prefix] = days[kind.prefix], days[kind.prefix] + 1
            size = min(self._random.randint(*kind.sizes), markets)
            live = self._event(kind, number, size)
            markets -= len(live.outcomes)
            yield live

    def _event(self, kind: KindSpec, number: int, size: int) -> LiveEvent:
        day, place = divmod(number, len(kind.subjects))
        code, subject = kind.subjects[place]
        series = f"{kind.prefix}{code}"
        if series not in self._exchange.series:
            self._exchange.add_series(_series(kind, series, subject, self._exchange.now_ms))
        now = self._exchange.now_ms
        close_ms = new_york_ms(new_york(now + (day + 1) * DAY_MS).date(), 10 + number % 12, 0)
        family = _family(kind, series, size)
        value, spread, layout = self._layout(kind, family, size)
        live = list_event(self._exchange, family, layout, (now, close_ms), subject)
        live.value, live.walked_ms = value, now
        live.per_root_s = spread / math.sqrt((close_ms - now) / 1000)
        return live

    def _layout(self, kind: KindSpec, family: FamilySpec, size: int) -> tuple[float, float, list[Strike]]:
        """Return where an event's walk begins, how far it may stray, and the strikes around it."""
        if kind.shape == "names":
            edges = sorted(self._random.sample(range(-_NAME_STEPS, _NAME_STEPS), size - 1))
            return self._random.uniform(-500, 500), _NAME_STEPS / 2, named(self._random.sample(kind.names, size), edges)
        value = self._random.uniform(float(kind.centres[0]), float(kind.centres[1]))
        step = float(kind.strikes.step)
        if kind.shape == "partition" and size < 3:  # the last event, cut to what was left
            family = msgspec.structs.replace(family, strikes=msgspec.structs.replace(family.strikes, kind="greater"))
        layout = strikes(family.strikes, value)
        start = value + self._random.gauss(0.0, 0.5) * step
        return start, step * max(size * _SPREAD_STEPS, 0.8), layout


def _series(kind: KindSpec, ticker: str, subject: str, now_ms: int) -> Series:
    return Series(
        ticker=ticker,
        title=kind.title.format_map({"subject": subject}),
        category=kind.category,
        frequency=kind.frequency,
        fee_type=kind.fee_type,
        last_updated_ms=now_ms,
    )


def _family(kind: KindSpec, series: str, size: int) -> FamilySpec:
    return FamilySpec(
        series=series,
        walk="",
        shape=kind.shape,
        stamp="%y%b%d",
        settlement_timer_s=300,
        grid=kind.grid,
        recurs=RecursSpec(every="day"),
        strikes=msgspec.structs.replace(kind.strikes, count=size),
        words=kind.words,
    )
