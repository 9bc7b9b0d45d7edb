"""`kalshi-tui tape verify`: whether a tape can be replayed as it was, and if not, what is wrong with it."""

from __future__ import annotations

import click

from kalshi_tui.cli.exits import CHECK_FAILED
from kalshi_tui.cli.output import print_json, print_words
from kalshi_tui.cli.tapes.places import open_tape
from kalshi_tui.cli.tapes.progress import Progress
from kalshi_tui.engine.tape.checks import check_tape


@click.command(name="verify", short_help="Read all of a tape and say what is wrong with it")
@click.argument("path", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(path: str | None, *, as_json: bool) -> None:
    """Read all of the tape at PATH, or of the newest one: checksums, order, codec, ends and marks.

    Exits with 1 when something is wrong. The part before it can still be replayed.
    """
    tape = open_tape(path)
    tape.on_read = Progress("verifying", tape.size).heard
    findings = list(check_tape(tape))
    if as_json:
        print_json({"path": str(tape.path), "ok": not findings, "findings": findings})
    else:
        for finding in findings:
            click.echo(finding)
    print_words(f"{len(findings)} to look at" if findings else "all is right")
    if findings:
        raise SystemExit(CHECK_FAILED)
