"""One channel's subscription: what we wish, what the exchange was told, and how far its sequence has come."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal

import msgspec

from kalshi_tui.protocol.patience import Patience

BOOKS: Final = "orderbook_delta"


@dataclass(frozen=True, slots=True)
class Channel:
    """What the protocol says about a channel."""

    name: str
    filter: Literal["market_tickers", "index_ids", ""] = ""
    needs_filter: bool = False
    is_counted: bool = True  # whether its messages carry seq
    sends_first: bool = False  # whether it sends what is at once only when it is asked to


CHANNELS: Final = {
    channel.name: channel
    for channel in (
        Channel(BOOKS, "market_tickers", needs_filter=True),
        Channel("ticker", "market_tickers", is_counted=False, sends_first=True),
        Channel("trade", "market_tickers"),
        Channel("fill", "market_tickers", is_counted=False),
        Channel("user_orders", "market_tickers", is_counted=False),
        Channel("market_positions", "market_tickers", is_counted=False),
        Channel("market_lifecycle_v2"),
        Channel("order_group_updates"),
        Channel("cfbenchmarks_value", "index_ids", needs_filter=True),
        Channel("cfbenchmarks_value_5hz", "index_ids", needs_filter=True),
    )
}


class Phase(Enum):
    """Where a subscription is in its life on this connection."""

    OFF = "off"
    ASKED = "asked"
    ON = "on"
    LEAVING = "leaving"


class Arrival(Enum):
    """How a message's seq fits to the one before."""

    NEXT = "next"
    DUPLICATE = "duplicate"
    JUMP = "jump"
    BACK = "back"
    UNPROVEN = "unproven"


class _Milestone(msgspec.Struct, frozen=True):
    """Stands where no message does."""

    seq: float


_UNPROVEN: Final = _Milestone(float("-inf"))  # no seq follows it


class Subscription:
    """One channel on one connection after another; the wish outlives the connection, all else does not."""

    def __init__(self, channel: Channel, patience: Patience) -> None:
        self.channel = channel
        self.wanted: dict[str, None] = {}
        self.wants_everything = False
        self.barred: set[str] = set()  # keys that the exchange refused by name, until the next connection
        self.told: set[str] = set()
        self.retry_at_ms = 0
        self._patience = patience
        self._failures = 0
        self._opened_ms = 0
        self.reset()

    def reset(self) -> None:
        """Forget what belonged to a sid."""
        self.phase = Phase.OFF
        self.sid: int | None = None
        self.last: Any = _UNPROVEN  # the message that came last, which knows its seq
        self.last_ms = 0
        self.told.clear()
        self.leaving: dict[str, int] = {}  # deleted by this command, without an answer so far: sent or not, who knows
        self.is_doubtful = False  # whether only a new sid can tell what is sent
        self.told_everything = False
        self.must_compare = True  # whether wishes may differ from what was told; thousands of keys take a millisecond

    def surely_sends(self, key: str) -> bool:
        """Return whether no deletion is under way, after which a market's changes would not come."""
        return not self.is_doubtful and key not in self.leaving

    def settle(self, keys: tuple[str, ...], deletion: int) -> list[str]:
        """Take a deletion as answered; return the keys that no later one has under way."""
        settled = [key for key in keys if self.leaving.get(key) == deletion]
        for key in settled:
            del self.leaving[key]
        return settled

    def keys(self) -> list[str]:
        """Return the markets or indices that we want and may have."""
        return [key for key in self.wanted if key not in self.barred]

    @property
    def is_wished(self) -> bool:
        """Return whether anything of this channel is to be sent."""
        return self.wants_everything or any(key not in self.barred for key in self.wanted)

    def missing(self) -> list[str]:
        """Return what we want and the exchange was not told."""
        return [] if self.wants_everything else [key for key in self.keys() if key not in self.told]

    def surplus(self) -> list[str]:
        """Return what the exchange was told and we want no longer."""
        # Sorted, because a set's order differs from run to run, and a tape must be replayed to the same commands.
        return [] if self.wants_everything else sorted(key for key in self.told if key not in self.wanted)

    def open(self, sid: int, now_ms: int, *, next_seq: int) -> None:
        """Take the sid that the exchange gave, and count from there."""
        self.phase, self.sid, self.last = Phase.ON, sid, _Milestone(next_seq - 1)
        self._opened_ms = now_ms

    def fail(self, now_ms: int, *, wait_ms: int = 0) -> None:
        """Forget the sid and wait before asking again, longer each time until it has been calm."""
        if self.phase is Phase.ON and now_ms - self._opened_ms >= self._patience.calm_ms:
            self._failures = 0
        self.reset()
        self.delay(now_ms, wait_ms=wait_ms)

    def delay(self, now_ms: int, *, wait_ms: int = 0) -> None:
        """Wait before the next command of this channel."""
        self._failures += 1
        self.retry_at_ms = now_ms + max(wait_ms, self._patience.cooldown(self._failures))

    def arrive(self, message: Any) -> Arrival:
        """Compare a message's seq with what is due, and count on from it unless it was seen or went back."""
        step = message.seq - self.last.seq
        if self.last is _UNPROVEN:
            return Arrival.UNPROVEN
        if step > 0:
            self.last = message
            return Arrival.NEXT if step == 1 else Arrival.JUMP
        if step == 0 and _is_same(message, self.last):
            return Arrival.DUPLICATE
        # Either an old message came again or the exchange counts anew: only an answer to a question of ours tells.
        self.last = _UNPROVEN
        return Arrival.BACK


def _is_same(message: Any, last: Any) -> bool:
    """Compare all but the time of sending, which a message that is sent again may have anew."""
    return type(message) is type(last) and (
        message == last or msgspec.structs.replace(message, sending_ts_ms=last.sending_ts_ms) == last
    )
