"""What members ask of the matching engine: create, amend, decrease, cancel; each is checked whole before it is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from kalshi_tui.practice import book, refusals
from kalshi_tui.practice.collateral import Collateral
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


@dataclass(frozen=True, slots=True)
class Amendment:
    """What an order shall be; ticker, side and client_order_id say which order is meant, and must agree with it."""

    ticker: str
    side: Side
    price: int
    count: int  # what is filled already plus what shall rest
    client_order_id: str | None = None
    updated_client_order_id: str | None = None
    expiration_ms: int | None = None  # 0 takes the end away, None leaves it as it is
    subaccount: int | None = None
    exchange_index: int = -1


@dataclass(frozen=True, slots=True)
class Place:
    """Where an order is said to be; nothing said finds it on shard 0 alone, -1 asks its ticker for the shard."""

    subaccount: int | None = None
    ticker: str | None = None
    exchange_index: int | None = None


class Entry:
    """The desk where orders are handed in."""

    def __init__(
        self, floor: Floor, collateral: Collateral, resting: Resting, groups: Groups, matching: Matching
    ) -> None:
        self._floor = floor
        self._collateral = collateral
        self._resting = resting
        self._groups = groups
        self._matching = matching

    # Create

    def create(self, user_id: str, new: NewOrder) -> Outcome:
        """Take a new order, or refuse it and change nothing (but a killed fill-or-kill burns its id)."""
        account = self._floor.accounts.get(user_id)
        if account is None:
            raise refusals.no_such_user()
        market = self._market(new.ticker, new.exchange_index)
        self._require_open(market)
        self._check_values(account, market, new)
        self._check_combination(market, new)
        self._groups.admit(user_id, new, market.exchange_index)
        self._check_id(user_id, new.client_order_id)
        order = self._make(user_id, market, new)
        if new.reduce_only:
            self._cap(order)
        if not account.is_house:
            self._check_means(order)
        whole = new.time_in_force == "fill_or_kill" and self._kill_unless_fillable(order, market)
        self._register(account, order)
        return self._run(order, market, rests=new.time_in_force == "good_till_canceled", whole=whole)

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
            if self._floor.now_ms >= market.close_ms:
                raise refusals.market_closed()  # its turn to be closed comes within this millisecond
            return
        raise refusals.market_inactive() if market.status in {"initialized", "inactive"} else refusals.market_closed()

    def require_exchange(self) -> None:
        """Refuse everything while the exchange is paused."""
        if not self._floor.exchange_active:
            raise refusals.exchange_paused()

    def _check_values(self, account: Account, market: Market, new: NewOrder) -> None:
        if new.subaccount not in account.subaccounts:
            raise refusals.invalid("unknown subaccount")
        if not book.allows(market, new.price):
            raise refusals.invalid_price()
        if not 0 < new.count <= self._floor.rules.order_size_cap:
            raise refusals.invalid_size()
        self._check_expiration(new.expiration_ms)

    def _check_expiration(self, expiration_ms: int | None) -> None:
        if expiration_ms is not None and expiration_ms <= self._floor.now_ms:
            raise refusals.invalid_order("expiration is in the past")

    def _check_combination(self, market: Market, new: NewOrder) -> None:
        if new.time_in_force == "good_till_canceled":
            if new.reduce_only:
                raise refusals.invalid_order("reduce only needs immediate_or_cancel or fill_or_kill")
            if new.post_only and book.crosses(market, new.side, new.price):
                raise refusals.post_only_cross()
            return
        if new.expiration_ms is not None:
            raise refusals.invalid_order("expiration needs good_till_canceled")
        if new.post_only:
            raise refusals.invalid_order("post only needs good_till_canceled")

    def _check_id(self, user_id: str, client_order_id: str | None) -> None:
        if client_order_id and client_order_id in self._floor.histories[user_id].ids:
            raise refusals.duplicate()

    def _check_means(self, order: Order) -> None:
        resting = self._floor.histories[order.user_id].resting
        if len(resting) >= self._floor.rules.open_order_cap and order.time_in_force == "good_till_canceled":
            raise refusals.too_many("open orders")
        self._collateral.require(order, order.price, order.remaining)

    def _cap(self, order: Order) -> None:
        """Cut a reduce-only order down to the position that it may reduce."""
        position = self._floor.positions.get((order.user_id, order.subaccount, order.ticker))
        held = 0 if position is None else position.size
        reducible = max(-held if order.side == "bid" else held, 0)
        if not reducible and self._floor.rules.reduce_only_when_flat == "refuse":
            raise refusals.invalid_order("reduce only with nothing to reduce")
        if reducible < order.remaining:
            order.remaining = reducible
            order.last_update_reason = "ReduceOnlyCancel"

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

    def _kill_unless_fillable(self, order: Order, market: Market) -> bool:
        """Refuse a fill-or-kill that finds too little; one that meets its owner's own order goes on as an IOC."""
        fillable = self._matching.fillable(market, order) if order.remaining else None
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

    def _run(self, order: Order, market: Market, *, rests: bool, whole: bool = False) -> Outcome:
        """Match an order, then rest or end what remains of it."""
        take: Take | None = None
        if order.remaining and book.crosses(market, order.side, order.price):
            take = self._matching.take(order, market, whole=whole)
            rests = rests and not take.stopped
        if order.remaining and rests:
            self._resting.rest(order)
        else:
            self._resting.end(order, "executed" if order.filled else "canceled", order.last_update_reason)
        self._resting.note(order)
        if take is None:
            return Outcome(order)
        if take.touched:
            self._groups.sweep(take.touched)
        return Outcome(order, take.fills)

    # Amend, decrease, cancel

    def amend(self, user_id: str, order_id: str, wish: Amendment) -> Outcome:
        """Change price or size; less size at the same price keeps its place in the queue, all else loses it."""
        order = self._resting_order(user_id, order_id)
        self._check_place(order, Place(wish.subaccount, None, wish.exchange_index))
        market = self._floor.markets[order.ticker]
        self._require_open(market)
        self._check_meant(order, wish)
        self._check_expiration(wish.expiration_ms or None)
        if not book.allows(market, wish.price):
            raise refusals.invalid_price()
        if not order.filled <= wish.count <= self._floor.rules.order_size_cap or not wish.count:
            raise refusals.invalid_size("count is below what is filled")
        remaining = wish.count - order.filled
        moves = wish.price != order.price or remaining > order.remaining
        if moves and remaining:
            self._check_move(order, market, wish.price, remaining)
        self._rename(order, wish.updated_client_order_id)
        if not remaining:
            self._resting.cancel([order], "Amend")
            return Outcome(order)
        by = order.remaining - remaining
        order.initial = wish.count
        order.updated_ms = self._floor.now_ms
        order.last_update_reason = "Amend"
        if wish.expiration_ms is not None:
            self._resting.set_expiration(order, wish.expiration_ms or None)
        if moves:
            self._resting.lift(order)
            order.price = wish.price
            order.remaining = remaining
            return self._run(order, market, rests=True)
        if by:
            self._resting.shrink(order, by)
        self._resting.note(order)
        return Outcome(order)

    def _check_meant(self, order: Order, wish: Amendment) -> None:
        if wish.ticker != order.ticker:
            raise refusals.mismatch("order_ticker_mismatch")
        if wish.side != order.side:
            raise refusals.mismatch("order_side_mismatch")
        if wish.client_order_id and wish.client_order_id != order.client_order_id:
            raise refusals.mismatch("order_id_and_client_order_id_mismatch")
        if wish.updated_client_order_id != order.client_order_id:
            self._check_id(order.user_id, wish.updated_client_order_id)

    def _check_move(self, order: Order, market: Market, price: int, remaining: int) -> None:
        if order.post_only and book.crosses(market, order.side, price):
            raise refusals.post_only_cross()
        if not self._floor.accounts[order.user_id].is_house:
            self._collateral.require(order, price, remaining, replaces=order.remaining)

    def _rename(self, order: Order, client_order_id: str | None) -> None:
        if not client_order_id or client_order_id == order.client_order_id:
            return
        history = self._floor.histories[order.user_id]
        history.ended(order)
        order.client_order_id = client_order_id
        history.burn(client_order_id)

    def decrease(
        self, user_id: str, order_id: str, *, reduce_by: int | None, reduce_to: int | None, place: Place
    ) -> Order:
        """Make an order smaller; it keeps its place, and ends when nothing remains."""
        self.require_exchange()
        order = self._resting_order(user_id, order_id)
        self._check_place(order, place)
        if reduce_by is not None and reduce_to is None:
            by = reduce_by
        elif reduce_to is not None and reduce_by is None:
            by = order.remaining - reduce_to
        else:
            raise refusals.invalid("exactly one of reduce_by and reduce_to is needed")
        if not 0 < by <= order.remaining:
            raise refusals.invalid_size("nothing to reduce by that much")
        if by == order.remaining:
            self._resting.cancel([order], "Decrease")
            return order
        order.updated_ms = self._floor.now_ms
        order.last_update_reason = "Decrease"
        self._resting.shrink(order, by)
        self._resting.note(order)
        return order

    def cancel(self, user_id: str, order_id: str, *, place: Place, reason: str) -> tuple[Order, int]:
        """Cancel an order; return it with the size that was taken off."""
        self.require_exchange()
        order = self._resting_order(user_id, order_id)
        self._check_place(order, place)
        size = order.remaining
        self._resting.cancel([order], reason)
        return order, size

    def cancel_all(self, user_id: str, *, subaccount: int | None, most: int) -> int:
        """Cancel a user's resting orders, the oldest first; return how many."""
        self.require_exchange()
        account = self._floor.accounts.get(user_id)
        if account is None:
            raise refusals.no_such_user()
        resting = self._floor.histories[user_id].resting.values()
        found = list(islice((order for order in resting if subaccount in {None, order.subaccount}), most))
        self._resting.cancel(found, "")
        return len(found)

    def _check_place(self, order: Order, place: Place) -> None:
        """Refuse a change of an order that is not where it is said to be."""
        if place.ticker is not None and place.ticker != order.ticker:
            raise refusals.mismatch("order_ticker_mismatch")
        if place.subaccount is not None and place.subaccount != order.subaccount:
            raise refusals.not_found()
        shard = place.exchange_index
        if shard is None and place.ticker is None:
            shard = 0
        if shard is not None and shard >= 0 and shard != order.exchange_index:
            raise refusals.not_found()

    def _resting_order(self, user_id: str, order_id: str) -> Order:
        """Return a user's own working order; unknown, ended and another's look the same from outside."""
        order = self._floor.orders.get(order_id)
        if order is None or order.user_id != user_id or not order.remaining:
            raise refusals.not_found()
        return order
