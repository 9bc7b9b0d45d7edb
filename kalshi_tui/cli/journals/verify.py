"""`kalshi-tui journal verify`: whether every row is what was written, and can be read."""

from __future__ import annotations

from collections.abc import Mapping

import click
from msgspec import Struct

from kalshi_tui.adapters.journal_read import JournalReader
from kalshi_tui.cli.exits import CHECK_FAILED
from kalshi_tui.cli.journals.places import opened
from kalshi_tui.cli.journals.reading import lines
from kalshi_tui.cli.journals.words import moment
from kalshi_tui.cli.output import print_json, print_words
from kalshi_tui.core.text import clean


class Found(Struct, frozen=True):
    """What a journal's check comes to; `digest` is bound to every row up to the last whole one."""

    path: str
    of: str
    ok: bool
    rows: int
    first_ms: int | None
    last_ms: int | None
    digest: str
    broken: int | None
    words: str


@click.command(name="verify", short_help="Check that no row was changed, lost or became unreadable")
@click.argument("path", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(ctx: click.Context, /, path: str | None, *, as_json: bool) -> None:
    """Read all of the journal at PATH, or of the account in force: every digest, every entry, every page of the file.

    Exits with 1 and names the first row that is not right. An engine may be writing meanwhile.
    """
    flags: Mapping[str, str] = ctx.obj or {}
    with opened(flags, path) as reader:
        found = check(reader)
    if as_json:
        print_json(found)
    else:
        click.echo(clean(found.words))
        click.echo(f"last digest: {found.digest or '-'}")
    if not found.ok:
        print_words("the rows before it are whole; keep the file as it is, and compare with what the venue lists")
        raise SystemExit(CHECK_FAILED)


def check(reader: JournalReader) -> Found:
    """Read a journal up to its first row that is not right."""
    count, first_ms, last_ms, digest, broken, words = 0, None, None, "", None, ""
    for line in lines(reader.rows()):
        if line.problem:
            broken, words = count + 1, f"row {count + 1} is broken: {line.problem}"
            break
        count, last_ms, digest = line.row.number, line.row.at_ms, line.row.digest.hex()
        first_ms = last_ms if first_ms is None else first_ms
    else:
        if damage := reader.check_pages():
            broken, words = count + 1, f"the file is damaged after row {count}: {damage}"
    words = words or f"all {count:,} rows are right, from {moment(first_ms)} to {moment(last_ms)} UTC"
    of = str(clean("/".join(reader.names)))
    return Found(str(reader.file), of, broken is None, count, first_ms, last_ms, digest, broken, words)
