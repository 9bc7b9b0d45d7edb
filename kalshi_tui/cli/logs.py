"""`kalshi-tui logs`: what the engine logged, and the trades apart."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Final

import click

from kalshi_tui.adapters.log_reader import Entry, LogReader
from kalshi_tui.adapters.logs import APPLICATION, TRADES
from kalshi_tui.cli.output import print_json, print_words
from kalshi_tui.config.load import log_folder
from kalshi_tui.config.schema import LogLevel

_LEVELS: Final = tuple(map(str, LogLevel))
_LOOK_AGAIN_S: Final = 0.2


@click.command(short_help="Print or follow the logs of engine and trades")
@click.option("-f", "--follow", is_flag=True, help="Go on printing what is logged, until Ctrl-C.")
@click.option(
    "-n",
    "--lines",
    "limit",
    type=click.IntRange(0, 1_000_000),
    default=50,
    show_default=True,
    metavar="N",
    help="How many records.",
)
@click.option("--level", type=click.Choice(_LEVELS, case_sensitive=False), help="Only records of this level and above.")
@click.option("--trades", "of_trades", is_flag=True, help="The log of orders and fills.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array; with --follow, one object a line.")
def command(*, follow: bool, limit: int, level: str | None, of_trades: bool, as_json: bool) -> None:
    """Print the last N records of the engine's log, or of the trades' log."""
    path = log_folder() / (TRADES if of_trades else APPLICATION)
    wanted = at_least(level)
    with closing(LogReader(path)) as reader:
        found = reader.last(limit, wanted)
        if not found and limit:
            print_words(f"nothing in {path} yet; the engine writes it" + (f", at {level} or above" if level else ""))
        if as_json and not follow:
            print_json([entry_json(entry) for entry in found])
            return
        show(found, as_json=as_json)
        while follow:
            time.sleep(_LOOK_AGAIN_S)
            show(filter(wanted, reader.more()), as_json=as_json)


def at_least(level: str | None) -> Callable[[Entry], bool]:
    """Return whether to show a record; one whose level we do not know is shown only where all are."""
    if level is None:
        return lambda _: True
    shown = {name.upper() for name in _LEVELS[_LEVELS.index(level) :]} | {"CRITICAL"}
    return lambda entry: entry.level in shown


def show(found: Iterable[Entry], *, as_json: bool) -> None:
    """Print records, each line of one under the other."""
    for entry in found:
        if as_json:
            print_json(entry_json(entry))
        else:
            first, *rest = entry.lines
            head = f"{entry.time} {entry.level} {entry.process} {entry.logger}: " if entry.time else ""
            click.echo("\n".join([f"{head}{first}", *(f"    {line}" for line in rest)]))


def entry_json(entry: Entry) -> dict[str, object]:
    """Return one record as programs read it."""
    return {
        "time": entry.time,
        "level": entry.level.lower(),
        "process": entry.process,
        "logger": str(entry.logger),
        "message": "\n".join(entry.lines),
    }
