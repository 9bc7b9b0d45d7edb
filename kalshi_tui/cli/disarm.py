"""The command `disarm`: lets no ticket be fired."""

from __future__ import annotations

import click

from kalshi_tui.cli.arm import tell_state
from kalshi_tui.cli.trading_link import asked, trade
from kalshi_tui.link.client import Link
from kalshi_tui.link.trading import Disarm


@click.command("disarm", short_help="Let no ticket be fired")
@click.option("--reason", default="a person disarmed", metavar="TEXT", help="Why; kept in the journal.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, /, *, reason: str, as_json: bool) -> None:
    """Disarm the engine that runs. What works goes on working; cancels, decreases and flatten need no arming."""

    async def work(link: Link) -> int:
        await tell_state(link, await asked(link, Disarm(reason)), as_json=as_json)
        return 0

    ctx.exit(trade(ctx.obj or {}, "disarm", work, needs_engine=True, waits=False))
