"""Scenario files: what is wrong is named, with what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from kalshi_tui.practice.faults import ScenarioError, When, load_scenario, scenario_path

GOOD = 'at = "frame"\naction = "drop"\n'


def _load(tmp_path: Path, text: str) -> ScenarioError:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as refused:
        load_scenario(path)
    assert "mine.toml" in str(refused.value)
    return refused.value


def test_a_rule_reads_its_patterns_its_times_and_its_settings(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'fault = "F40"\n[[rule]]\nname = "late"\nat = "frame"\naction = "delay"\ntype = "fill"\nticker = "KX*"\n'
        'every = 3\ntimes = 2\nprobability = 0.5\nbetween_s = [1, 2.5]\nstate = ["not position"]\ndelay_ms = 5\n'
    )
    (rule,) = load_scenario(path)
    assert (rule.name, rule.fault, rule.at, rule.action) == ("late", "F40", "frame", "delay")
    assert rule.match == {"type": "fill", "ticker": "KX*"}
    assert rule.when == When(every=3, times=2, probability=0.5, between_s=(1.0, 2.5), state=("not position",))
    assert rule.params == {"delay_ms": 5, "renumber": False}


@pytest.mark.parametrize(
    ("rule", "said", "hint"),
    [
        (GOOD + "evry = 3", "'evry'", "'every'"),
        (GOOD + "delay_ms = 3", "'delay_ms'", "one of"),
        (GOOD + 'method = "GET"', "'method'", "one of"),
        ('at = "frame"\naction = "dorp"', "'dorp'", "'drop'"),
        ('at = "frames"\naction = "drop"', "'frames'", "'frame'"),
        ('action = "drop"', "no at", "frame"),
        ('at = "frame"', "no action", "drop"),
        ('at = "frame"\naction = "delay"', "no delay_ms", "delay_ms = "),
        (GOOD + 'nth = "3"', "nth", "int"),
        (GOOD + "nth = true", "nth", "int"),
        (GOOD + "nth = -1", "nth", "negative"),
        (GOOD + "probability = nan", "probability", "between 0 and 1"),
        (GOOD + "probability = 1.5", "probability", "between 0 and 1"),
        (GOOD + "between_s = [1]", "between_s", "two numbers"),
        (GOOD + 'state = ["positions"]', "'positions'", "'position'"),
        (GOOD + "ticker = 5", "ticker", "text"),
        ('at = "frame"\naction = "garble"\nas = "jsn"', "'jsn'", "'json'"),
        ('at = "exchange"\naction = "change_grid"\nlabel = "deci_cents"', "'deci_cents'", "'deci_cent'"),
        ('at = "exchange"\naction = "withdraw"\ndollars = "many"', "'many'", "decimal"),
    ],
)
def test_a_mistake_in_a_rule_is_named_with_what_would_be_right(tmp_path: Path, rule: str, said: str, hint: str) -> None:
    refused = _load(tmp_path, f"[[rule]]\n{rule}\n")
    assert "rule 1" in refused.message
    assert said in refused.message
    assert hint in refused.hint


@pytest.mark.parametrize("text", ["", "rule = 5", "rule = []", 'fault = "F01"', "[[rule]", "\x00"])
def test_a_file_that_is_no_scenario_is_refused(tmp_path: Path, text: str) -> None:
    assert _load(tmp_path, text).hint


def test_a_key_beside_the_rules_is_named(tmp_path: Path) -> None:
    assert "'title'" in _load(tmp_path, f'titel = "x"\n[[rule]]\n{GOOD}').hint


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"nowhere\.toml"):
        load_scenario(tmp_path / "nowhere.toml")


def test_an_unknown_scenario_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as refused:
        scenario_path("f07-replay-lost")
    assert "'f07-reply-lost'" in refused.value.hint
    assert {scenario_path(name).stem for name in ("F07", "f7", "f07-reply-lost")} == {"f07-reply-lost"}
    path = tmp_path / "own.toml"
    path.write_text(f"[[rule]]\n{GOOD}")
    assert scenario_path(str(path)) == path
