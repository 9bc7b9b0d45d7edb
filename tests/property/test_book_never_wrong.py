"""Whatever happens on the way from an honest sender, no book is live and different from the sender's.

KALSHI_TUI_FRAMES sets how many frames are sent, over many seeds: 1,000,000 is the long run. A failure names its seed.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.core.book import Book, BookState, Level
from kalshi_tui.core.units import Price, Size
from kalshi_tui.errors import ValueRefused
from kalshi_tui.protocol.stream import Stream

START_MS = 1_790_000_000_000
FRAMES = int(os.environ.get("KALSHI_TUI_FRAMES", "40000"))
FRAMES_PER_SEED = 2_000
TICKERS = ("KXA", "KXB", "KXC")
LEGS = ("yes", "no")
Sides = tuple[dict[int, int], dict[int, int]]


@dataclass(frozen=True)
class Sent:
    """A frame, and what the sender's books were when it had been sent."""

    data: bytes
    place: tuple[int | None, int] = (None, 0)  # sid and seq
    books: tuple[tuple[str, Sides], ...] = ()


class Sender:
    """Keeps books, answers commands and numbers what it sends, as the exchange is described to do."""

    def __init__(self, random: Random, *, use_yes_price: bool) -> None:
        self.random = random
        self.use_yes_price = use_yes_price
        self.now_ms = START_MS
        self.clock = 1_000_000
        self.books: dict[str, Sides] = {ticker: ({}, {}) for ticker in TICKERS}
        self.next_sid = 1
        self.out: list[Sent] = []
        self.close()

    def close(self) -> None:
        self.sid: int | None = None
        self.seq = 0
        self.sent: set[str] = set()

    def connect(self) -> None:
        self.close()
        self.next_sid = 1
        self.out.clear()

    def _write(self, frame: dict[str, Any], *, counts: bool = True) -> None:
        if counts:
            self.seq += 1
            frame |= {"sid": self.sid, "seq": self.seq}
        books = tuple((ticker, (dict(bids), dict(asks))) for ticker, (bids, asks) in self.books.items())
        data = json.dumps({**frame, "sending_ts_ms": self.now_ms}).encode()
        self.out.append(Sent(data, (self.sid, self.seq), books) if counts else Sent(data))

    def _price(self, leg: str, price: int) -> str:
        if leg == "no" and not self.use_yes_price:
            price = 10_000 - price
        return f"{price / 10_000:.4f}"

    def _snapshot(self, ticker: str, command: int | None = None) -> None:
        body: dict[str, Any] = {"market_ticker": ticker, "market_id": "9b0f", "clock": self.clock}
        for leg, side in zip(LEGS, self.books[ticker], strict=True):
            if side:
                body[f"{leg}_dollars_fp"] = [[self._price(leg, p), f"{s / 100:.2f}"] for p, s in side.items()]
        self._write(({} if command is None else {"id": command}) | {"type": "orderbook_snapshot", "msg": body})

    def act(self) -> None:
        """Change one market by one action: up to three levels that share a clock."""
        ticker = self.random.choice(TICKERS)
        self.clock += self.random.randrange(1, 5)
        for _ in range(self.random.randrange(1, 4)):
            leg = self.random.randrange(2)
            side = self.books[ticker][leg]
            if side and self.random.random() < 0.45:
                price = self.random.choice(list(side))
                change = -side[price] if self.random.random() < 0.5 else -self.random.randrange(1, side[price] + 1)
            else:
                grid = range(4_000, 5_000, 100) if leg == 0 else range(5_010, 6_000, 10)
                price = self.random.choice(grid)
                change = self.random.randrange(1, 5_000)
            side[price] = side.get(price, 0) + change
            if not side[price]:
                del side[price]
            if ticker in self.sent:
                self._delta(ticker, LEGS[leg], price, change)

    def _delta(self, ticker: str, leg: str, price: int, change: int) -> None:
        body = {"market_ticker": ticker, "market_id": "9b0f", "clock": self.clock, "ts_ms": self.now_ms, "side": leg}
        body |= {"price_dollars": self._price(leg, price), "delta_fp": f"{change / 100:.2f}"}
        self._write({"type": "orderbook_delta", "msg": body})

    def die(self) -> None:
        """End the subscription as for a reader that is too slow."""
        if self.sid is not None:
            self._write({"type": "error", "msg": {"code": 25, "msg": "Subscription buffer overflow"}})
            self.close()

    def count_anew(self) -> None:
        """Start the sequence again without a word."""
        self.seq = 0

    def hear(self, data: bytes) -> None:
        """Do what a command says."""
        command = json.loads(data)
        params, number = command.get("params", {}), command["id"]
        if command["cmd"] == "subscribe":
            self._subscribe(number, params["market_tickers"])
        elif command["cmd"] == "list_subscriptions":
            lines = [] if self.sid is None else [{"channel": "orderbook_delta", "sid": self.sid}]
            self._write({"id": number, "type": "ok", "msg": lines}, counts=False)
        elif self.sid is None or self.sid not in params["sids"]:
            message = {"code": 7, "msg": "Unknown subscription ID"}
            self._write({"id": number, "type": "error", "msg": message}, counts=False)
        elif command["cmd"] == "unsubscribe":
            self._write({"id": number, "type": "unsubscribed"})
            self.close()
        elif params["action"] == "get_snapshot":
            for ticker in params["market_tickers"]:
                self._snapshot(ticker, number)
        else:
            self._add(number, params["market_tickers"])

    def _subscribe(self, number: int, tickers: list[str]) -> None:
        if self.sid is not None:
            self._add(number, tickers)
            return
        self.sid, self.next_sid, self.seq = self.next_sid, self.next_sid + 1, 0
        message = {"channel": "orderbook_delta", "sid": self.sid}
        self._write({"id": number, "type": "subscribed", "msg": message}, counts=False)
        for ticker in tickers:
            self.sent.add(ticker)
            self._snapshot(ticker)

    def _add(self, number: int, tickers: list[str]) -> None:
        self._write({"id": number, "type": "ok", "msg": {"market_tickers": sorted(self.sent.union(tickers))}})
        for ticker in tickers:
            if ticker not in self.sent:
                self.sent.add(ticker)
                self._snapshot(ticker)


