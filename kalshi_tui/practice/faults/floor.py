"""Faults of the exchange itself: pauses, settlements, changes of terms, and what others do to an account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from kalshi_tui.core.units import PRICE_ONE, Price, Size, parse_decimal
from kalshi_tui.practice.faults.hostile import hostile_texts, hostile_tickers
from kalshi_tui.practice.faults.rules import Rule
from kalshi_tui.practice.faults.states import Occasion, holds, members
from kalshi_tui.practice.grids import GRIDS, rungs
from kalshi_tui.practice.records import Market, NewOrder, Order, Refusal, Side

if TYPE_CHECKING:
    from kalshi_tui.practice.exchange import Exchange
    from kalshi_tui.practice.faults.armoury import Faults

_WHOLE_EXCHANGE: Final = frozenset({"pause_trading", "pause_exchange"})
_MEMBERS_ONLY: Final = frozenset({"withdraw", "trigger_groups", "revoke_keys", "forget_ids"})
_MARKETS_ONLY: Final = frozenset({"pull_book", "dust", "flood", "deep_book", "hostile_text", "hostile_tickers"})


@dataclass(frozen=True, slots=True)
class Strike:
    """One strike: on what, for whom, with which settings."""

    faults: Faults
    exchange: Exchange
    user_id: str
    ticker: str
    params: Any

    @property
    def market(self) -> Market:
        """Return the market that was chosen."""
        return self.exchange.markets[self.ticker]

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Undo or go on after some seconds, whatever state the exchange is in by then."""

        def guarded() -> None:
            try:
                action()
            except (Refusal, ValueError, KeyError):
                self.faults.missed["later"] += 1

        if seconds:
            self.exchange.schedule(self.exchange.now_ms + round(seconds * 1000), guarded)


def target_of(exchange: Exchange, rule: Rule) -> tuple[str, str] | None:
    """Choose the first member and market that fit a rule and its states; None while nothing fits."""
    users = [""] if rule.action in _WHOLE_EXCHANGE | _MARKETS_ONLY else members(exchange)
    tickers = [""] if rule.action in _WHOLE_EXCHANGE | _MEMBERS_ONLY else _markets(exchange, rule)
    for user_id in users:
        for ticker in tickers:
            occasion = Occasion(exchange, 0.0, user_id, ticker)
            if all(holds(state, occasion) for state in rule.when.state):
                return user_id, ticker
    return None


def _markets(exchange: Exchange, rule: Rule) -> list[str]:
    pattern = rule.match.get("ticker", "*")
    return [
        ticker
        for ticker, market in exchange.markets.items()
        if market.status == "active" and fnmatchcase(ticker, pattern)
    ]


def strike_floor(faults: Faults, exchange: Exchange, rule: Rule, user_id: str, ticker: str) -> bool:
    """Do what a rule says; say whether the exchange let it."""
    strike = Strike(faults, exchange, user_id, ticker, rule.params)
    try:
        _FLOOR_ACTIONS[rule.action](strike)
    except (Refusal, ValueError, KeyError):
        return False
    return True


# --- pauses, closes, settlements


def _pause_trading(strike: Strike) -> None:
    strike.exchange.pause_trading()
    strike.later(strike.params["for_s"], strike.exchange.resume_trading)


def _pause_exchange(strike: Strike) -> None:
    for_s = strike.params["for_s"]
    strike.exchange.pause_exchange(strike.exchange.now_ms + round(for_s * 1000) if for_s else None)
    strike.later(for_s, strike.exchange.resume_exchange)


def _pause_market(strike: Strike) -> None:
    strike.exchange.pause_market(strike.ticker)
    strike.later(strike.params["for_s"], lambda: strike.exchange.resume_market(strike.ticker))


def _close_market(strike: Strike) -> None:
    strike.exchange.close_market(strike.ticker)


def _move_close(strike: Strike) -> None:
    strike.exchange.move_close(strike.ticker, strike.exchange.now_ms + round(strike.params["to_s"] * 1000))


