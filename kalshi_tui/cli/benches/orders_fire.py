"""From the key that fires to bytes on the socket, item by item, beside bare posts of the same size and way."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Self

import httpx

from kalshi_tui.cli.benches.orders_stamps import first_after
from kalshi_tui.cli.benches.orders_world import LOW, Place, Seat, opened, seated, staged, until
from kalshi_tui.cli.benches.report import middle
from kalshi_tui.core.units import Price, Size
from kalshi_tui.errors import LocalProtocolError
from kalshi_tui.link.client import Watching
from kalshi_tui.link.keys import OrdersKey
from kalshi_tui.link.trading import Fire, Fired, OrdersView, TicketView
from kalshi_tui.protocol import rest

FIRES: Final = 200
WARM_UP: Final = 20
MARKETS: Final = 100
_ROOM: Final = Price(2_000)
_PAGE: Final = 4_096
_OPEN_MS: Final = 600_000  # a market that closes meanwhile refuses orders
_QUIET_S: Final = 0.02  # after an order, so that what comes of it is over before the next
_SIGNED: Final = {
    "accept": "application/json",
    "content-type": "application/json",
    "kalshi-access-key": "k" * 36,
    "kalshi-access-timestamp": "1" * 13,
    "kalshi-access-signature": "s" * 344,
}


@dataclass(frozen=True, slots=True)
class Shot:
    """One order's way, in nanoseconds since the client asked, until the exchange has all of its bytes."""

    asked: int
    judged: int
    append: int
    kept: int
    signing: int  # within the way; it is done ahead where a ticket lies open
    send: int
    wire: int


def measure(fires: int = FIRES) -> dict[str, float]:
    """Fire orders one by one, each beside a bare post, and return the medians in milliseconds."""
    with opened(0, MARKETS) as (place, end):
        with Sync(place.folder) as sync:
            began, bare_began, synced = asyncio.run(_fired(place, fires + WARM_UP, sync))
        end()
        posts = [("post", at) for at in place.noted("post")]
        shots = shots_of([*place.stamps(), *posts], began)
    bare = [first_after(posts, "post", at) - at for at in bare_began]
    return figures(shots[WARM_UP:], bare[WARM_UP:], synced[WARM_UP:])


def shots_of(rows: Sequence[tuple[str, int]], began: Sequence[int]) -> list[Shot]:
    """Return each order's way from what engine and exchange have noted; orders went one after the other."""
    shots = []
    for start, end in zip(began, [*began[1:], 2**63], strict=True):
        mine = [(name, at) for name, at in rows if start <= at < end]
        kept = first_after(mine, "kept", start)
        times = {name: first_after(mine, name, start) for name in ("asked", "judged", "append")}
        times["send"] = first_after(mine, "send", kept)
        times["wire"] = first_after(mine, "post", times["send"])
        signing = _between(mine, "signed", start, times["send"]) - _between(mine, "sign", start, times["send"])
        shots.append(Shot(kept=kept - start, signing=signing, **{name: at - start for name, at in times.items()}))
    return shots


def figures(shots: Sequence[Shot], bare: Sequence[int], synced: Sequence[int]) -> dict[str, float]:
    """Return medians; the items are medians of their own, so that they need not add up to the last digit."""
    items = {
        "fire_to_wire_ms": [shot.wire for shot in shots],
        "link_ms": [shot.asked for shot in shots],
        "gate_ms": [shot.judged - shot.asked for shot in shots],
        "journal_ms": [shot.kept - shot.append for shot in shots],
        "signing_ms": [shot.signing for shot in shots],
        "writing_ms": [shot.wire - shot.send for shot in shots],
        "rest_ms": [_rest(shot) for shot in shots],
        "bare_httpx_ms": list(bare),
        "bare_sync_ms": list(synced),
    }
    found = {name: middle([at / 1e6 for at in values]) for name, values in items.items()}
    found["fire_above_httpx_ms"] = found["fire_to_wire_ms"] - found["bare_httpx_ms"]
    without_commit = middle([(shot.wire - shot.kept + shot.append) / 1e6 for shot in shots])
    found["fire_but_commit_above_httpx_ms"] = without_commit - found["bare_httpx_ms"]
    found["fire_worst_ms"] = max(shot.wire for shot in shots) / 1e6
    return found


