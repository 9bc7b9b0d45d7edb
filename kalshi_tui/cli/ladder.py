"""A book as rows of text on the YES axis: asks above, bids below, best prices meeting in the middle."""

from __future__ import annotations

from kalshi_tui.cli.output import Column
from kalshi_tui.core.book import Book
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Price, format_price, format_size
from kalshi_tui.core.words import contracts, dollars

COLUMNS = (
    Column("bid size", is_number=True, style="green"),
    Column("yes price", is_number=True),
    Column("ask size", is_number=True, style="red"),
)


def ladder_rows(book: Book, depth: int) -> list[tuple[str, str, str]]:
    """Return up to `depth` levels of each side, from the highest ask down to the lowest bid."""
    asks = [("", dollars(price), contracts(size)) for price, size in reversed(book.depth("ask", depth))]
    bids = [(contracts(size), dollars(price), "") for price, size in book.depth("bid", depth)]
    return [*asks, *bids]


def spread(book: Book) -> str:
    """Write how far the best prices lie apart."""
    if book.best_bid is None or book.best_ask is None:
        return "-"
    return dollars(Price(book.best_ask - book.best_bid))


def book_levels(book: Book, depth: int) -> dict[str, list[tuple[str, str]]]:
    """Return both sides, best first, in the wire's strings: what programs read."""
    return {
        f"{side}s": [(format_price(price), format_size(size)) for price, size in book.depth(side, depth)]
        for side in ("bid", "ask")
    }


def best(book: Book, side: Side) -> str:
    """Write a side's best price and what rests there."""
    price = book.best_bid if side == "bid" else book.best_ask
    return "nothing" if price is None else f"{contracts(book.size_at(side, price))} at {dollars(price)}"
