"""Whatever is asked and whatever the book does, paper fills are no better than the book, and the money adds up."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.core.book import Book
from kalshi_tui.core.events import TradeSeen
from kalshi_tui.core.fees import fee_terms
from kalshi_tui.core.orders import Fill, Side
from kalshi_tui.core.units import MONEY_ONE, Money, Price, Size
from kalshi_tui.engine.paper.models import CancelsProRata, FixedLatency, PaperModels, QueueBehindAll
from kalshi_tui.engine.paper.venue import Answer, PaperVenue
from kalshi_tui.protocol.rest.trading import NewOrder
from tests.engine.paper_kit import MARKET, START_MS

TERMS = fee_terms("quadratic_with_maker_fees", 1_000_000)
CASH = Money(9 * MONEY_ONE)
MODELS = (
    PaperModels(latency=FixedLatency(0, 0)),
    PaperModels(latency=FixedLatency(30, 20), queue=QueueBehindAll(CancelsProRata())),
    PaperModels(latency=FixedLatency(200, 0)),
)
TIMES = ("good_till_canceled", "good_till_canceled", "immediate_or_cancel", "fill_or_kill")


class Run:
    """A paper venue driven by drawn actions, and the accounts that a test keeps of it on its own."""

    def __init__(self, seed: int, models: PaperModels) -> None:
        self.random = Random(seed)
        self.venue = PaperVenue(models, CASH, lambda _: TERMS)
        self.book = Book("M")
        self.now_ms = START_MS
        self.offered: dict[tuple[Side, Price], int] = {}  # all that ever came to a level
        self.traded: dict[tuple[Side, Price], int] = {}  # by the side that was hit, at each price or beyond it
        self.asked: dict[str, NewOrder] = {}
        self.grown: dict[str, Size] = {}  # the largest size that an order was ever to have
        self.limits: dict[str, list[Price]] = {}
        self.came: list[Any] = []
        self.venue.market_changed(MARKET, self.now_ms)
        self.show(is_live=True)

    def show(self, *, is_live: bool) -> None:
        self.venue.book_changed("M", self.book, is_live, self.now_ms)

    def step(self) -> None:
        self.now_ms += self.random.choice((0, 1, 40, 300, 2_000))
        kinds = (self.move, self.move, self.send, self.send, self.trade, self.cancel, self.amend, self.blink)
        self.random.choice(kinds)()
        self.came += self.venue.take()

    def move(self) -> None:
        side: Side = self.random.choice(("bid", "ask"))
        price = Price(self.random.randint(46, 54) * 100)
        here, there = self.book.size_at(side, price), self.book.best_ask if side == "bid" else self.book.best_bid
        change = self.random.randint(-here, 900)
        if not change or (there is not None and change > 0 and (price >= there if side == "bid" else price <= there)):
            return
        self.book.apply(side, price, Size(change))
        self.offered[side, price] = self.offered.get((side, price), 0) + max(change, 0)
        self.show(is_live=True)

    def send(self) -> None:
        name = f"c{len(self.asked)}"
        time = self.random.choice(TIMES)
        new = NewOrder(
            client_order_id=name,
            ticker="M",
            side=self.random.choice(("bid", "ask")),
            price=Price(self.random.randint(45, 55) * 100),
            size=Size(self.random.randint(1, 1_500)),
            time_in_force=time,  # type: ignore[arg-type]
            self_trade_prevention=self.random.choice(("taker_at_cross", "maker")),
            post_only=time == "good_till_canceled" and self.random.random() < 0.2,
            reduce_only=time != "good_till_canceled" and self.random.random() < 0.2,
        )
        self.asked[name] = new
        self.grown[name] = new.size
        self.limits[name] = [new.price]
        self.venue.place(new, self.now_ms)

    def trade(self) -> None:
        taker: Side = self.random.choice(("bid", "ask"))
        price, size = Price(self.random.randint(46, 54) * 100), Size(self.random.randint(1, 900))
        hit: Side = "ask" if taker == "bid" else "bid"
        self.traded[hit, price] = self.traded.get((hit, price), 0) + size
        trade_id = f"t{self.random.random()}"
        self.venue.traded(TradeSeen(trade_id, "M", price, size, taker, False, self.now_ms), self.now_ms)

    def cancel(self) -> None:
        for order in self.working()[:1]:
            self.venue.cancel(order.order_id, self.now_ms)

    def amend(self) -> None:
        for order in self.working()[:1]:
            size = Size(self.random.randint(1, 1_500))
            self.grown[order.client_order_id] = Size(max(self.grown[order.client_order_id], size))
            price = Price(order.price + self.random.choice((0, 0, 100, -100)))
            self.limits[order.client_order_id].append(price)
            self.venue.amend(order.order_id, price, size, self.now_ms)

    def blink(self) -> None:
        self.show(is_live=self.random.random() < 0.5)

    def working(self) -> list[Any]:
        found = [order for order in self.venue.orders() if order.status == "resting"]
        self.random.shuffle(found)
        return found

    def finish(self) -> None:
        self.now_ms += 10_000
        self.venue.advance(self.now_ms)
        self.came += self.venue.take()


def run_of(seed: int, steps: int, models: PaperModels) -> Run:
    run = Run(seed, models)
    for _ in range(steps):
        run.step()
    run.finish()
    return run


runs = st.builds(run_of, st.integers(0, 2**32), st.integers(1, 120), st.sampled_from(MODELS))


def cash_of(fills: Sequence[Fill]) -> int:
    """Count cash another way: YES is paid and received at its price, and each NO that is held binds one dollar."""
    signed = [(1 if fill.side == "bid" else -1, fill) for fill in fills]
    held = sum(sign * fill.size for sign, fill in signed)
    paid = sum(sign * fill.price * fill.size + fill.fee for sign, fill in signed)
    return CASH - paid - max(-held, 0) * 10_000


@settings(max_examples=150, deadline=None)
@given(runs)
def test_no_order_is_filled_beyond_its_size_or_its_limit(run: Run) -> None:
    for order in run.venue.orders():
        fills = [fill for fill in run.venue.fills() if fill.order_id == order.order_id]
        assert sum(fill.size for fill in fills) == order.filled
        assert order.filled + order.remaining <= run.grown[order.client_order_id]
        assert {fill.side for fill in fills} <= {order.side}
        limits = run.limits[order.client_order_id]
        if order.side == "bid":
            assert all(fill.price <= max(limits) for fill in fills)
        else:
            assert all(fill.price >= min(limits) for fill in fills)


@settings(max_examples=150, deadline=None)
@given(runs)
def test_no_displayed_contract_is_taken_twice(run: Run) -> None:
    taken: dict[tuple[Side, Price], int] = {}
    for fill in run.venue.fills():
        if fill.is_taker:
            level: tuple[Side, Price] = ("ask" if fill.side == "bid" else "bid", fill.price)
            taken[level] = taken.get(level, 0) + fill.size
    assert all(size <= run.offered.get(level, 0) for level, size in taken.items())


@settings(max_examples=150, deadline=None)
@given(runs)
def test_all_that_is_filled_was_offered_or_traded(run: Run) -> None:
    for side, other in (("bid", "ask"), ("ask", "bid")):
        filled = sum(fill.size for fill in run.venue.fills() if fill.side == side)
        offered = sum(size for (offering, _), size in run.offered.items() if offering == other)
        traded = sum(size for (hit, _), size in run.traded.items() if hit == side)
        assert filled <= offered + traded


@settings(max_examples=150, deadline=None)
@given(runs)
def test_cash_and_positions_and_fees_add_up_to_the_start(run: Run) -> None:
    fills = run.venue.fills()
    cash = run.venue._floor.purse.cash
    assert cash == cash_of(fills)
    for position in run.venue.positions():
        assert cash + position.cost + position.fees - position.realised == CASH
        assert position.fees == sum(fill.fee for fill in fills)
    # A resting order's own fee is not held beforehand, and each fill may round by a step of the grid.
    makers = sum(fill.fee for fill in fills if not fill.is_taker)
    assert cash >= -makers - 101 * len(fills)


@settings(max_examples=100, deadline=None)
@given(runs)
def test_each_request_is_answered_once_and_everything_comes_in_order(run: Run) -> None:
    answers = [came for came in run.came if isinstance(came, Answer) and came.kind == "place"]
    assert sorted(answer.asked for answer in answers) == sorted(run.asked)
    times = [came.at_ms for came in run.came if isinstance(came, Answer)]
    assert times == sorted(times)
    assert all(order.status != "resting" or order.remaining for order in run.venue.orders())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(MODELS))
def test_the_same_happenings_make_the_same_history(seed: int, models: PaperModels) -> None:
    one, two = run_of(seed, 80, models), run_of(seed, 80, models)
    assert (one.venue.orders(), one.venue.fills()) == (two.venue.orders(), two.venue.fills())
    assert list(map(repr, one.came)) == list(map(repr, two.came))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_pro_rata_never_leaves_more_ahead_than_cancels_behind_first(seed: int) -> None:
    random, size = Random(seed), 1_000
    kind, rata = PaperModels(FixedLatency(0, 0)), PaperModels(FixedLatency(0, 0), QueueBehindAll(CancelsProRata()))
    pair = [PaperVenue(models, Money(100 * MONEY_ONE), lambda _: TERMS) for models in (kind, rata)]
    book, now_ms = Book("M"), START_MS
    book.apply("bid", Price(5_000), Size(size))
    for venue in pair:
        venue.market_changed(MARKET, now_ms)
        venue.book_changed("M", book, True, now_ms)
        venue.place(NewOrder(client_order_id="c", ticker="M", side="bid", price=Price(5_000), size=Size(5_000)), now_ms)
    for _ in range(30):
        now_ms += 5_000
        book.apply("bid", Price(5_000), Size(random.randint(1 - book.size_at("bid", Price(5_000)), 500)))
        for venue in pair:
            venue.book_changed("M", book, True, now_ms)
        ahead = [venue.ahead(venue.orders()[0].order_id) or 0 for venue in pair]
        assert ahead[1] <= ahead[0] <= book.size_at("bid", Price(5_000))
