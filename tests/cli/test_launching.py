"""Finding, starting and ending engines: what happens when one is just ending, is stuck, or was never attached to."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kalshi_tui.adapters.engine_place import Place, Taken
from kalshi_tui.cli import launching
from kalshi_tui.cli.engine import place_taken
from kalshi_tui.cli.launching import Launch, stop_process
from kalshi_tui.cli.terminal import Attaching, see_to_engine, show_terminal
from kalshi_tui.config.load import load_settings
from kalshi_tui.errors import ConfigError, TransportError
from kalshi_tui.tui.app import Terminal


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "run", "practice-observe")


def taken(place: Place) -> Taken:
    lock = place.take()
    assert lock is not None
    return lock


def launch_to(place: Place) -> Launch:
    return Launch(load_settings(environ={}, folder=Path("/nonexistent"), flags={"--env": "demo"}), place, ())


async def test_where_no_engine_runs_the_hint_starts_the_one_that_was_meant(place: Place) -> None:
    launch = replace(launch_to(place), flags=("--ready-file", "/a folder/r.json"))
    with pytest.raises(TransportError) as refused:
        await launch.attach("test")
    assert "`kalshi-tui --ready-file '/a folder/r.json' engine start`" in refused.value.hint


@dataclass
class Child:
    """A process that was started, as far as it is looked at."""

    pid: int = 7
    code: int | None = None
    ended: list[str] = field(default_factory=list)

    def poll(self) -> int | None:
        return self.code

    def terminate(self) -> None:
        self.ended.append("terminated")


@dataclass(frozen=True)
class Starts(Launch):
    """A launch that notes what it starts, and attaches once that stands."""

    begun: list[bool] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def start(self, *, stays: bool) -> Any:
        self.begun.append(stays)
        return Child(code=3 if self.faults else None)

    async def attach(self, name: str) -> Any:
        if self.faults or not self.begun:
            raise TransportError(f"nobody answers {name}", hint="wait")
        return "a link"


def starts_at(place: Place, *faults: str) -> Starts:
    return Starts(launch_to(place).settings, place, (), faults=list(faults))


def test_an_engine_that_was_just_ending_is_followed_by_another_one(place: Place) -> None:
    lock, launch = taken(place), starts_at(place)

    async def ends_meanwhile() -> Any:
        waiting = asyncio.ensure_future(launch.attach_or_start("engine start", stays=True))
        await asyncio.sleep(0)
        assert launch.begun == []
        lock.leave()
        return await waiting

    assert asyncio.run(ends_meanwhile()) == "a link"
    assert launch.begun == [True]


def test_an_engine_that_is_stuck_is_called_so_and_not_by_what_another_one_said(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = taken(place)
    place.errors.write_text("error: the key of last week\nhint: change it")
    monkeypatch.setattr(launching, "START_S", 0.0)
    with pytest.raises(TransportError, match="does not answer: it starts, ends or is stuck") as stuck:
        asyncio.run(launch_to(place).attach_or_start("status"))
    assert "engine stop --force" in stuck.value.hint
    lock.leave()


def test_an_engine_can_be_named_and_so_ended_while_it_still_starts(place: Place) -> None:
    with place_taken(launch_to(place).settings, place):
        note = place.note()
        assert note is not None
        assert (note.pid, note.account) == (os.getpid(), "demo-public")
    assert place.note() is None


def test_a_process_is_ended_only_while_it_holds_what_it_is_ended_for() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    stop_process(process.pid, (signal.SIGKILL,), lambda: False, patience_s=1)
    assert process.poll() is None
    stop_process(process.pid, (signal.SIGKILL,), lambda: process.poll() is None, patience_s=20)
    assert process.poll() == -signal.SIGKILL
    with pytest.raises(TransportError, match="does not end"):
        stop_process(process.pid, (signal.SIGTERM,), lambda: True, patience_s=0)


def test_who_quits_before_the_engine_answers_leaves_none_behind(place: Place) -> None:
    child = Child()
    asyncio.run(see_to_engine(Attaching(launch_to(place), child, may_start=True), "quit"))  # type: ignore[arg-type]
    assert child.ended == ["terminated"]


def test_a_start_that_failed_is_tried_anew_and_not_waited_for_again(place: Place) -> None:
    launch = starts_at(place, "a wrong key")
    attaching = Attaching(launch, Child(code=3), may_start=True)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="the engine did not start"):
        asyncio.run(attaching.connect())
    launch.faults.clear()
    with pytest.raises(AttributeError):  # what stands for a link has no greeting
        asyncio.run(attaching.connect())
    assert launch.begun == [False]


def test_a_terminal_that_crashed_ends_no_engine(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    with place_taken(launch_to(place).settings, place):
        attaching = Attaching(launch_to(place), None, may_start=True, stays=False)
        asyncio.run(see_to_engine(attaching, "crash"))
    assert f"the engine goes on (process {os.getpid()})" in capsys.readouterr().err


def test_a_terminal_that_broke_says_so_to_whoever_ran_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kalshi_tui.cli.terminal.end_when_window_closes", lambda: None)

    async def broken() -> Any:
        raise ZeroDivisionError("a fault")

    def without_a_window(terminal: Terminal) -> None:
        monkeypatch.setattr(terminal, "run", partial(terminal.run, headless=True))

    settings = load_settings(environ={}, folder=Path("/nonexistent"))
    assert show_terminal(settings.terminal, broken, without_a_window) == "crash"
