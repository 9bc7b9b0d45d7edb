"""docs/reliability.md names a test for each promise, and each test and drill that it names is there and is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from kalshi_tui.cli.drills.table import DRILLS, PENDING

ROOT: Final = Path(__file__).parents[2]
DOCUMENT: Final = (ROOT / "docs" / "reliability.md").read_text()
PROPERTIES: Final = [*(f"P{number}" for number in range(1, 15)), "P16"]
CASES: Final = [f"R{number}" for number in range(1, 39)]
MOST: Final = 5  # names for one promise: a longer list would be read by nobody


class Row(NamedTuple):
    """One promise and what holds it."""

    name: str
    promise: str
    tests: tuple[str, ...]
    drills: tuple[str, ...]


def rows(heading: str) -> list[Row]:
    """Return the rows of the table under a heading; a cell that names anything else is a mistake."""
    section = DOCUMENT.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [row(line) for line in lines[2:]]


def row(line: str) -> Row:
    name, promise, holders = (cell.strip() for cell in line.strip("|").split(" | "))
    words = [word.strip() for word in holders.split(", ")]
    assert all(re.fullmatch(r"`[^`]+`", word) for word in words), line
    named = [word.strip("`") for word in words]
    drills = tuple(word.removeprefix("drill ") for word in named if word.startswith("drill "))
    return Row(name, promise, tuple(word for word in named if not word.startswith("drill ")), drills)


ROWS: Final = [*rows("Rules for every input"), *rows("What went wrong elsewhere")]
NAMED: Final = sorted({test for row in ROWS for test in row.tests})


@cache
def collected(file: str) -> frozenset[str]:
    """Return the names under which a file's tests are collected: functions, classes, and machines of hypothesis."""
    return frozenset(_names(ast.parse((ROOT / file).read_text())))


def _names(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield node.name
            yield from (f"{node.name}::{name}" for name in _names(ast.Module(node.body, [])))
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute) and node.value.attr == "TestCase":
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def test_each_promise_stands_once_and_in_order() -> None:
    assert [row.name for row in rows("Rules for every input")] == PROPERTIES
    assert [row.name for row in rows("What went wrong elsewhere")] == CASES


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_promise_is_one_sentence_and_names_a_few_tests_once(row: Row) -> None:
    assert row.promise.endswith(".")
    assert ". " not in row.promise
    assert 1 <= len(row.tests) + len(row.drills) <= MOST
    assert row.tests, "a drill alone is no name that pytest takes"
    assert len({*row.tests, *row.drills}) == len(row.tests) + len(row.drills)


@pytest.mark.parametrize("name", NAMED)
def test_each_named_test_exists_where_it_is_collected(name: str) -> None:
    file, _, test = name.partition("::")
    path = Path(file)
    assert path.parts[0] == "tests"
    assert path.suffix == ".py"
    assert path.name.startswith("test_")
    assert ".." not in path.parts
    assert test in collected(file)


@pytest.mark.parametrize("fault", sorted({drill for row in ROWS for drill in row.drills}))
def test_each_named_drill_is_played(fault: str) -> None:
    assert fault in DRILLS
    assert fault not in PENDING


def test_file_names_of_tests_are_unique_so_that_all_are_collected() -> None:
    names = [file.name for file in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


def test_every_drill_that_waits_is_owned_up_to() -> None:
    waiting = DOCUMENT.split("## What is not covered yet\n", 1)[1]
    told = set(re.findall(r"\bF\d\d\b", waiting))
    for first, last in re.findall(r"F(\d\d) to F(\d\d)", waiting):
        told |= {f"F{number:02d}" for number in range(int(first), int(last) + 1)}
    assert told == set(PENDING)


def test_a_name_that_is_none_would_be_noticed() -> None:
    code = (
        "class Machine: pass\nTestIt = Machine.TestCase\nclass TestA:\n    def test_b(self): pass\ndef test_c(): pass\n"
    )
    code += "def helper(): pass\nclass Other:\n    def test_d(self): pass\n"
    assert set(_names(ast.parse(code))) == {"TestIt", "TestA", "TestA::test_b", "test_c"}
