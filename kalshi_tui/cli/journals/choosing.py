"""The options by which entries of a journal are chosen, the same for showing and exporting them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final, get_args

import click

from kalshi_tui.adapters.journal_read import JournalReader
from kalshi_tui.cli.journals.places import SINCE_HELP, since
from kalshi_tui.cli.journals.reading import Line, Orders, Wanted, lines
from kalshi_tui.engine.trading.entries import Entry

KINDS: Final = tuple(kind.__name__ for kind in get_args(Entry))

Command = Callable[..., Any]


def choosing(command: Command) -> Command:
    """Give a command the options."""
    for option in reversed(
        [
            click.option(
                "--kind",
                "kinds",
                multiple=True,
                type=click.Choice(KINDS, case_sensitive=False),
                metavar="KIND",
                help="Only these, such as Intended or FillTold; may be repeated.",
            ),
            click.option("--ticker", default="", metavar="TICKER", help="Only what is about this market."),
            click.option("--order", type=click.IntRange(1), metavar="N", help="Only what is about this order of ours."),
            click.option("--since", "age", metavar="AGE", help=SINCE_HELP),
        ]
    ):
        command = option(command)
    return command


def chosen(
    reader: JournalReader, kinds: tuple[str, ...], ticker: str, order: int | None, age: str | None
) -> Iterator[Line]:
    """Yield the lines that are wanted; what only later rows tell about an order counts for the earlier ones too."""
    orders = Orders()
    newest_ms = None
    if ticker or order or age:
        for line in lines(reader.rows()):
            newest_ms = line.row.at_ms
            if line.entry is not None:
                orders.hear(line.entry)
    wanted = Wanted(frozenset(kinds), ticker, order, since(age, newest_ms))
    return (line for line in lines(reader.rows()) if wanted.takes(line, orders))


def last_of(found: Iterator[Line], limit: int) -> tuple[list[Line], int]:
    """Return the last lines, and how many there were in all."""
    kept: deque[Line] = deque(maxlen=limit)
    count = 0
    for count, line in enumerate(found, 1):  # noqa: B007 - the last count is what is wanted
        kept.append(line)
    return list(kept), count
