"""Writes settings as TOML: reading it again gives the same settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from kalshi_tui.config import tree
from kalshi_tui.config.amounts import Amount, Percent, written
from kalshi_tui.config.kinds import Dollars
from kalshi_tui.config.schema import Settings
from kalshi_tui.core.units import Money, parse_money


def dump(settings: Settings) -> str:
    """Write every value in force; key ids stand in it, so the text is as private as the user's own file."""
    lines: list[str] = []
    table = ""
    for key in tree.kinds():
        value = plain(key, tree.value_of(settings, key))
        parent, _, name = key.rpartition(".")
        if isinstance(value, dict):
            parent = key
        if parent != table:
            table = parent
            lines += ["", f"[{table}]"]
        named = value.items() if isinstance(value, dict) else [(name, value)]
        lines += [f"{_quoted(name) if parent == key else name} = {toml(given)}" for name, given in named]
    return "\n".join(lines) + "\n"


def plain(key: str, value: object) -> object:
    """Turn a checked value back into what a file says: text, number, truth value, list or table."""
    kind = tree.kinds()[key]
    if isinstance(kind, Dollars | Amount | Percent):
        assert isinstance(value, int)  # noqa: S101 - these kinds read nothing else
        return _exact(kind, value)
    if value is None:
        return ""
    if isinstance(value, StrEnum | Path):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _exact(kind: Dollars | Amount | Percent, value: int) -> str | float:
    """Write an amount or a percentage so that it is read back the same."""
    if isinstance(kind, Percent):
        return value / 100  # the nearest number to two decimals, so it is written with these two
    if isinstance(kind, Amount):
        return written(Money(value))
    return next(amount for amount in kind.amounts if parse_money(amount) == value)


def toml(value: object) -> str:
    """Write one plain value; a table stands on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(name)} = {toml(given)}" for name, given in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    """Quote as JSON does, which TOML reads alike; letters beyond ASCII stay, because JSON's pairs are no TOML."""
    return json.dumps(text, ensure_ascii=False)
