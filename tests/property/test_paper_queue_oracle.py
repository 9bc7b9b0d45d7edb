"""Against a queue in which our orders really stand, paper is never filled sooner (cancels from behind first)."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.core.book import Book
from kalshi_tui.core.events import TradeSeen
from kalshi_tui.core.fees import fee_terms
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.paper.models import FixedLatency, PaperModels
from kalshi_tui.engine.paper.venue import PaperVenue
from kalshi_tui.protocol.rest.trading import NewOrder
from tests.engine.paper_kit import MARKET, START_MS

PRICE = Price(5_000)


@dataclass
class Waiting:
    """An order in a queue; ours has a name, and another's that is shown has its twin in the queue with us."""

    size: int
    name: str = ""
    twin: Waiting | None = None


class Level:
    """One level twice: as the venue shows it, without us, and as it would be with our orders in it."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.now_ms = START_MS
        self.shown: list[Waiting] = []
        self.real: list[Waiting] = []
        self.filled: dict[str, int] = {}
        self.venue = PaperVenue(
            PaperModels(latency=FixedLatency(0, 0)), Money(10**12), lambda _: fee_terms("quadratic", 1_000_000)
        )
        self.book = Book("M")
        self.venue.market_changed(MARKET, self.now_ms)
        self.show()

    def show(self) -> None:
        """Show the level, behind a floor of asks that never trade."""
        size = sum(one.size for one in self.shown)
        self.book.replace([(PRICE, Size(size))] if size else [], [(Price(9_000), Size(1))])
        self.venue.book_changed("M", self.book, True, self.now_ms)

    def join(self) -> None:
        """Let one of ours join."""
        name, size = f"c{len(self.filled)}", self.random.randint(1, 300)
        new = NewOrder(client_order_id=name, ticker="M", side="bid", price=PRICE, size=Size(size))
        self.venue.place(new, self.now_ms)
        self.filled[name] = 0
        self.real.append(Waiting(size, name))

    def come(self) -> None:
        """Let another's join, in both."""
        size = self.random.randint(1, 300)
        twin = Waiting(size)
        self.real.append(twin)
        self.shown.append(Waiting(size, twin=twin))
        self.show()

    def leave(self) -> None:
        """Let another's go that has not traded in truth; with us in the queue it goes, too."""
        if len(self.shown) > 1:
            gone = self.shown.pop(self.random.randrange(len(self.shown)))
            # In the queue with us it may have traded less: what it has left there beyond this stays and waits.
            if gone.twin is not None:
                gone.twin.size = max(gone.twin.size - gone.size, 0)
            self.show()

    def trade(self) -> None:
        """Let a seller come who takes no more than is shown, and tell of trade and level in either order."""
        there = sum(one.size for one in self.shown)
        if there < 2:
            return
        size = self.random.randint(1, there - 1)
        self.eat(self.shown, size, counted=False)
        self.eat(self.real, size, counted=True)
        seen = TradeSeen(f"t{self.random.random()}", "M", PRICE, Size(size), "ask", False, self.now_ms)
        if self.random.random() < 0.5:
            self.show()
            self.venue.traded(seen, self.now_ms)
        else:
            self.venue.traded(seen, self.now_ms)
            self.show()

    def eat(self, queue: list[Waiting], size: int, *, counted: bool) -> None:
        """Fill a queue from its front."""
        for one in queue:
            part = min(one.size, size)
            one.size -= part
            size -= part
            if counted and one.name:
                self.filled[one.name] += part
        queue[:] = [one for one in queue if one.size]


def paper_of(level: Level) -> dict[str, int]:
    return {order.client_order_id: order.filled for order in level.venue.orders()}


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32), st.integers(5, 80))
def test_paper_fills_never_run_ahead_of_a_queue_with_us_in_it(seed: int, steps: int) -> None:
    level = Level(seed)
    level.come()
    for _ in range(steps):
        level.now_ms += level.random.choice((1, 10, 500, 3_000))
        level.random.choice((level.come, level.leave, level.trade, level.trade, level.join))()
        paper = paper_of(level)
        assert sum(paper.values()) <= sum(level.filled.values())
        assert all(paper[name] <= filled for name, filled in level.filled.items())
