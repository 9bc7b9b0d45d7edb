"""The exact bytes that a ticket stands for: what is shown, hashed, journalled and sent is the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kalshi_tui.core.units import Size
from kalshi_tui.engine.trading.names import order_name
from kalshi_tui.link.trading import Draft
from kalshi_tui.protocol.rest.asking import Request
from kalshi_tui.protocol.rest.trading import Created, NewOrder, amend_order, create_order

if TYPE_CHECKING:
    from kalshi_tui.engine.trading.desk import Desk


@dataclass(frozen=True, slots=True)
class Bodies:
    """A request with its body in text, its digest, and what in it the draft does not say."""

    request: Request[Created]
    body: str
    digest: str
    client_order_id: str
    group_id: str
    exchange_index: int
    expiration_s: int | None
    opens: Size
    new: NewOrder | None


def bodies_of(desk: Desk, draft: Draft, counter: int) -> Bodies:
    """Return what a draft would be sent as."""
    if draft.kind == "amend" and draft.replaces is not None:
        return _amendment(desk, draft, draft.replaces)
    known = desk.kernel.catalogue.get(draft.ticker)
    shard = known.market.exchange_index if known is not None else 0
    group = desk.ledger.groups.get(shard)
    # What may not rest and only reduces must get through also when the group has tripped.
    needs_group = not draft.reduce_only
    new = NewOrder(
        client_order_id=order_name(desk.ledger.install, desk.ledger.sessions, counter, desk.ledger.began_ms or 0),
        ticker=draft.ticker,
        side=draft.side,
        price=draft.price,
        size=draft.size,
        time_in_force=draft.time_in_force,
        expiration_s=_expiration(desk, draft),
        post_only=draft.post_only,
        reduce_only=draft.reduce_only,
        cancel_on_pause=desk.rules.cancel_on_pause and draft.time_in_force == "good_till_canceled",
        order_group_id=group.group_id if group is not None and needs_group else "",
        exchange_index=shard,
    )
    return _bodies(
        create_order(new),
        draft.size,
        client_order_id=new.client_order_id,
        group_id=new.order_group_id,
        shard=shard,
        expiration_s=new.expiration_s,
        new=new,
    )


def _amendment(desk: Desk, draft: Draft, number: int) -> Bodies:
    order = desk.ledger.orders[number]
    request = amend_order(
        order.order_id,
        ticker=order.ticker,
        side=order.side,
        price=draft.price,
        size=draft.size,
        client_order_id=order.client_order_id,
        exchange_index=order.exchange_index,
    )
    opens = Size(max(draft.size - order.filled, 0))
    return _bodies(
        request, opens, client_order_id=order.client_order_id, group_id=order.group_id, shard=order.exchange_index
    )


def _bodies(
    request: Request[Created],
    opens: Size,
    *,
    client_order_id: str,
    group_id: str,
    shard: int,
    expiration_s: int | None = None,
    new: NewOrder | None = None,
) -> Bodies:
    body = request.body or b""
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode() + body).hexdigest()
    return Bodies(request, body.decode(), digest, client_order_id, group_id, shard, expiration_s, opens, new)


def _expiration(desk: Desk, draft: Draft) -> int | None:
    """Return when an order that rests ends by itself: as drafted, as the settings say, or with the market."""
    if draft.time_in_force != "good_till_canceled" or draft.reduce_only:
        return None
    if draft.expiration_s is not None:
        return draft.expiration_s
    if desk.rules.expiration_ms:
        return (desk.venue_ms + desk.rules.expiration_ms) // 1000
    known = desk.kernel.catalogue.get(draft.ticker)
    return known.market.close_ms // 1000 if known is not None and known.market.close_ms > desk.venue_ms else None
