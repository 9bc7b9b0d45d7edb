"""Token buckets: continuous refill in whole milli-tokens, no waiting time told."""

from __future__ import annotations

from typing import Final

from kalshi_tui.practice.records import Account, Bucket
from kalshi_tui.practice.rest.wire import TooMany

DEFAULT_COST: Final = 10
_SHARDS: Final = 64


def take(bucket: Bucket, cost: int, now_ms: int) -> None:
    """Take tokens, all or none, or refuse with 429."""
    held = round(bucket.tokens * 1000) + bucket.refill * max(0, now_ms - bucket.updated_ms)
    held = min(held, bucket.capacity * 1000)
    bucket.updated_ms = now_ms
    enough = held >= cost * 1000
    bucket.tokens = (held - cost * 1000 if enough else held) / 1000
    if not enough:
        raise TooMany


class Meter:
    """The buckets of everybody: two per account, one per account and shard, and one for all who do not sign."""

    def __init__(self, public: Bucket) -> None:
        self._public = public
        self._shards: dict[tuple[str, int], Bucket] = {}

    def charge_public(self, cost: int, now_ms: int) -> None:
        """Charge a request that nobody signed."""
        take(self._public, cost, now_ms)

    def charge(self, account: Account, cost: int, now_ms: int, *, is_write: bool, shard: int = 0) -> None:
        """Charge an account; a single write that names a shard above 0 uses that shard's own bucket."""
        if account.is_house:
            return
        if not is_write:
            take(account.read, cost, now_ms)
        elif 0 < shard < _SHARDS:
            take(self._shard(account, shard), cost, now_ms)
        else:
            take(account.write, cost, now_ms)

    def _shard(self, account: Account, shard: int) -> Bucket:
        write = account.write
        fresh = Bucket(write.refill, write.capacity, float(write.capacity))
        return self._shards.setdefault((account.user_id, shard), fresh)
