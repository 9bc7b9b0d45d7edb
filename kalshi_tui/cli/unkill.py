"""The command `unkill`: lifts a kill, after a clean comparison with the venue, by its phrase."""

from __future__ import annotations

from typing import Final

import click

from kalshi_tui.cli.arm import asked_phrase, tell_state
from kalshi_tui.cli.asking import AtTerminal, Person
from kalshi_tui.cli.output import print_words
from kalshi_tui.cli.trading_link import Refused, asked, look, trade, until
from kalshi_tui.errors import ValueRefused
from kalshi_tui.link.client import Link
from kalshi_tui.link.keys import TradingKey
from kalshi_tui.link.trading import KillRow, Reconcile, ResetKill, TradingView

OVER_S: Final = 20.0  # that a kill gets to come to its end, and its comparison after that


@click.command("unkill", short_help="Lift a kill, by its phrase")
@click.option("--phrase", default="", metavar="TEXT", help="What must be typed; else it is asked.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, /, *, phrase: str, as_json: bool) -> None:
    """Lift the account's kill: it must have come to its end, and the books must agree with the venue's since then.

    Trading stays disarmed. Without an engine one is run to compare, cancels what still rests, and ends.
    """

    async def work(link: Link) -> int:
        return await lifted(link, phrase, AtTerminal(), as_json=as_json)

    ctx.exit(trade(ctx.obj or {}, "unkill", work, only_looks=True))


async def lifted(link: Link, phrase: str, person: Person, *, as_json: bool) -> int:
    """Wait for the kill's end, have the phrase typed, and lift it."""
    view = await look(link, TradingKey(), TradingView)
    if view.kill is None:
        raise Refused(ValueRefused("nothing is killed", hint="`kalshi-tui kill --status` tells of the account's mark"))
    print_words(f"killed: {view.kill.reason}; {view.kill.words}")
    if not _is_ready(view):
        await asked(link, Reconcile())
        view = await until(link, TradingKey(), TradingView, _is_ready, OVER_S)
    phrase = phrase or await asked_phrase(person, view.reset_phrase, "to lift the kill")
    await tell_state(link, await asked(link, ResetKill(phrase)), as_json=as_json)
    return 0


def _is_ready(view: TradingView) -> bool:
    return view.kill is None or _is_over(view.kill, view.reconciled_ms)


def _is_over(kill: KillRow, reconciled_ms: int | None) -> bool:
    return kill.is_over and reconciled_ms is not None and reconciled_ms > kill.since_ms
