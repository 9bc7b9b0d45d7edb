"""The command `attach`: the terminal on an engine that runs; it starts none."""

from __future__ import annotations

import click

from kalshi_tui.cli.launching import launch_of
from kalshi_tui.cli.terminal import open_terminal


@click.command("attach", short_help="Open a terminal on the engine that runs")
@click.pass_context
def command(ctx: click.Context, /) -> None:
    """Open another terminal on the engine that runs for these settings; quitting leaves it to those who still need it.

    An engine that was started by a terminal ends with the last terminal that is quit; one of `engine start` stays.
    """
    launch = launch_of(ctx.obj or {})
    if not launch.place.is_taken():
        raise launch.absent()
    open_terminal(ctx.obj or {}, may_start=False)
