"""A running digest of all that happened: two runs are the same run exactly when their digests are equal.

It stands on the matching path, so each happening costs one f-string, and hashing is done by the hundred.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

from kalshi_tui.practice.happenings import (
    BookChanged,
    EventCreated,
    EventFeeChanged,
    Filled,
    GroupChanged,
    Happening,
    MarketChanged,
    OrderChanged,
    PositionChanged,
    Traded,
)

_BATCH: Final = 256


def _book(h: BookChanged) -> str:
    return f"B|{h.market.ticker}|{h.side}|{h.price}|{h.delta}|{h.clock}|{h.ts_ms}|{h.user_id}|{h.client_order_id!r}"


def _traded(h: Traded) -> str:
    t = h.trade
    return f"T|{t.trade_id}|{t.ticker}|{t.price}|{t.count}|{t.taker_side}|{t.ts_ms}|{t.is_block}"


def _filled(h: Filled) -> str:
    f = h.fill
    return (
        f"F|{f.trade_id}|{f.order_id}|{f.user_id}|{f.side}|{f.price}|{f.count}|{f.is_taker}|{f.fee}|{f.position_after}"
    )


def _order(h: OrderChanged) -> str:
    o = h.order
    return (
        f"O|{o.order_id}|{o.client_order_id!r}|{o.user_id}|{o.subaccount}|{o.ticker}|{o.side}|{o.price}|{o.initial}|"
        f"{o.remaining}|{o.filled}|{o.status}|{o.last_update_reason}|{o.taker_fees}|{o.maker_fees}|{h.ts_ms}"
    )


def _position(h: PositionChanged) -> str:
    p = h.position
    return f"P|{p.user_id}|{p.subaccount}|{p.ticker}|{p.size}|{p.cost}|{p.realized}|{p.fees}|{p.settled}|{h.ts_ms}"


def _market(h: MarketChanged) -> str:
    m = h.market
    return (
        f"M|{h.kind}|{m.ticker}|{m.title!r}|{m.yes_sub_title!r}|{m.floor_strike}|{m.cap_strike}|{m.open_ms}|{m.close_ms}|"
        f"{m.status}|{m.result}|{m.settlement_value}|{m.price_level_structure}|{h.ts_ms}"
    )


def _event(h: EventCreated) -> str:
    return f"E|{h.event.ticker}|{h.event.series_ticker}|{h.event.title!r}|{h.ts_ms}"


def _event_fee(h: EventFeeChanged) -> str:
    return f"X|{h.event.ticker}|{h.event.fee_type_override}|{h.event.fee_multiplier_override}|{h.ts_ms}"


def _group(h: GroupChanged) -> str:
    return f"G|{h.kind}|{h.group.group_id}|{h.group.user_id}|{h.group.limit}|{h.group.triggered}|{h.ts_ms}"


# What is not named here is a flat record (an index tick), whose repr holds integers and strings alone.
_LINES: Final[dict[type, Callable[[Any], str]]] = {
    BookChanged: _book,
    Traded: _traded,
    Filled: _filled,
    OrderChanged: _order,
    PositionChanged: _position,
    MarketChanged: _market,
    EventCreated: _event,
    EventFeeChanged: _event_fee,
    GroupChanged: _group,
}


class Log:
    """A SHA-256 over one canonical line for each happening."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._lines: list[str] = []

    def hear(self, happening: Happening) -> None:
        """Add a happening."""
        lines = self._lines
        lines.append(_LINES.get(type(happening), repr)(happening))
        if len(lines) >= _BATCH:
            self._hash_lines()

    def digest(self) -> str:
        """Return the digest of everything heard so far."""
        self._hash_lines()
        return self._hash.hexdigest()

    def _hash_lines(self) -> None:
        if self._lines:
            self._hash.update(("\n".join(self._lines) + "\n").encode())
            self._lines.clear()
