"""A market's book: orders in price-time priority, each level with its total, the best prices kept."""

from __future__ import annotations

from collections.abc import Iterator

from kalshi_tui.practice.records import Level, Market, Order, Side


def levels(market: Market, side: Side) -> dict[int, Level]:
    """Return one side's levels, by price."""
    return market.bids if side == "bid" else market.asks


def crosses(market: Market, side: Side, price: int) -> bool:
    """Tell whether an order at this price would take."""
    return price >= market.best_ask if side == "bid" else price <= market.best_bid


def allows(market: Market, price: int) -> bool:
    """Tell whether a price lies on the market's grid, strictly inside 0 to 1."""
    if not 0 < price < 10_000:
        return False
    return any(band.start <= price <= band.end and (price - band.start) % band.step == 0 for band in market.bands)


def add(market: Market, order: Order) -> None:
    """Put an order behind the others of its price."""
    price = order.price
    side = levels(market, order.side)
    level = side.get(price)
    if level is None:
        level = side[price] = Level()
        if order.side == "bid":
            market.best_bid = max(market.best_bid, price)
        else:
            market.best_ask = min(market.best_ask, price)
    level.orders[order.order_id] = order
    level.size += order.remaining


def remove(market: Market, order: Order) -> None:
    """Take an order off, with all that remains of it."""
    level = levels(market, order.side)[order.price]
    del level.orders[order.order_id]
    level.size -= order.remaining
    if not level.orders:
        drop_level(market, order.side, order.price)


def drop_level(market: Market, side: Side, price: int) -> None:
    """Forget an empty level; a scan of the side for its next best costs less than keeping prices sorted."""
    if side == "bid":
        del market.bids[price]
        if price == market.best_bid:
            market.best_bid = max(market.bids, default=0)
    else:
        del market.asks[price]
        if price == market.best_ask:
            market.best_ask = min(market.asks, default=10_000)


def in_priority(market: Market, side: Side) -> Iterator[Order]:
    """Go through one side's orders as they would be matched."""
    prices = sorted(market.bids, reverse=True) if side == "bid" else sorted(market.asks)
    held = levels(market, side)
    for price in prices:
        yield from held[price].orders.values()


def queue_ahead(market: Market, order: Order) -> int:
    """Return the size that would be matched before a resting order."""
    ahead = 0
    for price, level in levels(market, order.side).items():
        if price > order.price if order.side == "bid" else price < order.price:
            ahead += level.size
    for earlier in levels(market, order.side)[order.price].orders.values():
        if earlier is order:
            break
        ahead += earlier.remaining
    return ahead
