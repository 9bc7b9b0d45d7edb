"""The command `arm`: lets tickets be fired for a while."""

from __future__ import annotations

from typing import Any

import click

from kalshi_tui.cli.asking import AtTerminal, Person
from kalshi_tui.cli.output import print_json
from kalshi_tui.cli.trading_json import plain
from kalshi_tui.cli.trading_link import asked, look, trade
from kalshi_tui.errors import LocalProtocolError
from kalshi_tui.link.client import Link
from kalshi_tui.link.intents import Done
from kalshi_tui.link.keys import TradingKey
from kalshi_tui.link.trading import Arm, TradingView

FIELDS = ("state", "reason", "mode", "armed_until_ms", "now_ms")


@click.command("arm", short_help="Let tickets be fired for a while")
@click.option("--phrase", default="", metavar="TEXT", help="What must be typed where money is real; else it is asked.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, /, *, phrase: str, as_json: bool) -> None:
    """Arm the engine that runs: what adds risk may be fired until orders.arm_minutes have passed without a shot."""

    async def work(link: Link) -> int:
        return await armed(link, phrase, AtTerminal(), as_json=as_json)

    ctx.exit(trade(ctx.obj or {}, "arm", work, needs_engine=True))


async def armed(link: Link, phrase: str, person: Person, *, as_json: bool) -> int:
    """Arm, and tell for how long."""
    view = await look(link, TradingKey(), TradingView)
    if view.arm_phrase and not phrase:
        phrase = await asked_phrase(person, view.arm_phrase, "to arm")
    done = await asked(link, Arm(phrase))
    await tell_state(link, done, as_json=as_json)
    return 0


async def asked_phrase(person: Person, phrase: str, why: str) -> str:
    """Have a person type a phrase."""
    if not person.is_there:
        raise LocalProtocolError(f"a phrase is needed {why}, and nobody can be asked", hint=f"--phrase {phrase!r}")
    return await person.ask(f"{why}, type\n{phrase}\n:")


async def tell_state(link: Link, done: object, *, as_json: bool) -> None:
    """Print what was done, or the state that trading is in now."""
    if as_json:
        print_json(state_json(await look(link, TradingKey(), TradingView)))
    else:
        click.echo(done.words if isinstance(done, Done) else "done")


def state_json(view: TradingView) -> dict[str, Any]:
    """Return whether tickets may be fired."""
    shown = plain(view)
    return {name: shown[name] for name in FIELDS}
