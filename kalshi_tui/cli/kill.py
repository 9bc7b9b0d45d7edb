"""The command `kill`: cancels everything and lets nothing more be sent, also while the engine is frozen or gone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

from kalshi_tui.adapters.engine_place import Place, engine_place
from kalshi_tui.adapters.kill_flag import FileKillFlag, kill_flag_file
from kalshi_tui.cli.exits import CHECK_FAILED
from kalshi_tui.cli.loading import load
from kalshi_tui.cli.loops import run_until_told
from kalshi_tui.cli.output import print_json, print_words
from kalshi_tui.cli.settings import read_settings
from kalshi_tui.cli.status import time_words
from kalshi_tui.config.load import data_folder
from kalshi_tui.config.modes import account_name
from kalshi_tui.config.schema import ExecutionMode, Settings
from kalshi_tui.core.units import Size, format_size
from kalshi_tui.core.words import contracts
from kalshi_tui.errors import KalshiTuiError, StorageFailed
from kalshi_tui.link.client import attach_to
from kalshi_tui.link.trading import Kill

if TYPE_CHECKING:
    from kalshi_tui.engine.killing import KillReport, KillStep

_ENGINE_S: Final = 1.0  # that an engine gets for its answer; the kill here does not wait for it


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a kill came to, over all exchanges that the account is at."""

    flag_problem: str
    engines: Mapping[str, str]
    reports: tuple[KillReport, ...]

    @property
    def is_verified(self) -> bool:
        """Return whether nothing rests and nothing can follow."""
        return not self.flag_problem and all(report.is_verified for report in self.reports)


