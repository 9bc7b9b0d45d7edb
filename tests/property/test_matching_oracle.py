"""The matcher agrees, fill by fill, with a naive one that looks at every order each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.core.units import Price, Size
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.happenings import Filled, Happening
from kalshi_tui.practice.records import Event, Market, NewOrder, Refusal, Series

START_MS = 1_790_000_000_000
MEMBERS = ("ann", "ben", "cat")

Fills = list[tuple[int, int, int, int]]  # (maker's number, taker's number, price, size)


class RefusedError(Exception):
    """The naive matcher takes nothing of this order."""


@dataclass
class Wanted:
    """An order as the naive matcher knows it: `number` names it, `turn` is when it last came to the back of a queue."""

    number: int
    owner: str
    is_bid: bool
    price: int
    left: int
    terms: str
    prevention: str
    turn: int = 0
    filled: int = 0


@dataclass
class Naive:
    """A list of orders; every question is answered by sorting it."""

    orders: list[Wanted] = field(default_factory=list)
    fills: Fills = field(default_factory=list)
    turns: int = 0

    def against(self, order: Wanted) -> list[Wanted]:
        """Return what the order would meet, first things first."""
        met = [
            one
            for one in self.orders
            if one.is_bid != order.is_bid and (one.price <= order.price if order.is_bid else one.price >= order.price)
        ]
        return sorted(met, key=lambda one: (one.price if order.is_bid else -one.price, one.turn))

    def enter(self, order: Wanted, *, post_only: bool = False) -> None:
        """Match a new order and keep what may rest."""
        met = self.against(order)
        if post_only and met:
            raise RefusedError
        if order.terms == "fill_or_kill":
            reach = 0
            for one in met:
                if one.owner == order.owner or reach >= order.left:
                    break
                reach += one.left
            else:
                if reach < order.left:
                    raise RefusedError
        may_rest = self.match(order, met)
        if order.left and may_rest and order.terms == "good_till_canceled":
            self.turns += 1
            order.turn = self.turns
            self.orders.append(order)

    def match(self, order: Wanted, met: list[Wanted]) -> bool:
        """Fill an order from what it meets; tell whether the remainder may rest."""
        for one in met:
            if not order.left:
                break
            if one.owner == order.owner:
                if order.prevention == "taker_at_cross":
                    return False
                self.orders.remove(one)
                continue
            size = min(order.left, one.left)
            for either in (order, one):
                either.left -= size
                either.filled += size
            self.fills.append((one.number, order.number, one.price, size))
            if not one.left:
                self.orders.remove(one)
        return True

    def amend(self, order: Wanted, price: int, left: int) -> None:
        """Change an order; only less size at its price leaves it where it stands."""
        if price == order.price and left <= order.left:
            order.left = left
            return
        self.orders.remove(order)
        order.price, order.left = price, left
        self.enter(order)


class Twins:
    """The exchange and the naive matcher, given the same orders."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.naive = Naive()
        self.x = Exchange(seed=1, start_ms=START_MS)
        self.x.add_series(Series("S", "", ""))
        self.x.add_event(Event("E", "S", ""))
        self.x.add_market(Market("M", "E", "m", close_ms=START_MS + 10**9))
        for name in MEMBERS:
            self.x.open_account(cash=10**15, user_id=name)
        self.numbers: dict[str, int] = {}  # by order_id
        self.fills: Fills = []
        self.waiting: dict[str, Filled] = {}  # the taker's side of a trade, until the maker's is told
        self.x.listen(self.hear)

    def hear(self, happening: Happening) -> None:
        if not isinstance(happening, Filled):
            return
        fill = happening.fill
        if fill.is_taker:
            self.waiting[fill.trade_id] = happening
            return
        taken = self.waiting.pop(fill.trade_id)
        # A new order's number is known only after its action, so both sides are named by their client_order_id.
        maker, taker = int(fill.client_order_id), int(taken.fill.client_order_id)
        assert (fill.price, fill.count) == (taken.fill.price, taken.fill.count)
        self.fills.append((maker, taker, fill.price, fill.count))

    def enter(self, number: int) -> None:
        random = self.random
        owner = random.choice(MEMBERS)
        is_bid = random.random() < 0.5
        price = random.randint(45, 55) * 100
        size = random.choice((100, 200, 300, random.randint(1, 1_500)))
        terms = random.choice(("good_till_canceled",) * 5 + ("immediate_or_cancel", "fill_or_kill"))
        prevention = random.choice(("maker", "taker_at_cross"))
        post_only = terms == "good_till_canceled" and random.random() < 0.2
        new = NewOrder(
            "M",
            "bid" if is_bid else "ask",
            Price(price),
            Size(size),
            "good_till_canceled",
            "maker" if prevention == "maker" else "taker_at_cross",
            client_order_id=str(number),
            post_only=post_only,
        )
        if terms != "good_till_canceled":
            new.time_in_force = "fill_or_kill" if terms == "fill_or_kill" else "immediate_or_cancel"
        wanted = Wanted(number, owner, is_bid, price, size, terms, prevention)
        refused = False
        try:
            self.naive.enter(wanted, post_only=post_only)
        except RefusedError:
            refused = True
        try:
            order = self.x.create(owner, new).order
        except Refusal:
            assert refused
        else:
            assert not refused
            self.numbers[order.order_id] = number
            assert order.filled == wanted.filled

    def resting(self) -> Iterator[tuple[str, Wanted]]:
        ids = {number: order_id for order_id, number in self.numbers.items()}
        for one in self.naive.orders:
            yield ids[one.number], one

    def change(self) -> None:
        resting = list(self.resting())
        if not resting:
            return
        random = self.random
        order_id, one = random.choice(resting)
        kind = random.random()
        if kind < 0.3:
            self.x.cancel(one.owner, order_id)
            self.naive.orders.remove(one)
        elif kind < 0.5:
            by = random.randint(1, one.left)
            self.x.decrease(one.owner, order_id, reduce_by=by, reduce_to=None)
            one.left -= by
            if not one.left:
                self.naive.orders.remove(one)
        else:
            self.amend(order_id, one)

    def amend(self, order_id: str, one: Wanted) -> None:
        price = self.random.choice((one.price, self.random.randint(45, 55) * 100))
        left = self.random.randint(1, 1_000)
        order = self.x.orders[order_id]
        post_only_cross = order.post_only and bool(
            self.naive.against(Wanted(0, "", one.is_bid, price, 1, "", "")) if price != one.price else False
        )
        try:
            self.x.amend(one.owner, order_id, ticker="M", side=order.side, price=price, count=order.filled + left)
        except Refusal:
            assert post_only_cross
        else:
            assert not post_only_cross
            self.naive.amend(one, price, left)

    def agree(self) -> None:
        assert self.fills == self.naive.fills
        mine = {self.numbers[order.order_id]: order for name in MEMBERS for order in self.x.resting_of(name)}
        theirs = {one.number: one for one in self.naive.orders}
        assert {n: (o.price, o.remaining, o.filled) for n, o in mine.items()} == {
            n: (o.price, o.left, o.filled) for n, o in theirs.items()
        }
        for number, order in mine.items():
            one = theirs[number]
            rank = (-one.price if one.is_bid else one.price, one.turn)
            ahead = [
                other.left
                for other in theirs.values()
                if other.is_bid == one.is_bid and (-other.price if other.is_bid else other.price, other.turn) < rank
            ]
            assert self.x.queue_ahead(order) == sum(ahead)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_fills_and_queues_are_those_of_a_naive_matcher(seed: int) -> None:
    random = Random(seed)
    twins = Twins(random)
    for number in range(150):
        if random.random() < 0.7:
            twins.enter(number)
        else:
            twins.change()
        twins.agree()
    assert len(twins.fills) > 10
