"""Which versions run here, and which optional libraries are there."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from kalshi_tui import __version__
from kalshi_tui.cli.checks.findings import Finding, State, ok
from kalshi_tui.config.schema import KeySource, Settings, TransportName

_SECTION: Final = "versions"
_LIBRARIES: Final = (
    "aiohttp",
    "aiosqlite",
    "click",
    "cryptography",
    "httpx",
    "msgspec",
    "rich",
    "textual",
    "websockets",
    "zstandard",
)
_OPTIONAL: Final = {"picows": "fast", "keyring": "keyring", "pyarrow": "parquet"}


def check_versions() -> list[Finding]:
    """List the program, Python, the system and the libraries that everything rests on."""
    findings = [
        ok(_SECTION, "kalshi-tui", __version__),
        ok(_SECTION, "python", f"{platform.python_version()} ({platform.python_implementation()})"),
        ok(_SECTION, "system", platform.platform(terse=True)),
    ]
    return findings + [_library(name) for name in _LIBRARIES]


def check_optional(settings: Settings) -> list[Finding]:
    """List the optional libraries; one that the settings ask for must be there."""
    wanted = {
        "picows": settings.stream.transport is TransportName.PICOWS,
        "keyring": settings.venue.key_source is KeySource.KEYRING,
        "pyarrow": False,
    }
    return [_optional(name, wanted=wanted[name]) for name in _OPTIONAL]


def _library(name: str) -> Finding:
    found = _version(name)
    if found is None:
        return Finding(_SECTION, name, State.FAIL, "not installed", "pip install kalshi-tui")
    return ok(_SECTION, name, found)


def _optional(name: str, *, wanted: bool) -> Finding:
    found = _version(name)
    install = f"pip install 'kalshi-tui[{_OPTIONAL[name]}]'"
    if found is None and wanted:
        return Finding(_SECTION, name, State.FAIL, "not installed, but the settings ask for it", install)
    return ok(_SECTION, name, found or f"not installed; optional: {install}")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
