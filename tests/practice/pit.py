"""A small trading pit for the tests: one exchange, one open market, and members with cash."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from kalshi_tui.core.units import Price, Size
from kalshi_tui.practice.exchange import Exchange, Outcome, Rules
from kalshi_tui.practice.happenings import Happening
from kalshi_tui.practice.records import (
    Account,
    Event,
    Market,
    NewOrder,
    Order,
    Position,
    Refusal,
    Series,
    Side,
)

START_MS: Final = 1_790_000_000_000  # some whole second
OPEN_MS: Final = START_MS - 3_600_000
CLOSE_MS: Final = START_MS + 3_600_000
DOLLAR: Final = 1_000_000
MINUTE: Final = 60_000


class Pit(Exchange):
    """An exchange with market M of event E of series S, which notes all that it is told."""

    def __init__(self, *, rules: Rules | None = None, fee_type: str = "quadratic", multiplier: int = 1_000_000) -> None:
        super().__init__(seed=7, start_ms=START_MS, rules=rules or Rules())
        self.told: list[Happening] = []
        self.listen(self.told.append)
        self.add_series(Series("S", "Series", "Economics", fee_type=fee_type, fee_multiplier=multiplier))
        self.add_event(Event("E", "S", "Event"))
        self.list_market("M")

    def list_market(self, ticker: str, **fields: Any) -> Market:
        """List one more market, open for an hour."""
        fields = {"open_ms": OPEN_MS, "close_ms": CLOSE_MS, "settlement_timer_s": 60, **fields}
        market = Market(ticker, "E", f"id-{ticker}", **fields)
        self.add_market(market)
        return market

    @property
    def market(self) -> Market:
        """The market that orders go to unless they say otherwise."""
        return self.markets["M"]

    def member(self, name: str, dollars: float = 1_000) -> str:
        """Open an account that is called by its name."""
        return self.open_account(cash=int(dollars * DOLLAR), user_id=name).user_id

    def bid(self, user_id: str, cents: float, contracts: float, **terms: Any) -> Outcome:
        """Buy YES."""
        return self.create(user_id, order("bid", cents, contracts, **terms))

    def ask(self, user_id: str, cents: float, contracts: float, **terms: Any) -> Outcome:
        """Sell YES, which is to buy NO."""
        return self.create(user_id, order("ask", cents, contracts, **terms))

    def change(self, user_id: str, old: Order, *, cents: float, contracts: float, **terms: Any) -> Outcome:
        """Amend an order's price and its count (filled plus resting)."""
        wish: dict[str, Any] = {"ticker": old.ticker, "side": old.side, **terms}
        return self.amend(user_id, old.order_id, price=round(cents * 100), count=round(contracts * 100), **wish)

    def account(self, user_id: str) -> Account:
        """Return a member's account."""
        return self.accounts[user_id]

    def cash(self, user_id: str, subaccount: int = 0, shard: int = 0) -> int:
        """Return a purse's cash, reserved or not."""
        return self.accounts[user_id].cash.get((subaccount, shard), 0)

    def reserved(self, user_id: str) -> int:
        """Return what the primary purse's resting orders hold."""
        return self.accounts[user_id].reserved.get((0, 0), 0)

    def position(self, user_id: str, ticker: str = "M") -> Position:
        """Return a position of the primary subaccount."""
        return self.positions[user_id, 0, ticker]

    def status(self, ticker: str = "M") -> str:
        """Return where a market stands in its life."""
        return self.markets[ticker].status

    def levels(self, side: Side, ticker: str = "M") -> dict[int, int]:
        """Return one side's sizes by price, best first."""
        market = self.markets[ticker]
        held = market.bids if side == "bid" else market.asks
        return {price: held[price].size for price in sorted(held, reverse=side == "bid")}


@contextmanager
def refuses(status: int, code: str, details: str | None = None) -> Iterator[None]:
    """Expect a refusal."""
    with pytest.raises(Refusal) as caught:
        yield
    assert (caught.value.status, caught.value.code) == (status, code)
    assert details in {None, caught.value.details}


def order(side: Side, cents: float, contracts: float, **terms: Any) -> NewOrder:
    """Make an order: good till canceled and `taker_at_cross` unless told otherwise."""
    fields: dict[str, Any] = {
        "ticker": "M",
        "time_in_force": "good_till_canceled",
        "self_trade_prevention": "taker_at_cross",
        **terms,
    }
    return NewOrder(side=side, price=Price(round(cents * 100)), count=Size(round(contracts * 100)), **fields)
