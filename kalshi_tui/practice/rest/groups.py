"""Order groups: a fuse over a set of orders."""

from __future__ import annotations

from typing import Any, Final

from kalshi_tui.practice import refusals
from kalshi_tui.practice.records import OrderGroup
from kalshi_tui.practice.rest.body import Body
from kalshi_tui.practice.rest.call import Call
from kalshi_tui.practice.rest.texts import size_text

Json = dict[str, Any]

_LIMIT_MAX: Final = 1_000_000  # contracts


def create(call: Call) -> Json:
    """Create a group with its limit."""
    body = call.body
    subaccount = call.body_subaccount()
    shard = body.natural("exchange_index")
    group = call.exchange.create_group(call.user_id, _limit(body), subaccount=subaccount, exchange_index=shard)
    return {
        "order_group_id": group.group_id,
        "subaccount": group.subaccount,
        "exchange_index": group.exchange_index,
    }


def listed(call: Call) -> Json:
    """List the groups of an account."""
    subaccount = call.asked_subaccount()
    rows = [
        group
        for group in call.exchange.groups.values()
        if group.user_id == call.user_id and subaccount in {None, group.subaccount}
    ]
    return {"order_groups": [{"id": group.group_id} | _group(group) for group in rows]}


def one(call: Call) -> Json:
    """Show one group and its working orders."""
    group = _own(call)
    return _group(group) | {"orders": list(group.order_ids)}


def set_limit(call: Call) -> Json:
    """Change the limit."""
    call.exchange.set_group_limit(call.user_id, _own(call).group_id, _limit(call.body))
    return {}


def reset(call: Call) -> Json:
    """Let a group trade again after its fuse has blown."""
    call.exchange.reset_group(call.user_id, _own(call).group_id)
    return {}


def trigger(call: Call) -> Json:
    """Blow the fuse by hand."""
    call.exchange.trigger_group(call.user_id, _own(call).group_id)
    return {}


def delete(call: Call) -> Json:
    """Delete a group and cancel its orders."""
    call.exchange.delete_group(call.user_id, _own(call).group_id)
    return {}


def _own(call: Call) -> OrderGroup:
    group = call.exchange.groups.get(call.arguments["order_group_id"])
    subaccount, shard = call.asked_subaccount(), call.query.integer("exchange_index")
    if call.route.method != "GET":  # what changes a group looks in the primary subaccount and on shard 0 by itself
        subaccount, shard = subaccount or 0, shard or 0
    mine = group is not None and group.user_id == call.user_id
    if group is None or not mine or subaccount not in {None, group.subaccount}:
        raise refusals.not_found()
    if shard not in {None, group.exchange_index}:
        raise refusals.not_found()
    return group


def _limit(body: Body) -> int:
    """Read the limit from either of its two fields; given both, they must agree."""
    whole, text = body.integer("contracts_limit"), body.decimal("contracts_limit_fp", 2)
    if whole is None and text is None:
        raise body.missing("contracts_limit")
    limit = whole * 100 if text is None and whole is not None else (text or 0)
    if not 100 <= limit <= _LIMIT_MAX * 100 or (whole is not None and whole * 100 != limit):
        raise body.invalid("contracts_limit")
    return limit


def _group(group: OrderGroup) -> Json:
    return {
        "contracts_limit_fp": size_text(group.limit),
        "is_auto_cancel_enabled": True,
        "exchange_index": group.exchange_index,
    }
