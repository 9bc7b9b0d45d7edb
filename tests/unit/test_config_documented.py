"""What the documents say about settings is what the program does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from kalshi_tui.config import environment, tree
from kalshi_tui.config.amounts import Amount, Percent, Wholes
from kalshi_tui.config.kinds import Choice, Dollars, Flag, Number, Pairs, Whole, Words
from kalshi_tui.config.load import default_file, load_settings

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "configuration.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading."""
    section = DOCUMENT.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_key_is_documented_in_order_with_its_default() -> None:
    table = rows("Keys of config.toml")
    assert [cells[0] for cells in table] == [f"`{key}`" for key in tree.kinds()]
    defaults = tomllib.loads(default_file().read_text())
    for key, default, _ in table:
        value: object = defaults
        for name in key.strip("`").split("."):
            assert isinstance(value, dict)
            value = value[name]
        assert tomllib.loads(f"it = {default.strip('`')}")["it"] == value, key


def test_every_environment_name_is_documented_with_what_it_sets() -> None:
    table = {cells[0].strip("`"): cells[1] for cells in rows("Names in the environment and in .env")}
    assert set(table) == {*environment.NAMES, *environment.SYNONYMS}
    for name, key in environment.NAMES.items():
        assert table[name] == f"`{key}`"


def test_retired_and_unread_names_are_documented() -> None:
    for name in (*environment.RETIRED, *environment.KEY_TEXTS):
        assert f"`{name}`" in DOCUMENT


def test_the_example_of_a_dotenv_file_names_every_name_and_loads(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"^#([A-Z_]+)=", text, re.MULTILINE))
    assert named == {*environment.NAMES, *environment.SYNONYMS}
    assert load_settings(environ={}, folder=tmp_path).notices == ()
    path = tmp_path / ".env"
    path.write_text(re.sub(r"^#(?=[A-Z_]+=)", "", text, flags=re.MULTILINE))
    path.chmod(0o600)
    settings = load_settings(environ={}, folder=tmp_path)
    assert settings.notices == ()
    assert settings.venues.prod.key_path == Path.home() / ".kalshi" / "prod.pem"


def test_every_line_of_the_default_file_is_found_by_its_key() -> None:
    """Line numbers in errors rest on a search by eye; here it is compared with the parser."""
    from kalshi_tui.config.toml_file import _key_lines  # noqa: PLC0415 - the rule lives inside

    lines = _key_lines(default_file().read_text())
    text = default_file().read_text().splitlines()
    assert set(tree.kinds()) <= set(lines)
    for key, kind in tree.kinds().items():
        name = f"[{key}]" if isinstance(kind, Pairs) else f"{key.rpartition('.')[2]} ="
        assert text[lines[key] - 1].startswith(name)


def explained(key: str) -> str:
    """Return what config.toml says beside a key, or above a table of the user's own names."""
    from kalshi_tui.config.toml_file import _key_lines  # noqa: PLC0415 - as above

    text = default_file().read_text()
    line = _key_lines(text)[key] - 1
    lines = text.splitlines()
    place = lines[line - 1] if lines[line].startswith("[") else lines[line]
    return re.split(r"# +", place, maxsplit=1)[1]


@pytest.mark.parametrize("key", tree.kinds())
def test_every_key_is_explained_with_its_range_and_the_document_says_the_same(key: str) -> None:
    kind, words = tree.kinds()[key], explained(key)
    match kind:
        case Number() | Whole() | Amount() | Percent() | Wholes():
            assert re.match(rf"{re.escape(kind.span)}(?![\w.])", words)
        case Choice():
            assert re.sub(r" \([^)]*\)", "", words).split(", ") == list(kind.words)
        case Flag():
            assert words.startswith("true or false: ")
        case Words():
            assert words.startswith(f"at most {kind.limit} {kind.unit}")
        case Dollars():
            assert [amount for amount in kind.amounts if f"{amount} for" in words] == list(kind.amounts)
    (row,) = [cells for cells in rows("Keys of config.toml") if cells[0] == f"`{key}`"]
    assert row[2] == words
