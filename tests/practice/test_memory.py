"""The door in memory: a client's ports on virtual time, every fault of a request, the same bytes for the same seed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.engine import ports
from kalshi_tui.practice.faults import Faults, RequestFault
from kalshi_tui.practice.memory import MemoryConnection, MemoryHttp, MemoryStreams, Network, VirtualClock
from kalshi_tui.practice.rest import HttpReply
from kalshi_tui.practice.stream import Close
from tests.practice.door_kit import ED_KEY, ORDERS, ROOT, Counter, opened, quote, signed_headers, wish
from tests.practice.pit import Pit

T = TypeVar("T")
STREAM = "/trade-api/ws/v2"


class Script(Faults):
    """Strikes the next requests with the faults that it was given, None letting one pass."""

    def __init__(self, *faults: RequestFault | None) -> None:
        super().__init__((), random.Random(0))
        self.left = list(faults)

    def for_request(self, *_request: object) -> RequestFault | None:
        """Return the next fault."""
        return self.left.pop(0) if self.left else None


class Lost(Exception):  # noqa: N818 - it is what happened to the answer
    """What the client's port promises to raise."""


class Refused(Exception):  # noqa: N818 - it is an answer
    """What the client's port promises to raise for a refused upgrade."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status, body)
        self.status = status


class Bench:
    """One member's client on virtual time."""

    def __init__(self, *faults: RequestFault | None, seed: int = 1, pit: Pit | None = None) -> None:
        script = Script(*faults) if faults else None
        self.pit, _ = opened(pit)
        self.counter = Counter(self.pit, script)
        self.clock = VirtualClock(self.pit)
        self.network = Network(self.clock, seed=seed, failure=Lost, refused=Refused)
        self.http = MemoryHttp(self.counter, self.network)
        self.streams = MemoryStreams(self.counter, self.network)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a client."""
        return self.clock.run(work)

    async def send(self, method: str, path: str, body: object = None) -> HttpReply:
        """Send a signed request."""
        whole = ROOT + path
        headers = signed_headers(ED_KEY, "key-1", self.clock.now_ms(), method, whole.partition("?")[0])
        raw = None if body is None else json.dumps(body).encode()
        return await self.http.send(method, whole, {"Content-Type": "application/json", **headers}, raw)

    async def place(self, **fields: object) -> HttpReply:
        """Place an order."""
        return await self.send("POST", ORDERS, wish(**fields))

    async def read(self, path: str) -> Any:
        """Read something."""
        return json.loads((await self.send("GET", path)).body)

    async def connect(self) -> MemoryConnection:
        """Open a stream."""
        return await self.streams.connect(signed_headers(ED_KEY, "key-1", self.clock.now_ms(), "GET", STREAM))

    async def follow(self, *tickers: str) -> MemoryConnection:
        """Open a stream and subscribe to books."""
        connection = await self.connect()
        command = {"channels": ["orderbook_delta"], "market_tickers": list(tickers), "use_yes_price": True}
        await connection.send(json.dumps({"id": 1, "cmd": "subscribe", "params": command}).encode())
        return connection


def placed(bench: Bench) -> int:
    return len(bench.pit.orders_of("ann"))


def test_a_request_takes_its_time_and_carries_its_query() -> None:
    bench = Bench()

    async def main() -> None:
        reply = await bench.send("GET", "/markets?limit=1&tickers=M%2CN")
        assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
        assert reply.headers["date"] == "Mon, 21 Sep 2026 14:13:20 GMT"
        assert [row["ticker"] for row in json.loads(reply.body)["markets"]] == ["M"]

    bench.run(main())
    assert 0.002 <= bench.clock.monotonic() <= 0.016  # two ways of 1 to 8 ms


def test_a_refused_request_never_reaches_the_exchange() -> None:
    bench = Bench(RequestFault("refuse", status=503, content_type="text/html", body=b"<html>"))
    reply = bench.run(bench.place())
    assert (reply.status, reply.headers["content-type"], reply.body) == (503, "text/html", b"<html>")
    assert placed(bench) == 0


@pytest.mark.parametrize(
    ("fault", "accepted"),
    [
        (RequestFault("lose_request", delay_ms=500), 0),
        (RequestFault("lose_reply", delay_ms=500), 1),
        (RequestFault("truncate", keep_bytes=5), 1),
    ],
)
def test_a_lost_answer_raises_what_the_port_promises(fault: RequestFault, accepted: int) -> None:
    bench = Bench(fault)
    with pytest.raises(Lost):
        bench.run(bench.place())
    assert placed(bench) == accepted
    assert bench.clock.monotonic() >= fault.delay_ms / 1000


def test_a_failure_after_acceptance_hides_an_order_that_stands() -> None:
    bench = Bench(RequestFault("fail_after", status=500, body=b"{}"))
    assert bench.run(bench.place()).status == 500
    assert placed(bench) == 1


@pytest.mark.parametrize("accepted", [False, True])
def test_a_delay_stands_before_or_after_the_order(accepted: bool) -> None:
    bench = Bench(RequestFault("delay", delay_ms=20_000, accepted=accepted))

    async def main() -> tuple[int, HttpReply]:
        placing = asyncio.create_task(bench.place())
        await bench.clock.sleep(10)
        return placed(bench), await placing

    early, reply = bench.run(main())
    assert (early, reply.status, placed(bench)) == (int(accepted), 201, 1)  # though the signature is old by then


def test_a_late_order_is_taken_when_nobody_waits_any_more() -> None:
    bench = Bench(RequestFault("late_accept", delay_ms=20_000))

    async def main() -> None:
        with pytest.raises(Lost):
            await bench.place()
        await bench.clock.sleep(19)
        assert placed(bench) == 0
        await bench.clock.sleep(2)

    bench.run(main())
    assert placed(bench) == 1


def test_a_client_that_gives_up_does_not_call_its_order_back() -> None:
    bench = Bench(RequestFault("delay", delay_ms=5_000))

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await bench.place()
        await bench.clock.sleep(10)

    bench.run(main())
    assert placed(bench) == 1


def test_a_stale_read_shows_an_answer_of_before() -> None:
    stale = RequestFault("stale_read", age_ms=3_000)
    bench = Bench(None, None, None, stale, stale, stale)
    path = "/portfolio/orders?status=resting"

    async def main() -> list[int]:
        await bench.read(path)
        await bench.clock.sleep(10)
        await bench.place()
        fresh = await bench.read(path)
        counts = [len(fresh["orders"]), len((await bench.read(path))["orders"])]  # now, and as of 3 s ago
        await bench.clock.sleep(3)
        counts.append(len((await bench.read(path))["orders"]))
        return [*counts, len((await bench.read("/portfolio/orders"))["orders"])]  # never asked before: fresh

    assert bench.run(main()) == [1, 0, 1, 1]


def test_a_short_page_leaves_rows_out() -> None:
    bench = Bench(None, None, RequestFault("short_page", rows=1))

    async def main() -> list[str]:
        await bench.place(price="0.01", client_order_id="first")
        await bench.place(price="0.02", client_order_id="second")
        return [row["client_order_id"] for row in (await bench.read("/portfolio/orders"))["orders"]]

    assert bench.run(main()) == ["first"]  # the newest, first in the list, is missing


def test_a_stream_brings_snapshots_deltas_and_pings() -> None:
    bench = Bench()
    pings: list[int] = []

    async def main() -> list[Any]:
        connection = await bench.follow("M")
        connection.on_ping = lambda: pings.append(bench.clock.now_ms())
        messages = [json.loads(text) for text in await connection.receive()]
        quote(bench.pit)
        while len(messages) < 4:
            messages += [json.loads(text) for text in await connection.receive()]
        await bench.clock.sleep(35)
        await connection.close()
        return messages

    messages = bench.run(main())
    assert [one["type"] for one in messages] == [
        "subscribed",
        "orderbook_snapshot",
        "orderbook_delta",
        "orderbook_delta",
    ]
    assert [one["seq"] for one in messages[1:]] == [1, 2, 3]
    assert len(pings) == 3
    assert not bench.counter.hub.sessions


def test_an_upgrade_needs_a_signature_that_is_young_and_true() -> None:
    bench = Bench()

    async def main() -> int:
        with pytest.raises(Refused) as caught:
            await bench.streams.connect({"KALSHI-ACCESS-KEY": "key-1"})
        return caught.value.status

    assert bench.run(main()) == 401


@pytest.mark.parametrize(
    ("fault", "error"),
    [(RequestFault("refuse", status=503), Refused), (RequestFault("lose_request", delay_ms=100), Lost)],
)
def test_an_upgrade_can_fail_like_any_request(fault: RequestFault, error: type[Exception]) -> None:
    bench = Bench(fault)
    with pytest.raises(error):
        bench.run(bench.connect())
    assert not bench.counter.hub.sessions


def test_a_stream_that_the_exchange_ends_raises_after_its_last_message() -> None:
    bench = Bench()

    async def main() -> list[bytes]:
        connection = await bench.follow("M")
        await bench.clock.sleep(1)
        (session,) = bench.counter.hub.sessions.values()
        session.queue(b'{"type":"last"}')
        session.hang_up(Close(1001, "going away"))
        await bench.clock.sleep(1)
        texts = await connection.receive()
        for work in (connection.receive(), connection.send(b"{}")):
            with pytest.raises(Lost, match="1001 going away"):
                await work
        await connection.close()
        await connection.close()
        return texts

    assert bench.run(main())[-1] == b'{"type":"last"}'


def test_a_client_that_does_not_read_fills_its_session_and_no_more() -> None:
    bench = Bench()

    async def main() -> tuple[int, list[Any]]:
        connection = await bench.follow("M")
        await bench.clock.sleep(1)
        for turn in range(15_000):
            quote(bench.pit, contracts=1 + turn % 2)
            if turn % 100 == 0:
                await bench.clock.sleep(0.01)
        await bench.clock.sleep(1)
        held = sum(map(len, connection._inbox))
        messages: list[Any] = []
        while not messages or messages[-1]["type"] != "error":
            messages += [json.loads(text) for text in await connection.receive()]
        return held, messages

    held, messages = bench.run(main())
    assert held < 1 << 20  # of more than 4 MB that were told
    assert messages[-1]["type"] == "error"
    assert messages[-1]["msg"]["code"] == 25


def life(seed: int) -> tuple[str, str]:
    """Live a little; return what the client saw and what the exchange did."""
    bench = Bench(seed=seed)
    seen = hashlib.sha256()

    async def trader(number: int) -> None:
        for turn in range(5):
            seen.update(
                (await bench.place(price=f"0.{10 + 7 * number + turn}", client_order_id=f"{number}-{turn}")).body
            )
            await bench.clock.sleep(0.004)

    async def reader(connection: MemoryConnection) -> None:
        while True:
            for text in await connection.receive():
                seen.update(text + repr(bench.clock.monotonic()).encode())

    async def main() -> None:
        reading = asyncio.create_task(reader(await bench.follow("M")))
        await asyncio.gather(*(trader(number) for number in range(4)))
        await bench.clock.sleep(1)
        reading.cancel()

    bench.run(main())
    return seen.hexdigest(), bench.pit.log_digest()


def test_the_same_seed_gives_the_same_bytes_at_the_same_times() -> None:
    assert life(5) == life(5)


def test_another_seed_of_the_network_orders_things_otherwise() -> None:
    assert len({life(seed) for seed in range(4)}) == 4


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_acknowledgements_and_stream_messages_race_but_each_stream_keeps_its_order(seed: int) -> None:
    bench = Bench(seed=seed)

    async def main() -> list[int]:
        connection = await bench.follow("M")
        while b"snapshot" not in b"".join(await connection.receive()):
            pass
        placing = [asyncio.create_task(bench.place(price="0.20", client_order_id=str(turn))) for turn in range(6)]
        numbers: list[int] = []
        while len(numbers) < 6:
            texts = [json.loads(text) for text in await connection.receive()]
            numbers += [text["seq"] for text in texts if "seq" in text]
        await asyncio.gather(*placing)
        return numbers

    assert bench.run(main()) == list(range(2, 8))


def test_the_order_of_an_answer_and_its_stream_message_depends_on_the_seed() -> None:
    firsts: set[str] = set()
    for seed in range(12):
        bench = Bench(seed=seed)
        times: dict[str, float] = {}

        async def main(bench: Bench = bench, times: dict[str, float] = times) -> None:
            connection = await bench.follow("M")
            while b"snapshot" not in b"".join(await connection.receive()):
                pass
            placing = asyncio.create_task(bench.place(price="0.20"))
            placing.add_done_callback(lambda _: times.setdefault("answer", bench.clock.monotonic()))
            while b"orderbook_delta" not in b"".join(await connection.receive()):
                pass
            times["stream"] = bench.clock.monotonic()
            await placing

        bench.run(main())
        firsts.add(min(times, key=times.__getitem__))
    assert firsts == {"answer", "stream"}


def test_closing_forgets_what_is_under_way() -> None:
    bench = Bench(RequestFault("delay", delay_ms=60_000))

    async def main() -> None:
        placing = asyncio.create_task(bench.place())
        await bench.clock.sleep(1)
        await bench.http.close()
        with pytest.raises(asyncio.CancelledError):
            await placing

    bench.run(main())
    assert placed(bench) == 0


def test_the_transports_and_the_clock_fit_the_clients_ports() -> None:
    bench = Bench()
    http: ports.HttpTransport = bench.http
    streams: ports.StreamTransport = bench.streams
    clock: ports.Clock = bench.clock
    assert (http, streams, clock) == (bench.http, bench.streams, bench.clock)  # the type checker reads the lines above
