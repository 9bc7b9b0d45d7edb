"""The error codes of the stream and the words that go with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kalshi_tui.practice.stream.subscription import Subscription

COMPLAINTS: Final[dict[int, str]] = {
    1: "Unable to process message",
    2: "Params required",
    3: "Channels required",
    4: "Subscription IDs required",
    5: "Unknown command",
    7: "Unknown subscription ID",
    8: "Unknown channel name",
    9: "Authentication required",
    10: "Channel error",
    11: "Invalid parameter",
    12: "Exactly one subscription ID is required",
    13: "Unsupported action",
    14: "Market Ticker required",
    15: "Action required",
    18: "Command timeout",
    19: "shard_factor must be > 0",
    20: "shard_factor is required when shard_key is set",
    21: "shard_key must be >= 0 and < shard_factor",
    22: "shard_factor must be <= 100",
    23: "Match IDs required",
    24: "Index IDs required",
    25: "Subscription buffer overflow",
    26: "Subscription market limit exceeded",
    27: "Too many requests",
    28: "Underlying tickers required",
}


class Complaint(Exception):  # noqa: N818 - it is an answer
    """A command that is refused; with `subscription` the refusal is a numbered message of that subscription."""

    def __init__(self, code: int, subscription: Subscription | None = None, tickers: Sequence[str] = ()) -> None:
        super().__init__(f"{code} {COMPLAINTS[code]}")
        self.code = code
        self.subscription = subscription
        self.tickers = tickers

    def body(self) -> dict[str, object]:
        """Return the `msg` of the error message."""
        body: dict[str, object] = {"code": self.code, "msg": COMPLAINTS[self.code]}
        if self.tickers:
            body["market_tickers"] = list(self.tickers)
        return body
