"""The entry: every command loads, and each error becomes a sentence, a hint and its exit code."""

from __future__ import annotations

from importlib import import_module

import click
import pytest

from kalshi_tui import errors
from kalshi_tui.cli import main as entry
from kalshi_tui.cli.exits import exit_code


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
