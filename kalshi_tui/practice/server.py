"""The practice exchange on loopback: REST, the stream and the reference values on one port."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from aiohttp import WSMsgType, web

from kalshi_tui.practice import refusals
from kalshi_tui.practice.delivery import Delivered, Delivery, dated
from kalshi_tui.practice.desk import Desk
from kalshi_tui.practice.frames import joined, pong
from kalshi_tui.practice.pacer import Pacer
from kalshi_tui.practice.records import Refusal
from kalshi_tui.practice.reference import reference_clock, reference_values
from kalshi_tui.practice.rest import HttpReply, HttpRequest
from kalshi_tui.practice.rest.auth import require_scope
from kalshi_tui.practice.rest.wire import PREFIX, STREAM_PATH, TooMany, refuse, reply
from kalshi_tui.practice.stream.outgoing import Close
from kalshi_tui.practice.stream.session import Session

REFERENCE_PATH: Final = "/reference"

_HIGH_WATER: Final = 1 << 18  # bytes that a reader may leave unread before nothing more is taken from its session
_LOOK_AGAIN_S: Final = 0.005
_LINE_LIMIT: Final = 1 << 16  # a list of a thousand tickers in a query is long
_GOODBYE_S: Final = 1.0
_LINGER_OFF: Final = struct.pack("ii", 1, 0)


@dataclass
class Running:
    """A server at work, and where."""

    rest_url: str
    ws_url: str
    reference_url: str
    _runner: web.ServerRunner
    _doors: _Doors
    _pacing: asyncio.Task[None] = field(repr=False)

    async def close(self) -> None:
        """Say goodbye to every stream and free the port; does nothing the second time."""
        self._doors.say_goodbye()
        self._pacing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._pacing
        await self._runner.cleanup()


async def serve(desk: Desk, *, host: str = "127.0.0.1", port: int = 0, speed: float = 1.0) -> Running:
    """Open the doors; time begins to run. OSError says in its text why they cannot be opened."""
    doors = _Doors(desk, Pacer(desk.exchange, speed))
    answering = web.Server(doors.answer, access_log=None, max_line_size=_LINE_LIMIT)
    runner = web.ServerRunner(answering, shutdown_timeout=_GOODBYE_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise _explained(error, host, port) from error
    place = f"{host}:{runner.addresses[0][1]}"
    return Running(
        f"http://{place}{PREFIX}",
        f"ws://{place}{STREAM_PATH}",
        f"http://{place}{REFERENCE_PATH}",
        runner,
        doors,
        asyncio.create_task(doors.pacer.run()),
    )


def _explained(error: OSError, host: str, port: int) -> OSError:
    if error.errno == errno.EADDRINUSE:
        return OSError(error.errno, f"port {port} on {host} is used by another program; 0 takes any free port")
    return OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}")


class _Doors:
    """Tells requests apart and answers them."""

    def __init__(self, desk: Desk, pacer: Pacer) -> None:
        self.pacer = pacer
        self._desk = desk
        self._delivery = Delivery(desk, pacer.sleep)
        self._sessions: dict[int, Session] = {}

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer whatever came in."""
        path = request.raw_path.partition("?")[0]
        self.pacer.step()
        if path == STREAM_PATH:
            return await self._stream(request)
        if path.startswith(f"{REFERENCE_PATH}/"):
            return self._plain(self._reference(path.removeprefix(REFERENCE_PATH)))
        return _put(request, await self._delivery.carry(await _read(request, path)))

    def say_goodbye(self) -> None:
        """Close every stream."""
        for session in tuple(self._sessions.values()):
            session.hang_up(Close(1001, "going away"))

    def _plain(self, answer: HttpReply) -> web.Response:
        return _response(dated(answer, self._desk.exchange.now_ms))

    def _reference(self, path: str) -> HttpReply:
        if path == "/clock":
            return reply(200, reference_clock(self._desk, self.pacer.speed))
        return reply(200, reference_values(self._desk)) if path == "/values" else refuse(refusals.not_found())

    async def _stream(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = _headers(request)
        befallen = await self._delivery.upgrade(headers)
        if befallen is not None:
            return _put(request, befallen)
        wake = asyncio.Event()
        try:
            session = self._open(headers, wake)
        except Refusal as refusal:
            return self._plain(refuse(TooMany() if refusal.status == HTTPStatus.TOO_MANY_REQUESTS else refusal))
        socket_ = web.WebSocketResponse(
            timeout=_GOODBYE_S, autoping=False, compress=False, max_msg_size=self._desk.hub.limits.command_bytes
        )
        try:
            await socket_.prepare(request)
            await _Stream(session, socket_, request, wake).run()
        finally:
            session.close()
            self._sessions.pop(session.number, None)
        return socket_

    def _open(self, headers: Mapping[str, str], wake: asyncio.Event) -> Session:
        key = self._desk.rest.authenticate("GET", STREAM_PATH, headers)
        require_scope(key, "read")
        session = self._desk.hub.open(key.user_id, wake.set, key.subaccount)
        self._sessions[session.number] = session
        return session


class _Stream:
    """One WebSocket: reads commands, writes frames in bulk, and takes no more than its client reads."""

    def __init__(
        self, session: Session, socket_: web.WebSocketResponse, request: web.BaseRequest, wake: asyncio.Event
    ) -> None:
        self._session = session
        self._socket = socket_
        self._request = request
        self._wake = wake

    async def run(self) -> None:
        """Serve until either side ends it."""
        writing = asyncio.create_task(self._write())
        try:
            await self._read()
        finally:
            writing.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await writing

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                self._session.receive(message.data)
            elif message.type is WSMsgType.PING and not self._session.silent:
                self._put(pong(message.data))

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._let_it_read()
            data, close = joined(self._session.take())
            self._put(data)
            if close is not None:
                await self._end(close)
                return

    async def _let_it_read(self) -> None:
        transport = self._request.transport
        while transport is not None and transport.get_write_buffer_size() > _HIGH_WATER:
            await asyncio.sleep(_LOOK_AGAIN_S)
            transport = self._request.transport

    def _put(self, data: bytes) -> None:
        transport = self._request.transport
        if data and transport is not None and not transport.is_closing():
            transport.write(data)

    async def _end(self, close: Close) -> None:
        if close.abrupt:
            _cut(self._request)
        else:
            await self._socket.close(code=close.code, message=close.reason.encode())


async def _read(request: web.BaseRequest, path: str) -> HttpRequest:
    query = tuple(request.query.items())
    return HttpRequest(request.method, path, query, _headers(request), await request.read())


def _headers(request: web.BaseRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _response(answer: HttpReply) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


def _put(request: web.BaseRequest, delivered: Delivered) -> web.Response:
    if delivered.reply is None:
        _cut(request)
    elif delivered.keep_bytes is not None:
        _put_part(request, delivered.reply, delivered.keep_bytes)
    else:
        return _response(delivered.reply)
    return web.Response()  # goes nowhere: the connection is closing


def _put_part(request: web.BaseRequest, answer: HttpReply, keep_bytes: int) -> None:
    """Announce the whole answer, send its beginning and hang up."""
    status = HTTPStatus(answer.status)
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
    if request.transport is not None:
        head += f"Content-Length: {len(answer.body)}\r\n\r\n"
        request.transport.write(head.encode() + answer.body[:keep_bytes])
        request.transport.close()


def _cut(request: web.BaseRequest) -> None:
    """Reset the connection: what was not sent is lost, and the client learns no more than that."""
    transport = request.transport
    if transport is not None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_OFF)
        transport.abort()
