"""The command `exchange`: runs the practice exchange on loopback until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from kalshi_tui.adapters.key_files import read_private_file
from kalshi_tui.adapters.practice_key import practice_key_file
from kalshi_tui.adapters.private_files import write_private
from kalshi_tui.cli.output import print_words
from kalshi_tui.cli.settings import read_settings
from kalshi_tui.config.load import data_folder
from kalshi_tui.config.schema import PracticeSettings
from kalshi_tui.core.units import parse_money
from kalshi_tui.errors import ConfigError, SecretError, ValueRefused
from kalshi_tui.practice.desk import WORLD_PAST_MS, Desk, open_desk
from kalshi_tui.practice.faults import ScenarioError, scenario_path
from kalshi_tui.practice.keep import Keeper
from kalshi_tui.practice.keys import make_key
from kalshi_tui.practice.revive import open_kept_desk
from kalshi_tui.practice.server import Running, serve
from kalshi_tui.practice.worldfile import WorldRefused

SAVE_EVERY_S = 1.0
SLOWEST, FASTEST = 0.01, 10_000.0
LONGEST_S = 10**9
MOST_CASH = 10**15  # money: a billion dollars


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for; None where it says nothing."""

    world: str | None
    markets: int | None
    speed: float | None
    seed: int | None
    keep: bool
    port: int
    scenario: str | None
    cash: str | None
    ready_file: Path | None
    key_file: Path | None
    for_s: float | None
    until_eof: bool


