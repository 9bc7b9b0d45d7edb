"""Reads scenario files; a mistake is named with the nearest right name."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, cast

from kalshi_tui.core.units import parse_decimal
from kalshi_tui.practice.faults.catalogue import ACTIONS, CHOICES, DECIMALS, SELECTORS, WHEN, Need
from kalshi_tui.practice.faults.rules import Place, Rule, When
from kalshi_tui.practice.faults.states import STATES

SCENARIOS: Final = Path(__file__).parent.parent / "scenarios"
_TOP: Final = ("fault", "title", "about", "rule")
_MOST: Final = 1 << 40
_NAMES: Final = ("name", "at", "action")


class ScenarioError(Exception):
    """A scenario file that cannot be used; `hint` says what would be right."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def scenario_path(name: str) -> Path:
    """Return a bundled scenario by its name ("f07-reply-lost"), by its fault ("F07", "f7"), or a file by its path."""
    bundled = {path.stem: path for path in sorted(SCENARIOS.glob("*.toml"))}
    by_fault = {stem.partition("-")[0]: path for stem, path in bundled.items()}
    found = bundled.get(name) or by_fault.get("f" + name.lower().removeprefix("f").zfill(2))
    if found is not None:
        return found
    if Path(name).is_file():
        return Path(name)
    close = get_close_matches(name.lower(), [*bundled, *by_fault], n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise ScenarioError(
        f"there is no scenario {name!r:.80}",
        hint=f"{hint}docs/faults.md lists them, from F01 to F73; or give the path of a file",
    )


def load_scenario(path: Path) -> list[Rule]:
    """Read the rules of a scenario file."""
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as problem:
        raise ScenarioError(f"{path.name}: {problem}", hint="a scenario is a readable TOML file in UTF-8") from problem
    _check_names(path.name, read, _TOP)
    fault, tables = read.get("fault", ""), read.get("rule", [])
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise ScenarioError(f"{path.name} has no rules", hint="write at least one [[rule]] table")
    return [
        _rule(f"{path.name}, rule {number}", path.stem, str(fault), number, table) for number, table in _count(tables)
    ]


def _count(tables: list[dict[str, Any]]) -> Iterable[tuple[int, dict[str, Any]]]:
    return enumerate(tables, start=1)


def _rule(where: str, stem: str, fault: str, number: int, table: dict[str, Any]) -> Rule:
    place = cast("Place", _one_of(where, "at", table.get("at"), ACTIONS))
    action = _one_of(where, "action", table.get("action"), ACTIONS[place])
    settings, selectors = ACTIONS[place][action], SELECTORS[place]
    _check_names(where, table, (*_NAMES, *selectors, *WHEN, *settings))
    given = {name: _setting(where, name, table, default) for name, default in {**WHEN, **settings}.items()}
    return Rule(
        name=_text(where, "name", table.get("name", f"{stem}-{number}")),
        fault=fault,
        at=place,
        action=action,
        when=_when(where, given),
        match={name: _text(where, name, table[name]) for name in selectors if name in table},
        params={name: given[name] for name in settings},
    )


def _when(where: str, given: Mapping[str, Any]) -> When:
    between, states = given["between_s"], given["state"]
    if between and (len(between) != 2 or not all(isinstance(bound, int | float) for bound in between)):
        raise ScenarioError(f"{where}: between_s is {between!r}", hint="write two numbers, such as [5, 20]")
    for state in states:
        _one_of(where, "state", str(state).removeprefix("not "), STATES)
    return When(
        nth=given["nth"],
        every=given["every"],
        probability=given["probability"],
        times=given["times"],
        between_s=(float(between[0]), float(between[1])) if between else None,
        state=tuple(states),
    )


def _setting(where: str, name: str, table: Mapping[str, Any], default: Any) -> Any:
    """Return a setting as given or as it is by default, of the type that it must have."""
    kind = default.kind if isinstance(default, Need) else type(default)
    if name not in table:
        if isinstance(default, Need):
            raise ScenarioError(f"{where} has no {name}", hint=f"add {name} = ... ({kind.__name__})")
        return default
    value = table[name]
    if default is None:
        return value
    if kind is float and type(value) is int:
        value = float(value)
    if kind is tuple and isinstance(value, list):
        value = tuple(value)
    if type(value) is not kind:
        raise ScenarioError(f"{where}: {name} is {value!r:.60}", hint=f"it must be of type {kind.__name__}")
    _check_range(where, name, value)
    return value


def _check_range(where: str, name: str, value: Any) -> None:
    """Refuse a value of the right type that cannot be meant."""
    if name == "probability" and not 0 <= value <= 1:
        raise ScenarioError(f"{where}: {name} is {value!r}", hint="it must lie between 0 and 1")
    if isinstance(value, int | float) and not 0 <= value <= _MOST:
        raise ScenarioError(f"{where}: {name} is {value!r}", hint=f"it must not be negative nor above {_MOST:,}")
    if name in CHOICES:
        _one_of(where, name, value, CHOICES[name])
    if value and name in DECIMALS:
        try:
            parse_decimal(value, DECIMALS[name])
        except ValueError:
            hint = f"write a decimal number in quotes, with at most {DECIMALS[name]} places"
            raise ScenarioError(f"{where}: {name} is {value!r:.60}", hint=hint) from None


def _text(where: str, name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ScenarioError(f"{where}: {name} is {value!r:.60}", hint="it must be a text in quotes")
    return value


def _one_of(where: str, name: str, value: Any, allowed: Iterable[str]) -> str:
    if isinstance(value, str) and value in allowed:
        return value
    if value is None:
        raise ScenarioError(f"{where} has no {name}", hint=f"one of: {', '.join(sorted(allowed))}")
    raise ScenarioError(f"{where}: there is no {name} {value!r:.60}", hint=_nearest(str(value), allowed))


def _check_names(where: str, table: Mapping[str, Any], allowed: Iterable[str]) -> None:
    for name in table:
        if name not in allowed:
            raise ScenarioError(f"{where}: unknown key {name!r:.60}", hint=_nearest(name, allowed))


def _nearest(name: str, allowed: Iterable[str]) -> str:
    names = sorted(allowed)
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"one of: {', '.join(names)}"
