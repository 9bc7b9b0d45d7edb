"""`kalshi-tui journal export`: the journal for other programs, or to be kept elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from shlex import quote
from typing import IO, Final

import click

from kalshi_tui.adapters.tape_files.files import new_file
from kalshi_tui.cli.journals.choosing import choosing, chosen
from kalshi_tui.cli.journals.places import opened, tell_damage
from kalshi_tui.cli.journals.rows import csv_lines, json_lines
from kalshi_tui.cli.output import print_words
from kalshi_tui.errors import ConfigError

_STDOUT: Final = "-"


@click.command(name="export", short_help="Write the journal as JSON lines or CSV")
@click.argument("path", required=False)
@choosing
@click.option("--json", "form", flag_value="json", default="json", help="JSON lines, each entry as it was written.")
@click.option("--csv", "form", flag_value="csv", help="CSV, with cells that no spreadsheet takes for formulas.")
@click.option("--out", "target", default=_STDOUT, metavar="FILE", help="A new file; without it, standard output.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    path: str | None,
    *,
    kinds: tuple[str, ...],
    ticker: str,
    order: int | None,
    age: str | None,
    form: str,
    target: str,
) -> None:
    """Write the journal at PATH, or that of the account in force, a row a line.

    Prices count 1/10,000 dollar, sizes 1/100 contract, money 1/1,000,000 dollar. Only you can read the new file.
    """
    with opened(ctx.obj or {}, path) as reader:
        found = chosen(reader, kinds, ticker, order, age)
        count = -(form == "csv")  # the heading is none
        with _output(target) as file:
            for content in csv_lines(found) if form == "csv" else json_lines(found):
                file.write(content)
                count += 1
        print_words(f"{count:,} rows")
        tell_damage(reader)


@contextmanager
def _output(target: str) -> Iterator[IO[bytes]]:
    """Open a new file that only we can read, whole or not at all, or standard output."""
    if target == _STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(target)
    if path.exists():
        raise ConfigError(f"{path} is there already", hint="choose another name, or delete it first")
    draft = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        with os.fdopen(new_file(draft), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except OSError as problem:
        is_homeless = isinstance(problem, FileNotFoundError)
        hint = f"mkdir -p {quote(str(path.parent))}" if is_homeless else "check free space and modes"
        raise ConfigError(f"{path} cannot be written: {problem.strerror}", hint=hint) from None
    finally:
        draft.unlink(missing_ok=True)
