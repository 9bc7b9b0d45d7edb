"""The engine's end: greets whoever attaches, delivers what they watch as fast as they read, answers what they ask.

A view is never queued: each delivery looks what is the latest and whether its reader has room. A reader that has none
is passed over, and hung up on when that lasts. Each bound that is reached is counted by name.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

import msgspec

from kalshi_tui.errors import KalshiTuiError, TransportError
from kalshi_tui.link.intents import Intent, Result
from kalshi_tui.link.keys import Key, LadderKey, MarketKey, MarketsKey, NoticesKey, TradesKey, may_be_ticker
from kalshi_tui.link.messages import (
    LINK_VERSION,
    Answer,
    Ask,
    Bye,
    Failure,
    FromClient,
    Goodbye,
    Hello,
    Published,
    Refused,
    Unwatch,
    Watch,
    Welcome,
    decode_from_client,
    encode,
)
from kalshi_tui.link.pipes import Pipe

GREETING_S: Final = 5.0
_LONGEST_TEXT: Final = 200
_LARGEST: Final = 1_000  # rows or levels of one view
_ASKED_AT_ONCE: Final = 32
_STRANGERS: Final = 64  # connections that have not greeted yet; each holds one of the process's file descriptors
_TAKEN_AT_ONCE: Final = 4
_UNREAD: Final = 4  # times the backlog
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LinkRules:
    """The bounds of an engine's end."""

    clients: int = 16
    watches: int = 256
    backlog: int = 1024 * 1024
    stuck_s: float = 30.0


class Host(Protocol):
    """What stands behind the link: an engine."""

    def welcome(self, session: int) -> Welcome:
        """Return the greeting."""

    def watched(self, key: Key) -> None:
        """Hear that a view has its first watcher."""

    def unwatched(self, key: Key) -> None:
        """Hear that a view has lost its last watcher."""

    def shown(self, key: Key) -> tuple[int, bytes] | None:
        """Return the version and the bytes of a view, if there is one."""

    async def answer(self, intent: Intent) -> Result:
        """Do what is asked, or raise why not."""

    def warn(self, words: str) -> None:
        """Hear something that people should know."""


@dataclass(slots=True)
class Session:
    """One client."""

    number: int
    pipe: Pipe
    name: str = ""
    pid: int = 0
    watches: dict[int, Key] = field(default_factory=dict)
    sent: dict[int, int] = field(default_factory=dict)  # the version that was last sent
    held_since: float | None = None
    is_leaving: bool = False  # it has said so, or we have hung up
    asked: dict[asyncio.Task[None], None] = field(default_factory=dict)  # in the order of their beginning