class Way:
    """Loses, repeats, delays and damages frames; kind when told to be."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.is_kind = False
        self.held: list[Sent] = []
        self.recent: list[Sent] = []

    def carry(self, frames: list[Sent]) -> list[Sent]:
        if self.is_kind:
            arrived, self.held = [*self.held, *frames], []
            return arrived
        arrived = []
        for frame in frames:
            arrived += self._carry_one(frame)
        return arrived

    def _carry_one(self, frame: Sent) -> list[Sent]:
        self.recent = [*self.recent[-20:], frame]
        arrived = self._mangled(frame, self.random.random())
        if self.held and self.random.random() < 0.4:
            arrived.append(self.held.pop())
        return arrived

    def _mangled(self, frame: Sent, chance: float) -> list[Sent]:
        if chance < 0.008:
            return []
        if chance < 0.014:
            self.held.append(frame)
            return []
        if chance < 0.020:
            return [frame, frame]
        if chance < 0.023:
            return [frame, self.random.choice(self.recent)]
        if chance < 0.026:
            return [Sent(frame.data[: self.random.randrange(len(frame.data))])]
        return [frame]


class Trial:
    """A sender, a way and a stream, brought through their troubles step by step."""

    def __init__(self, seed: int, *, use_yes_price: bool) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.sender = Sender(self.random, use_yes_price=use_yes_price)
        self.way = Way(self.random)
        self.stream = Stream(use_yes_price=use_yes_price)
        self.stream.want("orderbook_delta", tickers=TICKERS)
        self.stream.connected(START_MS)
        self.arrived: dict[tuple[int | None, int], dict[str, Sides]] = {}
        self.frames = self.seen_live = 0

    def step(self) -> None:
        sender, stream = self.sender, self.stream
        sender.now_ms += self.random.randrange(1, 300)
        sender.act()
        if not self.way.is_kind:
            self._trouble()
        frames, sender.out = sender.out, []
        self.frames += len(frames)
        for frame in self.way.carry(frames):
            self._receive(frame)
        stream.ping(sender.now_ms)
        stream.tick(sender.now_ms)
        stream.events()
        for command in stream.outgoing():
            if self.way.is_kind or self.random.random() > 0.03:
                sender.hear(command)

    def _trouble(self) -> None:
        chance = self.random.random()
        if chance < 0.001:
            self.sender.connect()
            self.way.held.clear()
            self.way.recent.clear()
            self.arrived.clear()
            self.stream.disconnected(self.sender.now_ms)
            self.stream.connected(self.sender.now_ms)
        elif chance < 0.002:
            self.sender.die()
        elif chance < 0.004 and self.sender.seq > 100:
            self.sender.count_anew()
        elif chance < 0.005:
            self.sender.clock = self.random.randrange(1, 1_000)

    def _receive(self, frame: Sent) -> None:
        stream, subscription = self.stream, self.stream._book_subscription
        if frame.books:
            self.arrived[frame.place] = dict(frame.books)
        stream.receive(frame.data, self.sender.now_ms)
        for ticker, tracked in stream.books.items():
            if tracked.state is BookState.LIVE:
                self.seen_live += 1
                self._compare(ticker, tracked.book, self.arrived[subscription.sid, subscription.last.seq][ticker])

    def _compare(self, ticker: str, book: Book, truth: Sides) -> None:
        assert (book.bids, book.asks) == truth, f"seed {self.seed}: {ticker} is live and wrong"
        assert book.best_bid == max(truth[0], default=None)
        assert book.best_ask == min(truth[1], default=None)

    def settle(self) -> None:
        """Stop all trouble: within ten seconds every book is live and as the sender's is now."""
        self.way.is_kind = True
        end = self.sender.now_ms + 10_000
        while self.sender.now_ms < end:
            self.step()
        for _ in range(3):
            self.step()
        for ticker, tracked in self.stream.books.items():
            assert tracked.state is BookState.LIVE, f"seed {self.seed}: {ticker} is {tracked.state}, {tracked.reason}"
            self._compare(ticker, tracked.book, self.sender.books[ticker])


