"""Settings in force, files and folders, and keys: everything on this machine that decides what may be sent."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from kalshi_tui.adapters.key_files import read_private_file
from kalshi_tui.adapters.practice_key import practice_key_file
from kalshi_tui.adapters.secrets import LoadedKey, load_hidden, load_key
from kalshi_tui.cli.checks.findings import Finding, State, failed, noticed, ok
from kalshi_tui.cli.launching import place_of
from kalshi_tui.config import tree
from kalshi_tui.config.dump import plain, toml
from kalshi_tui.config.kinds import Dollars
from kalshi_tui.config.load import default_file
from kalshi_tui.config.modes import settings_hash
from kalshi_tui.config.redact import mask
from kalshi_tui.config.schema import Environment, Settings
from kalshi_tui.core.units import format_money
from kalshi_tui.errors import SecretError
from kalshi_tui.protocol.signing import Scope


@dataclass(frozen=True, slots=True)
class Places:
    """Where this person's files are."""

    own_file: Path
    data: Path


def check_settings(settings: Settings) -> list[Finding]:
    """List every value in force and whence it came, then what should be put right about them."""
    values = [ok("settings", key, f"{_shown(key, settings)}  ({settings.origin(key)})") for key in _in_force(settings)]
    return values + [noticed("settings", "notice", notice) for notice in settings.notices]


def check_files(places: Places) -> list[Finding]:
    """Tell which files are read, and whether the data folder is ours alone."""
    own = "" if places.own_file.exists() else " (none yet; make it to change settings)"
    return [
        ok("files", "defaults", str(default_file())),
        ok("files", "own settings", f"{places.own_file}{own}"),
        _data_folder(places.data),
    ]


def check_engine(settings: Settings) -> list[Finding]:
    """Tell whether an engine runs for this account and mode, and where it is found."""
    place = place_of(settings)
    note = place.note()
    if note is None:
        return [ok("engine", place.name, "none runs; the terminal starts one by itself")]
    runs = f"process {note.pid}, {note.mode}, version {note.program}, at {place.socket}"
    if note.settings_hash == settings_hash(settings):
        return [ok("engine", place.name, runs)]
    to_do = "to use these settings, end it and start it anew: kalshi-tui engine stop"
    return [Finding("engine", place.name, State.WARN, f"{runs}; it was started with other settings", to_do)]


def check_key(settings: Settings, places: Places) -> tuple[list[Finding], LoadedKey | None]:
    """Load the key of the environment in force, as every command does before it signs."""
    try:
        loaded = load_key(settings, Scope.READ, data=places.data)
        if loaded is None and settings.environment is Environment.PRACTICE:
            return [_practice_key(places.data)], None
    except SecretError as problem:
        return [failed("keys", str(settings.environment), problem)], None
    if loaded is None:
        return [_no_key(settings.environment)], None
    found = f"{mask(loaded.signer.key_id)} from {loaded.source}"
    notices = [noticed("keys", str(settings.environment), notice) for notice in loaded.notices]
    return [ok("keys", str(settings.environment), found), *notices], loaded


def _practice_key(data: Path) -> Finding:
    path = practice_key_file(data)
    try:
        load_hidden("practice", lambda: read_private_file(path), Scope.READ, place=str(path))
    except SecretError as problem:
        hint = f"{problem.hint}; or let a new one be made: rm {quote(str(path))}"
        return Finding("keys", "practice", State.FAIL, problem.message, hint)
    return ok("keys", "practice", f"{path}, made for practice alone")


def _no_key(environment: Environment) -> Finding:
    prefix = f"KALSHI_{environment.upper()}_KEY"
    return Finding(
        "keys",
        str(environment),
        State.WARN,
        "no key is set: public data over REST only, no stream, no portfolio",
        f"make an API key at Kalshi, save it with chmod 600, set {prefix}_ID and {prefix}_PATH",
    )


def _data_folder(data: Path) -> Finding:
    if not data.exists():
        return ok("files", "data folder", f"{data} (made when it is needed)")
    mode = stat.S_IMODE(data.stat().st_mode)
    if not os.access(data, os.W_OK | os.X_OK):
        return Finding("files", "data folder", State.FAIL, f"{data} is not writable", f"chmod 700 {quote(str(data))}")
    if mode & 0o077:
        return Finding(
            "files",
            "data folder",
            State.WARN,
            f"{data} is open to others ({mode:04o})",
            f"chmod 700 {quote(str(data))}",
        )
    return ok("files", "data folder", str(data))


def _in_force(settings: Settings) -> Iterator[str]:
    """Leave out the venues that are not asked, and the practice world when it is not the venue."""
    for key in tree.kinds():
        is_asked = key.startswith(f"venues.{settings.environment}.")
        is_other = key.startswith("venues.") or (key.startswith("practice.") and settings.environment != "practice")
        if is_asked or not is_other:
            yield key


def _shown(key: str, settings: Settings) -> str:
    value = tree.value_of(settings, key)
    if value in (None, "", (), {}):
        return "none"
    if isinstance(value, tuple | Mapping):
        return toml(plain(key, value))
    if key.endswith(".key_id"):
        return mask(str(value))
    if isinstance(tree.kinds()[key], Dollars):
        return f"{format_money(settings.fees.balance_grid).rstrip('0')} dollars"
    return str(value).lower() if isinstance(value, bool) else str(value)
