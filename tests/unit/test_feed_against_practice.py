"""Feed, stream and transports together against the practice exchange, in memory and over sockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import kalshi_tui.practice
from kalshi_tui.adapters.clock import SystemClock, system_chance
from kalshi_tui.adapters.fast import PicowsTransport
from kalshi_tui.adapters.http import HttpxTransport
from kalshi_tui.adapters.inbox import upgrade_refused
from kalshi_tui.adapters.websocket import WebsocketsTransport
from kalshi_tui.core.book import BookState
from kalshi_tui.core.events import BookStateChanged, Event, FillSeen, OrderSeen
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.feed import Feed, FeedState, FeedStatus
from kalshi_tui.engine.ports import StreamTransport
from kalshi_tui.engine.venue import Venue
from kalshi_tui.errors import AuthenticationRefused, TransportError
from kalshi_tui.practice.desk import Desk, open_desk
from kalshi_tui.practice.keys import make_key
from kalshi_tui.practice.memory import MemoryHttp, MemoryStreams, Network, VirtualClock
from kalshi_tui.practice.server import serve
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.signing import Scope, load_signer
from kalshi_tui.protocol.stream import Stream

BOOKS = "orderbook_delta"
SCENARIOS = Path(kalshi_tui.practice.__file__).parent / "scenarios"


@cache
def key_pem() -> bytes:
    return make_key()


class InMemory:
    """A desk, a venue and a feed on one virtual clock."""

    def __init__(self, scenario: str = "") -> None:
        path = next(SCENARIOS.glob(f"{scenario}-*.toml")) if scenario else None
        self.desk: Desk = open_desk(start_ms=1_781_159_370_000, seed=11, key_pem=key_pem(), scenario=path)
        self.clock = VirtualClock(self.desk.exchange)
        network = Network(
            self.clock,
            seed=3,
            failure=TransportError,
            refused=lambda status, body: upgrade_refused(status, {}, body),
        )
        signer = load_signer(self.desk.key_id, self.desk.key_pem, Scope.TRADE)
        self.venue = Venue(MemoryHttp(self.desk, network), self.clock, lambda: 0.5, signer=signer)
        self.stream = Stream()
        self.events: list[Event] = []
        self.statuses: list[FeedStatus] = []
        self.feed = Feed(
            self.stream,
            MemoryStreams(self.desk, network),
            self.clock,
            lambda: 0.5,
            self.events.append,
            signer=signer,
            on_status=self.statuses.append,
        )

    async def for_seconds(self, seconds: float) -> None:
        task = asyncio.ensure_future(self.feed.run())
        await self.clock.sleep(seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def states(self, ticker: str) -> list[BookState]:
        return [seen.state for seen in self.events if isinstance(seen, BookStateChanged) and seen.ticker == ticker]


def is_equal(desk: Desk, stream: Stream, ticker: str) -> bool:
    """Compare our book with the exchange's own, level by level."""
    market, book = desk.exchange.markets[ticker], stream.books[ticker].book
    theirs = [{price: level.size for price, level in side.items() if level.size} for side in (market.bids, market.asks)]
    return [dict(book.bids), dict(book.asks)] == theirs


def test_followed_books_are_live_and_equal_to_the_exchanges() -> None:
    world = InMemory()

    async def follow() -> list[bool]:
        tickers = [row.ticker for row in (await world.venue.ask(rest.markets(status="open", limit=20))).rows]
        world.stream.want(BOOKS, tickers=tickers)
        await world.clock.sleep(0)
        task = asyncio.ensure_future(world.feed.run())
        await world.clock.sleep(120)
        world.desk.exchange.pause_trading()  # the books stand still while what is on its way arrives
        await world.clock.sleep(2)
        assert all(world.stream.books[ticker].state is BookState.LIVE for ticker in tickers)
        equal = [is_equal(world.desk, world.stream, ticker) for ticker in tickers]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return equal

    assert all(world.clock.run(follow()))
    assert world.feed.status.state is FeedState.STOPPED
    assert world.stream.counters.malformed == 0


