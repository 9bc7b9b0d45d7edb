"""Streams over picows (extra `fast`): the same behaviour for a fraction of the time a frame costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, cast

import kalshi_tui
from kalshi_tui.adapters.http import origin_of, words
from kalshi_tui.adapters.inbox import MAX_MESSAGE, Inbox, upgrade_refused
from kalshi_tui.engine.feed import STREAM_PATH
from kalshi_tui.errors import ConfigError, TransportError

try:
    from picows import (
        WSCloseCode,
        WSError,
        WSFrame,
        WSHandshakeError,
        WSListener,
        WSMsgType,
        WSTransport,
        ws_connect,
    )
except ImportError as missing:
    raise ConfigError(
        "the fast stream needs picows, which is not installed",
        hint='install the extra: pip install "kalshi-tui[fast]", or choose the `websockets` transport',
    ) from missing

_OPEN_S: Final = 10.0


class _Listener(WSListener):
    """Hands messages to an inbox and answers pings."""

    def __init__(self, max_message: int) -> None:
        super().__init__()
        self.inbox = Inbox(max_message)
        self._max_message = max_message
        self.on_ping: Callable[[], None] | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        socket = transport.underlying_transport
        self.inbox.pause, self.inbox.resume = socket.pause_reading, socket.resume_reading

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        # The library reports a frame beyond its bound, and hands it over all the same.
        if kind == WSMsgType.TEXT and frame.fin and frame.payload_size <= self._max_message:
            self.inbox.put(frame.get_payload_as_bytes())
        elif kind in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION):
            if not self.inbox.put_part(frame.get_payload_as_bytes(), is_last=frame.fin):
                self.inbox.end("a message was too large")
                transport.send_close(WSCloseCode.MESSAGE_TOO_BIG)
                transport.disconnect()
        elif kind == WSMsgType.PING:
            # Answered here and not by the library, which would keep the ping to itself.
            transport.send_pong(frame.get_payload_as_bytes())
            if self.on_ping is not None:
                self.on_ping()
        elif kind == WSMsgType.CLOSE:
            self.inbox.end(f"the venue closed it ({frame.get_close_code()})")
            transport.send_close(frame.get_close_code())
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002 - the library passes it by name
        self.inbox.end("the connection was cut off")


class _Open:
    """The port's connection."""

    def __init__(self, transport: WSTransport, listener: _Listener) -> None:
        self._transport = transport
        self._listener = listener

    @property
    def on_ping(self) -> Callable[[], None] | None:
        return self._listener.on_ping

    @on_ping.setter
    def on_ping(self, call: Callable[[], None] | None) -> None:
        self._listener.on_ping = call

    async def receive(self) -> list[bytes]:
        return await self._listener.inbox.take()

    async def send(self, data: bytes) -> None:
        if self._transport.is_disconnected or self._transport.is_close_frame_sent:
            raise TransportError("the stream was closed", hint="it is opened again by itself")
        self._transport.send(WSMsgType.TEXT, data)

    async def close(self) -> None:
        if self._transport.is_disconnected:
            return
        self._transport.send_close(WSCloseCode.OK)
        self._transport.disconnect()
        try:
            await self._transport.wait_disconnected()
        except WSError:
            return  # it broke off by itself meanwhile, which the reader has been told
        finally:
            self._transport.disconnect(graceful=False)


class PicowsTransport:
    """One address such as wss://host or wss://host/trade-api/ws/v2."""

    def __init__(self, address: str, *, proxy: str | None = None, max_message: int = MAX_MESSAGE) -> None:
        """Open nothing yet; TLS is verified, and a proxy is used only where one is named here."""
        self._address = origin_of(address, ("ws", "wss"), STREAM_PATH) + STREAM_PATH
        self._proxy = proxy
        self._max_message = max_message

    async def connect(self, headers: Mapping[str, str]) -> _Open:
        """Open one connection with these headers."""
        agent = {"User-Agent": f"kalshi-tui/{kalshi_tui.__version__}"}
        try:
            transport, listener = await ws_connect(
                lambda: _Listener(self._max_message),
                self._address,
                extra_headers={**agent, **headers},
                websocket_handshake_timeout=_OPEN_S,
                enable_auto_pong=False,
                max_frame_size=self._max_message,
                max_redirects=0,
                proxy=self._proxy,
            )
        except WSHandshakeError as refused:
            if refused.response is None:
                raise TransportError(f"no stream from {self._address}: {refused}", hint="trying again") from refused
            named = {name.lower(): value for name, value in refused.response.headers.items()}
            raise upgrade_refused(int(refused.response.status), named, refused.raw_body or b"") from None
        except (WSError, OSError, TimeoutError) as problem:
            raise TransportError(
                f"no stream from {self._address}: {words(problem)}",
                hint="check the network, the address in the settings and the venue's status page",
            ) from problem
        return _Open(transport, cast("_Listener", listener))
