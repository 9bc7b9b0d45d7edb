"""Ctrl-C while a command loads and while it measures: heard at once, and no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kalshi_tui.cli import loading
from kalshi_tui.cli.benches.children import child
from tests.process.home import Home, Window

INTERRUPTED_WHILE_LOADING = """
import os, signal, sys
from kalshi_tui.cli import loading
from kalshi_tui.cli.main import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what runs in the background
load = loading.import_module
def load_and_drop_what_is_raised(name):
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        pass
    return load(name)
loading.import_module = load_and_drop_what_is_raised
sys.argv = ["kalshi-tui", "markets", "--help"]
main()
"""


def test_ctrl_c_is_not_lost_while_a_command_loads() -> None:
    program = [sys.executable, "-c", INTERRUPTED_WHILE_LOADING]
    ended = subprocess.run(program, capture_output=True, check=False)  # noqa: S603 - our own words
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, b"", b"")


def test_the_way_of_ctrl_c_is_given_back_after_loading() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with loading.interrupt_ends_at_once():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with loading.interrupt_ends_at_once():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_in_a_measurement_ends_it_and_its_helpers_without_a_traceback(tmp_path: Path) -> None:
    with Window(Home(tmp_path), "bench", "socket") as window:
        window.until(lambda text: "round 1" in text)
        window.type("\x03")
        assert window.wait() == 130
    assert b"Traceback" not in window.drawn


def test_a_helper_hears_no_ctrl_c_of_its_own_and_is_ended_with_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "stubborn"
    program.write_text("#!/bin/sh\necho $$\nexec sleep 60\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(KeyboardInterrupt), child("any") as line:  # noqa: PT012 - as it happens
        assert os.getpgid(int(line)) == int(line)  # what is typed at our terminal is not for it
        raise KeyboardInterrupt
