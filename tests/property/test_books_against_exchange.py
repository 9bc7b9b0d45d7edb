"""Whatever the network does to the exchange's frames, no book of ours is LIVE and different from the exchange's.

KALSHI_TUI_FRAMES sets how many frames are sent over how many seeds: 1,000,000 is the long run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from random import Random

import pytest

from kalshi_tui.core.book import BookState
from kalshi_tui.core.events import Event
from kalshi_tui.core.units import Price, Size
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.records import Event as Listing
from kalshi_tui.practice.records import Level, Market, NewOrder, Refusal, Series
from kalshi_tui.practice.stream import Hub
from kalshi_tui.practice.stream.outgoing import Outgoing
from kalshi_tui.practice.stream.session import Session
from kalshi_tui.protocol.stream import Stream

START_MS = 1_790_000_000_000
FRAMES = int(os.environ.get("KALSHI_TUI_FRAMES", "24000"))
FRAMES_PER_SEED = 4_000
TICKERS = [f"KXP-1-T{number}" for number in range(4)]


class Pit:
    """Four small markets, one member whose orders come and go, and one session that is told of it."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.exchange = Exchange(seed=seed, start_ms=START_MS)
        self.exchange.add_series(Series("KXP", "Property", "Test"))
        self.exchange.add_event(Listing("KXP-1", "KXP", "Property"))
        for ticker in TICKERS:
            market = Market(ticker, "KXP-1", self.exchange.new_id(), open_ms=START_MS, close_ms=START_MS + 10**10)
            self.exchange.add_market(market)
        self.exchange.advance(START_MS + 1)
        self.user = self.exchange.open_account(cash=0, house=True).user_id
        self.hub = Hub(self.exchange)

    def act(self) -> None:
        """Place or cancel some orders, crossing ones among them."""
        for _ in range(self.random.randrange(1, 6)):
            resting = [order for order in self.exchange.orders.values() if order.status == "resting"]
            if len(resting) > 30 or (resting and self.random.random() < 0.4):
                self.exchange.cancel(self.user, self.random.choice(resting).order_id)
            else:
                self.place()

    def place(self) -> None:
        """Place an order that may cross."""
        order = NewOrder(
            ticker=self.random.choice(TICKERS),
            side=self.random.choice(("bid", "ask")),
            price=Price(self.random.randrange(4_500, 5_600, 100)),
            count=Size(self.random.randrange(1, 2_000)),
            time_in_force="good_till_canceled",
            self_trade_prevention=self.random.choice(("maker", "taker_at_cross")),
        )
        try:
            self.exchange.create(self.user, order)
        except Refusal:
            return


def mangled(frames: list[bytes], random: Random) -> Iterator[bytes]:
    """Lose, repeat and reorder some frames."""
    held: bytes | None = None
    for frame in frames:
        chance = random.random()
        if chance < 0.01:
            continue
        if chance < 0.02 and held is None:
            held = frame
            continue
        yield frame
        if chance < 0.03:
            yield frame
        if held is not None and random.random() < 0.5:
            yield held
            held = None


def levels(side: dict[int, Level]) -> dict[int, int]:
    return {price: level.size for price, level in side.items() if level.size}


def assert_live_books_are_right(stream: Stream, exchange: Exchange) -> int:
    live = 0
    for ticker, tracked in stream.books.items():
        if tracked.state is not BookState.LIVE:
            continue
        market = exchange.markets[ticker]
        assert tracked.book.bids == levels(market.bids), ticker
        assert tracked.book.asks == levels(market.asks), ticker
        assert (tracked.book.best_bid or 0) == market.best_bid
        assert (tracked.book.best_ask or 10_000) == market.best_ask
        live += 1
    return live


def text_frames(items: list[Outgoing]) -> list[bytes]:
    return [item for item in items if type(item) is bytes]


def one_by_one(stream: Stream, frames: list[bytes], now_ms: int) -> list[Event]:
    told: list[Event] = []
    for frame in frames:
        event = stream.receive(frame, now_ms)
        told += ([] if event is None else [event]) + stream.events()
    return told


