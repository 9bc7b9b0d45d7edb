"""The commands: subscribe, unsubscribe, list_subscriptions and update_subscription with all its actions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kalshi_tui.practice.stream.channels import CHANNELS, Channel, Ids
from kalshi_tui.practice.stream.complaints import Complaint
from kalshi_tui.practice.stream.subscription import Subscription

if TYPE_CHECKING:
    from kalshi_tui.practice.stream.session import Session


@dataclass(frozen=True, slots=True)
class Command:
    """A command that could be read; `params` is what came, or None."""

    session: Session
    id: int  # 0 is no id
    params: dict[str, Any] | None

    def need_params(self) -> dict[str, Any]:
        """Return the parameters, which this command cannot do without."""
        if self.params is None:
            raise Complaint(2)
        return self.params


def obey(session: Session, text: str | bytes) -> None:
    """Carry out one command, or answer with what is wrong with it."""
    command_id = 0
    try:
        top = _read(text, session.hub.limits.command_bytes)
        command_id = _id(top)
        _carry_out(session, top, command_id)
    except Complaint as complaint:
        if complaint.subscription is None:
            session.reply("error", command_id, complaint.body())
        else:
            complaint.subscription.reply("error", command_id, complaint.body())


def _read(text: str | bytes, limit: int) -> dict[str, Any]:
    if len(text) > limit:
        raise Complaint(1)
    try:
        top = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise Complaint(1) from problem
    if not isinstance(top, dict):
        raise Complaint(1)
    return top


def _id(top: dict[str, Any]) -> int:
    command_id = top.get("id", 0)
    if type(command_id) is not int or command_id < 0:
        raise Complaint(1)
    return command_id


def _carry_out(session: Session, top: dict[str, Any], command_id: int) -> None:
    if not session.spend_command():
        raise Complaint(27)
    name = top.get("cmd")
    if not isinstance(name, str):
        raise Complaint(1)
    if session.spoiler is not None and session.spoiler.spoils_command(name, command_id):
        return
    handler = _COMMANDS.get(name)
    if handler is None:
        raise Complaint(5)
    params = top.get("params")
    if params is not None and not isinstance(params, dict):
        raise Complaint(2)
    handler(Command(session, command_id, params))


# --- reading parameters


def _strings(params: dict[str, Any], key: str) -> list[str] | None:
    """Return a list of strings, or None when the key is absent."""
    value = params.get(key)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise Complaint(11)
    return value


def _flag(params: dict[str, Any], key: str) -> bool:
    value = params.get(key, False)
    if not isinstance(value, bool):
        raise Complaint(11)
    return value


def _one_or_many(params: dict[str, Any], one: str, many: str) -> list[str] | None:
    """Return what `one` or `many` names; both at once are refused."""
    single, several = params.get(one), _strings(params, many)
    if single is None:
        return several
    if several is not None or not isinstance(single, str) or not single:
        raise Complaint(11)
    return [single]


@dataclass(frozen=True, slots=True)
class _Markets:
    """The markets that a command names, already as tickers; `names` is None when it names none."""

    names: list[str] | None
    by_id: bool


def _markets(session: Session, params: dict[str, Any]) -> _Markets:
    tickers = _one_or_many(params, "market_ticker", "market_tickers")
    ids = _one_or_many(params, "market_id", "market_ids")
    if ids is None:
        return _Markets(tickers, by_id=False)
    if tickers is not None:
        raise Complaint(11)
    return _Markets([session.hub.ticker_of(market_id) for market_id in ids], by_id=True)


def _check_room(subscription: Subscription, new: Sequence[str]) -> None:
    limit = subscription.session.hub.limits.markets
    if len(subscription.names) + len(new) > limit:
        raise Complaint(26, subscription, new[:1])


# --- subscribe


def _subscribe(command: Command) -> None:
    session, params = command.session, command.need_params()
    names = _strings(params, "channels")
    if not names:
        raise Complaint(3)
    unknown = [name for name in names if name not in CHANNELS]
    if unknown:
        raise Complaint(8)
    markets = _markets(session, params)
    channels = [CHANNELS[name] for name in dict.fromkeys(names)]
    for channel in channels:
        _check(channel, params, markets, session)
    for channel in channels:
        _subscribe_one(command, channel, params, markets)


def _check(channel: Channel, params: dict[str, Any], markets: _Markets, session: Session) -> None:
    """Refuse what this channel cannot be asked, before anything is opened."""
    if channel.name == "communications":
        _check_shards(params)
    if channel.ids is not None:
        _strings(params, channel.ids.param)
    for flag in ("send_initial_snapshot", "skip_ticker_ack", "use_yes_price"):
        _flag(params, flag)
    if not channel.filtered:
        return
    if markets.by_id and not channel.by_market_id:
        raise Complaint(11)
    if channel.name == "orderbook_delta" and not markets.names:
        raise Complaint(2)  # there is no depth for all markets
    if markets.names is not None and not markets.names:
        raise Complaint(14)
    if len(markets.names or ()) > session.hub.limits.markets:
        raise Complaint(26)


def _check_shards(params: dict[str, Any]) -> None:
    factor, key = params.get("shard_factor"), params.get("shard_key")
    if any(value is not None and type(value) is not int for value in (factor, key)):
        raise Complaint(11)
    if key is not None and factor is None:
        raise Complaint(20)
    if factor is None:
        return
    if factor <= 0:
        raise Complaint(19)
    if factor > 100:
        raise Complaint(22)
    if key is not None and not 0 <= key < factor:
        raise Complaint(21)


def _subscribe_one(command: Command, channel: Channel, params: dict[str, Any], markets: _Markets) -> None:
    """Open a channel, or merge into the one that is open: there is one subscription per connection and channel."""
    session = command.session
    subscription = session.by_channel.get(channel.name)
    if subscription is not None:
        _merge(command, subscription, params, markets)
        return
    subscription = session.open(channel)
    subscription.by_market_id = markets.by_id
    subscription.skip_ack = _flag(params, "skip_ticker_ack")
    subscription.yes_price = _flag(params, "use_yes_price")
    session.hub.route_fixed(subscription)
    session.reply("subscribed", command.id, {"channel": channel.name, "sid": subscription.sid})
    new = _widen(subscription, params, markets)
    _first_messages(subscription, new, params)


def _merge(command: Command, subscription: Subscription, params: dict[str, Any], markets: _Markets) -> None:
    if subscription.by_market_id != markets.by_id and markets.names is not None and subscription.names:
        raise Complaint(11, subscription)
    if subscription.channel.filtered and markets.names:
        _check_room(subscription, subscription.new_names(markets.names))
    new = _widen(subscription, params, markets)
    _acknowledge(subscription, command.id)
    _first_messages(subscription, new, params)


def _widen(subscription: Subscription, params: dict[str, Any], markets: _Markets) -> list[str]:
    """Add what a subscribe names to a subscription and return what is new."""
    hub, channel = subscription.session.hub, subscription.channel
    if channel.ids is not None:
        _add_values(subscription, _strings(params, channel.ids.param) or [])
        return []
    if not channel.filtered:
        return []
    if markets.names is None:
        hub.open_wide(subscription)
        return []
    new = subscription.new_names(markets.names)
    if not subscription.everything:
        hub.route(subscription, new)
    return new


def _first_messages(subscription: Subscription, new: Iterable[str], params: dict[str, Any]) -> None:
    """Send the snapshots of newly added markets."""
    hub = subscription.session.hub
    if subscription.channel.name == "orderbook_delta":
        for ticker in new:
            hub.send_snapshot(subscription, ticker)
    elif subscription.channel.name == "ticker" and _flag(params, "send_initial_snapshot"):
        for ticker in new:
            hub.send_ticker(subscription, ticker)


def _acknowledge(subscription: Subscription, command_id: int) -> None:
    """Answer ok with the full list after a change, or without it where the client asked for that."""
    ids = subscription.channel.ids
    if ids is not None:
        listed = ["all"] if subscription.everything else list(subscription.names)
        subscription.reply("ok", command_id, {ids.param: listed})
    elif subscription.skip_ack or not subscription.channel.filtered:
        subscription.reply("ok", command_id, None)
    elif subscription.by_market_id:
        markets = subscription.session.hub.exchange.markets
        listed = [markets[name].market_id if name in markets else name for name in subscription.names]
        subscription.reply("ok", command_id, {"market_ids": listed})
    else:
        subscription.reply("ok", command_id, {"market_tickers": list(subscription.names)})


# --- unsubscribe, list


def _unsubscribe(command: Command) -> None:
    sids = command.need_params().get("sids")
    if not isinstance(sids, list) or not sids:
        raise Complaint(4)
    subscriptions = [_known(command.session, sid) for sid in dict.fromkeys(map(_sid, sids))]
    for subscription in subscriptions:
        command.session.forget(subscription)
        subscription.reply("unsubscribed", command.id, None)


def _sid(value: object) -> int:
    if type(value) is not int:
        raise Complaint(11)
    return value


def _known(session: Session, sid: int) -> Subscription:
    subscription = session.subscriptions.get(sid)
    if subscription is None:
        raise Complaint(7)
    return subscription


def _list(command: Command) -> None:
    listed = [{"channel": one.channel.name, "sid": one.sid} for one in command.session.subscriptions.values()]
    command.session.reply("ok", command.id, listed)


# --- update


def _update(command: Command) -> None:
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
        markets = _markets(command.session, params)
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
    return _known(session, _sid(sid))


def _add_markets(command: Command, subscription: Subscription, names: list[str], params: dict[str, Any]) -> None:
    new = subscription.new_names(names)
    _check_room(subscription, new)
    if not subscription.everything:
        subscription.session.hub.route(subscription, new)
    _acknowledge(subscription, command.id)
    _first_messages(subscription, new, params)


def _delete_markets(command: Command, subscription: Subscription, names: list[str], _params: dict[str, Any]) -> None:
    subscription.session.hub.drop(subscription, names)
    _acknowledge(subscription, command.id)


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
        _add_values(subscription, names)
    else:
        _remove_values(subscription, names)
    _acknowledge(subscription, command.id)


def _add_values(subscription: Subscription, names: list[str]) -> None:
    hub = subscription.session.hub
    if "all" in names:
        hub.open_wide(subscription)
    elif not subscription.everything:
        new = subscription.new_names(names)
        _check_room(subscription, new)
        hub.route(subscription, new)


def _remove_values(subscription: Subscription, names: list[str]) -> None:
    hub = subscription.session.hub
    if "all" in names:
        hub.narrow(subscription)
        names = list(subscription.names)
    hub.drop(subscription, names)


_COMMANDS: Final[dict[str, Callable[[Command], None]]] = {
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "list_subscriptions": _list,
    "update_subscription": _update,
}
_ACTIONS: Final[dict[str, Callable[[Command, Subscription, list[str], dict[str, Any]], None]]] = {
    "add_markets": _add_markets,
    "delete_markets": _delete_markets,
    "get_snapshot": _get_snapshot,
}
