"""Gives trading commands a link: to the engine that runs, or to one that is run for the command alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

import click

from kalshi_tui.cli.exits import CHECK_FAILED
from kalshi_tui.cli.launching import Launch, launch_of
from kalshi_tui.cli.loading import load
from kalshi_tui.cli.loops import run_until_told
from kalshi_tui.cli.output import print_words
from kalshi_tui.config.load import log_folder
from kalshi_tui.config.schema import Environment, Settings
from kalshi_tui.errors import KalshiTuiError, LocalProtocolError, RemoteProtocolError, SecretError, TransportError
from kalshi_tui.link.client import Link, attach
from kalshi_tui.link.intents import Intent, Result
from kalshi_tui.link.keys import Key, TradingKey
from kalshi_tui.link.pipes import memory_pipes
from kalshi_tui.link.trading import TradingView

if TYPE_CHECKING:
    from kalshi_tui.engine.running import Engine

Work = Callable[[Link], Awaitable[int]]
V = TypeVar("V")
COMPARED_S: Final = 20.0  # that the first comparison with the venue gets
_INTERRUPTED: Final = 130


class Refused(click.ClickException):
    """The engine understood and said no: the program ends with 1, as after a failed check."""

    exit_code = CHECK_FAILED

    def __init__(self, problem: KalshiTuiError) -> None:
        super().__init__(problem.message)
        self.hint = problem.hint

    def show(self, file: IO[Any] | None = None) -> None:
        """Say why, and what to do next."""
        click.echo(f"error: {self.message}" + (f"\nhint: {self.hint}" if self.hint else ""), file=file, err=True)


def trade(
    flags: Mapping[str, str],
    name: str,
    work: Work,
    *,
    only_looks: bool = False,
    needs_engine: bool = False,
    waits: bool = True,
) -> int:
    """Do `work` with a link and return its exit code, once the engine has compared with the venue if it `waits`.

    An engine that is run for a command that adds nothing (`only_looks`) leaves alone what works, whatever the settings
    say of its end. Where `needs_engine`, none is run for the command alone: what it changes would end with it.
    """
    launch = launch_of(flags)
    settings = launch.settings
    if settings.environment is not Environment.PRACTICE and not settings.venue.key_id:
        raise SecretError(
            f"nothing is known of an account: no key is set for {settings.environment}",
            hint="name the account's key (docs/configuration.md)",
        )
    if not launch.place.is_taken():
        if needs_engine:
            raise launch.absent()
        return _hosted(launch, flags, name, work, only_looks=only_looks)
    codes: list[int] = []

    async def attached() -> None:
        link = await launch.attach(name)
        try:
            if waits:
                await compared(link)
            codes.append(await work(link))
        finally:
            await link.close()

    run_until_told(attached())
    return codes[0]


def _hosted(launch: Launch, flags: Mapping[str, str], name: str, work: Work, *, only_looks: bool) -> int:
    settings = _leaving_all(launch.settings) if only_looks else launch.settings
    load("kalshi_tui.adapters.logs").log_to_files(settings, log_folder(), also_stderr="debug" in flags)
    print_words(_alone_words(settings, launch, only_looks=only_looks))
    codes: list[int] = []

    async def beside(engine: Engine) -> None:
        codes.append(await attended(engine, name, work))

    with load("kalshi_tui.cli.engine").place_taken(launch.settings, launch.place) as (taken, desk):
        hosting = load("kalshi_tui.cli.hosting")
        asyncio.run(hosting.host(settings, taken, desk, stays=False, beside=beside, is_flagged="live" in flags))
    return codes[0] if codes else _INTERRUPTED


def _leaving_all(settings: Settings) -> Settings:
    return replace(settings, orders=replace(settings.orders, cancel_on_exit=False))


def _alone_words(settings: Settings, launch: Launch, *, only_looks: bool) -> str:
    """Say what it means that no engine runs."""
    alone = f"no engine runs for {launch.place.name}"
    if settings.environment is Environment.PRACTICE and not settings.venue.rest_url:
        return f"{alone}: a practice world is opened for this command; `kalshi-tui engine start` opens one that stays"
    if only_looks or not settings.orders.cancel_on_exit:
        return f"{alone}: one is run for this command, and leaves what works as it is"
    return (
        f"{alone}: one is run for this command, and cancels what works when it ends (orders.cancel_on_exit); "
        "`kalshi-tui engine start` starts one that stays"
    )


async def attended(engine: Engine, name: str, work: Work) -> int:
    """Do `work` with a link in memory to an engine of this process."""
    ours, its = memory_pipes()
    serving = asyncio.ensure_future(engine.serve(its))
    try:
        link = await attach(ours, name=name)
        try:
            await compared(link)
            return await work(link)
        finally:
            await link.close()
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def compared(link: Link, *, limit_s: float = COMPARED_S) -> TradingView:
    """Wait until the engine has compared with the venue, or has found what stands against it, and tell meanwhile."""
    view = await look(link, TradingKey(), TradingView)
    if _is_compared(view):
        return view
    print_words("comparing with the venue")
    view = await until(link, TradingKey(), TradingView, _is_compared, limit_s)
    if not _is_compared(view):
        print_words(f"warning: not compared with the venue within {limit_s:g} s: {view.reason}")
    return view


def _is_compared(view: TradingView) -> bool:
    return view.reconciled_ms is not None or bool(view.differences) or bool(view.journal)


async def look(link: Link, key: Key, kind: type[V]) -> V:
    """Return a view once."""
    view = await link.first(key)
    assert isinstance(view, kind)  # noqa: S101 - what the key stands for
    return view


async def until(link: Link, key: Key, kind: type[V], holds: Callable[[V], bool], limit_s: float) -> V:
    """Return a view as soon as something holds of it, or as it is when the time is over."""
    watching = link.watch(key)
    changed = asyncio.Event()
    before, link.on_change = link.on_change, changed.set
    try:
        async with asyncio.timeout(limit_s):
            while True:
                changed.clear()
                view = watching.view
                if isinstance(view, kind) and holds(view):
                    return view
                if watching.problem or link.closed:
                    raise RemoteProtocolError(watching.problem or link.closed, hint="look at `kalshi-tui logs`")
                await changed.wait()
    except TimeoutError:
        if isinstance(watching.view, kind):
            return watching.view
        raise TransportError(
            f"the engine sent no {type(key).__name__} within {limit_s:g} s", hint="kalshi-tui engine status"
        ) from None
    finally:
        link.on_change = before
        link.unwatch(watching)


async def asked(link: Link, intent: Intent) -> Result:
    """Ask for something; what the engine refuses ends the command with 1."""
    try:
        return await link.ask(intent)
    except LocalProtocolError as problem:
        raise Refused(problem) from None
