"""`kalshi-tui bench`: speed as figures beside their targets, as ratios within one run wherever that is possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import click

from kalshi_tui.cli.benches.report import Report
from kalshi_tui.cli.exits import CHECK_FAILED
from kalshi_tui.cli.loading import load
from kalshi_tui.cli.output import Column, print_json, print_table, print_words

BENCHES: Final = {
    "hot-path": ("hot_path", "From a frame's bytes to the best price, against decoding alone"),
    "socket": ("transports", "Receiving frames over loopback, by each transport that is installed"),
    "exchange": ("desk", "The practice exchange: deltas, signed orders, matching, and a world of 30,000 markets"),
    "orders": ("orders", "An order from the key to the socket, and a kill under load until nothing rests"),
    "terminals": ("terminals", "Terminals that are not read, stopped, killed or made tiny, and the engine meanwhile"),
    "engine": ("engine", "The engine: its hot path with link and tape, and under load for two minutes"),
    "frames": ("painting", "The terminal's frames, keys and bytes while its markets move"),
    "start": ("starting", "From the start to the first picture, to the first live book, and to the help"),
}
TIMED: Final = {"engine", "terminals", "frames"}  # take --seconds


@click.command(short_help="Measure speed and compare it with the targets")
@click.argument("name", required=False, metavar="[NAME]", type=click.Choice(list(BENCHES)))
@click.option(
    "--seconds", type=click.FloatRange(3, 300), help="With engine, terminals and frames: how long each part lasts."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(name: str | None, *, seconds: float | None, as_json: bool) -> None:
    """Measure NAME (without one: list them); exit with 1 when a target is missed.

    docs/performance.md says what each figure means.
    """
    if name is None:
        list_benches(as_json=as_json)
        return
    if seconds is not None and name not in TIMED:
        raise click.UsageError(f"{name} takes no --seconds: its rounds are of a fixed length")
    module, words = BENCHES[name]
    print_words(f"measuring {name}: {words[0].lower()}{words[1:]}")
    measure: Callable[..., Report] = load(f"kalshi_tui.cli.benches.{module}").measure
    found = measure(print_words) if seconds is None else measure(print_words, seconds=seconds)
    print_json(found) if as_json else print_report(found)
    if not found.ok:
        raise SystemExit(CHECK_FAILED)


def list_benches(*, as_json: bool) -> None:
    """Print what each bench measures."""
    if as_json:
        print_json([{"name": name, "measures": words} for name, (_, words) in BENCHES.items()])
        return
    print_table([Column("name"), Column("measures")], [(name, words) for name, (_, words) in BENCHES.items()])


def print_report(found: Report) -> None:
    """Print a row a figure, with its target and whether it was met."""
    rows = [
        (name, f"{value:,.4g}", str(found.targets.get(name, "")), verdict(found, name))
        for name, value in found.figures.items()
    ]
    print_table([Column("figure"), Column("median", is_number=True), Column("target"), Column("met")], rows)


def verdict(found: Report, name: str) -> str:
    """Say whether a figure met its target, where it has one."""
    target = found.targets.get(name)
    return "" if target is None else "yes" if target.is_met(found.figures[name]) else "NO"
