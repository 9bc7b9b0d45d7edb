"""Members: their cash, positions, fees and fills."""

from __future__ import annotations

from kalshi_tui.practice import fees, refusals
from kalshi_tui.practice.collateral import Collateral, leg_price
from kalshi_tui.practice.floor import Floor, PositionKey
from kalshi_tui.practice.history import History
from kalshi_tui.practice.records import Account, Fill, Market, Order, Position, Side, Trade


def change_position(position: Position, side: Side, price: int, size: int) -> int:
    """Change a position by a fill and return the change of cash before fees.

    The bought leg is paid in full; each YES and NO that meet in the position return a dollar at once. The cost of what
    is closed leaves at the average, rounded down to a micro-dollar; the rest leaves with the last contract.
    """
    leg = leg_price(side, price)
    paid = leg * size
    position.traded += paid
    if side == "bid":
        position.yes_bought += size
        position.yes_cost += paid
        against = -position.size
        position.size += size
    else:
        position.no_bought += size
        position.no_cost += paid
        against = position.size
        position.size -= size
    if against <= 0:
        position.cost += paid
        return -paid
    closed = min(against, size)
    cost = position.cost * closed // against
    position.realized += closed * (10_000 - leg) - cost
    position.cost += leg * (size - closed) - cost
    return closed * 10_000 - paid


class Accounts:
    """The books of the members; a house account pays no fees, needs no collateral and leaves no history."""

    def __init__(self, floor: Floor, collateral: Collateral) -> None:
        self._floor = floor
        self._collateral = collateral

    def open(self, *, cash: int, user_id: str | None, house: bool) -> Account:
        """Open an account with cash in its primary subaccount on shard 0."""
        floor = self._floor
        user_id = floor.new_id() if user_id is None else user_id
        if user_id in floor.accounts:
            raise ValueError(f"account {user_id} exists already")
        account = Account(user_id, cash={(0, 0): cash}, is_house=house)
        floor.accounts[user_id] = account
        floor.histories[user_id] = History(floor.rules)
        return account

    def get(self, user_id: str) -> Account:
        """Return an account or refuse."""
        account = self._floor.accounts.get(user_id)
        if account is None:
            raise refusals.no_such_user()
        return account

    def history(self, user_id: str) -> History:
        """Return what is remembered of a user or refuse."""
        self.get(user_id)
        return self._floor.histories[user_id]

    def fill(self, order: Order, market: Market, trade: Trade, rate: int, *, is_taker: bool) -> Fill | None:
        """Book one side of a trade whose order has been reduced already; the house gets no fill record."""
        floor = self._floor
        account = floor.accounts[order.user_id]
        key = (order.user_id, order.subaccount, order.ticker)
        position = floor.positions.get(key)
        if position is None:
            position = self._new_position(key)
        before = position.size
        cash = change_position(position, order.side, trade.price, trade.count)
        market.open_interest += max(position.size, 0) - max(before, 0)
        purse = (order.subaccount, market.exchange_index)
        if account.is_house:
            account.cash[purse] = account.cash.get(purse, 0) + cash
            return None
        fee = self._charge(order, trade, rate, is_taker=is_taker)
        account.cash[purse] = account.cash.get(purse, 0) + cash - fee
        position.fees += fee
        position.updated_ms = floor.now_ms
        floor.moved[key] = position
        self._collateral.filled(order, position, trade.count, is_taker=is_taker)
        return self._record(order, trade, fee, position.size, is_taker=is_taker)

    def _new_position(self, key: PositionKey) -> Position:
        position = self._floor.positions[key] = Position(*key)
        self._floor.holders.setdefault(key[2], []).append(position)
        return position

    def _charge(self, order: Order, trade: Trade, rate: int, *, is_taker: bool) -> int:
        charge = fees.charge(
            rate,
            side=order.side,
            price=trade.price,
            size=trade.count,
            carried=order.rounding_carried,
            grid=self._floor.rules.fee_grid,
        )
        order.rounding_carried = charge.carried
        paid = leg_price(order.side, trade.price) * trade.count
        if is_taker:
            order.taker_cost += paid
            order.taker_fees += charge.net
        else:
            order.maker_cost += paid
            order.maker_fees += charge.net
        self._floor.fee_pot += charge.net
        return charge.net

    def _record(self, order: Order, trade: Trade, fee: int, position_after: int, *, is_taker: bool) -> Fill:
        fill = Fill(
            trade.trade_id,
            order.order_id,
            order.client_order_id,
            order.user_id,
            order.subaccount,
            order.ticker,
            order.side,
            trade.price,
            trade.count,
            is_taker,
            fee,
            position_after,
            order.exchange_index,
            trade.ts_ms,
        )
        self._floor.histories[order.user_id].add_fill(fill)
        return fill
