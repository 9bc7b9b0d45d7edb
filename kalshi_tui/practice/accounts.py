"""Cash, collateral, positions and fees of the members."""

from __future__ import annotations

from kalshi_tui.practice import fees, refusals
from kalshi_tui.practice.floor import Floor, PositionKey
from kalshi_tui.practice.history import History
from kalshi_tui.practice.records import Account, Fill, Market, Order, Position, Side


class Stake:
    """One member's working orders in one market, in one subaccount, and what they reserve."""

    __slots__ = ("asks", "bids", "covered", "held")

    def __init__(self) -> None:
        self.bids: dict[str, Order] = {}
        self.asks: dict[str, Order] = {}
        self.held: dict[Side, int] = {"bid": 0, "ask": 0}  # money reserved by each side
        self.covered: dict[Side, bool] = {"bid": False, "ask": False}  # whether a position closes part of it

    def side(self, side: Side) -> dict[str, Order]:
        """Return one side's working orders."""
        return self.bids if side == "bid" else self.asks


def leg_price(side: Side, price: int) -> int:
    """Return what the bought leg costs: YES for a bid, NO for an ask."""
    return price if side == "bid" else 10_000 - price


def settle_fill(position: Position, side: Side, price: int, size: int) -> int:
    """Change a position by a fill and return the change of cash before fees.

    The bought leg is paid in full; each YES and NO that meet in the position return a dollar at once. The cost of what is
    closed leaves at the average, rounded down to a micro-dollar; the rest leaves with the last contract.
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

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._stakes: dict[PositionKey, Stake] = {}

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
        history = self._floor.histories.get(user_id)
        if history is None:
            raise refusals.no_such_user()
        return history

    # Collateral

    def require(
        self, account: Account, market: Market, subaccount: int, side: Side, price: int, count: int, old: Order | None
    ) -> None:
        """Refuse unless the cash can carry an order that rests, or takes at its limit or better, instead of `old`."""
        stake = self._stakes.get((account.user_id, subaccount, market.ticker))
        side_before = stake.held[side] if stake is not None else 0
        against = self._against(account.user_id, subaccount, market.ticker, side)
        leg = leg_price(side, price)
        if against <= 0:
            opening = count
            side_after = side_before - (old.reserved if old is not None else 0) + leg * count
        else:
            own = [order for order in (stake.side(side).values() if stake is not None else ()) if order is not old]
            rows = [(leg_price(side, order.price), order.remaining) for order in own]
            side_after, opening = _uncovered(rows, leg, count, against)
        if side_after <= side_before:
            return
        purse = (subaccount, market.exchange_index)
        fee = self._fee_bound(market, side, price, opening)
        after = account.reserved.get(purse, 0) - side_before + side_after
        if account.cash.get(purse, 0) < after + fee:
            raise refusals.insufficient_balance()

    def _fee_bound(self, market: Market, side: Side, price: int, opening: int) -> int:
        # A better price costs less with its fee than the limit with its own, so the fee at the limit bounds both.
        takes = price >= market.best_ask if side == "bid" else price <= market.best_bid
        if not takes or not opening:
            return 0
        return fees.model_fee(self.rates(market)[0], price, opening) + 2 * self._floor.rules.fee_grid

    def _against(self, user_id: str, subaccount: int, ticker: str, side: Side) -> int:
        """Return the size of the position that this side would close; zero or less when it would open."""
        position = self._floor.positions.get((user_id, subaccount, ticker))
        if position is None:
            return 0
        return -position.size if side == "bid" else position.size

    def rest(self, order: Order, market: Market) -> None:
        """Reserve collateral for an order that begins to rest."""
        account = self._floor.accounts[order.user_id]
        if account.is_house:
            return
        key = (order.user_id, order.subaccount, order.ticker)
        stake = self._stakes.get(key)
        if stake is None:
            stake = self._stakes[key] = Stake()
        stake.side(order.side)[order.order_id] = order
        self._adjust(account, market, stake, order)

    def shrunk(self, order: Order, market: Market) -> None:
        """Release the collateral of what a resting order has lost."""
        account = self._floor.accounts[order.user_id]
        if not account.is_house:
            stake = self._stakes[(order.user_id, order.subaccount, order.ticker)]
            self._adjust(account, market, stake, order)

    def left(self, order: Order, market: Market) -> None:
        """Release the collateral of an order that rests no longer."""
        account = self._floor.accounts[order.user_id]
        if account.is_house:
            return
        key = (order.user_id, order.subaccount, order.ticker)
        stake = self._stakes[key]
        side = order.side
        del stake.side(side)[order.order_id]
        account.reserved[(order.subaccount, market.exchange_index)] -= order.reserved
        stake.held[side] -= order.reserved
        order.reserved = 0
        if stake.covered[side]:
            self._recompute(account, market, stake, side, order.subaccount)
        if not stake.bids and not stake.asks:
            del self._stakes[key]

    def _adjust(self, account: Account, market: Market, stake: Stake, order: Order) -> None:
        side = order.side
        if stake.covered[side] or self._against(order.user_id, order.subaccount, order.ticker, side) > 0:
            self._recompute(account, market, stake, side, order.subaccount)
            return
        wanted = leg_price(side, order.price) * order.remaining
        change = wanted - order.reserved
        order.reserved = wanted
        stake.held[side] += change
        purse = (order.subaccount, market.exchange_index)
        account.reserved[purse] = account.reserved.get(purse, 0) + change

    def _recompute(self, account: Account, market: Market, stake: Stake, side: Side, subaccount: int) -> None:
        """Share a position out among the orders that would close it, the best-priced first."""
        cover = max(self._against(account.user_id, subaccount, market.ticker, side), 0)
        stake.covered[side] = cover > 0
        total = 0
        for order in sorted(stake.side(side).values(), key=lambda order: -leg_price(side, order.price)):
            closing = min(cover, order.remaining)
            cover -= closing
            order.reserved = leg_price(side, order.price) * (order.remaining - closing)
            total += order.reserved
        purse = (subaccount, market.exchange_index)
        account.reserved[purse] = account.reserved.get(purse, 0) + total - stake.held[side]
        stake.held[side] = total

    # Fills

    def rates(self, market: Market) -> tuple[int, int]:
        """Return the taker's and the maker's fee rate in force."""
        floor = self._floor
        event = floor.events[market.event_ticker]
        return fees.rates(floor.series[event.series_ticker], event, market, floor.now_ms)

    def position(self, key: PositionKey) -> Position:
        """Return a position, a new one when there is none."""
        position = self._floor.positions.get(key)
        if position is None:
            position = self._floor.positions[key] = Position(*key)
            self._floor.holders.setdefault(key[2], []).append(position)
        return position

    def fill(
        self, order: Order, market: Market, price: int, size: int, rate: int, trade_id: str, *, is_taker: bool
    ) -> Fill | None:
        """Book one side of a match whose order has already been reduced; a house account gets no fill record."""
        floor = self._floor
        account = floor.accounts[order.user_id]
        key = (order.user_id, order.subaccount, order.ticker)
        position = floor.positions.get(key) or self.position(key)
        side = order.side
        long_before = max(position.size, 0)
        cash = settle_fill(position, side, price, size)
        market.open_interest += max(position.size, 0) - long_before
        purse = (order.subaccount, market.exchange_index)
        if account.is_house:
            account.cash[purse] = account.cash.get(purse, 0) + cash
            return None
        charge = fees.charge(rate, side, price, size, order.rounding_carried, floor.rules.fee_grid)
        order.rounding_carried = charge.carried
        fee = charge.net
        account.cash[purse] = account.cash.get(purse, 0) + cash - fee
        floor.fee_pot += fee
        position.fees += fee
        position.updated_ms = floor.now_ms
        paid = leg_price(side, price) * size
        if is_taker:
            order.taker_cost += paid
            order.taker_fees += fee
        else:
            order.maker_cost += paid
            order.maker_fees += fee
        floor.moved[key] = position
        stake = self._stakes.get(key)
        if stake is not None:
            self._after_fill(account, market, stake, order, position)
        return self._record(order, price, size, fee, position, trade_id, is_taker=is_taker)

    def _after_fill(self, account: Account, market: Market, stake: Stake, order: Order, position: Position) -> None:
        """Bring the reserves up to date with the new position; a taker's own resting orders may gain or lose cover."""
        if stake.bids and (stake.covered["bid"] or position.size < 0):
            self._recompute(account, market, stake, "bid", order.subaccount)
        elif order.order_id in stake.bids:
            self._adjust(account, market, stake, order)
        if stake.asks and (stake.covered["ask"] or position.size > 0):
            self._recompute(account, market, stake, "ask", order.subaccount)
        elif order.order_id in stake.asks:
            self._adjust(account, market, stake, order)

    def _record(
        self, order: Order, price: int, size: int, fee: int, position: Position, trade_id: str, *, is_taker: bool
    ) -> Fill:
        fill = Fill(
            trade_id,
            order.order_id,
            order.client_order_id,
            order.user_id,
            order.subaccount,
            order.ticker,
            order.side,
            price,
            size,
            is_taker,
            fee,
            position.size,
            order.exchange_index,
            self._floor.now_ms,
        )
        self._floor.histories[order.user_id].add_fill(fill)
        return fill


def _uncovered(rows: list[tuple[int, int]], leg: int, count: int, cover: int) -> tuple[int, int]:
    """Return the reserve of (leg price, size) rows with a new one behind its equals, and what of the new one opens."""
    total = opening = 0
    ordered = sorted([(-row_leg, 0, size) for row_leg, size in rows] + [(-leg, 1, count)])
    for negative_leg, is_new, size in ordered:
        uncovered = size - min(cover, size)
        cover -= size - uncovered
        total -= negative_leg * uncovered
        if is_new:
            opening = uncovered
    return total, opening
