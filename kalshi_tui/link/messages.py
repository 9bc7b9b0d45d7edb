"""The messages between the engine and whoever attaches to it, and their bytes.

A frame is four bytes of length, most significant first, and one message in MessagePack. The first message of a client
is `Hello`; the engine's is `Welcome` or `Refused`.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Raw, Struct

from kalshi_tui.core.text import SafeText
from kalshi_tui.link.intents import Intent, Result
from kalshi_tui.link.keys import Key
from kalshi_tui.link.views import View

LINK_VERSION: Final = 2
LEAVING: Final = "terminal that leaves"
"""The name of a terminal that has closed and only sees to its engine: nobody for whose sake that must go on."""


class _Message(Struct, frozen=True, gc=False, tag=True):
    pass


class Hello(_Message, frozen=True):
    """Who is there."""

    link: int
    program: str
    name: str  # terminal, or a command's name
    pid: int
    settings_hash: str = ""


class Welcome(_Message, frozen=True):
    """Who answers; `now_ms` is the venue's time, which goes on `speed` times as fast as the wall's."""

    link: int
    program: str
    session: int
    engine_pid: int
    mode: str
    environment: str
    execution: str
    account: str
    settings_hash: str
    started_ms: int
    now_ms: int
    speed: float
    stays: bool  # whether it was started to stay, also when its last terminal has gone


class Refused(_Message, frozen=True):
    """Why nothing comes of it, and what to do."""

    reason: str
    hint: str


class Watch(_Message, frozen=True):
    """Send the view of `key` now and whenever it changes, under the client's own number."""

    id: int
    key: Key


class Unwatch(_Message, frozen=True):
    """Send it no longer."""

    id: int


class Published(_Message, frozen=True):
    """A view as it is now; what changed in between was not sent."""

    id: int
    version: int
    view: Raw


class Ask(_Message, frozen=True):
    """An intent that is to be answered within `limit_ms`."""

    id: int
    intent: Intent
    limit_ms: int


class Bye(_Message, frozen=True):
    """A client goes because it wants to; one that goes without has crashed."""


class Answer(_Message, frozen=True):
    """What came of an intent."""

    id: int
    result: Result


class Failure(_Message, frozen=True):
    """Why nothing came of an intent, or of a wish to watch something (where `id` is that of the watch)."""

    id: int
    message: str
    hint: str


class Goodbye(_Message, frozen=True):
    """The engine hangs up, and says why."""

    reason: str


FromClient = Hello | Watch | Unwatch | Ask | Bye
FromEngine = Welcome | Refused | Published | Answer | Failure | Goodbye


def _plain(value: object) -> str:
    """Write cleaned text as text."""
    if isinstance(value, SafeText):
        return str.__str__(value)
    raise TypeError(f"a {type(value).__name__} does not go over the link")


encode: Final = msgspec.msgpack.Encoder(enc_hook=_plain).encode
decode_from_client: Final = msgspec.msgpack.Decoder(FromClient).decode
decode_from_engine: Final = msgspec.msgpack.Decoder(FromEngine).decode
decode_view: Final = msgspec.msgpack.Decoder(View).decode
