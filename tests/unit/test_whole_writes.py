"""A request leaves in one write, whatever its parts, and nothing is held back that somebody waits for."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import httpcore
import httpx
import pytest

from kalshi_tui.adapters.http import HttpxTransport
from kalshi_tui.adapters.whole_writes import LIMIT, WholeBackend, WholeStream, write_whole

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


class Wire(httpcore.AsyncNetworkStream):
    """Keeps what is written, as it was written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    async def write(self, buffer: bytes, *_: object) -> None:
        self.written.append(buffer)

    async def read(self, *_: object) -> bytes:
        return ANSWER

    async def aclose(self) -> None:
        self.is_closed = True

    async def start_tls(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        return self

    def get_extra_info(self, info: str) -> Any:
        return "the wire's own" if info == "client_addr" else None


class Wired(httpcore.AsyncNetworkBackend):
    """Connects to one wire."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.slept: list[float] = []

    async def connect_tcp(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        return self.wire

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        return self.wire

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def asked(http: HttpxTransport, method: str, body: bytes | None) -> list[bytes]:
    """Ask over a wire that keeps what is written."""
    wired = Wired()
    pool: Any = http._transport._pool
    pool._network_backend.inner = wired
    reply = await http.send(method, "/trade-api/v2/x", {}, body)
    assert reply.body == b"{}"
    return wired.wire.written


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "https://127.0.0.1:9"])
@pytest.mark.parametrize(("method", "body"), [("POST", b'{"a":1}'), ("DELETE", b"{}"), ("GET", None), ("POST", b"")])
async def test_a_request_is_one_write(address: str, method: str, body: bytes | None) -> None:
    written = await asked(HttpxTransport(address), method, body)
    assert len(written) == 1
    head, _, sent = written[0].partition(b"\r\n\r\n")
    assert head.startswith(f"{method} /trade-api/v2/x HTTP/1.1".encode())
    assert sent == (body or b"")


async def test_a_large_body_is_not_gathered_whole() -> None:
    stream = WholeStream(wire := Wire())
    for _ in range(3):
        await stream.write(b"x" * LIMIT)
    assert [len(part) for part in wire.written] == [2 * LIMIT]
    await stream.write(b"")
    assert [len(part) for part in wire.written] == [2 * LIMIT, LIMIT]


async def test_whoever_reads_has_written_all() -> None:
    stream = WholeStream(wire := Wire())
    await stream.write(b"half")
    assert wire.written == []
    assert await stream.read(100) == ANSWER
    assert wire.written == [b"half"]
    await stream.read(100)
    assert wire.written == [b"half"], "nothing is written twice"


async def test_all_else_is_the_connection_s_own() -> None:
    backend = WholeBackend(wired := Wired())
    await backend.sleep(0.5)
    assert wired.slept == [0.5]
    stream = await backend.connect_unix_socket("/nowhere")
    assert isinstance(stream, WholeStream)
    secured = await stream.start_tls(ssl.create_default_context())
    assert isinstance(secured, WholeStream), "behind TLS as well"
    assert stream.get_extra_info("client_addr") == "the wire's own"
    await stream.aclose()
    assert wired.wire.is_closed


async def test_a_request_over_a_real_socket_arrives_in_one_piece() -> None:
    pieces: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pieces.append(await reader.read(65_536))
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    http = HttpxTransport(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        await http.send("POST", "/x", {}, b'{"side":"bid"}')
    finally:
        await http.close()
        server.close()
        await server.wait_closed()
    assert [piece.endswith(b'\r\n\r\n{"side":"bid"}') for piece in pieces] == [True]


def test_httpx_still_has_the_backend_that_is_replaced() -> None:
    transport = httpx.AsyncHTTPTransport()
    pool: Any = transport._pool
    before = pool._network_backend
    write_whole(transport)
    assert isinstance(pool._network_backend, WholeBackend)
    assert pool._network_backend.inner is before


def test_where_there_is_none_requests_are_written_as_ever() -> None:
    transport = httpx.AsyncHTTPTransport()
    pool: Any = transport._pool
    del pool._network_backend
    write_whole(transport)
    assert not hasattr(pool, "_network_backend")
