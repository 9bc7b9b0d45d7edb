"""One price of a ladder as a row: bid size, price, ask size, and where the last trade was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kalshi_tui.core.book import BookState
from kalshi_tui.core.units import Price, Size
from kalshi_tui.core.words import contracts, dollars
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
NOTE: Final = 9


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

    @classmethod
    def of(cls, view: LadderView, axis: Axis, width: int) -> Rungs:
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
        )


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
    note = rungs.last_words if price == rungs.last else ("off grid" if price in rungs.off_grid else "")
    middle = _price(price, rungs, under)
    cells = [(">" if here else " ", f"last{under}"), *_bid(price, rungs, under), *middle, *_ask(price, rungs, under)]
    used = 3 + rungs.price_width + 2 * rungs.size_width
    style = "last" if price == rungs.last and rungs.is_live else "quiet"
    return (*cells, (fit(f" {note}", max(width - used, 0)), style + under))


def head_rung(rungs: Rungs, width: int) -> Row:
    """Return the headings of the columns."""
    price = "price".center(rungs.price_width + 2)
    text = f" {right('bid size', rungs.size_width - 1)} {price}{right('ask size', rungs.size_width - 3)}"
    return ((fit(text, width), "quiet"),)


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
