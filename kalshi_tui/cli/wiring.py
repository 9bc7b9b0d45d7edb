"""Where objects meet: settings become a venue, a stream and a clock; one small function for each way to get there."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import click

from kalshi_tui.adapters.clock import SystemClock, system_chance
from kalshi_tui.adapters.engine_place import engine_place
from kalshi_tui.adapters.exchange_clock import ExchangeClock
from kalshi_tui.adapters.http import HttpxTransport
from kalshi_tui.adapters.key_files import read_private_file
from kalshi_tui.adapters.practice_key import practice_key_file
from kalshi_tui.adapters.secrets import load_hidden, load_key
from kalshi_tui.cli.settings import read_settings, warn
from kalshi_tui.config.load import data_folder
from kalshi_tui.config.modes import account_name
from kalshi_tui.config.ready import read_ready_file
from kalshi_tui.config.schema import Environment, NetworkSettings, Settings, StreamSettings, TransportName
from kalshi_tui.core.events import Event
from kalshi_tui.engine.backoff import ReconnectRules
from kalshi_tui.engine.feed import Feed, FeedRules, FeedStatus, Machine
from kalshi_tui.engine.ports import Clock, StreamTransport
from kalshi_tui.engine.venue import Patience, Venue
from kalshi_tui.errors import ConfigError, RemoteProtocolError, SecretError, TransportError
from kalshi_tui.protocol.signing import Scope, Signer

_START_ONE = "start one in another window: kalshi-tui exchange --ready-file FILE, and name that FILE here"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a venue answers, who signs there, and whose time counts."""

    rest_url: str
    stream_url: str
    signer: Signer | None
    clock: Clock
    words: str
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class Session:
    """What a command works with."""

    settings: Settings
    address: Address
    venue: Venue

    @property
    def clock(self) -> Clock:
        """Return the clock whose time counts at this venue."""
        return self.address.clock

    def feed(self, stream: Machine, deliver: Callable[[Event], None], on_status: Callable[[FeedStatus], None]) -> Feed:
        """Return a feed that will run `stream` over this session's address."""
        if self.address.signer is None:
            raise SecretError(
                f"following books needs a key for {self.settings.environment}, also for public data",
                hint="set its key id and key file (docs/configuration.md), or leave out --follow",
            )
        return Feed(
            stream,
            stream_transport(self.settings, self.address),
            self.clock,
            system_chance,
            deliver,
            signer=self.address.signer,
            offset_ms=lambda: self.venue.offset_ms,
            on_status=on_status,
            rules=feed_rules(self.settings.stream),
        )


@asynccontextmanager
async def open_session(ctx: click.Context) -> AsyncIterator[Session]:
    """Open what the settings name: a real venue, a running practice exchange, or one that is started here."""
    settings = read_settings(ctx.obj or {})
    loaded = load_key(settings, Scope.READ, data=data_folder())
    warn(loaded.notices if loaded else ())
    async with AsyncExitStack() as stack:
        address = await find_address(settings, loaded.signer if loaded else None, Scope.READ, stack)
        http = HttpxTransport(address.rest_url)
        stack.push_async_callback(http.close)
        patience = patience_of(settings.network)
        venue = Venue(http, address.clock, system_chance, signer=address.signer, patience=patience)
        yield Session(settings, address, venue)


async def find_address(settings: Settings, signer: Signer | None, scope: Scope, stack: AsyncExitStack) -> Address:
    """Choose the venue: the addresses in the settings, or for practice without any an exchange of our own.

    An exchange of our own has its own key, which is loaded for the scope.
    """
    venue = settings.venue
    if settings.environment is not Environment.PRACTICE:
        return Address(venue.rest_url, venue.stream_url, signer, SystemClock(), str(settings.environment))
    if venue.rest_url:
        clock = await exchange_clock(venue.rest_url)
        return Address(venue.rest_url, venue.stream_url, signer, clock, "practice, running apart", clock.speed)
    place = engine_place(data_folder(), account_name(settings), settings.execution_mode)
    if place.is_taken() and place.desk.exists():
        with suppress(TransportError):  # an engine that is just ending has ended its exchange first
            return await desk_address(place.desk, scope)
    return await own_exchange(settings, scope, stack)


