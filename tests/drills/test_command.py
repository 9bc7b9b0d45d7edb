"""`kalshi-tui drill`: what it takes, prints and returns."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool

import pytest
from click.testing import CliRunner, Result

from kalshi_tui.cli.drill import chosen, command, spans
from kalshi_tui.cli.drills import crew
from kalshi_tui.cli.drills.table import DRILLS, PENDING
from kalshi_tui.cli.drills.trials import Trial
from kalshi_tui.errors import LocalProtocolError, TransportError


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, bool]]:
    """Note what would be played; F42 fails on seed 8812."""
    noted: list[tuple[str, int, bool]] = []

    def rehearse(fault: str, seed: int, *, twice: bool = False) -> Trial:
        noted.append((fault, seed, twice))
        problems = ("a ladder lied",) if (fault, seed) == ("F42", 8812) else ()
        return Trial(fault, seed, problems, lively_ms=0)

    monkeypatch.setattr(crew, "rehearse", rehearse)
    return noted


def test_without_a_name_the_drills_are_listed_and_nothing_is_played(asked: list[tuple[str, int, bool]]) -> None:
    result = run()
    assert result.exit_code == 0
    assert all(fault in result.stdout for fault in DRILLS)
    assert spans(PENDING) in result.stderr
    assert asked == []


def test_each_fault_is_played_on_twenty_seeds_unless_said_otherwise(asked: list[tuple[str, int, bool]]) -> None:
    assert run("F36", "--jobs", "1").exit_code == 0
    assert [seed for _, seed, _ in asked] == list(range(1, 21))


def test_the_first_seed_of_each_fault_is_played_twice(asked: list[tuple[str, int, bool]]) -> None:
    run("F36", "f37-duplicates", "--seeds", "2", "--jobs", "1")
    assert asked == [("F36", 1, True), ("F36", 2, False), ("F37", 1, True), ("F37", 2, False)]


def test_one_seed_is_played_alone(asked: list[tuple[str, int, bool]]) -> None:
    run("F42", "--seed", "8812", "--jobs", "1")
    assert [(fault, seed) for fault, seed, _ in asked] == [("F42", 8812)]


def test_all_is_every_drill_that_there_is(asked: list[tuple[str, int, bool]]) -> None:
    run("--all", "--seeds", "1", "--jobs", "1")
    assert [fault for fault, _, _ in asked] == list(DRILLS)


@pytest.mark.usefixtures("asked")
def test_a_failure_is_printed_with_the_line_that_plays_it_again_and_ends_with_1() -> None:
    result = run("F42", "F36", "--seed", "8812", "--jobs", "1")
    assert result.exit_code == 1
    assert "F42 seed 8812: a ladder lied\n  again: kalshi-tui drill F42 --seed 8812" in result.stdout
    assert "F42 seed 8812: a ladder lied" in result.stderr
    assert f"pending, and not counted: {len(PENDING)} faults" in result.stderr


@pytest.mark.usefixtures("asked")
def test_json_is_one_object_on_stdout_and_progress_is_on_stderr() -> None:
    result = run("F42", "--seed", "8812", "--jobs", "1", "--json")
    told = json.loads(result.stdout)
    assert told["ok"] is False
    assert told["failures"][0]["again"] == "kalshi-tui drill F42 --seed 8812"
    assert "F42 is over, 1 of 1" in result.stderr


def test_the_list_is_json_too(asked: list[tuple[str, int, bool]]) -> None:
    told = json.loads(run("--json").stdout)
    assert [drill["fault"] for drill in told["drills"]] == list(DRILLS)
    assert told["pending"] == list(PENDING)
    assert asked == []


def test_mixes_are_played_one_a_seed_and_the_first_twice(asked: list[tuple[str, int, bool]]) -> None:
    assert run("--random", "3", "--seed", "7", "--jobs", "1").exit_code == 0
    assert asked == [("random", 7, True), ("random", 8, False), ("random", 9, False)]


@pytest.mark.parametrize("beside", [("F36",), ("--all",), ("--seeds", "3")])
def test_nothing_is_given_beside_mixes(beside: tuple[str, ...], asked: list[tuple[str, int, bool]]) -> None:
    result = run("--random", "3", *beside)
    assert result.exit_code == 2
    assert "--random N is N mixes" in result.stderr
    assert asked == []


def test_a_name_beside_all_is_refused(asked: list[tuple[str, int, bool]]) -> None:
    result = run("F36", "--all")
    assert result.exit_code == 2
    assert "--all is every drill" in result.stderr
    assert asked == []


def test_a_fault_that_no_drill_injects_yet_is_no_typing_error() -> None:
    with pytest.raises(LocalProtocolError, match="no drill injects F28 yet"):
        chosen(["f28"], everything=False)


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(("names", "words"), [(("F36",), "1 fault"), (("F36", "F37"), "2 faults")])
def test_the_sum_counts_faults_in_english(names: tuple[str, ...], words: str) -> None:
    last = run(*names, "--seeds", "1", "--jobs", "1").stdout.splitlines()[-1]
    assert last.rstrip().endswith(words)


@pytest.mark.parametrize(("name", "hint"), [("F99", "lists them"), ("F366", "did you mean F"), ("f36gap", "F36")])
def test_a_drill_that_there_is_not_is_named_with_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(LocalProtocolError, match=name) as refused:
        chosen([name], everything=False)
    assert hint in refused.value.hint


def test_a_name_that_is_given_twice_is_played_once() -> None:
    assert chosen(["F36", "f36", "f36-gap"], everything=False) == ["F36"]


def test_a_process_that_is_lost_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __init__(self, *_: object, **__: object) -> None:
            """Begin."""

        def submit(self, *_: object, **__: object) -> None:
            raise BrokenProcessPool

        def shutdown(self, **_: object) -> None:
            """End."""

    monkeypatch.setattr(crew, "ProcessPoolExecutor", Broken)
    nothing: Callable[[Trial], None] = lambda _: None  # noqa: E731 - it has nothing to do
    with pytest.raises(TransportError, match="was lost"):
        crew.rehearse_all(["F36"], range(1, 3), jobs=2, tell=nothing)
