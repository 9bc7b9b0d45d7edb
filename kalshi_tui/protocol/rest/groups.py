"""Order groups: a limit on what their orders may trade together within 15 seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from kalshi_tui.core.units import Size, format_size, parse_size
from kalshi_tui.errors import LocalProtocolError
from kalshi_tui.protocol.rest.asking import Request, name, query
from kalshi_tui.protocol.rest.reading import Wire, field, ident, reader


@dataclass(frozen=True, slots=True)
class OrderGroup:
    """Some orders under one limit; `orders` is known only where one group was asked for."""

    group_id: str
    limit: Size | None
    is_auto_cancel_enabled: bool
    exchange_index: int
    orders: tuple[str, ...] = ()


class _Made(Wire):
    order_group_id: str


class _Group(Wire):
    is_auto_cancel_enabled: bool
    id: str = ""
    contracts_limit_fp: str | None = None
    exchange_index: int | None = None
    orders: tuple[str, ...] | None = None


class _Groups(Wire):
    order_groups: tuple[_Group, ...] | None = None


def create_group(limit: Size, *, subaccount: int | None = None, exchange_index: int | None = None) -> Request[str]:
    """Make a group and return its id."""
    body = {"contracts_limit_fp": _limit(limit), "subaccount": subaccount, "exchange_index": exchange_index}
    kept = {key: value for key, value in body.items() if value is not None}
    return Request(
        "POST",
        "/portfolio/order_groups/create",
        reader(_Made, lambda wire: ident(wire.order_group_id)),
        body=msgspec.json.encode(kept),
        is_write=True,
        signed=True,
    )


def groups(*, subaccount: int | None = None) -> Request[tuple[OrderGroup, ...]]:
    """Ask for every group."""
    asked = query(subaccount=subaccount)
    return Request("GET", "/portfolio/order_groups", _read_groups, query=asked, signed=True)


def group(group_id: str, *, subaccount: int | None = None) -> Request[OrderGroup]:
    """Ask for one group with the ids of its orders."""
    read = reader(_Group, lambda wire: _as_group(wire, group_id))
    names = (name(group_id, "order group id"),)
    return Request("GET", "/portfolio/order_groups/{}", read, names, query(subaccount=subaccount), signed=True)


def set_group_limit(group_id: str, limit: Size, **where: int) -> Request[None]:
    """Change the limit of a group."""
    return _change(group_id, "PUT", "/limit", where, {"contracts_limit_fp": _limit(limit)})


def reset_group(group_id: str, **where: int) -> Request[None]:
    """Count from nothing again, so that a triggered group takes orders."""
    return _change(group_id, "PUT", "/reset", where, {})


def trigger_group(group_id: str, **where: int) -> Request[None]:
    """Cancel all orders of a group and let it take no more until it is reset."""
    return _change(group_id, "PUT", "/trigger", where, {}, is_cancel=True)


def delete_group(group_id: str, **where: int) -> Request[None]:
    """Cancel all orders of a group and remove it."""
    return _change(group_id, "DELETE", "", where, None, is_cancel=True)


def _change(
    group_id: str,
    method: str,
    tail: str,
    where: dict[str, int],
    body: dict[str, str] | None,
    *,
    is_cancel: bool = False,
) -> Request[None]:
    return Request(
        method,
        "/portfolio/order_groups/{}" + tail,
        _read_nothing,
        (name(group_id, "order group id"),),
        query(subaccount=where.get("subaccount"), exchange_index=where.get("exchange_index")),
        body=None if body is None else msgspec.json.encode(body),
        is_write=True,
        is_cancel=is_cancel,
        signed=True,
    )


def _limit(limit: Size) -> str:
    if not 100 <= limit <= 100_000_000:
        raise LocalProtocolError(f"{limit} is no limit for a group", hint="choose 1 to 1,000,000 contracts")
    return format_size(limit)


def _as_group(wire: _Group, group_id: str = "") -> OrderGroup:
    limit = wire.contracts_limit_fp
    return OrderGroup(
        group_id=ident(wire.id or group_id),
        limit=None if limit is None else field("contracts_limit_fp", parse_size, limit),
        is_auto_cancel_enabled=wire.is_auto_cancel_enabled,
        exchange_index=wire.exchange_index or 0,
        orders=tuple(ident(order_id) for order_id in wire.orders or ()),
    )


def _nothing(_: Any) -> None:
    return None


_read_groups = reader(_Groups, lambda wire: tuple(_as_group(row) for row in wire.order_groups or ()))
_read_nothing = reader(Wire, _nothing)
