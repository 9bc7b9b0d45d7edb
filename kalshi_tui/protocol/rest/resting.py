"""Lists what rests so that it can be cancelled: no more is read of an order than its cancel needs."""

from __future__ import annotations

from dataclasses import dataclass

from kalshi_tui.protocol.rest.asking import Page, Request, query
from kalshi_tui.protocol.rest.reading import Wire, ident, reader


@dataclass(frozen=True, slots=True)
class RestingOrder:
    """Where an order rests; what cannot be cancelled by it cannot be cancelled at all."""

    order_id: str
    ticker: str = ""
    group_id: str = ""
    subaccount: int | None = None
    exchange_index: int | None = None


class _Row(Wire):
    order_id: str
    ticker: str | None = None
    order_group_id: str | None = None
    subaccount_number: int | None = None
    exchange_index: int | None = None


class _Rows(Wire):
    orders: tuple[_Row, ...] | None
    cursor: str | None = None


def resting_orders() -> Request[Page[RestingOrder]]:
    """Ask for every resting order of every subaccount that the key sees; a price that makes no sense hides none."""
    return Request("GET", "/portfolio/orders", _read, query=query(status="resting", limit=1000), signed=True)


def _as_resting(row: _Row) -> RestingOrder:
    return RestingOrder(
        order_id=ident(row.order_id),
        ticker=ident(row.ticker or ""),
        group_id=ident(row.order_group_id or ""),
        subaccount=row.subaccount_number or None,  # none means the first, which is number 0
        exchange_index=row.exchange_index,
    )


_read = reader(_Rows, lambda wire: Page(tuple(_as_resting(row) for row in wire.orders or ()), wire.cursor or ""))
