"""Kalshi's WebSocket as a state machine: frames and times go in, events and commands come out; it opens no socket.

Whoever runs it calls `receive` for each frame, `ping` for each ping of the exchange and `tick` a few times a second,
takes what `events` returns after each, and sends what `outgoing` returns. It outlives connections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from kalshi_tui.core.book import Level
from kalshi_tui.core.events import BookChanged, Event, MessagesLost
from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import size_changes
from kalshi_tui.errors import LocalProtocolError, ValueRefused
from kalshi_tui.protocol import wire
from kalshi_tui.protocol.codec import UNREADABLE, Damaged, Foreign, decode_frame, read_again
from kalshi_tui.protocol.health import Health
from kalshi_tui.protocol.patience import Patience
from kalshi_tui.protocol.roster import Roster, Standing
from kalshi_tui.protocol.subscriptions import BOOKS, Subscription
from kalshi_tui.protocol.ticks import GridOf
from kalshi_tui.protocol.tracked import Counters, TrackedBook
from kalshi_tui.protocol.translate import translate
from kalshi_tui.protocol.wire import LEVEL_PRICES, Delta

_UNKNOWN_TYPES_KEPT: Final = 64
StandingBook = tuple[str, int, Iterable[Level], Iterable[Level]]
"""A book in step: its ticker, clock, bids and asks."""
_NOT_PLAIN: Final = (KeyError, ValueRefused, *UNREADABLE)


class Stream:
    """All our subscriptions over one connection after another.

    Where `tells_changes` is off, a changed book is told by BookTouched instead of a BookChanged of its own. A book in
    which a level appears off the grid that `grid_of` knows is out of step.
    """

    def __init__(
        self,
        *,
        use_yes_price: bool = True,
        tells_changes: bool = True,
        patience: Patience | None = None,
        grid_of: GridOf = lambda _: None,
    ) -> None:
        self._patience = patience or Patience()
        self.counters = Counters()
        self._events: list[Event] = []
        self._health = Health(self._patience)
        self._is_connected = False
        self._must_plan = False
        self._now_ms = 0
        self._sampled: Delta | None = None
        self._roster = Roster(
            self._patience,
            self.counters,
            self._events.append,
            self._handle,
            use_yes_price=use_yes_price,
            tells_changes=tells_changes,
            grid_of=grid_of,
        )
        self._depth = self._roster.depth
        self._book_subscription = self._depth.subscription
        self._ask_prices = self._depth.ask_prices
        self._lanes = self._depth.lanes
        self.books: Mapping[str, TrackedBook] = self._depth.books
        self._handlers: dict[type, Callable[[Any, int], Event | None]] = {
            Delta: self._delta,
            wire.Snapshot: self._snapshot,
            wire.Subscribed: self._control,
            wire.Unsubscribed: self._control,
            wire.Ok: self._control,
            wire.Error: self._control,
            Foreign: self._foreign,
        }

    def want(self, channel: str, *, tickers: Iterable[str] = (), index_ids: Iterable[str] = ()) -> None:
        """Wish for a channel, or for some of its markets or indices; the wish is kept over reconnects."""
        subscription = self._roster.subscription(channel)
        keys = _keys(subscription, tickers, index_ids)
        if not keys and channel == BOOKS:
            raise LocalProtocolError("books are sent by market", hint="name the tickers; there is no 'all' for books")
        subscription.must_compare = True
        subscription.wanted.update(dict.fromkeys(keys))
        subscription.wants_everything |= not keys
        if channel == BOOKS:
            for ticker in keys:
                self._depth.watch(ticker)
        self._must_plan = True

    def unwant(self, channel: str, *, tickers: Iterable[str] = (), index_ids: Iterable[str] = ()) -> None:
        """Wish no longer for a channel, or for some of its markets or indices."""
        subscription = self._roster.subscription(channel)
        keys = _keys(subscription, tickers, index_ids)
        subscription.must_compare = True
        subscription.wants_everything &= bool(keys)
        for key in keys or tuple(subscription.wanted):
            subscription.wanted.pop(key, None)
            if channel == BOOKS:
                self._depth.unwatch(key)
        self._must_plan = True

    def doubt(self, ticker: str, reason: str) -> None:
        """Distrust a book for a reason from outside, such as another source's best price; a snapshot settles it."""
        self._depth.doubt(ticker, reason, self._now_ms)

    def connected(self, now_ms: int) -> None:
        """A new connection is open: every wish is asked for anew."""
        self._now_ms = now_ms
        self._is_connected = self._must_plan = True
        self._health.connected(now_ms)
        self._roster.connected(now_ms)
        self._depth.freshen("")

    def standing(self) -> tuple[Standing, ...]:
        """Return the open subscriptions, with the last sequence number of each."""
        return self._roster.standing()

    def resume(self, standing: Iterable[Standing], books: Iterable[StandingBook], now_ms: int) -> None:
        """Go on from where another run stood, as if it had been this one; what it followed must be wished for."""
        self._is_connected, self._now_ms = True, now_ms
        self._health.connected(now_ms)
        self._depth.freshen("")
        self._roster.resume(standing, now_ms)
        for ticker, clock, bids, asks in books:
            self._depth.resume(ticker, clock, bids, asks, now_ms)

    def disconnected(self, now_ms: int) -> None:
        """The connection is gone, and with it all sids, sequences and books."""
        self._now_ms = now_ms
        self._is_connected = False
        self._health.disconnected()
        self._roster.disconnected(now_ms)
        self._depth.freshen("not connected")

    def receive(self, frame: bytes | str, now_ms: int) -> Event | None:
        """Take one text frame; return what it says, or None where that is nothing for others."""
        try:
            message = decode_frame(frame)
        except UNREADABLE:
            return self._receive_again(frame, now_ms)
        return self._handle(message, now_ms)

    def receive_all(self, frames: Iterable[bytes | str], now_ms: int, deliver: Callable[[Event], None]) -> None:
        """Take the frames that have arrived, and deliver what each says and sets off before the next one is looked at.

        The hot path: the commonest change, which moves no best price, is applied in line and without a call. Whatever
        is not plainly that goes the way of `receive`; a property test holds the two ways equal.
        """
        lanes, sizes, yes_prices, ask_prices = self._lanes, size_changes, LEVEL_PRICES, self._ask_prices
        subscription, move, happened = self._book_subscription, self._depth.move, self._events
        last = noted = subscription.last  # `noted` is what the subscription knows of
        sid = subscription.sid
        message: wire.Frame | None
        event: Event | None
        side: Side
        try:
            for frame in frames:
                message = event = None
                try:
                    message = decode_frame(frame)
                    if type(message) is Delta and message.seq - last.seq == 1 and message.sid == sid:
                        body = message.msg
                        lane, change, clock = lanes[body.market_ticker], sizes[body.delta_fp], body.clock
                        if clock >= lane.clock:
                            last = message
                            if body.side == "yes":
                                side, price, levels = "bid", yes_prices[body.price_dollars], lane.bids
                            else:
                                side, price, levels = "ask", ask_prices[body.price_dollars], lane.asks
                            if price in levels and (size := levels[price] + change) > 0:
                                levels[price] = size  # type: ignore[assignment]
                                lane.clock = clock
                                event = lane.touched or BookChanged(
                                    body.market_ticker, side, price, change, clock, body.ts_ms
                                )
                            else:
                                event = move(lane, message, (side, price, change), now_ms)
                except _NOT_PLAIN:
                    pass  # a market that is not in step, a size that is none, or no message at all
                if message is not last:
                    self._note(last, noted, now_ms)
                    event = self._receive_again(frame, now_ms) if message is None else self._handle(message, now_ms)
                    last = noted = subscription.last
                    sid = subscription.sid
                if event is not None:
                    deliver(event)
                if happened:
                    self._deliver_happened(deliver)
        finally:  # also where delivering has failed: what is applied must not be applied again
            self._note(last, noted, now_ms)

    def ping(self, now_ms: int) -> None:
        """The transport saw the exchange's ping."""
        self._health.ping(now_ms)
        self._look_at_health(now_ms)

    def tick(self, now_ms: int) -> None:
        """Let time pass: staleness, cooldowns, commands without an answer."""
        self._now_ms = now_ms
        if self._is_connected:
            self._look_at_health(now_ms)
            self._depth.tick(now_ms)
            self._roster.tick(now_ms)
            self._must_plan = True

    def outgoing(self) -> list[bytes]:
        """Return the commands to send now; those that must wait come after a later tick."""
        if not self._is_connected or not (self._must_plan or self._depth.must_ask):
            return []
        self._must_plan = False
        now_ms = self._now_ms = max(self._now_ms, self._book_subscription.last_ms)
        return self._roster.plan(now_ms, must_probe=self._health.wants_probe(now_ms))

    def events(self) -> list[Event]:
        """Return what happened besides what `receive` returned, oldest first, and forget it."""
        events = self._events[:]
        self._events.clear()
        return events

    def reconnect_reason(self, now_ms: int) -> str:
        """Return why the connection should be replaced by a new one, or nothing."""
        return self._health.reconnect_reason(now_ms)

    def _look_at_health(self, now_ms: int) -> None:
        # The hot path only leaves its last message behind; looking at it a few times a second is enough.
        last = self._book_subscription.last
        if type(last) is Delta and last is not self._sampled:
            self._sampled = last
            self._health.heard(self._book_subscription.last_ms, last.sending_ts_ms, last.msg.ts_ms)
        self._depth.freshen(self._health.doubt(now_ms))

    def _note(self, last: Any, noted: Any, now_ms: int) -> None:
        # Only what came now is as late as now, and what others have noted meanwhile is newer.
        subscription = self._book_subscription
        if last is not noted and subscription.last is noted:
            subscription.last, subscription.last_ms = last, now_ms

    def _deliver_happened(self, deliver: Callable[[Event], None]) -> None:
        for event in self.events():
            deliver(event)

    def _receive_again(self, frame: bytes | str, now_ms: int) -> Event | None:
        message = read_again(frame)
        if isinstance(message, Damaged):
            self.counters.malformed += 1
            self._damaged(message, now_ms)
            return None
        self.counters.repaired += not isinstance(message, Foreign)
        return self._handle(message, now_ms)

    def _handle(self, message: Any, now_ms: int) -> Event | None:
        self._now_ms = max(self._now_ms, now_ms)
        self._health.heard(now_ms, message.sending_ts_ms)
        return self._handlers.get(type(message), self._channel_message)(message, now_ms)

    def _delta(self, message: Delta, now_ms: int) -> Event | None:
        subscription = self._book_subscription
        if message.seq - subscription.last.seq != 1 or message.sid != subscription.sid:
            self._out_of_turn(message, now_ms)
            return None
        subscription.last, subscription.last_ms = message, now_ms
        return self._depth.delta(message, now_ms)

    def _out_of_turn(self, message: Delta, now_ms: int) -> None:
        self._now_ms = max(self._now_ms, now_ms)
        if message.sid != self._book_subscription.sid:
            self._roster.hold(message, now_ms)
        else:
            self._book_subscription.last_ms = now_ms
            self._depth.count(message, now_ms)

    def _snapshot(self, message: wire.Snapshot, now_ms: int) -> Event | None:
        if message.sid != self._book_subscription.sid:
            self._roster.hold(message, now_ms)
            return None
        self._look_at_health(now_ms)  # a late snapshot says so itself, and must not be live until the next timer
        return self._depth.snapshot(message, now_ms)

    def _control(self, message: wire.Control, now_ms: int) -> None:
        self._must_plan = True
        self._roster.take(message, now_ms)

    def _channel_message(self, message: wire.ChannelMessage, now_ms: int) -> Event | None:
        subscription = self._roster.by_sid(message.sid)
        if subscription is None:
            self._roster.hold(message, now_ms)
            return None
        if not self._roster.count(subscription, message, now_ms):
            return None
        try:
            return translate(message)
        except ValueRefused as error:
            self.counters.malformed += 1
            self._events.append(MessagesLost(subscription.channel.name, str(error)))
            return None

    def _foreign(self, message: Foreign, now_ms: int) -> None:
        seen = self.counters.unknown_types
        if message.type in seen or len(seen) < _UNKNOWN_TYPES_KEPT:
            seen[message.type] = seen.get(message.type, 0) + 1
        subscription = self._roster.by_sid(message.sid)
        if subscription is not None:
            self._roster.count(subscription, message, now_ms)
        elif message.sid is not None:
            self._roster.hold(message, now_ms)

    def _damaged(self, damage: Damaged, now_ms: int) -> None:
        """Distrust what a message belonged to; where that cannot be read it may have been anything."""
        self._now_ms, self._must_plan = max(self._now_ms, now_ms), True
        owner = self._roster.by_sid(damage.sid)
        for subscription in [owner] if owner else self._roster.open_ones():
            if subscription is self._book_subscription:
                self._depth.damaged(damage, now_ms)
                continue
            if owner:
                self._roster.count(subscription, damage, now_ms)
            self._events.append(MessagesLost(subscription.channel.name, damage.reason))


def _keys(subscription: Subscription, tickers: Iterable[str], index_ids: Iterable[str]) -> tuple[str, ...]:
    channel, named = subscription.channel, {"market_tickers": tuple(tickers), "index_ids": tuple(index_ids)}
    if any(keys and name != channel.filter for name, keys in named.items()):
        raise LocalProtocolError(
            f"{channel.name} cannot be limited so", hint=f"it takes {channel.filter.replace('_', ' ') or 'no filter'}"
        )
    return named.get(channel.filter, ())
