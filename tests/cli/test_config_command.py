"""`kalshi-tui config`: what is in force and whence, where files are looked for, and a file to begin with."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kalshi_tui.cli.main import cli
from kalshi_tui.config import tree
from kalshi_tui.config.load import check_file
from kalshi_tui.errors import ConfigError

Run = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a home of its own: no settings of whoever runs the tests reach them."""
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    for name in ("KALSHI_ENV", "KALSHI_EXECUTION_MODE", "LOG_LEVEL", "KALSHI_PROD_KEY_ID", "KALSHI_DEMO_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(home: Path) -> Run:
    assert home.exists()
    return lambda *arguments: CliRunner().invoke(cli, arguments)


def own(home: Path) -> Path:
    return home / "config" / "kalshi-tui" / "config.toml"


def shown(result: Result) -> dict[str, dict[str, object]]:
    assert result.exit_code == 0, result.output
    return {row["key"]: row for row in json.loads(result.stdout)}


def test_show_prints_every_key_with_whence_it_came(run: Run) -> None:
    rows = shown(run("config", "show", "--json"))
    assert list(rows) == list(tree.kinds())
    assert rows["environment"] == {"key": "environment", "value": "practice", "origin": "default"}
    assert rows["engine.watch"]["value"] == []
    assert rows["fees.balance_grid"]["value"] == "0.0001"


def test_show_tells_the_word_of_the_mode(run: Run) -> None:
    assert "mode PRACTICE: " in run("config", "show").stderr
    assert "mode PRACTICE OBSERVE: " in run("--mode", "observe", "config", "show").stderr
    assert "mode LIVE: " in run("--env", "prod", "--mode", "live", "config", "show").stderr


def test_show_changed_leaves_out_the_defaults(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "info")
    (home / "mine.toml").write_text("[link]\nlist_hz = 4\n")
    rows = shown(run("--config", "mine.toml", "--env", "demo", "config", "show", "--changed", "--json"))
    assert {key: (row["value"], row["origin"]) for key, row in rows.items()} == {
        "environment": ("demo", "flag --env"),
        "log_level": ("info", "environment LOG_LEVEL"),
        "link.list_hz": (4.0, "mine.toml line 2"),
    }


def test_show_takes_keys_and_tables(run: Run) -> None:
    assert list(shown(run("config", "show", "logs", "environment", "--json"))) == [
        "environment",
        "logs.file_mib",
        "logs.files",
    ]
    assert list(shown(run("config", "show", "venues.demo", "--json"))) == [
        key for key in tree.kinds() if key.startswith("venues.demo.")
    ]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("fps", "did you mean terminal.fps?"),
        ("netwrok", "did you mean network?"),
        ("engine.linger", "did you mean engine.linger_s?"),
        ("enviroment", "did you mean environment?"),
        ("xyzzy", "`kalshi-tui config show` lists them all"),
    ],
)
def test_show_names_the_nearest_of_an_unknown_key(run: Run, name: str, hint: str) -> None:
    refused = run("config", "show", name).exception
    assert isinstance(refused, ConfigError)
    assert hint in refused.hint


def test_a_table_shows_the_same_as_json(run: Run) -> None:
    lines = run("config", "show", "terminal", "logs.files").stdout.splitlines()
    assert [line.split() for line in lines[1:3]] == [
        ["logs.files", "5", "default"],
        ["terminal.theme", '"dark"', "default"],
    ]


def test_a_key_id_is_shown_by_its_end_alone(run: Run, home: Path) -> None:
    (home / "mine.toml").write_text('environment = "demo"\n[venues.demo]\nkey_id = "12345678-canary-89ab"\n')
    for arguments in (("config", "show"), ("config", "show", "--json")):
        result = run("--config", "mine.toml", *arguments)
        assert "…89ab" in result.stdout
        assert "canary" not in result.output


def test_show_warns_of_what_should_be_put_right(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KALSHI_PROD_KEY_ID", "12345678-aaaa-89ab")
    result = run("--mode", "live", "config", "show")
    assert "does not count" in result.stderr
    assert "mode OBSERVE: " in result.stderr


def test_path_names_every_file_that_is_looked_for_and_whether_it_is_there(run: Run, home: Path) -> None:
    (home / ".env").write_text("")
    result = run("--config", "gone.toml", "--ready-file", "ready.json", "config", "path", "--json")
    rows = {row["what"]: (row["path"], row["exists"]) for row in json.loads(result.stdout)}
    assert rows["own settings"] == (str(own(home)), False)
    assert rows[".env"] == (str(home / ".env"), True)
    assert rows["--config"] == (str(home / "gone.toml"), False)
    assert rows["--ready-file"] == (str(home / "ready.json"), False)
    assert rows["defaults"][1] is True
    assert rows["data"] == (str(home / "data" / "kalshi-tui"), False)
    assert rows["logs"] == (str(home / "state" / "kalshi-tui" / "log"), False)
    assert "own settings" in run("config", "path").stdout


def test_check_says_ok_or_what_is_wrong(run: Run, home: Path) -> None:
    assert run("config", "check").stdout == "ok\n"
    (home / "wrong.toml").write_text("[logs]\nfile = 3\n")
    refused = run("config", "check", "wrong.toml").exception
    assert isinstance(refused, ConfigError)
    assert "wrong.toml line 2" in refused.message
    assert refused.hint == "did you mean logs.files?"
    assert run("config", "check").exit_code == 0


def test_check_of_a_file_looks_at_that_file_alone(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KALSHI_ENV", "nonsense")
    (home / "right.toml").write_text("[logs]\nfiles = 3\n")
    assert run("config", "check", "right.toml").stdout == "ok\n"
    assert isinstance(run("config", "check").exception, ConfigError)


def test_check_reads_the_users_own_file(run: Run, home: Path) -> None:
    own(home).parent.mkdir(parents=True)
    own(home).write_text("nonsense = 1\n")
    assert isinstance(run("config", "check").exception, ConfigError)


def test_init_writes_a_private_file_that_sets_nothing(run: Run, home: Path) -> None:
    result = run("config", "init")
    assert result.stdout == f"{own(home)}\n"
    assert stat.S_IMODE(own(home).stat().st_mode) == 0o600
    assert stat.S_IMODE(own(home).parent.stat().st_mode) == 0o700
    assert set(check_file(own(home)).origins.values()) == {"default"}
    assert shown(run("config", "show", "--changed", "--json")) == {}


def test_init_never_replaces_a_file_unless_told_so(run: Run, home: Path) -> None:
    own(home).parent.mkdir(parents=True)
    own(home).write_text("# mine\n")
    refused = run("config", "init").exception
    assert isinstance(refused, ConfigError)
    assert "--force" in refused.hint
    assert own(home).read_text() == "# mine\n"
    assert run("config", "init", "--force").exit_code == 0
    assert own(home).read_text().startswith("# Your own settings")


def test_init_replaces_no_link_that_leads_nowhere(run: Run, home: Path) -> None:
    own(home).parent.mkdir(parents=True)
    own(home).symlink_to(home / "gone")
    assert isinstance(run("config", "init").exception, ConfigError)
    assert not (home / "gone").exists()


def test_a_folder_that_cannot_be_made_is_a_wrong_setting(run: Run, home: Path) -> None:
    (home / "config").write_text("a file in the folder's place")
    assert isinstance(run("config", "init").exception, ConfigError)
