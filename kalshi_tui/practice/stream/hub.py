"""Hands what happens on the exchange to every session that asked for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from kalshi_tui.practice.happenings import (
    BookChanged,
    EventCreated,
    EventFeeChanged,
    Filled,
    GroupChanged,
    Happening,
    IndexTicked,
    MarketChanged,
    OrderChanged,
    PositionChanged,
    Traded,
)
from kalshi_tui.practice.records import Market, Refusal
from kalshi_tui.practice.stream import bodies
from kalshi_tui.practice.stream.books import BookEncoder
from kalshi_tui.practice.stream.channels import CHANNELS
from kalshi_tui.practice.stream.limits import Limits
from kalshi_tui.practice.stream.routes import Routes
from kalshi_tui.practice.stream.session import Session
from kalshi_tui.practice.stream.subscription import Subscription

if TYPE_CHECKING:
    from kalshi_tui.practice.exchange import Exchange
    from kalshi_tui.practice.faults import Faults


def _nothing() -> None:
    """Wake nobody."""


class Hub:
    """The stream side of one exchange."""

    def __init__(self, exchange: Exchange, faults: Faults | None = None, limits: Limits | None = None) -> None:
        self.exchange = exchange
        self.limits = limits or Limits()
        self.sessions: dict[int, Session] = {}
        self.books = BookEncoder()
        self._faults = faults
        self._opened = 0
        self._per_member: Counter[str] = Counter()
        self._routes = {name: Routes() for name in CHANNELS}
        self._book_routes = self._routes["orderbook_delta"].named
        self._ticker_routes = self._routes["ticker"]
        self._tickers: dict[str, tuple[bodies.TickerFields, bytes]] = {}
        self._market_ids: dict[str, str] = {}
        self._values: dict[str, dict[str, int]] = {"cfbenchmarks_value": {}, "cfbenchmarks_value_5hz": {}}
        handlers: dict[type, Callable[[Any], None]] = {
            BookChanged: self._book_changed,
            Traded: self._traded,
            Filled: self._filled,
            OrderChanged: self._order_changed,
            PositionChanged: self._position_changed,
            MarketChanged: self._market_changed,
            EventCreated: self._event_created,
            EventFeeChanged: self._event_fee_changed,
            GroupChanged: self._group_changed,
            IndexTicked: self._index_ticked,
        }
        self._handlers = handlers
        exchange.listen(self._hear)

    def open(self, user_id: str, wake: Callable[[], None] = _nothing, subaccount: int | None = None) -> Session:
        """Open a connection for a member; over the cap it is refused with 429, as the upgrade is.

        With a subaccount, as for a key that is bound to one, nothing private of the others is told.
        """
        if self._per_member[user_id] >= self.limits.connections:
            raise Refusal(429, "too_many_requests", "too many requests")
        self._opened += 1
        self._per_member[user_id] += 1
        session = Session(self, user_id, self._opened, wake)
        session.subaccount = subaccount
        self.sessions[session.number] = session
        if self._faults is not None:
            session.spoiler = self._faults.spoiler(session)
        return session

    def forget(self, session: Session) -> None:
        """Drop a connection that is closed."""
        if self.sessions.pop(session.number, None) is not None:
            self._per_member[session.user_id] -= 1

    # --- who hears what

    def route(self, subscription: Subscription, names: Iterable[str]) -> None:
        """Let a subscription hear of further names; routes of members and of everything do not change with them."""
        names = list(names)
        subscription.names.update(dict.fromkeys(names))
        if subscription.channel.routed in ("market", "value"):
            self._routes[subscription.channel.name].add(subscription, names)

    def drop(self, subscription: Subscription, names: Iterable[str]) -> None:
        """Stop a subscription from hearing of names."""
        gone = [name for name in dict.fromkeys(names) if subscription.names.pop(name, "absent") is None]
        if subscription.channel.routed in ("market", "value"):
            self._routes[subscription.channel.name].remove(subscription, gone)
        for name in gone:
            subscription.dirty.pop(name, None)

    def route_fixed(self, subscription: Subscription) -> None:
        """Let a subscription hear of its member's things, or of everything on its channel."""
        routes = self._routes[subscription.channel.name]
        if subscription.channel.routed == "member":
            routes.add(subscription, [subscription.session.user_id])
        elif subscription.channel.routed == "all":
            routes.add_every(subscription)

    def open_wide(self, subscription: Subscription) -> None:
        """Lift a subscription's filter."""
        if subscription.everything:
            return
        self.drop(subscription, list(subscription.names))
        subscription.everything = True
        if subscription.channel.routed in ("market", "value"):
            self._routes[subscription.channel.name].add_every(subscription)

    def narrow(self, subscription: Subscription) -> None:
        """Set a filter again, with nothing in it."""
        if subscription.everything:
            subscription.everything = False
            self._routes[subscription.channel.name].remove_every(subscription)

    def unroute(self, subscription: Subscription) -> None:
        """Let a subscription hear of nothing any more."""
        routes = self._routes[subscription.channel.name]
        if subscription.channel.routed == "member":
            routes.remove(subscription, [subscription.session.user_id])
        else:
            routes.remove(subscription, subscription.names)
            routes.remove_every(subscription)

    def ticker_of(self, market_id: str) -> str:
        """Return the ticker of a market id; an id that nobody has stands for itself and stays silent."""
        if len(self._market_ids) != len(self.exchange.markets):
            self._market_ids = {market.market_id: market.ticker for market in self.exchange.markets.values()}
        return self._market_ids.get(market_id, market_id)

    def value_ids(self, channel: str) -> list[str]:
        """Return the ids that were published on a value channel so far."""
        return list(self._values.get(channel, ()))

    # --- snapshots

    def send_snapshot(self, subscription: Subscription, ticker: str, command_id: int = 0) -> None:
        """Send a whole book; a market that does not exist stays silent."""
        market = self.exchange.markets.get(ticker)
        if market is not None:
            msg = self.books.snapshot(market, yes_price=subscription.yes_price)
            subscription.send("orderbook_snapshot", subscription.session.raw_tail(msg, command_id), ticker)

    def send_ticker(self, subscription: Subscription, ticker: str, ts_ms: int | None = None) -> None:
        """Send a market's ticker message unless it was told already."""
        market = self.exchange.markets.get(ticker)
        if market is None:
            return
        msg = self._ticker_msg(market, self.exchange.now_ms if ts_ms is None else ts_ms)
        if subscription.told.get(ticker) is not msg:
            subscription.told[ticker] = msg
            subscription.send("ticker", subscription.session.raw_tail(msg), ticker)

    def tell_tickers(self, subscription: Subscription) -> None:
        """Send the ticker message of each market that was touched."""
        dirty, subscription.dirty = subscription.dirty, {}
        for ticker, ts_ms in dirty.items():
            self.send_ticker(subscription, ticker, ts_ms)

    def _ticker_msg(self, market: Market, ts_ms: int) -> bytes:
        """Encode a ticker message, or give the last one when no field has changed since."""
        fields = bodies.ticker_fields(market)
        kept = self._tickers.get(market.ticker)
        if kept is not None and kept[0] == fields:
            return kept[1]
        msg = msgspec.json.encode(bodies.ticker(market, fields, ts_ms))
        self._tickers[market.ticker] = (fields, msg)
        return msg

    # --- what happens

    def _hear(self, happening: Happening) -> None:
        handler = self._handlers.get(type(happening))
        if handler is not None:
            handler(happening)

    def _book_changed(self, change: BookChanged) -> None:
        ticker = change.market.ticker
        self._touch(ticker, change.ts_ms)
        subscriptions = self._book_routes.get(ticker)
        if subscriptions is None:
            return
        tails: dict[bool, bytes] = {}  # by pricing flavour: encoded once for everybody
        for subscription in subscriptions:
            yes_price = subscription.yes_price
            if subscription.session.owns(change.user_id, change.subaccount):
                tail = self._own_delta(change, yes_price=yes_price)
            else:
                found = tails.get(yes_price)
                if found is None:
                    found = tails[yes_price] = self._tail(self.books.delta(change, yes_price=yes_price))
                tail = found
            subscription.send("orderbook_delta", tail, ticker)

    def _own_delta(self, change: BookChanged, *, yes_price: bool) -> bytes:
        own = self.books.own(change, with_subaccount=self._uses_subaccounts(change.user_id))
        return self._tail(self.books.delta(change, yes_price=yes_price, own=own))

    def _uses_subaccounts(self, user_id: str) -> bool:
        return len(self.exchange.accounts[user_id].subaccounts) > 1

    def _tail(self, msg: bytes) -> bytes:
        return b',"sending_ts_ms":%d,"msg":%b}' % (self.exchange.now_ms, msg)

    def _touch(self, ticker: str, ts_ms: int) -> None:
        routes = self._ticker_routes
        for subscription in routes.every:
            subscription.touch(ticker, ts_ms)
        for subscription in routes.named.get(ticker, ()):
            subscription.touch(ticker, ts_ms)

    def _say(self, channel: str, kind: str, name: str, body: Callable[[], bodies.Body]) -> None:
        """Send one message to everybody who hears of `name`; encode it only when somebody does."""
        subscriptions = self._routes[channel].of(name)
        if subscriptions:
            tail = self._tail(msgspec.json.encode(body()))
            for subscription in subscriptions:
                subscription.send(kind, tail, name)

    def _say_to(
        self, channel: str, kind: str, owner: tuple[str, int], ticker: str, body: Callable[[], bodies.Body]
    ) -> None:
        """Send one message to a member's own connections, each with its own filter; no ticker passes every filter."""
        subscriptions = self._routes[channel].of(owner[0])
        if subscriptions:
            tail = self._tail(msgspec.json.encode(body()))
            for subscription in subscriptions:
                if subscription.session.owns(*owner) and (not ticker or subscription.wants(ticker)):
                    subscription.send(kind, tail, ticker)

    def _traded(self, happening: Traded) -> None:
        self._touch(happening.trade.ticker, happening.trade.ts_ms)
        self._say("trade", "trade", happening.trade.ticker, lambda: bodies.trade(happening))

    def _filled(self, happening: Filled) -> None:
        told = happening.fill
        self._say_to(
            "fill",
            "fill",
            (told.user_id, told.subaccount),
            told.ticker,
            lambda: bodies.fill(happening, with_subaccount=self._uses_subaccounts(told.user_id)),
        )

    def _order_changed(self, happening: OrderChanged) -> None:
        order = happening.order
        owner = order.user_id, order.subaccount
        self._say_to("user_orders", "user_order", owner, order.ticker, lambda: bodies.user_order(happening))

    def _position_changed(self, happening: PositionChanged) -> None:
        held = happening.position
        self._say_to(
            "market_positions",
            "market_position",
            (held.user_id, held.subaccount),
            held.ticker,
            lambda: bodies.market_position(happening, with_subaccount=self._uses_subaccounts(held.user_id)),
        )

    def _group_changed(self, happening: GroupChanged) -> None:
        owner = happening.group.user_id, happening.group.subaccount
        channel = "order_group_updates"
        self._say_to(channel, channel, owner, "", lambda: bodies.order_group(happening))

    def _market_changed(self, happening: MarketChanged) -> None:
        self._say("market_lifecycle_v2", "market_lifecycle_v2", "", lambda: bodies.market_lifecycle(happening))
        if happening.kind == "created":  # somebody may have asked for its book before it was listed
            self._forget_gone()
            ticker = happening.market.ticker
            for subscription in self._book_routes.get(ticker, ()):
                # Empty whatever stands in it by now: changes made since then are still to be told, each by its delta.
                subscription.send("orderbook_snapshot", self._tail(self.books.empty(happening.market)), ticker)

    def _forget_gone(self) -> None:
        """Let go of what is remembered of markets that the exchange has forgotten, when they are the greater part."""
        known = self.exchange.markets
        subscribed = (session.by_channel.get("ticker") for session in self.sessions.values())
        told = [one.told for one in subscribed if one is not None]
        caches: list[dict[str, Any]] = [self._tickers, self.books.names, *told]
        for kept in caches:
            if len(kept) > 2 * len(known):
                for gone in kept.keys() - known.keys():
                    del kept[gone]

    def _event_created(self, happening: EventCreated) -> None:
        self._say("market_lifecycle_v2", "event_lifecycle", "", lambda: bodies.event_lifecycle(happening))

    def _event_fee_changed(self, happening: EventFeeChanged) -> None:
        self._say("market_lifecycle_v2", "event_fee_update", "", lambda: bodies.event_fee(happening))

    def _index_ticked(self, tick: IndexTicked) -> None:
        channel = "cfbenchmarks_value_5hz" if tick.fast else "cfbenchmarks_value"
        seen = self._values[channel]
        if tick.source_ms <= seen.get(tick.index_id, -1):
            return  # repeated and late values are dropped upstream of the stream
        seen[tick.index_id] = tick.source_ms
        body = bodies.fast_index_value if tick.fast else bodies.index_value
        self._say(channel, channel, tick.index_id, lambda: body(tick))
