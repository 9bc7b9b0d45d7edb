"""A feed comes back by itself, patiently, and says what it is doing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from kalshi_tui.core.book import BookState
from kalshi_tui.core.events import BookStateChanged, Event
from kalshi_tui.engine.backoff import ReconnectRules, Reconnects, full_jitter
from kalshi_tui.engine.feed import Feed, FeedRules, FeedState, FeedStatus, Mailbox
from kalshi_tui.errors import AuthenticationRefused, LocalProtocolError, RateLimited, TransportError
from tests.unit.virtual_time import VirtualClock

EDGE = object()


def note(text: str) -> Event:
    return BookStateChanged(text, BookState.STALE, "")


@dataclass
class Log:
    """A machine that writes down what happens to it; a frame is an event, and `ask:x` also a command."""

    seen: list[tuple[str, int]] = field(default_factory=list)
    commands: list[bytes] = field(default_factory=list)
    happened: list[Event] = field(default_factory=list)
    tired: str = ""
    tired_at_ms: int = 0

    def connected(self, now_ms: int) -> None:
        self.seen.append(("connected", now_ms))
        self.commands.append(b"subscribe")
        self.happened.append(note("on"))

    def disconnected(self, now_ms: int) -> None:
        self.seen.append(("disconnected", now_ms))
        self.commands.clear()
        self.happened.append(note("off"))

    def receive_all(self, frames: Iterable[bytes | str], now_ms: int, deliver: Callable[[Event], None]) -> None:
        for frame in frames:
            self.seen.append(("frame", now_ms))
            text = frame.decode() if isinstance(frame, bytes) else frame
            deliver(note(text))
            if text.startswith("ask:"):
                self.commands.append(text.encode())
                deliver(note("asked"))

    def ping(self, now_ms: int) -> None:
        self.seen.append(("ping", now_ms))

    def tick(self, now_ms: int) -> None:
        self.seen.append(("tick", now_ms))

    def outgoing(self) -> list[bytes]:
        commands, self.commands = self.commands, []
        return commands

    def reconnect_reason(self, now_ms: int) -> str:
        return self.tired if now_ms >= self.tired_at_ms else ""

    def events(self) -> list[Event]:
        happened, self.happened = self.happened, []
        return happened


@dataclass
class Wire:
    """A connection that plays a list: frames, ("wait", seconds), ("ping",), an exception; then silence."""

    clock: VirtualClock
    script: list[Any]
    sent: list[bytes] = field(default_factory=list)
    on_ping: Callable[[], None] | None = None
    closed: bool = False
    deaf: bool = False

    async def receive(self) -> list[bytes]:
        while self.script:
            step = self.script.pop(0)
            if isinstance(step, list):
                return [frame.encode() for frame in step]
            if isinstance(step, Exception):
                raise step
            if step == "ping":
                assert self.on_ping is not None
                self.on_ping()
            else:
                await self.clock.sleep(step)
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    async def send(self, data: bytes) -> None:
        if self.deaf:
            await asyncio.get_running_loop().create_future()
        self.sent.append(data)

    async def close(self) -> None:
        self.closed = True


@dataclass
class Lines:
    """A transport whose connects give a wire or an error each, the last for ever."""

    clock: VirtualClock
    outcomes: list[Any]
    at: list[float] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)

    async def connect(self, headers: Mapping[str, str]) -> Wire:
        self.at.append(self.clock.seconds)
        self.headers.append(headers)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        if outcome is EDGE:
            await asyncio.get_running_loop().create_future()
        wire = Wire(self.clock, list(outcome))
        self.wires.append(wire)
        return wire


class Seal:
    key_id = "key"

    def sign(self, timestamp_ms: int, method: str, path: str) -> dict[str, str]:
        return {"stamp": str(timestamp_ms), "signed": f"{method} {path}"}


class Bench:
    def __init__(self, *outcomes: Any, chance: float = 0.999, rules: FeedRules | None = None, **settings: Any) -> None:
        self.clock = VirtualClock()
        self.log = Log()
        self.lines = Lines(self.clock, list(outcomes))
        self.events: list[str] = []
        self.statuses: list[FeedStatus] = []
        self.feed = Feed(
            self.log,
            self.lines,
            self.clock,
            lambda: chance,
            self._deliver,
            signer=Seal(),
            on_status=self.statuses.append,
            rules=rules or FeedRules(tick_s=1.0),
            **settings,
        )

    def _deliver(self, event: Event) -> None:
        assert isinstance(event, BookStateChanged)
        self.events.append(event.ticker)

    async def run(self, until_s: float) -> None:
        with pytest.raises(asyncio.CancelledError):
            await self.clock.play(self.feed.run(), until_s)

    def gaps(self) -> list[float]:
        return [round(later - earlier, 2) for earlier, later in zip(self.lines.at, self.lines.at[1:], strict=False)]


async def test_a_session_signs_subscribes_pumps_pings_and_ticks() -> None:
    bench = Bench([["a", "b"], 1.5, "ping", ["c"]], offset_ms=lambda: 700)
    await bench.run(until_s=5)
    assert bench.lines.headers[0] == {"stamp": str(bench.clock.start_ms + 700), "signed": "GET /trade-api/ws/v2"}
    assert bench.events == ["on", "a", "b", "c", "off"]
    assert bench.lines.wires[0].sent == [b"subscribe"]
    assert ("ping", bench.clock.start_ms + 1500) in bench.log.seen
    assert [name for name, _ in bench.log.seen].count("tick") == 5
    assert bench.lines.wires[0].closed
    assert [status.state for status in bench.statuses] == [FeedState.CONNECTING, FeedState.OPEN, FeedState.STOPPED]


async def test_a_machine_clock_that_is_set_back_stops_no_timer_of_the_stream() -> None:
    bench = Bench([["a"], 4.0, ["b"]])

    async def set_back() -> None:
        await bench.clock.sleep(2.5)
        bench.clock.start_ms -= 3_600_000

    task = asyncio.ensure_future(set_back())
    began = bench.clock.start_ms
    await bench.run(until_s=6)
    await task
    times = [at for _, at in bench.log.seen]
    assert times == sorted(times)
    assert times[-1] - began >= 5_000


async def test_what_a_frame_sets_off_comes_behind_it_and_before_the_next() -> None:
    bench = Bench([["a", "ask:1", "b"]])
    await bench.run(until_s=1)
    assert bench.events == ["on", "a", "ask:1", "asked", "b", "off"]
    assert bench.lines.wires[0].sent == [b"subscribe", b"ask:1"]


async def test_a_wish_made_in_silence_is_sent_at_the_next_tick() -> None:
    bench = Bench([])

    async def wish() -> None:
        await bench.clock.sleep(2.5)
        bench.log.commands.append(b"later")

    task = asyncio.ensure_future(wish())
    await bench.run(until_s=4)
    await task
    assert bench.lines.wires[0].sent == [b"subscribe", b"later"]


async def test_a_cut_makes_the_stream_stale_at_once_and_reconnects_with_a_new_signature() -> None:
    bench = Bench([["a"], 10.0, TransportError("reset by peer")], [["b"]])
    await bench.run(until_s=20)
    assert bench.events == ["on", "a", "off", "on", "b", "off"]
    assert ("disconnected", bench.clock.start_ms + 10_000) in bench.log.seen
    assert bench.lines.headers[0]["stamp"] != bench.lines.headers[1]["stamp"]
    assert bench.lines.wires[0].on_ping is None
    waiting = next(status for status in bench.statuses if status.state is FeedState.WAITING)
    assert "reset by peer" in waiting.reason
    assert waiting.until_ms is not None
    assert bench.lines.at[1] == pytest.approx(10.5, abs=0.01)


async def test_silence_without_even_pings_ends_a_session() -> None:
    bench = Bench([["a"], 9.0, "ping"], [["b"]])
    await bench.run(until_s=45)
    assert bench.events == ["on", "a", "off", "on", "b", "off"]
    assert bench.log.seen.index(("disconnected", bench.clock.start_ms + 40_000)) > 0
    assert any("silent" in status.reason for status in bench.statuses)


async def test_a_connection_that_the_stream_finds_useless_is_replaced() -> None:
    bench = Bench([["a"]], [["b"]])
    bench.log.tired, bench.log.tired_at_ms = "messages come 9 s late", bench.clock.start_ms + 7_000

    async def recover() -> None:
        await bench.clock.sleep(7.5)
        bench.log.tired = ""

    task = asyncio.ensure_future(recover())
    await bench.run(until_s=12)
    await task
    assert bench.events == ["on", "a", "off", "on", "b", "off"]
    assert any("9 s late" in status.reason for status in bench.statuses)


async def test_a_peer_that_does_not_read_cannot_hide_its_silence() -> None:
    bench = Bench([])
    opened = bench.lines.connect

    async def deaf(headers: Mapping[str, str]) -> Wire:
        wire = await opened(headers)
        wire.deaf = True
        return wire

    bench.lines.connect = deaf  # type: ignore[method-assign]
    await bench.run(until_s=40)
    assert any("silent" in status.reason for status in bench.statuses)


async def test_a_command_that_an_old_connection_never_took_is_not_sent_on_a_new_one() -> None:
    bench = Bench([])
    opened = bench.lines.connect

    async def first_deaf(headers: Mapping[str, str]) -> Wire:
        wire = await opened(headers)
        wire.deaf = len(bench.lines.wires) == 1
        wire.script = ["ping", [f"ask:{number}" for number in range(3)], 2.0, TransportError("cut")]
        return wire

    bench.lines.connect = first_deaf  # type: ignore[method-assign]
    await bench.run(until_s=4)
    assert bench.lines.wires[0].sent == []
    assert bench.lines.wires[1].sent[:2] == [b"subscribe", b"ask:0"]


async def test_refused_connects_back_off_by_doubling_up_to_a_cap_and_are_limited_per_minute() -> None:
    generous = FeedRules(reconnects=ReconnectRules(cap_s=30.0, short_sessions=10_000, connects_per_minute=10_000))
    bench = Bench(TransportError("refused"), rules=generous)
    await bench.run(until_s=200)
    assert bench.gaps()[:7] == pytest.approx([1, 2, 4, 8, 16, 30, 30], abs=0.2)


async def test_after_three_short_sessions_each_pause_is_long_until_a_session_holds() -> None:
    short, long = [1.0, TransportError("dropped")], [20.0, TransportError("dropped")]
    bench = Bench(short, short, short, short, long, short, short, chance=0.0)
    await bench.run(until_s=100)
    assert bench.gaps()[:6] == [1.0, 1.0, 8.5, 8.5, 20.0, 1.0]


async def test_no_pause_is_so_long_that_books_would_not_be_right_ten_seconds_after_an_outage() -> None:
    bench = Bench([0.2, TransportError("dropped")], chance=0.999)
    await bench.run(until_s=600)
    assert len(bench.gaps()) > 60
    assert max(bench.gaps()) < 9.3


async def test_a_storm_of_reconnects_never_exceeds_its_connects_a_minute() -> None:
    hasty = FeedRules(reconnects=ReconnectRules(base_s=0.0, short_sessions=10_000, connects_per_minute=10))
    bench = Bench([TransportError("dropped")], rules=hasty, chance=0.0)
    await bench.run(until_s=600)
    times = bench.lines.at
    assert len(times) >= 90
    assert all(times[index + 10] - times[index] >= 59.99 for index in range(len(times) - 10))


async def test_a_long_session_wipes_out_earlier_failures() -> None:
    lost = TransportError("refused")
    bench = Bench(lost, lost, [["a"], 20.0, lost], [["b"]], chance=0.999)
    await bench.run(until_s=40)
    assert bench.gaps()[-1] == pytest.approx(20.5, abs=0.01)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_ends_the_feed_visibly_and_is_not_tried_again(status: int) -> None:
    bench = Bench(AuthenticationRefused("no such key", status=status, hint="check it"))
    with pytest.raises(AuthenticationRefused):
        await bench.clock.play(bench.feed.run(), 100)
    assert len(bench.lines.at) == 1
    assert bench.feed.status.state is FeedState.REFUSED
    assert "no such key" in bench.feed.status.reason
    assert "check it" in bench.feed.status.reason


@pytest.mark.parametrize(("asked", "waited"), [(None, 10.0), (25.0, 25.0)])
async def test_too_many_connections_are_tried_again_later(asked: float | None, waited: float) -> None:
    bench = Bench(RateLimited("too many", retry_after_s=asked), [["a"]])
    await bench.run(until_s=30)
    assert bench.gaps() == [pytest.approx(waited, abs=0.01)]
    assert bench.events == ["on", "a", "off"]


async def test_a_handshake_that_never_ends_is_given_up() -> None:
    bench = Bench(EDGE, [["a"]])
    await bench.run(until_s=30)
    assert bench.gaps() == [pytest.approx(11.0, abs=0.1)]


async def test_a_fault_of_the_consumer_is_not_swallowed_and_leaves_no_book_alive() -> None:
    bench = Bench([["a"]])

    def broken(event: Event) -> None:
        assert isinstance(event, BookStateChanged)
        if event.ticker == "a":
            raise ZeroDivisionError

    bench.feed._deliver = broken
    with pytest.raises(ZeroDivisionError):
        await bench.clock.play(bench.feed.run(), 10)
    assert bench.log.seen[-1][0] == "disconnected"
    assert bench.feed.status.state is FeedState.STOPPED


def test_jitter_lies_between_nothing_and_the_bound() -> None:
    assert full_jitter(3, base_s=0.5, cap_s=30, chance=lambda: 0.0) == 0.0
    assert full_jitter(3, base_s=0.5, cap_s=30, chance=lambda: 1.0) == 4.0
    assert full_jitter(10**6, base_s=0.5, cap_s=30, chance=lambda: 1.0) == 30.0


def test_connects_are_forgotten_after_a_minute() -> None:
    reconnects = Reconnects(ReconnectRules(connects_per_minute=2), lambda: 0.0)
    reconnects.connecting(0.0)
    reconnects.connecting(10.0)
    assert reconnects.pause_s(15.0) == 45.0
    reconnects.connecting(60.0)
    assert reconnects.pause_s(61.0) == 9.0
    assert len(reconnects._connects) == 2


async def test_a_mailbox_hands_over_in_order_and_tells_aloud_what_it_lost() -> None:
    box = Mailbox(limit=3)
    for name in "abcde":
        box.put(note(name))
    seen: list[Event] = []

    async def read() -> None:
        async for event in box:
            seen.append(event)  # noqa: PERF401 - what was read before the error counts

    with pytest.raises(LocalProtocolError, match="more than 3"):
        await read()
    assert seen == [note("a"), note("b"), note("c")]


async def test_a_mailbox_waits_for_the_next_event() -> None:
    box = Mailbox()
    reader = aiter(box)
    waiting = asyncio.ensure_future(anext(reader))
    await asyncio.sleep(0)
    assert not waiting.done()
    box.put(note("x"))
    assert await waiting == note("x")
