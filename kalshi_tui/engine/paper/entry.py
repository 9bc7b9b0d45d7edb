"""What is asked of the paper venue when it has arrived: place, amend, decrease, cancel, trigger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kalshi_tui.core.events import OrderGroupSeen
from kalshi_tui.core.fees import FeeTerms, OrderFees
from kalshi_tui.core.markets import Market, MarketStatus
from kalshi_tui.core.orders import Fill, OrderStatus
from kalshi_tui.core.units import Money, Price, Size, cost
from kalshi_tui.engine.paper import matching
from kalshi_tui.engine.paper.floor import Floor
from kalshi_tui.engine.paper.orders import PaperOrder, leg_price
from kalshi_tui.engine.paper.purse import opening_cost
from kalshi_tui.engine.paper.refusals import refused
from kalshi_tui.protocol.rest.trading import Canceled, Created, Decreased, NewOrder

WORKING_LIMIT: Final = 10_000
IDS_LIMIT: Final = 1_000_000


class Entry:
    """The desk: each request is checked whole before anything of it is done."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._triggered: set[str] = set()  # order groups that take nothing; an empty name stands for all

    def place(self, new: NewOrder) -> Created:
        """Take a new order, or refuse it and change nothing (but a killed fill-or-kill uses its id up)."""
        floor = self._floor
        market = self._market(new)
        self._require_open(market)
        self._check_combination(new)
        self._check_price(market, new.price)
        if new.order_group_id and self._triggered & {"", new.order_group_id}:
            raise refused(409, "exceeded_order_group_risk_limit")
        self._check_id(new.client_order_id)
        order = self._make(new, market, self._priced(market))
        if new.post_only:
            self._check_post_only(order, new.price)
        if len(floor.working) >= WORKING_LIMIT:
            raise refused(400, "limit_exceeded", "too many open orders")
        self._require_means(order, order.price, order.remaining)
        if new.time_in_force == "fill_or_kill" and order.remaining and matching.fillable(floor, order) is False:
            floor.used_ids.add(new.client_order_id)
            raise refused(409, "fill_or_kill_insufficient_resting_volume")
        floor.used_ids.add(new.client_order_id)
        return self._run(order, rests=new.time_in_force == "good_till_canceled")

    def amend(self, order_id: str, price: Price, size: Size, new_client_order_id: str) -> Created:
        """Change price or size, which counts what is filled; only less size at the same price keeps the place."""
        order = self._working(order_id)
        market = self._floor.markets[order.ticker]
        self._require_open(market)
        self._check_price(market, price)
        if size < order.filled or not size:
            raise refused(400, "invalid_order_size", "count is below what is filled")
        remaining = Size(size - order.filled)
        moves = bool(remaining) and (price != order.price or remaining > order.remaining)
        if moves:
            self._check_move(order, market, price, remaining)
        self._rename(order, new_client_order_id)
        if not remaining:
            self._floor.cancel([order], "Amend")
            return _created(order, (), self._floor.now_ms)
        order.initial, order.remaining, order.reason = size, remaining, "Amend"
        order.updated_ms = self._floor.now_ms
        if moves:
            self._floor.lift(order)
            order.price = price
            return self._run(order, rests=True)
        self._floor.news.append(order.seen())
        return _created(order, (), self._floor.now_ms)

    def decrease(self, order_id: str, by: Size | None, to: Size | None) -> Decreased:
        """Make an order smaller; it keeps its place, and ends when nothing remains."""
        order = self._working(order_id)
        self._require_exchange(order.exchange_index)
        less = by if by is not None else Size(order.remaining - (to or 0))
        if (by is None) == (to is None) or not 0 < less <= order.remaining:
            raise refused(400, "invalid_order_size", "nothing to reduce by that much")
        if less == order.remaining:
            self._floor.cancel([order], "Decrease")
        else:
            order.remaining = Size(order.remaining - less)
            order.updated_ms, order.reason = self._floor.now_ms, "Decrease"
            self._floor.news.append(order.seen())
        return Decreased(order.order_id, order.client_order_id, order.remaining, self._floor.now_ms)

    def cancel(self, order_id: str) -> Canceled:
        """Cancel one order."""
        order = self._working(order_id)
        self._require_exchange(order.exchange_index)
        reduced_by = order.remaining
        self._floor.cancel([order], "")
        return Canceled(order.order_id, order.client_order_id, reduced_by, self._floor.now_ms)

    def trigger(self, group_id: str) -> OrderGroupSeen:
        """Cancel a group's orders, or all orders where no group is named, and let groups take no more."""
        self._require_exchange()
        self._triggered.add(group_id)
        orders = self._floor.working.values()
        self._floor.cancel([order for order in orders if group_id in {"", order.order_group_id}], "")
        return OrderGroupSeen("triggered", group_id, None, self._floor.now_ms)

    def reset(self, group_id: str) -> OrderGroupSeen:
        """Let a group take orders again, or all groups where none is named."""
        self._require_exchange()
        self._triggered = self._triggered - {group_id} if group_id else set()
        return OrderGroupSeen("reset", group_id, None, self._floor.now_ms)

    # Checks

    def _market(self, new: NewOrder) -> Market:
        market = self._floor.markets.get(new.ticker)
        if market is None or new.exchange_index not in {None, -1, market.exchange_index}:
            raise refused(404, "market_not_found")
        return market

    def _require_exchange(self, index: int = 0) -> None:
        if not self._floor.is_exchange_on(index):
            raise refused(409, "exchange_paused")

    def _require_open(self, market: Market) -> None:
        self._require_exchange(market.exchange_index)
        if not self._floor.is_trading_on(market.exchange_index):
            raise refused(409, "trading_paused")
        status = market.status_at(self._floor.now_ms)
        if status in {MarketStatus.INITIALIZED, MarketStatus.INACTIVE, MarketStatus.UNKNOWN}:
            raise refused(409, "market_inactive")
        if status is not MarketStatus.ACTIVE:
            raise refused(409, "market_already_closed")

    def _check_combination(self, new: NewOrder) -> None:
        is_resting = new.time_in_force == "good_till_canceled"
        if new.subaccount:
            raise refused(400, "invalid_parameters", "unknown subaccount")
        if new.expiration_s is not None and new.expiration_s * 1000 <= self._floor.now_ms:
            raise refused(400, "invalid_order", "expiration is in the past")
        if new.post_only and not is_resting:
            raise refused(400, "invalid_order", "post only needs good_till_canceled")
        if new.reduce_only and is_resting:
            raise refused(400, "invalid_order", "reduce only needs immediate_or_cancel or fill_or_kill")

    def _check_price(self, market: Market, price: Price) -> None:
        if not market.grid.allows(price):
            raise refused(400, "invalid_price")

    def _check_id(self, client_order_id: str) -> None:
        if client_order_id in self._floor.used_ids:
            raise refused(409, "order_already_exists")
        if len(self._floor.used_ids) >= IDS_LIMIT:
            raise refused(400, "limit_exceeded", "too many orders for one paper account")

    def _check_post_only(self, order: PaperOrder, price: Price) -> None:
        if matching.way(self._floor, order.ticker, order.side, price):
            raise refused(400, "invalid_order", "post only cross")

    def _check_move(self, order: PaperOrder, market: Market, price: Price, remaining: Size) -> None:
        self._priced(market)
        if order.post_only:
            self._check_post_only(order, price)
        self._require_means(order, price, remaining)

    def _priced(self, market: Market) -> FeeTerms:
        """Return the fees of a market that can be priced: its book is live and its fees are known."""
        terms = self._floor.terms(market.ticker)
        if terms is None:
            raise refused(409, "fees_unknown")
        if not self._floor.book(market.ticker).is_live:
            raise refused(409, "book_not_live")
        return terms

    def _require_means(self, order: PaperOrder, price: Price, size: Size) -> None:
        """Refuse unless the cash carries the order at its limit, with its fee where it takes at once.

        What a position closes costs nothing. A better price than the limit costs less with its fee than the limit with
        its own, so what is taken is covered, but for the rounding of each level's fill.
        """
        floor, purse = self._floor, self._floor.purse
        cover = purse.cover(order.ticker, order.side)
        own = [one for one in floor.resting_in(order.ticker) if one.side == order.side and one is not order]
        legs = [(leg_price(order.side, one.price), one.remaining) for one in own]
        before = purse.held(one for one in (*own, order) if one.order_id in floor.working)
        after = opening_cost([*legs, (leg_price(order.side, price), size)], cover)
        if after <= before:
            return
        fee = self._taker_fee(order, price, Size(max(size - cover, 0)))
        if purse.cash - purse.held(floor.working.values()) < after - before + fee:
            raise refused(400, "insufficient_balance")

    def _taker_fee(self, order: PaperOrder, price: Price, size: Size) -> Money:
        if not size or not matching.way(self._floor, order.ticker, order.side, price):
            return Money(0)
        fees = OrderFees(order.fees.terms, order.fees.policy)
        return fees.charge(side=order.side, price=price, size=size, is_taker=True).net

    def _working(self, order_id: str) -> PaperOrder:
        order = self._floor.working.get(order_id)
        if order is None:
            raise refused(404, "not_found")
        return order

    # Effects

    def _make(self, new: NewOrder, market: Market, terms: FeeTerms) -> PaperOrder:
        floor = self._floor
        cap = floor.purse.cover(new.ticker, new.side) if new.reduce_only else new.size
        return PaperOrder(
            order_id=floor.new_id("order"),
            client_order_id=new.client_order_id,
            ticker=new.ticker,
            side=new.side,
            price=new.price,
            initial=new.size,
            remaining=Size(min(cap, new.size)),
            self_trade_prevention=new.self_trade_prevention,
            post_only=new.post_only,
            cancel_on_pause=new.cancel_on_pause,
            expiration_ms=None if new.expiration_s is None else new.expiration_s * 1000,
            order_group_id=new.order_group_id,
            exchange_index=market.exchange_index,
            created_ms=floor.now_ms,
            updated_ms=floor.now_ms,
            fees=OrderFees(terms, floor.models.fees.policy),
            reason="ReduceOnlyCancel" if cap < new.size else "",
        )

    def _run(self, order: PaperOrder, *, rests: bool) -> Created:
        """Fill what can be filled now, then rest or end what remains."""
        floor = self._floor
        fills, is_stopped = matching.take(floor, order)
        if order.remaining and rests and not is_stopped:
            floor.rest(order)
        else:
            floor.end(order, OrderStatus.EXECUTED if order.filled else OrderStatus.CANCELED, order.reason)
        floor.news.append(order.seen())
        return _created(order, fills, floor.now_ms)

    def _rename(self, order: PaperOrder, client_order_id: str) -> None:
        if client_order_id and client_order_id != order.client_order_id:
            self._check_id(client_order_id)
            self._floor.used_ids.add(client_order_id)
            order.client_order_id = client_order_id


def _created(order: PaperOrder, fills: Sequence[Fill], now_ms: int) -> Created:
    size = Size(sum(fill.size for fill in fills))
    return Created(
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        filled=size,
        remaining=order.remaining,
        average_price=_average(sum(cost(fill.price, fill.size) for fill in fills), size),
        average_fee=_average(sum(fill.fee for fill in fills), size),
        ts_ms=now_ms,
    )


def _average(amount: int, size: Size) -> Money | None:
    """Return an amount for one contract, half a millionth rounded up."""
    return Money((200 * amount + size) // (2 * size)) if size else None
