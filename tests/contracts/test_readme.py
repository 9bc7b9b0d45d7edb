"""What the README prints is what works."""

from __future__ import annotations

import re
from pathlib import Path

from kalshi_tui.cli import exits
from kalshi_tui.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def command(mark: str) -> str:
    found = re.search(rf"<!-- {mark} -->\n```sh\n(.+)\n```", README)
    assert found, f"README prints no {mark} command"
    return found[1]


def test_each_of_the_two_commands_is_one_line() -> None:
    assert "\n" not in command("run")
    assert command("run").endswith("kalshi-tui")
    assert "\n" not in command("test")
    assert command("test").endswith("-m pytest")


def test_ci_runs_the_command_that_the_readme_prints() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert "README.md" in script
    assert "pytest" not in script


def test_each_command_is_in_the_readme() -> None:
    missing = [name for name in COMMANDS if name != "live" and f"kalshi-tui {name}" not in README]
    assert missing == []


def test_each_exit_code_is_in_the_readme() -> None:
    codes = {0, 1, 2, exits.FATE_UNKNOWN, 70} | {code for _, code in exits._CODES}
    rows = {int(number) for number in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert rows == codes


def test_each_linked_file_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_pins_name_no_index_and_carry_hashes() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "--hash=sha256:" in text
        pins = re.findall(r"^[a-z0-9-]+==", text, re.MULTILINE)
        assert len(pins) > 20
