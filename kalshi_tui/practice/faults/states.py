"""The states that a rule may ask for before it strikes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kalshi_tui.practice.records import Order

if TYPE_CHECKING:
    from kalshi_tui.practice.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Occasion:
    """Where and when a rule might strike; an empty member or ticker stands for any."""

    exchange: Exchange
    elapsed_s: float
    user_id: str = ""
    ticker: str = ""


def members(exchange: Exchange) -> list[str]:
    """Return the accounts that are not the house's, oldest first."""
    return [account.user_id for account in exchange.accounts.values() if not account.is_house]


def _resting(occasion: Occasion) -> Iterator[Order]:
    for user_id in [occasion.user_id] if occasion.user_id else members(occasion.exchange):
        for order in occasion.exchange.resting_of(user_id):
            if occasion.ticker in ("", order.ticker):
                yield order


def _resting_orders(occasion: Occasion) -> bool:
    return any(True for _ in _resting(occasion))


def _partly_filled(occasion: Occasion) -> bool:
    return any(order.filled for order in _resting(occasion))


def _order_group(occasion: Occasion) -> bool:
    users = [occasion.user_id] if occasion.user_id else members(occasion.exchange)
    return any(group.user_id in users and not group.triggered for group in occasion.exchange.groups.values())


def _position(occasion: Occasion) -> bool:
    return any(
        held.size
        for (user_id, _, ticker), held in occasion.exchange.positions.items()
        if (user_id == occasion.user_id if occasion.user_id else not occasion.exchange.accounts[user_id].is_house)
        and occasion.ticker in ("", ticker)
    )


def _market(occasion: Occasion, *statuses: str) -> bool:
    markets = occasion.exchange.markets
    if occasion.ticker:
        return occasion.ticker in markets and markets[occasion.ticker].status in statuses
    return any(market.status in statuses for market in markets.values())


def _two_sided(occasion: Occasion) -> bool:
    market = occasion.exchange.markets.get(occasion.ticker)
    return market is not None and bool(market.bids) and bool(market.asks)


STATES: Final[dict[str, Callable[[Occasion], bool]]] = {
    "resting_orders": _resting_orders,
    "partly_filled_order": _partly_filled,
    "order_group": _order_group,
    "position": _position,
    "two_sided_book": _two_sided,
    "market_open": lambda occasion: _market(occasion, "active"),
    "market_paused": lambda occasion: _market(occasion, "inactive"),
    "market_closed": lambda occasion: _market(occasion, "closed", "determined", "finalized"),
    "trading_paused": lambda occasion: not occasion.exchange.trading_active,
    "exchange_paused": lambda occasion: not occasion.exchange.exchange_active,
}


def holds(state: str, occasion: Occasion) -> bool:
    """Say whether a state holds; `not` before its name turns it round."""
    if state.startswith("not "):
        return not STATES[state[4:]](occasion)
    return STATES[state](occasion)
