"""Finds plugins by what is installed, and imports those alone that stand among our own distribution's files.

A name proves nothing: any distribution may call itself, its plugin or its package as it likes. So ours is the one whose
files hold the program that runs, and a module is ours if it is one of those files. Others are listed, not imported.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import Distribution, EntryPoint, distributions
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pluggy

import kalshi_tui
from kalshi_tui.errors import ConfigError, KalshiTuiError
from kalshi_tui.sdk.hooks import ENTRY_POINTS, PROJECT, Hooks
from kalshi_tui.sdk.risk import Options, RiskCheck

LIMITS: Final = "limits"
"""The entry point of the plugin without which no real money is traded."""
_REINSTALL: Final = "install kalshi-tui again (in a checkout: python -m pip install -e .)"
_BUNDLED: Final = "plugins"  # the folder of a checkout in which the bundled plugins stand


@dataclass(frozen=True, slots=True)
class LoadedPlugins:
    """What was found: the risk checks in force, and what is wrong; `bundled` says that all of ours work."""

    checks: tuple[RiskCheck, ...] = ()
    bundled: bool = False
    problems: tuple[str, ...] = ()
    others: tuple[str, ...] = ()  # of other distributions: found by their metadata, not imported


@dataclass(frozen=True, slots=True)
class _Found:
    """An entry point and the distribution that has it."""

    distribution: Distribution
    entry: EntryPoint

    @property
    def words(self) -> str:
        """Name it as `dist:name`, which no two have alike."""
        return f"{_name(self.distribution)}:{self.entry.name}"


def load_bundled(options: Options, *, running: Path | None = None) -> LoadedPlugins:
    """Load the plugins of the distribution that holds `running`, the program's own `__init__.py`."""
    program = (running or Path(kalshi_tui.__file__)).resolve()
    found = list(_found())
    ours = [one for one in found if _holds(one.distribution, program)]
    others = tuple(one.words for one in found if one not in ours)
    checks, problems = _checks_of(ours, options)
    problems = (*_missing(ours), *problems)
    return LoadedPlugins(checks, not problems, problems, others)


def package_file(distribution: Distribution, package: str) -> Path | None:
    """Return where a distribution keeps a package: in its checkout if it is installed editable, else by its record."""
    folder = _checkout(distribution)
    if folder is not None:
        homes = (folder / package, folder / _BUNDLED / package)
        return next((home.resolve() / "__init__.py" for home in homes if (home / "__init__.py").is_file()), None)
    for file in distribution.files or ():
        if file.as_posix() == f"{package}/__init__.py":
            return Path(str(distribution.locate_file(file))).resolve()
    return None


def _found() -> Iterator[_Found]:
    """Yield each plugin of each distribution once, however often the path names its folder."""
    seen: set[tuple[Path, str, str]] = set()
    for distribution in distributions():
        for entry in _entries(distribution):
            mark = (Path(str(distribution.locate_file(""))).resolve(), _name(distribution), entry.name)
            if mark not in seen:
                seen.add(mark)
                yield _Found(distribution, entry)


def _entries(distribution: Distribution) -> Iterable[EntryPoint]:
    """Return what a distribution says that it has for us; one with unreadable metadata has nothing."""
    try:
        return distribution.entry_points.select(group=ENTRY_POINTS)
    except Exception:  # noqa: BLE001 - whatever the files of others hold, it must not stop the program
        return ()


def _name(distribution: Distribution) -> str:
    return "".join(distribution.metadata.get_all("Name", ["unnamed"]))


def _holds(distribution: Distribution, program: Path) -> bool:
    """Tell whether a distribution's files hold the program that runs."""
    try:
        return package_file(distribution, program.parent.name) == program
    except Exception:  # noqa: BLE001 - as above: a record that cannot be read proves nothing
        return False


def _checkout(distribution: Distribution) -> Path | None:
    """Return the folder that an editable install works from."""
    try:
        told = json.loads(distribution.read_text("direct_url.json") or "{}")
        is_editable = told.get("dir_info", {}).get("editable") is True
        return Path(url2pathname(urlsplit(told["url"]).path)) if is_editable else None
    except (ValueError, KeyError, AttributeError):
        return None


def _missing(ours: Iterable[_Found]) -> tuple[str, ...]:
    """Say what stands in the way before anything is imported."""
    count = sum(one.entry.name == LIMITS for one in ours)
    if count == 0:
        return (f"{LIMITS}: this installation does not name it; {_REINSTALL}",)
    return () if count == 1 else (f"{LIMITS}: {count} installations claim it; remove all but one",)


def _checks_of(ours: Iterable[_Found], options: Options) -> tuple[tuple[RiskCheck, ...], tuple[str, ...]]:
    """Return the checks of every plugin that works, and what is wrong with the others."""
    checks: list[RiskCheck] = []
    problems: list[str] = []
    for one in ours:
        try:
            made = _checks(one, options)
            _refuse_twice([*checks, *made])
            checks += made
        except (Exception, SystemExit) as problem:  # noqa: BLE001 - a plugin may raise anything; none stops the program
            problems.append(f"{one.entry.name}: {_told(problem)}")
    return tuple(checks), tuple(problems)


def _checks(one: _Found, options: Options) -> list[RiskCheck]:
    """Import a plugin and ask it for its risk checks."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    manager.register(_imported(one), name=one.words)
    manager.check_pending()
    made: list[RiskCheck] = []
    for answer in manager.hook.register_risk_checks(options=options):
        if not isinstance(answer, list | tuple):
            raise ConfigError(f"it gave {answer!r:.60} where risk checks belong", hint=_REINSTALL)
        made += [_checked(check) for check in answer]
    if one.entry.name == LIMITS and not made:
        raise ConfigError("it has no risk check", hint=_REINSTALL)
    return made


def _imported(one: _Found) -> ModuleType:
    """Import a module, if what its name leads to is our distribution's file."""
    package = one.entry.module.partition(".")[0]
    file, spec = package_file(one.distribution, package), find_spec(package)
    if spec is None or spec.origin is None or file is None or Path(spec.origin).resolve() != file:
        place = spec.origin if spec is not None else "nowhere"
        raise ConfigError(f"its package {package} is found at {place}, which is not ours", hint=_REINSTALL)
    return import_module(one.entry.module)


def _checked(check: object) -> RiskCheck:
    """Refuse what is no risk check."""
    name = getattr(check, "name", None)
    is_check = callable(getattr(check, "judge", None)) and callable(getattr(check, "usage", None))
    if not (is_check and isinstance(name, str) and name):
        raise ConfigError(f"{check!r:.60} is no risk check", hint=_REINSTALL)
    return check  # type: ignore[return-value]  # its parts were looked at one by one


def _refuse_twice(checks: Iterable[RiskCheck]) -> None:
    names = [check.name for check in checks]
    if len(set(names)) < len(names):
        raise ConfigError("two of its risk checks have one name", hint=_REINSTALL)


def _told(problem: BaseException) -> str:
    """Say what befell a plugin, on one line."""
    if isinstance(problem, KalshiTuiError):
        return f"{problem.message}; {problem.hint}"
    return f"{type(problem).__name__}: {problem}".partition("\n")[0][:200]
