"""The account's token buckets, kept here too, so that we wait instead of being refused."""

from __future__ import annotations

from typing import Any, Final

from kalshi_tui.errors import LocalProtocolError
from kalshi_tui.protocol.rest.account import AccountLimits, BucketLimit, EndpointCosts
from kalshi_tui.protocol.rest.asking import DEFAULT_COST, Request

# The smallest account; what the account really has is read at the start.
BASIC_READ: Final = BucketLimit(refill_rate=200, capacity=200)
BASIC_WRITE: Final = BucketLimit(refill_rate=100, capacity=100)
CANCEL_SHARE_PERCENT: Final = 20
# A rate in tokens a second is the same number in thousandths of a token a millisecond: integers, no rounding.
_MILLI: Final = 1000


class Bucket:
    """Tokens that refill steadily up to a capacity."""

    def __init__(self, limit: BucketLimit, now_ms: int) -> None:
        """Start full: the venue's bucket is, for an account that has been quiet for a few seconds."""
        _check(limit)
        self.limit = limit
        self._level = limit.capacity * _MILLI
        self._at_ms = now_ms

    def wait_ms(self, tokens: int, now_ms: int) -> int:
        """Return how long until `tokens` are there, 0 when they are."""
        self._refill(now_ms)
        missing = tokens * _MILLI - self._level
        return max(-(-missing // self.limit.refill_rate), 0)

    def level(self, now_ms: int) -> int:
        """Return the tokens that are there."""
        self._refill(now_ms)
        return self._level // _MILLI

    def take(self, tokens: int) -> None:
        """Take tokens that `wait_ms` has found to be there."""
        self._level -= tokens * _MILLI

    def drain(self, now_ms: int) -> None:
        """Count as empty: the venue has said so, and it is the one that counts."""
        self._refill(now_ms)
        self._level = 0

    def resize(self, limit: BucketLimit, now_ms: int) -> None:
        """Go on under another limit; what was saved up stays, as far as it fits."""
        _check(limit)
        self._refill(now_ms)
        spent = self.limit.capacity * _MILLI - self._level
        self._level = max(limit.capacity * _MILLI - spent, 0)
        self.limit = limit

    def _refill(self, now_ms: int) -> None:
        passed = max(now_ms - self._at_ms, 0)
        self._at_ms = max(now_ms, self._at_ms)
        self._level = min(self._level + passed * self.limit.refill_rate, self.limit.capacity * _MILLI)


def _check(limit: BucketLimit) -> None:
    if limit.refill_rate <= 0 or limit.capacity <= 0:
        raise LocalProtocolError(
            f"a bucket of {limit.capacity} tokens with {limit.refill_rate} a second allows nothing",
            hint="the account's limits cannot be right; `kalshi-tui doctor` shows what the venue says",
        )


class Budget:
    """What may be sent now: one bucket for reads, one for writes, and a share of that which only cancels may use.

    Every `now_ms` comes from one clock that never runs backwards.
    """

    def __init__(
        self,
        now_ms: int = 0,
        *,
        read: BucketLimit = BASIC_READ,
        write: BucketLimit = BASIC_WRITE,
        cancel_share_percent: int = CANCEL_SHARE_PERCENT,
    ) -> None:
        """Start with full buckets of the smallest account."""
        self.read = Bucket(read, now_ms)
        self.write = Bucket(write, now_ms)
        self._share = cancel_share_percent
        self._costs: EndpointCosts | None = None

    def take(self, request: Request[Any], now_ms: int) -> int:
        """Take what the request costs and return 0, or take nothing and return the milliseconds to wait."""
        bucket = self.write if request.is_write else self.read
        cost = self.cost_of(request)
        kept = self.reserve if request.is_write and not request.is_cancel else 0
        if cost + kept > bucket.limit.capacity:
            raise LocalProtocolError(
                f"this request costs {cost} tokens and at most {bucket.limit.capacity - kept} are ever free",
                hint="send a smaller batch",
            )
        wait = bucket.wait_ms(cost + kept, now_ms)
        if not wait:
            bucket.take(cost)
        return wait

    def write_tokens(self, now_ms: int) -> int:
        """Return the write tokens that are not kept for cancels."""
        return max(self.write.level(now_ms) - self.reserve, 0)

    def cost_of(self, request: Request[Any]) -> int:
        """Return the tokens of a request, by the account's list where it names the endpoint."""
        if self._costs is None:
            return request.cost * request.units
        # Our own idea of a cost is what the documents said; the list names every exception and wins.
        return self._costs.by_route.get((request.method, request.route), self._costs.default) * request.units

    @property
    def reserve(self) -> int:
        """Return the tokens of the write bucket that only cancels may use: a fifth, and enough for one cancel."""
        capacity = self.write.limit.capacity
        return min(max(capacity * self._share // 100, 2), max(capacity - DEFAULT_COST, 0))

    def learn(self, now_ms: int, *, limits: AccountLimits | None = None, costs: EndpointCosts | None = None) -> None:
        """Go by what the venue says that the account has."""
        if limits is not None:
            self.read.resize(limits.read, now_ms)
            self.write.resize(limits.write, now_ms)
        if costs is not None:
            self._costs = costs

    def refused(self, request: Request[Any], now_ms: int) -> None:
        """Take the venue's 429 as proof that its bucket is empty."""
        (self.write if request.is_write else self.read).drain(now_ms)
