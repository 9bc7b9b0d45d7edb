"""How commands print: a table for people, JSON for programs; data goes to stdout and words to stderr."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
import msgspec

if TYPE_CHECKING:
    from rich.console import JustifyMethod, OverflowMethod
    from rich.table import Table

UNBOUNDED = 10_000  # columns: a pipe has no width, and cutting its text would lose data


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column: its heading, whether it holds numbers, whether its cells must not be broken, its colour."""

    heading: str
    is_number: bool = False
    keep_whole: bool = False
    style: str = ""


def print_json(value: object) -> None:
    """Print one JSON document on a line."""
    click.echo(msgspec.json.encode(value))


def print_words(text: str) -> None:
    """Tell the person something that is not data."""
    click.echo(text, err=True)


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under headings, as wide as the terminal, or unshortened into a pipe."""
    from rich.console import Console  # noqa: PLC0415 - 40 ms that `--json` and `--help` need not pay

    table = make_table(columns, rows)
    if sys.stdout.isatty():
        Console(highlight=False, markup=False).print(table)
        return
    text = io.StringIO()  # written by rich itself, a pipe without a reader would end the program with 1
    Console(file=text, width=UNBOUNDED, highlight=False, markup=False).print(table)
    click.echo(text.getvalue(), nl=False)


def make_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> Table:
    """Build a table in which foreign text is only text: never markup, never an escape sequence."""
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        is_whole = column.is_number or column.keep_whole
        justify: JustifyMethod = "right" if column.is_number else "left"
        overflow: OverflowMethod = "ellipsis" if is_whole else "fold"
        table.add_column(column.heading, justify=justify, no_wrap=is_whole, overflow=overflow, style=column.style)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table
