"""The channels: what each may be filtered by, and whether its messages are numbered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Ids:
    """The words with which a channel that follows named values, not markets, is asked."""

    param: str
    add: str
    remove: str
    list_action: str
    list_type: str
    missing: int  # the error code when `param` is absent


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel; `routed` is what a message is matched with to find its listeners."""

    name: str
    routed: Literal["market", "member", "value", "all"]
    numbered: bool  # data messages carry `seq`
    filtered: bool = False  # by market tickers
    by_market_id: bool = False
    ids: Ids | None = None


def _values(name: str) -> Channel:
    words = Ids("index_ids", "subscribe_indices", "unsubscribe_indices", "indexlist", f"{name}_indexlist", 24)
    return Channel(name, "value", numbered=True, ids=words)


_PYTH: Final = Ids(
    "underlying_tickers",
    "subscribe_underlyings",
    "unsubscribe_underlyings",
    "underlying_list",
    "pyth_value_underlying_list",
    28,
)

# The last three are known by name and stay silent: nothing on this exchange happens in them.
CHANNELS: Final[dict[str, Channel]] = {
    channel.name: channel
    for channel in (
        Channel("orderbook_delta", "market", numbered=True, filtered=True),
        Channel("ticker", "market", numbered=False, filtered=True, by_market_id=True),
        Channel("trade", "market", numbered=True, filtered=True),
        Channel("fill", "member", numbered=False, filtered=True),
        Channel("market_positions", "member", numbered=False, filtered=True),
        Channel("user_orders", "member", numbered=False, filtered=True),
        Channel("order_group_updates", "member", numbered=True),
        Channel("market_lifecycle_v2", "all", numbered=True),
        _values("cfbenchmarks_value"),
        _values("cfbenchmarks_value_5hz"),
        Channel("pyth_value", "value", numbered=True, ids=_PYTH),
        Channel("multivariate_market_lifecycle", "all", numbered=True),
        Channel("communications", "all", numbered=True),
    )
}