@click.command("kill", short_help="Cancel everything now and let nothing more be sent")
@click.option("--reason", default="a person pressed kill", metavar="TEXT", help="Why; kept with the flag.")
@click.option("--for", "limit_s", type=click.FloatRange(1, 86_400), default=900.0, help="Seconds to go on trying.")
@click.option("--status", "only_status", is_flag=True, help="Only tell whether the account is killed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, /, *, reason: str, limit_s: float, only_status: bool, as_json: bool) -> None:
    """Trigger every order group, cancel every resting order of the account, and verify that nothing rests.

    It sets a flag on the disk first: no engine sends an order on this account until a person lifts it. Then it
    cancels by itself, whether an engine runs, answers or is frozen. Positions are left alone. Exit code 0 means that
    the venue has listed nothing twice; while the exchange is paused, or refuses the key, it stays pending and goes on.
    """
    settings = read_settings(ctx.obj or {})
    flag = FileKillFlag(kill_flag_file(data_folder(), str(settings.environment), account_name(settings)))
    if only_status:
        print_status(flag, as_json=as_json)
        return
    outcomes: list[Outcome] = []

    async def kill() -> None:
        outcomes.append(await kill_account(settings, flag, reason, limit_s))

    run_until_told(kill())
    print_outcome(outcomes[0], as_json=as_json)
    if not outcomes[0].is_verified:
        ctx.exit(CHECK_FAILED)


def print_status(flag: FileKillFlag, *, as_json: bool) -> None:
    """Tell whether the account is killed, since when and why."""
    reason, since_ms = flag.reason(), flag.since_ms()
    if as_json:
        print_json({"killed": bool(reason), "since_ms": since_ms if reason else None, "reason": reason})
    elif not reason:
        click.echo("not killed")
    else:
        click.echo(f"killed since {since_words(since_ms)}: {reason}")


def since_words(since_ms: int | None) -> str:
    """Write a date and a time of day."""
    if since_ms is None:
        return "an unknown time"
    return f"{datetime.fromtimestamp(since_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


async def kill_account(settings: Settings, flag: FileKillFlag, reason: str, limit_s: float) -> Outcome:
    """Set the flag, ask the engines, and kill without waiting for them; what fails is told and stops nothing else."""
    problem = set_flag(flag, reason)
    places = [place for place in places_of(settings) if place.is_taken()]
    asking = {place.name: asyncio.ensure_future(ask_engine(place, reason)) for place in places}
    try:
        reports = await kill_everywhere(settings, places, limit_s)
    finally:
        answers = await asyncio.gather(*asking.values())  # each within its second
    engines = dict(zip(asking, answers, strict=True))
    for name, answer in engines.items():
        print_words(f"engine {name}: {answer}")
    return Outcome(problem, engines, reports)


def set_flag(flag: FileKillFlag, reason: str) -> str:
    """Set the flag; where the disk does not take it, say so and go on: what rests must be canceled all the same."""
    try:
        flag.set(reason)
    except StorageFailed as problem:
        print_words(f"error: {problem.message}; engines are NOT kept from sending\nhint: {problem.hint}")
        return problem.message
    print_words("the kill flag is set: no engine sends an order on this account until a person lifts it")
    return ""


def places_of(settings: Settings) -> list[Place]:
    """Return where the account's engines are, whichever their execution mode."""
    return [engine_place(data_folder(), account_name(settings), mode) for mode in ExecutionMode]


async def ask_engine(place: Place, reason: str) -> str:
    """Ask an engine to kill, and return what became of it; a frozen one takes the connection and never answers."""
    try:
        async with asyncio.timeout(_ENGINE_S):
            link = await attach_to(str(place.socket), name="kill", answer_s=_ENGINE_S)
            try:
                await link.ask(Kill(reason))
            finally:
                await link.close()
    except TimeoutError:
        return f"no answer within {_ENGINE_S:g} s; this kill does not need it"
    except (KalshiTuiError, OSError) as problem:
        return f"it does not kill: {problem}"
    return "it kills, too"


async def kill_everywhere(settings: Settings, places: Sequence[Place], limit_s: float) -> tuple[KillReport, ...]:
    """Kill over connections of our own; what that needs is loaded only now that the flag stands."""
    alone, killing = load("kalshi_tui.cli.kill_alone"), load("kalshi_tui.engine.killing")
    patience = killing.KillPatience(limit_s=limit_s)
    reports: tuple[KillReport, ...]
    reports = await alone.kill_everywhere(settings, places, tell=print_step, patience=patience)
    if not reports:
        print_words("no practice exchange runs, so nothing can rest at one")
    return reports


def print_step(step: KillStep) -> None:
    """Tell how it goes on, as it does."""
    print_words(f"{time_words(step.at_ms)}  {step.words}")


def print_outcome(outcome: Outcome, *, as_json: bool) -> None:
    """Print the report: for a person what is left, for a program all of it."""
    if as_json:
        print_json(
            {
                "verified": outcome.is_verified,
                "flag": outcome.flag_problem or "set",
                "engines": outcome.engines,
                "reports": [report_row(report) for report in outcome.reports],
            }
        )
        return
    for report in outcome.reports:
        click.echo(report.words)
        for order in report.resting or ():
            click.echo(f"still resting: order {order.order_id} in {order.ticker}")
        for position in report.positions or ():
            held = f"{contracts(Size(abs(position.size)))} {'YES' if position.size > 0 else 'NO'}"
            click.echo(f"still held: {held} in {position.ticker}")
        if report.positions is None:
            click.echo("what is still held, the venue did not tell")
    if not outcome.is_verified:
        print_words("hint: kill again, and look at Kalshi's own pages: orders may still rest")


def report_row(report: KillReport) -> dict[str, object]:
    """Return a report for JSON; sizes are written as on the wire."""
    resting, positions = report.resting, report.positions
    return {
        "verified": report.is_verified,
        "words": report.words,
        "groups_triggered": report.triggered,
        "groups_not_triggered": report.not_triggered,
        "canceled": report.canceled,
        "gone": report.gone,
        "resting": None if resting is None else [{"order_id": row.order_id, "ticker": row.ticker} for row in resting],
        "positions": None
        if positions is None
        else [{"ticker": row.ticker, "size": format_size(row.size)} for row in positions],
        "refused": report.refused,
        "trouble": report.trouble,
        "took_ms": report.took_ms,
    }
