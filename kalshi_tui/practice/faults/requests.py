"""What a door is told to do to a request: the doors carry it out, the exchange never knows."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from kalshi_tui.core.units import Price, Size, parse_decimal
from kalshi_tui.practice.records import NewOrder, Order, Refusal

if TYPE_CHECKING:
    from kalshi_tui.practice.exchange import Exchange

_TRIES: Final = 20

RequestKind = Literal[
    "refuse",
    "lose_request",
    "lose_reply",
    "fail_after",
    "delay",
    "late_accept",
    "truncate",
    "stale_read",
    "short_page",
]


@dataclass(frozen=True, slots=True)
class RequestFault:
    """One fault of one request; a door carries out every kind.

    * `refuse`: do not hand the request to the exchange; answer `status`, `content_type` and `body`.
    * `lose_request`: do not hand it over; wait `delay_ms`, then cut the connection without an answer.
    * `lose_reply`: hand it over; wait `delay_ms`, then cut the connection without an answer.
    * `fail_after`: hand it over, throw its answer away and answer `status`, `content_type` and `body`.
      HTML bodies, bare 5xx and a 201 with no order in it are all made with this kind and with `refuse`.
    * `delay`: wait `delay_ms`, before handing it over, or, where `accepted`, after that and before answering.
    * `late_accept`: cut the connection at once; hand the request over `delay_ms` later all the same.
    * `truncate`: hand it over; announce the whole answer, send its first `keep_bytes` bytes, then cut the connection.
    * `stale_read`: answer with the newest answer to the same method, path and query that is at least `age_ms` old; with
      the oldest that is kept when none is, and with a fresh one when none is kept. Doors keep a few answers per path
      while a fault of this kind may come.
    * `short_page`: hand it over and leave out the first `rows` rows of each list at the top of the answer.

    Waiting and lateness are in exchange time. `rule` and `fault` name what caused it, for a log line.
    """

    kind: RequestKind
    accepted: bool = False
    status: int = 0
    content_type: str = "application/json"
    body: bytes = b""
    delay_ms: int = 0
    keep_bytes: int = 0
    age_ms: int = 0
    rows: int = 0
    rule: str = ""
    fault: str = ""


HTML: Final = (
    "<html>\r\n<head><title>{status} error</title></head>\r\n"
    "<body><center><h1>{status}</h1></center><hr><center>gateway</center></body>\r\n</html>\r\n"
)


_CODES: Final = {401: "authentication_error", 403: "forbidden", 404: "not_found"}


def body_of(status: int, code: str, details: str) -> bytes:
    """Return the error body that goes with a status: a bare sentence for 429, an object for the others."""
    if status == 429 and not code:
        return b'{"error":"too many requests"}'
    name = code or _CODES.get(status, "internal_server_error")
    message = name.replace("_", " ")
    more = f',"details":"{details}"' if details else ""
    return f'{{"error":{{"code":"{name}","message":"{message}"{more}}}}}'.encode()


def fill_first(exchange: Exchange, house: str, route: str, count: str) -> None:
    """Fill the order that a request is about, in part or in whole, just before the request arrives."""
    order = next((exchange.orders[part] for part in route.split("/") if part in exchange.orders), None)
    if order is None or order.status != "resting":
        return
    wanted = min(order.remaining, parse_decimal(count, 2)) if count else order.remaining
    left = order.remaining - wanted
    for _ in range(_TRIES):  # what stands before the order is filled first
        if not _working(order, left):
            return
        with suppress(Refusal):
            exchange.create(house, _against(order, exchange.queue_ahead(order) + order.remaining - left))


def _working(order: Order, left: int) -> bool:
    return order.status == "resting" and order.remaining > left


def _against(order: Order, count: int) -> NewOrder:
    return NewOrder(
        ticker=order.ticker,
        side="ask" if order.side == "bid" else "bid",
        price=Price(order.price),
        count=Size(count),
        time_in_force="immediate_or_cancel",
        self_trade_prevention="taker_at_cross",
    )
