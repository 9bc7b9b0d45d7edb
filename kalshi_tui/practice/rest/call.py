"""One call on its way through the door: who asks, what for, and how old the answer may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from kalshi_tui.practice import refusals
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.records import Account, ApiKey, Market, Refusal
from kalshi_tui.practice.rest.auth import subaccount_for
from kalshi_tui.practice.rest.body import Body
from kalshi_tui.practice.rest.query import Query
from kalshi_tui.practice.rest.transfers import Transfers
from kalshi_tui.practice.rest.wire import HttpRequest

Method = Literal["GET", "POST", "PUT", "DELETE"]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: where it is, what it costs and who may ask."""

    method: Method
    path: str
    operation: str
    run: Callable[[Call], object]
    status: int = 200
    scope: str = ""  # empty: nobody needs to sign
    cost: int = 10
    per_item: bool = False  # the cost is that of one of the body's orders


@dataclass
class Call:
    """A request that was routed, with what its handler needs."""

    exchange: Exchange
    transfers: Transfers
    route: Route
    request: HttpRequest
    arguments: Mapping[str, str]
    key: ApiKey | None

    @cached_property
    def query(self) -> Query:
        """Return the query's parameters."""
        return Query(self.route.operation, self.request.query)

    @cached_property
    def body(self) -> Body:
        """Return the body's fields."""
        content_type = self.request.headers.get("content-type", "")
        return Body.read(f"{self.route.operation}Request", self.request.body, content_type)

    @property
    def signer(self) -> ApiKey:
        """Return the key that signed."""
        if self.key is None:
            raise Refusal(401, "signature_is_missing_from_headers")
        return self.key

    @property
    def user_id(self) -> str:
        """Return whose account this is about."""
        return self.signer.user_id

    @property
    def account(self) -> Account:
        """Return the account that this is about."""
        return self.exchange.accounts[self.user_id]

    def subaccount(self, asked: int | None) -> int | None:
        """Return the subaccount to look at, None for all."""
        return subaccount_for(self.signer, asked)

    def asked_subaccount(self) -> int | None:
        """Return the subaccount that the query names, None for all."""
        return self.subaccount(self.query.integer("subaccount", maximum=63))

    def body_subaccount(self) -> int:
        """Return the subaccount that the body names; the primary one when it names none."""
        asked = self.body.integer("subaccount")
        if asked is not None and not 0 <= asked <= 63:
            raise self.body.invalid("subaccount")
        return self.subaccount(asked) or 0

    def unbound(self) -> None:
        """Refuse what is not of one subaccount to a key that is bound to one."""
        if self.signer.subaccount is not None:
            raise Refusal(403, "forbidden", details="this API key is restricted to one subaccount")

    def market(self, ticker: str) -> Market:
        """Return a market or refuse with 404."""
        market = self.exchange.markets.get(ticker)
        if market is None:
            raise refusals.no_such_market()
        return market
