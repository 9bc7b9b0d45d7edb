"""Asks the venue: signs, keeps to the rate limit, repeats reads that failed, and never a write."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from kalshi_tui.engine.backoff import full_jitter
from kalshi_tui.engine.ports import Chance, Clock, HttpTransport, Reply
from kalshi_tui.errors import (
    AuthenticationRefused,
    BudgetSpent,
    KalshiTuiError,
    LocalProtocolError,
    OutcomeUnknown,
    RateLimited,
    RemoteProtocolError,
    SecretError,
    TransportError,
)
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.limits import Budget
from kalshi_tui.protocol.rest.asking import Page, Request
from kalshi_tui.protocol.rest.skew import Skew
from kalshi_tui.protocol.signing import Signer

T = TypeVar("T")

PAGES_LIMIT: Final = 2_000
_UNREAD_KEPT: Final = 100
_PREPARED_MS: Final = 1_000  # so old a signature may be; venues allow some seconds
_PAUSED_S: Final = 0.05  # a timer that comes so much later says that we stood still ourselves


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often a question is asked."""

    deadline_s: float = 10.0
    attempts: int = 4
    base_s: float = 0.25
    cap_s: float = 5.0


DEFAULT_PATIENCE: Final = Patience()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A signature of a method and a path, made ahead, and when."""

    method: str
    path: str
    headers: dict[str, str]
    at_ms: int  # on the steady clock


class Venue:
    """One account at one venue, over REST."""

    def __init__(
        self,
        http: HttpTransport,
        clock: Clock,
        chance: Chance,
        *,
        signer: Signer | None = None,
        budget: Budget | None = None,
        patience: Patience = DEFAULT_PATIENCE,
    ) -> None:
        """Take what it needs; nothing is sent yet."""
        self._http = http
        self._clock = clock
        self._chance = chance
        self._signer = signer
        self._patience = patience
        self.budget = budget or Budget(self._steady_ms())
        self.skew = Skew()
        self.unread: deque[str] = deque(maxlen=_UNREAD_KEPT)
        """Why the last rows of the catalogue could not be read."""
        # Three queues, each first come first served: a cancel waits for no create, and a create for no read.
        self._reads, self._creates, self._cancels = asyncio.Lock(), asyncio.Lock(), asyncio.Lock()

    @property
    def offset_ms(self) -> int:
        """Return what must be added to our clock to get the venue's."""
        return self.skew.offset_ms

    @property
    def known_offset_ms(self) -> int | None:
        """Return the same, or None while no reply has told the time."""
        return self.skew.offset_ms if self.skew.is_known else None

    def now_ms(self) -> int:
        """Return the venue's time, as far as its replies have proved it."""
        return self._clock.now_ms() + self.skew.offset_ms

    def write_tokens(self) -> int:
        """Return the tokens that writes other than cancels may use now."""
        return self.budget.write_tokens(self._steady_ms())

    def prepare(self, request: Request[Any]) -> Prepared:
        """Sign a request that is to be asked in a moment."""
        return Prepared(request.method, request.full_path, self._headers(request), self._steady_ms())

    async def ask(
        self,
        request: Request[T],
        *,
        deadline_s: float | None = None,
        at_once: bool = False,
        prepared: Prepared | None = None,
    ) -> T:
        """Send a request and return what it asked for, within a deadline over all attempts and waits.

        What is to be sent `at_once` is not sent at all where the rate budget would have it wait. What was `prepared`
        for it goes with the first attempt, if that was not long ago.
        """
        deadline = self._clock.monotonic() + (self._patience.deadline_s if deadline_s is None else deadline_s)
        attempts = self._patience.attempts
        for attempt in range(attempts):
            try:
                return await self._try(request, deadline, prepared if not attempt else None, at_once=at_once)
            except (TransportError, RateLimited, AuthenticationRefused) as problem:
                if attempt == attempts - 1 or not _may_repeat(request, problem):
                    raise
                await self._pause(problem, attempt, deadline)
        raise LocalProtocolError("a request needs at least one attempt", hint="set attempts to 1 or more")

    async def every(self, request: Request[Page[T]], limit: int) -> AsyncIterator[T]:
        """Yield the rows of all pages, at most `limit` of them."""
        left = limit
        async for page in self._pages(request):
            for row in page.rows[:left]:
                yield row
            left -= len(page.rows)
            if left <= 0:
                return

    async def whole(self, request: Request[Page[T]], at_most: int) -> list[T]:
        """Return a complete list, or refuse: a list that was cut off silently would be wrong data."""
        rows: list[T] = []
        async for page in self._pages(request):
            rows += page.rows
            if len(rows) > at_most:
                raise RemoteProtocolError(
                    f"{request.path} has more than {at_most} rows", hint="ask for fewer by a filter, or allow more"
                )
        return rows

    async def learn_limits(self) -> rest.AccountLimits:
        """Read the account's rate limits and costs, and go by them."""
        limits = await self.ask(rest.account_limits())
        costs = await self.ask(rest.endpoint_costs())
        self.budget.learn(self._steady_ms(), limits=limits, costs=costs)
        return limits

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.close()

    async def _pages(self, request: Request[Page[T]]) -> AsyncIterator[Page[T]]:
        seen: set[str] = set()
        for _ in range(PAGES_LIMIT):
            page = await self.ask(request)
            self.unread.extend(page.unread)
            yield page
            if not page.cursor:
                return
            if page.cursor in seen:
                raise RemoteProtocolError(f"{request.path} repeats a page for ever", hint="try again later")
            seen.add(page.cursor)
            request = request.at_cursor(page.cursor)
        raise RemoteProtocolError(f"{request.path} has more than {PAGES_LIMIT} pages", hint="ask for fewer by a filter")

    async def _try(self, request: Request[T], deadline: float, prepared: Prepared | None, *, at_once: bool) -> T:
        await self._afford(request, deadline, at_once=at_once)
        headers = self._made_ahead(request, prepared) or self._headers(request)
        sent_ms = self._clock.now_ms()
        reply = await self._send(request, headers, deadline)
        is_refused = False
        try:
            value = rest.read_reply(request, reply.status, reply.headers, reply.body)
        except RateLimited:
            self.budget.refused(request, self._steady_ms())
            raise
        except AuthenticationRefused as problem:
            is_refused = is_about_time(problem)
            raise
        finally:
            self._learn_time(request, reply, sent_ms, is_sure=is_refused)
        stamp = getattr(value, "ts_ms", None)
        if request.is_write and isinstance(stamp, int):
            self.skew.saw(stamp, sent_ms, self._clock.now_ms())
        return value

    async def _afford(self, request: Request[Any], deadline: float, *, at_once: bool) -> None:
        if at_once:
            # Tokens alone decide, and neither a queue nor a clock: a busy machine may stop us between any two looks.
            if wait_ms := self.budget.take(request, self._steady_ms()):
                raise _spent(wait_ms / 1000)
            return
        async with self._queue(request):
            while True:
                if self._clock.monotonic() >= deadline:
                    raise _too_late()
                wait_s = self.budget.take(request, self._steady_ms()) / 1000
                if not wait_s:
                    return
                if self._clock.monotonic() + wait_s >= deadline:
                    raise _spent(wait_s)
                await self._clock.sleep(wait_s)

    def _queue(self, request: Request[Any]) -> asyncio.Lock:
        if request.is_cancel:
            return self._cancels
        return self._creates if request.is_write else self._reads

    def _headers(self, request: Request[Any]) -> dict[str, str]:
        headers = {"accept": "application/json"}
        if request.body is not None:
            headers["content-type"] = "application/json"
        if not request.signed:
            return headers
        if self._signer is None:
            raise SecretError(
                f"{request.path} needs a key, and none is set",
                hint="set a key id and the path of its private key for this environment",
            )
        return headers | self._signer.sign(self.now_ms(), request.method, request.full_path)

    async def _send(self, request: Request[Any], headers: Mapping[str, str], deadline: float) -> Reply:
        left = deadline - self._clock.monotonic()
        if left <= 0:  # begun now, it would be given up at once, and nobody would know whether it has happened
            raise _too_late()
        send = self._http.send(request.method, request.target, headers, request.body)
        try:
            return await within(self._clock, left, send)
        except TransportError as problem:
            if not request.is_write:
                raise
            # Even a refused connection is not believed: the order is looked up all the same.
            raise OutcomeUnknown(
                f"the answer to a write was lost: {problem.message}",
                hint="it may have happened: look it up by its client_order_id before doing anything else",
            ) from problem

    def _learn_time(self, request: Request[Any], reply: Reply, sent_ms: int, *, is_sure: bool) -> None:
        # Public replies may come from a cache with an old date; signed ones may not.
        date = reply.headers.get("date", "")
        if request.signed and date and "age" not in reply.headers:
            # Whoever refuses us for our time has told the right one.
            self.skew.saw_date(date, sent_ms, self._clock.now_ms(), is_sure=is_sure)

    async def _pause(self, problem: KalshiTuiError, attempt: int, deadline: float) -> None:
        if isinstance(problem, AuthenticationRefused) and (attempt or not is_about_time(problem)):
            raise problem
        patience = self._patience
        pause = full_jitter(attempt, base_s=patience.base_s, cap_s=patience.cap_s, chance=self._chance)
        if isinstance(problem, RateLimited):
            pause = max(pause, problem.retry_after_s or 0.0)
        if self._clock.monotonic() + pause >= deadline:
            raise problem
        await self._clock.sleep(pause)

    def _made_ahead(self, request: Request[Any], prepared: Prepared | None) -> dict[str, str] | None:
        if prepared is None or (prepared.method, prepared.path) != (request.method, request.full_path):
            return None
        return prepared.headers if self._steady_ms() - prepared.at_ms <= _PREPARED_MS else None

    def _steady_ms(self) -> int:
        return int(self._clock.monotonic() * 1000)


