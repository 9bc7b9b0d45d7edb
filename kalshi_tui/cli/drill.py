"""`kalshi-tui drill`: the engine against each fault of the list, judged by the exchange's own records."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

import click
import msgspec

from kalshi_tui.cli.exits import CHECK_FAILED
from kalshi_tui.cli.loading import load
from kalshi_tui.cli.output import Column, print_json, print_table, print_words
from kalshi_tui.errors import LocalProtocolError

if TYPE_CHECKING:
    from kalshi_tui.cli.drills.score import Failure, Line, Score
    from kalshi_tui.cli.drills.trials import Dealt, Trial

_SEEDS: Final = 20
_RANDOM: Final = "random"
_SHOWN: Final = 20  # failures that are printed; --json has all


@click.command(short_help="Play each fault against the whole engine and count what it survives")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "everything", is_flag=True, help="Play every drill that there is.")
@click.option("--random", "mixes", type=click.IntRange(1, 100_000), help="Play so many mixes of faults, one a seed.")
@click.option("--seeds", type=click.IntRange(1, 100_000), help="How many seeds each; 20, or 1 with --seed.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="The first seed; 1 unless said otherwise.")
@click.option("--jobs", type=click.IntRange(1, 16), help="Processes at once; as many as there are cores.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    names: tuple[str, ...],
    *,
    everything: bool,
    mixes: int | None,
    seeds: int | None,
    seed: int | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Play the drills NAME, such as F36 (without one: list them); exit with 1 when anything did not hold.

    docs/drills.md says what a drill is and what its score means.
    """
    if names and everything:
        raise click.UsageError("--all is every drill: name none beside it")
    if mixes and (names or everything or seeds):
        raise click.UsageError("--random N is N mixes of faults, one on each seed: give nothing beside it but --seed")
    if not names and not everything and not mixes:
        list_drills(as_json=as_json)
        return
    faults = [_RANDOM] if mixes else chosen(names, everything=everything)
    count = mixes or seeds or (_SEEDS if seed is None else 1)
    first = 1 if seed is None else seed
    found = rehearsed(faults, range(first, first + count), jobs or os.cpu_count() or 1)
    print_json(found) if as_json else print_score(found)
    if not found.ok:
        raise SystemExit(CHECK_FAILED)


def chosen(names: Sequence[str], *, everything: bool) -> list[str]:
    """Return the faults that are named, each once, as the list has them; a scenario's name does as well."""
    table = load("kalshi_tui.cli.drills.table")
    known = list(table.DRILLS)
    if everything:
        return known
    wanted = [name.upper().partition("-")[0] for name in names]
    for name, fault in zip(names, wanted, strict=True):
        if fault in table.PENDING:
            raise LocalProtocolError(f"no drill injects {fault} yet", hint="`kalshi-tui drill` lists those that do")
        if fault not in known:
            close = get_close_matches(fault, known, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            raise LocalProtocolError(f"there is no drill {name!r:.40}", hint=f"{hint}`kalshi-tui drill` lists them")
    return list(dict.fromkeys(wanted))


def rehearsed(faults: Sequence[str], seeds: Sequence[int], jobs: int) -> Score:
    """Play drills, tell on stderr which are over, and return the score."""
    score_of: Callable[[Sequence[Trial]], Score] = load("kalshi_tui.cli.drills.score").score_of
    over: Counter[str] = Counter()

    def tell(trial: Trial) -> None:
        over[trial.fault] += 1
        if trial.problems:
            print_words(f"{trial.fault} seed {trial.seed}: {trial.problems[0]}")
        if over[trial.fault] == len(seeds):
            done = sum(count == len(seeds) for count in over.values())
            print_words(f"{trial.fault} is over, {done} of {len(faults)}")

    return score_of(load("kalshi_tui.cli.drills.crew").rehearse_all(faults, seeds, jobs=jobs, tell=tell))


def list_drills(*, as_json: bool) -> None:
    """Print what goes wrong in each drill, and what must follow."""
    table = load("kalshi_tui.cli.drills.table")
    if as_json:
        drills = [{"fault": drill.fault, "words": drill.words, "must": drill.must} for drill in table.DRILLS.values()]
        print_json({"drills": drills, "pending": table.PENDING})
        return
    rows = [(drill.fault, drill.words, drill.must) for drill in table.DRILLS.values()]
    print_table([Column("fault"), Column("what goes wrong"), Column("what must follow")], rows)
    print_words(f"pending: {len(table.PENDING)} more of the list ({spans(table.PENDING)})")


def print_score(found: Score) -> None:
    """Print a row a fault, the sums, what is pending, and for each failure the line that plays it again."""
    headings = ("seeds", "strikes", "frames", "wrong", "stale", "behind", "live again", "gaps", "resyncs", "reconnects")
    columns = [Column("fault", keep_whole=True), *(Column(heading, is_number=True) for heading in headings)]
    rows = [row_of(line) for line in (*found.lines, found.total)]
    print_table([*columns, Column("what went wrong")], rows)
    print_dealt(found)
    print_words(f"pending, and not counted: {len(found.pending)} faults of the list ({spans(found.pending)})")
    for failure in found.failures[:_SHOWN]:
        click.echo(words_of(failure))
    if len(found.failures) > _SHOWN:
        click.echo(f"... and {len(found.failures) - _SHOWN} more; --json prints all")


def print_dealt(found: Score) -> None:
    """Print a row for each fault during which somebody traded, and the sums."""
    counts = ("orders", "fills", "rows", "differing", "twice", "unknown", "breaches", "illegal", "after kill")
    headings = (*counts, "trades")
    columns = [Column("fault", keep_whole=True), *(Column(heading, is_number=True) for heading in headings)]
    rows = [(line.fault, *cells_of(line.dealt)) for line in (*found.lines, found.total) if line.dealt is not None]
    if rows:
        print_table(columns, rows)


def cells_of(dealt: Dealt) -> tuple[str, ...]:
    """Return what was traded as cells."""
    counts = msgspec.structs.astuple(dealt)[:-1]
    again = "never" if dealt.tradable_ms is None else f"{dealt.tradable_ms / 1000:.2f} s"
    return (*(f"{count:,}" for count in counts), again)


def row_of(line: Line) -> tuple[str, ...]:
    """Return a line of the score as cells."""
    return (
        line.fault,
        f"{line.survived}/{line.seeds}",
        f"{line.strikes:,}",
        f"{line.frames:,}",
        f"{line.wrong:,}",
        f"{line.late:,}",
        f"{line.longest_behind_ms / 1000:.2f} s",
        "never" if line.lively_ms is None else f"{line.lively_ms / 1000:.2f} s",
        f"{line.gaps:,}",
        f"{line.resyncs:,}",
        f"{line.reconnects:,}",
        line.words,
    )


def words_of(failure: Failure) -> str:
    """Say what did not hold and how to see it again."""
    return f"{failure.fault} seed {failure.seed}: {'; '.join(failure.problems)}\n  again: {failure.again}"


def spans(names: Sequence[str]) -> str:
    """Write F01, F02, F03, F07 as F01 to F03, F07."""
    numbers = [int(name[1:]) for name in names]
    starts = [number for number in numbers if number - 1 not in numbers]
    ends = [number for number in numbers if number + 1 not in numbers]
    pairs = zip(starts, ends, strict=True)
    return ", ".join(f"F{start:02d}" if start == end else f"F{start:02d} to F{end:02d}" for start, end in pairs)
