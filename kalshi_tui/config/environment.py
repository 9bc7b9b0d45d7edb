"""Environment names, also of a `.env` file: those we read, those others use, those that Kalshi retired."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kalshi_tui.config.nearest import nearest
from kalshi_tui.config.schema import Environment, Notice
from kalshi_tui.config.trust import is_there, read_trusted
from kalshi_tui.errors import ConfigError

NAMES: Final[Mapping[str, str]] = {
    "KALSHI_ENV": "environment",
    "KALSHI_EXECUTION_MODE": "execution_mode",
    "KALSHI_DEMO_KEY_ID": "venues.demo.key_id",
    "KALSHI_DEMO_KEY_PATH": "venues.demo.key_path",
    "KALSHI_PROD_KEY_ID": "venues.prod.key_id",
    "KALSHI_PROD_KEY_PATH": "venues.prod.key_path",
    "LOG_LEVEL": "log_level",
}
# Used by other Kalshi clients; they do not say which environment they belong to, so they follow KALSHI_ENV.
SYNONYMS: Final[Mapping[str, str]] = {"KALSHI_API_KEY_ID": "key_id", "KALSHI_PRIVATE_KEY_PATH": "key_path"}
RETIRED: Final = (
    "KALSHI_EMAIL",
    "KALSHI_PASSWORD",
    "KALSHI_API_EMAIL",
    "KALSHI_API_PASSWORD",
    "KALSHI_USERNAME",
    "KALSHI_API_SECRET",
)
# A key in the environment is inherited by every child process, so it is not read from there at all.
KEY_TEXTS: Final = ("KALSHI_PRIVATE_KEY", "KALSHI_PRIVATE_KEY_PEM", "KALSHI_API_PRIVATE_KEY", "KALSHI_PRIVATE_KEY_B64")
_FILE_NAME: Final = ".env"


@dataclass(frozen=True, slots=True)
class Given:
    """A text that somebody set, and where."""

    text: str
    origin: str


def read_environment(environ: Mapping[str, str], folder: Path) -> tuple[dict[str, Given], list[Notice]]:
    """Collect the names of a `.env` file in `folder` and, over them, those of the environment; nothing is exported."""
    given, notices = _read_env_file(folder / _FILE_NAME)
    given |= {name: Given(text, f"environment {name}") for name, text in environ.items()}
    given = {name: value for name, value in given.items() if _is_ours(name) and value.text.strip()}
    return given, notices + _retired(given) + _misspelt(given)


def key_names(environment: Environment, given: Mapping[str, Given]) -> dict[str, str]:
    """Map the names in use to settings; the synonyms count for `environment` when it has no names of its own."""
    own = {f"KALSHI_{environment.upper()}_KEY_ID", f"KALSHI_{environment.upper()}_KEY_PATH"}
    if environment is Environment.PRACTICE or own & given.keys():
        return dict(NAMES)
    return {**NAMES, **{name: f"venues.{environment}.{leaf}" for name, leaf in SYNONYMS.items()}}


def _is_ours(name: str) -> bool:
    return name in NAMES or name.startswith("KALSHI_")


def _read_env_file(path: Path) -> tuple[dict[str, Given], list[Notice]]:
    """Read a `.env` file if there is one; `$NAME` in it stays as it is."""
    if not is_there(path):
        return {}, []
    from dotenv.parser import parse_stream  # noqa: PLC0415 - 28 ms that most starts need not pay

    text, mode = read_trusted(path)
    given: dict[str, Given] = {}
    for binding in parse_stream(text):
        if binding.error:
            raise ConfigError(
                f"{path} line {binding.original.line} cannot be read", hint="write NAME=value, one on each line"
            )
        if binding.key is not None and binding.value is not None:
            given[binding.key] = Given(binding.value, f"{path} line {binding.original.line} ({binding.key})")
    return given, _exposed(path, mode, given)


def _exposed(path: Path, mode: int, given: Mapping[str, Given]) -> list[Notice]:
    names_a_key = any("_KEY" in name and _is_ours(name) for name in given)
    if not names_a_key or os.name != "posix" or not mode & (stat.S_IRGRP | stat.S_IROTH):
        return []
    return [Notice(f"{path} names a key and other users can read it", f"chmod 600 {path}")]


def _retired(given: Mapping[str, Given]) -> list[Notice]:
    notices = [
        Notice(
            f"{given[name].origin} is not used: Kalshi has replaced logins and secrets by signing keys",
            "make an API key in your account settings at Kalshi, then set KALSHI_DEMO_KEY_ID and KALSHI_DEMO_KEY_PATH "
            f"(or KALSHI_PROD_...), and remove {name}",
        )
        for name in RETIRED
        if name in given
    ]
    return notices + [
        Notice(
            f"{given[name].origin} is not read: a key in the environment is inherited by every program that is started",
            "save the key in a file that only you can read (chmod 600) and name the file with KALSHI_DEMO_KEY_PATH or "
            f"KALSHI_PROD_KEY_PATH, and remove {name}",
        )
        for name in KEY_TEXTS
        if name in given
    ]


def _misspelt(given: Mapping[str, Given]) -> list[Notice]:
    """Name what looks like one of ours but is not; other programs' names pass in silence."""
    known = {*NAMES, *SYNONYMS, *RETIRED, *KEY_TEXTS}
    strange = [name for name in given if name not in known and not name.startswith("KALSHI_TUI_")]
    near = {name: nearest(name, [*NAMES, *SYNONYMS]) for name in strange}
    return [
        Notice(f"{given[name].origin} is not a name that is read", f"did you mean {better}?")
        for name, better in near.items()
        if better
    ]
