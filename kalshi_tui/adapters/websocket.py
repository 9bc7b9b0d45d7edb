"""Streams over `websockets`: uncompressed, bounded, never redirected, the server's pings noticed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.frames import DATA_OPCODES, Frame, Opcode
from websockets.protocol import Event

import kalshi_tui
from kalshi_tui.adapters.http import origin_of, words
from kalshi_tui.adapters.inbox import MAX_MESSAGE, Inbox, upgrade_refused
from kalshi_tui.engine.feed import STREAM_PATH
from kalshi_tui.errors import TransportError

_OPEN_S: Final = 10.0
_CLOSE_S: Final = 1.0


class _Connection(ClientConnection):
    """Hands messages to an inbox as they are parsed, so that one wake-up serves a whole burst."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.inbox = Inbox()
        self.on_ping: Callable[[], None] | None = None

    def process_event(self, event: Event) -> None:
        """Keep data, notice pings (the library has answered them already), leave the rest to the library."""
        if isinstance(event, Frame) and event.opcode in DATA_OPCODES:
            if event.fin and event.opcode is not Opcode.CONT:
                self.inbox.put(bytes(event.data))
            else:
                # The library bounds the sum of the parts, so the inbox need not refuse.
                self.inbox.put_part(bytes(event.data), is_last=event.fin)
            return
        if isinstance(event, Frame) and event.opcode is Opcode.PING and self.on_ping is not None:
            self.on_ping()
        super().process_event(event)

    def connection_made(self, transport: Any) -> None:
        """Let the inbox pause the socket."""
        super().connection_made(transport)
        self.inbox.pause, self.inbox.resume = self.transport.pause_reading, self.transport.resume_reading

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the reader why it ends."""
        super().connection_lost(exc)
        self.inbox.end(str(self.protocol.close_exc))


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception:
        """Follow nothing: the signature would go along to wherever the answer points."""
        return exc


class _Open:
    """The port's connection."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    @property
    def on_ping(self) -> Callable[[], None] | None:
        return self._connection.on_ping

    @on_ping.setter
    def on_ping(self, call: Callable[[], None] | None) -> None:
        self._connection.on_ping = call

    async def receive(self) -> list[bytes]:
        return await self._connection.inbox.take()

    async def send(self, data: bytes) -> None:
        try:
            await self._connection.send(data, text=True)
        except (WebSocketException, OSError) as problem:
            raise TransportError(f"the stream was closed: {problem}", hint="it is opened again by itself") from problem

    async def close(self) -> None:
        await self._connection.close()


class WebsocketsTransport:
    """One address such as wss://host or wss://host/trade-api/ws/v2."""

    def __init__(self, address: str, *, proxy: str | None = None, max_message: int = MAX_MESSAGE) -> None:
        """Open nothing yet; TLS is verified, and a proxy is used only where one is named here."""
        self._address = origin_of(address, ("ws", "wss"), STREAM_PATH) + STREAM_PATH
        self._proxy = proxy
        self._max_message = max_message

    async def connect(self, headers: Mapping[str, str]) -> _Open:
        """Open one connection with these headers."""
        try:
            connection = await _Connect(
                self._address,
                additional_headers=dict(headers),
                user_agent_header=f"kalshi-tui/{kalshi_tui.__version__}",
                compression=None,
                proxy=self._proxy,
                open_timeout=_OPEN_S,
                close_timeout=_CLOSE_S,
                ping_interval=None,  # the venue pings, and the feed's watchdog notices when it stops
                max_size=self._max_message,
                create_connection=_Connection,
            )
        except InvalidStatus as refused:
            response = refused.response
            named = {name.lower(): value for name, value in response.headers.raw_items()}
            raise upgrade_refused(response.status_code, named, bytes(response.body)) from None
        except (WebSocketException, OSError, TimeoutError) as problem:
            raise TransportError(
                f"no stream from {self._address}: {words(problem)}",
                hint="check the network, the address in the settings and the venue's status page",
            ) from problem
        return _Open(cast("_Connection", connection))