def _rest(shot: Shot) -> int:
    """Return what no other item counts: waking up, the desk after the journal, the rate budget."""
    return (shot.append - shot.judged) + (shot.send - shot.kept) - shot.signing


def _between(rows: Sequence[tuple[str, int]], what: str, start: int, end: int) -> int:
    """Return the sum of the times at which something happened in between."""
    return sum(at for name, at in rows if name == what and start <= at <= end)


class Sync:
    """A file on the journal's disk, of which a page is overwritten and synced: the least that a commit can take."""

    def __init__(self, folder: Path) -> None:
        """Make the file."""
        self._target = os.open(folder / "synced", os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(self._target, bytes(_PAGE))
        os.fsync(self._target)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the file."""
        os.close(self._target)

    def once(self) -> int:
        """Write and sync, and return how many nanoseconds it took."""
        start = time.monotonic_ns()
        os.pwrite(self._target, os.urandom(_PAGE), 0)
        os.fdatasync(self._target)
        return time.monotonic_ns() - start


async def _fired(place: Place, count: int, sync: Sync) -> tuple[list[int], list[int], list[int]]:
    """Fire, post and sync in turn; return when each fire and post was asked for, and how long each sync took."""
    began, bare, synced = list[int](), list[int](), list[int]()
    async with seated(place, 10) as seat, httpx.AsyncHTTPTransport() as transport:
        open_ms = seat.view().now_ms + _OPEN_MS
        rows = [row for row in seat.rows if row.close_ms > open_ms]
        tickers = [row.ticker for row in rows if row.ask is not None and row.ask > _ROOM]
        orders = seat.link.watch(OrdersKey(count=5))
        for number in range(count):
            at = number % len(tickers)
            start, ticket, order = await _fire(seat, [*tickers[at:], *tickers[:at]])
            began.append(start)
            await until(partial(_has_ended, orders, order), "an order did not end")
            await asyncio.sleep(_QUIET_S)
            bare.append(time.monotonic_ns())
            await _post(transport, place.venue["rest_url"], ticket.bodies[0].encode())
            sync.once()  # as the ticket's verdict goes to the disk before the order does: disks mind what came before
            await asyncio.sleep(_QUIET_S)
            synced.append(sync.once())
    return began, bare, synced


async def _fire(seat: Seat, tickers: Sequence[str]) -> tuple[int, TicketView, int]:
    """Fire in the first market that lets us; return when it was asked for, what of, and the order's number."""
    for at in range(len(tickers)):
        ticket = await staged(seat, tickers[at:])
        await asyncio.sleep(_QUIET_S)
        start = time.monotonic_ns()
        try:
            fired = await seat.link.ask(Fire(ticket.number, ticket.token))
        except LocalProtocolError as problem:
            if "held here" not in problem.message:
                raise
            continue  # its book has lost a side since
        assert isinstance(fired, Fired)  # noqa: S101 - what this is answered by
        return start, ticket, fired.orders[0]
    raise AssertionError("every market is held here")


def _has_ended(orders: Watching, number: int) -> bool:
    view = orders.view
    rows = view.rows if isinstance(view, OrdersView) else ()
    found = [row for row in rows if row.number == number and not row.is_in_flight]
    if found and found[0].state not in {"canceled", "resting"}:
        raise AssertionError(f"order {number} is {found[0].state}: {found[0].reason}")
    return bool(found) and found[0].state == "canceled"


async def _post(transport: httpx.AsyncHTTPTransport, rest_url: str, body: bytes) -> None:
    """Post what an order is, without a signature: the server refuses it, and reads as many bytes."""
    order = rest.NewOrder(client_order_id="x", ticker="X", side="bid", price=LOW, size=Size(100))
    url = rest_url.removesuffix("/trade-api/v2") + rest.create_order(order).target
    request = httpx.Request("POST", url, headers=_SIGNED, content=body)
    response = await transport.handle_async_request(request)
    await response.aread()
    await response.aclose()
