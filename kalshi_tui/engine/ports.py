"""What the engine asks of the world: time, chance, HTTP, streams and tape; adapters and test worlds give it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from kalshi_tui.engine.held import Kind
from kalshi_tui.engine.inputs import Opening, Record
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.link.intents import HistoryPoint
from kalshi_tui.link.views import TapeState

Chance = Callable[[], float]
"""A number from 0 up to 1, each as likely; back-off is spread with it."""


class Clock(Protocol):
    """The one source of time, so that practice worlds, tapes and tests can own it."""

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""

    async def sleep(self, seconds: float) -> None:
        """Wait this long by this clock."""


class Reply(Protocol):
    """What came back over HTTP, not yet understood."""

    @property
    def status(self) -> int:
        """Return the HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the headers under lower-case names."""

    @property
    def body(self) -> bytes:
        """Return the whole body, decoded from any compression."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A status, headers under lower-case names and a body of bounded size."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpTransport(Protocol):
    """One host that answers; it neither retries, nor follows redirects, nor keeps cookies."""

    async def send(self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """Send one request, path from the root of the host; raise TransportError when no whole answer came."""

    async def close(self) -> None:
        """Let go of every connection."""


class StreamConnection(Protocol):
    """One open WebSocket."""

    on_ping: Callable[[], None] | None
    """Called when the server's ping was seen; the pong is the transport's business."""

    async def receive(self) -> list[bytes]:
        """Return every text message that has arrived, at least one; raise TransportError once it is closed."""

    async def send(self, data: bytes) -> None:
        """Send one text message; raise TransportError when it is closed."""

    async def close(self) -> None:
        """Close it; does nothing the second time."""


class StreamTransport(Protocol):
    """One address that WebSockets are opened to."""

    async def connect(self, headers: Mapping[str, str]) -> StreamConnection:
        """Open one; AuthenticationRefused, RateLimited or TransportError say why not."""


class Recorder(Protocol):
    """Keeps what the engine consumed, in order; none of it waits for a disk, but for `close`."""

    @property
    def wants_opening(self) -> bool:
        """Return whether a new segment is due; until `begin`, records go to the old one, or are lost without one."""

    def begin(self, opening: Opening) -> None:
        """Begin a new segment here: what was put before belongs to the old one, what follows to the new one."""

    def put(self, record: Record) -> None:
        """Keep a record; it must not be changed afterwards, for it is read later and in another thread."""

    def state(self) -> TapeState:
        """Return what is recorded, or why nothing is."""

    def close(self) -> None:
        """Write what is left and end the tape; may take as long as the disk does, within a bound."""


class Storage(Protocol):
    """What outlives a run: the catalogue as last read, bounded price histories, texts under names.

    It is never fatal: what cannot be kept is counted in `lost` and explained in `problem`, and the engine goes on.
    """

    @property
    def lost(self) -> int:
        """Return how many rows were given to it and not kept."""

    @property
    def problem(self) -> str:
        """Return why rows are being lost, or what befell the file; nothing while all is well."""

    async def open(self) -> None:
        """Open the file or begin one; raise ConfigError where it is another's or of a newer program."""

    async def catalogue(self) -> list[tuple[Kind, list[bytes]]]:
        """Return the rows that were kept, as the venue sent them, in batches of at most 500."""

    def keep(self, kind: Kind, rows: Sequence[tuple[str, bytes]]) -> None:
        """Keep rows by ticker, soon; returns at once and raises nothing."""

    def forget(self, kind: Kind, tickers: Sequence[str]) -> None:
        """Let go of rows, soon."""

    def add_history(self, rows: Sequence[tuple[str, HistoryPoint]]) -> None:
        """Add points to markets' histories, soon; of each market the latest are kept, up to a number."""

    async def history(self, ticker: str, since_ms: int, count: int) -> list[HistoryPoint]:
        """Return a market's latest points, at most `count` and none from before `since_ms`, oldest first."""

    def remember(self, name: str, text: str) -> None:
        """Keep a text under a name, soon; raise ValueRefused where either is too long."""

    async def recall(self, name: str) -> str | None:
        """Return what was last remembered under a name, or nothing."""

    async def flush(self) -> None:
        """Wait until what was given so far is kept, or lost and counted."""

    async def close(self) -> None:
        """Flush, and let go of the file."""


class Journal(Protocol):
    """Keeps what was decided and done about orders; what it has kept survives a crash and the loss of power."""

    async def open(self) -> list[JournalRow]:
        """Open the file or begin one, and return every row in order; raise ConfigError where it cannot be used."""

    def append(self, rows: Sequence[JournalRow]) -> Awaitable[None]:
        """Have rows kept; what is returned ends once they are on the disk for good, in order after all before them.

        It ends with StorageFailed if they are not.

        After a failure nothing of `rows` is there, and the same rows may be given again.
        """

    async def close(self) -> None:
        """Let go of the file."""


class KillFlag(Protocol):
    """A mark on the disk that everybody on this account can set, and that outlives every process."""

    def reason(self) -> str:
        """Return why it is set, or nothing while it is not; costs one look at a file's name."""

    def set(self, reason: str) -> None:
        """Set it, on the disk before this returns."""

    def clear(self) -> None:
        """Take it away."""