class Server:
    """All clients of one engine."""

    def __init__(self, host: Host, rules: LinkRules, monotonic: Callable[[], float]) -> None:
        self.bounds: Counter[str] = Counter()
        self._host = host
        self._rules = rules
        self._monotonic = monotonic
        self._sessions: dict[int, Session] = {}
        self._watchers: Counter[Key] = Counter()
        self._numbers = self._strangers = 0
        self._is_closed = False
        self.asker = ""  # who asks while the host begins to answer

    def clients(self) -> list[tuple[str, int]]:
        """Return the name and process of each client."""
        return [(session.name, session.pid) for session in self._sessions.values()]

    async def serve(self, pipe: Pipe) -> None:
        """Serve one client until it hangs up."""
        greeted = await self._greet(pipe)
        if greeted is None:
            return
        session, waiting = greeted
        try:
            while True:
                for number, data in enumerate(waiting, 1):
                    self._take(session, decode_from_client(data))
                    if number % _TAKEN_AT_ONCE == 0:
                        await asyncio.sleep(0)  # each may be a search through 30,000 markets, and books must not wait
                self._deliver_to(session)
                self._check_asker(session)
                waiting = await pipe.receive()
        except TransportError:
            if not session.is_leaving:
                self._host.warn(f"{session.name} (process {session.pid}) went without a word")
        except _UNREADABLE as problem:
            self.bounds["unreadable messages of clients"] += 1
            self._hang_up(session, f"a message could not be read: {problem}")
        finally:
            self._end(session)

    def deliver(self) -> None:
        """Send each client what has changed of what it watches, where it has room."""
        for session in tuple(self._sessions.values()):
            self._deliver_to(session)

    def close(self, reason: str) -> None:
        """Hang up on everybody, and greet nobody any more: an engine that ends must not look like one that runs."""
        self._is_closed = True
        for session in tuple(self._sessions.values()):
            session.is_leaving = True
            session.pipe.send(encode(Goodbye(reason)))
            session.pipe.close()

    async def _greet(self, pipe: Pipe) -> tuple[Session, list[bytes]] | None:
        """Return a session for whoever greets, and what came with the greeting."""
        hello = await self._first_words(pipe)
        if hello is None or self._is_closed:
            pipe.close()
            return None
        first, more = hello
        refusal = self._refusal(first)
        if refusal is not None or not isinstance(first, Hello):
            pipe.send(encode(refusal or Refused("no greeting came", "attach with this program")))
            pipe.close()
            return None
        self._numbers += 1
        session = Session(self._numbers, pipe, first.name[:_LONGEST_TEXT], first.pid)
        self._sessions[session.number] = session
        welcome = self._host.welcome(session.number)
        pipe.send(encode(welcome))
        if first.settings_hash not in {"", welcome.settings_hash}:
            self._host.warn(f"{session.name} was started with other settings; the engine goes by its own")
        return session, more

    async def _first_words(self, pipe: Pipe) -> tuple[FromClient, list[bytes]] | None:
        if self._strangers >= _STRANGERS:
            self.bounds["clients without a greeting"] += 1
            return None
        self._strangers += 1
        try:
            first, *more = await asyncio.wait_for(pipe.receive(), GREETING_S)
            return decode_from_client(first), more
        except (TimeoutError, TransportError, *_UNREADABLE):
            self.bounds["clients without a greeting"] += 1
            return None
        finally:
            self._strangers -= 1

    def _refusal(self, hello: FromClient) -> Refused | None:
        if isinstance(hello, Hello) and hello.link != LINK_VERSION:
            return Refused(
                f"it speaks version {LINK_VERSION} of the local link, and this program version {hello.link}",
                "end it with `kalshi-tui engine stop` of the version that started it, then start it anew",
            )
        if len(self._sessions) >= self._rules.clients:
            self.bounds["clients refused"] += 1
            return Refused(
                f"{self._rules.clients} clients are attached already", "close one, or raise link.clients_limit"
            )
        return None

    def _take(self, session: Session, message: FromClient) -> None:
        match message:
            case Watch():
                self._watch(session, message)
            case Unwatch():
                self._unwatch(session, message.id)
            case Ask():
                self._ask(session, message)
            case Bye():
                session.is_leaving = True

    def _watch(self, session: Session, message: Watch) -> None:
        if problem := self._unwatchable(session, message):
            self.bounds["watches refused"] += 1
            session.pipe.send(encode(Failure(message.id, problem, "watch less, or something smaller")))
            return
        session.watches[message.id] = message.key
        self._watchers[message.key] += 1
        if self._watchers[message.key] == 1:
            self._host.watched(message.key)

    def _unwatchable(self, session: Session, message: Watch) -> str:
        if len(session.watches) >= self._rules.watches:
            return f"a client may watch {self._rules.watches} views"
        if message.id in session.watches:
            return f"{message.id} is watched already"
        key = message.key
        if isinstance(key, MarketsKey) and (
            not 0 <= key.offset <= 10**6 or max(len(key.search), len(key.series), len(key.category)) > _LONGEST_TEXT
        ):
            return "no such page"
        if isinstance(key, LadderKey | TradesKey | MarketKey) and not may_be_ticker(key.ticker):
            return "no market has such a name"
        size = key.depth if isinstance(key, LadderKey) else 1
        size = key.count if isinstance(key, MarketsKey | TradesKey | NoticesKey) else size
        return "" if 0 < size <= _LARGEST else f"a view has 1 to {_LARGEST} rows"

    def _unwatch(self, session: Session, number: int) -> None:
        key = session.watches.pop(number, None)
        session.sent.pop(number, None)
        if key is None:
            return
        self._watchers[key] -= 1
        if not self._watchers[key]:
            del self._watchers[key]
            self._host.unwatched(key)

    def _ask(self, session: Session, message: Ask) -> None:
        if len(session.asked) >= _ASKED_AT_ONCE:
            self.bounds["intents refused"] += 1
            session.pipe.send(encode(Failure(message.id, "too much is asked at once", "wait for the answers")))
            return
        task = asyncio.ensure_future(self._answer(session, message))
        session.asked[task] = None
        task.add_done_callback(session.asked.pop)

    async def _answer(self, session: Session, message: Ask) -> None:
        said: Answer | Failure
        try:
            async with asyncio.timeout(message.limit_ms / 1000):
                self.asker = f"{session.name}, process {session.pid}"
                said = Answer(message.id, await self._host.answer(message.intent))
        except TimeoutError:
            said = Failure(message.id, "there was no time left for an answer", "ask again with more patience")
        except KalshiTuiError as problem:
            said = Failure(message.id, problem.message, problem.hint)
        except Exception:  # noqa: BLE001 - else the asker waits for nothing, and nobody hears of it
            _LOG.exception("an intent could not be answered by a fault of ours")
            said = Failure(message.id, "the engine could not do it by a fault of its own", "look at `kalshi-tui logs`")
        session.pipe.send(encode(said))

    def _check_asker(self, session: Session) -> None:
        """Hang up on a client that asks on and on and reads nothing: answers and refusals cannot be passed over."""
        if session.pipe.unsent() > _UNREAD * self._rules.backlog:
            self.bounds["askers that did not read dropped"] += 1
            self._hang_up(session, "it did not read")

    def _deliver_to(self, session: Session) -> None:
        if not session.watches or not self._has_room(session):
            return
        sent, send = session.sent, session.pipe.send
        for number, key in session.watches.items():
            shown = self._host.shown(key)
            if shown is not None and sent.get(number) != shown[0]:
                sent[number] = shown[0]
                send(encode(Published(number, shown[0], msgspec.Raw(shown[1]))))

    def _has_room(self, session: Session) -> bool:
        if session.pipe.unsent() <= self._rules.backlog:
            session.held_since = None
            return True
        now = self._monotonic()
        if session.held_since is None:
            session.held_since = now
            self.bounds["slow readers held back"] += 1
        elif now - session.held_since >= self._rules.stuck_s:
            self.bounds["stuck readers dropped"] += 1
            self._host.warn(f"{session.name} (process {session.pid}) did not read for so long that it was let go")
            self._hang_up(session, "it did not read")
        return False

    def _hang_up(self, session: Session, reason: str) -> None:
        session.is_leaving = True
        if session.pipe.unsent() <= self._rules.backlog:
            session.pipe.send(encode(Goodbye(reason)))
            session.pipe.close()
        else:
            session.pipe.abort()
        self._end(session)

    def _end(self, session: Session) -> None:
        if self._sessions.pop(session.number, None) is None:
            return
        for number in tuple(session.watches):
            self._unwatch(session, number)
        for task in tuple(session.asked):
            task.cancel()
        session.pipe.close()
