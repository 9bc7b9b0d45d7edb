"""What the house does at one event: look, quote anew, replace, take, and now and then err."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kalshi_tui.practice.fair import View, chance
from kalshi_tui.practice.live import LiveEvent
from kalshi_tui.practice.makers import House, Mark
from kalshi_tui.practice.records import Market
from kalshi_tui.practice.worldfile import QuotesSpec, TakesSpec

if TYPE_CHECKING:
    from kalshi_tui.practice.exchange import Exchange

_SLIP_MS = (2_000, 7_000)
_SLIP = (0.02, 0.05)
_IDLE = 0.01  # the weight of a market whose outcome is certain


class Crew:
    """Makers and takers at work; all markets of an event are quoted from one look, so that they agree."""

    def __init__(self, exchange: Exchange, house: House) -> None:
        self._exchange = exchange
        self._house = house
        self._random = exchange.random

    def stock(self, live: LiveEvent, view: View, quotes: QuotesSpec) -> None:
        """Fill the event's empty books."""
        live.mean, live.spread = view
        for market, fair in self._open(live):
            if not market.bids and not market.asks:
                self._house.stock(Mark(market, fair, quotes))

    def requote(self, live: LiveEvent, view: View, quotes: QuotesSpec) -> None:
        """Look at the walk and correct what has become wrong."""
        if live.slip_until_ms < self._exchange.now_ms:
            live.slipped = -1
        live.mean, live.spread = view
        for market, fair in self._open(live):
            self._house.correct(Mark(market, fair, quotes))

    def refresh(self, live: LiveEvent, quotes: QuotesSpec) -> None:
        """Replace an order in one of the event's markets."""
        for market, fair in self._pick(live):
            self._house.refresh(Mark(market, fair, quotes))

    def take(self, live: LiveEvent, takes: TakesSpec, fractional: float) -> None:
        """Hit a quote in one of the event's markets."""
        for market, _ in self._pick(live):
            self._house.take(market, takes, fractional)

    def slip(self, live: LiveEvent, view: View, quotes: QuotesSpec) -> None:
        """Let the makers of one market err by some cents for some seconds: the free money of this world."""
        live.slipped = self._random.randrange(len(live.outcomes))
        live.slip = self._random.choice((-1, 1)) * self._random.uniform(*_SLIP)
        live.slip_until_ms = self._exchange.now_ms + self._random.randint(*_SLIP_MS)
        self.requote(live, view, quotes)

    def _open(self, live: LiveEvent) -> Iterator[tuple[Market, float]]:
        """Yield each tradable market with what its makers hold it to be worth since their last look."""
        if not (self._exchange.trading_active and self._exchange.exchange_active):
            return
        view = View(live.mean, live.spread)
        for number, outcome in enumerate(live.outcomes):
            market = self._exchange.markets[outcome.ticker]
            if market.status == "active":
                fair = chance(view, live.lattice, outcome.lower, outcome.upper)
                slip = live.slip if number == live.slipped else 0.0
                yield market, min(max(fair + slip, 0.0), 1.0)

    def _pick(self, live: LiveEvent) -> list[tuple[Market, float]]:
        """Choose a market, or none: those of uncertain outcome are traded most."""
        rows = list(self._open(live))
        return self._random.choices(rows, [fair * (1 - fair) + _IDLE for _, fair in rows]) if rows else []
