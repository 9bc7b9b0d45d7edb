"""Asks what the account may do: its rate limits and what each endpoint costs."""

from __future__ import annotations

from dataclasses import dataclass

from kalshi_tui.core.text import SafeText, clean
from kalshi_tui.protocol.rest.asking import PREFIX, Request
from kalshi_tui.protocol.rest.reading import Wire, reader


@dataclass(frozen=True, slots=True)
class BucketLimit:
    """Tokens a second, and how many can be saved up."""

    refill_rate: int
    capacity: int


@dataclass(frozen=True, slots=True)
class AccountLimits:
    """The account's two token buckets."""

    tier: SafeText
    read: BucketLimit
    write: BucketLimit


@dataclass(frozen=True, slots=True)
class EndpointCosts:
    """What calls cost: a default, and exceptions by method and route, such as ("GET", "/portfolio/orders/{}")."""

    default: int
    by_route: dict[tuple[str, str], int]


class _Bucket(Wire):
    refill_rate: int
    bucket_capacity: int


class _Limits(Wire):
    read: _Bucket
    write: _Bucket
    usage_tier: str = ""


class _Cost(Wire):
    method: str
    path: str
    cost: int


class _Costs(Wire):
    default_cost: int
    endpoint_costs: tuple[_Cost, ...] | None = None


def account_limits() -> Request[AccountLimits]:
    """Ask for the size of the account's token buckets."""
    return Request("GET", "/account/limits", _read_limits, signed=True)


def endpoint_costs() -> Request[EndpointCosts]:
    """Ask for what calls cost."""
    return Request("GET", "/account/endpoint_costs", _read_costs)


def _as_limits(wire: _Limits) -> AccountLimits:
    return AccountLimits(
        tier=clean(wire.usage_tier, 40),
        read=BucketLimit(wire.read.refill_rate, wire.read.bucket_capacity),
        write=BucketLimit(wire.write.refill_rate, wire.write.bucket_capacity),
    )


def _as_costs(wire: _Costs) -> EndpointCosts:
    by_route = {(row.method.upper(), _route(row.path)): max(row.cost, 0) for row in wire.endpoint_costs or ()}
    return EndpointCosts(max(wire.default_cost, 1), by_route)


def _route(path: str) -> str:
    """Return a documented path as our routes are written: without the prefix, each name as {}."""
    parts = path.removeprefix(PREFIX).split("/")
    return "/".join("{}" if part.startswith(("{", ":")) else part for part in parts)


_read_limits = reader(_Limits, _as_limits)
_read_costs = reader(_Costs, _as_costs)
