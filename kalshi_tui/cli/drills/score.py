"""The score of many trials: seeds survived of seeds, sums, worst times, and the line that plays each failure again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from kalshi_tui.cli.drills.mixing import RANDOM
from kalshi_tui.cli.drills.table import DRILLS, PENDING
from kalshi_tui.cli.drills.trials import Dealt, Trial


class Failure(msgspec.Struct, frozen=True):
    """A seed on which something did not hold, and the command that plays it again."""

    fault: str
    seed: int
    problems: tuple[str, ...]
    again: str


class Line(msgspec.Struct, frozen=True):
    """What came of one fault, or of all together."""

    fault: str
    words: str
    seeds: int
    survived: int
    strikes: int
    frames: int
    rows: int
    wrong: int
    late: int
    longest_behind_ms: int
    lively_ms: int | None
    gaps: int
    resyncs: int
    reconnects: int
    dealt: Dealt | None = None


class Score(msgspec.Struct, frozen=True):
    """The one object that `drill --json` prints; faults that are pending were not tried.

    `digest` is over everything that the engines published: the same drills on the same seeds give the same.
    """

    ok: bool
    digest: str
    lines: tuple[Line, ...]
    total: Line
    failures: tuple[Failure, ...]
    pending: tuple[str, ...]


def score_of(trials: Sequence[Trial]) -> Score:
    """Return the score of trials, in the order of the list of faults and of the seeds."""
    ordered = sorted(trials, key=lambda trial: (trial.fault, trial.seed))
    faults = dict.fromkeys(trial.fault for trial in ordered)
    lines = tuple(
        line_of(fault, words_for(fault), [trial for trial in ordered if trial.fault == fault]) for fault in faults
    )
    failures = tuple(failure_of(trial) for trial in ordered if trial.problems)
    total = line_of("all", f"{len(lines)} fault{'' if len(lines) == 1 else 's'}", ordered)
    digest = hashlib.sha256("".join(trial.digest for trial in ordered).encode()).hexdigest()
    return Score(bool(ordered) and not failures, digest, lines, total, failures, PENDING)


def line_of(fault: str, words: str, trials: Sequence[Trial]) -> Line:
    """Add some trials up."""
    return Line(
        fault=fault,
        words=words,
        seeds=len(trials),
        survived=sum(not trial.problems for trial in trials),
        strikes=sum(trial.strikes for trial in trials),
        frames=sum(trial.frames for trial in trials),
        rows=sum(trial.rows for trial in trials),
        wrong=sum(trial.wrong for trial in trials),
        late=sum(trial.late for trial in trials),
        longest_behind_ms=max((trial.longest_behind_ms for trial in trials), default=0),
        lively_ms=_slowest(trial.lively_ms for trial in trials),
        gaps=sum(trial.gaps for trial in trials),
        resyncs=sum(trial.resyncs for trial in trials),
        reconnects=sum(trial.reconnects for trial in trials),
        dealt=dealt_of([trial.dealt for trial in trials if trial.dealt is not None]),
    )


def dealt_of(all_dealt: Sequence[Dealt]) -> Dealt | None:
    """Add up what was traded."""
    if not all_dealt:
        return None
    names = [name for name in Dealt.__struct_fields__ if name != "tradable_ms"]
    sums = {name: sum(getattr(dealt, name) for dealt in all_dealt) for name in names}
    return Dealt(**sums, tradable_ms=_slowest(dealt.tradable_ms for dealt in all_dealt))


def failure_of(trial: Trial) -> Failure:
    """Return what did not hold, with the line that plays it again."""
    what = "--random 1" if trial.fault == RANDOM else trial.fault
    return Failure(trial.fault, trial.seed, trial.problems, f"kalshi-tui drill {what} --seed {trial.seed}")


def words_for(fault: str) -> str:
    """Say what goes wrong in a drill."""
    return "one to three of all faults at once" if fault == RANDOM else DRILLS[fault].words


def _slowest(times: Iterable[int | None]) -> int | None:
    """Return the longest time, or None where one never ended: no other is longer."""
    found = list(times)
    return None if not found or None in found else max(time for time in found if time is not None)
