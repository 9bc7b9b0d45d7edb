"""`kalshi-tui tape cut`: a part of a tape as a tape of its own."""

from __future__ import annotations

from pathlib import Path

import click

from kalshi_tui.adapters.tape_files.cutting import cut_tape
from kalshi_tui.cli.output import print_words
from kalshi_tui.cli.tapes.places import TIME_HELP, part, tape_and_target, utc
from kalshi_tui.cli.tapes.progress import Progress


@click.command(name="cut", short_help="Copy a part of a tape")
@click.argument("names", nargs=-1, metavar="[PATH] OUT")
@click.option("--from", "begin", metavar="TIME", help=f"Where to begin. {TIME_HELP}.")
@click.option("--to", "end", metavar="TIME", help="Where to end; what happened at this time is still copied.")
def command(names: tuple[str, ...], *, begin: str | None, end: str | None) -> None:
    """Copy a part of the tape at PATH, or of the newest one, into the new folder OUT.

    A replay can begin only where a segment opens, so the copy begins at the last such place at or before --from.
    """
    tape, out = tape_and_target(names)
    from_ms, to_ms = part(tape, begin, end)
    tape.on_read = Progress("cutting", tape.size).heard
    cut = cut_tape(tape, Path(out), from_ms=from_ms, to_ms=to_ms)
    for missing in tape.breaks:
        print_words(f"warning: {missing}")
    if cut.first_ms < from_ms:
        early_s = (from_ms - cut.first_ms) / 1000
        print_words(f"it begins {early_s:,.3f} s before --from, where the nearest segment opens: a replay needs that")
    print_words(f"{out}: {cut.records:,} records from {utc(cut.first_ms)} to {utc(cut.last_ms)} UTC")
