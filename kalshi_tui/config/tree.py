"""Walks the schema: the dotted name and kind of each setting, and the settings object from read values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Annotated, Any, cast, get_origin, get_type_hints

from kalshi_tui.config.kinds import Kind
from kalshi_tui.config.schema import Notice, Settings


@cache
def kinds() -> Mapping[str, Kind]:
    """Return the kind of every setting by its dotted name, in the order of the schema."""
    return dict(_leaves(Settings, ""))


def tables() -> frozenset[str]:
    """Return the dotted names of all tables."""
    parts = (key.split(".") for key in kinds())
    return frozenset(".".join(names[:depth]) for names in parts for depth in range(1, len(names)))


def build(values: Mapping[str, object], origins: Mapping[str, str], notices: tuple[Notice, ...]) -> Settings:
    """Make the settings object from one checked value for each dotted name."""
    made = _build(Settings, "", {**values, "origins": origins, "notices": notices})
    return cast("Settings", made)


def values(settings: Settings) -> dict[str, object]:
    """Return every value by its dotted name, without whence it came."""
    return {key: value_of(settings, key) for key in kinds()}


def _leaves(schema: type, prefix: str) -> list[tuple[str, Kind]]:
    leaves: list[tuple[str, Kind]] = []
    for name, hint in get_type_hints(schema, include_extras=True).items():
        if get_origin(hint) is Annotated:
            leaves.append((prefix + name, hint.__metadata__[0]))
        elif is_dataclass(hint):
            leaves += _leaves(cast("type", hint), f"{prefix}{name}.")
    return leaves


def _build(schema: Any, prefix: str, values: Mapping[str, object]) -> object:
    fields = get_type_hints(schema)
    return schema(
        **{
            name: _build(hint, f"{prefix}{name}.", values) if is_dataclass(hint) else values[prefix + name]
            for name, hint in fields.items()
        }
    )


def value_of(settings: Settings, key: str) -> object:
    """Return the value of a dotted name."""
    value: object = settings
    for name in key.split("."):
        value = getattr(value, name)
    return value
