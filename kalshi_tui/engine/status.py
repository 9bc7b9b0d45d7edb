"""How the engine is, as one view: its stream, its books, its bounds, and what the process tells of itself."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from kalshi_tui.engine import inputs
from kalshi_tui.link.views import Lag, StatusView, TapeState
from kalshi_tui.protocol.rest import ExchangeStatus

if TYPE_CHECKING:
    from kalshi_tui.engine.kernel import Kernel

_RATE_MS = 2_000


class Status:
    """What the status view is made of."""

    def __init__(self, opening: inputs.Opening) -> None:
        self.opening = opening
        self.frames = 0
        self.heard_ms = 0
        self.exchange: ExchangeStatus | None = None
        self.exchange_read_ms = 0
        self._rules = opening.rules
        self._feed = inputs.FeedSaid(opening.at_ms, "connecting", "not started")
        self._away_since_ms = opening.at_ms
        self._vitals = inputs.Vitals(opening.at_ms, 0, (), {}, Lag(), TapeState())
        self._rates: deque[tuple[int, int]] = deque()

    def take(self, vitals: inputs.Vitals) -> None:
        """Take what the process tells of itself."""
        self._vitals = vitals

    def feed_said(self, said: inputs.FeedSaid) -> bool:
        """Take the feed's word; return whether it has just opened."""
        was_open, self._feed = self.is_open(), said
        if was_open and not self.is_open():
            self._away_since_ms = said.at_ms
        return self.is_open() and not was_open

    def is_open(self) -> bool:
        """Tell whether the stream is connected."""
        return self._feed.state == "open"

    def polled_reason(self, now_ms: int) -> str:
        """Return what to tell about polled books while the stream is away, or nothing while it is not."""
        if self.is_open() or now_ms - self._away_since_ms < self._rules.poll_after_ms:
            return ""
        return f"polled over REST every {self._rules.poll_every_ms / 1000:g} s, and may be 15 s older than that"

    def beat(self, now_ms: int) -> None:
        """Note how many frames have come by now."""
        self._rates.append((now_ms, self.frames))
        while now_ms - self._rates[0][0] > _RATE_MS and len(self._rates) > 2:  # a fast world's beats are far apart
            self._rates.popleft()

    def view(self, kernel: Kernel) -> StatusView:
        """Return the view."""
        opening, vitals, feed, counters = self.opening, self._vitals, self._feed, kernel.stream.counters
        books, live = kernel.following.count_live()
        return StatusView(
            mode=opening.mode,
            environment=opening.environment,
            execution=opening.execution,
            account=opening.account,
            words=opening.words,
            engine_pid=opening.engine_pid,
            program=opening.program,
            started_ms=opening.started_ms,
            now_ms=kernel.now_ms,
            feed=feed.state,
            feed_reason=feed.reason,
            feed_since_ms=feed.at_ms,
            feed_until_ms=feed.until_ms,
            exchange=_exchange_words(self.exchange),
            exchange_until_ms=self.exchange.resume_ms if self.exchange else None,
            heard_ms=self.heard_ms,
            frames=self.frames,
            frames_per_s=self.frames_per_s(),
            books=books,
            books_live=live,
            gaps=counters.gaps,
            resyncs=counters.resyncs,
            malformed=counters.malformed,
            catalogue=kernel.reading.loading() or kernel.reading.not_anew() or "ready",
            series=kernel.catalogue.counts[0],
            events=kernel.catalogue.counts[1],
            markets=kernel.catalogue.counts[2],
            universe=self._rules.universe,
            clients=vitals.clients,
            working=vitals.working,
            bounds=vitals.bounds,
            lag=vitals.lag,
            tape=vitals.tape,
        )

    def frames_per_s(self) -> float:
        """Return how many frames come a second, of late."""
        if len(self._rates) < 2:
            return 0.0
        (first_ms, first), (last_ms, last) = self._rates[0], self._rates[-1]
        return round((last - first) * 1000 / (last_ms - first_ms), 1) if last_ms > first_ms else 0.0


def _exchange_words(exchange: ExchangeStatus | None) -> str:
    if exchange is None:
        return "unknown"
    if not exchange.exchange_active:
        return "exchange paused"
    return "open" if exchange.trading_active else "trading paused"
