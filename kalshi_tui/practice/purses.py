"""Moving cash between subaccounts and shards, and what a member is worth."""

from __future__ import annotations

from collections.abc import Iterable

from kalshi_tui.practice import refusals
from kalshi_tui.practice.accounts import Accounts
from kalshi_tui.practice.floor import Floor
from kalshi_tui.practice.records import Position

Purse = tuple[int, int]  # (subaccount, exchange shard)


class Purses:
    """The cash side of an account: one purse for each subaccount and exchange shard."""

    def __init__(self, floor: Floor, accounts: Accounts) -> None:
        self._floor = floor
        self._accounts = accounts

    def create_subaccount(self, user_id: str) -> int:
        """Open the next subaccount."""
        account = self._accounts.get(user_id)
        if len(account.subaccounts) >= self._floor.rules.subaccount_cap:
            raise refusals.too_many("subaccounts")
        number = account.subaccounts[-1] + 1
        account.subaccounts.append(number)
        return number

    def move(self, user_id: str, source: Purse, destination: Purse, amount: int) -> None:
        """Move cash from one purse to another."""
        account = self._accounts.get(user_id)
        for number, shard in (source, destination):
            if number not in account.subaccounts:
                raise refusals.invalid("unknown subaccount")
            if not 0 <= shard <= self._floor.rules.shard_cap:
                raise refusals.invalid("unknown exchange shard")
        if amount <= 0 or source == destination:
            raise refusals.invalid("a transfer needs an amount and two different places")
        if account.cash.get(source, 0) - account.reserved.get(source, 0) < amount:
            raise refusals.insufficient_balance()
        account.cash[source] = account.cash.get(source, 0) - amount
        account.cash[destination] = account.cash.get(destination, 0) + amount

    def available(self, user_id: str, subaccount: int, exchange_index: int | None) -> int:
        """Return the cash that no resting order holds, of one shard or of all."""
        account = self._accounts.get(user_id)
        purses = [key for key in account.cash if key[0] == subaccount and exchange_index in (None, key[1])]
        return sum(account.cash[key] - account.reserved.get(key, 0) for key in purses)

    def portfolio_value(self, user_id: str, subaccount: int, exchange_index: int | None) -> int:
        """Return what the open positions are worth: at the settlement value, else the last price, else their cost."""
        self._accounts.get(user_id)
        return sum(self._worth(position) for position in self._open(user_id, subaccount, exchange_index))

    def _open(self, user_id: str, subaccount: int, exchange_index: int | None) -> Iterable[Position]:
        for (owner, number, ticker), position in self._floor.positions.items():
            mine = owner == user_id and number == subaccount and position.size != 0
            if mine and exchange_index in (None, self._floor.markets[ticker].exchange_index):
                yield position

    def _worth(self, position: Position) -> int:
        market = self._floor.markets[position.ticker]
        mark = market.settlement_value if market.settlement_value is not None else market.last_price or None
        if mark is None:
            return position.cost
        return position.size * mark if position.size > 0 else -position.size * (10_000 - mark)
