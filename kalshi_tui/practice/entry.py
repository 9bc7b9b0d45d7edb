"""What members ask of the matching engine: create, amend, decrease, cancel; each is checked whole before it is done."""

from __future__ import annotations

from dataclasses import dataclass, field

from kalshi_tui.practice import book, refusals
from kalshi_tui.practice.accounts import Accounts
from kalshi_tui.practice.floor import Floor
from kalshi_tui.practice.groups import Groups
from kalshi_tui.practice.matching import Matching, Take
from kalshi_tui.practice.records import Account, Fill, Market, NewOrder, Order, Side
from kalshi_tui.practice.resting import Resting


@dataclass(slots=True)
class Outcome:
    """What became of a create or an amendment: the order, and what it took at once."""

    order: Order
    fills: list[Fill] = field(default_factory=list)


class Entry:
    """The desk where orders are handed in."""

    def __init__(self, floor: Floor, accounts: Accounts, resting: Resting, groups: Groups, matching: Matching) -> None:
        self._floor = floor
        self._accounts = accounts
        self._resting = resting
        self._groups = groups
        self._matching = matching

    # Create

    def create(self, user_id: str, new: NewOrder) -> Outcome:
        """Take a new order, or refuse it and change nothing (but a killed fill-or-kill burns its id)."""
        account = self._accounts.get(user_id)
        market = self._market(new.ticker, new.exchange_index)
        self._require_open(market)
        self._check_shape(account, market, new)
        self._groups.admit(user_id, new, market.exchange_index)
        self._check_id(account, new.client_order_id)
        count = self._capped(account, new) if new.reduce_only else new.count
        if not account.is_house and count:
            self._check_caps(account)
            self._accounts.require(account, market, new.subaccount, new.side, new.price, count, None)
        order = self._make(user_id, market, new)
        whole = new.time_in_force == "fill_or_kill" and self._kill_unless_fillable(order, market, count)
        self._register(account, order)
        order.remaining = count
        if not count:
            self._resting.end(order, "canceled", "ReduceOnlyCancel")
            self._resting.note(order)
            return Outcome(order)
        return self._run(order, market, rests=new.time_in_force == "good_till_canceled", whole=whole)

    def _run(self, order: Order, market: Market, *, rests: bool, whole: bool) -> Outcome:
        """Match an order, then rest or end what remains of it."""
        crosses = order.price >= market.best_ask if order.side == "bid" else order.price <= market.best_bid
        take = self._matching.take(order, market, whole=whole) if crosses else None
        if order.remaining and rests and not (take is not None and take.stopped):
            self._resting.rest(order)
            self._floor.book_changed(market, order.side, order.price, order.remaining, order)
            if order.expiration_ms is not None:
                self._resting.expire_later(order, order.expiration_ms)
        else:
            self._resting.end(order, "executed" if order.filled else "canceled", order.last_update_reason)
        self._resting.note(order)
        return self._outcome(order, take)

    def _outcome(self, order: Order, take: Take | None) -> Outcome:
        if take is None:
            return Outcome(order)
        if take.touched:
            self._groups.sweep(take.touched)
        return Outcome(order, take.fills)

    def _market(self, ticker: str, exchange_index: int) -> Market:
        market = self._floor.markets.get(ticker)
        if market is None or (exchange_index >= 0 and exchange_index != market.exchange_index):
            raise refusals.no_such_market()
        return market

    def _require_open(self, market: Market) -> None:
        """Refuse what adds risk while the exchange, trading or the market stands still."""
        self.require_exchange()
        if not self._floor.trading_active:
            raise refusals.trading_paused()
        if market.status == "active":
            return
        raise refusals.market_inactive() if market.status in ("initialized", "inactive") else refusals.market_closed()

    def require_exchange(self) -> None:
        """Refuse everything while the exchange is paused."""
        if not self._floor.exchange_active:
            raise refusals.exchange_paused()

    def _check_shape(self, account: Account, market: Market, new: NewOrder) -> None:
        if new.subaccount not in account.subaccounts:
            raise refusals.invalid("unknown subaccount")
        if not book.allows(market, new.price):
            raise refusals.invalid_price()
        if not 0 < new.count <= self._floor.rules.order_size_cap:
            raise refusals.invalid_size()
        rests = new.time_in_force == "good_till_canceled"
        if new.expiration_ms is not None:
            if not rests:
                raise refusals.invalid_order("expiration needs good_till_canceled")
            if new.expiration_ms <= self._floor.now_ms:
                raise refusals.invalid_order("expiration is in the past")
        if new.reduce_only and rests:
            raise refusals.invalid_order("reduce only needs immediate_or_cancel or fill_or_kill")
        if new.post_only:
            if not rests:
                raise refusals.invalid_order("post only needs good_till_canceled")
            if book.crosses(market, new.side, new.price):
                raise refusals.post_only_cross()

    def _check_id(self, account: Account, client_order_id: str | None) -> None:
        if client_order_id and client_order_id in self._floor.histories[account.user_id].ids:
            raise refusals.duplicate()

    def _check_caps(self, account: Account) -> None:
        if len(self._floor.histories[account.user_id].resting) >= self._floor.rules.open_order_cap:
            raise refusals.too_many("open orders")

    def _capped(self, account: Account, new: NewOrder) -> int:
        position = self._floor.positions.get((account.user_id, new.subaccount, new.ticker))
        held = 0 if position is None else position.size
        reducible = max(-held if new.side == "bid" else held, 0)
        if not reducible and self._floor.rules.reduce_only_when_flat == "refuse":
            raise refusals.invalid_order("reduce only with nothing to reduce")
        return min(new.count, reducible)

    def _make(self, user_id: str, market: Market, new: NewOrder) -> Order:
        now_ms = self._floor.now_ms
        return Order(
            self._floor.new_id(),
            new.client_order_id or "",
            user_id,
            new.subaccount,
            new.ticker,
            new.side,
            new.price,
            new.count,
            new.count,
            0,
            new.time_in_force,
            new.self_trade_prevention,
            new.post_only,
            new.reduce_only,
            new.cancel_on_pause,
            new.expiration_ms,
            new.order_group_id,
            market.exchange_index,
            now_ms,
            now_ms,
        )

    def _kill_unless_fillable(self, order: Order, market: Market, count: int) -> bool:
        """Refuse a fill-or-kill that finds too little; one that meets its owner's own order goes on as an IOC."""
        order.remaining = count
        fillable = self._matching.fillable(market, order) if count else None
        if fillable is False:
            if order.client_order_id and self._floor.rules.duplicate_ids == "for_ever":
                self._floor.histories[order.user_id].burn(order.client_order_id)
            raise refusals.killed()
        return fillable is True

    def _register(self, account: Account, order: Order) -> None:
        floor = self._floor
        floor.orders[order.order_id] = order
        if account.is_house:
            return
        history = floor.histories[order.user_id]
        if order.client_order_id:
            history.burn(order.client_order_id)
        for old in history.add_order(order):
            del floor.orders[old.order_id]

    # Amend, decrease, cancel

    def amend(
        self,
        user_id: str,
        order_id: str,
        *,
        ticker: str,
        side: Side,
        price: int,
        count: int,
        client_order_id: str | None,
        updated_client_order_id: str | None,
    ) -> Outcome:
        """Change price or size; `count` is what is filled plus what shall rest."""
        order = self._resting_order(user_id, order_id)
        market = self._floor.markets[order.ticker]
        self._require_open(market)
        if ticker != order.ticker:
            raise refusals.mismatch("order_ticker_mismatch")
        if side != order.side:
            raise refusals.mismatch("order_side_mismatch")
        if client_order_id and client_order_id != order.client_order_id:
            raise refusals.mismatch("order_id_and_client_order_id_mismatch")
        if not book.allows(market, price):
            raise refusals.invalid_price()
        if not order.filled <= count <= self._floor.rules.order_size_cap or not count:
            raise refusals.invalid_size("count is below what is filled")
        account = self._accounts.get(user_id)
        if updated_client_order_id != order.client_order_id:
            self._check_id(account, updated_client_order_id)
        remaining = count - order.filled
        moves = price != order.price or remaining > order.remaining
        if remaining and moves:
            if order.post_only and book.crosses(market, side, price):
                raise refusals.post_only_cross()
            if not account.is_house:
                self._accounts.require(account, market, order.subaccount, side, price, remaining, order)
        if updated_client_order_id and updated_client_order_id != order.client_order_id:
            self._rename(order, updated_client_order_id)
        if not remaining:
            self._resting.cancel_all([order], "Amend")
            return Outcome(order)
        order.initial = count
        order.updated_ms = self._floor.now_ms
        order.last_update_reason = "Amend"
        if moves:
            return self._move(order, market, price, remaining)
        if remaining < order.remaining:
            self._resting.shrink(order, order.remaining - remaining)
        self._resting.note(order)
        return Outcome(order)

    def _rename(self, order: Order, client_order_id: str) -> None:
        history = self._floor.histories[order.user_id]
        history.ended(order)
        order.client_order_id = client_order_id
        history.burn(client_order_id)

    def _move(self, order: Order, market: Market, price: int, remaining: int) -> Outcome:
        """Put an order to the back of another price, or of its own with a larger size; it may take on the way."""
        floor = self._floor
        if price == order.price:
            by = remaining - order.remaining
            self._resting.lift(order)
            order.remaining = remaining
            self._resting.rest(order)
            floor.book_changed(market, order.side, price, by, order)
            self._resting.note(order)
            return Outcome(order)
        before, size = order.price, order.remaining
        self._resting.lift(order)
        floor.book_changed(market, order.side, before, -size, order)
        order.price = price
        order.remaining = remaining
        return self._run(order, market, rests=True, whole=False)

    def decrease(self, user_id: str, order_id: str, *, reduce_by: int | None, reduce_to: int | None) -> Order:
        """Make an order smaller; it keeps its place, and ends when nothing remains."""
        self.require_exchange()
        order = self._resting_order(user_id, order_id)
        if (reduce_by is None) == (reduce_to is None):
            raise refusals.invalid("exactly one of reduce_by and reduce_to is needed")
        by = reduce_by if reduce_by is not None else order.remaining - (reduce_to or 0)
        if not 0 < by <= order.remaining:
            raise refusals.invalid_size("nothing to reduce by that much")
        if by == order.remaining:
            self._resting.cancel_all([order], "Decrease")
            return order
        order.updated_ms = self._floor.now_ms
        order.last_update_reason = "Decrease"
        self._resting.shrink(order, by)
        self._resting.note(order)
        return order

    def cancel(
        self,
        user_id: str,
        order_id: str,
        *,
        subaccount: int | None,
        ticker: str | None,
        exchange_index: int | None,
        reason: str,
    ) -> tuple[Order, int]:
        """Cancel an order; return it with the size that was taken off."""
        self.require_exchange()
        order = self._resting_order(user_id, order_id)
        if ticker is not None and ticker != order.ticker:
            raise refusals.mismatch("order_ticker_mismatch")
        if subaccount is not None and subaccount != order.subaccount:
            raise refusals.not_found()
        if exchange_index is None and ticker is None:
            exchange_index = 0
        if exchange_index is not None and exchange_index >= 0 and exchange_index != order.exchange_index:
            raise refusals.not_found()
        size = order.remaining
        self._resting.cancel_all([order], reason)
        return order, size

    def _resting_order(self, user_id: str, order_id: str) -> Order:
        """Return a user's own working order; unknown, ended and another's look the same from outside."""
        order = self._floor.orders.get(order_id)
        if order is None or order.user_id != user_id or not order.remaining:
            raise refusals.not_found()
        return order
