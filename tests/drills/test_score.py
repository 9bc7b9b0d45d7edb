"""The score: sums, worst times, what failed and how to see it again."""

from __future__ import annotations

from msgspec.structs import replace

from kalshi_tui.cli.drill import cells_of, row_of, spans, words_of
from kalshi_tui.cli.drills.score import score_of
from kalshi_tui.cli.drills.trials import Dealt, Trial

GOOD = Trial("F36", 1, strikes=4, frames=100, rows=10, longest_behind_ms=60, lively_ms=0, gaps=4, digest="a")
SLOW = Trial("F36", 2, strikes=5, frames=110, rows=11, longest_behind_ms=90, lively_ms=700, resyncs=3, digest="b")
BAD = Trial("F42", 1, ("a ladder lied", "and was late"), frames=7, wrong=2, late=1, lively_ms=None, reconnects=1)


def test_trials_of_one_fault_are_added_up_and_their_worst_times_kept() -> None:
    found = score_of([SLOW, GOOD])
    (line,) = found.lines
    assert (line.fault, line.seeds, line.survived) == ("F36", 2, 2)
    assert (line.strikes, line.frames, line.rows, line.gaps, line.resyncs) == (9, 210, 21, 4, 3)
    assert (line.longest_behind_ms, line.lively_ms) == (90, 700)
    assert found.ok


def test_one_problem_makes_the_whole_score_fail_and_names_the_command_that_shows_it_again() -> None:
    found = score_of([GOOD, BAD, SLOW])
    assert not found.ok
    assert [line.fault for line in found.lines] == ["F36", "F42"]
    assert (found.total.seeds, found.total.survived, found.total.wrong, found.total.late) == (3, 2, 2, 1)
    (failure,) = found.failures
    assert failure.again == "kalshi-tui drill F42 --seed 1"
    assert words_of(failure) == "F42 seed 1: a ladder lied; and was late\n  again: kalshi-tui drill F42 --seed 1"


def test_a_book_that_never_came_back_outweighs_every_time() -> None:
    found = score_of([GOOD, BAD])
    assert found.total.lively_ms is None
    assert "never" in row_of(found.total)
    assert "0.00 s" in row_of(found.lines[0])


def test_nothing_played_is_no_success() -> None:
    assert not score_of([]).ok


def test_pending_faults_are_named_and_never_counted() -> None:
    found = score_of([GOOD])
    assert "F28" in found.pending
    assert "F36" not in found.pending
    assert found.total.seeds == 1


def test_the_digest_depends_on_what_was_published_and_not_on_who_was_ready_first() -> None:
    assert score_of([GOOD, SLOW]).digest == score_of([SLOW, GOOD]).digest
    assert score_of([GOOD]).digest != score_of([SLOW]).digest


def test_names_in_a_row_are_written_as_a_span() -> None:
    assert spans(["F01", "F02", "F03", "F07", "F09", "F10"]) == "F01 to F03, F07, F09 to F10"


DEALT = Dealt(
    orders=9,
    fills=4,
    rows=40,
    differing=0,
    duplicates=0,
    unknown_positions=0,
    breaches=0,
    illegal=0,
    after_kill=0,
    tradable_ms=700,
)


def test_what_was_traded_is_added_up_and_the_slowest_return_counts() -> None:
    never = replace(DEALT, duplicates=1, tradable_ms=None)
    found = score_of([replace(GOOD, dealt=DEALT), replace(SLOW, dealt=replace(DEALT, tradable_ms=900)), BAD])
    assert found.total.dealt == replace(DEALT, orders=18, fills=8, rows=80, tradable_ms=900)
    assert found.lines[1].dealt is None
    assert cells_of(DEALT)[-1] == "0.70 s"
    assert cells_of(never)[-1] == "never"


def test_a_mix_that_failed_is_played_again_by_its_seed() -> None:
    (failure,) = score_of([replace(BAD, fault="random", seed=12)]).failures
    assert failure.again == "kalshi-tui drill --random 1 --seed 12"
