"""Everything that the engine's kernel consumes, as values: what is on a tape, in the order in which it was consumed.

The kernel is given these and nothing else, so a tape of them makes the same engine twice. `at_ms` is the venue's time
when the engine took the input; it never runs backwards.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from msgspec import Struct

from kalshi_tui.core.book import Level
from kalshi_tui.core.units import Money, Size
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.rules import Rules
from kalshi_tui.link.intents import Distrust, Follow, LetGo, ReadAnew
from kalshi_tui.link.keys import Key
from kalshi_tui.link.trading import TradingIntent
from kalshi_tui.link.views import Lag, TapeState

CODEC: Final = 2
"""Counts up when an input's bytes or its meaning change; a tape of another codec is not replayed as it was."""


class _Input(Struct, frozen=True, gc=False, tag=True, array_like=True):
    pass


class Frames(_Input, frozen=True):
    """Frames that arrived together over the stream."""

    at_ms: int
    frames: list[bytes]


class Connected(_Input, frozen=True):
    """The stream was opened."""

    at_ms: int


class Disconnected(_Input, frozen=True):
    """The stream is gone."""

    at_ms: int


class Pinged(_Input, frozen=True):
    """The venue's ping was seen."""

    at_ms: int


class Ticked(_Input, frozen=True):
    """The stream's timers ran."""

    at_ms: int


class FeedSaid(_Input, frozen=True):
    """The feed tells how its connection is."""

    at_ms: int
    state: str
    reason: str
    until_ms: int | None = None


class Replied(_Input, frozen=True):
    """An answer over REST; `endpoint` names the question (see `kalshi_tui.engine.questions`)."""

    at_ms: int
    endpoint: str
    argument: str
    body: bytes


class NotReplied(_Input, frozen=True):
    """A question that got no answer that can be used."""

    at_ms: int
    endpoint: str
    argument: str
    reason: str
    status: int = 0  # the venue's, where it has answered after all


class Kept(_Input, frozen=True):
    """What an earlier run had stored of the catalogue, as the storage gave it."""

    at_ms: int
    kind: Literal["series", "event", "market"]
    rows: list[bytes]


class Watched(_Input, frozen=True):
    """A view has its first watcher."""

    at_ms: int
    key: Key


class Unwatched(_Input, frozen=True):
    """A view has lost its last watcher."""

    at_ms: int
    key: Key


class Asked(_Input, frozen=True):
    """An intent that changes what the kernel does."""

    at_ms: int
    intent: Follow | LetGo | Distrust | ReadAnew


class Beat(_Input, frozen=True):
    """It is time to publish what has changed."""

    at_ms: int


class Vitals(_Input, frozen=True):
    """How the process is: what no frame tells, and so must be recorded to be published again."""

    at_ms: int
    clients: int
    working: tuple[str, ...]
    bounds: dict[str, int]
    lag: Lag
    tape: TapeState
    offset_ms: int | None = None  # of our clock against the venue's
    write_tokens: int | None = None
    lead_ms: int = 0  # how far the time of all inputs is ahead of our clock, which was set back


class JournalRead(_Input, frozen=True):
    """The journal as an earlier engine left it, or why it cannot be used."""

    at_ms: int
    rows: list[JournalRow]
    problem: str
    install: str  # a name for this installation, drawn by chance, for a journal that has none yet


class Journalled(_Input, frozen=True):
    """Rows up to this one are on the disk."""

    at_ms: int
    upto: int


class NotJournalled(_Input, frozen=True):
    """Rows could not be written; they will be tried again."""

    at_ms: int
    reason: str


class Traded(_Input, frozen=True):
    """A person, by a terminal or a command, asks something of trading."""

    at_ms: int
    intent: TradingIntent
    client: str


class Outcome(_Input, frozen=True):
    """What came of something that was sent; `outcome` is done, refused, not sent, gone or no answer."""

    at_ms: int
    kind: str  # place, amend, decrease, cancel, group, reset
    number: int  # of the order, or the shard of a group
    outcome: str
    words: str = ""
    order_id: str = ""  # or the group's
    filled: Size | None = None
    remaining: Size | None = None
    average: Money | None = None
    average_fee: Money | None = None
    reduced_by: Size | None = None
    ts_ms: int = 0
    status: int = 0
    code: str = ""


class KillStepped(_Input, frozen=True):
    """How far a kill has come."""

    at_ms: int
    words: str
    resting: int | None
    is_over: bool


class FlagSeen(_Input, frozen=True):
    """The mark of a kill lies on the disk, or no longer."""

    at_ms: int
    reason: str


class Stalled(_Input, frozen=True):
    """The watchdog says that the loop stands still, or that it goes on."""

    at_ms: int
    is_stalled: bool


class Leaving(_Input, frozen=True):
    """The engine is about to end, and what works is to be cancelled first."""

    at_ms: int


class Told(_Input, frozen=True):
    """A notice that comes from outside of the kernel."""

    at_ms: int
    loudness: Literal["info", "warning", "alarm"]
    words: str
    ticker: str = ""


Input = (
    Frames
    | Connected
    | Disconnected
    | Pinged
    | Ticked
    | FeedSaid
    | Replied
    | NotReplied
    | Kept
    | Watched
    | Unwatched
    | Asked
    | Beat
    | Vitals
    | Told
    | JournalRead
    | Journalled
    | NotJournalled
    | Traded
    | Outcome
    | KillStepped
    | FlagSeen
    | Stalled
    | Leaving
)


class Sent(Struct, frozen=True, gc=False, tag=True, array_like=True):
    """No input but an output, kept for whoever reads the tape: a command that went to the venue."""

    at_ms: int
    frame: bytes


class Mark(Struct, frozen=True, gc=False, tag=True, array_like=True):
    """No input but a proof: the digest of everything published up to here, since the first input of the tape."""

    at_ms: int
    published: int
    digest: str


class BookImage(Struct, frozen=True, gc=False, array_like=True):
    """A book as it stood when a segment began."""

    ticker: str
    clock: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class Opening(Struct, frozen=True, gc=False, tag=True, array_like=True):
    """The first record of a segment: what a reader must know to begin there."""

    at_ms: int
    codec: int
    program: str
    settings_hash: str
    environment: str
    execution: str
    account: str
    mode: str
    words: str
    engine_pid: int
    started_ms: int
    is_first: bool  # of the tape: then everything starts from nothing, and the rest of this is empty
    rules: Rules
    orders: OrderRules = OrderRules()
    limits: dict[str, int] = {}
    trades: bool = False  # whether the account is read, and perhaps traded
    watched: tuple[Key, ...] = ()
    subscriptions: tuple[tuple[str, int, int, tuple[str, ...]], ...] = ()  # channel, sid, last seq, keys; () is all
    books: tuple[BookImage, ...] = ()


Record = Input | Sent | Mark | Opening

encode_records: Final = msgspec.msgpack.Encoder().encode
decode_records: Final = msgspec.msgpack.Decoder(list[Record]).decode
