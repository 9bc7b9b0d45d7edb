"""What a risk check is given and what it may answer: it sees numbers, and it can only deny what adds risk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from msgspec import Struct

from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Money, Price, Size

Scope = Literal["order", "market", "event", "group", "total"]


class Exposure(Struct, frozen=True, gc=False):
    """The most that can still be lost in one place, before and with the order; losses are above zero.

    It counts positions, everything that works, everything whose fate is unknown and every cancel that is not confirmed,
    filled in the worst way.
    """

    name: str
    before: Money
    after: Money


class RiskPicture(Struct, frozen=True, gc=False):
    """One order and what would follow from it; a figure that is not known is None, and unknown means no."""

    ticker: str
    event_ticker: str
    series_ticker: str
    side: Side
    price: Price
    size: Size
    adds_risk: bool
    at_risk: Money  # the most that this order alone can lose, fees counted
    held: Size  # above zero in YES, below in NO
    worst_size: Size  # the most contracts that may be held on either side of this market afterwards
    market: Exposure
    event: Exposure
    groups: tuple[Exposure, ...]  # what moves together: the series, and named groups
    total: Exposure
    sets_before: int  # events in which something is held or works
    sets_after: int
    orders_today: int
    balance: Money | None
    day_result: Money | None  # since midnight in New York, at prices that could be had; a loss is below zero
    is_live: bool  # whether the money is real
    live_days: int | None  # since the first order with real money; None before it


class Denial(Struct, frozen=True, gc=False):
    """Why an order is not to be sent: a code that docs explain, a sentence, and what was measured against what."""

    code: str
    words: str
    used: int | None = None
    limit: int | None = None


class Usage(Struct, frozen=True, gc=False):
    """How much of a limit is used, for people to see."""

    name: str
    used: int
    limit: int
    unit: Literal["contracts", "dollars", "orders", "sets"]


class RiskCheck(Protocol):
    """A rule that looks at a picture; pure, and quick: it runs twice for each ticket."""

    @property
    def name(self) -> str:
        """Return its name, unique in its distribution."""

    def judge(self, picture: RiskPicture) -> Denial | None:
        """Return why not, or nothing; raising denies, too."""

    def usage(self, picture: RiskPicture) -> Usage | None:
        """Return how much of its limit is used by what is there already, or nothing where that says little."""


Options = Mapping[str, int]
"""The settings of the table `limits`, in the units of money and size."""
