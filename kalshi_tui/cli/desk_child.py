"""The practice exchange of an engine: a process of its own, started before the engine loads, and ended with it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kalshi_tui.adapters.engine_place import Place
from kalshi_tui.config.schema import Environment, Settings
from kalshi_tui.errors import ConfigError, TransportError

_OPEN_S: Final = 20.0
_LOOK_EVERY_S: Final = 0.01
_END_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class DeskChild:
    """An exchange that runs, and where it says what it has to say."""

    process: subprocess.Popen[bytes]
    ready: Path
    errors: Path

    async def opened(self) -> Path:
        """Return the ready file as soon as it is there."""
        for _ in range(int(_OPEN_S / _LOOK_EVERY_S)):
            if self.ready.exists():
                return self.ready
            if self.process.poll() is not None:
                message, _, hint = self.errors.read_text(errors="replace").strip().partition("\nhint: ")
                raise ConfigError(f"the practice exchange did not open: {message.rpartition('error: ')[2]}", hint=hint)
            await asyncio.sleep(_LOOK_EVERY_S)
        raise TransportError(
            f"the practice exchange did not open within {_OPEN_S:g} s", hint=f"look into {self.errors}"
        )

    def end(self) -> None:
        """End it: it stops by itself when its input closes."""
        self.ready.unlink(missing_ok=True)
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def needs_desk(settings: Settings) -> bool:
    """Tell whether the settings name no venue, so that an exchange has to be opened."""
    return settings.environment is Environment.PRACTICE and not settings.venue.rest_url


def open_desk_child(settings: Settings, place: Place) -> DeskChild:
    """Start an exchange with the settings' world."""
    ready, errors = place.desk, place.folder / "exchange.errors"
    ready.unlink(missing_ok=True)
    practice = settings.practice
    options = ["--world", practice.world, "--seed", str(practice.seed), "--speed", f"{practice.speed:.12g}"]
    command = [sys.executable, "-m", "kalshi_tui", "exchange", "--until-eof", "--ready-file", str(ready), *options]
    with errors.open("wb") as told:
        process = subprocess.Popen(  # noqa: S603 - this Python and our own words
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=told, start_new_session=True
        )
    return DeskChild(process, ready, errors)
