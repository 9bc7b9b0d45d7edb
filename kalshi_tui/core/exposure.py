"""The most that can still be lost: what is held, at its cost, and whatever works, filled in the worst order.

A gain is never set against a loss: once it is realised it is no room for new risk. So an exposure that was allowed is
not exceeded later, whichever of the orders fill, in parts and in whatever order, at their limits or better.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil
from typing import Final

from kalshi_tui.core.orders import Side
from kalshi_tui.core.positions import Position
from kalshi_tui.core.units import PRICE_ONE, Money, Price, Size, complement, cost
from kalshi_tui.errors import ValueRefused

_FREE: Final = Money(0)
Exact = int | Fraction
"""Whole where it can be, as nearly always: a Fraction is exact as well, and fifteen times as slow."""


@dataclass(frozen=True, slots=True)
class Working:
    """An order that may still fill: `size` of it, at `price` or better, for at most `fee` when all of it does."""

    side: Side
    price: Price
    size: Size
    fee: Money = _FREE
    opening_price: Exact = field(init=False, repr=False, compare=False)
    """What one contract costs to open, with its share of the fee, at most a dollar; kept since it is asked often."""

    def __post_init__(self) -> None:
        if self.side not in ("bid", "ask") or not 0 <= self.price <= PRICE_ONE or min(self.size, self.fee) < 0:
            raise ValueRefused(
                f"nothing that works has side, price, size and fee {self.side, self.price, self.size, self.fee}",
                hint="read the order again from the venue; until then nothing that adds risk may be sent",
            )
        each = _share(self.opens_for, self.size) if self.size else 0
        object.__setattr__(self, "opening_price", min(each, PRICE_ONE))

    @property
    def opens_for(self) -> Money:
        """Return what it costs if all of it opens a position: YES for a bid, NO for an ask, with the fee."""
        price = self.price if self.side == "bid" else complement(self.price)
        return Money(cost(price, self.size) + self.fee)

    def left(self, size: Size) -> Working:
        """Return what is left of the order, with its share of the fee, rounded up."""
        fee = Money(-(-self.fee * size // self.size)) if self.size else self.fee
        return replace(self, size=size, fee=fee)


def worst_loss(holding: Position, working: Iterable[Working]) -> Money:
    """Return the most that can be lost in one market from now on, whatever fills and however it ends; never below zero.

    The position counts at its cost, what it has realised does not count, and fees count where they are paid.
    """
    if_yes, if_no = _losses(holding, working)
    return Money(ceil(max(if_yes, if_no)))


def worst_size(holding: Position, working: Iterable[Working]) -> Size:
    """Return the most contracts that may come to be held on either side of the market."""
    bids, asks = _by_side(working)
    return Size(max(holding.size + _size(bids), _size(asks) - holding.size))


def adds_risk(holding: Position, working: Iterable[Working], order: Working) -> bool:
    """Return whether an order can do more than reduce what is held, together with all that works on its side.

    What can only reduce never raises the worst loss, unless its fee is greater than what the sale brings.
    """
    bids, asks = _by_side((*working, order))
    return _size(bids) > -holding.size if order.side == "bid" else _size(asks) > holding.size


def cash_needed(holding: Position, working: Iterable[Working]) -> Money:
    """Return the most cash that what works may take, both sides counted, since either may fill first.

    Closing brings cash, so only what may open is counted, the dearest of each side.
    """
    bids, asks = _by_side(working)
    needed = _most(bids, -holding.size) + _most(asks, holding.size)
    return Money(ceil(needed + _excess((*bids, *asks))))


def event_worst(markets: Iterable[tuple[Position, Iterable[Working]]], *, mutually_exclusive: bool) -> Money:
    """Return the most that can be lost in one event from now on: never more than its markets' losses together.

    Where at most one market can end in YES, one market loses what a YES loses and all others what a NO loses. Losses
    bend upwards over what a contract is worth, so no shared or scalar end is worse than the worst of these.
    """
    losses = [_losses(holding, working) for holding, working in markets]
    if not mutually_exclusive:
        return Money(sum(ceil(max(loss)) for loss in losses))
    all_no = sum(if_no for _, if_no in losses)
    return Money(ceil(all_no + max((if_yes - if_no for if_yes, if_no in losses if if_yes > if_no), default=0)))


def _losses(holding: Position, working: Iterable[Working]) -> tuple[Exact, Exact]:
    """Return the most that can be lost if the market ends in YES, and if in NO; either covers a market that is void.

    However the orders interleave, a contract of an order either opens, and may lose its price, or closes, and loses at
    most what the dearest contract of the other side cost less what it is sold for. In a void market opening loses the
    fee alone.
    """
    bids, asks = _by_side(working)
    held, excess = holding.size, _excess((*bids, *asks))
    yes_cost, no_cost = _dearest(holding, bids, "bid"), _dearest(holding, asks, "ask")
    if_yes = _most(asks, held, yes_cost) + (holding.cost if held < 0 else 0)
    if_no = _most(bids, -held, no_cost) + (holding.cost if held > 0 else 0)
    if_void = _most(asks, held, yes_cost, keeps_price=True) + _most(bids, -held, no_cost, keeps_price=True)
    return max(if_yes, if_void) + excess, max(if_no, if_void) + excess


def _most(orders: Sequence[Working], other: int, other_cost: Exact = 0, *, keeps_price: bool = False) -> Exact:
    """Return the most that the orders of one side lose while at least `other` contracts of the other side are held.

    So many of their contracts must close; the rest open or close, whichever is worse. The worst choice is that those
    open whose opening is worse than their closing by most. What opens loses its price and its fee, or where it
    `keeps_price`, as in a void market, its fee alone.
    """
    free = max(_size(orders) - max(other, 0), 0)
    total: Exact = 0
    by_choice: list[tuple[Exact, int]] = []
    for order in orders:
        closing = _closing_loss(order, other_cost)
        total += closing * order.size
        opening = _fee_inside(order) if keeps_price else order.opening_price
        by_choice.append((opening - closing, order.size))
    for worse_by, size in sorted(by_choice, reverse=True):
        opened = min(size, free)
        free -= opened
        total += max(worse_by, 0) * opened
    return total


def _fee_inside(order: Working) -> Exact:
    """Return the part of the opening price that is fee."""
    price = order.price if order.side == "bid" else complement(order.price)
    return order.opening_price - price


def _closing_loss(order: Working, other_cost: Exact) -> Exact:
    """Return what is lost on one contract that cost `other_cost` and is sold for the rest of the dollar."""
    return max(other_cost - (PRICE_ONE - order.opening_price), 0)


def _excess(orders: Iterable[Working]) -> int:
    """Return the part of the fees that is lost whatever else happens: a contract and its fee cost over a dollar."""
    return sum(max(order.opens_for - PRICE_ONE * order.size, 0) for order in orders)


def _dearest(holding: Position, orders: Iterable[Working], side: Side) -> Exact:
    """Return the most that a contract of one side has cost on average, or may come to cost."""
    is_held = holding.size > 0 if side == "bid" else holding.size < 0
    held_at = _share(holding.cost, abs(holding.size)) if is_held else 0
    return max((held_at, *(order.opening_price for order in orders)))


def _share(amount: int, size: int) -> Exact:
    whole, rest = divmod(amount, size)
    return Fraction(amount, size) if rest else whole


def _by_side(working: Iterable[Working]) -> tuple[list[Working], list[Working]]:
    some = [order for order in working if order.size]
    return [order for order in some if order.side == "bid"], [order for order in some if order.side == "ask"]


def _size(orders: Iterable[Working]) -> int:
    return sum(order.size for order in orders)
