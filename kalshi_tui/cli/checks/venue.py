"""Asks the venue: does it answer, what time does it have, does it know our key, and how much may we ask?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import Final

from kalshi_tui.adapters.clock import system_chance
from kalshi_tui.adapters.http import HttpxTransport
from kalshi_tui.cli.checks.findings import Finding, State, failed, ok
from kalshi_tui.cli.wiring import Address, find_address, stream_transport
from kalshi_tui.config.schema import Settings, TransportName
from kalshi_tui.engine.feed import STREAM_PATH
from kalshi_tui.engine.ports import Clock, HttpReply
from kalshi_tui.engine.venue import Patience, Venue, within
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.rest.skew import Skew
from kalshi_tui.protocol.signing import Scope, Signer

_SECTION: Final = "venue"
_SKEW_NOTED_MS: Final = 2_000
_SKEW_REFUSED_MS: Final = 10_000  # 10 s were accepted in October 2026 and 60 s were not; the exact bound is unknown
_SET_CLOCK: Final = "let the system set its clock: timedatectl set-ntp true (or your system's time settings)"
_NEEDS_KEY: Final = "not asked: it needs a key"


class WatchedHttp:
    """Passes requests on and notes how long each took and what the replies' dates prove about our clock."""

    def __init__(self, inner: HttpxTransport, clock: Clock) -> None:
        """Nothing is known yet."""
        self._inner = inner
        self._clock = clock
        self.skew = Skew()
        self.took_ms = 0.0
        self.is_dated = False

    async def send(self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None) -> HttpReply:
        """Send through the real transport; a reply out of a cache has an old date and proves nothing."""
        started, sent_ms = self._clock.monotonic(), self._clock.now_ms()
        reply = await self._inner.send(method, path_and_query, headers, body)
        heard_ms = self._clock.now_ms()
        self.took_ms = (self._clock.monotonic() - started) * 1000
        if "date" in reply.headers and "age" not in reply.headers:
            self.is_dated = True
            self.skew.saw_date(reply.headers["date"], sent_ms, heard_ms)
        return reply

    async def close(self) -> None:
        """Close the real transport."""
        await self._inner.close()


async def check_venue(settings: Settings, signer: Signer | None) -> list[Finding]:
    """Make all checks over the network, each bounded in time; an exchange that we start ourselves is stopped again."""
    async with AsyncExitStack() as stack:
        try:
            address = await find_address(settings, signer, Scope.READ, stack)
        except Exception as problem:  # noqa: BLE001 - the other checks are still worth printing
            return [_failed("address", problem)]
        clock = address.clock
        http = WatchedHttp(HttpxTransport(address.rest_url), clock)
        stack.push_async_callback(http.close)
        patience = Patience(deadline_s=settings.network.answer_timeout_s, attempts=1)
        venue = Venue(http, clock, system_chance, signer=address.signer, patience=patience)
        answers = [
            ok(_SECTION, "address", f"{address.rest_url}  ({address.words})"),
            await _guarded("REST", partial(_status, venue, http)),
            await _guarded("account", partial(_limits, venue, address.signer)),
            clock_finding(http.skew.offset_ms if http.is_dated else None),
        ]
        return answers + [
            await _guarded(f"stream over {name}", partial(_stream, settings, address, clock, name))
            for name in _transports(settings)
        ]


def clock_finding(offset_ms: int | None) -> Finding:
    """Judge how far our clock is from the venue's, which signatures are checked against."""
    if offset_ms is None:
        return ok(_SECTION, "clock", "the venue did not tell its time")
    if abs(offset_ms) < _SKEW_NOTED_MS:
        return ok(_SECTION, "clock", f"agrees with the venue's, as far as it tells ({offset_ms / 1000:+.1f} s)")
    found = f"ours is {abs(offset_ms) / 1000:.1f} s {'behind' if offset_ms > 0 else 'ahead'}"
    if abs(offset_ms) < _SKEW_REFUSED_MS:
        return Finding(_SECTION, "clock", State.WARN, f"{found}; signatures may be refused", _SET_CLOCK)
    return Finding(_SECTION, "clock", State.FAIL, f"{found}; signatures are refused", _SET_CLOCK)


def status_finding(status: rest.ExchangeStatus, took_ms: float) -> Finding:
    """Judge whether the exchange is open."""
    if not status.exchange_active:
        return Finding(
            _SECTION, "REST", State.WARN, "answers, but the exchange is paused", "wait; nothing works until it resumes"
        )
    if not status.trading_active:
        return Finding(
            _SECTION,
            "REST",
            State.WARN,
            "answers, but trading is paused",
            "wait; only cancelling works until it resumes",
        )
    return ok(_SECTION, "REST", f"answers in {took_ms:.0f} ms, exchange and trading are open")


async def _guarded(name: str, check: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        return await check()
    except Exception as problem:  # noqa: BLE001 - as above
        return _failed(name, problem)


def _failed(name: str, problem: Exception) -> Finding:
    if isinstance(problem, KalshiTuiError):
        return failed(_SECTION, name, problem)
    found = f"a fault of kalshi-tui itself: {type(problem).__name__}: {problem}"
    return Finding(_SECTION, name, State.FAIL, found, "please report this line")


async def _status(venue: Venue, http: WatchedHttp) -> Finding:
    return status_finding(await venue.ask(rest.exchange_status()), http.took_ms)


async def _limits(venue: Venue, signer: Signer | None) -> Finding:
    if signer is None:
        return ok(_SECTION, "account", _NEEDS_KEY)
    limits = await venue.learn_limits()
    read, write, cost = limits.read, limits.write, venue.budget.cost_of(rest.exchange_status())
    found = (
        f"key accepted; tier {limits.tier or 'unknown'}: {read.refill_rate} read and {write.refill_rate} write tokens "
        f"a second (up to {read.capacity} and {write.capacity} saved), a usual call costs {cost}"
    )
    return ok(_SECTION, "account", found)


async def _stream(settings: Settings, address: Address, clock: Clock, name: TransportName) -> Finding:
    check = f"stream over {name}"
    if address.signer is None:
        return ok(_SECTION, check, _NEEDS_KEY)
    chosen = replace(settings, stream=replace(settings.stream, transport=name))
    transport = stream_transport(chosen, address)
    started = clock.monotonic()
    # Signed by our own clock, as it is: a wrong one shall be seen here.
    headers = address.signer.sign(clock.now_ms(), "GET", STREAM_PATH)
    connection = await within(clock, settings.network.answer_timeout_s, transport.connect(headers))
    took_ms = (clock.monotonic() - started) * 1000
    await connection.close()
    return ok(_SECTION, check, f"{address.stream_url} opens in {took_ms:.0f} ms")


def _transports(settings: Settings) -> list[TransportName]:
    if settings.stream.transport is not TransportName.AUTO:
        return [settings.stream.transport]
    fast = [TransportName.PICOWS] if find_spec("picows") else []
    return [*fast, TransportName.WEBSOCKETS]
