"""One price of a ladder as a row: bid size, price, ask size, and where the last trade was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kalshi_tui.core.book import BookState
from kalshi_tui.core.units import PRICE_ONE, Price, Size
from kalshi_tui.core.words import contracts, dollars
from kalshi_tui.link.trading import OrderRow, PositionRow
from kalshi_tui.link.views import LadderView
from kalshi_tui.tui.panes.axis import Axis
from kalshi_tui.tui.widgets.lines import Cell, Row
from kalshi_tui.tui.words import fit, right, short_size

STATE_STYLES: Final = {
    BookState.LIVE: "bid",
    BookState.RESYNC: "warn",
    BookState.STALE: "warn",
    BookState.DEAD: "alarm",
}
NOTE: Final = 12
NOTHING_OF_OURS: Final[Mapping[Price, Cell]] = {}


@dataclass(frozen=True, slots=True)
class Rungs:
    """What all rows of one picture share."""

    bids: dict[Price, Size]
    asks: dict[Price, Size]
    best_bid: Price | None
    best_ask: Price | None
    last: Price | None
    last_words: str
    is_live: bool
    full: Size  # a size that fills its bar
    size_width: int
    price_width: int
    decimals: int
    off_grid: frozenset[Price]
    own: Mapping[Price, Cell]  # our working orders, where there are any
    average: Price | None  # the row nearest to what the position was bought for

    @classmethod
    def of(
        cls,
        view: LadderView,
        axis: Axis,
        width: int,
        own: Mapping[Price, Cell] = NOTHING_OF_OURS,
        average: Price | None = None,
    ) -> Rungs:
        """Prepare one picture."""
        price_width = axis.decimals + 2
        size_width = max(min((width - price_width - NOTE - 3) // 2, 14), 6)
        sizes = [size for _, size in (*view.bids, *view.asks)]
        return cls(
            dict(view.bids),
            dict(view.asks),
            view.bids[0][0] if view.bids else None,
            view.asks[0][0] if view.asks else None,
            view.last_price,
            _last_words(view),
            view.state is BookState.LIVE,
            _full(max(sizes, default=Size(1))),
            size_width,
            price_width,
            axis.decimals,
            axis.off_grid,
            own,
            average,
        )


def own_marks(orders: Sequence[OrderRow]) -> dict[Price, Cell]:
    """Return a mark for each price at which orders of ours work: side, size, and whether it is certain."""
    marks: dict[Price, list[Cell]] = {}
    for side, letter in (("bid", "B"), ("ask", "S")):
        for price in {order.price for order in orders if order.side == side}:
            here = [order for order in orders if (order.side, order.price) == (side, price)]
            marks.setdefault(price, []).append(_own_mark(here, letter, f"{side} strong"))
    return {price: (" ".join(text for text, _ in cells), cells[-1][1]) for price, cells in marks.items()}


def _own_mark(orders: Sequence[OrderRow], letter: str, style: str) -> Cell:
    text = f"{letter}{short_size(Size(sum(order.remaining for order in orders)), 6)}"
    if any(order.state == "unknown" for order in orders):
        return f"{text}?", "stale strong"
    if any(order.is_in_flight or order.state != "resting" for order in orders):
        return f"{text}…", "quiet"
    return text, style


def average_row(held: PositionRow | None, axis: Axis) -> Price | None:
    """Return the row nearest to the average price on the YES axis; nothing where nothing is held."""
    if held is None or not held.size or held.average is None or not len(axis):
        return None
    paid = held.average // 100
    on_axis = paid if held.size > 0 else PRICE_ONE - paid
    return min(axis.prices, key=lambda price: abs(price - on_axis))


def _last_words(view: LadderView) -> str:
    side = {"bid": "▲", "ask": "▼", None: ""}[view.last_side]
    if not view.last_size:  # the price was told, and not the trade
        return "last"
    return f"last {side}{short_size(view.last_size, 3)}"


def _full(largest: Size) -> Size:
    """Return the next power of two above, so that bars keep their scale while the largest size moves a little."""
    return Size(1 << max(largest - 1, 1).bit_length())


def rung(price: Price, rungs: Rungs, width: int, *, here: bool) -> Row:
    """Return one price's row."""
    under = " cursor" if here else ""
    middle = _price(price, rungs, under)
    cells = [(">" if here else " ", f"last{under}"), *_bid(price, rungs, under), *middle, *_ask(price, rungs, under)]
    used = 3 + rungs.price_width + 2 * rungs.size_width
    return (*cells, *_notes(price, rungs, under, max(width - used, 0)))


