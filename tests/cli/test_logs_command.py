"""`kalshi-tui logs`: prints the last records, follows them, and never passes a foreign control byte on."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kalshi_tui.adapters.log_files import LogFile
from kalshi_tui.cli.main import cli

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "kalshi-tui" / "log"


@pytest.fixture
def run(folder: Path) -> Run:
    assert not folder.exists()
    return lambda *arguments: CliRunner().invoke(cli, ["logs", *arguments])


def write(path: Path, *texts: str, level: int = logging.INFO, size_limit: int = 1 << 20) -> None:
    log = LogFile(path, size_limit=size_limit, files=5)
    for text in texts:
        log.handle(logging.LogRecord("kalshi_tui.x", level, "", 1, text, None, None))
    log.close()


def test_the_last_records_are_printed(run: Run, folder: Path) -> None:
    write(folder / "kalshi-tui.log", *"abc")
    result = run("--lines", "2")
    assert [line.rpartition(": ")[2] for line in result.stdout.splitlines()] == ["b", "c"]
    assert result.stdout.splitlines()[0].split()[1:] == ["INFO", str(os.getpid()), "kalshi_tui.x:", "b"]


def test_the_further_lines_of_a_record_stand_below_it(run: Run, folder: Path) -> None:
    write(folder / "kalshi-tui.log", "a\nb")
    first, second = run().stdout.splitlines()
    assert (first[-3:], second) == (": a", "    b")


def test_milder_records_are_left_out(run: Run, folder: Path) -> None:
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        write(folder / "kalshi-tui.log", logging.getLevelName(level), level=level)
    with (folder / "kalshi-tui.log").open("a") as file:
        file.write("a foreign line\n")
    levels = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
    for at, name in enumerate(levels[:-1]):
        assert [line.rpartition(": ")[2] for line in run("--level", name).stdout.splitlines()] == levels[at:]
    assert run().stdout.splitlines()[-1] == "a foreign line"


def test_trades_have_a_log_of_their_own(run: Run, folder: Path) -> None:
    write(folder / "kalshi-tui.log", "application")
    write(folder / "trades.log", "bought")
    assert "bought" in run("--trades").stdout
    assert "application" not in run("--trades").stdout
    assert "bought" not in run().stdout


def test_programs_read_records_as_json(run: Run, folder: Path) -> None:
    write(folder / "kalshi-tui.log", "a\nb", level=logging.ERROR)
    (row,) = json.loads(run("--json").stdout)
    assert (row["level"], row["logger"], row["message"]) == ("error", "kalshi_tui.x", "a\nb")
    assert row["process"] == os.getpid()


def test_no_log_yet_is_no_error(run: Run, folder: Path) -> None:
    result = run()
    assert (result.exit_code, result.stdout) == (0, "")
    assert str(folder / "kalshi-tui.log") in result.stderr
    assert json.loads(run("--json").stdout) == []


def test_no_foreign_control_byte_is_printed(run: Run, folder: Path) -> None:
    folder.mkdir(parents=True)
    hostile = b"\x1b[2J\x1b]0;t\x07\x9b\x00\xff\xe2\x80\xae x\n  | \x1b[31m\n\x1bc\n"
    (folder / "kalshi-tui.log").write_bytes(b"2023-11-14T22:13:20.250Z INFO 1 l\x1b[0m: " + hostile)
    for arguments in ((), ("--json",)):
        text = run(*arguments).stdout
        assert text
        assert all(char == "\n" or char.isprintable() for char in text)


def test_following_goes_on_over_a_renaming_until_it_is_stopped(folder: Path) -> None:
    path = folder / "kalshi-tui.log"
    write(path, "before")
    following = subprocess.Popen(
        [sys.executable, "-m", "kalshi_tui", "logs", "--follow", "--json"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert following.stdout is not None
    try:
        assert json.loads(following.stdout.readline())["message"] == "before"
        write(path, "one", "two", "three", size_limit=1)
        assert path.with_name("kalshi-tui.log.3").exists()
        assert [json.loads(following.stdout.readline())["message"] for _ in range(3)] == ["one", "two", "three"]
        following.send_signal(signal.SIGINT)
        assert following.wait(timeout=30) == 130
    finally:
        following.kill()
        following.stdout.close()
        following.wait()
