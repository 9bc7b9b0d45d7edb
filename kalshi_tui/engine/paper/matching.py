"""How paper orders meet the live book: what they take, and what comes to those that rest."""

from __future__ import annotations

from typing import Final

from kalshi_tui.core.book import Level
from kalshi_tui.core.events import TradeSeen
from kalshi_tui.core.orders import Fill, OrderStatus, Side
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.paper.displayed import opposite, reaches
from kalshi_tui.engine.paper.floor import Floor
from kalshi_tui.engine.paper.orders import PaperOrder
from kalshi_tui.engine.paper.queue import Place

_SIDES: Final[tuple[Side, ...]] = ("bid", "ask")

Step = Level | PaperOrder
"""What an incoming order meets next: a part of a level to take, or an order of our own."""


def way(floor: Floor, ticker: str, side: Side, limit: Price) -> list[Step]:
    """Return all that an order meets within its limit, best first; our own orders stand where their queue has them."""
    left = dict(floor.book(ticker).offers(side, limit))
    own = [order for order in floor.own(ticker, opposite(side)) if reaches(side, limit, order.price)]
    steps: list[Step] = []
    for price in sorted({*left, *(order.price for order in own)}, reverse=side == "ask"):
        size, passed = left.get(price, Size(0)), 0
        for mine in (order for order in own if order.price == price):
            part = min(size, max(_ahead(mine) - passed, 0))
            if part:
                steps.append((price, Size(part)))
            size, passed = Size(size - part), passed + part
            steps.append(mine)
        if size:
            steps.append((price, size))
    return steps


def fillable(floor: Floor, order: PaperOrder) -> bool | None:
    """Tell whether an order can be filled whole; None when it would first meet an order of ours."""
    wanted = order.remaining
    for step in way(floor, order.ticker, order.side, order.price):
        if isinstance(step, PaperOrder):
            return None
        wanted = Size(wanted - step[1])
        if wanted <= 0:
            return True
    return False


def take(floor: Floor, order: PaperOrder) -> tuple[list[Fill], bool]:
    """Fill an incoming order level by level; return the fills, and whether what remains may not rest."""
    fills: list[Fill] = []
    for step in way(floor, order.ticker, order.side, order.price):
        if not order.remaining:
            break
        if not isinstance(step, PaperOrder):
            price, size = step[0], Size(min(step[1], order.remaining))
            floor.book(order.ticker).take(order.side, price, size)
            fills.append(floor.fill(order, price, size, is_taker=True))
        elif order.self_trade_prevention == "taker_at_cross":
            order.reason = "SelfTradeCancel"
            return fills, True
        else:
            floor.cancel([step], "SelfTradeCancel")
    return fills, False


def level_changed(floor: Floor, before: dict[str, Size], ticker: str, *, is_whole: bool) -> None:
    """Let our resting orders follow their levels, whose sizes were `before` by order id."""
    for order in floor.resting_in(ticker):
        if order.place is not None:
            after = floor.book(ticker).size_at(order.side, order.price)
            order.place.level_changed(before[order.order_id], after, floor.now_ms, is_whole=is_whole)


def cross(floor: Floor, ticker: str) -> None:
    """Fill what rests at our price where the other side has come to it or beyond it, up to what stands there."""
    for side in _SIDES:
        for order in floor.own(ticker, side):
            offers = floor.book(ticker).offers(side, order.price)
            if not offers:  # then nothing reaches the worse-priced ones either
                break
            _fill_resting(floor, order, offers)


def _fill_resting(floor: Floor, order: PaperOrder, offers: list[Level]) -> None:
    if order.place is not None:
        order.place.passed_through()
    for price, size in offers:
        part = Size(min(size, order.remaining))
        if part:
            floor.book(order.ticker).take(order.side, price, part)
            _make(floor, order, part)


def trade(floor: Floor, seen: TradeSeen) -> None:
    """Let a public trade move our orders up, and fill those that it reaches; it cannot fill more than was traded."""
    left, is_held_up = seen.size, False
    side = opposite(seen.taker_side)
    for order in floor.own(seen.ticker, side):
        if not reaches(seen.taker_side, seen.price, order.price):
            break
        # A trade of the very millisecond of our joining may have been before it.
        if order.place is None or seen.ts_ms <= order.place.joined_ms:
            continue
        part = Size(min(_reaching(order.place, order.price, seen, left, floor.now_ms), order.remaining))
        if part and not is_held_up:
            left = Size(left - part)
            floor.book(seen.ticker).displace(side, seen.price, part)
            _make(floor, order, part)
        is_held_up = is_held_up or bool(order.remaining)  # none of ours is filled while an older or better one waits


def _reaching(place: Place, price: Price, seen: TradeSeen, left: Size, now_ms: int) -> Size:
    """Return what of a trade comes to an order, of what our better and older orders have `left`."""
    if price != seen.price:
        place.passed_through()
        return left
    place.older_filled(Size(seen.size - left), now_ms)
    return place.traded(seen.size, left, now_ms)


def _make(floor: Floor, order: PaperOrder, size: Size) -> None:
    floor.fill(order, order.price, size, is_taker=False)
    if not order.remaining:
        floor.end(order, OrderStatus.EXECUTED, "Trade")
    floor.news.append(order.seen())


def _ahead(order: PaperOrder) -> int:
    return order.place.ahead if order.place is not None else 0