def _notes(price: Price, rungs: Rungs, under: str, room: int) -> list[Cell]:
    """Return what stands behind a price: our orders first, then our average, the last trade, and a doubt."""
    note = rungs.last_words if price == rungs.last else ("off grid" if price in rungs.off_grid else "")
    if price == rungs.average:
        note = f"avg {note}"
    style = "last" if price == rungs.last and rungs.is_live else "quiet"
    mine = rungs.own.get(price)
    if mine is None:
        return [(fit(f" {note}", room), style + under)]
    shown = fit(f" {mine[0]}", min(len(mine[0]) + 1, room))
    return [(shown, mine[1] + under), (fit(f" {note}", room - len(shown)), style + under)]


def head_rung(rungs: Rungs, width: int, order: Cell = ("", "")) -> Row:
    """Return the headings of the columns, and beside them what a key would stage."""
    price = "price".center(rungs.price_width + 2)
    size = " size" if rungs.size_width > len("ask size") + 2 else ""
    text = f" {right(f'bid{size}', rungs.size_width - 1)} {price}{right(f'ask{size}', rungs.size_width - 3)}   "
    shown = fit(text, min(len(text), width))
    words, style = order
    return ((shown, "quiet"), (fit(f" {words}", max(width - len(shown), 0)), style))


def _price(price: Price, rungs: Rungs, under: str) -> list[Cell]:
    text = dollars(price, rungs.decimals)
    left = ">" if price == rungs.best_bid else " "
    after = "<" if price == rungs.best_ask else " "
    if not rungs.is_live:
        return [(f"{left}{text}{after}", f"quiet{under}")]
    if price == rungs.last:
        return [(left, f"bid best{under}"), (text, f"last strong{under}"), (after, f"ask best{under}")]
    style = "spread"
    if price in (rungs.best_bid, rungs.best_ask):
        style = "bid best" if price == rungs.best_bid else "ask best"
    elif not _is_inside(price, rungs):
        style = "quiet"
    return [(f"{left}{text}{after}", style + under)]


def _is_inside(price: Price, rungs: Rungs) -> bool:
    bid, ask = rungs.best_bid, rungs.best_ask
    return bid is not None and ask is not None and bid < price < ask


def _bid(price: Price, rungs: Rungs, under: str) -> list[Cell]:
    width = rungs.size_width
    size = rungs.bids.get(price)
    if size is None:
        return [(" " * width, under.strip())]
    text = f"{right(_size_words(size, width - 1), width - 1)} "
    if not rungs.is_live:
        return [(text, f"quiet{under}")]
    bar = _bar(size, rungs)
    style = "bid best" if price == rungs.best_bid else "bid"
    return [(text[: width - bar], style + under), (text[width - bar :], f"{style}{under} bid-bar")]


def _ask(price: Price, rungs: Rungs, under: str) -> list[Cell]:
    width = rungs.size_width
    size = rungs.asks.get(price)
    if size is None:
        return [(" " * width, under.strip())]
    text = f"{right(_size_words(size, width - 3), width - 3)}   "
    if not rungs.is_live:
        return [(text, f"quiet{under}")]
    bar = _bar(size, rungs)
    style = "ask best" if price == rungs.best_ask else "ask"
    return [(text[:bar], f"{style}{under} ask-bar"), (text[bar:], style + under)]


def _size_words(size: Size, width: int) -> str:
    text = contracts(size)
    return text if len(text) <= width else short_size(size, width)


def _bar(size: Size, rungs: Rungs) -> int:
    return min(-(-size * rungs.size_width // rungs.full), rungs.size_width)
