"""Turns the key that the settings name into something that signs, and lets go of the key's text."""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from shlex import quote
from typing import Final, Protocol, cast

from kalshi_tui.adapters.key_files import check_git, read_private_file
from kalshi_tui.adapters.key_pins import pin_key
from kalshi_tui.config.redact import mask
from kalshi_tui.config.schema import Environment, KeySource, Notice, Settings
from kalshi_tui.errors import SecretError
from kalshi_tui.protocol.signing import Scope, Signer, load_signer

KEYRING_SERVICE: Final = "kalshi-tui"


class Ring(Protocol):
    """The operating system's store of passwords, as the `keyring` package offers it."""

    def get_password(self, service: str, username: str, /) -> str | None:
        """Return what is stored under a service and a name."""


@dataclass(frozen=True, slots=True)
class LoadedKey:
    """A key that signs, where it came from, and what should be put right about it."""

    signer: Signer
    source: str
    notices: tuple[Notice, ...] = ()


def load_key(settings: Settings, scope: Scope, *, data: Path, ring: Ring | None = None) -> LoadedKey | None:
    """Load the key of the environment in force for a scope, or None when none is set: public data needs none.

    From then on this process writes no memory dump, because the key would be in it.
    """
    venue, environment = settings.venue, settings.environment
    if not venue.key_id and venue.key_path is None:
        return None
    if not venue.key_id:
        raise SecretError(f"a key file but no key id is set for {environment}", hint=_set_hint(environment, "ID"))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if venue.key_source is KeySource.KEYRING:
        loaded = LoadedKey(
            load_hidden(venue.key_id, lambda: _from_ring(venue.key_id, ring or _system_ring()), scope),
            f"keyring, entry {KEYRING_SERVICE} {mask(venue.key_id)}",
        )
    else:
        loaded = _from_file(venue.key_id, venue.key_path, environment, scope)
    pin_key(venue.key_id, environment, data)
    return loaded


def load_hidden(key_id: str, read: Callable[[], bytes], scope: Scope, *, place: str = "") -> Signer:
    """Make a signer of what `read` returns; a failure names the place, and none of its frames holds the key's text."""
    try:
        return load_signer(key_id, read(), scope)
    except SecretError as problem:
        is_named = place in problem.message or "key id" in problem.message
        refusal = SecretError(problem.message if is_named else f"{place}: {problem.message}", hint=problem.hint)
    # Raised out here, the error carries neither the frames below nor the first error as its context.
    raise refusal


def _from_file(key_id: str, path: Path | None, environment: Environment, scope: Scope) -> LoadedKey:
    if path is None:
        raise SecretError(f"a key id but no key file is set for {environment}", hint=_set_hint(environment, "PATH"))
    notices = () if environment is Environment.PRACTICE else check_git(path)
    return LoadedKey(load_hidden(key_id, lambda: read_private_file(path), scope, place=str(path)), str(path), notices)


def _set_hint(environment: Environment, leaf: str) -> str:
    setting = f"venues.{environment}.key_{leaf.lower()}"
    if environment is Environment.PRACTICE:
        return f"set {setting} in your config.toml, or neither: then a key is made for you"
    return f"set KALSHI_{environment.upper()}_KEY_{leaf}, or {setting} in your config.toml"


def _system_ring() -> Ring:
    try:
        return cast("Ring", import_module("keyring"))
    except ImportError:
        raise SecretError(
            "the key is to come from the keyring, but the keyring package is not installed",
            hint="pip install 'kalshi-tui[keyring]', or set key_source = \"file\"",
        ) from None


def _from_ring(key_id: str, ring: Ring) -> bytes:
    try:
        stored = ring.get_password(KEYRING_SERVICE, key_id)
    except Exception as problem:  # noqa: BLE001 - each system's store raises errors of its own
        reason = type(problem).__name__
    else:
        if stored:
            return stored.encode()
        reason = "it holds no such entry"
    raise SecretError(
        f"the keyring did not give the key {mask(key_id)}: {reason}",
        hint=f"store it with: python -m keyring set {KEYRING_SERVICE} {quote(key_id)} < KEYFILE; "
        'a machine without a desktop often has no keyring: there, set key_source = "file"',
    )
