"""Lays defaults, files, environment and flags over each other, checks each value and remembers whence it came."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from platformdirs import user_config_path, user_data_path

from kalshi_tui.config import tree
from kalshi_tui.config.environment import Given, key_names, read_environment
from kalshi_tui.config.hosts import check_address
from kalshi_tui.config.nearest import did_you_mean, nearest
from kalshi_tui.config.ready import read_ready_file
from kalshi_tui.config.schema import Environment, Settings
from kalshi_tui.config.trust import read_trusted
from kalshi_tui.errors import ConfigError

FLAGS: Final[Mapping[str, str]] = {
    "--env": "environment",
    "--log-level": "log_level",
    "--world": "practice.world",
    "--seed": "practice.seed",
    "--speed": "practice.speed",
}
_STEPS: Final = (
    ("network.backoff_first_s", "network.backoff_limit_s"),
    ("stream.reconnect_first_s", "stream.reconnect_limit_s"),
)
_TABLE_LINE: Final = re.compile(r"\s*\[\s*([\w.\"' -]+?)\s*\]")
_KEY_LINE: Final = re.compile(r"\s*([\w.\"' -]+?)\s*=")


@dataclass(frozen=True, slots=True)
class Value:
    """A checked value and where it came from."""

    value: object
    origin: str


def user_file() -> Path:
    """Return where this person's own settings are looked for on this system."""
    return user_config_path("kalshi-tui", appauthor=False) / "config.toml"


def data_folder() -> Path:
    """Return where practice keys and pins are kept on this system."""
    return user_data_path("kalshi-tui", appauthor=False)


def default_file() -> Path:
    """Return the annotated defaults: inside an installed package, or at the root of a checkout."""
    shipped = Path(__file__).with_name("default.toml")
    return shipped if shipped.exists() else Path(__file__).parents[2] / "config.toml"


def load_settings(
    *,
    environ: Mapping[str, str],
    folder: Path,
    flags: Mapping[str, str] | None = None,
    config_file: Path | None = None,
    own_file: Path | None = None,
    ready_file: Path | None = None,
) -> Settings:
    """Read all layers; `folder` is where `.env` is looked for, and only `own_file` may be missing.

    A `ready_file` is what a running practice exchange wrote: it sets the environment, its addresses and its key.
    """
    values = _read_toml(default_file().read_text(encoding="utf-8"), default_file(), "default")
    if own_file is not None and own_file.exists():
        values |= _read_file(own_file)
    if config_file is not None:
        values |= _read_file(config_file)
    given, notices = read_environment(environ, folder)
    flagged = _read_flags(flags or {}, folder) | _read_ready(ready_file, flags or {})
    environment = _environment(given, folder) | flagged
    chosen = environment.get("environment", values["environment"]).value
    assert isinstance(chosen, Environment)  # noqa: S101 - its kind reads nothing else
    values |= _read_texts(given, key_names(chosen, given), folder) | flagged
    settings = tree.build(
        {key: value.value for key, value in values.items()},
        {key: value.origin for key, value in values.items()},
        tuple(notices),
    )
    _check_together(settings)
    return settings


def _environment(given: Mapping[str, Given], folder: Path) -> dict[str, Value]:
    """Read the environment's name first, because it decides whose key the synonyms name."""
    return _read_texts(given, {"KALSHI_ENV": "environment"}, folder)


def _read_file(path: Path) -> dict[str, Value]:
    text, _ = read_trusted(path)
    return _read_toml(text.read(), path, "")


def _read_toml(text: str, path: Path, origin: str) -> dict[str, Value]:
    """Check one file key by key; `origin` replaces file and line where it is set."""
    lines = _key_lines(text)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise ConfigError(f"{path} is not valid TOML: {problem}", hint="compare with the default config.toml") from None
    return {
        key: _checked(key, value, origin or _place(path, lines, key), path.parent)
        for key, value in _flat(document, "", path, lines)
    }


def _checked(key: str, value: object, origin: str, base: Path) -> Value:
    try:
        return Value(tree.kinds()[key].read(value, base), origin)
    except ConfigError as problem:
        raise ConfigError(f"{key} {problem.message} ({origin})", hint=problem.hint) from None


