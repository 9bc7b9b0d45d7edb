"""What docs/tape.md says of exported rows is what is exported."""

from __future__ import annotations

from pathlib import Path

from kalshi_tui.cli.tape import command
from kalshi_tui.engine.tape.schema import COLUMNS, KINDS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "tape.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading."""
    section = DOCUMENT.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_each_column_is_documented_in_order_with_its_type() -> None:
    assert rows("Rows") == [[f"`{column.name}`", column.type, column.words] for column in COLUMNS]


def test_each_kind_is_documented_with_whether_it_is_public_and_usual() -> None:
    word = {True: "yes", False: "no"}
    expected = [[f"`{name}`", word[kind.is_public], word[kind.is_usual], kind.words] for name, kind in KINDS.items()]
    assert rows("Kinds") == expected


def test_each_command_is_documented() -> None:
    assert [name for name in command.commands if f"kalshi-tui tape {name}" not in DOCUMENT] == []
