"""Puts an engine together from settings, and runs it in this process under its lock until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Final

from kalshi_tui import __version__
from kalshi_tui.adapters.clock import system_chance
from kalshi_tui.adapters.collector import spare
from kalshi_tui.adapters.engine_place import Taken
from kalshi_tui.adapters.engine_socket import listen
from kalshi_tui.adapters.http import HttpxTransport
from kalshi_tui.adapters.journal_schema import WORLD
from kalshi_tui.adapters.secrets import load_key
from kalshi_tui.adapters.sqlite import SqliteStorage, storage_file
from kalshi_tui.adapters.tape_files import TapeWriter
from kalshi_tui.cli.desk_child import DeskChild
from kalshi_tui.cli.launching import note_of
from kalshi_tui.cli.rules import kernel_rules, link_rules, tape_rules
from kalshi_tui.cli.trading_host import trading_of, watchdog_of
from kalshi_tui.cli.wiring import (
    Address,
    desk_address,
    feed_rules,
    find_address,
    patience_of,
    stream_transport,
)
from kalshi_tui.config.load import data_folder
from kalshi_tui.config.modes import account_name, mode_of, settings_hash
from kalshi_tui.config.schema import Environment, ExecutionMode, Settings
from kalshi_tui.engine.inputs import CODEC, Opening
from kalshi_tui.engine.no_recorder import NoRecorder
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.ports import Recorder
from kalshi_tui.engine.running import Engine
from kalshi_tui.engine.surroundings import Surroundings, Watch
from kalshi_tui.engine.venue import Venue
from kalshi_tui.protocol.signing import Scope, Signer

_LOOK_S: Final = 1.0
_LOG: Final = logging.getLogger("kalshi_tui.engine")


async def host(
    settings: Settings,
    taken: Taken,
    desk: DeskChild | None,
    *,
    stays: bool,
    lines_lost: Callable[[], int] = lambda: 0,
    beside: Callable[[Engine], Awaitable[None]] | None = None,
    is_flagged: bool = False,
) -> Engine:
    """Run an engine until it is stopped, or until `beside`, which is run with it, ends; return it as it was then."""
    async with AsyncExitStack() as stack:
        engine = await make_engine(settings, desk, stack, stays=stays, lines_lost=lines_lost, is_flagged=is_flagged)
        spare()  # all the modules
        if desk is not None:
            engine.tell("this practice world was opened with the engine; the next engine opens a new one")
        if taken.crashed is not None:
            engine.warn(f"the engine before this one (process {taken.crashed.pid}) ended without a word")
        taken.write(note_of(settings, started_ms=engine.welcome(0).started_ms))
        stack.push_async_callback(await listen(taken.place.socket, engine.serve))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, engine.stopping.set)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, engine.kill, "the signal USR1 was sent")
        watch = asyncio.ensure_future(_watch_desk(desk, engine))
        stack.callback(watch.cancel)
        await _run(engine, beside)
        return engine


async def _watch_desk(desk: DeskChild | None, engine: Engine) -> None:
    """Tell when the exchange that was opened for us has ended: its markets will not come back."""
    while desk is not None:
        await asyncio.sleep(_LOOK_S)
        if (code := desk.process.poll()) is not None:
            engine.warn(f"the practice exchange has ended (code {code}); end the engine and start it anew")
            return


def scope_of(settings: Settings) -> Scope:
    """Return what an engine's key may sign: nothing that could sign an order exists where none is to be sent."""
    return Scope.TRADE if settings.execution_mode is ExecutionMode.LIVE else Scope.READ


async def make_engine(
    settings: Settings,
    desk: DeskChild | None,
    stack: AsyncExitStack,
    *,
    stays: bool,
    lines_lost: Callable[[], int] = lambda: 0,
    is_flagged: bool = False,
) -> Engine:
    """Open what an engine stands on, and put it together."""
    scope = scope_of(settings)
    loaded = load_key(settings, scope, data=data_folder())
    for notice in loaded.notices if loaded else ():
        _LOG.warning("%s; %s", notice.message, notice.hint)
    signer = loaded.signer if loaded else None
    address = await _address(settings, signer, scope, desk, stack)
    http = HttpxTransport(address.rest_url)
    stack.push_async_callback(http.close)
    account, mode = account_name(settings), mode_of(settings)
    names = (str(settings.environment), account, str(settings.execution_mode))
    storage = SqliteStorage(storage_file(data_folder(), *names), names, settings.storage)
    await storage.open()
    is_practice = settings.environment is Environment.PRACTICE
    now_ms = address.clock.now_ms()
    run = f"{WORLD}-{now_ms:x}" if desk is not None else ""
    trading = trading_of(settings, run=run, is_flagged=is_flagged) if address.signer is not None else None
    for problem in trading.plugins.problems if trading else ():
        _LOG.warning("plugins: %s", problem)
    opening = Opening(
        at_ms=now_ms,
        codec=CODEC,
        program=__version__,
        settings_hash=settings_hash(settings),
        environment=str(settings.environment),
        execution=str(settings.execution_mode),
        account=account,
        mode=mode.word,
        words=address.words,
        engine_pid=os.getpid(),
        started_ms=now_ms,
        is_first=True,
        rules=kernel_rules(settings, has_references=is_practice),
        orders=trading.rules if trading else OrderRules(),
        limits=dict(settings.limits.options()),
        trades=trading is not None,
    )
    watchdog = None
    if scope is Scope.TRADE:
        watchdog, stall = watchdog_of(settings, address)
        watchdog.start()
        stack.callback(watchdog.stop)

    async def ask_reference() -> bytes:
        reply = await http.send("GET", "/reference/values", {}, None)
        return reply.body

    venue = Venue(http, address.clock, system_chance, signer=address.signer, patience=patience_of(settings.network))
    around = Surroundings(
        venue=venue,
        stream=stream_transport(settings, address),
        signer=address.signer,
        clock=address.clock,
        chance=system_chance,
        storage=storage,
        recorder=_recorder(settings, account),
        ask_reference=ask_reference if is_practice else None,
        speed=address.speed,
        stays=stays,
        is_lasting=desk is None,
        lines_lost=lines_lost,
        has_settled=spare,
        outside=trading.outside if trading else None,
        risk_checks=trading.plugins.checks if trading and trading.plugins.bundled else (),
        watch=Watch(watchdog.beat, lambda: stall.is_set, stall.clear) if watchdog is not None else None,
    )
    return Engine(opening, around, feed_rules=feed_rules(settings.stream), link_rules=link_rules(settings.link))


def _recorder(settings: Settings, account: str) -> Recorder:
    if not settings.tape.enabled:
        return NoRecorder()
    return TapeWriter(data_folder() / "tapes" / f"{account}-{settings.execution_mode}", tape_rules(settings.tape))


async def _run(engine: Engine, beside: Callable[[Engine], Awaitable[None]] | None) -> None:
    running = asyncio.ensure_future(engine.run())
    tasks = [running, *([asyncio.ensure_future(beside(engine))] if beside else [])]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    engine.stopping.set()
    for task in tasks[1:]:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    for problem in done:
        if isinstance(problem, Exception):
            raise problem


async def _address(
    settings: Settings, signer: Signer | None, scope: Scope, desk: DeskChild | None, stack: AsyncExitStack
) -> Address:
    """Return the venue of the settings: the exchange that was opened for us, or the one that they name."""
    if desk is None:
        return await find_address(settings, signer, scope, stack)
    return await desk_address(await desk.opened(), scope)