async def desk_address(ready: Path, scope: Scope) -> Address:
    """Return where the exchange answers that wrote a ready file."""
    found = {name: str(value) for name, value in read_ready_file(ready).items()}
    venue = "venues.practice."
    clock = await exchange_clock(found[f"{venue}rest_url"])
    words = f"practice, world {found['practice.world']}, seed {found['practice.seed']}"
    key_file = Path(found[f"{venue}key_path"])
    signer = load_hidden(found[f"{venue}key_id"], lambda: read_private_file(key_file), scope)
    return Address(found[f"{venue}rest_url"], found[f"{venue}stream_url"], signer, clock, words, clock.speed)


async def exchange_clock(rest_url: str) -> ExchangeClock:
    """Ask a practice exchange for its time and speed."""
    http = HttpxTransport(rest_url)
    try:
        reply = await http.send("GET", "/reference/clock", {}, None)
    except TransportError as problem:
        raise TransportError(f"{problem.message}; is that practice exchange still running?", hint=_START_ONE) from None
    finally:
        await http.close()
    try:
        told = json.loads(reply.body)
        return ExchangeClock(told["now_ms"], told["speed"])
    except (ValueError, KeyError, TypeError):
        raise RemoteProtocolError(
            f"{rest_url} does not tell a practice exchange's time",
            hint=_START_ONE,
        ) from None


async def own_exchange(settings: Settings, scope: Scope, stack: AsyncExitStack) -> Address:
    """Start a practice exchange in this process, on a port that nobody else uses."""
    from kalshi_tui.practice.desk import WORLD_PAST_MS, open_desk  # noqa: PLC0415 - other venues need not load the exchange
    from kalshi_tui.practice.server import serve  # noqa: PLC0415 - as above
    from kalshi_tui.practice.worldfile import WorldRefused  # noqa: PLC0415 - as above

    practice = settings.practice
    pem = read_private_file(practice_key_file(data_folder()))
    now_ms = time.time_ns() // 1_000_000
    try:
        desk = open_desk(world=practice.world, seed=practice.seed, start_ms=now_ms, past_ms=WORLD_PAST_MS, key_pem=pem)
    except WorldRefused as problem:
        raise ConfigError(problem.message, hint=problem.hint) from None
    running = await serve(desk, speed=practice.speed)
    stack.push_async_callback(running.close)
    clock = await exchange_clock(running.rest_url)
    words = f"practice, world {desk.world}, seed {desk.seed}"
    signer = load_hidden(desk.key_id, lambda: pem, scope)
    return Address(running.rest_url, running.ws_url, signer, clock, words, clock.speed)


def patience_of(network: NetworkSettings) -> Patience:
    """Return how long and how often a question is asked, as the settings have it."""
    return Patience(
        deadline_s=network.answer_timeout_s,
        attempts=network.read_retries + 1,
        base_s=network.backoff_first_s,
        cap_s=network.backoff_limit_s,
    )


def feed_rules(settings: StreamSettings) -> FeedRules:
    """Return how patiently a feed comes back, as the settings have it."""
    return FeedRules(reconnects=ReconnectRules(base_s=settings.reconnect_first_s, cap_s=settings.reconnect_limit_s))


def stream_transport(settings: Settings, address: Address) -> StreamTransport:
    """Return the fastest transport that is installed, or the one that the settings name."""
    wanted = settings.stream.transport
    if wanted is not TransportName.WEBSOCKETS:
        try:
            from kalshi_tui.adapters.fast import PicowsTransport  # noqa: PLC0415 - an extra that may be missing

            return PicowsTransport(address.stream_url)
        except ConfigError:
            if wanted is TransportName.PICOWS:
                raise
    from kalshi_tui.adapters.websocket import WebsocketsTransport  # noqa: PLC0415 - 90 ms that picows spares

    return WebsocketsTransport(address.stream_url)
