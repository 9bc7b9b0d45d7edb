"""The loopback server: one port for requests, streams and reference values, each fault as a client's socket sees it."""

from __future__ import annotations

import asyncio
import io
import json
import random
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from kalshi_tui.practice.desk import Desk
from kalshi_tui.practice.faults import Faults, RequestFault
from kalshi_tui.practice.happenings import BookChanged
from kalshi_tui.practice.pacer import Pacer
from kalshi_tui.practice.server import Running, serve
from kalshi_tui.practice.stream import Close, Limits
from kalshi_tui.practice.world import World
from kalshi_tui.practice.worldfile import load_world
from tests.practice.door_kit import ED_KEY, ORDERS, ROOT, Counter, opened, quote, signed_headers, wish
from tests.practice.pit import START_MS, Pit

STREAM = "/trade-api/ws/v2"


class Script(Faults):
    """Strikes the next requests with the faults that it was given."""

    def __init__(self, *faults: RequestFault) -> None:
        super().__init__((), random.Random(0))
        self.left = list(faults)

    def for_request(self, *_request: object) -> RequestFault | None:
        """Return the next fault."""
        return self.left.pop(0) if self.left else None


class Client:
    """Signed requests and streams over real sockets."""

    def __init__(self, desk: Desk, running: Running, http: aiohttp.ClientSession) -> None:
        self.desk = desk
        self.running = running
        self.http = http

    def headers(self, method: str, path: str) -> dict[str, str]:
        """Sign in exchange time."""
        return signed_headers(ED_KEY, "key-1", self.desk.exchange.now_ms, method, path)

    async def call(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Send a request and read the whole answer."""
        headers = self.headers(method, ROOT + path.partition("?")[0]) | {"Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        async with self.http.request(method, self.running.rest_url + path, headers=headers, data=data) as reply:
            return reply.status, await reply.read()

    async def stream(self, **options: Any) -> ClientConnection:
        """Open a stream."""
        headers = self.headers("GET", STREAM)
        return await connect(self.running.ws_url, additional_headers=headers, compression=None, **options)

    async def follow(self, *tickers: str, **options: Any) -> ClientConnection:
        """Open a stream, subscribe to books and read up to the first snapshot."""
        stream = await self.stream(**options)
        params = {"channels": ["orderbook_delta"], "market_tickers": list(tickers), "use_yes_price": True}
        await stream.send(json.dumps({"id": 1, "cmd": "subscribe", "params": params}))
        while json.loads(await stream.recv())["type"] != "orderbook_snapshot":
            pass
        return stream


def quiet_desk(*faults: RequestFault, pit: Pit | None = None, limits: Limits | None = None) -> Desk:
    """A desk whose world does not move."""
    pit, _ = opened(pit)
    counter = Counter(pit, Script(*faults) if faults else None, limits)
    world = World(pit, load_world("first"))
    return Desk(pit, counter.rest, counter.hub, counter.faults, "test", 7, "ann", "key-1", b"", world)


@asynccontextmanager
async def at_work(desk: Desk, speed: float = 1.0) -> AsyncIterator[Client]:
    """Serve a desk to a client."""
    running = await serve(desk, speed=speed)
    try:
        async with aiohttp.ClientSession() as http:
            yield Client(desk, running, http)
    finally:
        await running.close()


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something has become true."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - it is looked at from outside, nobody announces it
            await asyncio.sleep(0.005)


async def test_requests_streams_and_reference_share_a_port() -> None:
    async with at_work(quiet_desk()) as client:
        running = client.running
        assert running.rest_url.endswith(ROOT)
        assert len({url.split("/")[2] for url in (running.rest_url, running.ws_url, running.reference_url)}) == 1
        status, body = await client.call("GET", "/markets?limit=1")
        assert (status, json.loads(body)["markets"][0]["ticker"]) == (200, "M")
        async with client.http.get(f"{running.reference_url}/clock") as reply:
            clock = await reply.json()
            assert (clock["speed"], clock["now_ms"] >= START_MS) == (1.0, True)
        async with client.http.get(f"{running.reference_url}/values") as reply:
            assert "BRTI" in {row["index_id"] for row in (await reply.json())["values"]}
        assert (await client.call("GET", f"/markets?tickers={','.join(['M' * 40] * 1_000)}"))[0] == 200
        for unknown in (f"{running.reference_url}/none", running.rest_url.replace(ROOT, "/other")):
            async with client.http.get(unknown) as reply:
                assert reply.status == 404


async def test_orders_go_through_a_signed_socket() -> None:
    async with at_work(quiet_desk()) as client:
        status, body = await client.call("POST", ORDERS, wish(client_order_id="c"))
        assert status == 201
        order_id = json.loads(body)["order_id"]
        assert (await client.call("DELETE", f"{ORDERS}/{order_id}?subaccount=0"))[0] == 200
        async with client.http.post(client.running.rest_url + ORDERS, data=b"{}") as reply:
            assert reply.status == 401
        url, headers = client.running.rest_url + ORDERS, client.headers("POST", ROOT + ORDERS)
        async with client.http.post(url, headers=headers, data=io.BytesIO(b"x" * (2 << 20))) as reply:
            assert reply.status == 413


async def test_time_runs_at_its_speed_and_actions_are_due_between_requests() -> None:
    desk = quiet_desk()
    seen: list[int] = []
    desk.exchange.schedule(START_MS + 20_000, lambda: seen.append(desk.exchange.now_ms))
    async with at_work(desk, speed=1_000) as client:
        await eventually(lambda: bool(seen))
        assert (await client.call("GET", "/markets"))[0] == 200
    assert seen == [START_MS + 20_000]


async def test_answers_are_dated_in_exchange_time() -> None:
    async with at_work(quiet_desk(), speed=100) as client:
        rest = client.running.rest_url
        for url in (f"{rest}/markets", f"{rest}/none", f"{client.running.reference_url}/clock"):
            async with client.http.get(url) as reply:
                date = parsedate_to_datetime(reply.headers["date"]).timestamp() * 1000
            assert START_MS <= date <= client.desk.exchange.now_ms < date + 30_000


@pytest.mark.parametrize("apart_ms", [1, 0])
async def test_catching_up_lets_others_in(apart_ms: int) -> None:
    """Each step of the clock is bounded: here ten seconds of work are due at once, or even at one moment."""
    pit = Pit()
    now = [0.0]

    def work() -> None:
        now[0] += 0.004

    for number in range(2_500):
        pit.schedule(START_MS + 1 + number * apart_ms, work)
    pacer = Pacer(pit, 1.0, monotonic=lambda: now[0])
    now[0] = 20.0
    steps = 1
    while True:
        before = now[0]
        if pacer.step():
            break
        assert now[0] - before < 0.02
        steps += 1
    assert steps >= 500
    assert pit.now_ms >= START_MS + 20_000


async def test_a_stream_needs_a_signature() -> None:
    async with at_work(quiet_desk()) as client:
        with pytest.raises(InvalidStatus) as caught:
            await connect(client.running.ws_url, compression=None)
        assert caught.value.response.status_code == 401
        wrong = client.headers("GET", f"{STREAM}?x=1")
        with pytest.raises(InvalidStatus) as caught:
            await connect(client.running.ws_url, additional_headers=wrong, compression=None)
        assert b"INCORRECT_API_KEY_SIGNATURE" in (caught.value.response.body or b"")


async def test_a_stream_over_the_cap_is_too_many() -> None:
    async with at_work(quiet_desk(limits=Limits(connections=1))) as client:
        async with await client.stream():
            with pytest.raises(InvalidStatus) as caught:
                await client.stream()
            assert caught.value.response.status_code == 429
            assert json.loads(caught.value.response.body or b"") == {"error": "too many requests"}
        async with await client.stream():
            pass  # the first one's place is free again


async def test_a_stream_brings_books_and_answers_pings() -> None:
    async with at_work(quiet_desk()) as client, await client.follow("M") as stream:
        quote(client.desk.exchange)  # type: ignore[arg-type]
        deltas = [json.loads(await stream.recv()) for _ in range(2)]
        assert [one["msg"]["price_dollars"] for one in deltas] == ["0.4000", "0.6000"]
        await asyncio.wait_for(await stream.ping(b"x"), 5)
        await stream.send(b"binary is no command")
        assert json.loads(await stream.recv())["type"] == "error"
        assert stream.protocol.extensions == []


async def test_the_server_pings_with_its_heartbeat() -> None:
    async with at_work(quiet_desk(), speed=100) as client:
        pings: list[bytes] = []
        async with client.http.ws_connect(
            client.running.ws_url, headers=client.headers("GET", STREAM), autoping=False
        ) as stream:
            async with asyncio.timeout(5):
                while len(pings) < 2:
                    message = await stream.receive()
                    assert message.type is aiohttp.WSMsgType.PING
                    pings.append(message.data)
                    await stream.pong(message.data)
        assert pings == [b"heartbeat"] * 2


async def test_frames_of_every_size_arrive_whole() -> None:
    async with at_work(quiet_desk()) as client, await client.stream(max_size=None) as stream:
        (session,) = client.desk.hub.sessions.values()
        sizes = [1, 125, 126, 65_535, 65_536, 300_000]
        for size in sizes:
            session.queue(b"x" * size)
        assert [len(await stream.recv()) for _ in sizes] == sizes


async def test_a_reader_that_does_not_read_gets_error_25_and_costs_a_bounded_memory() -> None:
    desk = quiet_desk(limits=Limits(buffered=2_000))
    async with at_work(desk) as client:
        stream = await client.follow("M", max_queue=1)
        market, member = desk.exchange.markets["M"], "house"
        (session,) = desk.hub.sessions.values()
        for number in range(120_000):  # some 30 MB, more than the sockets between them hold
            change = BookChanged(market, "bid", 4_000, 100 if number % 2 else -100, number, START_MS, member, "", 0)
            desk.exchange.tell(change)
            if number % 500 == 0:
                await asyncio.sleep(0.001)
            if not session.subscriptions:
                break
        assert not session.subscriptions
        assert sum(len(item) for item in session._out if isinstance(item, bytes)) < 2 << 20
        last: dict[str, Any] = {}
        async with asyncio.timeout(20):
            while last.get("type") != "error":
                last = json.loads(await stream.recv())
        assert last["msg"]["code"] == 25
        await stream.send('{"id":2,"cmd":"list_subscriptions"}')  # the connection itself lives on
        assert json.loads(await stream.recv())["id"] == 2
        await stream.close()


async def test_the_exchange_can_close_a_stream_or_cut_it() -> None:
    for close, code in ((Close(1001, "going away"), 1001), (Close(abrupt=True), None)):
        async with at_work(quiet_desk()) as client:
            stream = await client.follow("M")
            (session,) = client.desk.hub.sessions.values()
            session.hang_up(close)
            with pytest.raises(ConnectionClosed) as caught:
                await asyncio.wait_for(stream.recv(), 5)
            assert (caught.value.rcvd.code if caught.value.rcvd else None) == code
            assert not client.desk.hub.sessions


async def test_a_half_open_stream_says_nothing_and_stays() -> None:
    async with at_work(quiet_desk()) as client:
        stream = await client.follow("M")
        (session,) = client.desk.hub.sessions.values()
        session.fall_silent()
        quote(client.desk.exchange)  # type: ignore[arg-type]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(await stream.ping(), 0.2)
        assert stream.state is websockets.protocol.State.OPEN
        stream.transport.abort()


async def test_a_client_that_leaves_is_forgotten() -> None:
    async with at_work(quiet_desk()) as client:
        for _ in range(3):
            stream = await client.follow("M")
            stream.transport.abort()
        await eventually(lambda: not client.desk.hub.sessions)


@pytest.mark.parametrize(
    ("fault", "placed"),
    [
        (RequestFault("lose_request", delay_ms=10), 0),
        (RequestFault("lose_reply", delay_ms=10), 1),
        (RequestFault("truncate", keep_bytes=9), 1),
        (RequestFault("late_accept", delay_ms=1), 0),
    ],
)
async def test_a_cut_connection_is_a_broken_answer(fault: RequestFault, placed: int) -> None:
    async with at_work(quiet_desk(fault)) as client:
        with pytest.raises((aiohttp.ClientConnectionError, aiohttp.ClientPayloadError)):
            await client.call("POST", ORDERS, wish())
        assert len(client.desk.exchange.orders_of("ann")) >= placed
        assert (await client.call("GET", "/markets"))[0] == 200  # the next connection is a good one


async def test_a_gateways_page_comes_with_its_own_type() -> None:
    fault = RequestFault("fail_after", status=502, content_type="text/html", body=b"<html>502</html>")
    async with at_work(quiet_desk(fault)) as client:
        url, headers = client.running.rest_url + "/markets", client.headers("GET", f"{ROOT}/markets")
        async with client.http.get(url, headers=headers) as reply:
            assert (reply.status, reply.content_type, await reply.read()) == (502, "text/html", b"<html>502</html>")


async def test_an_upgrade_can_be_refused_or_cut() -> None:
    faults = (RequestFault("refuse", status=503, body=b"{}"), RequestFault("lose_request"))
    async with at_work(quiet_desk(*faults)) as client:
        with pytest.raises(InvalidStatus) as caught:
            await client.stream()
        assert caught.value.response.status_code == 503
        with pytest.raises((OSError, websockets.exceptions.InvalidMessage, EOFError)):
            await client.stream()


@contextmanager
def taken_port() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


async def test_a_port_in_use_is_told_in_a_sentence() -> None:
    with taken_port() as port, pytest.raises(OSError, match=f"port {port} on 127.0.0.1 is used by another program"):
        await serve(quiet_desk(), port=port)


async def test_an_address_that_is_not_ours_is_told_in_a_sentence() -> None:
    with pytest.raises(OSError, match=r"cannot listen on 192\.0\.2\.1:0"):
        await serve(quiet_desk(), host="192.0.2.1")


async def test_closing_says_goodbye_and_frees_the_port() -> None:
    desk = quiet_desk()
    running = await serve(desk)
    port = int(running.rest_url.split(":")[2].split("/")[0])
    client = Client(desk, running, aiohttp.ClientSession())
    stream = await client.follow("M")
    await running.close()
    with pytest.raises(ConnectionClosed) as caught:
        await asyncio.wait_for(stream.recv(), 5)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1001
    await running.close()
    await client.http.close()
    again = await serve(quiet_desk(), port=port)
    await again.close()
