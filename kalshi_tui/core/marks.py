"""What a position is worth at prices that can be had: never a midpoint, never the last trade."""

from __future__ import annotations

from typing import Final

from kalshi_tui.core.book import Book
from kalshi_tui.core.fees import CURRENT_POLICY, FeePolicy, FeeTerms, predict
from kalshi_tui.core.positions import Position
from kalshi_tui.core.units import PRICE_ONE, Money, Price, Size, cost

_ANY_PRICE: Final = Price(0)


def exit_value(position: Position, book: Book, terms: FeeTerms, policy: FeePolicy = CURRENT_POLICY) -> Money | None:
    """Return what selling all of a position now would bring, fees paid, or None where the book cannot take it all.

    YES is sold to the bids; NO is sold to the asks, each for the rest of the dollar. The caller knows whether the book
    may be believed. With many makers at a level the fee may be a grid step higher for each, as `predict` says.
    """
    size = Size(abs(position.size))
    if position.size >= 0:
        walk = predict(terms, book.depth("bid", len(book.bids)), side="ask", size=size, limit=_ANY_PRICE, policy=policy)
        value = walk.value
    else:
        walk = predict(terms, book.depth("ask", len(book.asks)), side="bid", size=size, limit=PRICE_ONE, policy=policy)
        value = Money(cost(PRICE_ONE, walk.size) - walk.value)
    return Money(value - walk.fee) if walk.size == size else None


def unrealised(position: Position, value: Money | None) -> Money | None:
    """Return what selling at `value` would gain on the position's cost, or None where it cannot be sold."""
    return None if value is None else Money(value - position.cost)
