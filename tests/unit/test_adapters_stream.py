"""Both stream adapters against real servers on loopback: they must not be told apart."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from kalshi_tui.adapters.fast import PicowsTransport
from kalshi_tui.adapters.inbox import Inbox
from kalshi_tui.adapters.websocket import WebsocketsTransport
from kalshi_tui.engine.ports import StreamConnection, StreamTransport
from kalshi_tui.errors import AuthenticationRefused, ConfigError, RateLimited, TransportError

Make = Callable[..., StreamTransport]
Talk = Callable[[ServerConnection], Awaitable[None]]
Gate = Callable[[ServerConnection, Request], Response | None]

both = pytest.mark.parametrize("make", [WebsocketsTransport, PicowsTransport], ids=["websockets", "picows"])


@asynccontextmanager
async def server(talk: Talk, gate: Gate | None = None) -> AsyncIterator[str]:
    async def patient(connection: ServerConnection) -> None:
        try:
            await talk(connection)
        except ConnectionClosed:
            return

    async with serve(patient, "127.0.0.1", 0, process_request=gate, ping_interval=None, close_timeout=0.5) as running:
        port = next(iter(running.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/trade-api/ws/v2"


async def idle(connection: ServerConnection) -> None:
    await connection.wait_closed()


async def collect(connection: StreamConnection, count: int) -> list[bytes]:
    frames: list[bytes] = []
    while len(frames) < count:
        frames += await asyncio.wait_for(connection.receive(), 5)
    return frames


@both
async def test_frames_arrive_in_order_as_bytes_and_commands_go_out_as_text(make: Make) -> None:
    heard: list[Any] = []

    async def talk(connection: ServerConnection) -> None:
        heard.append(await connection.recv())
        for index in range(1000):
            await connection.send(f'{{"n":{index}}}')
        heard.append(await connection.recv())

    async with server(talk) as address:
        connection = await make(address).connect({"KALSHI-ACCESS-KEY": "k"})
        await connection.send(b'{"id":1}')
        frames = await collect(connection, 1000)
        assert frames == [f'{{"n":{index}}}'.encode() for index in range(1000)]
        assert all(type(frame) is bytes for frame in frames)
        await connection.send(b"bye")
        await connection.close()
        await connection.close()
    assert heard == ['{"id":1}', "bye"]


@both
async def test_a_burst_is_handed_over_in_few_batches(make: Make) -> None:
    async def talk(connection: ServerConnection) -> None:
        for _ in range(500):
            await connection.send(b"x" * 20, text=True)
        await idle(connection)

    async with server(talk) as address:
        connection = await make(address).connect({})
        await asyncio.sleep(0.05)
        batches = [await asyncio.wait_for(connection.receive(), 5)]
        while sum(map(len, batches)) < 500:
            batches.append(await asyncio.wait_for(connection.receive(), 5))
        assert len(batches) < 25
        await connection.close()


@both
async def test_headers_arrive_and_no_compression_is_offered(make: Make) -> None:
    seen: list[Headers] = []

    def gate(_: ServerConnection, request: Request) -> Response | None:
        seen.append(request.headers)
        assert request.path == "/trade-api/ws/v2"
        return None

    async with server(idle, gate) as address:
        connection = await make(address).connect({"KALSHI-ACCESS-KEY": "k", "KALSHI-ACCESS-TIMESTAMP": "5"})
        await connection.close()
    assert (seen[0]["KALSHI-ACCESS-KEY"], seen[0]["KALSHI-ACCESS-TIMESTAMP"]) == ("k", "5")
    assert "Sec-WebSocket-Extensions" not in seen[0]
    assert seen[0]["User-Agent"].startswith("kalshi-tui/")


@both
async def test_a_ping_is_answered_and_noticed(make: Make) -> None:
    ponged: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def talk(connection: ServerConnection) -> None:
        await connection.recv()
        ponged.set_result(await (await connection.ping(b"heartbeat")))
        await idle(connection)

    async with server(talk) as address:
        connection = await make(address).connect({})
        noticed = asyncio.Event()
        connection.on_ping = noticed.set
        await connection.send(b"go")
        await asyncio.wait_for(ponged, 5)
        await asyncio.wait_for(noticed.wait(), 5)
        connection.on_ping = None
        await connection.close()


def answer(status: int, body: bytes = b"", **headers: str) -> Gate:
    return lambda *_: Response(status, "no", Headers({"Content-Length": str(len(body))} | headers), body)


@both
@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, b'{"error":{"code":"authentication_error","details":"NOT_FOUND"}}', AuthenticationRefused, "no such key"),
        (401, b"nonsense", AuthenticationRefused, "401"),
        (403, b'{"error":{"message":"key is restricted"}}', AuthenticationRefused, "restricted"),
        (429, b'{"error":"too many requests"}', RateLimited, "no further stream"),
        (503, b"<html>maintenance</html>", TransportError, "maintenance"),
        (301, b"", TransportError, "301"),
    ],
)
async def test_a_refused_upgrade_says_why(
    make: Make, status: int, body: bytes, kind: type[Exception], words: str
) -> None:
    async with server(idle, answer(status, body)) as address:
        with pytest.raises(kind, match=words) as refused:
            await make(address).connect({})
    assert type(refused.value) is kind


@both
async def test_a_rate_limited_upgrade_tells_when_to_come_back(make: Make) -> None:
    gate = answer(429, b"{}", **{"Retry-After": "7"})
    async with server(idle, gate) as address:
        with pytest.raises(RateLimited) as refused:
            await make(address).connect({})
    assert refused.value.retry_after_s == 7.0


@both
async def test_a_redirect_is_never_followed_with_a_signature(make: Make) -> None:
    stolen: list[Headers] = []

    def thief(_: ServerConnection, request: Request) -> Response | None:
        stolen.append(request.headers)
        return None

    async with server(idle, thief) as elsewhere, server(idle, answer(302, Location=elsewhere)) as address:
        with pytest.raises(TransportError, match="302"):
            await make(address).connect({"KALSHI-ACCESS-SIGNATURE": "s"})
    assert stolen == []


@both
async def test_what_arrived_before_the_end_is_still_handed_over(make: Make) -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.send("last words")
        await connection.close(1012, "restart")

    async with server(talk) as address:
        connection = await make(address).connect({})
        await asyncio.sleep(0.05)
        assert await connection.receive() == [b"last words"]
        with pytest.raises(TransportError, match="closed") as closed:
            await asyncio.wait_for(connection.receive(), 5)
        assert closed.value.hint
        with pytest.raises(TransportError):
            await connection.send(b"{}")
        await connection.close()


@both
async def test_a_cut_line_ends_a_waiting_reader(make: Make) -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.recv()
        connection.transport.abort()

    async with server(talk) as address:
        connection = await make(address).connect({})
        waiting = asyncio.ensure_future(connection.receive())
        await connection.send(b"go")
        with pytest.raises(TransportError):
            await asyncio.wait_for(waiting, 5)
        await connection.close()


@both
async def test_a_message_that_is_too_large_ends_the_connection(make: Make) -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.send("x" * 20_000)
        await idle(connection)

    async with server(talk) as address:
        connection = await make(address, max_message=10_000).connect({})
        with pytest.raises(TransportError):
            await asyncio.wait_for(connection.receive(), 5)
        await connection.close()


@both
async def test_a_message_in_parts_is_put_together_and_bounded_as_a_whole(make: Make) -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.send(["par", "t", "s"])
        await connection.send("whole")
        await connection.recv()
        await connection.send(["x" * 4_000] * 4)
        await idle(connection)

    async with server(talk) as address:
        connection = await make(address, max_message=10_000).connect({})
        assert await collect(connection, 2) == [b"parts", b"whole"]
        await connection.send(b"more")
        with pytest.raises(TransportError):
            await asyncio.wait_for(connection.receive(), 5)
        await connection.close()


@both
async def test_a_slow_reader_makes_the_server_wait_instead_of_filling_memory(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kalshi_tui.adapters.inbox._HIGH_WATER", 1_000_000)
    written = 0

    async def talk(connection: ServerConnection) -> None:
        nonlocal written
        for _ in range(60):
            await connection.send("x" * 1_000_000)
            written += 1
        await idle(connection)

    async with server(talk) as address:
        connection = await make(address).connect({})
        try:
            for _ in range(20):
                await asyncio.sleep(0.01)
            assert written < 40  # a few MB here, and what the kernel's buffers hold
            assert len(await collect(connection, 60)) == 60
        finally:
            await connection.close()


@both
async def test_proxies_of_the_environment_are_not_used(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "WS_PROXY", "ws_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with server(idle) as address:
        connection = await make(address).connect({})
        await connection.close()


@both
async def test_nobody_there_is_said_plainly(make: Make) -> None:
    listener = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    listener.close()
    await listener.wait_closed()
    with pytest.raises(TransportError, match=f"127.0.0.1:{port}") as nobody:
        await make(f"ws://127.0.0.1:{port}").connect({})
    assert nobody.value.hint


@both
@pytest.mark.parametrize("address", ["http://host", "ws://", "wss://host/other", "host", "ws://h/trade-api/ws/v2?a=b"])
def test_an_address_that_is_none_is_refused(make: Make, address: str) -> None:
    with pytest.raises(ConfigError):
        make(address)


async def test_an_inbox_serves_a_burst_at_once_and_ends_after_it() -> None:
    inbox = Inbox()
    waiting = asyncio.ensure_future(inbox.take())
    await asyncio.sleep(0)
    for message in (b"a", b"b"):
        inbox.put(message)
    inbox.end("done")
    inbox.end("later reasons do not replace the first")
    assert await waiting == [b"a", b"b"]
    with pytest.raises(TransportError, match="done"):
        await inbox.take()


def test_without_picows_the_fast_transport_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['picows'] = None\n"
        "from kalshi_tui.errors import ConfigError\n"
        "try:\n    import kalshi_tui.adapters.fast\n"
        "except ConfigError as problem:\n    print(problem.message, problem.hint)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
    assert "picows" in done.stdout
    assert "kalshi-tui[fast]" in done.stdout
