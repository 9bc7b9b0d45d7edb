"""The update_subscription command with all its actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from kalshi_tui.practice.stream.channels import Ids
from kalshi_tui.practice.stream.complaints import Complaint
from kalshi_tui.practice.stream.parameters import Command, check_room, known, markets_of, sid_of
from kalshi_tui.practice.stream.subscribing import acknowledge, add_values, first_messages
from kalshi_tui.practice.stream.subscription import Subscription

if TYPE_CHECKING:
    from kalshi_tui.practice.stream.session import Session


def update(command: Command) -> None:
    """Carry out an action on one open subscription."""
    params = command.need_params()
    action = params.get("action")
    if not isinstance(action, str) or not action:
        raise Complaint(15)
    subscription = _target(command.session, params)
    ids = subscription.channel.ids
    if ids is not None:
        _update_values(command, subscription, ids, action, params)
        return
    handler = _ACTIONS.get(action)
    if handler is None or not subscription.channel.filtered:
        raise Complaint(13, subscription)
    try:
        markets = markets_of(command.session, params)
    except Complaint as complaint:
        raise Complaint(complaint.code, subscription) from None
    if not markets.names:
        raise Complaint(14, subscription)
    if markets.by_id != subscription.by_market_id and (markets.by_id or subscription.names):
        raise Complaint(11, subscription)
    handler(command, subscription, markets.names, params)


def _target(session: Session, params: dict[str, Any]) -> Subscription:
    sid, sids = params.get("sid"), params.get("sids")
    if (sid is None) == (sids is None):
        raise Complaint(12)
    if sid is None:
        if not isinstance(sids, list) or len(sids) != 1:
            raise Complaint(12)
        sid = sids[0]
    return known(session, sid_of(sid))


def _add_markets(command: Command, subscription: Subscription, names: list[str], params: dict[str, Any]) -> None:
    new = subscription.new_names(names)
    check_room(subscription, new)
    if not subscription.everything:
        subscription.session.hub.route(subscription, new)
    acknowledge(subscription, command.id)
    first_messages(subscription, new, params)


def _delete_markets(command: Command, subscription: Subscription, names: list[str], _params: dict[str, Any]) -> None:
    subscription.session.hub.drop(subscription, names)
    acknowledge(subscription, command.id)


def _get_snapshot(command: Command, subscription: Subscription, names: list[str], _params: dict[str, Any]) -> None:
    """Send snapshots with the command's id; the subscription does not change."""
    if subscription.channel.name != "orderbook_delta":
        raise Complaint(13, subscription)
    session = command.session
    unknown = [name for name in names if name not in session.hub.exchange.markets]
    if unknown:  # not documented: silence would leave the caller waiting
        raise Complaint(11, subscription, unknown)
    for name in dict.fromkeys(names):
        session.hub.send_snapshot(subscription, name, command.id)


def _update_values(command: Command, subscription: Subscription, ids: Ids, action: str, params: dict[str, Any]) -> None:
    if action == ids.list_action:
        listed = subscription.session.hub.value_ids(subscription.channel.name)
        subscription.reply(ids.list_type, command.id, {ids.param: listed})
        return
    if action not in (ids.add, ids.remove):
        raise Complaint(13, subscription)
    names = params.get(ids.param)
    if not names:
        raise Complaint(ids.missing, subscription)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Complaint(11, subscription)
    if action == ids.add:
        add_values(subscription, names)
    else:
        _remove_values(subscription, names)
    acknowledge(subscription, command.id)


def _remove_values(subscription: Subscription, names: list[str]) -> None:
    hub = subscription.session.hub
    if "all" in names:
        hub.narrow(subscription)
        names = list(subscription.names)
    hub.drop(subscription, names)


_ACTIONS: Final[dict[str, Callable[[Command, Subscription, list[str], dict[str, Any]], None]]] = {
    "add_markets": _add_markets,
    "delete_markets": _delete_markets,
    "get_snapshot": _get_snapshot,
}