def _settle(strike: Strike) -> None:
    value = strike.params["value"]
    price = Price(parse_decimal(value, 4)) if value else None
    strike.exchange.determine(strike.ticker, strike.params["result"], value=price)
    strike.exchange.settle(strike.ticker)


# --- changes of terms


def _change_grid(strike: Strike) -> None:
    label = strike.params["label"]
    strike.exchange.change_grid(strike.ticker, label, GRIDS[label])


def _change_fee(strike: Strike) -> None:
    multiplier = parse_decimal(strike.params["multiplier"], 6)
    strike.exchange.set_event_fee(strike.market.event_ticker, strike.params["fee_type"], multiplier)


def _forget_ids(strike: Strike) -> None:
    """Free every client_order_id of the member that no working order holds: the reading that only open orders count."""
    working = {order.client_order_id for order in strike.exchange.resting_of(strike.user_id)}
    ids = strike.exchange.histories[strike.user_id].ids
    for used in [used for used in ids if used not in working]:
        del ids[used]


# --- what others do to an account


def _external_trade(strike: Strike) -> None:
    """Trade for the member as if from another screen; the house stands on the other side where nobody does."""
    side: Side = strike.params["side"]
    count = parse_decimal(strike.params["count"], 2)
    market = strike.market
    price = market.best_ask if side == "bid" else market.best_bid
    if not 0 < price < PRICE_ONE:
        price = _middle(market)
        other: Side = "ask" if side == "bid" else "bid"
        strike.exchange.create(strike.faults.house(strike.exchange), _order(market, other, price, count, rests=True))
    strike.exchange.create(strike.user_id, _order(market, side, price, count))


def _withdraw(strike: Strike) -> None:
    account = strike.exchange.accounts[strike.user_id]
    purse = (0, 0)
    account.cash[purse] = max(0, account.cash.get(purse, 0) - parse_decimal(strike.params["dollars"], 6))


def _trigger_groups(strike: Strike) -> None:
    for group in list(strike.exchange.groups.values()):
        if group.user_id == strike.user_id and not group.triggered:
            strike.exchange.trigger_group(strike.user_id, group.group_id)


def _revoke_keys(strike: Strike) -> None:
    keys = strike.exchange.keys
    revoked = {key_id: key for key_id, key in keys.items() if key.user_id == strike.user_id}
    for key_id in revoked:
        del keys[key_id]
    strike.later(strike.params["for_s"], lambda: keys.update(revoked))


def _working(strike: Strike) -> list[Order]:
    """Return the member's resting orders of the chosen market."""
    return [order for order in strike.exchange.resting_of(strike.user_id) if order.ticker == strike.ticker]


def _cancel_rest(strike: Strike) -> None:
    for order in _working(strike):
        if order.filled:
            strike.exchange.cancel(strike.user_id, order.order_id, reason="HaltCancel")


def _cross_own_order(strike: Strike) -> None:
    """Send an order of the member's that would meet the member's own resting order, behind all that stands better.

    Of several it is the one with the least ahead of it, for all of that is bought on the way.
    """
    order = min(_working(strike), key=strike.exchange.queue_ahead)
    side: Side = "ask" if order.side == "bid" else "bid"
    crossing = _order(strike.market, side, order.price, strike.exchange.queue_ahead(order) + order.remaining)
    crossing.self_trade_prevention = strike.params["prevention"]
    strike.exchange.create(strike.user_id, crossing)


# --- what the crowd does to a book


def _pull_book(strike: Strike) -> None:
    market = strike.market
    accounts = strike.exchange.accounts
    resting = [
        order for side in (market.bids, market.asks) for level in side.values() for order in level.orders.values()
    ]
    for order in resting:
        if accounts[order.user_id].is_house:
            strike.exchange.cancel(order.user_id, order.order_id)


def _dust(strike: Strike) -> None:
    """Take a level away by hundredths of a contract: the changes add up to exactly nothing."""
    house, market = strike.faults.house(strike.exchange), strike.market
    price = _quiet_price(market)
    steps = strike.params["steps"]
    order = strike.exchange.create(house, _order(market, "bid", price, steps, rests=True)).order
    for _ in range(steps - 1):
        strike.exchange.decrease(house, order.order_id, reduce_by=1, reduce_to=None)
    strike.exchange.cancel(house, order.order_id)


