"""The entry: every command loads, and each error becomes a sentence, a hint and its exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from kalshi_tui import errors
from kalshi_tui.adapters.engine_place import Place
from kalshi_tui.cli import main as entry
from kalshi_tui.cli.bench import BENCHES
from kalshi_tui.cli.exits import exit_code
from tests.process.home import Home, Window


@pytest.mark.parametrize("name", entry.COMMANDS)
def test_each_command_of_the_table_is_a_command(name: str) -> None:
    assert isinstance(import_module(f"kalshi_tui.cli.{name}").command, click.Command)


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (errors.ConfigError("x"), 3),
        (errors.SecretError("x"), 4),
        (errors.OutcomeUnknown("x"), 5),
        (errors.RateLimited("x"), 6),
        (errors.RemoteProtocolError("x"), 7),
        (errors.LocalProtocolError("x"), 2),
        (errors.KalshiTuiError("x"), 70),
    ],
)
def test_each_kind_of_error_has_its_exit_code(problem: errors.KalshiTuiError, code: int) -> None:
    assert exit_code(problem) == code


@pytest.mark.parametrize(("typed", "words"), [("markts", "Did you mean 'markets'?"), ("zzz", "No such command 'zzz'.")])
def test_a_command_that_there_is_not_is_told_with_the_nearest(typed: str, words: str) -> None:
    result = CliRunner().invoke(entry.cli, [typed])
    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize("name", ["attach", "run"])
def test_no_terminal_is_drawn_into_a_pipe(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(Place, "is_taken", lambda _: True)
    result = CliRunner().invoke(entry.cli, [name])
    assert isinstance(result.exception, errors.LocalProtocolError)
    assert "redirected" in result.exception.message
    assert result.stdout == ""


def test_the_benches_are_listed_as_json_too() -> None:
    told = json.loads(CliRunner().invoke(entry.cli, ["bench", "--json"]).stdout)
    assert [bench["name"] for bench in told] == list(BENCHES)


def run(monkeypatch: pytest.MonkeyPatch, problem: BaseException) -> int:
    def fail(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr(entry.cli, "main", fail)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_an_expected_error_is_one_sentence_and_a_hint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, errors.ConfigError("no such world", hint="try first")) == 3
    assert capsys.readouterr() == ("", "error: no such world\nhint: try first\n")


def test_a_fault_of_ours_is_owned_up_to_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("KALSHI_TUI_DEBUG", raising=False)
    assert run(monkeypatch, ZeroDivisionError("oops")) == 70
    words = capsys.readouterr().err
    assert "a fault of kalshi-tui itself: ZeroDivisionError: oops" in words
    assert "Traceback" not in words


def test_stopping_by_hand_is_not_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, KeyboardInterrupt()) == 130


def environ_of(home: Path) -> dict[str, str]:
    kept = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "TERM": "xterm",
    }
    return kept | {"XDG_DATA_HOME": str(home / "data"), "XDG_CONFIG_HOME": str(home / "config")}


@pytest.mark.parametrize("arguments", [["--help"], ["markets"], ["markets", "--json"], ["doctor", "--json"]])
def test_a_reader_that_has_gone_is_no_failed_check(arguments: list[str], tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "kalshi_tui", *arguments],
            env=environ_of(tmp_path),
            cwd=tmp_path,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.returncode == 0
    assert "Broken" not in done.stderr
    assert "error" not in done.stderr


def test_a_stopped_live_view_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    with Window(Home(tmp_path), "live") as window:
        window.until(lambda text: "Ctrl-C stops" in text)
        window.process.send_signal(signal.SIGTERM)
        assert window.wait() == 143
    seen = window.drawn
    assert seen.rindex(b"\x1b[?1049l") > seen.rindex(b"\x1b[?1049h")
    assert seen.rindex(b"\x1b[?25h") > seen.rindex(b"\x1b[?25l")
    assert b"Traceback" not in seen
