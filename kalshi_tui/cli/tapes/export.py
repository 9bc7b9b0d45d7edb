"""`kalshi-tui tape export`: a tape as rows for other programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from kalshi_tui.adapters.tape_files import TapeReader
from kalshi_tui.cli.output import print_words
from kalshi_tui.cli.tapes.outputs import FORMATS, in_batches, new_output
from kalshi_tui.cli.tapes.places import TIME_HELP, part, tape_and_target
from kalshi_tui.cli.tapes.progress import Progress
from kalshi_tui.engine.tape.rows import Rows
from kalshi_tui.engine.tape.schema import KINDS, Row

_AT_ONCE: Final = 50_000  # rows: large groups make small Parquet files, and this many take about 50 MB


@click.command(name="export", short_help="Write a tape as JSON lines, CSV or Parquet")
@click.argument("names", nargs=-1, metavar="[PATH] OUT")
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), help="Of OUT; without it, what OUT ends in, or jsonl."
)
@click.option("--redact", is_flag=True, help="Leave out whatever belongs to the account, and what is not understood.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(list(KINDS)), help="Only these; may be repeated.")
@click.option("--from", "begin", metavar="TIME", help=f"Where to begin. {TIME_HELP}.")
@click.option("--to", "end", metavar="TIME", help="Where to end.")
def command(
    names: tuple[str, ...],
    *,
    form: str | None,
    redact: bool,
    kinds: tuple[str, ...],
    begin: str | None,
    end: str | None,
) -> None:
    """Write the tape at PATH, or the newest one, as rows into the new file OUT (- is standard output).

    Prices count 1/10,000 dollar and sizes 1/100 contract. docs/tape.md lists columns and kinds.
    """
    if private := [kind for kind in kinds if redact and not KINDS[kind].is_public]:
        raise click.UsageError(f"--redact leaves nothing of the kind {private[0]}")
    tape, target = tape_and_target(names)
    from_ms, to_ms = part(tape, begin, end)
    rows = Rows(kinds or None, redact=redact)
    tape.on_read = Progress("exporting", tape.size).heard
    count = 0
    with new_output(target, form or form_of(target)) as output:
        for batch in in_batches(rows_between(tape, rows, from_ms, to_ms), _AT_ONCE):
            output.write(batch)
            count += len(batch)
    for missing in tape.breaks:
        print_words(f"warning: {missing}")
    left_out = f"; {rows.redacted:,} left out by --redact" if redact else ""
    print_words(f"{count:,} rows{left_out}")


def form_of(target: str) -> str:
    """Return the format that a file's name promises; JSON lines where it promises none."""
    ending = Path(target).suffix.removeprefix(".").lower()
    return ending if ending in FORMATS else "jsonl"


def rows_between(tape: TapeReader, rows: Rows, from_ms: int, to_ms: int) -> Iterator[Row]:
    """Yield the rows of a span, found by the index."""
    if opening := tape.opening():
        rows.hear(opening)
    for place, records in tape.chunks(tape.segments, from_ms=from_ms, over_breaks=True):
        if place.first_ms > to_ms:
            return
        for number, record in enumerate(records, place.number):
            if from_ms <= record.at_ms <= to_ms:
                yield from rows.of(number, record)