def _flood(strike: Strike) -> None:
    """Change a book many times a second, far from its best prices."""
    pairs, per_s = strike.params["changes"] // 2, max(strike.params["per_s"], 1)
    per_step = max(1, per_s // 200)  # pairs in each 10 ms
    house, price = strike.faults.house(strike.exchange), _quiet_price(strike.market)

    def step(left: int) -> None:
        for _ in range(min(per_step, left)):
            order = strike.exchange.create(house, _order(strike.market, "bid", price, 100, rests=True)).order
            strike.exchange.cancel(house, order.order_id)
        if left > per_step:
            strike.later(0.01, lambda: step(left - per_step))

    step(pairs)


def _deep_book(strike: Strike) -> None:
    """Give a market the finest grid and an order at every price of it."""
    house, market = strike.faults.house(strike.exchange), strike.market
    label = "center_centi_edge_centi_cent"
    strike.exchange.change_grid(strike.ticker, label, GRIDS[label])
    middle = _middle(market)  # at or between the best prices: bids below it and asks above it meet nobody
    for price in rungs(market.bands).prices[: strike.params["levels"]]:
        side: Side = "bid" if price < middle else "ask"
        strike.exchange.create(house, _order(market, side, price, 100, rests=True))


def _middle(market: Market) -> int:
    """Return a price of the grid between the best prices, or the nearest to it."""
    prices = rungs(market.bands).prices
    wanted = (market.best_bid + market.best_ask) // 2
    return min(prices, key=lambda price: abs(price - wanted))


def _quiet_price(market: Market) -> int:
    """Return the lowest price of the grid, where a bid meets nobody unless the book is upside down."""
    lowest = rungs(market.bands).prices[0]
    if market.best_ask <= lowest:
        raise ValueError("somebody sells at the lowest price")
    return lowest


def _order(market: Market, side: Side, price: int, count: int, *, rests: bool = False) -> NewOrder:
    return NewOrder(
        ticker=market.ticker,
        side=side,
        price=Price(price),
        count=Size(count),
        time_in_force="good_till_canceled" if rests else "immediate_or_cancel",
        self_trade_prevention="maker" if rests else "taker_at_cross",
    )


# --- hostile words


def _hostile_text(strike: Strike) -> None:
    strike.exchange.update_metadata(strike.ticker, **hostile_texts(strike.params["style"]))


def _hostile_tickers(strike: Strike) -> None:
    model = strike.market
    for ticker in hostile_tickers():
        if ticker not in strike.exchange.markets:
            strike.exchange.add_market(
                Market(
                    ticker=ticker,
                    event_ticker=model.event_ticker,
                    market_id=strike.faults.made_up_id(),
                    title=model.title,
                    open_ms=model.open_ms,
                    close_ms=model.close_ms,
                    latest_expiration_ms=model.latest_expiration_ms,
                    exchange_index=model.exchange_index,
                )
            )


_FLOOR_ACTIONS: Final[dict[str, Callable[[Strike], None]]] = {
    "pause_trading": _pause_trading,
    "pause_exchange": _pause_exchange,
    "pause_market": _pause_market,
    "close_market": _close_market,
    "move_close": _move_close,
    "settle": _settle,
    "change_grid": _change_grid,
    "change_fee": _change_fee,
    "forget_ids": _forget_ids,
    "external_trade": _external_trade,
    "withdraw": _withdraw,
    "trigger_groups": _trigger_groups,
    "revoke_keys": _revoke_keys,
    "cancel_rest": _cancel_rest,
    "cross_own_order": _cross_own_order,
    "pull_book": _pull_book,
    "dust": _dust,
    "flood": _flood,
    "deep_book": _deep_book,
    "hostile_text": _hostile_text,
    "hostile_tickers": _hostile_tickers,
}
