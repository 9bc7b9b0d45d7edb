"""What a kill sends: triggers and cancels, as fast as the write budget lets them through, and what was answered."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, Final, Literal, TypeVar

from kalshi_tui.engine.ports import Clock
from kalshi_tui.engine.venue import PAGES_LIMIT, Venue
from kalshi_tui.errors import (
    AuthenticationRefused,
    KalshiTuiError,
    NotFound,
    RateLimited,
    SecretError,
    TransportError,
    VenueRefused,
)
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.rest.asking import Page, Request
from kalshi_tui.protocol.rest.resting import RestingOrder
from kalshi_tui.protocol.rest.trading import BATCH_LIMIT

T = TypeVar("T")
Where = dict[str, int]
Part = Literal["list", "cancel", "batch", "side"]
"""What a request is for: without the first two nothing is killed; the others only help."""

_AT_ONCE: Final = 4  # batches on their way: one whose answer is lost must not hold up the others
_BATCHES_IN_BUCKET: Final = 4  # a batch waits for all its tokens, and others may be using them up
_SMALLEST_SHARE: Final = 64  # of the bucket, after refusals


class Sending:
    """Sends for one kill and remembers what came of it; nothing that the venue says is raised."""

    def __init__(self, venue: Venue, clock: Clock, *, answer_s: float) -> None:
        """Nothing is sent yet."""
        self.canceled: set[str] = set()
        self.triggered: dict[str, float] = {}  # group ids, and when the venue confirmed
        self.refused = ""  # why there is no point in going on
        self.trouble = ""  # what went wrong last
        self.is_paused = False
        self._is_limited = False
        self._is_barred = False  # whether the key was refused for a cancel in this round
        self._venue = venue
        self._clock = clock
        self._answer_s = answer_s
        self._first: tuple[str, ...] = ()  # the groups that the caller knew
        self._groups: dict[str, Where] = {}  # all that we know of, and where they are
        self._not_found: set[str] = set()  # there, at least
        self._tried: dict[str, float] = {}  # when a group's first trigger was sent
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._share = _BATCHES_IN_BUCKET
        self._one_by_one = False

    def begin_round(self) -> None:
        """Try anew what was not possible a moment ago."""
        self.is_paused = self._is_limited = self._is_barred = False
        self.trouble = ""
        self._trigger_due(self._first)

    async def rows(self, request: Request[Page[T]], part: Part) -> tuple[T, ...] | None:
        """Return a whole list, or None where the venue does not tell all of it."""
        rows: list[T] = []
        for _ in range(PAGES_LIMIT):
            page = await self._ask(_given(request), part)
            if isinstance(page, Exception):
                return None
            rows += page.rows
            if not page.cursor:
                return tuple(rows)
            if ("cursor", page.cursor) in request.query:
                break
            request = request.at_cursor(page.cursor)
        self.trouble = f"{request.path} has no end"
        return None

    def learn_groups(self) -> None:
        """Ask in the background which groups there are."""
        self._start("", self._learn_groups())

    def trigger_first(self, groups: Sequence[str]) -> None:
        """Trigger groups now, all at once, and again in every round until the venue has confirmed."""
        self._first = tuple(groups)
        for group_id in groups:
            self._groups.setdefault(group_id, {})
        self._trigger_due(groups)

    def trigger_groups_of(self, rows: Sequence[RestingOrder]) -> None:
        """Trigger those groups of orders that take out more than the same tokens would cancel, the largest first."""
        counts = Counter(row.group_id for row in rows if row.group_id)
        for row in rows:
            if row.group_id:
                self._locate(row.group_id, _where(row))
        enough = self._cost(lambda: rest.trigger_group("x")) / self._cost(_cancel)
        self._trigger_due(group_id for group_id, count in counts.most_common() if count >= enough)

    async def trigger_rest(self, at_most: int) -> None:
        """Trigger groups that hold nothing, so that nothing can join them."""
        self._trigger_due([group_id for group_id in self._groups if group_id not in self.triggered][:at_most])
        await asyncio.gather(*self._under_way.values())

    def not_triggered(self) -> tuple[str, ...]:
        """Return the groups whose trigger the venue has not confirmed."""
        return tuple(group_id for group_id in self._groups if group_id not in self.triggered)

    def is_settling(self, group_id: str, settle_s: float) -> bool:
        """Tell whether a group's trigger was sent, or confirmed, so lately that its orders may still go by it."""
        at = self.triggered.get(group_id, self._tried.get(group_id))
        return at is not None and self._clock.monotonic() - at < settle_s

    async def cancel(self, rows: Sequence[RestingOrder]) -> None:
        """Send the cancels of some orders; what counts is what the venue confirms."""
        size = self._batch_size()
        waiting = deque(rows[start : start + size] for start in range(0, len(rows), size))
        await asyncio.gather(*(self._send_in_turn(waiting) for _ in range(min(_AT_ONCE, len(waiting)))))

    async def close(self) -> None:
        """Let go of what is still under way."""
        tasks = tuple(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _send_in_turn(self, waiting: deque[Sequence[RestingOrder]]) -> None:
        """Send batches until none waits, or until it is clear that more would be refused, too."""
        while waiting and not (self.is_paused or self._is_limited or self._is_barred or self.refused):
            await self._send(waiting.popleft())

    async def _send(self, batch: Sequence[RestingOrder]) -> None:
        if self._one_by_one:
            answer = await self._ask(lambda: rest.cancel_order(_target(batch[0])), "cancel")
            self._note([answer] if isinstance(answer, rest.Canceled) else [])
            return
        answers = await self._ask(lambda: rest.cancel_orders([_target(row) for row in batch]), "batch")
        self._note([] if isinstance(answers, Exception) else answers)

    def _note(self, answers: Sequence[rest.Canceled | Exception]) -> None:
        for answer in answers:
            if isinstance(answer, Exception):
                self._hear(answer, "side")
            else:
                self.canceled.add(answer.order_id)

    async def _learn_groups(self) -> None:
        groups = await self._ask(rest.groups, "side")
        if not isinstance(groups, Exception):
            for group in groups:
                self._locate(group.group_id, {"exchange_index": group.exchange_index})

    async def _trigger(self, group_id: str) -> None:
        where = self._groups[group_id]
        answer = await self._ask(lambda: rest.trigger_group(group_id, **where), "side")
        if isinstance(answer, NotFound):
            if self._groups[group_id] == where:  # or it has been learned meanwhile that the group is elsewhere
                self._not_found.add(group_id)
        elif not isinstance(answer, Exception):
            self.triggered[group_id] = self._clock.monotonic()

    async def _ask(self, make: Callable[[], Request[T]], part: Part) -> T | Exception:
        """Return the answer, or what went wrong, once it has been heard."""
        try:
            return await self._venue.ask(make(), deadline_s=self._answer_s)
        except Exception as problem:  # noqa: BLE001 - a fault of our own in one request must not stop the others
            self._hear(problem, part)
            return problem

    def _hear(self, problem: Exception, part: Part) -> None:
        """Note what went wrong and what follows from it for the next attempts."""
        self.trouble = problem.message if isinstance(problem, KalshiTuiError) else f"a fault of our own: {problem!r}"
        if isinstance(problem, RateLimited):
            if part != "list":  # lists have a bucket of their own
                self._is_limited = True
                self._share = min(self._share * 2, _SMALLEST_SHARE)
        elif isinstance(problem, VenueRefused) and problem.code.startswith("exchange_paused"):
            self.is_paused = True
        elif isinstance(problem, SecretError):
            self.refused = self.trouble
        elif _is_about_key(problem, part):
            # It may be the venue's slip, and orders rest on: the next round tries again, as long as there is patience.
            self._is_barred = self._is_barred or part in {"cancel", "batch"}
        elif part == "batch" and not isinstance(problem, TransportError):
            self._one_by_one = True  # the venue does not take this batch as it is, or this account's batches at all

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        if name in self._under_way:
            work.close()
            return
        task = self._under_way[name] = asyncio.ensure_future(work)
        task.add_done_callback(lambda _: self._under_way.pop(name, None))

    def _locate(self, group_id: str, where: Where) -> None:
        """Learn where a group is: from another subaccount or shard it is not found."""
        known = self._groups.get(group_id)
        self._groups[group_id] = (known or {}) | where
        if self._groups[group_id] != known:
            self._not_found.discard(group_id)

    def _trigger_due(self, groups: Iterable[str]) -> None:
        for group_id in groups:
            if group_id not in self.triggered and group_id not in self._not_found:
                self._tried.setdefault(group_id, self._clock.monotonic())
                self._start(group_id, self._trigger(group_id))

    def _batch_size(self) -> int:
        if self._one_by_one:
            return 1
        tokens = self._venue.budget.write.limit.capacity // self._share
        return max(1, min(tokens // self._cost(_cancel), BATCH_LIMIT))

    def _cost(self, make: Callable[[], Request[Any]]) -> int:
        return max(self._venue.budget.cost_of(make()), 1)


def _is_about_key(problem: Exception, part: Part) -> bool:
    """Tell whether the key or its signature was refused, and not what was asked for: many keys may send no batches."""
    return isinstance(problem, AuthenticationRefused) and (problem.status == 401 or part in {"list", "cancel"})


def _cancel() -> Request[Any]:
    return rest.cancel_orders([rest.CancelTarget("x")])


def _given(request: Request[T]) -> Callable[[], Request[T]]:
    return lambda: request


def _target(row: RestingOrder) -> rest.CancelTarget:
    return rest.CancelTarget(row.order_id, row.ticker, row.subaccount, row.exchange_index)


def _where(row: RestingOrder) -> Where:
    where = {"subaccount": row.subaccount, "exchange_index": row.exchange_index}
    return {name: number for name, number in where.items() if number is not None}
