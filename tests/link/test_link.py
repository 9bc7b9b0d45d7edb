"""Both ends of the link together, over pipes in memory: greeting, views at the reader's pace, intents, bounds."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kalshi_tui.errors import ConfigError, LocalProtocolError, OutcomeUnknown, RemoteProtocolError, TransportError
from kalshi_tui.link import client
from kalshi_tui.link.client import Link, attach
from kalshi_tui.link.intents import Distrust, Done, Intent, ReadHistory, Recall, Recalled, Result
from kalshi_tui.link.keys import Key, LadderKey, MarketKey, MarketsKey, NoticesKey, TradesKey
from kalshi_tui.link.messages import (
    LINK_VERSION,
    Ask,
    Hello,
    Refused,
    Watch,
    Welcome,
    decode_from_engine,
    encode,
)
from kalshi_tui.link.pipes import MemoryPipe, memory_pipes
from kalshi_tui.link.server import LinkRules, Server
from kalshi_tui.link.views import NoticesView

NOTICES = NoticesKey()


class Desk:
    """A host whose views are set by the test."""

    def __init__(self) -> None:
        self.views: dict[Key, tuple[int, bytes]] = {}
        self.heard: list[str] = []
        self.words: list[str] = []

    def publish(self, key: Key, total: int) -> None:
        version = self.views.get(key, (0, b""))[0] + 1
        self.views[key] = version, encode(NoticesView(total, ()))

    def welcome(self, session: int) -> Welcome:
        return Welcome(
            LINK_VERSION, "1", session, 1, "PRACTICE", "practice", "observe", "practice", "h", 0, 0, 1.0, stays=True
        )

    def watched(self, key: Key) -> None:
        self.heard.append(f"+{type(key).__name__}")

    def unwatched(self, key: Key) -> None:
        self.heard.append(f"-{type(key).__name__}")

    def shown(self, key: Key) -> tuple[int, bytes] | None:
        return self.views.get(key)

    async def answer(self, intent: Intent) -> Result:
        if isinstance(intent, Recall):
            return Recalled("kept")
        if isinstance(intent, Distrust):
            await asyncio.Event().wait()
        if isinstance(intent, ReadHistory):
            raise ZeroDivisionError("a fault")
        raise LocalProtocolError("not now", hint="later")

    def warn(self, words: str) -> None:
        self.words.append(words)


class Room:
    """A desk, its server, and clients that attach to it."""

    def __init__(self, rules: LinkRules | None = None) -> None:
        self.desk = Desk()
        self.now = 0.0
        self.server = Server(self.desk, rules or LinkRules(), lambda: self.now)
        self.serving: list[asyncio.Task[None]] = []

    def pipe(self) -> MemoryPipe:
        ours, its = memory_pipes()
        self.serving.append(asyncio.ensure_future(self.server.serve(its)))
        return ours

    async def attach(self) -> Link:
        return await attach(self.pipe(), name="test")


async def settle() -> None:
    """Let everybody take what is on its way."""
    for _ in range(20):
        await asyncio.sleep(0)


def total(link_view: object) -> int:
    assert isinstance(link_view, NoticesView)
    return link_view.total


async def test_the_first_view_comes_at_once_and_later_ones_with_each_delivery() -> None:
    room = Room()
    room.desk.publish(NOTICES, 1)
    link = await room.attach()
    watching = link.watch(NOTICES)
    await settle()
    assert total(watching.view) == 1
    assert link.take_changed() == [watching]
    assert link.take_changed() == []
    room.desk.publish(NOTICES, 2)
    room.server.deliver()
    await settle()
    assert total(watching.view) == 2


async def test_a_view_that_has_not_changed_is_not_sent_again() -> None:
    room = Room()
    room.desk.publish(NOTICES, 1)
    link = await room.attach()
    link.watch(NOTICES)
    await settle()
    link.take_changed()
    room.server.deliver()
    await settle()
    assert link.take_changed() == []


async def test_a_reader_sees_the_latest_and_not_what_it_missed() -> None:
    room = Room()
    link = await room.attach()
    watching = link.watch(NOTICES)
    await settle()
    for count in range(1, 4):
        room.desk.publish(NOTICES, count)
    room.server.deliver()
    await settle()
    assert (total(watching.view), watching.version) == (3, 3)


async def test_a_view_is_published_while_anybody_watches_it() -> None:
    room = Room()
    one, two = await room.attach(), await room.attach()
    first, second = one.watch(NOTICES), two.watch(NOTICES)
    await settle()
    one.unwatch(first)
    await settle()
    assert room.desk.heard == ["+NoticesKey"]
    two.unwatch(second)
    await settle()
    assert room.desk.heard == ["+NoticesKey", "-NoticesKey"]


async def test_a_client_that_goes_watches_nothing_any_more() -> None:
    room = Room()
    link = await room.attach()
    link.watch(NOTICES)
    await settle()
    await link.close()
    await settle()
    assert room.desk.heard[-1] == "-NoticesKey"
    assert room.server.clients() == []


async def test_a_client_that_crashes_is_told_of_and_one_that_leaves_is_not() -> None:
    room = Room()
    link = await room.attach()
    await link.close()
    await settle()
    assert room.desk.words == []
    pipe = room.pipe()
    pipe.send(encode(Hello(LINK_VERSION, "1", "terminal", 9)))
    await pipe.receive()
    pipe.close()
    await settle()
    assert room.desk.words == ["terminal (process 9) went without a word"]


async def test_an_intent_is_answered_or_refused_in_words() -> None:
    room = Room()
    link = await room.attach()
    assert await link.ask(Recall("x")) == Recalled("kept")
    with pytest.raises(LocalProtocolError, match="not now") as refused:
        await link.ask(NotNow())
    assert refused.value.hint == "later"


def NotNow() -> Intent:  # noqa: N802 - reads as the intent that it makes
    from kalshi_tui.link.intents import ReadAnew  # noqa: PLC0415 - as above

    return ReadAnew()


async def test_an_answer_that_does_not_come_leaves_the_outcome_unknown() -> None:
    room = Room()
    link = await room.attach()
    with pytest.raises(OutcomeUnknown, match=r"within 0\.01 s"):
        await link.ask(Distrust("A"), limit_s=0.01)


async def test_the_engine_says_itself_when_there_was_no_time_left() -> None:
    room = Room()
    pipe = room.pipe()
    pipe.send(encode(Hello(LINK_VERSION, "1", "test", 1)))
    await pipe.receive()
    pipe.send(encode(Ask(1, Distrust("A"), 1)))
    (answer,) = await pipe.receive()
    assert b"no time left" in answer


async def test_what_was_asked_when_the_engine_went_is_unknown() -> None:
    room = Room()
    link = await room.attach()
    asked = asyncio.ensure_future(link.ask(Distrust("A")))
    await settle()
    room.server.close("the engine ends")
    with pytest.raises(OutcomeUnknown, match="the engine ends"):
        await asked
    assert link.closed == "the engine ends"
    with pytest.raises(TransportError, match="gone"):
        await link.ask(Recall("x"))


async def greeted_with(room: Room, hello: object) -> Any:
    pipe = room.pipe()
    pipe.send(encode(hello))
    return decode_from_engine((await pipe.receive())[0])


async def test_another_version_is_refused_with_what_to_do() -> None:
    refusal = await greeted_with(Room(), Hello(LINK_VERSION + 1, "9", "test", 1))
    assert isinstance(refusal, Refused)
    assert f"version {LINK_VERSION}" in refusal.reason
    assert "engine stop" in refusal.hint


async def test_a_client_with_other_settings_is_told_of() -> None:
    room = Room()
    await greeted_with(room, Hello(LINK_VERSION, "1", "terminal", 1, "h"))
    await greeted_with(room, Hello(LINK_VERSION, "1", "command", 1))
    assert room.desk.words == []
    await greeted_with(room, Hello(LINK_VERSION, "1", "terminal", 1, "other"))
    assert room.desk.words == ["terminal was started with other settings; the engine goes by its own"]


async def test_who_does_not_greet_is_refused() -> None:
    assert isinstance(await greeted_with(Room(), Watch(1, NOTICES)), Refused)


async def test_who_is_not_greeted_hangs_up_and_leaves_no_client_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "GREETING_S", 0.05)
    path, over = str(tmp_path / "engine.sock"), asyncio.Event()

    async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the other end hangs up
        writer.close()
        over.set()

    async with await asyncio.start_unix_server(says_nothing, path):
        with pytest.raises(TransportError, match="did not greet"):
            await client.attach_to(path, name="terminal")
        await asyncio.wait_for(over.wait(), 5)


async def test_no_more_clients_are_taken_than_allowed() -> None:
    room = Room(LinkRules(clients=1))
    await room.attach()
    with pytest.raises(ConfigError, match="1 clients are attached"):
        await room.attach()
    assert room.server.bounds["clients refused"] == 1


@pytest.mark.parametrize(
    "key",
    [
        LadderKey("A", depth=0),
        LadderKey("A", depth=10**6),
        LadderKey("A" * 500),
        LadderKey("A,B"),
        TradesKey("../orders"),
        MarketKey(""),
        MarketsKey(count=10**6),
        MarketsKey(offset=-1),
        MarketsKey(search="x" * 500),
    ],
)
async def test_what_is_too_large_to_watch_is_refused(key: Key) -> None:
    room = Room()
    link = await room.attach()
    with pytest.raises(RemoteProtocolError):
        await link.first(key, limit_s=5)
    assert room.server.bounds["watches refused"] == 1
    assert room.desk.heard == []


async def test_a_client_watches_no_more_than_allowed() -> None:
    room = Room(LinkRules(watches=2))
    link = await room.attach()
    watched = [link.watch(NoticesKey(count)) for count in (1, 2, 3)]
    await settle()
    assert [bool(watching.problem) for watching in watched] == [False, False, True]


async def test_a_message_that_cannot_be_read_costs_its_sender_the_link_and_nobody_else() -> None:
    room = Room()
    link, pipe = await room.attach(), room.pipe()
    pipe.send(encode(Hello(LINK_VERSION, "1", "bad", 1)))
    await pipe.receive()
    pipe.send(b"\xc1 nonsense")
    await settle()
    assert [name for name, _ in room.server.clients()] == ["test"]
    assert room.server.bounds["unreadable messages of clients"] == 1
    assert await link.ask(Recall("x")) == Recalled("kept")


@pytest.mark.parametrize(
    "nonsense", [b"\xc1", encode(Hello(LINK_VERSION, "1", "bad", 1)).replace(b"bad", b"\xff\xff\xff"), b"\x91" * 5_000]
)
async def test_nonsense_that_comes_along_with_a_greeting_leaves_no_client_behind(nonsense: bytes) -> None:
    room = Room(LinkRules(clients=1))
    pipe = room.pipe()
    pipe.send(encode(Hello(LINK_VERSION, "1", "bad", 1)))
    pipe.send(nonsense)
    await asyncio.gather(*room.serving)
    assert room.server.clients() == []
    assert room.server.bounds["unreadable messages of clients"] == 1


async def test_what_comes_along_with_a_greeting_is_done() -> None:
    room = Room()
    room.desk.publish(NOTICES, 3)
    pipe = room.pipe()
    pipe.send(encode(Hello(LINK_VERSION, "1", "test", 1)))
    pipe.send(encode(Watch(1, NOTICES)))
    await settle()
    assert [type(decode_from_engine(data)).__name__ for data in await pipe.receive()] == ["Welcome", "Published"]


async def test_who_connects_and_does_not_greet_takes_only_so_much() -> None:
    room = Room()
    pipes = [room.pipe() for _ in range(100)]
    await settle()
    assert sum(not serving.done() for serving in room.serving) == 64
    assert room.server.bounds["clients without a greeting"] == 36
    for pipe in pipes:
        pipe.close()
    await settle()
    assert (await room.attach()).welcome.session == 1


async def test_an_engine_that_ends_greets_nobody() -> None:
    room = Room()
    room.server.close("the engine ends")
    with pytest.raises(TransportError):
        await room.attach()
    assert room.server.clients() == []


async def test_a_fault_of_ours_while_an_intent_is_answered_is_told_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    link = await Room().attach()
    with pytest.raises(LocalProtocolError, match="a fault of its own"):
        await link.ask(ReadHistory("A", since_ms=2**64 - 1))
    assert "ZeroDivisionError" in caplog.text


async def test_a_client_that_asks_on_and_on_and_reads_nothing_is_dropped_also_when_it_watches_nothing() -> None:
    room = Room(LinkRules(backlog=500))
    pipe = room.pipe()
    pipe.send(encode(Hello(LINK_VERSION, "1", "greedy", 7)))
    await pipe.receive()
    for number in range(100):
        pipe.send(encode(Ask(number, Recall("x"), 1_000)))
        await settle()
    assert room.server.clients() == []
    assert room.server.bounds["askers that did not read dropped"] == 1


async def test_a_client_that_sends_much_at_once_holds_up_nobody_for_long() -> None:
    room, taken_by_turn = Room(), []

    async def look() -> None:
        while True:
            taken_by_turn.append(len(room.desk.heard))
            await asyncio.sleep(0)

    pipe = room.pipe()
    pipe.send(encode(Hello(LINK_VERSION, "1", "busy", 7)))
    await pipe.receive()
    looking = asyncio.ensure_future(look())
    for number in range(100):
        pipe.send(encode(Watch(number, NoticesKey(number + 1))))
    for _ in range(10):
        await settle()
    looking.cancel()
    assert taken_by_turn[-1] == 100
    assert max(after - before for before, after in itertools.pairwise(taken_by_turn)) <= 4


async def slow_reader(room: Room) -> MemoryPipe:
    pipe = room.pipe()
    pipe.send(encode(Hello(LINK_VERSION, "1", "slow", 7)))
    await pipe.receive()
    pipe.send(encode(Watch(1, NOTICES)))
    await settle()
    return pipe


def flood(room: Room, times: int) -> None:
    for count in range(times):
        room.desk.publish(NOTICES, count)
        room.server.deliver()


async def test_a_reader_that_does_not_read_is_held_back_at_its_bound_and_then_gets_the_latest() -> None:
    room = Room(LinkRules(backlog=500))
    pipe = await slow_reader(room)
    flood(room, 1_000)
    assert len(await pipe.receive()) < 20
    assert room.server.bounds["slow readers held back"] == 1
    room.server.deliver()
    (latest,) = await pipe.receive()
    assert msgspec.msgpack.decode(latest)["version"] == 1_000


async def test_a_reader_that_stays_stuck_is_dropped_and_the_others_are_not() -> None:
    room = Room(LinkRules(backlog=500, stuck_s=30))
    await slow_reader(room)
    link = await room.attach()
    watching = link.watch(NOTICES)
    flood(room, 100)
    room.now = 29.9
    room.server.deliver()
    assert ("slow", 7) in room.server.clients()
    room.now = 30.0
    room.server.deliver()
    await settle()
    assert [name for name, _ in room.server.clients()] == ["test"]
    assert room.server.bounds["stuck readers dropped"] == 1
    assert "slow" in room.desk.words[0]
    assert total(watching.view) == 99


async def test_a_view_is_had_once_as_soon_as_it_is_there() -> None:
    room = Room()
    link = await room.attach()
    asked = asyncio.ensure_future(link.first(NOTICES))
    await settle()
    assert not asked.done()
    room.desk.publish(NOTICES, 5)
    room.server.deliver()
    assert total(await asked) == 5
    await settle()
    assert room.desk.heard == ["+NoticesKey", "-NoticesKey"]


async def test_a_done_intent_is_a_value() -> None:
    assert msgspec.msgpack.decode(encode(Done("yes")), type=Done) == Done("yes")


def test_a_callback_hears_of_each_arrival() -> None:
    async def listen() -> int:
        room = Room()
        link = await room.attach()
        heard = 0

        def count() -> None:
            nonlocal heard
            heard += 1

        callback: Callable[[], None] = count
        link.on_change = callback
        link.watch(NOTICES)
        room.desk.publish(NOTICES, 1)
        await settle()
        return heard

    assert asyncio.run(listen()) == 1
