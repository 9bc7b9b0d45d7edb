"""Reads one TOML file key by key: unknown names and wrong values are named with their line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kalshi_tui.config import tree
from kalshi_tui.config.nearest import did_you_mean, nearest
from kalshi_tui.config.trust import read_trusted
from kalshi_tui.errors import ConfigError

_TABLE_LINE: Final = re.compile(r"\s*\[\s*([\w.\"' -]+?)\s*\]")
_KEY_LINE: Final = re.compile(r"\s*([\w.\"' -]+?)\s*=")


@dataclass(frozen=True, slots=True)
class Value:
    """A checked value and where it came from."""

    value: object
    origin: str


def read_file(path: Path) -> dict[str, Value]:
    """Check one file that a person wrote."""
    text, _ = read_trusted(path)
    return read_toml(text.read(), path, "")


def read_toml(text: str, path: Path, origin: str) -> dict[str, Value]:
    """Check one file key by key; `origin` replaces file and line where it is set."""
    lines = _key_lines(text)
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise ConfigError(f"{path} is not valid TOML: {problem}", hint="compare with the default config.toml") from None
    return {
        key: checked(key, value, origin or _place(path, lines, key), path.parent)
        for key, value in _flat(document, "", path, lines)
    }


def checked(key: str, value: object, origin: str, base: Path) -> Value:
    """Check one value, and say in an error which key it is and where it came from."""
    try:
        return Value(tree.kinds()[key].read(value, base), origin)
    except ConfigError as problem:
        raise ConfigError(f"{key} {problem.message} ({origin})", hint=problem.hint) from None


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
