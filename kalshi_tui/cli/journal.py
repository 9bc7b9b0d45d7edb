"""`kalshi-tui journal`: the record of orders, checked, shown and given to other programs."""

from __future__ import annotations

import click

from kalshi_tui.cli.journals import export, show, verify, would_have


@click.group(name="journal", short_help="Check, show and export the record of orders and fills")
def command() -> None:
    """Check, show and export what was decided and done about orders.

    Each account and mode has a journal of its own. docs/journal.md tells what is in it.
    """


command.add_command(verify.command)
command.add_command(show.command)
command.add_command(export.command)
command.add_command(would_have.command)
