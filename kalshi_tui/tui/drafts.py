"""What a key on the ladder, in the blotter or on a position wishes to do, as a draft that the engine then judges."""

from __future__ import annotations

from typing import Final

from kalshi_tui.core.grid import PriceGrid
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import SIZE_LIMIT, SIZE_ONE, Price, Size, parse_size
from kalshi_tui.errors import ValueRefused
from kalshi_tui.link.trading import Draft, OrderRow, PositionRow, TimeInForce
from kalshi_tui.link.views import LadderView, MarketView

TIMES: Final[tuple[TimeInForce, ...]] = ("good_till_canceled", "immediate_or_cancel", "fill_or_kill")
_ELSEWHERE: Final = "put the cursor on a price and press Enter"


def join(book: LadderView, side: Side, size: Size) -> Draft:
    """Return an order that rests at the best price of its own side, and only ever rests."""
    levels, nobody = (book.bids, "bids") if side == "bid" else (book.asks, "asks")
    if not levels:
        raise ValueRefused(f"nobody {nobody} in {book.ticker}", hint=_ELSEWHERE)
    return Draft(book.ticker, side, levels[0][0], size, post_only=True)


def cross(book: LadderView, side: Side, size: Size) -> Draft:
    """Return an order that takes the best price of the other side; what it cannot take does not stay behind."""
    levels, nobody = (book.asks, "asks") if side == "bid" else (book.bids, "bids")
    if not levels:
        raise ValueRefused(f"nobody {nobody} in {book.ticker}", hint=_ELSEWHERE)
    return Draft(book.ticker, side, levels[0][0], size, time_in_force="immediate_or_cancel")


def side_at(book: LadderView, price: Price) -> Side:
    """Return the side that would rest at a price: a bid below the asks, an ask from there on."""
    if book.asks and price >= book.asks[0][0]:
        return "ask"
    if book.bids and price > book.bids[0][0]:
        nearer = 2 * price - book.bids[0][0] - (book.asks[0][0] if book.asks else book.bids[0][0])
        return "ask" if nearer > 0 else "bid"
    return "bid"


def flatten(held: PositionRow, book: LadderView) -> Draft:
    """Return an order that closes all that is held of a market, at what the book gives now, and never opens more."""
    side: Side = "ask" if held.size > 0 else "bid"
    levels = book.bids if side == "ask" else book.asks
    if not held.size:
        raise ValueRefused(f"nothing is held of {held.ticker}", hint="there is nothing to flatten")
    if not levels:
        raise ValueRefused(f"nobody is there to take it in {held.ticker}", hint=_ELSEWHERE)
    return Draft(
        held.ticker,
        side,
        levels[0][0],
        Size(abs(held.size)),
        kind="flatten",
        time_in_force="immediate_or_cancel",
        reduce_only=True,
    )


def amend(order: OrderRow) -> Draft:
    """Return a change of an order that rests, at first to what it is."""
    if order.state != "resting":
        raise ValueRefused(f"order {order.number} does not rest: it is {order.state}", hint="choose one that rests")
    return Draft(
        order.ticker,
        order.side,
        order.price,
        order.size,
        kind="amend",
        post_only=order.post_only,
        replaces=order.number,
    )


def stepped_size(size: Size, by: int) -> Size:
    """Return a size so many contracts larger or smaller; the smallest is what is left of one."""
    wished = size + by * SIZE_ONE
    return Size(min(wished, SIZE_LIMIT)) if wished > 0 else size


def stepped_price(market: MarketView | None, price: Price, by: int) -> Price:
    """Return the next price of the market's grid above or below; at the ends it stays."""
    if market is None:
        raise ValueRefused("the prices of this market are not known yet", hint="wait for its description")
    grid = PriceGrid.from_bands(market.grid)
    stepped = grid.step_up(price) if by > 0 else grid.step_down(price)
    return price if stepped is None else stepped


def typed_size(text: str) -> Size:
    """Return the size that digits and a point stand for; one that cannot be sent is refused."""
    size = parse_size(text.rstrip(".") or "0")
    if not size:
        raise ValueRefused("a size is above zero", hint="go on typing")
    return size


def next_time(now: TimeInForce) -> TimeInForce:
    """Return the next of the ways how long an order stays."""
    return TIMES[(TIMES.index(now) + 1) % len(TIMES)]
