"""Polled books say that they are polled, and give way to the stream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from kalshi_tui.core.book import BookState
from kalshi_tui.core.events import BookReplaced, BookStateChanged, Event
from kalshi_tui.engine.polling import Polling
from kalshi_tui.engine.ports import HttpReply
from kalshi_tui.engine.venue import Venue
from kalshi_tui.errors import AuthenticationRefused, TransportError
from tests.unit.virtual_time import VirtualClock


class Shelf:
    """A transport that serves one level for each ticker that is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.before: Callable[[], None] = lambda: None
        self.missing: set[str] = set()
        self.problem: Exception | HttpReply | None = None

    async def send(self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None) -> HttpReply:
        del method, headers, body
        self.asked.append(path_and_query)
        self.before()
        if isinstance(self.problem, Exception):
            raise self.problem
        if self.problem is not None:
            return self.problem
        tickers = [part.partition("=")[2] for part in path_and_query.partition("?")[2].split("&")]
        depth = {"yes_dollars": [["0.4000", "1.00"]], "no_dollars": [["0.5000", "2.00"]]}
        books = [{"ticker": ticker, "orderbook_fp": depth} for ticker in tickers if ticker not in self.missing]
        return HttpReply(200, {}, msgspec.json.encode({"orderbooks": books}))

    async def close(self) -> None:
        self.asked.clear()


class Bench:
    def __init__(self, tickers: list[str], **settings: Any) -> None:
        self.clock, self.shelf = VirtualClock(), Shelf()
        self.events: list[Event] = []
        self.needed = True
        venue = Venue(self.shelf, self.clock, lambda: 0.0)
        self.polling = Polling(
            venue, self.clock, lambda: tickers, self.events.append, is_needed=lambda: self.needed, **settings
        )

    async def run(self, until_s: float) -> None:
        with pytest.raises(asyncio.CancelledError):
            await self.clock.play(self.polling.run(), until_s)

    def states(self) -> list[tuple[str, BookState, str]]:
        return [(seen.ticker, seen.state, seen.reason) for seen in self.events if isinstance(seen, BookStateChanged)]


async def test_a_polled_book_is_stale_with_its_reason_and_never_live() -> None:
    bench = Bench(["A-1"])
    await bench.run(until_s=1.0)
    state, book = bench.events
    assert isinstance(state, BookStateChanged)
    assert state.state is BookState.STALE
    assert "polled over REST every 2 s" in state.reason
    assert isinstance(book, BookReplaced)
    assert (book.bids, book.asks) == (((4000, 100),), ((5000, 200),))


async def test_books_are_polled_in_hundreds_at_a_steady_pace() -> None:
    bench = Bench([f"T-{index}" for index in range(150)], every_s=3.0)
    await bench.run(until_s=7.0)
    assert bench.polling.rounds == 3
    assert len(bench.shelf.asked) == 6


async def test_nothing_is_polled_while_the_stream_works() -> None:
    bench = Bench(["A-1"])
    bench.needed = False
    await bench.run(until_s=10.0)
    assert (bench.events, bench.shelf.asked) == ([], [])


async def test_a_stream_that_comes_back_meanwhile_wins() -> None:
    bench = Bench(["A-1"])
    bench.shelf.before = lambda: setattr(bench, "needed", False)
    await bench.run(until_s=5.0)
    assert bench.events == []
    bench.needed, bench.shelf.problem = True, TransportError("down")
    await bench.run(until_s=30.0)
    assert bench.events == []


async def test_a_book_that_could_not_be_polled_says_so_and_polling_goes_on() -> None:
    bench = Bench(["A-1", "B-2"])
    bench.shelf.missing = {"B-2"}
    await bench.run(until_s=1.0)
    assert ("B-2", BookState.STALE, "the venue sent no book when it was polled") in bench.states()
    bench.events.clear()
    bench.shelf.problem = TransportError("network is down")
    await bench.run(until_s=20.0)
    assert {(ticker, "network is down" in reason) for ticker, _, reason in bench.states()} == {
        ("A-1", True),
        ("B-2", True),
    }
    assert bench.polling.rounds > 2


async def test_a_refused_key_ends_polling() -> None:
    bench = Bench(["A-1"])
    bench.shelf.problem = HttpReply(401, {}, b'{"error":{"code":"authentication_error"}}')
    with pytest.raises(AuthenticationRefused):
        await bench.clock.play(bench.polling.run(), 10.0)
