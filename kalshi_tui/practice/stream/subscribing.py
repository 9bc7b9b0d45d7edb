"""The subscribe command: opens a channel, or merges into the one that is open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from kalshi_tui.practice.stream.channels import CHANNELS, Channel
from kalshi_tui.practice.stream.complaints import Complaint
from kalshi_tui.practice.stream.parameters import Command, Markets, check_room, flag, markets_of, strings
from kalshi_tui.practice.stream.subscription import Subscription

if TYPE_CHECKING:
    from kalshi_tui.practice.stream.session import Session


def subscribe(command: Command) -> None:
    """Open the channels that a command names, all or none."""
    session, params = command.session, command.need_params()
    names = strings(params, "channels")
    if not names:
        raise Complaint(3)
    unknown = [name for name in names if name not in CHANNELS]
    if unknown:
        raise Complaint(8)
    markets = markets_of(session, params)
    channels = [CHANNELS[name] for name in dict.fromkeys(names)]
    for channel in channels:
        _check(channel, params, markets, session)
    for channel in channels:
        _subscribe_one(command, channel, params, markets)


def _check(channel: Channel, params: dict[str, Any], markets: Markets, session: Session) -> None:
    """Refuse what this channel cannot be asked, before anything is opened."""
    if channel.name == "communications":
        _check_shards(params)
    if channel.ids is not None:
        strings(params, channel.ids.param)
    for name in ("send_initial_snapshot", "skip_ticker_ack", "use_yes_price"):
        flag(params, name)
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


def _subscribe_one(command: Command, channel: Channel, params: dict[str, Any], markets: Markets) -> None:
    """Open a channel, or merge into the one that is open: there is one subscription per connection and channel."""
    session = command.session
    subscription = session.by_channel.get(channel.name)
    if subscription is not None:
        _merge(command, subscription, params, markets)
        return
    subscription = session.open(channel)
    subscription.by_market_id = markets.by_id
    subscription.skip_ack = flag(params, "skip_ticker_ack")
    subscription.yes_price = flag(params, "use_yes_price")
    session.hub.route_fixed(subscription)
    session.reply("subscribed", command.id, {"channel": channel.name, "sid": subscription.sid})
    new = _widen(subscription, params, markets)
    first_messages(subscription, new, params)


def _merge(command: Command, subscription: Subscription, params: dict[str, Any], markets: Markets) -> None:
    if subscription.by_market_id != markets.by_id and markets.names is not None and subscription.names:
        raise Complaint(11, subscription)
    if subscription.channel.filtered and markets.names:
        check_room(subscription, subscription.new_names(markets.names))
    new = _widen(subscription, params, markets)
    acknowledge(subscription, command.id)
    first_messages(subscription, new, params)


def _widen(subscription: Subscription, params: dict[str, Any], markets: Markets) -> list[str]:
    """Add what a subscribe names to a subscription and return what is new."""
    hub, channel = subscription.session.hub, subscription.channel
    if channel.ids is not None:
        add_values(subscription, strings(params, channel.ids.param) or [])
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


def first_messages(subscription: Subscription, new: Iterable[str], params: dict[str, Any]) -> None:
    """Send the snapshots of newly added markets."""
    hub = subscription.session.hub
    if subscription.channel.name == "orderbook_delta":
        for ticker in new:
            hub.send_snapshot(subscription, ticker)
    elif subscription.channel.name == "ticker" and flag(params, "send_initial_snapshot"):
        for ticker in new:
            hub.send_ticker(subscription, ticker)


def acknowledge(subscription: Subscription, command_id: int) -> None:
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


def add_values(subscription: Subscription, names: list[str]) -> None:
    """Let a value channel hear of further ids, or of all."""
    hub = subscription.session.hub
    if "all" in names:
        hub.open_wide(subscription)
    elif not subscription.everything:
        new = subscription.new_names(names)
        check_room(subscription, new)
        hub.route(subscription, new)
