"""The REST adapter against real servers on loopback."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from kalshi_tui.adapters.http import HttpxTransport, words
from kalshi_tui.errors import ConfigError, TransportError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def site(handler: Handler, **settings: Any) -> AsyncIterator[HttpxTransport]:
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.5)
    await runner.setup()
    try:
        tcp = web.TCPSite(runner, "127.0.0.1", 0)
        await tcp.start()
        host, port = runner.addresses[0][:2]
        transport = HttpxTransport(f"http://{host}:{port}/trade-api/v2", **settings)
        try:
            yield transport
        finally:
            await transport.close()
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw(answer: bytes) -> AsyncIterator[HttpxTransport]:
    """A server that reads one request's head, writes these bytes and hangs up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    transport = HttpxTransport(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield transport
    finally:
        await transport.close()
        server.close()
        await server.wait_closed()


async def test_method_path_query_headers_and_body_arrive_as_given() -> None:
    seen: list[tuple[str, str, str, bytes]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append((request.method, request.raw_path, request.headers["KALSHI-ACCESS-KEY"], await request.read()))
        return web.json_response({"ok": True}, status=201, headers={"X-Mixed-Case": "v"})

    async with site(handler) as transport:
        reply = await transport.send(
            "POST", "/trade-api/v2/markets?tickers=A%2CB", {"KALSHI-ACCESS-KEY": "key"}, b'{"a":1}'
        )
    assert seen == [("POST", "/trade-api/v2/markets?tickers=A%2CB", "key", b'{"a":1}')]
    assert (reply.status, reply.body) == (201, b'{"ok": true}')
    assert reply.headers["x-mixed-case"] == "v"


async def test_a_delete_may_have_a_body() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    async with site(handler) as transport:
        assert (await transport.send("DELETE", "/batched", {}, b'{"orders":[]}')).body == b'{"orders":[]}'


async def test_one_connection_is_kept_alive() -> None:
    peers: set[object] = set()

    async def handler(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.Response(text="{}")

    async with site(handler) as transport:
        for _ in range(5):
            await transport.send("GET", "/x", {}, None)
    assert len(peers) == 1


async def test_a_redirect_is_returned_and_its_target_never_sees_the_signature() -> None:
    paths: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        paths.append(request.path)
        raise web.HTTPMovedPermanently("/elsewhere")

    async with site(handler) as transport:
        reply = await transport.send("GET", "/trade-api/v2/portfolio/balance", {"KALSHI-ACCESS-SIGNATURE": "s"}, None)
    assert reply.status == 301
    assert paths == ["/trade-api/v2/portfolio/balance"]


async def test_cookies_are_never_sent_back() -> None:
    cookies: list[str | None] = []

    async def handler(request: web.Request) -> web.Response:
        cookies.append(request.headers.get("Cookie"))
        response = web.Response(text="{}")
        response.set_cookie("session", "1")
        return response

    async with site(handler) as transport:
        for _ in range(2):
            await transport.send("GET", "/x", {}, None)
    assert cookies == [None, None]


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def handler(_: web.Request) -> web.Response:
        return web.Response(text="{}")

    async with site(handler) as transport:
        assert (await transport.send("GET", "/x", {}, None)).status == 200


async def test_a_body_is_bounded_even_when_it_was_small_on_the_wire() -> None:
    bomb = gzip.compress(b"0" * 5_000_000)
    assert len(bomb) < 10_000

    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    async with site(handler, max_body=100_000) as transport:
        with pytest.raises(TransportError, match="larger than 100000"):
            await transport.send("GET", "/x", {}, None)
    async with site(handler) as transport:
        assert len((await transport.send("GET", "/x", {}, None)).body) == 5_000_000


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"SSH-2.0-OpenSSH_9.6\r\n",
    ],
)
async def test_an_answer_that_is_cut_off_or_garbage_is_no_answer(answer: bytes) -> None:
    async with raw(answer) as transport:
        with pytest.raises(TransportError) as lost:
            await transport.send("GET", "/x", {}, None)
    assert lost.value.hint


async def test_nobody_there_is_no_answer() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    transport = HttpxTransport(f"http://127.0.0.1:{port}")
    with pytest.raises(TransportError, match=f"127.0.0.1:{port}"):
        await transport.send("GET", "/x", {}, None)
    await transport.close()


def test_the_systems_error_numbers_are_not_shown() -> None:
    assert words(OSError(-2, "Name or service not known")) == "Name or service not known"
    assert words(TimeoutError()) == "TimeoutError"


@pytest.mark.parametrize(
    "address",
    ["", "kalshi", "ftp://host", "http://", "https://host/other", "https://host/trade-api/v2?x=1", "http://u:p@host"],
)
def test_an_address_that_is_none_is_refused_with_a_hint(address: str) -> None:
    with pytest.raises(ConfigError) as refused:
        HttpxTransport(address)
    assert refused.value.hint


async def test_a_request_that_is_given_up_frees_its_connection() -> None:
    started = asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        if request.path == "/slow":
            started.set()
            await asyncio.sleep(30)
        return web.Response(text="{}")

    async with site(handler) as transport:
        for _ in range(3):
            started.clear()
            task = asyncio.ensure_future(transport.send("GET", "/slow", {}, None))
            await started.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert (await transport.send("GET", "/x", {}, None)).status == 200
