"""docs/gate.md is what the code says: each check in its order, each code under it, and what the code means."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import kalshi_tui_limits
from kalshi_tui.config.load import load_settings
from kalshi_tui.engine.trading import checks
from kalshi_tui.engine.trading.checks import AFTER_LIMITS, BEFORE_LIMITS, Check
from kalshi_tui.engine.trading.codes import ANCHOR, MEANINGS, Code, anchor_of
from kalshi_tui_limits import contracts, counts, losses

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "gate.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL))
ENTRIES = dict(re.findall(r"^### (\w+)\n\n(.*?)\n$", DOCUMENT, re.MULTILINE | re.DOTALL))
LIMITS = {
    limit.rule.code: limit
    for module in (contracts, counts, losses)
    for limit in vars(module).values()
    if inspect.isclass(limit) and hasattr(limit, "rule")
}


def test_the_checks_stand_in_the_order_in_which_they_are_asked() -> None:
    asked = [check.name for check in (*BEFORE_LIMITS, *AFTER_LIMITS)]
    assert list(SECTIONS) == [*asked[: len(BEFORE_LIMITS)], "limits", *asked[len(BEFORE_LIMITS) :]]


@pytest.mark.parametrize("check", [*BEFORE_LIMITS, *AFTER_LIMITS], ids=lambda check: check.name)
def test_each_code_stands_under_the_check_that_gives_it(check: Check) -> None:
    source = inspect.getsource(check.judge) + (inspect.getsource(checks._worse) if check.name == "moved" else "")
    given = re.findall(r"Code\.(\w+)", source)
    body = SECTIONS[check.name]
    assert given
    assert re.findall(r"^### (\w+)$", body, re.MULTILINE) == list(dict.fromkeys(given))
    assert ("*Asked only of what adds risk.*" in body) is check.spares


def test_each_code_is_explained_in_the_words_of_the_program() -> None:
    assert {code: ENTRIES[code] for code in Code} == {code: " ".join(MEANINGS[code]) for code in Code}


def test_each_limit_is_explained_with_its_setting() -> None:
    settings = load_settings(environ={}, folder=Path("/nonexistent")).limits
    keys = {code: re.match(r"`limits\.(\w+)`\. ", text) for code, text in ENTRIES.items() if code not in {*Code}}
    assert set(keys) == set(LIMITS)
    assert all(found is not None and hasattr(settings, found[1]) for found in keys.values())
    made = re.findall(r'_limit\(options, "(\w+)"\)', inspect.getsource(kalshi_tui_limits))
    assert sorted(found[1] for found in keys.values() if found) == sorted(made)


def test_the_anchor_of_a_denial_leads_to_its_heading() -> None:
    assert ANCHOR == "docs/gate.md#"
    for code in ENTRIES:
        assert anchor_of(code) == f"docs/gate.md#{code.lower()}"
