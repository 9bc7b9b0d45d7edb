"""The command `engine`: starts, stops and shows the process that holds the keys and follows the markets."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from kalshi_tui.adapters.engine_place import Place, Taken
from kalshi_tui.cli.desk_child import DeskChild, needs_desk, open_desk_child
from kalshi_tui.cli.launching import Launch, launch_of, note_of, stop_process
from kalshi_tui.cli.loading import load
from kalshi_tui.cli.output import print_json, print_words
from kalshi_tui.config.schema import Settings
from kalshi_tui.errors import ConfigError, TransportError
from kalshi_tui.link.intents import StopEngine

if TYPE_CHECKING:
    from kalshi_tui.link.client import Link

_STOP_S = 10.0
_SIGNAL_S = 5.0
_LOOK_EVERY_S = 0.02


@click.group("engine", short_help="Start, stop or show the engine")
def command() -> None:
    """Run the process that follows the markets; terminals and commands attach to it.

    There is one for each account and mode. `kalshi-tui` starts one by itself where none runs.
    """


@command.command("start")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def start(ctx: click.Context, /, *, as_json: bool) -> None:
    """Start an engine that stays, or say that one runs already."""
    asyncio.run(_start(launch_of(ctx.obj or {}), as_json=as_json))


@command.command("stop")
@click.option("--force", is_flag=True, help="Also when it is at work, or does not answer.")
@click.pass_context
def stop(ctx: click.Context, /, *, force: bool) -> None:
    """End the engine."""
    asyncio.run(_stop(launch_of(ctx.obj or {}), force=force))


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def status(ctx: click.Context, /, *, as_json: bool) -> None:
    """Show how the engine is (the same as `kalshi-tui status`)."""
    shown = load("kalshi_tui.cli.status")
    asyncio.run(shown.show(launch_of(ctx.obj or {}), as_json=as_json))


@command.command("serve", hidden=True)
@click.option("--stays", is_flag=True)
@click.pass_context
def serve(ctx: click.Context, /, *, stays: bool) -> None:
    """Run the engine in this process: what `start` and the terminal call."""
    launch = launch_of(ctx.obj or {})
    with place_taken(launch.settings, launch.place) as (taken, desk):
        load("kalshi_tui.cli.serving").serve(launch, taken, desk, stays=stays, flags=ctx.obj or {})


@contextmanager
def place_taken(settings: Settings, place: Place) -> Iterator[tuple[Taken, DeskChild | None]]:
    """Hold the engine's place, and an exchange where the settings name none, while an engine is run.

    The exchange is started first: it opens while the engine's libraries load.
    """
    taken = place.take()
    if taken is None:
        note = place.note()
        raise ConfigError(
            f"an engine for {place.name} runs already" + (f" (process {note.pid})" if note else ""),
            hint="`kalshi-tui engine status` shows it, `kalshi-tui engine stop` ends it",
        )
    taken.write(note_of(settings, started_ms=0))  # so that one which hangs while it starts can be ended, too
    desk = None
    try:
        desk = open_desk_child(settings, place) if needs_desk(settings) else None
        yield taken, desk
    finally:
        if desk is not None:
            desk.end()
        taken.leave()


async def _start(launch: Launch, *, as_json: bool) -> None:
    was_running = launch.place.is_taken()
    link = await launch.attach_or_start("engine start", stays=True)
    welcome = link.welcome
    await link.close()
    if as_json:
        print_json({"started": not was_running, "pid": welcome.engine_pid, "mode": welcome.mode})
        return
    what = "runs already" if was_running else "started"
    print_words(f"engine {what}: {welcome.mode}, account {welcome.account}, process {welcome.engine_pid}")


async def _stop(launch: Launch, *, force: bool) -> None:
    note = launch.place.note()
    if note is None and not launch.place.is_taken():
        print_words(f"no engine runs for {launch.place.name}")
        return
    try:
        link = await launch.attach("engine stop")
        await _ask_to_stop(link, launch.place, force=force)
    except (TransportError, ConfigError):
        if not force or note is None:
            raise
        stop_process(note.pid, (signal.SIGTERM, signal.SIGKILL), launch.place.is_taken, patience_s=_SIGNAL_S)
    print_words("engine stopped")


async def _ask_to_stop(link: Link, place: Place, *, force: bool) -> None:
    try:
        await link.ask(StopEngine(force=force))
        async with asyncio.timeout(_STOP_S):
            await link.ended()
            while place.is_taken():  # noqa: ASYNC110 - a lock of another process: tape and storage are put away first
                await asyncio.sleep(_LOOK_EVERY_S)
    except TimeoutError:
        raise TransportError(
            f"the engine has not ended within {_STOP_S:g} s", hint="end it anyway: kalshi-tui engine stop --force"
        ) from None
    finally:
        await link.close()
