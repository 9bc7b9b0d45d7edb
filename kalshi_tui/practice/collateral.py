"""What working orders reserve of their owners' cash, and whether the cash can carry one more."""

from __future__ import annotations

from kalshi_tui.practice import book, fees, refusals
from kalshi_tui.practice.floor import Floor, PositionKey
from kalshi_tui.practice.records import Market, Order, Position, Side


class Reserve:
    """One side's working orders of one member in one market: sizes by leg price, and the money held for them."""

    __slots__ = ("full", "held", "sizes")

    def __init__(self) -> None:
        self.sizes: dict[int, int] = {}
        self.full = 0  # money, if all of it opened
        self.held = 0  # money, less what a position closes


Stake = dict[Side, Reserve]


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
    is left over opens, and reserves the full price of its leg. Without such a position each change costs O(1), with one
    it costs a walk over the member's own prices until the position is used up.
    """

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._stakes: dict[PositionKey, Stake] = {}

    def require(self, order: Order, price: int, count: int, *, replaces: int = 0) -> None:
        """Refuse unless the cash can carry `count` at `price` in place of what the order rests with now.

        The order is judged as if it rested at its limit. A better price costs less with its fee than the limit with
        its own, so what it takes is covered too, but for the rounding of each fill when it takes in many pieces.
        """
        floor = self._floor
        market = floor.markets[order.ticker]
        side = order.side
        stake = self._stakes.get((order.user_id, order.subaccount, order.ticker))
        reserve = Reserve() if stake is None else stake[side]
        leg, old_leg = leg_price(side, price), leg_price(side, order.price)
        full = reserve.full - old_leg * replaces + leg * count
        cover = max(self._cover(order, side), 0)
        after = full
        if cover:
            sizes = dict(reserve.sizes)
            sizes[old_leg] = sizes.get(old_leg, 0) - replaces
            sizes[leg] = sizes.get(leg, 0) + count
            after -= _closing_worth(sizes, cover)
        if after <= reserve.held:
            return
        fee = 0
        if book.crosses(market, side, price):  # then nothing of its owner's stands before it to use the cover up
            opening = max(count - cover, 0)
            rate = rates(floor, market)[0]
            fee = fees.charge(rate, side, price, opening, order.rounding_carried, floor.rules.fee_grid).net
        account = floor.accounts[order.user_id]
        purse = (order.subaccount, market.exchange_index)
        if account.cash.get(purse, 0) < account.reserved.get(purse, 0) - reserve.held + after + fee:
            raise refusals.insufficient_balance()

    def rest(self, order: Order) -> None:
        """Reserve for an order that begins to rest."""
        key = (order.user_id, order.subaccount, order.ticker)
        stake = self._stakes.get(key)
        if stake is None:
            stake = self._stakes[key] = {"bid": Reserve(), "ask": Reserve()}
        self._change(stake[order.side], order, order.remaining)
        self._hold(stake[order.side], order, self._cover(order, order.side))

    def shrunk(self, order: Order, by: int) -> None:
        """Release what a resting order has lost."""
        reserve = self._stakes[order.user_id, order.subaccount, order.ticker][order.side]
        self._change(reserve, order, -by)
        self._hold(reserve, order, self._cover(order, order.side))

    def left(self, order: Order) -> None:
        """Release what remains of an order that rests no longer."""
        self.shrunk(order, order.remaining)
        key = (order.user_id, order.subaccount, order.ticker)
        if not any(reserve.sizes for reserve in self._stakes[key].values()):
            del self._stakes[key]

    def filled(self, order: Order, position: Position, size: int, *, is_taker: bool) -> None:
        """Follow a fill: a resting order is smaller, and the new position closes more or less of what rests."""
        stake = self._stakes.get((order.user_id, order.subaccount, order.ticker))
        if stake is None:
            return
        if not is_taker:
            self._change(stake[order.side], order, -size)
        self._hold(stake["bid"], order, -position.size)
        self._hold(stake["ask"], order, position.size)

    def _cover(self, order: Order, side: Side) -> int:
        """Return the size of the position that this side would close; zero or less when it would open."""
        position = self._floor.positions.get((order.user_id, order.subaccount, order.ticker))
        if position is None:
            return 0
        return -position.size if side == "bid" else position.size

    def _change(self, reserve: Reserve, order: Order, by: int) -> None:
        leg = leg_price(order.side, order.price)
        size = reserve.sizes.get(leg, 0) + by
        if size:
            reserve.sizes[leg] = size
        else:
            reserve.sizes.pop(leg, None)
        reserve.full += leg * by

    def _hold(self, reserve: Reserve, order: Order, cover: int) -> None:
        wanted = reserve.full
        if cover > 0 and wanted:
            wanted -= _closing_worth(reserve.sizes, cover)
        change = wanted - reserve.held
        if change:
            reserve.held = wanted
            account = self._floor.accounts[order.user_id]
            purse = (order.subaccount, order.exchange_index)
            account.reserved[purse] = account.reserved.get(purse, 0) + change


def _closing_worth(sizes: dict[int, int], cover: int) -> int:
    """Return what the best-priced orders would cost that a position of `cover` closes."""
    worth = 0
    for leg in sorted(sizes, reverse=True):
        closing = min(cover, sizes[leg])
        worth += leg * closing
        cover -= closing
        if not cover:
            break
    return worth
