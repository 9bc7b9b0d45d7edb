"""A kill while 5,000 messages a second come in and 200 orders rest: gate, trigger, and proof that nothing rests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kalshi_tui.cli.benches.orders_world import Place, Seat, opened, own_client, seated, staged, until
from kalshi_tui.cli.benches.report import middle
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.venue import Venue
from kalshi_tui.errors import KalshiTuiError, LocalProtocolError, VenueRefused
from kalshi_tui.link.trading import Arm, Fire, Kill, Reconcile, ResetKill
from kalshi_tui.link.views import MarketRow
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.rest.resting import resting_orders

CHANGES_PER_S: Final = 5_000
BOOKS: Final = 500
ORDERS: Final = 200
MARKETS: Final = 40
ROUNDS: Final = 5
_LOW: Final = Price(200)
_ROOM: Final = Price(1_500)  # so that nobody comes near while it is measured
_OPEN_MS: Final = 600_000
_LIMIT_S: Final = 30.0
_LOOK_S: Final = 0.02
_AGAIN: Final = 50


@dataclass(frozen=True, slots=True)
class Killed:
    """One kill, in milliseconds since it was asked for."""

    answered: float
    refused: float  # when the next ticket was refused
    triggered: float  # by the exchange's own stamp
    empty: float  # when the exchange listed nothing any more, as another program of this account saw it
    over: float  # when the engine said that it was verified

    @property
    def verified(self) -> float:
        """Return when nothing rested, and the engine knew."""
        return max(self.empty, self.over)


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Kill some times, and return medians and worst cases."""
    with opened(CHANGES_PER_S, BOOKS) as (place, _):
        kills, messages_per_s = asyncio.run(_killed(place, rounds))
    return figures(kills, messages_per_s)


def figures(kills: Sequence[Killed], messages_per_s: float) -> dict[str, float]:
    """Return what the kills come to."""
    gates = [max(kill.answered, kill.refused) for kill in kills]
    triggers = [kill.triggered for kill in kills]
    verified = [kill.verified / 1e3 for kill in kills]
    return {
        "kill_messages_per_s": messages_per_s,
        "kill_orders": float(ORDERS),
        "kill_gate_ms": middle(gates),
        "kill_gate_worst_ms": max(gates),
        "kill_trigger_ms": middle(triggers),
        "kill_trigger_worst_ms": max(triggers),
        "kill_verified_s": middle(verified),
        "kill_verified_worst_s": max(verified),
        "kill_empty_s": middle([kill.empty / 1e3 for kill in kills]),
    }


async def _killed(place: Place, rounds: int) -> tuple[list[Killed], float]:
    kills = []
    async with seated(place, BOOKS) as seat, own_client(place) as venue:
        tickers = [row.ticker for row in seat.rows if _is_calm(row, seat.view().now_ms)][:MARKETS]
        if len(tickers) < MARKETS:
            raise AssertionError(f"only {len(tickers)} markets have room below their best bid")
        before, began = seat.frames(), time.monotonic()
        for number in range(rounds):
            await _place(venue, tickers, number)
            await until(lambda: seat.view().working == ORDERS, f"the engine does not know of {ORDERS} orders")
            kills.append(await _kill(place, seat, venue, tickers))
            await _lift(seat)
        return kills, (seat.frames() - before) / (time.monotonic() - began)


def _is_calm(row: MarketRow, now_ms: int) -> bool:
    """Tell whether orders may rest far below a market's best bid for as long as it is measured."""
    return row.bid is not None and row.bid > _ROOM and row.close_ms > now_ms + _OPEN_MS


async def _place(venue: Venue, tickers: Sequence[str], number: int) -> None:
    """Let orders rest in the engine's own order group, far below the market."""
    (group, *_) = await venue.ask(rest.groups())
    for index in range(ORDERS):
        order = rest.NewOrder(
            client_order_id=f"bench-{number}-{index}",
            ticker=tickers[index % len(tickers)],
            side="bid",
            price=_LOW,
            size=Size(100),
            order_group_id=group.group_id,
        )
        await _placed(venue, order)


async def _placed(venue: Venue, order: rest.NewOrder) -> None:
    """Send it until the group, which was triggered by the kill before, takes orders again."""
    for _ in range(_AGAIN):
        try:
            await venue.ask(rest.create_order(order))
        except VenueRefused:
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError("the order group takes no orders")


async def _kill(place: Place, seat: Seat, venue: Venue, tickers: Sequence[str]) -> Killed:
    """Kill, with a ticket ready that would have left a moment before."""
    ticket = await staged(seat, tickers)
    before = len(place.noted("trigger"))
    start = time.monotonic_ns()
    looking = asyncio.ensure_future(_until_empty(venue, start))
    await seat.link.ask(Kill("bench"))
    answered = _ms_since(start)
    await _is_refused(seat, Fire(ticket.number, ticket.token))
    refused = _ms_since(start)
    await until(lambda: _is_over(seat), "the kill was not over", _LIMIT_S)
    over = _ms_since(start)
    return Killed(answered, refused, (place.noted("trigger")[before] - start) / 1e6, await looking, over)


async def _is_refused(seat: Seat, fire: Fire) -> None:
    try:
        await seat.link.ask(fire)
    except LocalProtocolError as problem:
        if "kill" not in problem.message.lower():
            raise
    else:
        raise AssertionError("a ticket was fired after the kill was answered")


def _is_over(seat: Seat) -> bool:
    kill = seat.view().kill
    return kill is not None and kill.is_over and kill.resting == 0


async def _until_empty(venue: Venue, start: int) -> float:
    """Ask the exchange what rests until it lists nothing."""
    while (await venue.ask(resting_orders())).rows:  # noqa: ASYNC110 - it is the exchange that is asked
        await asyncio.sleep(_LOOK_S)
    return _ms_since(start)


async def _lift(seat: Seat) -> None:
    """Lift the kill and arm, once the engine has compared with the exchange."""
    await seat.link.ask(Reconcile())
    await _asked(seat, ResetKill(seat.view().reset_phrase or "lift the kill"))
    await _asked(seat, Arm())


async def _asked(seat: Seat, intent: ResetKill | Arm) -> None:
    for _ in range(_AGAIN):
        try:
            await seat.link.ask(intent)
        except KalshiTuiError as problem:
            why = problem
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError(f"{intent} is refused: {why}")


def _ms_since(start: int) -> float:
    return (time.monotonic_ns() - start) / 1e6
