"""Finds the engine of the settings' account and mode, or starts one, and attaches to it; loads nothing that trades."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kalshi_tui import __version__
from kalshi_tui.adapters.engine_place import Note, Place, engine_place
from kalshi_tui.adapters.private_files import make_private_folder
from kalshi_tui.config.load import data_folder, user_file
from kalshi_tui.config.modes import account_name, mode_of, settings_hash
from kalshi_tui.config.schema import Settings
from kalshi_tui.errors import ConfigError, TransportError
from kalshi_tui.link.client import Link, attach_to

START_S: Final = 20.0
_LOOK_EVERY_S: Final = 0.02
_TOLD: Final = 2_000  # bytes of what a failed start has said
_FLAG_NAMES: Final = {
    "config_file": "--config",
    "environment": "--env",
    "execution_mode": "--mode",
    "ready_file": "--ready-file",
    "log_level": "--log-level",
}


@dataclass(frozen=True, slots=True)
class Launch:
    """Which engine is meant, and how one is started."""

    settings: Settings
    place: Place
    flags: tuple[str, ...]

    def start(self, *, stays: bool) -> subprocess.Popen[bytes]:
        """Start an engine that outlives us; what it says before it can be attached to goes to a file."""
        make_private_folder(self.place.folder)
        command = [sys.executable, "-m", "kalshi_tui", *self.flags, "engine", "serve"]
        with self.place.errors.open("wb") as errors:
            return subprocess.Popen(  # noqa: S603 - this Python and our own words
                [*command, "--stays"] if stays else command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,  # a closed terminal, or Ctrl-C in it, is not for the engine
            )

    async def attach(self, name: str) -> Link:
        """Attach to the engine that runs."""
        try:
            return await attach_to(
                str(self.place.socket),
                name=name,
                settings_hash=settings_hash(self.settings),
                answer_s=self.settings.link.answer_timeout_s,
            )
        except OSError:
            if self.place.is_taken():
                raise TransportError(
                    f"the engine for {self.place.name} does not answer: it starts, ends or is stuck",
                    hint="try again in a moment; if that does not help: kalshi-tui engine stop --force",
                ) from None
            raise self.absent() from None

    def absent(self) -> TransportError:
        """Return the error that no engine runs; its hint starts the one that was meant, by the same flags."""
        program = shlex.join(["kalshi-tui", *self.flags])
        return TransportError(
            f"no engine runs for {self.place.name}",
            hint=f"start one with `{program} engine start`, or just open the terminal with `{program}`",
        )

    async def attach_or_start(self, name: str, *, stays: bool = False) -> Link:
        """Attach to the engine that runs, or start one and wait until it can be attached to."""
        started = None if self.place.is_taken() else self.start(stays=stays)
        return await self.wait_for(name, started, stays=stays)

    async def wait_for(self, name: str, started: subprocess.Popen[bytes] | None, *, stays: bool = False) -> Link:
        """Attach as soon as the engine listens; one that was started and ends instead has said why.

        One that was just ending when we found it is followed by another, which `stays` or does not.
        """
        deadline = time.monotonic() + START_S
        while True:
            try:
                return await self.attach(name)
            except TransportError as problem:
                is_free = not self.place.is_taken()
                if started is None and is_free:
                    started = self.start(stays=stays)
                elif started is not None and started.poll() is not None and is_free:
                    raise self._not_started() from None
                if time.monotonic() >= deadline:
                    raise self._not_started() if started is not None else problem from None
            await asyncio.sleep(_LOOK_EVERY_S)

    def _not_started(self) -> ConfigError:
        try:
            said = self.place.errors.read_bytes()[-_TOLD:].decode(errors="replace").strip()
        except OSError:
            said = ""
        message, _, hint = said.partition("\nhint: ")
        reason = message.rpartition("error: ")[2].strip()
        return ConfigError(
            f"the engine did not start: {reason or f'it said nothing within {START_S:g} s'}",
            hint=hint.strip() or "look at `kalshi-tui logs`, or start it in sight: kalshi-tui run --headless",
        )


def launch_of(flags: Mapping[str, str]) -> Launch:
    """Read the settings, and find the place of their engine."""
    from kalshi_tui.cli.settings import settings_of  # noqa: PLC0415 - lets tests give settings of their own

    settings = settings_of(flags, user_file())
    return Launch(settings, place_of(settings), passed_on(flags))


def place_of(settings: Settings) -> Place:
    """Return the place of the settings' account and mode."""
    return engine_place(data_folder(), account_name(settings), settings.execution_mode)


def note_of(settings: Settings, *, started_ms: int) -> Note:
    """Return what an engine in this process tells others about itself."""
    word, mark = mode_of(settings).word, settings_hash(settings)
    return Note(os.getpid(), __version__, account_name(settings), word, mark, started_ms)


def passed_on(flags: Mapping[str, str]) -> tuple[str, ...]:
    """Return the global flags for another process, files by their whole path."""
    words: list[str] = []
    for name, flag in _FLAG_NAMES.items():
        if name in flags:
            is_file = name in {"config_file", "ready_file"}
            words += [flag, str(Path(flags[name]).absolute()) if is_file else flags[name]]
    words += [flag for name, flag in (("live", "--live"), ("debug", "--debug")) if name in flags]
    return tuple(words)


def stop_process(pid: int, signals: Sequence[int], is_there: Callable[[], bool], *, patience_s: float) -> None:
    """Send signals in turn until what the process held is free; one that has ended may keep its number for a while."""
    for number in signals:
        if not is_there():
            return
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + patience_s
        while is_there() and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY_S)
    if is_there():
        raise TransportError(f"process {pid} does not end", hint=f"end it yourself: kill -9 {pid}")
