"""What may be watched: each key names one view, and whoever watches it is sent its latest picture when it changes."""

from __future__ import annotations

import re
from typing import Final, Literal

from msgspec import Struct

Sort = Literal["event", "volume", "close", "open"]
LADDER_DEPTH = 200
_TICKER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,127}")


class _Key(Struct, frozen=True, gc=False, tag=True):
    pass


class StatusKey(_Key, frozen=True):
    """How the engine is: mode, stream, books, bounds, lag."""


class MarketsKey(_Key, frozen=True):
    """A page of the list of markets; `search` is words that must all occur in tickers and titles."""

    search: str = ""
    series: str = ""
    category: str = ""
    sort: Sort = "event"
    offset: int = 0
    count: int = 50


class MarketKey(_Key, frozen=True):
    """What a market is: words, rules, grid, times, fee."""

    ticker: str


class LadderKey(_Key, frozen=True):
    """A market's book, at most `depth` levels of each side."""

    ticker: str
    depth: int = LADDER_DEPTH


class TradesKey(_Key, frozen=True):
    """The latest trades of a market, newest first."""

    ticker: str
    count: int = 100


class NoticesKey(_Key, frozen=True):
    """What the engine has announced, newest first."""

    count: int = 50


class ValuesKey(_Key, frozen=True):
    """Index values and the reference values of a practice world."""


class TicketKey(_Key, frozen=True):
    """A ticket, judged anew while it is open."""

    number: int


class OrdersKey(_Key, frozen=True):
    """Orders, the newest first; those that work come before all others."""

    ticker: str = ""
    only_working: bool = False
    count: int = 200


class FillsKey(_Key, frozen=True):
    """Fills, the newest first."""

    ticker: str = ""
    count: int = 200


class PositionsKey(_Key, frozen=True):
    """The portfolio: positions, payoffs, cash, profit."""


class TradingKey(_Key, frozen=True):
    """Whether orders may be sent: armed, limits, differences, kill."""


def may_be_ticker(text: str) -> bool:
    """Tell whether a market may have this name; a comma in it would make two of it where many are asked for at once."""
    return _TICKER.fullmatch(text) is not None


Key = (
    StatusKey
    | MarketsKey
    | MarketKey
    | LadderKey
    | TradesKey
    | NoticesKey
    | ValuesKey
    | TicketKey
    | OrdersKey
    | FillsKey
    | PositionsKey
    | TradingKey
)
