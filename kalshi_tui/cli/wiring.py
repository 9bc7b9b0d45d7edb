"""Where objects meet: settings become a venue, a stream and a clock; one small function for each way to get there."""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from kalshi_tui.adapters.clock import SystemClock, system_chance
from kalshi_tui.adapters.exchange_clock import ExchangeClock
from kalshi_tui.adapters.http import HttpxTransport
from kalshi_tui.adapters.practice_key import practice_key_file
from kalshi_tui.adapters.secrets import load_key
from kalshi_tui.cli.output import print_words
from kalshi_tui.config.load import data_folder, load_settings, user_file
from kalshi_tui.config.schema import Environment, Settings, TransportName
from kalshi_tui.core.events import Event
from kalshi_tui.engine.feed import Feed, FeedRules, FeedStatus, Machine
from kalshi_tui.engine.ports import Clock, StreamTransport
from kalshi_tui.engine.venue import Patience, Venue
from kalshi_tui.errors import ConfigError, SecretError
from kalshi_tui.protocol.signing import Signer, load_signer


@dataclass(frozen=True, slots=True)
class Address:
    """Where a venue answers, who signs there, and whose time counts."""

    rest_url: str
    stream_url: str
    signer: Signer | None
    clock: Clock
    words: str


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
            rules=FeedRules(),
        )


def read_settings(flags: Mapping[str, str]) -> Settings:
    """Read all layers of settings, and tell on stderr what should be put right about them."""
    config_file = flags.get("config_file")
    names = {"environment": "--env", "log_level": "--log-level"}
    settings = load_settings(
        environ=os.environ,
        folder=Path.cwd(),
        flags={names[name]: value for name, value in flags.items() if name in names},
        config_file=None if config_file is None else Path(config_file),
        own_file=user_file(),
    )
    for notice in settings.notices:
        print_words(f"warning: {notice.message}\nhint: {notice.hint}")
    return settings


@asynccontextmanager
async def open_session(ctx: click.Context) -> AsyncIterator[Session]:
    """Open what the settings name: a real venue, a running practice exchange, or one that is started here."""
    flags: Mapping[str, str] = ctx.obj or {}
    settings = read_settings(flags)
    async with AsyncExitStack() as stack:
        address = await find_address(settings, flags, stack)
        http = HttpxTransport(address.rest_url)
        stack.push_async_callback(http.close)
        network = settings.network
        patience = Patience(
            deadline_s=network.answer_timeout_s,
            attempts=network.read_retries + 1,
            base_s=network.backoff_first_s,
            cap_s=network.backoff_limit_s,
        )
        venue = Venue(http, address.clock, system_chance, signer=address.signer, patience=patience)
        yield Session(settings, address, venue)


async def find_address(settings: Settings, flags: Mapping[str, str], stack: AsyncExitStack) -> Address:
    """Choose the venue: a ready file first, then the addresses in the settings, then an exchange of our own."""
    if "ready_file" in flags:
        return await running_exchange(Path(flags["ready_file"]))
    if settings.environment is Environment.PRACTICE and not settings.venue.rest_url:
        return await own_exchange(settings, stack)
    loaded = load_key(settings, data=data_folder())
    for notice in loaded.notices if loaded else ():
        print_words(f"warning: {notice.message}\nhint: {notice.hint}")
    return Address(
        settings.venue.rest_url,
        settings.venue.stream_url,
        loaded.signer if loaded else None,
        SystemClock(),
        str(settings.environment),
    )


async def running_exchange(ready_file: Path) -> Address:
    """Attach to a practice exchange that runs in another process."""
    told, pem = read_ready_file(ready_file)
    clock = await exchange_clock(told["reference_url"])
    signer = load_signer(told["key_id"], pem)
    return Address(told["rest_url"], told["ws_url"], signer, clock, "practice, running apart")


def read_ready_file(ready_file: Path) -> tuple[dict[str, str], bytes]:
    """Read where a practice exchange is, and the key that signs there."""
    try:
        told = json.loads(ready_file.read_text())
        names = ("rest_url", "ws_url", "reference_url", "key_id")
        return {name: told[name] for name in names}, Path(told["key_file"]).read_bytes()
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise ConfigError(
            f"{ready_file} does not tell where a practice exchange is: {problem}",
            hint=f"start one with: kalshi-tui exchange --ready-file {ready_file}",
        ) from None


async def exchange_clock(reference_url: str) -> Clock:
    """Ask a practice exchange for its time and speed."""
    http = HttpxTransport(reference_url.removesuffix("/reference"))
    try:
        reply = await http.send("GET", "/reference/clock", {}, None)
    finally:
        await http.close()
    told = json.loads(reply.body)
    return ExchangeClock(told["now_ms"], told["speed"])


async def own_exchange(settings: Settings, stack: AsyncExitStack) -> Address:
    """Start a practice exchange in this process, on a port that nobody else uses."""
    from kalshi_tui.practice.desk import open_desk  # noqa: PLC0415 - other venues need not load the exchange
    from kalshi_tui.practice.server import serve  # noqa: PLC0415 - as above

    practice = settings.practice
    key_file = practice_key_file(data_folder())
    pem = key_file.read_bytes()
    desk = open_desk(world=practice.world, seed=practice.seed, start_ms=time.time_ns() // 1_000_000, key_pem=pem)
    running = await serve(desk, speed=practice.speed)
    stack.push_async_callback(running.close)
    clock = await exchange_clock(running.reference_url)
    words = f"practice, world {desk.world}, seed {desk.seed}"
    return Address(running.rest_url, running.ws_url, load_signer(desk.key_id, pem), clock, words)


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