def all_at_once(stream: Stream, frames: list[bytes], now_ms: int) -> list[Event]:
    told: list[Event] = []
    stream.receive_all(frames, now_ms, told.append)
    return told


Way = Callable[[Stream, list[bytes], int], list[Event]]


def settle(stream: Stream, now_ms: int) -> tuple[list[Event], list[bytes]]:
    stream.ping(now_ms)
    stream.tick(now_ms)
    return stream.events(), stream.outgoing()


def deliver(stream: Stream, session: Session, frames: list[bytes], now_ms: int, way: Way) -> None:
    way(stream, frames, now_ms)
    for command in settle(stream, now_ms)[1]:
        session.receive(command)


def seq_of(frames: list[bytes]) -> int:
    return max((int(json.loads(frame).get("seq", 0)) for frame in frames[-3:]), default=0)


@pytest.mark.parametrize("way", [one_by_one, all_at_once])
@pytest.mark.parametrize("use_yes_price", [True, False])
def test_no_book_is_live_and_wrong_over_frames_lost_repeated_and_reordered(use_yes_price: bool, way: Way) -> None:
    sent = checked = times_live = 0
    for seed in range(-(-FRAMES // FRAMES_PER_SEED // 4)):
        market, random = Pit(seed), Random(-seed - 1)
        stream = Stream(use_yes_price=use_yes_price, tells_changes=way is one_by_one)
        stream.want("orderbook_delta", tickers=TICKERS)
        session = market.hub.open(market.user)
        stream.connected(market.exchange.now_ms)
        deliver(stream, session, [], market.exchange.now_ms, way)
        sent_of_seed = 0
        while sent_of_seed < FRAMES_PER_SEED:
            market.exchange.advance(market.exchange.now_ms + random.randrange(1, 400))
            market.act()
            frames = text_frames(session.take())
            sent_of_seed += len(frames)
            delivered = list(mangled(frames, random))
            deliver(stream, session, delivered, market.exchange.now_ms, way)
            # A loss at the very end cannot be known before the next frame, so only what was told is compared.
            if frames and delivered and seq_of(delivered) == seq_of(frames):
                times_live += assert_live_books_are_right(stream, market.exchange)
                checked += 1
            if random.random() < 0.002:
                session.close()
                stream.disconnected(market.exchange.now_ms)
                session = market.hub.open(market.user)
                stream.connected(market.exchange.now_ms)
        sent += sent_of_seed
    assert sent >= FRAMES // 4
    assert checked > sent // 40
    assert times_live > checked // 2, "the books were hardly ever live, so the property says little"


def test_frames_taken_at_once_tell_the_same_as_frames_taken_one_by_one() -> None:
    market, random = Pit(77), Random(77)
    streams = [Stream(), Stream()]
    session = market.hub.open(market.user)
    for stream in streams:
        stream.want("orderbook_delta", tickers=TICKERS)
        stream.want("trade", tickers=TICKERS[:2])
        stream.connected(market.exchange.now_ms)
    told = 0
    for _ in range(1_500):
        now_ms = market.exchange.now_ms + random.randrange(1, 200)
        market.exchange.advance(now_ms)
        market.act()
        frames = list(mangled(text_frames(session.take()), random))
        if random.random() < 0.02:
            frames.insert(0, random.choice((b"{", b'{"type":"news","sid":1,"seq":3}', b'{"type":"ticker","sid":9}')))
        first, second = one_by_one(streams[0], frames, now_ms), all_at_once(streams[1], frames, now_ms)
        assert first == second
        told += len(first)
        (_, commands), settled = settle(streams[0], now_ms), settle(streams[1], now_ms)
        assert commands == settled[1]
        for command in commands:
            session.receive(command)
        assert streams[0].counters == streams[1].counters
        for ticker, tracked in streams[0].books.items():
            assert tracked.book.digest() == streams[1].books[ticker].book.digest()
            assert (tracked.state, tracked.clock) == (streams[1].books[ticker].state, streams[1].books[ticker].clock)
    assert told > 2_000
