"""`kalshi-tui tape`: what was recorded, checked, cut and given to other programs."""

from __future__ import annotations

import click

from kalshi_tui.cli.tapes import cut, export, info, verify


@click.group(name="tape", short_help="Look at, check, cut and export what was recorded")
def command() -> None:
    """Look at, check, cut and export what the engine recorded.

    A tape is a folder of segments. docs/tape.md tells what is on it and what leaves it.
    """


command.add_command(info.list_command)
command.add_command(info.info_command)
command.add_command(verify.command)
command.add_command(cut.command)
command.add_command(export.command)
