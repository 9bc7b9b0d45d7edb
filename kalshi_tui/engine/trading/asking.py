"""What the venue is asked about the account: the questions, and how each answer is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from kalshi_tui.protocol import rest
from kalshi_tui.protocol.rest.asking import Request

OPEN_ORDERS: Final = "my open orders"
ORDERS: Final = "my orders"
ORDER: Final = "my order"
FILLS: Final = "my fills"
POSITIONS: Final = "my positions"
SETTLEMENTS: Final = "my settlements"
BALANCE: Final = "my balance"
GROUPS: Final = "my groups"
BOOK: Final = "my book"


def is_mine(endpoint: str) -> bool:
    """Tell whether a question is about the account, or asked for its sake."""
    return endpoint.startswith("my ")


def _since(argument: str) -> tuple[int | None, str]:
    """Split an argument into seconds, or none where everything is asked for, and a cursor."""
    since, _, cursor = argument.partition("|")
    return (int(since) or None) if since else None, cursor


def _open_orders(argument: str) -> Request[Any]:
    return rest.orders(status="resting", cursor=_since(argument)[1])


def _orders(argument: str) -> Request[Any]:
    since, cursor = _since(argument)
    return rest.orders(min_s=since, cursor=cursor)


def _fills(argument: str) -> Request[Any]:
    since, cursor = _since(argument)
    return rest.fills(min_s=since, cursor=cursor)


def _settlements(argument: str) -> Request[Any]:
    since, cursor = _since(argument)
    return rest.settlements(min_s=since, cursor=cursor)


REQUESTS: Final[dict[str, Callable[[str], Request[Any]]]] = {
    OPEN_ORDERS: _open_orders,
    ORDERS: _orders,
    ORDER: rest.order,
    FILLS: _fills,
    POSITIONS: lambda argument: rest.positions(cursor=_since(argument)[1]),
    SETTLEMENTS: _settlements,
    BALANCE: lambda _: rest.balance(),
    GROUPS: lambda _: rest.groups(),
    BOOK: lambda ticker: rest.books([ticker]),
}
PAGED: Final = frozenset({OPEN_ORDERS, ORDERS, FILLS, POSITIONS, SETTLEMENTS})


def read(endpoint: str, argument: str, body: bytes) -> Any:
    """Return what an answer says."""
    return REQUESTS[endpoint](argument).read(body)
