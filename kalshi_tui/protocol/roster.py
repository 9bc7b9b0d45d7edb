"""Which sid carries which channel: opening, changing, losing and reopening subscriptions until our wishes are met.

Commands are never queued: each look compares wishes with what the exchange was told and sends what is missing, so a
lost answer, a refusal or a new connection needs no bookkeeping of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal

from kalshi_tui.core.book import BookState
from kalshi_tui.core.events import (
    CommandRefused,
    ErrorSeen,
    Event,
    MessagesLost,
    SubscriptionLost,
    SubscriptionReady,
    SubscriptionsListed,
)
from kalshi_tui.core.text import clean
from kalshi_tui.errors import LocalProtocolError
from kalshi_tui.protocol import wire
from kalshi_tui.protocol.commands import Command, Commands
from kalshi_tui.protocol.depth import Depth
from kalshi_tui.protocol.patience import Patience
from kalshi_tui.protocol.subscriptions import BOOKS, CHANNELS, Arrival, Phase, Subscription
from kalshi_tui.protocol.ticks import GridOf
from kalshi_tui.protocol.tracked import Counters

_TERMINAL: Final = frozenset({10, 25})  # the subscription is dead, the connection is not
_ALREADY_OPEN: Final = 6
_UNKNOWN_SID: Final = 7
_PASSING: Final = frozenset({_UNKNOWN_SID, 18, 27})  # what else is refused will be refused again
_UNCERTAIN: Final = frozenset({0, 18})  # no answer, or none in time
_SIDS_KEPT: Final = 256
_NO_SEQ: Final = float("-inf")
Standing = tuple[str, int, int, tuple[str, ...]]
"""An open subscription: its channel, sid, last sequence number and keys; no keys are all."""
_ACTIONS: Final[dict[tuple[str, str], str]] = {
    ("add", "market_tickers"): "add_markets",
    ("delete", "market_tickers"): "delete_markets",
    ("add", "index_ids"): "subscribe_indices",
    ("delete", "index_ids"): "unsubscribe_indices",
}


class Roster:
    """All subscriptions of one connection after another."""

    def __init__(
        self,
        patience: Patience,
        counters: Counters,
        tell: Callable[[Event], None],
        replay: Callable[[Any, int], Event | None],
        *,
        use_yes_price: bool,
        tells_changes: bool,
        grid_of: GridOf,
    ) -> None:
        self._patience = patience
        self._counters = counters
        self._tell = tell
        self._replay = replay
        self._book_options = {"use_yes_price": use_yes_price}
        self._subscriptions: dict[str, Subscription] = {}
        self._by_sid: dict[int, Subscription] = {}
        self._gone: dict[int, Subscription] = {}
        self._early: list[tuple[Any, int]] = []
        self._commands = Commands(patience)
        self._must_list = False
        self.depth = Depth(
            self.subscription(BOOKS),
            patience,
            counters,
            tell,
            use_yes_price=use_yes_price,
            tells_changes=tells_changes,
            grid_of=grid_of,
        )

    def subscription(self, name: str) -> Subscription:
        """Return a channel's subscription, or say which channels there are."""
        if name not in CHANNELS:
            raise LocalProtocolError(f"there is no channel {name!r}", hint=f"the channels are {', '.join(CHANNELS)}")
        return self._subscriptions.setdefault(name, Subscription(CHANNELS[name], self._patience))

    def by_sid(self, sid: int | None) -> Subscription | None:
        """Return the subscription that a message belongs to."""
        return None if sid is None else self._by_sid.get(sid)

    def open_ones(self) -> list[Subscription]:
        """Return the subscriptions that are being sent."""
        return list(self._by_sid.values())

    def hold(self, message: Any, now_ms: int) -> None:
        """Keep a message of a sid that we do not know yet, while we wait to learn one."""
        is_awaited = any(subscription.phase is Phase.ASKED for subscription in self._subscriptions.values())
        if is_awaited and message.sid not in self._gone and len(self._early) < self._patience.early_messages:
            self._early.append((message, now_ms))
        else:
            self._counters.ignored += 1

    def count(self, subscription: Subscription, message: Any, now_ms: int) -> bool:
        """Count a message in its sequence; return whether it is new."""
        if message.seq is None or not subscription.channel.is_counted:
            return True
        if subscription.channel.name == BOOKS:
            return self.depth.count(message, now_ms)
        due = subscription.last.seq + 1
        arrival = subscription.arrive(message)
        if arrival is Arrival.DUPLICATE:
            self._counters.duplicates += 1
            return False
        if arrival is not Arrival.NEXT:
            subscription.last = message
            self._counters.gaps += 1
            self._tell(MessagesLost(subscription.channel.name, f"sequence {message.seq} came, {due} was due"))
        return True

    # Connections

    def connected(self, now_ms: int) -> None:
        """Ask for everything at once: what an earlier connection refused may be granted now."""
        for subscription in self._subscriptions.values():
            subscription.retry_at_ms = now_ms
            subscription.barred.clear()

    def disconnected(self, now_ms: int) -> None:
        """Forget all that belonged to the connection."""
        reason = "the connection is lost"
        for subscription in self._subscriptions.values():
            if subscription.phase is Phase.ON:
                self._tell(SubscriptionLost(subscription.channel.name, reason))
            subscription.reset()
        self.depth.closed(BookState.STALE, reason, now_ms)
        self._commands.forget()
        self._by_sid.clear()
        self._gone.clear()
        self._early.clear()

    def tick(self, now_ms: int) -> None:
        """Give up waiting for answers that are overdue."""
        for command in self._commands.overdue(now_ms):
            if command.kind in {"snapshot", "list"}:
                self._take_back(command, now_ms, wait_ms=0)
            else:
                self._refused(command, 0, "no answer came", now_ms)
        if not (self._must_list or self._commands.awaits("list")):
            self._stop_waiting(now_ms)

    def standing(self) -> tuple[Standing, ...]:
        """Return how far each open subscription has come."""
        return tuple(
            (s.channel.name, s.sid or 0, max(int(s.last.seq), 0), () if s.told_everything else tuple(sorted(s.told)))
            for s in self.open_ones()
            if s.last.seq > _NO_SEQ
        )

    def resume(self, standing: Iterable[Standing], now_ms: int) -> None:
        """Stand where another run stood: its subscriptions are open, and nothing has to be asked for."""
        for name, sid, seq, keys in standing:
            subscription = self.subscription(name)
            self._open(subscription, sid, now_ms, next_seq=seq + 1, snapshots_come=False)
            subscription.told.update(keys)
            subscription.told_everything = not keys
            subscription.must_compare = False

    # What we ask

    def plan(self, now_ms: int, *, must_probe: bool) -> list[bytes]:
        """Return the commands that bring the exchange nearer to our wishes."""
        for subscription in self._subscriptions.values():
            if now_ms >= subscription.retry_at_ms:
                self._plan_one(subscription, now_ms)
        self._ask_for_snapshots(now_ms)
        if (self._must_list or must_probe) and not self._commands.awaits("list") and self._commands.has_room(now_ms):
            self._must_list = False
            self._commands.send("list", "", (), {}, now_ms)
        return self._commands.take()

    def _plan_one(self, subscription: Subscription, now_ms: int) -> None:
        if subscription.phase is Phase.OFF and subscription.is_wished:
            self._subscribe(subscription, now_ms)
        elif subscription.phase is not Phase.ON:
            return
        elif (
            subscription.is_doubtful
            or not subscription.is_wished
            or subscription.wants_everything != subscription.told_everything
        ):
            self._leave(subscription, now_ms)
        elif subscription.channel.name == BOOKS and self.depth.is_hopeless():
            self._leave(subscription, now_ms)
            subscription.delay(now_ms)
        elif subscription.must_compare:
            missing, surplus = subscription.missing(), subscription.surplus()
            subscription.must_compare = bool(missing or surplus)
            self._update("add", missing, subscription, now_ms)
            self._update("delete", surplus, subscription, now_ms)

    def _subscribe(self, subscription: Subscription, now_ms: int) -> None:
        if not self._commands.has_room(now_ms):
            return
        channel = subscription.channel
        keys = () if subscription.wants_everything else tuple(subscription.keys())
        params: dict[str, Any] = {"channels": [channel.name]}
        if keys or channel.needs_filter:
            params[channel.filter] = keys or ["all"]
        if keys and channel.sends_first:
            params["send_initial_snapshot"] = True
        if channel.name == BOOKS:
            params |= self._book_options
        self._commands.send("subscribe", channel.name, keys, params, now_ms)
        subscription.phase = Phase.ASKED
        subscription.told.update(keys)
        subscription.told_everything = subscription.wants_everything

    def _leave(self, subscription: Subscription, now_ms: int) -> None:
        sid = subscription.sid
        if sid is None or not self._commands.has_room(now_ms):
            return
        self._commands.send("unsubscribe", subscription.channel.name, (), {"sids": [sid]}, now_ms)
        self._forget_sid(sid, subscription)
        subscription.reset()
        subscription.phase = Phase.LEAVING
        if subscription.channel.name == BOOKS:
            self.depth.closed(BookState.RESYNC, "subscribing anew", now_ms)

    def _update(self, kind: Literal["add", "delete"], keys: list[str], subscription: Subscription, now_ms: int) -> None:
        channel = subscription.channel
        for start in range(0, len(keys), self._patience.batch):
            if not self._commands.has_room(now_ms):
                return
            part = tuple(keys[start : start + self._patience.batch])
            action = _ACTIONS[kind, channel.filter]
            params: dict[str, Any] = {"sids": [subscription.sid], "action": action, channel.filter: part}
            if kind == "add" and channel.sends_first:
                params["send_initial_snapshot"] = True
            command = self._commands.send(kind, channel.name, part, params, now_ms)
            if kind == "delete":
                subscription.told.difference_update(part)
                subscription.leaving.update(dict.fromkeys(part, command.id))
                continue
            subscription.told.update(part)
            if channel.name == BOOKS:
                self.depth.told(part, now_ms)

    def _ask_for_snapshots(self, now_ms: int) -> None:
        self.depth.must_ask = False
        subscription = self.depth.subscription
        while subscription.phase is Phase.ON and self._commands.has_room(now_ms):
            keys = self.depth.due(now_ms)
            if not keys:
                return
            params = {"sids": [subscription.sid], "action": "get_snapshot", "market_tickers": keys}
            self.depth.asked(self._commands.send("snapshot", BOOKS, keys, params, now_ms))

    # What the exchange answers

    def take(self, message: wire.Control, now_ms: int) -> None:
        """Take an answer to a command, or what the exchange says about a subscription of its own accord."""
        match message:
            case wire.Subscribed():
                self._subscribed(message, now_ms)
            case wire.Unsubscribed():
                self._unsubscribed(message, now_ms)
            case wire.Ok():
                self._ok(message, now_ms)
            case wire.Error():
                self._error(message, now_ms)

    def _subscribed(self, message: wire.Subscribed, now_ms: int) -> None:
        """A channel was opened."""
        command = self._commands.answered(message.id)
        sid = message.msg.sid
        subscription = self._subscriptions.get(message.msg.channel)
        if command is not None and command.kind == "subscribe":
            self._gone.pop(sid, None)  # the exchange may give a number again; only an answer to us can tell
        if subscription is None or sid in self._by_sid or sid in self._gone or subscription.phase is Phase.LEAVING:
            self._counters.ignored += 1
            return
        if subscription.phase is Phase.ON:
            self._close(subscription, "the exchange opened it a second time", now_ms)
        self._open(subscription, sid, now_ms, next_seq=1, snapshots_come=True)

    def _unsubscribed(self, message: wire.Unsubscribed, now_ms: int) -> None:
        """A subscription was closed, at our wish or not."""
        self._commands.answered(message.id)
        subscription = self._by_sid.get(message.sid)
        if subscription is not None:
            self._close(subscription, "the exchange closed it", now_ms)
            return
        left = self._gone.get(message.sid)
        if left is not None and left.phase is Phase.LEAVING:
            left.reset()
        else:
            self._counters.ignored += 1

    def _ok(self, message: wire.Ok, now_ms: int) -> None:
        """A command was done; a subscription that was open already is answered so, too."""
        command = self._commands.answered(message.id)
        if isinstance(message.msg, list):
            if command is not None:
                self._listed(message.msg, now_ms)
            return
        if command is not None and command.kind == "delete":
            self._subscriptions[command.channel].settle(command.keys, command.id)
        if command is not None and command.kind == "subscribe":
            self._merged(self._subscriptions[command.channel], message.sid, message.seq, now_ms)
        subscription = self.by_sid(message.sid)
        if subscription is not None:
            self.count(subscription, message, now_ms)

    def _error(self, message: wire.Error, now_ms: int) -> None:
        """A command was refused, or a subscription died."""
        command = self._commands.answered(message.id)
        subscription = self.by_sid(message.sid)
        if subscription is not None and not self.count(subscription, message, now_ms):
            return
        code, text = message.msg.code, clean(f"{message.msg.msg} (error {message.msg.code})")
        if command is not None:
            self._bar(command, message.msg)
            self._refused(command, code, text, now_ms)
        else:
            self._tell(ErrorSeen(subscription.channel.name if subscription else "", code, text))
        if code in _TERMINAL:
            for dead in self._dead_ones(subscription, command):
                self._close(dead, text, now_ms)
        elif command is None and subscription is self.depth.subscription:
            self.depth.lose_all(text, now_ms)

    def _dead_ones(self, subscription: Subscription | None, command: Command | None) -> list[Subscription]:
        """Return what a terminal error ends; one that does not say which subscription it means may mean any."""
        if subscription is not None:
            return [subscription]
        return [s for s in self.open_ones() if command is None or s.channel.name == command.channel]

    def _open(self, subscription: Subscription, sid: int, now_ms: int, *, next_seq: int, snapshots_come: bool) -> None:
        subscription.open(sid, now_ms, next_seq=next_seq)
        self._by_sid[sid] = subscription
        self._tell(SubscriptionReady(subscription.channel.name, sid))
        if subscription.channel.name == BOOKS:
            self.depth.opened(now_ms, snapshots_come=snapshots_come)
        early, self._early = self._early, []
        for message, heard_ms in early:
            event = self._replay(message, heard_ms)  # what belongs to yet another sid is held again
            if event is not None:
                self._tell(event)

    def _close(self, subscription: Subscription, reason: str, now_ms: int) -> None:
        """Take note that a sid is dead; it is asked for again after a while."""
        if subscription.sid is not None:
            self._forget_sid(subscription.sid, subscription)
        self._counters.resubscribed += 1
        subscription.fail(now_ms)
        self._tell(SubscriptionLost(subscription.channel.name, reason))
        if subscription.channel.name == BOOKS:
            self.depth.closed(BookState.DEAD, reason, now_ms)

    def _forget_sid(self, sid: int, subscription: Subscription) -> None:
        self._by_sid.pop(sid, None)
        self._gone[sid] = subscription
        if len(self._gone) > _SIDS_KEPT:
            del self._gone[next(iter(self._gone))]

    def _merged(self, subscription: Subscription, sid: int | None, seq: int | None, now_ms: int) -> None:
        """Learn the sid of a channel that was open already; no snapshot comes unasked."""
        if sid is None:
            self._must_list = True
        elif subscription.phase in {Phase.ASKED, Phase.OFF} and sid not in self._by_sid:
            self._gone.pop(sid, None)  # our wish to close it was lost
            has_early = any(message.sid == sid for message, _ in self._early)
            next_seq = 1 if seq is None or has_early else seq
            self._open(subscription, sid, now_ms, next_seq=next_seq, snapshots_come=False)

    def _listed(self, lines: list[wire.ListedSubscription], now_ms: int) -> None:
        self._tell(SubscriptionsListed(tuple((clean(line.channel), line.sid) for line in lines)))
        sids = {line.sid for line in lines}
        for subscription in self.open_ones():
            if subscription.sid not in sids:
                self._close(subscription, "the exchange does not list it", now_ms)
        for line in lines:
            asked = self._subscriptions.get(line.channel)
            if asked is not None and asked.phase is Phase.ASKED:
                self._merged(asked, line.sid, None, now_ms)
        self._stop_waiting(now_ms)

    def _stop_waiting(self, now_ms: int) -> None:
        """Ask anew for what neither an answer nor the list has opened."""
        for subscription in self._subscriptions.values():
            if subscription.phase is Phase.ASKED and not self._commands.awaits("subscribe", subscription.channel.name):
                subscription.fail(now_ms)

    def _bar(self, command: Command, error: wire.ErrorBody) -> None:
        """Leave out the markets that a refusal names, so that the others need not suffer."""
        named = {error.market_ticker, *(error.market_tickers or ())} & {*command.keys}
        if named and command.kind in {"subscribe", "add"}:
            self._subscriptions[command.channel].barred.update(filter(None, named))

    def _refused(self, command: Command, code: int, text: str, now_ms: int) -> None:
        self._tell(CommandRefused(command.kind, command.channel, code, clean(text)))
        if code == _ALREADY_OPEN and command.kind == "subscribe":
            self._must_list = True  # it is open, so all that we lack is its sid
            return
        subscription = self._subscriptions.get(command.channel)
        is_passing = code == 0 or code in _PASSING or code in _TERMINAL
        is_barred = subscription is not None and not subscription.barred.isdisjoint(command.keys)
        self._take_back(command, now_ms, wait_ms=0 if is_passing or is_barred else self._patience.refused_ms)
        if subscription is None:
            return
        # It may be done all the same, and later than whatever is asked next: only a new sid is certain.
        subscription.is_doubtful |= command.kind == "delete" and code in _UNCERTAIN
        if code == _UNKNOWN_SID and subscription.phase is Phase.ON:
            self._close(subscription, text, now_ms)
        elif command.channel == BOOKS and code and command.kind in {"subscribe", "add"}:
            self.depth.refused(tuple(sorted(subscription.barred)) if is_barred else command.keys, text)

    def _take_back(self, command: Command, now_ms: int, *, wait_ms: int) -> None:
        """Undo what we noted when we sent a command, so that the next look sends it again."""
        if command.kind == "snapshot":
            self.depth.unanswered(command, now_ms)
            return
        if command.kind == "list":
            return
        subscription = self._subscriptions[command.channel]
        subscription.must_compare = True
        if command.kind == "subscribe" and subscription.phase is Phase.ASKED:
            subscription.fail(now_ms, wait_ms=wait_ms)
        elif command.kind == "unsubscribe" and subscription.phase is Phase.LEAVING:
            subscription.reset()
        elif command.kind == "add":
            subscription.told.difference_update(command.keys)
            subscription.delay(now_ms, wait_ms=wait_ms)
        elif command.kind == "delete" and subscription.phase is Phase.ON:
            subscription.told.update(subscription.settle(command.keys, command.id))
            subscription.delay(now_ms, wait_ms=wait_ms)
