"""One connection: what came from the client goes in, what the door shall send comes out; no clock, no socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from kalshi_tui.practice.stream.channels import Channel
from kalshi_tui.practice.stream.commands import obey
from kalshi_tui.practice.stream.limits import CommandBudget
from kalshi_tui.practice.stream.outgoing import Close, Outgoing, Ping
from kalshi_tui.practice.stream.subscription import Subscription

if TYPE_CHECKING:
    from kalshi_tui.practice.faults.frames import Spoiler
    from kalshi_tui.practice.stream.hub import Hub

_OVERFLOW = Close(1008, "replies are not read")


class Session:
    """A connection of one member.

    `receive` takes a frame of the client's, `take` gives what is to be sent since the last time; `wake` is called when
    there is something to take again. A door that cannot write does not take: that is how it is seen to be slow.
    """

    def __init__(self, hub: Hub, user_id: str, number: int, wake: Callable[[], None]) -> None:
        self.hub = hub
        self.user_id = user_id
        self.subaccount: int | None = None  # the only one whose private messages are told, when set
        self.number = number  # of this connection on its hub, from 1
        self.closed = False
        self.silent = False  # half open: nothing is sent any more, and nobody is told
        self.spoiler: Spoiler | None = None
        self.subscriptions: dict[int, Subscription] = {}
        self.by_channel: dict[str, Subscription] = {}
        self._wake = wake
        self._stirred = False
        self._ping_waits = False
        self._replies = 0
        self._out: list[Outgoing] = []
        self._sids = 0
        self._budget = CommandBudget(hub.limits.commands, hub.exchange.now_ms)
        self._schedule_beat()

    # --- the door's side

    def receive(self, text: str | bytes) -> None:
        """Carry out a command."""
        if not self.closed and not self.silent:
            obey(self, text)

    def take(self) -> list[Outgoing]:
        """Hand over everything that is to be sent now."""
        self._stirred = True  # what the next lines queue is taken below and needs no waking
        for subscription in tuple(self.subscriptions.values()):
            if subscription.dirty:
                self.hub.tell_tickers(subscription)
            subscription.queued = 0
        out, self._out = self._out, []
        self._stirred = self._ping_waits = False
        self._replies = 0
        return out

    def owns(self, user_id: str, subaccount: int) -> bool:
        """Tell whether what is private to a member's subaccount may be told here."""
        return self.user_id == user_id and self.subaccount in {None, subaccount}

    def close(self) -> None:
        """Forget the connection: the client is gone."""
        self.closed = True
        for subscription in tuple(self.subscriptions.values()):
            self.forget(subscription)
        self.hub.forget(self)

    # --- the exchange's side

    def queue(self, item: Outgoing) -> None:
        """Put something on the wire's queue."""
        if self.closed or self.silent:
            return
        self._out.append(item)
        if not self._stirred:
            self.stir()

    def stir(self) -> None:
        """Let the door know, once, that there is something to take."""
        if not self._stirred and not self.silent:
            self._stirred = True
            self._wake()

    def hang_up(self, close: Close) -> None:
        """End the connection from the exchange's side."""
        self.queue(close)
        self.close()

    def fall_silent(self) -> None:
        """Leave the connection half open: what was queued is lost with all that follows."""
        self.silent = True
        self._out.clear()

    def speak_again(self) -> None:
        """End a silence; what happened meanwhile is lost."""
        self.silent = False

    def spend_command(self) -> bool:
        """Take one command from the connection's rate, or say that it is used up."""
        return self._budget.spend(self.hub.exchange.now_ms)

    def reply(self, kind: str, command_id: int, msg: object) -> None:
        """Answer a command on no subscription."""
        self._replies += 1
        if self._replies > self.hub.limits.replies:
            self.hang_up(_OVERFLOW)
            return
        self.queue(b'{"type":"%b"%b' % (kind.encode(), self.tail(msg, command_id)))

    def tail(self, msg: object | None, command_id: int = 0) -> bytes:
        """Build what follows `seq` in a message."""
        if msg is None:
            return self._tail_start(command_id) + b"}"
        return b'%b,"msg":%b}' % (self._tail_start(command_id), msgspec.json.encode(msg))

    def raw_tail(self, msg: bytes, command_id: int = 0) -> bytes:
        """Build what follows `seq` in a message whose `msg` is already encoded."""
        return b'%b,"msg":%b}' % (self._tail_start(command_id), msg)

    def _tail_start(self, command_id: int) -> bytes:
        sending = b',"sending_ts_ms":%d' % self.hub.exchange.now_ms
        return b',"id":%d%b' % (command_id, sending) if command_id else sending

    def open(self, channel: Channel) -> Subscription:
        """Give a channel its number on this connection."""
        self._sids += 1
        subscription = Subscription(self, self._sids, channel, room=self.hub.limits.buffered)
        self.subscriptions[subscription.sid] = subscription
        self.by_channel[channel.name] = subscription
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """End a subscription without a word."""
        if self.subscriptions.pop(subscription.sid, None) is not None:
            del self.by_channel[subscription.channel.name]
            self.hub.unroute(subscription)

    # --- the heartbeat

    def _schedule_beat(self) -> None:
        exchange = self.hub.exchange
        exchange.schedule(exchange.now_ms + self.hub.limits.heartbeat_ms, self._beat)

    def _beat(self) -> None:
        if self.closed:
            return
        if not self._ping_waits:  # a door that does not take gets one, not one for each ten seconds
            self._ping_waits = True
            self.beat()
        self._schedule_beat()

    def beat(self) -> None:
        """Send a ping, unless a fault rule holds it back."""
        if self.spoiler is None:
            self.queue(Ping())
        else:
            self.spoiler.pass_ping()
