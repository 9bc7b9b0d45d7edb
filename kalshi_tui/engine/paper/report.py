"""Sets paper fills beside those of an exchange, order by order, so that the models can be judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from msgspec import Struct

from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Money, Price, Size, cost


class FillOf(Protocol):
    """A fill with its order's own id, from a stream, a list or a journal."""

    @property
    def trade_id(self) -> str: ...
    @property
    def order_id(self) -> str: ...
    @property
    def client_order_id(self) -> str: ...
    @property
    def ticker(self) -> str: ...
    @property
    def side(self) -> Side: ...
    @property
    def price(self) -> Price: ...
    @property
    def size(self) -> Size: ...
    @property
    def fee(self) -> Money: ...
    @property
    def ts_ms(self) -> int: ...


class Filled(Struct, frozen=True, gc=False):
    """What one venue made of one order, or of all; `average` is the YES price of one contract in millionths."""

    size: Size
    value: Money  # price x size on the YES axis, over all fills
    average: Money | None
    fee: Money
    first_ms: int | None  # from sending to the first fill


class ComparedOrder(Struct, frozen=True, gc=False):
    """One order on paper and on the exchange; the differences are paper less exchange."""

    client_order_id: str
    ticker: str
    side: Side
    paper: Filled
    exchange: Filled
    size_difference: Size
    fee_difference: Money
    first_difference_ms: int | None
    flattered: Money | None  # by how much paper made one contract cheaper, fee included; None unless both filled some


class Comparison(Struct, frozen=True, gc=False):
    """All orders, the models that filled those on paper, and the sums; `flattered` counts what both filled."""

    models: tuple[str, ...]
    rows: tuple[ComparedOrder, ...]
    paper: Filled
    exchange: Filled
    only_paper: int  # orders of which the exchange filled nothing
    only_exchange: int
    alike: int  # orders with the same size, value and fee
    flattered: Money


def compare(
    paper: Iterable[FillOf], exchange: Iterable[FillOf], sent_ms: Mapping[str, int], models: tuple[str, ...]
) -> Comparison:
    """Set two lists of fills side by side by client_order_id; `sent_ms` says when each order was sent.

    An order that neither filled has a row too, as long as it was sent. A fill that is told twice counts once.
    """
    ours, theirs = _by_order(paper), _by_order(exchange)
    names = dict.fromkeys((*sent_ms, *ours, *theirs))
    rows = tuple(_row(name, ours.get(name, []), theirs.get(name, []), sent_ms.get(name)) for name in names)
    return Comparison(
        models=models,
        rows=rows,
        paper=_filled([fill for fills in ours.values() for fill in fills], None),
        exchange=_filled([fill for fills in theirs.values() for fill in fills], None),
        only_paper=sum(1 for row in rows if row.paper.size and not row.exchange.size),
        only_exchange=sum(1 for row in rows if row.exchange.size and not row.paper.size),
        alike=sum(1 for row in rows if _essence(row.paper) == _essence(row.exchange)),
        flattered=Money(sum(_times(row.flattered, min(row.paper.size, row.exchange.size)) for row in rows)),
    )


def _by_order(fills: Iterable[FillOf]) -> dict[str, list[FillOf]]:
    known = {(fill.trade_id, fill.order_id): fill for fill in fills}
    found: dict[str, list[FillOf]] = {}
    for fill in known.values():
        found.setdefault(fill.client_order_id, []).append(fill)
    return found


def _row(name: str, paper: list[FillOf], exchange: list[FillOf], sent_ms: int | None) -> ComparedOrder:
    ours, theirs = _filled(paper, sent_ms), _filled(exchange, sent_ms)
    some = (paper or exchange)[:1]
    side: Side = some[0].side if some else "bid"
    first = None if ours.first_ms is None or theirs.first_ms is None else ours.first_ms - theirs.first_ms
    return ComparedOrder(
        client_order_id=name,
        ticker=some[0].ticker if some else "",
        side=side,
        paper=ours,
        exchange=theirs,
        size_difference=Size(ours.size - theirs.size),
        fee_difference=Money(ours.fee - theirs.fee),
        first_difference_ms=first,
        flattered=_flattered(side, ours, theirs),
    )


def _filled(fills: list[FillOf], sent_ms: int | None) -> Filled:
    size = sum(fill.size for fill in fills)
    value = sum(cost(fill.price, fill.size) for fill in fills)
    first = min((fill.ts_ms for fill in fills), default=None)
    return Filled(
        size=Size(size),
        value=Money(value),
        average=_one(value, size) if size else None,
        fee=Money(sum(fill.fee for fill in fills)),
        first_ms=None if first is None or sent_ms is None else first - sent_ms,
    )


def _flattered(side: Side, paper: Filled, exchange: Filled) -> Money | None:
    """Return what one contract cost on the exchange beyond what it cost on paper, fees included."""
    if not paper.size or not exchange.size:
        return None
    sign = 1 if side == "bid" else -1
    return Money(
        _one(sign * exchange.value + exchange.fee, exchange.size) - _one(sign * paper.value + paper.fee, paper.size)
    )


def _one(amount: int, size: int) -> Money:
    """Return an amount for one contract, half a millionth rounded up."""
    return Money((200 * amount + size) // (2 * size))


def _times(amount: Money | None, size: Size) -> int:
    return (amount or 0) * size // 100


def _essence(filled: Filled) -> tuple[Size, Money, Money]:
    return filled.size, filled.value, filled.fee
