"""What working orders reserve of their owners' cash, and whether the cash can carry one more."""

from __future__ import annotations

from kalshi_tui.practice import book, fees, refusals
from kalshi_tui.practice.floor import Floor, PositionKey
from kalshi_tui.practice.records import Account, Market, Order, Position, Side


class Stake:
    """One member's working orders in one market, in one subaccount, and what they reserve."""

    __slots__ = ("covered", "held", "orders")

    def __init__(self) -> None:
        self.orders: dict[Side, dict[str, Order]] = {"bid": {}, "ask": {}}
        self.held: dict[Side, int] = {"bid": 0, "ask": 0}  # money
        self.covered: dict[Side, bool] = {"bid": False, "ask": False}  # whether a position closes part of it


def leg_price(side: Side, price: int) -> int:
    """Return what the bought leg costs: YES for a bid, NO for an ask."""
    return price if side == "bid" else 10_000 - price


def rates(floor: Floor, market: Market) -> tuple[int, int]:
    """Return the taker's and the maker's fee rate in force."""
    event = floor.events[market.event_ticker]
    return fees.rates(floor.series[event.series_ticker], event, market, floor.now_ms)


class Collateral:
    """The reserves of all members but the house's.

    A position is shared out among the orders that would close it, the best-priced first, because those fill first; what
    is left over opens, and reserves the full price of its leg. Without such a position each change costs O(1).
    """

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._stakes: dict[PositionKey, Stake] = {}

    def require(self, order: Order, price: int, count: int) -> None:
        """Refuse unless the cash can carry `count` at `price` in place of what the order rests with now.

        The order is judged as if it rested at its limit. A better price costs less with its fee than the limit with
        its own, so what it takes is covered too.
        """
        floor = self._floor
        market = floor.markets[order.ticker]
        side = order.side
        stake = self._stakes.get((order.user_id, order.subaccount, order.ticker))
        before = 0 if stake is None else stake.held[side]
        cover = self._against(order.user_id, order.subaccount, order.ticker, side)
        if cover <= 0:
            opening = count
            after = before - order.reserved + leg_price(side, price) * count
        else:
            others = () if stake is None else stake.orders[side].values()
            rows = [(-leg_price(side, one.price), 0, one.remaining) for one in others if one is not order]
            after, opening = _uncovered([*rows, (-leg_price(side, price), 1, count)], cover)
        if after <= before:
            return
        fee = 0
        if opening and book.crosses(market, side, price):
            fee = fees.model_fee(rates(floor, market)[0], price, opening) + 2 * floor.rules.fee_grid
        account = floor.accounts[order.user_id]
        purse = (order.subaccount, market.exchange_index)
        if account.cash.get(purse, 0) < account.reserved.get(purse, 0) - before + after + fee:
            raise refusals.insufficient_balance()

    def rest(self, order: Order) -> None:
        """Reserve for an order that begins to rest."""
        key = (order.user_id, order.subaccount, order.ticker)
        stake = self._stakes.get(key)
        if stake is None:
            stake = self._stakes[key] = Stake()
        stake.orders[order.side][order.order_id] = order
        self._adjust(stake, order)

    def shrunk(self, order: Order) -> None:
        """Release what a resting order has lost."""
        self._adjust(self._stakes[order.user_id, order.subaccount, order.ticker], order)

    def left(self, order: Order) -> None:
        """Release all of an order that rests no longer."""
        key = (order.user_id, order.subaccount, order.ticker)
        stake = self._stakes[key]
        side = order.side
        del stake.orders[side][order.order_id]
        self._reserve(stake, order, side, -order.reserved)
        order.reserved = 0
        if stake.covered[side]:
            self._share_out(stake, order, side)
        if not stake.orders["bid"] and not stake.orders["ask"]:
            del self._stakes[key]

    def filled(self, order: Order, position: Position) -> None:
        """Follow a fill: the order may be smaller, and the new position closes more or less of what rests."""
        stake = self._stakes.get((order.user_id, order.subaccount, order.ticker))
        if stake is None:
            return
        for side, orders in stake.orders.items():
            if not orders:
                continue
            if stake.covered[side] or (position.size < 0 if side == "bid" else position.size > 0):
                self._share_out(stake, order, side)
            elif order.order_id in orders:
                self._adjust(stake, order)

    def _against(self, user_id: str, subaccount: int, ticker: str, side: Side) -> int:
        """Return the size of the position that this side would close; zero or less when it would open."""
        position = self._floor.positions.get((user_id, subaccount, ticker))
        if position is None:
            return 0
        return -position.size if side == "bid" else position.size

    def _adjust(self, stake: Stake, order: Order) -> None:
        side = order.side
        if stake.covered[side] or self._against(order.user_id, order.subaccount, order.ticker, side) > 0:
            self._share_out(stake, order, side)
            return
        wanted = leg_price(side, order.price) * order.remaining
        self._reserve(stake, order, side, wanted - order.reserved)
        order.reserved = wanted

    def _share_out(self, stake: Stake, order: Order, side: Side) -> None:
        cover = max(self._against(order.user_id, order.subaccount, order.ticker, side), 0)
        stake.covered[side] = cover > 0
        total = 0
        for one in sorted(stake.orders[side].values(), key=lambda one: -leg_price(side, one.price)):
            closing = min(cover, one.remaining)
            cover -= closing
            one.reserved = leg_price(side, one.price) * (one.remaining - closing)
            total += one.reserved
        self._reserve(stake, order, side, total - stake.held[side])

    def _reserve(self, stake: Stake, order: Order, side: Side, change: int) -> None:
        account: Account = self._floor.accounts[order.user_id]
        purse = (order.subaccount, order.exchange_index)
        stake.held[side] += change
        account.reserved[purse] = account.reserved.get(purse, 0) + change


def _uncovered(rows: list[tuple[int, int, int]], cover: int) -> tuple[int, int]:
    """Return the reserve of (negative leg price, is new, size) rows, and how much of the new one opens."""
    total = opening = 0
    for negative_leg, is_new, size in sorted(rows):
        closing = min(cover, size)
        cover -= closing
        total -= negative_leg * (size - closing)
        if is_new:
            opening = size - closing
    return total, opening