def _read_texts(given: Mapping[str, Given], names: Mapping[str, str], folder: Path) -> dict[str, Value]:
    values = {}
    for name, key in names.items():
        if name in given:
            values[key] = _checked_text(key, given[name], folder)
    return values


def _read_flags(flags: Mapping[str, str], folder: Path) -> dict[str, Value]:
    return {
        FLAGS[flag]: _checked_text(FLAGS[flag], Given(text, f"flag {flag}"), folder) for flag, text in flags.items()
    }


def _read_ready(path: Path | None, flags: Mapping[str, str]) -> dict[str, Value]:
    if path is None:
        return {}
    if flags.get("--env", "practice").lower() != "practice":
        raise ConfigError(
            "--ready-file names a practice exchange and --env another venue", hint="leave one of the two out"
        )
    found = {"environment": "practice", **read_ready_file(path)}
    return {key: _checked_text(key, Given(text, f"ready file {path}"), path.parent) for key, text in found.items()}


def _checked_text(key: str, given: Given, folder: Path) -> Value:
    try:
        return Value(tree.kinds()[key].read_text(given.text, folder), given.origin)
    except ConfigError as problem:
        raise ConfigError(f"{key} {problem.message} ({given.origin})", hint=problem.hint) from None


def _flat(
    table: Mapping[str, object], prefix: str, path: Path, lines: Mapping[str, int]
) -> Iterator[tuple[str, object]]:
    """Yield the known keys of a document; a name that the schema lacks is an error, not a silence."""
    for name, value in table.items():
        key = prefix + name
        if key in tree.kinds():
            yield key, value
        elif key not in tree.tables():
            raise ConfigError(f"unknown name {key!r:.80} in {_place(path, lines, key)}", hint=_key_hint(prefix, name))
        elif not isinstance(value, dict):
            raise ConfigError(f"{key} must be a table ({_place(path, lines, key)})", hint=f"write [{key}] on a line")
        else:
            yield from _flat(value, f"{key}.", path, lines)


def _key_hint(prefix: str, name: str) -> str:
    """Look beside the typo first, then for the same name in another table."""
    known = [*tree.kinds(), *tree.tables()]
    beside = [key.removeprefix(prefix).split(".")[0] for key in known if key.startswith(prefix)]
    near = nearest(name, dict.fromkeys(beside))
    if near:
        return f"did you mean {prefix}{near}?"
    elsewhere = next((key for key in known if key.rpartition(".")[2] == name), None)
    return f"did you mean {elsewhere}?" if elsewhere else did_you_mean(name, dict.fromkeys(beside))


def _place(path: Path, lines: Mapping[str, int], key: str) -> str:
    return f"{path} line {lines[key]}" if key in lines else str(path)


def _key_lines(text: str) -> dict[str, int]:
    """Find the line of each key by eye, because the parser does not tell; a key in an odd spelling has none."""
    lines: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if heading := _TABLE_LINE.match(line):
            name = _bare(heading[1])
            lines.setdefault(name, number)
            table = f"{name}."
        elif key := _KEY_LINE.match(line):
            lines.setdefault(table + _bare(key[1]), number)
    return lines


def _bare(name: str) -> str:
    return re.sub(r"[\s\"']", "", name)


def _check_together(settings: Settings) -> None:
    """Check what one value alone cannot tell: whose hosts these are, and that limits lie above first steps."""
    for environment in Environment:
        for leaf in ("rest_url", "stream_url"):
            key = f"venues.{environment}.{leaf}"
            try:
                check_address(environment, leaf, getattr(getattr(settings.venues, environment), leaf))
            except ConfigError as problem:
                raise ConfigError(f"{key} {problem.message} ({settings.origin(key)})", hint=problem.hint) from None
    for first, limit in _STEPS:
        low, high = tree.value_of(settings, first), tree.value_of(settings, limit)
        assert isinstance(low, float)  # noqa: S101 - their kinds read nothing else
        assert isinstance(high, float)  # noqa: S101 - as above
        if high < low:
            raise ConfigError(f"{limit} lies below {first} ({settings.origin(limit)})", hint=f"write at least {low:g}")
