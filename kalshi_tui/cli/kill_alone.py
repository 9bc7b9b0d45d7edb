"""Kills at an address with a connection of its own: needs no engine, and no loop that goes on elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress

from kalshi_tui.adapters.clock import system_chance
from kalshi_tui.adapters.engine_place import Place
from kalshi_tui.adapters.http import HttpxTransport
from kalshi_tui.adapters.secrets import load_key
from kalshi_tui.cli.wiring import Address, desk_address, find_address
from kalshi_tui.config.load import data_folder
from kalshi_tui.config.schema import Environment, Settings
from kalshi_tui.engine.killing import KillPatience, KillReport, KillStep, kill_everything
from kalshi_tui.engine.venue import Patience, Venue
from kalshi_tui.errors import KalshiTuiError, SecretError, TransportError
from kalshi_tui.protocol.signing import Scope, Signer


async def kill_at(
    address: Address,
    *,
    tell: Callable[[KillStep], None],
    patience: KillPatience,
    groups: Sequence[str] = (),
) -> KillReport:
    """Kill everything that the address's key reaches, and go by the account's own limits as soon as they are known."""
    http = HttpxTransport(address.rest_url)
    reading = Patience(deadline_s=patience.answer_s, attempts=2, base_s=0.1, cap_s=0.5)
    venue = Venue(http, address.clock, system_chance, signer=address.signer, patience=reading)
    killing = asyncio.ensure_future(kill_everything(venue, address.clock, tell=tell, patience=patience, groups=groups))
    learning = asyncio.ensure_future(_learn_limits(venue))
    try:
        return await killing
    finally:
        killing.cancel()
        learning.cancel()
        await asyncio.gather(killing, learning, return_exceptions=True)
        await http.close()


async def kill_everywhere(
    settings: Settings, places: Sequence[Place], *, tell: Callable[[KillStep], None], patience: KillPatience
) -> tuple[KillReport, ...]:
    """Kill at every exchange where the account may have orders: a practice engine has opened one of its own."""
    async with AsyncExitStack() as stack:
        if settings.environment is Environment.PRACTICE and not settings.venue.rest_url:
            finding = [_desk_of(place) for place in places]
        else:
            finding = [find_address(settings, _signer(settings), Scope.CANCEL, stack)]
        kills = [_found_and_killed(address, tell, patience) for address in finding]
        done = await asyncio.gather(*kills, return_exceptions=True)
    for problem in done:  # only now: that one exchange has gone must not keep another's orders
        if isinstance(problem, BaseException):
            raise problem
    return tuple(report for report in done if isinstance(report, KillReport))


async def _desk_of(place: Place) -> Address:
    if not place.desk.exists():
        raise TransportError(
            f"the engine for {place.name} has only just begun: where its exchange is, is not known yet",
            hint="kill again in a moment; the flag keeps it from sending orders meanwhile",
        )
    return await desk_address(place.desk, Scope.CANCEL)


async def _found_and_killed(
    finding: Awaitable[Address], tell: Callable[[KillStep], None], patience: KillPatience
) -> KillReport:
    return await kill_at(await finding, tell=tell, patience=patience)


def _signer(settings: Settings) -> Signer:
    """Load the account's key so that it signs cancels and nothing that creates."""
    loaded = load_key(settings, Scope.CANCEL, data=data_folder())
    if loaded is None:
        raise SecretError(
            f"nothing could be canceled: no key is set for {settings.environment}",
            hint="name the account's key (docs/configuration.md) and kill again, or cancel on Kalshi's own pages",
        )
    return loaded.signer


async def _learn_limits(venue: Venue) -> None:
    with suppress(KalshiTuiError):  # the smallest account's limits are kept to meanwhile, and they do
        await venue.learn_limits()
