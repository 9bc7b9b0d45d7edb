"""The practice exchange: one synchronous, deterministic core; every verb of its members and of its director is here.

What a member may be refused raises `records.Refusal`; what only a world's director can get wrong raises `ValueError`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kalshi_tui.core.units import Price
from kalshi_tui.practice import book
from kalshi_tui.practice.accounts import Accounts
from kalshi_tui.practice.candles import Candle
from kalshi_tui.practice.collateral import Collateral
from kalshi_tui.practice.entry import Amendment, Entry, Outcome, Place
from kalshi_tui.practice.floor import Floor
from kalshi_tui.practice.groups import Groups
from kalshi_tui.practice.lifecycle import Lifecycle
from kalshi_tui.practice.matching import Matching
from kalshi_tui.practice.purses import Purse, Purses
from kalshi_tui.practice.records import (
    Account,
    ApiKey,
    Band,
    Event,
    FeeChange,
    Fill,
    Market,
    NewOrder,
    Order,
    OrderGroup,
    Result,
    Series,
    Settlement,
    Side,
    Trade,
)
from kalshi_tui.practice.resting import Resting
from kalshi_tui.practice.rules import DEFAULT, Rules

__all__ = ["Candle", "Exchange", "Outcome", "Rules"]


class Exchange(Floor):
    """The floor with its parts; each verb is one action, told to the listeners when it is over."""

    def __init__(self, *, seed: int, start_ms: int, rules: Rules = DEFAULT) -> None:
        super().__init__(seed=seed, start_ms=start_ms, rules=rules)
        self._collateral = Collateral(self)
        self._accounts = Accounts(self, self._collateral)
        self._purses = Purses(self, self._accounts)
        self._resting = Resting(self, self._collateral)
        self._groups = Groups(self, self._accounts, self._resting)
        self._matching = Matching(self, self._accounts, self._resting, self._groups)
        self._entry = Entry(self, self._collateral, self._resting, self._groups, self._matching)
        self._life = Lifecycle(self, self._resting)

    # Listing

    def add_series(self, series: Series) -> None:
        """List a series."""
        self._life.add_series(series)

    def add_event(self, event: Event) -> None:
        """List an event."""
        self._life.add_event(event)
        self.flush()

    def add_market(self, market: Market) -> None:
        """List a market; it opens and closes by its times."""
        self._life.add_market(market)
        self.flush()

    def forget_event(self, ticker: str) -> None:
        """Let go of an event that is over, with its markets and all that was kept of them but members' histories."""
        for market in self.events[ticker].market_tickers:
            self._tape.forget(market)
            self._candles.forget(market)
        self._life.forget_event(ticker)

    # Members

    def open_account(self, *, cash: int, user_id: str | None = None, house: bool = False) -> Account:
        """Open an account with cash in its primary subaccount on shard 0."""
        return self._accounts.open(cash=cash, user_id=user_id, house=house)

    def add_key(self, key: ApiKey) -> None:
        """Let a public key sign for its account."""
        self._accounts.get(key.user_id)
        self.keys[key.key_id] = key

    def create_subaccount(self, user_id: str) -> int:
        """Open a member's next subaccount and return its number."""
        return self._purses.create_subaccount(user_id)

    def transfer(self, user_id: str, source: int, destination: int, amount: int, *, shard: int = 0) -> None:
        """Move cash between two subaccounts, on one shard."""
        self.move_cash(user_id, (source, shard), (destination, shard), amount)

    def shard_transfer(self, user_id: str, source_shard: int, destination_shard: int, amount: int) -> None:
        """Move the primary subaccount's cash between two shards."""
        self.move_cash(user_id, (0, source_shard), (0, destination_shard), amount)

    def move_cash(self, user_id: str, source: Purse, destination: Purse, amount: int) -> None:
        """Move cash between two purses, each named by its subaccount and its shard."""
        self._entry.require_exchange()
        self._purses.move(user_id, source, destination, amount)

    def available(self, user_id: str, subaccount: int = 0, exchange_index: int | None = None) -> int:
        """Return the cash that no resting order holds."""
        return self._purses.available(user_id, subaccount, exchange_index)

    def portfolio_value(self, user_id: str, subaccount: int = 0, exchange_index: int | None = None) -> int:
        """Return what the open positions are worth now."""
        return self._purses.portfolio_value(user_id, subaccount, exchange_index)

    # Orders

    def create(self, user_id: str, new: NewOrder) -> Outcome:
        """Place an order."""
        outcome = self._entry.create(user_id, new)
        self.flush()
        return outcome

    def amend(
        self,
        user_id: str,
        order_id: str,
        *,
        ticker: str,
        side: Side,
        price: int,
        count: int,
        client_order_id: str | None = None,
        updated_client_order_id: str | None = None,
        expiration_ms: int | None = None,
        subaccount: int | None = None,
        exchange_index: int = -1,
    ) -> Outcome:
        """Change an order's price, size or end; `count` is what is filled plus what shall rest.

        An end of 0 takes the end away, None leaves it as it is.
        """
        names = (client_order_id, updated_client_order_id)
        wish = Amendment(ticker, side, price, count, *names, expiration_ms, subaccount, exchange_index)
        outcome = self._entry.amend(user_id, order_id, wish)
        self.flush()
        return outcome

    def decrease(
        self,
        user_id: str,
        order_id: str,
        *,
        reduce_by: int | None,
        reduce_to: int | None,
        subaccount: int | None = None,
        ticker: str | None = None,
        exchange_index: int | None = -1,
    ) -> Order:
        """Make an order smaller where it stands."""
        place = Place(subaccount, ticker, exchange_index)
        order = self._entry.decrease(user_id, order_id, reduce_by=reduce_by, reduce_to=reduce_to, place=place)
        self.flush()
        return order

    def cancel(
        self,
        user_id: str,
        order_id: str,
        *,
        subaccount: int | None = None,
        ticker: str | None = None,
        exchange_index: int | None = None,
        reason: str = "",
    ) -> tuple[Order, int]:
        """Cancel an order; return it with the size that was taken off."""
        place = Place(subaccount, ticker, exchange_index)
        result = self._entry.cancel(user_id, order_id, place=place, reason=reason)
        self.flush()
        return result

    def cancel_all(self, user_id: str, *, subaccount: int | None = None, most: int = 10_000) -> int:
        """Cancel a member's resting orders, the oldest first; return how many."""
        count = self._entry.cancel_all(user_id, subaccount=subaccount, most=most)
        self.flush()
        return count

    def queue_ahead(self, order: Order) -> int:
        """Return the size that would be matched before a resting order; nothing for one that has ended."""
        return book.queue_ahead(self.markets[order.ticker], order) if order.remaining else 0

    # Order groups

    def create_group(self, user_id: str, limit: int, subaccount: int = 0, exchange_index: int = 0) -> OrderGroup:
        """Open an order group that trips when more than `limit` fills within 15 seconds."""
        self._entry.require_exchange()
        group = self._groups.create(user_id, limit, subaccount, exchange_index)
        self.flush()
        return group

    def set_group_limit(self, user_id: str, group_id: str, limit: int) -> OrderGroup:
        """Change a group's limit."""
        self._entry.require_exchange()
        group = self._groups.set_limit(user_id, group_id, limit)
        self.flush()
        return group

    def reset_group(self, user_id: str, group_id: str) -> OrderGroup:
        """Let a tripped group take orders again."""
        self._entry.require_exchange()
        group = self._groups.reset(user_id, group_id)
        self.flush()
        return group

    def trigger_group(self, user_id: str, group_id: str) -> OrderGroup:
        """Trip a group by hand."""
        self._entry.require_exchange()
        group = self._groups.trigger(user_id, group_id)
        self.flush()
        return group

    def delete_group(self, user_id: str, group_id: str) -> OrderGroup:
        """Cancel a group's orders and forget it."""
        self._entry.require_exchange()
        group = self._groups.delete(user_id, group_id)
        self.flush()
        return group

    # What was

    def orders_of(self, user_id: str) -> Sequence[Order]:
        """Return a member's orders, oldest first."""
        return self._accounts.history(user_id).orders

    def resting_of(self, user_id: str) -> Sequence[Order]:
        """Return a member's working orders, oldest first."""
        return list(self._accounts.history(user_id).resting.values())

    def fills_of(self, user_id: str) -> Sequence[Fill]:
        """Return a member's fills, oldest first."""
        return self._accounts.history(user_id).fills

    def settlements_of(self, user_id: str) -> Sequence[Settlement]:
        """Return a member's settlements, oldest first."""
        return self._accounts.history(user_id).settlements

    def trades_of(self, ticker: str) -> Sequence[Trade]:
        """Return a market's kept trades, oldest first."""
        return self._tape.trades_of(ticker)

    def recent_trades(self) -> Sequence[Trade]:
        """Return the kept trades of all markets, oldest first."""
        return self._tape.recent()

    def candles(self, ticker: str, period_minutes: int, start_s: int, end_s: int) -> list[Candle]:
        """Return the candles of 1, 60 or 1,440 minutes that end in [start_s, end_s]."""
        return self._candles.between(ticker, period_minutes, start_s, end_s)

    # The director's verbs

    def pause_trading(self) -> None:
        """Take nothing that adds risk, in any market."""
        self._life.pause_trading()
        self.flush()

    def resume_trading(self) -> None:
        """End a trading pause."""
        self.trading_active = True

    def pause_exchange(self, resume_ms: int | None = None) -> None:
        """Take nothing at all."""
        self._life.pause_exchange(resume_ms)
        self.flush()

    def resume_exchange(self) -> None:
        """End an exchange pause."""
        self.exchange_active = True
        self.resume_ms = None

    def pause_market(self, ticker: str) -> None:
        """Stop one market."""
        self._life.pause_market(ticker)
        self.flush()

    def resume_market(self, ticker: str) -> None:
        """Open a paused market again; its resting orders are cancelled."""
        self._life.resume_market(ticker)
        self.flush()

    def move_close(self, ticker: str, close_ms: int) -> None:
        """Move a market's close, earlier or later."""
        self._life.move_close(ticker, close_ms)
        self.flush()

    def close_market(self, ticker: str) -> None:
        """Close a market now."""
        self.move_close(ticker, self.now_ms)

    def determine(self, ticker: str, result: Result, *, value: Price | None = None, expiration_value: str = "") -> None:
        """Set a market's result; `value` is what one YES gets when the result is scalar."""
        self._life.determine(ticker, result, value, expiration_value)
        self.flush()

    def dispute(self, ticker: str) -> None:
        """Hold a determined market's payment back."""
        self._life.dispute(ticker)

    def amend_result(
        self, ticker: str, result: Result, *, value: Price | None = None, expiration_value: str = ""
    ) -> None:
        """Replace a result that was not paid yet."""
        self._life.amend_result(ticker, result, value, expiration_value)
        self.flush()

    def settle(self, ticker: str) -> None:
        """Pay a determined market now."""
        self._life.settle(ticker)
        self.flush()

    def change_grid(self, ticker: str, label: str, bands: Sequence[Band]) -> None:
        """Give a market another price grid; resting orders stay."""
        self._life.change_grid(ticker, label, tuple(bands))
        self.flush()

    def set_event_fee(self, event_ticker: str, fee_type: str | None, multiplier: int | None) -> None:
        """Set or lift an event's own fee."""
        self._life.set_event_fee(event_ticker, fee_type, multiplier)
        self.flush()

    def schedule_fee_change(self, change: FeeChange) -> None:
        """Announce a fee that holds from its time on."""
        self._life.schedule_fee_change(change)

    def update_metadata(self, ticker: str, **fields: Any) -> None:
        """Change words, strikes or dates of a market."""
        self._life.update_metadata(ticker, fields)
        self.flush()
