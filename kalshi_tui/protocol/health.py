"""Whether a connection is fresh: its pings come, and its messages do not grow older on the way."""

from __future__ import annotations

from kalshi_tui.protocol.patience import Patience

_DRIFT_PER_MS = (
    10_000  # clocks drift apart by up to a tenth of a millisecond a second; a delay that grows faster is one
)


class DelayGauge:
    """Tells how much longer a message took than the fastest one; the clocks' offset is in both and cancels out."""

    def __init__(self) -> None:
        self.excess_ms = 0
        self._fastest: int | None = None
        self._fastest_at_ms = 0

    def see(self, sent_ms: int, heard_ms: int) -> None:
        """Take note of one message."""
        took = heard_ms - sent_ms
        if self._fastest is not None:
            allowed = self._fastest + max(heard_ms - self._fastest_at_ms, 0) // _DRIFT_PER_MS
            if took > allowed:
                self.excess_ms = took - allowed
                return
        self._fastest, self._fastest_at_ms, self.excess_ms = took, heard_ms, 0


class Health:
    """The freshness of one connection; nothing is fresh before it is connected."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._ping_ms: int | None = None
        self._start(0)

    def _start(self, now_ms: int) -> None:
        self._sent = DelayGauge()
        self._changed = DelayGauge()
        self._heard_ms = self._changed_ms = now_ms
        self._stale_since_ms: int | None = None

    def connected(self, now_ms: int) -> None:
        """Start anew: another connection may have another delay."""
        self._start(now_ms)
        self._ping_ms = now_ms

    def disconnected(self) -> None:
        """Nothing is fresh any more."""
        self._ping_ms = None

    def ping(self, now_ms: int) -> None:
        """Take note of the exchange's ping."""
        self._ping_ms = now_ms

    def heard(self, now_ms: int, sent_ms: int, changed_ms: int = 0) -> None:
        """Take note of when a message was sent and when its change happened; 0 means that it does not say."""
        self._heard_ms = max(self._heard_ms, now_ms)
        if sent_ms:
            self._sent.see(sent_ms, now_ms)
        if changed_ms:
            self._changed.see(changed_ms, now_ms)
            self._changed_ms = now_ms
        elif now_ms - self._changed_ms >= self._patience.answer_ms:
            self._changed.excess_ms = 0  # no change for so long: none is left that could be late

    def doubt(self, now_ms: int) -> str:
        """Return why nothing on this connection is fresh, or nothing."""
        reason = self._reason(now_ms)
        if not reason:
            self._stale_since_ms = None
        elif self._stale_since_ms is None:
            self._stale_since_ms = now_ms
        return reason

    def wants_probe(self, now_ms: int) -> bool:
        """Return whether the last message was late and none came since: only another one can settle it."""
        return self._excess_ms() > self._patience.delay_ms and now_ms - self._heard_ms >= self._patience.answer_ms

    def reconnect_reason(self, now_ms: int) -> str:
        """Return why the connection should be replaced, or nothing."""
        since = self._stale_since_ms
        if since is None or now_ms - since < self._patience.reconnect_ms:
            return ""
        return self._reason(now_ms)

    def _excess_ms(self) -> int:
        return max(self._sent.excess_ms, self._changed.excess_ms)

    def _reason(self, now_ms: int) -> str:
        if self._ping_ms is None:
            return "not connected"
        if now_ms - self._ping_ms > self._patience.ping_ms:
            return f"no ping from the exchange for {(now_ms - self._ping_ms) / 1_000:.0f} s"
        if self._excess_ms() > self._patience.delay_ms:
            return f"messages come {self._excess_ms() / 1_000:.1f} s late"
        return ""
