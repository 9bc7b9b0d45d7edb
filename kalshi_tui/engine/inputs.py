"""Everything that the engine's kernel consumes, as values: what is on a tape, in the order in which it was consumed.

The kernel is given these and nothing else, so a tape of them makes the same engine twice. `at_ms` is the venue's time
when the engine took the input; it never runs backwards.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from msgspec import Struct

from kalshi_tui.core.book import Level
from kalshi_tui.engine.rules import Rules
from kalshi_tui.link.intents import Distrust, Follow, LetGo, ReadAnew
from kalshi_tui.link.keys import Key
from kalshi_tui.link.views import Lag, TapeState

CODEC: Final = 1
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
    watched: tuple[Key, ...] = ()
    subscriptions: tuple[tuple[str, int, int, tuple[str, ...]], ...] = ()  # channel, sid, last seq, keys; () is all
    books: tuple[BookImage, ...] = ()


Record = Input | Sent | Mark | Opening

encode_records: Final = msgspec.msgpack.Encoder().encode
decode_records: Final = msgspec.msgpack.Decoder(list[Record]).decode
