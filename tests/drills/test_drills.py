"""The drills themselves: each fault is survived, one seed makes one history, and what is pending is not counted."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kalshi_tui.cli.drills.running import rehearse
from kalshi_tui.cli.drills.table import DRILLS, PENDING
from kalshi_tui.practice.faults import load_scenario, scenario_path

DOCUMENT = (Path(__file__).parents[2] / "docs" / "drills.md").read_text()


@pytest.mark.parametrize("fault", DRILLS)
def test_the_engine_survives_each_fault(fault: str) -> None:
    assert rehearse(fault, 1).problems == ()


@pytest.mark.parametrize("fault", ["F07", "F08", "F36", "F40", "F43", "F64", "F65", "random"])
def test_the_engine_survives_on_another_seed_and_comes_to_the_same_twice(fault: str) -> None:
    assert rehearse(fault, 2, twice=True).problems == ()


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_engine_survives_faults_that_come_together(seed: int) -> None:
    assert rehearse("random", seed).problems == ()


def test_a_drill_in_which_somebody_trades_counts_what_was_traded_and_compared() -> None:
    dealt = rehearse("F17", 1).dealt
    assert dealt is not None
    assert dealt.orders >= 3
    assert dealt.rows > dealt.orders
    assert (dealt.duplicates, dealt.breaches, dealt.illegal, dealt.after_kill, dealt.differing) == (0, 0, 0, 0, 0)


def test_seeds_make_different_histories() -> None:
    assert rehearse("F41", 1).digest != rehearse("F41", 2).digest


def test_one_seed_makes_one_history_in_every_process() -> None:
    code = "from kalshi_tui.cli.drills.running import rehearse; print(rehearse('F39', 3).digest)"
    digests = {
        subprocess.run(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64


def test_each_drill_injects_the_scenario_of_its_fault() -> None:
    for fault, drill in DRILLS.items():
        if isinstance(drill.scenario, str):
            assert {rule.fault for rule in load_scenario(scenario_path(drill.scenario or fault))} == {fault}


def test_every_fault_of_the_list_is_drilled_or_pending_and_none_is_both() -> None:
    assert sorted([*DRILLS, *PENDING]) == [f"F{number:02d}" for number in range(1, 76)]
    traded = [f"F{number:02d}" for number in (*range(1, 28), *range(52, 60))]
    assert {*traded, *(f"F{number}" for number in range(34, 52))} <= DRILLS.keys()
    assert all(DRILLS[fault].trades is not None for fault in traded)
    assert {"F28", "F33", "F70", "F74", "F75"} <= {*PENDING}


def test_the_document_has_a_row_for_each_drill_and_says_what_it_says() -> None:
    rows = re.findall(r"^\| (F\d\d) \| ([^|]+) \| ([^|]+) \|$", DOCUMENT, re.MULTILINE)
    assert rows == [(drill.fault, drill.words, drill.must) for drill in DRILLS.values()]


def test_the_score_of_a_command_can_be_compared_with_another_run_of_it() -> None:
    runs = [
        subprocess.run(  # noqa: S603 - as above
            [sys.executable, "-m", "kalshi_tui", "drill", "F41", "--seeds", "2", "--jobs", jobs, "--json"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for jobs in ("1", "2")
    ]
    first, second = map(json.loads, runs)
    assert first == second
    assert first["ok"]
    assert [line["survived"] for line in first["lines"]] == [2]
