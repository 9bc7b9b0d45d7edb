"""What happens to a request between client and exchange, for both doors: usually nothing, on command a fault."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.faults.requests import RequestFault
from kalshi_tui.practice.rest import HttpReply, HttpRequest, RestDoor
from kalshi_tui.practice.rest.call import Call
from kalshi_tui.practice.rest.wire import STREAM_PATH
from kalshi_tui.practice.stream.hub import Hub

if TYPE_CHECKING:
    from kalshi_tui.practice.faults import Faults

Sleep = Callable[[int], Awaitable[None]]  # milliseconds of exchange time
_Question = tuple[str, str, tuple[tuple[str, str], ...]]

_KEEP_QUESTIONS: Final = 256
_KEEP_ANSWERS: Final = 64


class Counter(Protocol):
    """The exchange with its two sides, as a door sees it."""

    @property
    def exchange(self) -> Exchange:
        """Return the exchange."""

    @property
    def rest(self) -> RestDoor:
        """Return what answers requests."""

    @property
    def hub(self) -> Hub:
        """Return what feeds streams."""

    @property
    def faults(self) -> Faults | None:
        """Return what shall go wrong."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the door puts on the wire: a whole reply, its first bytes and then a cut, or a cut alone."""

    reply: HttpReply | None = None
    keep_bytes: int | None = None


CUT: Final = Delivered()


class Delivery:
    """Carries requests to the exchange and replies back, and carries out what the fault rules say on the way."""

    def __init__(self, counter: Counter, sleep: Sleep) -> None:
        self._exchange = counter.exchange
        self._rest = counter.rest
        self._faults = counter.faults
        self._sleep = sleep
        self._answers: OrderedDict[_Question, deque[tuple[int, HttpReply]]] = OrderedDict()
        self._carriers: dict[str, Callable[[HttpRequest, RequestFault], Awaitable[Delivered]]] = {
            "refuse": self._refuse,
            "lose_request": self._lose_request,
            "lose_reply": self._lose_reply,
            "fail_after": self._fail_after,
            "delay": self._delay,
            "late_accept": self._late_accept,
            "truncate": self._truncate,
            "stale_read": self._stale_read,
            "short_page": self._short_page,
        }

    async def carry(self, request: HttpRequest) -> Delivered:
        """Answer a request, with what befalls it on the way."""
        fault = self._fault(request.method, request.path, request.headers)
        if fault is None:
            return self._dated(Delivered(self._answer(request)))
        return self._dated(await self._carriers[fault.kind](request, fault))

    async def upgrade(self, headers: Mapping[str, str]) -> Delivered | None:
        """Return what befalls the upgrade to a stream, None for nothing; waiting and refusing are all that can."""
        fault = self._fault("GET", STREAM_PATH, headers)
        if fault is None:
            return None
        if fault.kind == "refuse":
            return self._dated(Delivered(_made(fault)))
        await self._sleep(fault.delay_ms)
        return None if fault.kind == "delay" else CUT

    def _fault(self, method: str, path: str, headers: Mapping[str, str]) -> RequestFault | None:
        if self._faults is None:
            return None
        key = self._exchange.keys.get(headers.get("kalshi-access-key", ""))
        user_id = key.user_id if key else ""
        return self._faults.for_request(method, path, self._exchange.now_ms, self._exchange, user_id)

    def _dated(self, delivered: Delivered) -> Delivered:
        """Date a reply as it leaves, in exchange time: clients learn from it how far their clocks are off."""
        if delivered.reply is None:
            return delivered
        return replace(delivered, reply=dated(delivered.reply, self._exchange.now_ms))

    def _answer(self, request: HttpRequest) -> HttpReply:
        reply = self._rest.handle(request)
        if self._faults is not None and request.method == "GET" and reply.status == 200:
            self._keep(request, reply)
        return reply

    def _keep(self, request: HttpRequest, reply: HttpReply) -> None:
        question = _question(request)
        answers = self._answers.setdefault(question, deque(maxlen=_KEEP_ANSWERS))
        answers.append((self._exchange.now_ms, reply))
        self._answers.move_to_end(question)
        if len(self._answers) > _KEEP_QUESTIONS:
            self._answers.popitem(last=False)

    async def _refuse(self, _request: HttpRequest, fault: RequestFault) -> Delivered:
        return Delivered(_made(fault))

    async def _lose_request(self, _request: HttpRequest, fault: RequestFault) -> Delivered:
        await self._sleep(fault.delay_ms)
        return CUT

    async def _lose_reply(self, request: HttpRequest, fault: RequestFault) -> Delivered:
        self._answer(request)
        await self._sleep(fault.delay_ms)
        return CUT

    async def _fail_after(self, request: HttpRequest, fault: RequestFault) -> Delivered:
        self._answer(request)
        return Delivered(_made(fault))

    async def _delay(self, request: HttpRequest, fault: RequestFault) -> Delivered:
        if fault.accepted:
            reply = self._answer(request)
            await self._sleep(fault.delay_ms)
            return Delivered(reply)
        admitted = self._rest.admit(request)
        await self._sleep(fault.delay_ms)
        return Delivered(self._rest.finish(admitted) if isinstance(admitted, Call) else admitted)

    async def _late_accept(self, request: HttpRequest, fault: RequestFault) -> Delivered:
        """Let the request in now, while its signature is young, and carry it out when nobody waits any more."""
        admitted = self._rest.admit(request)
        if isinstance(admitted, Call):
            self._exchange.schedule(self._exchange.now_ms + fault.delay_ms, lambda: self._finish_unseen(admitted))
        return CUT

    def _finish_unseen(self, call: Call) -> None:
        self._rest.finish(call)

    async def _truncate(self, request: HttpRequest, fault: RequestFault) -> Delivered:
        return Delivered(self._answer(request), keep_bytes=fault.keep_bytes)

    async def _stale_read(self, request: HttpRequest, fault: RequestFault) -> Delivered:
        kept = self._answers.get(_question(request))
        if not kept:
            return Delivered(self._answer(request))
        latest_ms = self._exchange.now_ms - fault.age_ms
        old = [reply for at_ms, reply in kept if at_ms <= latest_ms]
        return Delivered(old[-1] if old else kept[0][1])

    async def _short_page(self, request: HttpRequest, fault: RequestFault) -> Delivered:
        reply = self._answer(request)
        value = msgspec.json.decode(reply.body)
        short = {name: part[fault.rows :] if isinstance(part, list) else part for name, part in value.items()}
        return Delivered(replace(reply, body=msgspec.json.encode(short)))


def dated(reply: HttpReply, now_ms: int) -> HttpReply:
    """Give a reply its date."""
    return replace(reply, headers={**reply.headers, "date": formatdate(now_ms // 1000, usegmt=True)})


def _question(request: HttpRequest) -> _Question:
    return request.headers.get("kalshi-access-key", ""), request.path, tuple(request.query)


def _made(fault: RequestFault) -> HttpReply:
    return HttpReply(fault.status, fault.body, {"content-type": fault.content_type})
