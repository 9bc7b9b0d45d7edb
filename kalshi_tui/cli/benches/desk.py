"""`bench exchange`: what one loopback client gets from the practice exchange, and what its core can do."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kalshi_tui.adapters.clock import SystemClock, system_chance
from kalshi_tui.adapters.http import HttpxTransport
from kalshi_tui.adapters.practice_key import practice_key_file
from kalshi_tui.cli.benches.children import child
from kalshi_tui.cli.benches.matching import orders_per_second
from kalshi_tui.cli.benches.report import ROUNDS, Report, Target, cpu_seconds, middle, report
from kalshi_tui.cli.benches.transports import installed
from kalshi_tui.core.events import BookChanged, Event
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.feed import Feed
from kalshi_tui.engine.venue import Venue
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.signing import Scope, Signer, load_signer
from kalshi_tui.protocol.stream import Stream

OFFERED_PER_S = 24_000
MARKETS = 200
WINDOW_S = 2.0
ORDERS = 400
IN_FLIGHT = 8
BIG_WORLD = 30_000
TARGETS = {
    "deltas_per_s": Target(at_least=20_000),
    "signed_orders_per_s": Target(at_least=400),
    "matched_orders_per_s": Target(at_least=15_000),
    "big_world_opens_s": Target(at_most=10),
    "big_world_mib": Target(at_most=1024),
}


def measure(say: Callable[[str], None]) -> Report:
    """Measure the parts one after the other, five rounds of each."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        key_file = practice_key_file(Path(folder))
        say("deltas to one client")
        with child("busy_exchange", str(OFFERED_PER_S), str(key_file), str(MARKETS), "behind") as line:
            figures["deltas_offered_per_s"] = OFFERED_PER_S
            figures["deltas_per_s"] = middle(asyncio.run(count_deltas(json.loads(line))))
        say("signed orders from one client")
        with child("busy_exchange", "0", str(key_file), str(MARKETS), "behind") as line:
            figures["signed_orders_per_s"] = middle(asyncio.run(place_orders(json.loads(line))))
        figures["signing_alone_per_s"] = middle([signatures_per_second(key_file) for _ in range(ROUNDS)])
    say("matching")
    figures["matched_orders_per_s"] = middle([orders_per_second() for _ in range(ROUNDS)])
    say(f"a world of {BIG_WORLD:,} markets")
    opened = [open_big_world() for _ in range(ROUNDS)]
    figures["big_world_opens_s"] = middle([seconds for seconds, _ in opened])
    figures["big_world_mib"] = middle([mib for _, mib in opened])
    return report("exchange", figures, TARGETS)


async def count_deltas(place: dict[str, Any]) -> list[float]:
    """Follow all open books and return how many changes arrived a second, in five windows."""
    signer, venue, http = connect(place)
    markets = [market.ticker async for market in venue.every(rest.markets(status="open"), 1_000)]
    stream = Stream(use_yes_price=True)
    stream.want("orderbook_delta", tickers=markets)
    seen = 0

    def count(event: Event) -> None:
        nonlocal seen
        seen += type(event) is BookChanged

    transports = installed()
    transport = transports.get("picows", transports["websockets"])(place["ws_url"])
    feed = asyncio.ensure_future(Feed(stream, transport, SystemClock(), system_chance, count, signer=signer).run())
    await asyncio.sleep(WINDOW_S)
    rates = []
    for _ in range(ROUNDS):
        before, start = seen, time.monotonic()
        await asyncio.sleep(WINDOW_S)
        rates.append((seen - before) / (time.monotonic() - start))
    feed.cancel()
    await asyncio.gather(feed, return_exceptions=True)
    await http.close()
    if stream.counters.gaps or stream.counters.malformed or stream.counters.resubscribed:
        raise AssertionError(f"the stream broke under load: {stream.counters}")
    return rates


async def place_orders(place: dict[str, Any]) -> list[float]:
    """Place orders, a few in flight at a time, and return how many were acknowledged a second, in five rounds."""
    _, venue, http = connect(place)
    await venue.learn_limits()
    markets = await venue.ask(rest.markets(status="open"))
    ticker = next(market.ticker for market in markets.rows if market.yes_bid)
    rates = []
    for number in range(ROUNDS):
        waiting = [f"bench-{number}-{order}" for order in range(ORDERS)]
        start = time.monotonic()
        await asyncio.gather(*(place_in_turn(venue, ticker, waiting) for _ in range(IN_FLIGHT)))
        rates.append(ORDERS / (time.monotonic() - start))
    await http.close()
    return rates


async def place_in_turn(venue: Venue, ticker: str, waiting: list[str]) -> None:
    """Place one order after the other until none waits."""
    while waiting:
        order = rest.NewOrder(
            client_order_id=waiting.pop(), ticker=ticker, side="bid", price=Price(100), size=Size(100), post_only=True
        )
        await venue.ask(rest.create_order(order))


def connect(place: dict[str, Any]) -> tuple[Signer, Venue, HttpxTransport]:
    """Return a venue for a child's address."""
    signer = load_signer(place["key_id"], Path(place["key_file"]).read_bytes(), Scope.TRADE)
    http = HttpxTransport(place["rest_url"])
    return signer, Venue(http, SystemClock(), system_chance, signer=signer), http


def signatures_per_second(key_file: Path) -> float:
    """Return how often a thread can sign: the bound that no client of this key can pass."""
    signer = load_signer("bench", key_file.read_bytes(), Scope.TRADE)
    return 100 / cpu_seconds(lambda: [signer.sign(number, "POST", "/x") for number in range(100)])


def open_big_world() -> tuple[float, float]:
    """Open the largest world in a process of its own; return its seconds and its peak memory in MiB."""
    with child("big_world", str(BIG_WORLD)) as line:
        told = json.loads(line)
        return told["seconds"], told["mib"]
