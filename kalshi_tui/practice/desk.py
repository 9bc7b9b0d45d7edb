"""One exchange on your desk: world, member, key, doors and faults put together, without a socket or a clock."""

from __future__ import annotations

import gc
import hashlib
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from kalshi_tui.core.units import parse_money
from kalshi_tui.practice.crowd import MOST
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.faults import Faults, load_scenario
from kalshi_tui.practice.faults.rules import Rule
from kalshi_tui.practice.keys import key_id_of, make_key, public_half
from kalshi_tui.practice.records import ApiKey
from kalshi_tui.practice.rest import RestDoor
from kalshi_tui.practice.rules import Rules
from kalshi_tui.practice.stream import Hub
from kalshi_tui.practice.world import World
from kalshi_tui.practice.worldfile import WorldRefused, WorldSpec, load_world

USUAL_RULES = Rules()
WORLD_PAST_MS = 180_000  # how long a world has lived when it opens: a newcomer sees trades, and waits 0.2 s


@dataclass
class Desk:
    """Everything that a server or an in-memory client needs."""

    exchange: Exchange
    rest: RestDoor
    hub: Hub
    faults: Faults | None
    world: str
    seed: int
    user_id: str
    key_id: str
    key_pem: bytes = field(repr=False)
    living: World = field(repr=False)
    key_file: Path | None = None


def open_desk(
    *,
    start_ms: int,
    past_ms: int = 0,
    world: str | WorldSpec = "first",
    seed: int | None = None,
    markets: int | None = None,
    scenario: Path | Sequence[Rule] | None = None,
    cash: int | None = None,
    key_pem: bytes | None = None,
    rules: Rules = USUAL_RULES,
) -> Desk:
    """Open a fresh exchange with one member; the same seed and start give the same events.

    The world has lived for `past_ms` when the doors open, so that there are trades, volumes and candles to see.
    """
    spec = load_world(world) if isinstance(world, str) else world
    seed = start_ms % 2**31 if seed is None else seed
    exchange = Exchange(seed=seed, start_ms=start_ms - past_ms, rules=rules)
    user_id = new_user_id(spec.name, seed, start_ms)
    exchange.open_account(cash=parse_money(spec.cash) if cash is None else cash, user_id=user_id)
    living = World(exchange, spec)
    with no_collections():
        living.open(_wished(spec, markets))
    if markets is not None and len(exchange.markets) > markets:
        raise WorldRefused(
            f"world {spec.name!r} has {len(exchange.markets)} markets of its own, more than the {markets} wished for",
            hint=f"give --markets {len(exchange.markets)} or more, or leave it out",
        )
    exchange.advance(start_ms)
    return furnish(living, exchange, user_id=user_id, key_pem=key_pem, scenario=scenario)


def furnish(
    living: World,
    exchange: Exchange,
    *,
    user_id: str,
    key_pem: bytes | None,
    scenario: Path | Sequence[Rule] | None,
) -> Desk:
    """Put key, doors and faults around a living world; they hear only what happens from now on."""
    key_pem = make_key() if key_pem is None else key_pem
    public_pem = public_half(key_pem)
    key_id = key_id_of(public_pem)
    exchange.add_key(ApiKey(key_id, user_id, public_pem))
    # Faults draw from numbers of their own, so that a scenario does not change what the world does otherwise.
    rules = load_scenario(scenario) if isinstance(scenario, Path) else scenario
    faults = Faults(rules, random.Random(exchange.seed + 1)) if rules is not None else None
    hub = Hub(exchange, faults)
    if faults is not None:
        faults.arm(exchange)
    return Desk(
        exchange, RestDoor(exchange), hub, faults, living.spec.name, exchange.seed, user_id, key_id, key_pem, living
    )


@contextmanager
def no_collections() -> Iterator[None]:
    """Spare the garbage collector while much is built that will stay: over 30,000 markets that halves the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def new_user_id(world: str, seed: int, start_ms: int) -> str:
    """Return the member's id: another for each start, so that clients never mix the records of two runs."""
    digest = hashlib.sha256(f"{world}|{seed}|{start_ms}".encode()).digest()
    return str(UUID(bytes=digest[:16], version=4))


def _wished(spec: WorldSpec, markets: int | None) -> int:
    if markets is None:
        return 0
    if not 1 <= markets <= MOST:
        raise WorldRefused(f"{markets} markets cannot be made", hint=f"--markets takes 1 to {MOST}")
    if not spec.crowd.kind:
        raise WorldRefused(
            f"world {spec.name!r} describes no [[crowd.kind]], so --markets has nothing to make markets from",
            hint="leave --markets out, or add kinds as worlds/first.toml has them",
        )
    return markets