def test_connections_that_end_cleanly_abruptly_or_silently_come_back_with_their_books() -> None:
    world = InMemory("f34")
    ticker = next(iter(world.desk.exchange.markets))
    world.stream.want(BOOKS, tickers=[ticker])
    world.clock.run(world.for_seconds(90))
    opened = [status for status in world.statuses if status.state is FeedState.OPEN]
    ended = [status for status in world.statuses if status.state is FeedState.WAITING]
    assert (len(opened), len(ended)) == (4, 3)
    assert "silent" in ended[2].reason
    # Silent from the fifth second on: found out 30 s after whatever was heard last.
    assert 30_000 <= ended[2].since_ms - opened[2].since_ms <= 35_500
    states = world.states(ticker)
    assert [state for state in states if state is BookState.LIVE] == [BookState.LIVE] * 4
    assert states[-1] is not BookState.LIVE


def test_a_storm_of_reconnects_is_met_with_patience() -> None:
    world = InMemory("f35")
    world.clock.run(world.for_seconds(600))
    opened = [status.since_ms for status in world.statuses if status.state is FeedState.OPEN]
    assert len(opened) >= 20
    assert all(later - earlier >= 60_000 for earlier, later in zip(opened, opened[10:], strict=False))


def test_a_strangers_stream_is_refused_for_good() -> None:
    world = InMemory()
    world.feed._signer = load_signer("00000000-0000-0000-0000-000000000000", key_pem(), Scope.TRADE)
    with pytest.raises(AuthenticationRefused, match="no such key"):
        world.clock.run(world.feed.run())
    assert world.feed.status.state is FeedState.REFUSED


def test_the_same_seed_gives_the_same_events() -> None:
    logs = []
    for _ in range(2):
        world = InMemory()
        world.stream.want(BOOKS, tickers=list(world.desk.exchange.markets)[:5])
        world.stream.want("trade")
        world.clock.run(world.for_seconds(60))
        logs.append(repr(world.events))
    assert len(logs[0]) > 1000
    assert logs[0] == logs[1]


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for a thing to become so, which takes milliseconds; ten seconds are for a machine under load."""
    for _ in range(1000):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError


@pytest.mark.parametrize("make", [WebsocketsTransport, PicowsTransport], ids=["websockets", "picows"])
async def test_over_sockets_an_order_is_acknowledged_shown_and_gone(make: Callable[[str], StreamTransport]) -> None:
    desk = open_desk(start_ms=time.time_ns() // 1_000_000, seed=4, key_pem=key_pem())
    running = await serve(desk)
    clock, signer = SystemClock(), load_signer(desk.key_id, desk.key_pem, Scope.TRADE)
    venue = Venue(HttpxTransport(running.rest_url), clock, system_chance, signer=signer)
    stream, events = Stream(), list[Any]()
    feed = Feed(stream, make(running.ws_url), clock, system_chance, events.append, signer=signer)
    task = asyncio.ensure_future(feed.run())
    try:
        market = next(row for row in (await venue.ask(rest.markets(status="open"))).rows if row.yes_bid and row.yes_ask)
        stream.want(BOOKS, tickers=[market.ticker])
        stream.want("user_orders")
        stream.want("fill")
        await until(lambda: stream.books[market.ticker].state is BookState.LIVE)
        order = rest.NewOrder(
            client_order_id="e2e-1", ticker=market.ticker, side="bid", price=Price(100), size=Size(700)
        )
        created = await venue.ask(rest.create_order(order))
        await until(lambda: any(isinstance(seen, OrderSeen) and seen.order_id == created.order_id for seen in events))
        await until(lambda: stream.books[market.ticker].book.size_at("bid", Price(100)) >= 700)
        await venue.ask(rest.cancel_order(rest.CancelTarget(created.order_id)))
        await until(lambda: any(isinstance(seen, OrderSeen) and seen.status == "canceled" for seen in events))
        assert not any(isinstance(seen, FillSeen) for seen in events)
        assert feed.status.state is FeedState.OPEN
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await venue.close()
        await running.close()
    assert stream.books[market.ticker].state is not BookState.LIVE
