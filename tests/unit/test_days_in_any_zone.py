"""Days, midnights and times that are shown do not depend on where the machine believes to be."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import kalshi_tui
from kalshi_tui.core.newyork import day_of, midnight_ms, next_midnight_ms
from kalshi_tui.tui.words import clock, moment

PACKAGE = Path(kalshi_tui.__file__).parent
HOUR_MS = 3_600_000
DATES = {"datetime", "date"}
# Noon in UTC of both days of 2026 on which New York moves its clocks, and how many hours such a day has.
CHANGES = {"2026-03-08": (1_772_971_200_000, 23), "2026-11-01": (1_793_534_400_000, 25)}


@pytest.fixture(params=["America/New_York", "UTC", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kolkata", "Europe/London"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Set this process's zone for one test."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("day", CHANGES)
def test_the_day_of_losses_begins_once_at_midnight_in_new_york_wherever_the_machine_is(day: str) -> None:
    noon_ms, hours = CHANGES[day]
    begins = midnight_ms(day)
    assert day_of(noon_ms) == day
    assert next_midnight_ms(begins) - begins == hours * HOUR_MS
    halves = [day_of(begins + half * HOUR_MS // 2) == day for half in range(-4, 2 * hours + 4)]
    assert halves == [False] * 4 + [True] * 2 * hours + [False] * 4


@pytest.mark.usefixtures("zone")
def test_a_time_is_shown_the_same_wherever_the_machine_is() -> None:
    assert clock(1_772_971_200_000) == "12:00:00"
    assert moment(1_772_971_200_000) == "2026-03-08 12:00 UTC"


def test_no_module_reads_the_machines_own_zone() -> None:
    found = []
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            given = len(node.args) + len(node.keywords)
            name = node.func.attr
            is_local = name in {"localtime", "mktime", "tzset", "utcnow", "utcfromtimestamp"}
            is_local |= name == "astimezone" and not given
            is_local |= name in {"now", "today"} and not given and getattr(node.func.value, "id", "") in DATES
            is_local |= name == "fromtimestamp" and given < 2
            if is_local:
                found.append(f"{file.relative_to(PACKAGE)}:{node.lineno}: {name}")
    assert found == []
