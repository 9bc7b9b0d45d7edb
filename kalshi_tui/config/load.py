"""Lays defaults, files, environment and flags over each other, checks each value and remembers whence it came."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from platformdirs import user_config_path, user_data_path, user_log_path

from kalshi_tui.config import tree
from kalshi_tui.config.environment import Given, key_names, read_environment
from kalshi_tui.config.hosts import check_address
from kalshi_tui.config.ready import read_ready_file
from kalshi_tui.config.schema import Environment, ExecutionWish, Notice, Settings
from kalshi_tui.config.toml_file import Value, checked, read_file, read_toml
from kalshi_tui.config.trust import is_there
from kalshi_tui.errors import ConfigError

FLAGS: Final[Mapping[str, str]] = {
    "--env": "environment",
    "--mode": "execution_mode",
    "--log-level": "log_level",
    "--debug": "log_level",
}
DEFAULT: Final = "default"
"""What `origin` says of a value that nobody has set."""

_STEPS: Final = (
    ("network.backoff_first_s", "network.backoff_limit_s"),
    ("stream.reconnect_first_s", "stream.reconnect_limit_s"),
    ("engine.metadata_s", "engine.metadata_limit_s"),
    ("orders.reconcile_s", "orders.full_reconcile_s"),
    ("tape.segment_mib", "tape.limit_mib"),
)


def user_file() -> Path:
    """Return where this person's own settings are looked for on this system."""
    return user_config_path("kalshi-tui", appauthor=False) / "config.toml"


def data_folder() -> Path:
    """Return where practice keys and pins are kept on this system."""
    return user_data_path("kalshi-tui", appauthor=False)


def log_folder() -> Path:
    """Return where logs are written on this system."""
    return user_log_path("kalshi-tui", appauthor=False)


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
    values = _defaults()
    if own_file is not None and is_there(own_file):
        values |= read_file(own_file)
    if config_file is not None:
        values |= read_file(config_file)
    given, notices = read_environment(environ, folder)
    flagged = _read_flags(flags or {}, folder) | _read_ready(ready_file, flags or {})
    environment = _environment(given, folder) | flagged
    chosen = environment.get("environment", values["environment"]).value
    assert isinstance(chosen, Environment)  # noqa: S101 - its kind reads nothing else
    values |= _read_texts(given, key_names(chosen, given), folder) | flagged
    return _settings(values, notices)


def check_file(path: Path) -> Settings:
    """Read one file over the defaults, as if nothing else were set."""
    return _settings(_defaults() | read_file(path), [])


def _defaults() -> dict[str, Value]:
    return read_toml(default_file().read_text(encoding="utf-8"), default_file(), DEFAULT)


def _settings(values: dict[str, Value], notices: list[Notice]) -> Settings:
    notices = notices + _follow_key(values)
    values["execution_mode"] = _resolved(values["execution_mode"], values["environment"].value)
    settings = tree.build(
        {key: value.value for key, value in values.items()},
        {key: value.origin for key, value in values.items()},
        tuple(notices),
    )
    _check_together(settings)
    return settings


def _follow_key(values: dict[str, Value]) -> list[Notice]:
    """Where nobody named a venue but a key of one is set, look at that venue, and only look."""
    if values["environment"].origin != DEFAULT:
        return []
    for venue in (Environment.PROD, Environment.DEMO):
        key = values[f"venues.{venue}.key_id"]
        if key.value:
            origin = f"key of {venue}, {key.origin}"
            wished = values["execution_mode"]
            values["environment"] = Value(venue, origin)
            values["execution_mode"] = Value(ExecutionWish.OBSERVE, origin)
            return _only_looks(venue, wished) if wished.value in (ExecutionWish.PAPER, ExecutionWish.LIVE) else []
    return []


def _only_looks(venue: Environment, wished: Value) -> list[Notice]:
    """Own up that a wish was not followed: an order must not go to a venue that a key alone has chosen."""
    return [
        Notice(
            f"execution_mode = {wished.value} ({wished.origin}) does not count, because no venue is named",
            f'name it: environment = "{venue}" in your settings, KALSHI_ENV={venue} or --env {venue}',
        )
    ]


def _resolved(wished: Value, environment: object) -> Value:
    """Turn the wish into a mode; one that says auto keeps its origin, and an origin of its own says so."""
    assert isinstance(wished.value, ExecutionWish)  # noqa: S101 - its kind reads nothing else
    assert isinstance(environment, Environment)  # noqa: S101 - as above
    is_said = wished.value is ExecutionWish.AUTO and wished.origin != DEFAULT
    return Value(wished.value.on(environment), f"{wished.origin}: auto" if is_said else wished.origin)


def _environment(given: Mapping[str, Given], folder: Path) -> dict[str, Value]:
    """Read the environment's name first, because it decides whose key the synonyms name."""
    return _read_texts(given, {"KALSHI_ENV": "environment"}, folder)


def _read_texts(given: Mapping[str, Given], names: Mapping[str, str], folder: Path) -> dict[str, Value]:
    values = {}
    for name, key in names.items():
        if name in given:
            values[key] = checked(key, given[name].text, given[name].origin, folder)
    return values


def _read_flags(flags: Mapping[str, str], folder: Path) -> dict[str, Value]:
    return {FLAGS[flag]: checked(FLAGS[flag], text, f"flag {flag}", folder) for flag, text in flags.items()}


def _read_ready(path: Path | None, flags: Mapping[str, str]) -> dict[str, Value]:
    if path is None:
        return {}
    if flags.get("--env", "practice").lower() != "practice":
        raise ConfigError(
            "--ready-file names a practice exchange and --env another venue", hint="leave one of the two out"
        )
    found = {"environment": "practice", **read_ready_file(path)}
    return {key: checked(key, value, f"ready file {path}", path.parent) for key, value in found.items()}


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
        assert isinstance(low, int | float)  # noqa: S101 - their kinds read nothing else
        assert isinstance(high, int | float)  # noqa: S101 - as above
        if high < low:
            raise ConfigError(f"{limit} lies below {first} ({settings.origin(limit)})", hint=f"write at least {low:g}")
