"""The command `replay`: runs the engine's kernel on a tape, without a terminal."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from kalshi_tui.adapters.plugins import load_bundled
from kalshi_tui.adapters.tape_files import TapeReader, newest_tape
from kalshi_tui.cli.exits import CHECK_FAILED
from kalshi_tui.cli.launching import launch_of
from kalshi_tui.cli.output import Column, print_json, print_table, print_words
from kalshi_tui.cli.rules import kernel_rules
from kalshi_tui.config.load import data_folder
from kalshi_tui.engine.replaying import Outcome, Replay

_SAY_EVERY_S = 1.0


@click.command("replay", short_help="Run the engine on a tape")
@click.argument("tape", required=False, type=click.Path(path_type=Path))
@click.option("--speed", type=click.FloatRange(min=0.01), help="Times as fast as it was recorded.")
@click.option("--max", "at_once", is_flag=True, help="As fast as possible; this is the default.")
@click.option("--what-if", is_flag=True, help="By today's settings and program, not as it was.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(
    ctx: click.Context, /, *, tape: Path | None, speed: float | None, at_once: bool, what_if: bool, as_json: bool
) -> None:
    """Replay TAPE, or the newest one, and say what it came to.

    As it was: the same inputs must publish the same views, byte for byte. Where the tape holds proofs of what was
    published while it was recorded, they are compared; exit 1 when they differ.
    """
    if at_once and speed is not None:
        raise click.UsageError("--max and --speed exclude each other")
    path = tape or newest_tape(data_folder() / "tapes")
    settings = launch_of(ctx.obj or {}).settings
    rules = kernel_rules(settings, has_references=False) if what_if else None
    replay = Replay(what_if=rules, step=Pacer(speed).wait, risk_checks=lambda limits: load_bundled(limits).checks)
    reader = TapeReader(path)
    outcome = replay.run(reader.records())
    for missing in reader.breaks:
        print_words(f"the replay ends early: {missing}")
    print_json({"tape": str(path), **_fields(outcome)}) if as_json else tell(path, outcome)
    if outcome.agrees is False:
        raise SystemExit(CHECK_FAILED)


class Pacer:
    """Waits as the tape did, at another speed, and tells now and then how far it is."""

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        self._from_ms: int | None = None
        self._begun = self._said = time.monotonic()

    def wait(self, at_ms: int) -> None:
        """Wait until the time has come for what happened at `at_ms`."""
        if self._from_ms is None:
            self._from_ms = at_ms
        passed_s = (at_ms - self._from_ms) / 1000
        if self._speed is not None:
            time.sleep(max(self._begun + passed_s / self._speed - time.monotonic(), 0.0))
        if time.monotonic() - self._said >= _SAY_EVERY_S and sys.stderr.isatty():
            self._said = time.monotonic()
            print_words(f"replayed {passed_s:,.0f} s")


def tell(path: Path, outcome: Outcome) -> None:
    """Print the outcome for a person."""
    differs = f"NO, from {outcome.differs_at_ms} on"
    agrees = {True: "yes, byte for byte", False: differs, None: "nothing to compare with"}
    rows = [
        ("tape", str(path)),
        ("seconds", f"{(outcome.to_ms - outcome.from_ms) / 1000:,.1f}"),
        ("inputs", f"{outcome.inputs:,} ({outcome.frames:,} frames)"),
        ("published", f"{outcome.published:,} views"),
        ("SHA-256 of it", outcome.digest),
        ("as it was recorded", f"{agrees[outcome.agrees]} ({outcome.marks} proof{'' if outcome.marks == 1 else 's'})"),
        ("books", str(outcome.books)),
        ("gaps", f"{outcome.gaps}; {outcome.resyncs} resyncs, {outcome.malformed} unreadable"),
    ]
    print_table((Column("what", keep_whole=True), Column("how much")), rows)


def _fields(outcome: Outcome) -> dict[str, object]:
    return {name: getattr(outcome, name) for name in outcome.__struct_fields__}