@pytest.mark.parametrize("use_yes_price", [True, False])
def test_no_book_is_live_and_wrong_and_each_comes_back(use_yes_price: bool) -> None:
    sent = live = 0
    for seed in range(max(1, FRAMES // FRAMES_PER_SEED // 2)):
        trial = Trial(seed * 2 + use_yes_price, use_yes_price=use_yes_price)
        while trial.frames < FRAMES_PER_SEED:
            trial.step()
        trial.settle()
        sent, live = sent + trial.frames, live + trial.seen_live
    assert live > sent, "the books were hardly ever live, so the property says little"


CHANGES = st.lists(
    st.tuples(st.sampled_from(["bid", "ask"]), st.integers(4_400, 4_420), st.integers(-300, 300)), max_size=80
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(bids=st.dictionaries(st.integers(4_400, 4_420), st.integers(1, 300)), changes=CHANGES)
def test_a_snapshot_and_any_changes_make_what_a_plain_dictionary_says(
    bids: dict[int, int], changes: list[tuple[str, int, int]]
) -> None:
    book = Book("KXA")
    levels: list[Level] = [(Price(price), Size(size)) for price, size in bids.items()]
    book.replace(levels, [])
    model: dict[str, dict[int, int]] = {"bid": dict(bids), "ask": {}}
    for side, price, change in changes:
        size = model[side].get(price, 0) + change
        try:
            book.apply("bid" if side == "bid" else "ask", Price(price), Size(change))
        except ValueRefused:
            assert size < 0
            continue
        assert size >= 0
        model[side] = {p: s for p, s in (model[side] | {price: size}).items() if s}
        assert (book.bids, book.asks) == (model["bid"], model["ask"])
        assert book.best_bid == max(model["bid"], default=None)
        assert book.best_ask == min(model["ask"], default=None)
        best_bid, best_ask = max(model["bid"], default=0), min(model["ask"], default=10_000)
        assert book.crossed == (best_bid >= best_ask)