@click.command("exchange", help="Run an exchange on your desk: Kalshi's protocol, made-up money, no network.")
@click.option("--world", metavar="NAME|FILE", help="Which world to run; usually first.")
@click.option("--markets", type=int, metavar="N", help="Add made-up markets until N stand, up to 30,000.")
@click.option("--speed", type=float, metavar="X", help="Exchange seconds in one of yours, 0.01 to 10,000.")
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), metavar="N", help="Where chance begins; the same makes the same."
)
@click.option("--keep", is_flag=True, help="Keep accounts, orders and books, and go on with them next time.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, metavar="P", help="0 takes any free port.")
@click.option("--scenario", metavar="NAME|FILE", help="Faults to strike with, such as F07 (docs/faults.md).")
@click.option("--cash", metavar="DOLLARS", help="What the account begins with, made up.")
@click.option("--ready-file", type=click.Path(path_type=Path), metavar="FILE", help="Write the JSON line here too.")
@click.option("--key-file", type=click.Path(path_type=Path), metavar="FILE", help="Private key; made when missing.")
@click.option("--for", "for_s", type=float, metavar="SECONDS", help="Stop by itself after so many seconds.")
@click.option("--until-eof", is_flag=True, help="Stop when standard input closes, as with the program that started it.")
@click.pass_context
def command(ctx: click.Context, /, **options: object) -> None:
    """Run the practice exchange until Ctrl-C, SIGTERM or the end of --for."""
    wishes = Wishes(**options)  # type: ignore[arg-type]  # click has made each of the declared type
    usual = read_settings(ctx.obj or {}).practice
    try:
        asyncio.run(_run(wishes, usual))
    except (WorldRefused, ScenarioError) as problem:
        raise ConfigError(problem.message, hint=problem.hint) from None


async def _run(wishes: Wishes, usual: PracticeSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if wishes.until_eof:
        loop.add_reader(0, _stop_at_eof, stop)
    if wishes.ready_file is not None:
        wishes.ready_file.unlink(missing_ok=True)  # an old one would send clients to where nobody is any more
    speed = usual.speed if wishes.speed is None else _checked("speed", wishes.speed, SLOWEST, FASTEST)
    for_s = None if wishes.for_s is None else _checked("for", wishes.for_s, 0, LONGEST_S)
    desk, keeper = _open(wishes, usual)
    gc.freeze()  # a full collection over 30,000 markets costs a tenth of a second and would find nothing
    desk.exchange.advance(max(desk.exchange.now_ms, _wall_ms()))  # clients sign with the time of day
    try:
        running = await _serve(desk, wishes.port, speed)
        try:
            _tell(desk, running, wishes, speed)
            with suppress(TimeoutError):
                await asyncio.wait_for(_stay(stop, desk, keeper), for_s)
        finally:
            await running.close()
    finally:
        if keeper is not None:
            keeper.close()


async def _serve(desk: Desk, port: int, speed: float) -> Running:
    try:
        return await serve(desk, port=port, speed=speed)
    except OSError as problem:
        raise ConfigError(
            problem.strerror or str(problem), hint="leave --port out, or stop the program that uses it"
        ) from None


async def _stay(stop: asyncio.Event, desk: Desk, keeper: Keeper | None) -> None:
    """Wait for the end, saving now and then where the world is kept; leave also when the exchange's clock has stopped.

    It stops only by a fault of ours in the world; whoever closes the server then hears which.
    """
    world = desk.exchange
    seen = [(-1, -1)] * 2
    while not stop.is_set() and set(seen) != {(world.now_ms, world.acted)}:
        seen = [seen[-1], (world.now_ms, world.acted)]
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SAVE_EVERY_S)
        if keeper is not None:
            with closing(keeper.saving()) as pieces:
                for _ in pieces:
                    await asyncio.sleep(0)  # 30,000 markets may have changed since the last save


def _stop_at_eof(stop: asyncio.Event) -> None:
    if not os.read(0, 4096):
        asyncio.get_running_loop().remove_reader(0)
        stop.set()


def _open(wishes: Wishes, usual: PracticeSettings) -> tuple[Desk, Keeper | None]:
    world = wishes.world or usual.world
    start_ms = _wall_ms()
    key_file = _key_file(wishes.key_file)
    key_pem = read_private_file(key_file)
    scenario = None if wishes.scenario is None else scenario_path(wishes.scenario)
    cash = None if wishes.cash is None else _money(wishes.cash)
    keeper: Keeper | None = None
    if wishes.keep:
        desk, keeper = open_kept_desk(
            data_folder() / "practice",
            start_ms=start_ms,
            past_ms=WORLD_PAST_MS,
            world=world,
            seed=wishes.seed,
            usual_seed=usual.seed,
            markets=wishes.markets,
            scenario=scenario,
            cash=cash,
            key_pem=key_pem,
        )
    else:
        desk = open_desk(
            start_ms=start_ms,
            past_ms=WORLD_PAST_MS,
            world=world,
            seed=usual.seed if wishes.seed is None else wishes.seed,
            markets=wishes.markets,
            scenario=scenario,
            cash=cash,
            key_pem=key_pem,
        )
    desk.key_file = key_file
    return desk, keeper


def _key_file(wished: Path | None) -> Path:
    """Return the file of the private key, made when there is none."""
    if wished is None:
        return practice_key_file(data_folder()).absolute()
    if not wished.exists():
        write_private(wished, make_key(), replace=False)
    return wished.absolute()


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


def _money(text: str) -> int:
    refused = ConfigError(
        f"an account cannot begin with {text!r:.40} dollars",
        hint="--cash takes 0 to 1000000000, in digits, such as 5000 or 99.50",
    )
    try:
        amount = parse_money(text)
    except ValueRefused:
        raise refused from None
    if not 0 <= amount <= MOST_CASH:
        raise refused
    return amount


def _checked(name: str, value: float, least: float, most: float) -> float:
    if not least <= value <= most:  # neither is what is no number
        raise ConfigError(f"--{name} {value:g} cannot be done", hint=f"--{name} takes {least:g} to {most:,.0f}")
    return value


def _tell(desk: Desk, running: Running, wishes: Wishes, speed: float) -> None:
    """Say where the exchange is: one JSON line for programs, some words for people."""
    line = msgspec.json.encode(
        {
            "rest_url": running.rest_url,
            "ws_url": running.ws_url,
            "reference_url": running.reference_url,
            "key_id": desk.key_id,
            "key_file": str(desk.key_file),
            "seed": desk.seed,
            "world": desk.world,
        }
    )
    if wishes.ready_file is not None:
        try:
            write_private(wishes.ready_file, line + b"\n", replace=True)
        except SecretError as problem:  # the writer speaks of keys, and this is none
            raise ConfigError(problem.message, hint=problem.hint) from None
    click.echo(line)
    kept = "; it is kept for the next time" if wishes.keep else ""
    pace = "" if speed == 1.0 else f", {speed:g} times as fast as the clock"
    client = f"--ready-file {wishes.ready_file} " if wishes.ready_file else ""
    print_words(
        f"Practice exchange: {desk.living.spec.title}; {len(desk.exchange.markets)} markets, "
        f"seed {desk.seed}{pace}{kept}. No real money.\n"
        f"Point any client that speaks Kalshi's protocol at {running.rest_url} and {running.ws_url},\n"
        f"with key id {desk.key_id} and the private key in {desk.key_file}"
        + (f"; or run: kalshi-tui {client}markets" if client else "")
        + ".\nCtrl-C stops it."
    )
