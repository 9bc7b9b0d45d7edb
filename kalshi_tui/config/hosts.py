"""Decides which hosts may see our key ids and signatures.

A signature does not cover the body of a request, so whoever receives one may, for some seconds, send another order with
it. Therefore exact names, no suffixes: an abandoned sub-domain would be as good as a stolen key.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from kalshi_tui.config.nearest import nearest
from kalshi_tui.config.schema import Environment
from kalshi_tui.errors import ConfigError

ALLOWED: Final[Mapping[Environment, tuple[str, ...]]] = {
    Environment.DEMO: ("external-api.demo.kalshi.co", "external-api-ws.demo.kalshi.co", "demo-api.kalshi.co"),
    Environment.PROD: ("external-api.kalshi.com", "external-api-ws.kalshi.com", "api.elections.kalshi.com"),
}
RETIRED: Final = ("trading-api.kalshi.com", "api.kalshi.com")
_SECURE: Final = {"rest_url": "https", "stream_url": "wss"}
_LOOPBACK: Final = {"rest_url": ("http", "https"), "stream_url": ("ws", "wss")}


def check_address(environment: Environment, name: str, url: str) -> None:
    """Refuse an address that this environment's keys must not go to; `name` is rest_url or stream_url."""
    if environment is Environment.PRACTICE:
        if url:
            _check_loopback(name, url)
        return
    parts = urlsplit(url)
    if parts.scheme != _SECURE[name]:
        raise ConfigError(
            f"must begin with {_SECURE[name]}://, so that nobody on the way can read or change it",
            hint="only the practice environment may go without encryption, and only on this machine",
        )
    if parts.hostname not in ALLOWED[environment] or parts.port not in (None, 443):
        raise ConfigError(
            f"names the host {parts.netloc}, which does not belong to {environment}",
            hint=_host_hint(environment, parts.hostname or ""),
        )


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, without asking a name server."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _check_loopback(name: str, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in _LOOPBACK[name] or not is_loopback(parts.hostname or ""):
        raise ConfigError(
            "must be an address of this machine for the practice environment",
            hint=f"write {_LOOPBACK[name][0]}://127.0.0.1:PORT/..., or nothing: then an exchange is started for you",
        )


def _host_hint(environment: Environment, host: str) -> str:
    if host in RETIRED:
        return f"Kalshi has retired that host; remove the line, and the default {ALLOWED[environment][0]} is used"
    for other, hosts in ALLOWED.items():
        if host in hosts and other is not environment:
            return f"that is a host of {other}: keys of one environment must not be shown to the other"
    near = nearest(host, ALLOWED[environment])
    return f"did you mean {near}?" if near else f"allowed are {', '.join(ALLOWED[environment])}"
