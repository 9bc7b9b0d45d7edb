"""One channel open on one connection: its number, its counter, what it listens to, and how far it is behind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from kalshi_tui.practice.stream.channels import Channel
from kalshi_tui.practice.stream.complaints import Complaint

if TYPE_CHECKING:
    from kalshi_tui.practice.stream.session import Session

_ERROR_OVERFLOW = 25


class Subscription:
    """A channel on a connection; `seq` counts every numbered message of it, snapshots and replies included.

    A message is handed over as its type and its tail, which is everything after `seq` and is the same for every
    session; only the head (type, sid) and the number are its own.
    """

    __slots__ = (
        "_heads",
        "_room",
        "by_market_id",
        "channel",
        "dirty",
        "everything",
        "names",
        "queued",
        "seq",
        "session",
        "sid",
        "skip_ack",
        "told",
        "yes_price",
    )

    def __init__(self, session: Session, sid: int, channel: Channel, *, room: int) -> None:
        self.session = session
        self.sid = sid
        self.channel = channel
        self.names: dict[str, None] = {}  # market tickers, or value ids, in order of asking
        self.everything = False
        self.by_market_id = False
        self.skip_ack = False
        self.yes_price = False
        self.dirty: dict[str, int] = {}  # ticker -> time of the last change that is not yet told
        self.told: dict[str, bytes] = {}  # ticker -> the ticker message that was sent last
        self.seq = 0
        self.queued = 0
        self._room = room
        self._heads: dict[str, bytes] = {}

    def wants(self, name: str) -> bool:
        """Say whether a message about this market or value is asked for."""
        return self.everything or name in self.names

    def send(self, kind: str, tail: bytes, name: str = "") -> None:
        """Send a data message, unless a fault rule does something else with it."""
        spoiler = self.session.spoiler
        if spoiler is None:
            self.deliver(kind, tail, numbered=self.channel.numbered)
        else:
            spoiler.pass_on(self, kind, tail, name, numbered=self.channel.numbered)

    def reply(self, kind: str, command_id: int, msg: object | None) -> None:
        """Answer a command on this subscription; answers are numbered as data is."""
        numbered = self.channel.numbered or kind != "error"
        tail = self.session.tail(msg, command_id)
        spoiler = self.session.spoiler
        if spoiler is None:
            self.deliver(kind, tail, numbered=numbered)
        else:
            spoiler.pass_on(self, kind, tail, "", numbered=numbered)

    def deliver(self, kind: str, tail: bytes, *, numbered: bool) -> None:
        """Number a message and queue it; a subscription that is too far behind dies instead."""
        if self.full():
            self.overflow()
            return
        self.queued += 1
        self.session.queue(self.stamp(kind, tail, numbered=numbered))

    def stamp(self, kind: str, tail: bytes, *, numbered: bool) -> bytes:
        """Put the head, and the next number where there is one, before a tail."""
        if not numbered:
            return self._head(kind, b"") + tail
        self.seq = seq = self.seq + 1
        return b"%b%d%b" % (self._heads.get(kind) or self._head(kind, b',"seq":'), seq, tail)

    def _head(self, kind: str, ending: bytes) -> bytes:
        head = self._heads.get(kind)
        if head is None:
            head = self._heads[kind] = b'{"type":%b,"sid":%d%b' % (msgspec.json.encode(kind), self.sid, ending)
        return head

    def full(self) -> bool:
        """Say whether this subscription is too far behind for another message."""
        return self.queued >= self._room + len(self.names)

    def overflow(self) -> None:
        """Die of being too far behind."""
        self.die(_ERROR_OVERFLOW)

    def die(self, code: int) -> None:
        """End this subscription with a terminal error; the connection stays open."""
        body = Complaint(code).body()
        self.session.forget(self)
        self.session.queue(self.stamp("error", self.session.tail(body, 0), numbered=self.channel.numbered))

    def touch(self, ticker: str, ts_ms: int) -> None:
        """Remember that the ticker message of a market may have changed; it is told when the door next takes."""
        self.dirty[ticker] = ts_ms
        self.session.stir()

    def new_names(self, names: Iterable[str]) -> list[str]:
        """Return those names that are not yet asked for, each once."""
        return [name for name in dict.fromkeys(names) if name not in self.names]
