"""The command `run`: an engine in this window, for a while, with a summary at its end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import click

from kalshi_tui.cli.engine import place_taken
from kalshi_tui.cli.launching import launch_of
from kalshi_tui.cli.loading import load
from kalshi_tui.cli.output import Column, print_json, print_table, print_words


@click.command("run", short_help="Run an engine in this window, for a while")
@click.option("--headless", is_flag=True, help="Without a terminal; otherwise the terminal opens.")
@click.option("--for", "seconds", type=click.FloatRange(min=0), help="Stop after so many seconds.")
@click.option("--follow", "tickers", multiple=True, metavar="TICKER", help="Follow this market; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.pass_context
def command(
    ctx: click.Context, /, *, headless: bool, seconds: float | None, tickers: tuple[str, ...], as_json: bool
) -> None:
    """Run the engine itself, until Ctrl-C or the end of --for, and say what it saw: all with --headless."""
    if not headless and (seconds is not None or tickers or as_json):
        raise click.UsageError("--for, --follow and --json need --headless")
    if not headless:
        load("kalshi_tui.cli.terminal").open_terminal(ctx.obj or {})
        return
    launch = launch_of(ctx.obj or {})
    load("kalshi_tui.adapters.logs").log_to_stderr(launch.settings)
    with place_taken(launch.settings, launch.place) as (taken, desk):
        running = load("kalshi_tui.cli.running")
        summary = asyncio.run(running.run_for(launch.settings, taken, desk, seconds, tickers))
    tell(summary, as_json=as_json)


def tell(summary: Mapping[str, object], *, as_json: bool) -> None:
    """Print the summary."""
    if as_json:
        print_json(summary)
        return
    rows = [(name.replace("_", " "), words_of(value)) for name, value in summary.items()]
    print_table((Column("what", keep_whole=True), Column("how much")), rows)
    if not summary["messages"]:
        print_words("nothing came over the stream; `kalshi-tui doctor` looks for the reason")


def words_of(value: object) -> str:
    """Write a value for a person."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {count:,}" for name, count in value.items()) or "none"
    return f"{value:,}" if isinstance(value, int | float) else str(value)
