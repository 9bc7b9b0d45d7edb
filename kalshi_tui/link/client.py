"""The end of whoever attaches: keeps the latest of each watched view, and asks."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Final

import msgspec

from kalshi_tui import __version__
from kalshi_tui.errors import (
    ConfigError,
    KalshiTuiError,
    LocalProtocolError,
    OutcomeUnknown,
    RemoteProtocolError,
    TransportError,
)
from kalshi_tui.link.intents import Intent, Result
from kalshi_tui.link.keys import Key
from kalshi_tui.link.messages import (
    LINK_VERSION,
    Answer,
    Ask,
    Bye,
    Failure,
    FromEngine,
    Goodbye,
    Hello,
    Published,
    Refused,
    Unwatch,
    Watch,
    Welcome,
    decode_from_engine,
    decode_view,
    encode,
)
from kalshi_tui.link.pipes import Pipe, SocketPipe
from kalshi_tui.link.views import View

GREETING_S: Final = 5.0
ANSWER_S: Final = 5.0


class Watching:
    """A view that is watched: the latest picture, decoded when it is looked at."""

    __slots__ = ("_raw", "_view", "id", "key", "problem", "version")

    def __init__(self, number: int, key: Key) -> None:
        self.id = number
        self.key = key
        self.version = 0
        self.problem = ""  # why the engine does not send it
        self._raw: msgspec.Raw | None = None
        self._view: View | None = None

    @property
    def view(self) -> View | None:
        """Return the latest picture, or None before the first."""
        if self._raw is not None:
            self._view, self._raw = decode_view(self._raw), None
        return self._view

    def take(self, message: Published) -> None:
        """Keep a newer picture; the one before is forgotten unread."""
        self._raw, self.version = message.view, message.version


class Link:
    """One attachment to an engine."""

    def __init__(self, pipe: Pipe, welcome: Welcome, *, answer_s: float = ANSWER_S) -> None:
        """Take an end that has been greeted; `attach` makes one."""
        self._answer_s = answer_s
        self.welcome = welcome
        self.closed = ""  # why it ended
        self.on_change: Callable[[], None] = _nothing  # called when something has come, once per arrival
        self._pipe = pipe
        self._watched: dict[int, Watching] = {}
        self._changed: dict[int, Watching] = {}
        self._asked: dict[int, asyncio.Future[Result]] = {}
        self._numbers = 0
        self._pump = asyncio.ensure_future(self._run())

    def watch(self, key: Key) -> Watching:
        """Watch a view from now on."""
        watching = Watching(self._next(), key)
        self._watched[watching.id] = watching
        self._pipe.send(encode(Watch(watching.id, key)))
        return watching

    def unwatch(self, watching: Watching) -> None:
        """Watch it no longer."""
        if self._watched.pop(watching.id, None) is not None:
            self._changed.pop(watching.id, None)
            self._pipe.send(encode(Unwatch(watching.id)))

    def take_changed(self) -> list[Watching]:
        """Return what has changed since the last call."""
        changed, self._changed = list(self._changed.values()), {}
        return changed

    async def ask(self, intent: Intent, *, limit_s: float | None = None) -> Result:
        """Ask for something and return the answer; no answer in time means that it may or may not have happened."""
        limit_s = self._answer_s if limit_s is None else limit_s
        if self.closed:
            raise TransportError(f"the engine is gone: {self.closed}", hint="start it: kalshi-tui engine start")
        number = self._next()
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        self._pipe.send(encode(Ask(number, intent, int(limit_s * 1000))))
        try:
            return await asyncio.wait_for(answer, limit_s)
        except TimeoutError:
            raise OutcomeUnknown(
                f"the engine did not answer within {limit_s:g} s",
                hint="it may have been done; `kalshi-tui engine status` tells how the engine is",
            ) from None
        finally:
            self._asked.pop(number, None)

    async def first(self, key: Key, *, limit_s: float | None = None) -> View:
        """Return a view once, as soon as it is there."""
        limit_s = self._answer_s if limit_s is None else limit_s
        watching = self.watch(key)
        try:
            async with asyncio.timeout(limit_s):
                while (view := watching.view) is None:
                    if watching.problem or self.closed:
                        raise RemoteProtocolError(watching.problem or self.closed, hint="look at `kalshi-tui logs`")
                    await self._next_change()
                return view
        except TimeoutError:
            raise TransportError(
                f"the engine sent no {type(key).__name__} within {limit_s:g} s", hint="kalshi-tui engine status"
            ) from None
        finally:
            self.unwatch(watching)

    async def ended(self) -> str:
        """Wait until the link ends, and return why."""
        await asyncio.wait([self._pump])
        return self.closed

    async def close(self) -> None:
        """Hang up."""
        self.closed = self.closed or "hung up here"
        self._pipe.send(encode(Bye()))
        self._pipe.close()
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)

    async def _next_change(self) -> None:
        changed = asyncio.Event()
        before, self.on_change = self.on_change, changed.set
        try:
            await changed.wait()
        finally:
            self.on_change = before

    async def _run(self) -> None:
        try:
            while True:
                for data in await self._pipe.receive():
                    self._take(decode_from_engine(data))
                self.on_change()
        except TransportError:
            self.closed = self.closed or "it ended without a word"
        except (KalshiTuiError, msgspec.DecodeError) as problem:
            self.closed = self.closed or str(problem)
        finally:
            self._end()

    def _take(self, message: FromEngine) -> None:
        match message:
            case Published():
                watching = self._watched.get(message.id)
                if watching is not None:
                    watching.take(message)
                    self._changed[watching.id] = watching
            case Answer():
                self._settle(message.id, message.result)
            case Failure():
                self._fail(message)
            case Goodbye():
                self.closed = message.reason

    def _settle(self, number: int, result: Result) -> None:
        answer = self._asked.get(number)
        if answer is not None and not answer.done():
            answer.set_result(result)

    def _fail(self, message: Failure) -> None:
        answer, watching = self._asked.get(message.id), self._watched.get(message.id)
        if answer is not None and not answer.done():
            answer.set_exception(LocalProtocolError(message.message, hint=message.hint))
        elif watching is not None:
            watching.problem = message.message
            self._changed[watching.id] = watching

    def _end(self) -> None:
        self.closed = self.closed or "the engine is gone"
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(OutcomeUnknown(f"the engine is gone: {self.closed}", hint="look what happened"))
        self.on_change()

    def _next(self) -> int:
        self._numbers += 1
        return self._numbers


async def attach(pipe: Pipe, *, name: str, settings_hash: str = "", answer_s: float = ANSWER_S) -> Link:
    """Greet the engine at the other end of a pipe."""
    pipe.send(encode(Hello(LINK_VERSION, __version__, name, os.getpid(), settings_hash)))
    try:
        first, *more = await asyncio.wait_for(pipe.receive(), GREETING_S)
        greeting = decode_from_engine(first)
    except TimeoutError:
        raise TransportError(
            f"the engine did not greet within {GREETING_S:g} s", hint="it may be stuck: kalshi-tui engine stop --force"
        ) from None
    except msgspec.DecodeError as problem:
        raise RemoteProtocolError(
            f"what answers at the engine's socket speaks another language: {problem}",
            hint="stop it, it may be of another version: kalshi-tui engine stop --force",
        ) from None
    if isinstance(greeting, Refused):
        raise ConfigError(f"the engine refused: {greeting.reason}", hint=greeting.hint)
    if not isinstance(greeting, Welcome) or more:
        raise RemoteProtocolError("the engine began without a greeting", hint="kalshi-tui engine stop --force")
    return Link(pipe, greeting, answer_s=answer_s)


async def attach_to(path: str, *, name: str, settings_hash: str = "", answer_s: float = ANSWER_S) -> Link:
    """Attach to the engine that listens at a path; ConnectionError says that nobody does."""
    _, pipe = await asyncio.get_running_loop().create_unix_connection(SocketPipe, path)
    try:
        return await attach(pipe, name=name, settings_hash=settings_hash, answer_s=answer_s)
    except BaseException:
        pipe.close()  # or a greeting that comes late would find a client that nobody is
        raise


def _nothing() -> None:
    return None