def is_about_time(problem: KalshiTuiError) -> bool:
    """Tell whether the venue refused nothing but the time of a signature: its reply has told the right one."""
    return isinstance(problem, AuthenticationRefused) and problem.code.startswith("header_timestamp_expired")


def _spent(wait_s: float) -> BudgetSpent:
    return BudgetSpent(
        "our own rate budget is used up for longer than this may wait",
        retry_after_s=wait_s,
        hint="send less at a time; `kalshi-tui doctor` shows the account's budget",
    )


def _too_late() -> BudgetSpent:
    return BudgetSpent("its time was over before its turn came", retry_after_s=0.0, hint="ask again")


def _may_repeat(request: Request[Any], problem: KalshiTuiError) -> bool:
    """Tell whether sending again does no harm: a cancel that was refused for its time alone has not happened."""
    return not request.is_write or (request.is_cancel and is_about_time(problem))


async def within(clock: Clock, seconds: float, work: Awaitable[T]) -> T:
    """Return what `work` gives, or raise TransportError when it takes longer by this clock.

    Where we stood still ourselves as the time ran out, what has come meanwhile is read first.
    """
    task = asyncio.ensure_future(work)
    until = clock.monotonic() + max(seconds, 0.0)
    try:
        await _for_at_most(clock, task, max(seconds, 0.0))
        if not task.done() and (late := clock.monotonic() - until) > _PAUSED_S:
            await _for_at_most(clock, task, min(late, 1.0))
        if task.done():
            return task.result()
        raise TransportError(f"no answer within {seconds:.1f} s", hint="check the network and the venue's status page")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _for_at_most(clock: Clock, task: asyncio.Future[Any], seconds: float) -> None:
    timer = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        timer.cancel()
        await asyncio.gather(timer, return_exceptions=True)
