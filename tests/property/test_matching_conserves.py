"""Whatever members do, contracts and cash are conserved, and books, queues and reserves add up."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.core.units import Price, Size
from kalshi_tui.practice.exchange import Exchange, Rules
from kalshi_tui.practice.happenings import BookChanged, Happening
from kalshi_tui.practice.records import Band, Event, Market, NewOrder, Order, Refusal, Result, Series, Side

START_MS = 1_790_000_000_000
MEMBERS = ("ann", "ben", "cat", "house")
TICKERS = ("M", "N")
DOLLAR = 1_000_000
GRID = (Band(Price(0), Price(10_000), Price(10)),)

Action = tuple[Any, ...]


def draw_action(random: Random) -> Action:
    """Draw what a member does next, so that books fill up and orders meet often."""
    kind = random.choices(
        ("create", "amend", "decrease", "cancel", "wait", "trip", "reset", "pause", "resume", "transfer"),
        (60, 10, 4, 6, 4, 1, 3, 1, 3, 1),
    )[0]
    price = random.randint(44, 56) * 100 if random.random() < 0.8 else random.randint(1, 999) * 10
    size = random.randint(1, 12) * 100 if random.random() < 0.6 else random.randint(1, 2_000)
    if kind == "create":
        return (
            kind,
            random.choice(MEMBERS),
            random.choice(TICKERS),
            random.choice(("bid", "ask")),
            price,
            size,
            random.choice(("good_till_canceled",) * 4 + ("immediate_or_cancel", "fill_or_kill")),
            random.choice(("maker", "taker_at_cross")),
            random.choice((None, None, None, "group", "group", "post", "reduce", "expires", "sub")),
        )
    drawn: dict[str, Action] = {
        "amend": (kind, random.randrange(10**6), price, size),
        "decrease": (kind, random.randrange(10**6), size),
        "cancel": (kind, random.randrange(10**6)),
    }
    return drawn.get(kind, (kind,))


seeds = st.integers(0, 2**32)


class Hall:
    """An exchange with two markets, three members and the house, driven by drawn actions."""

    def __init__(self, fee_grid: int) -> None:
        self.x = x = Exchange(seed=1, start_ms=START_MS, rules=Rules(fee_grid=fee_grid))
        x.add_series(Series("S", "", "", fee_type="quadratic_with_maker_fees"))
        x.add_event(Event("E", "S", ""))
        for ticker in TICKERS:
            x.add_market(Market(ticker, "E", ticker, close_ms=START_MS + 10**9, bands=GRID))
        for name, dollars in zip(MEMBERS, (30, 100, 1_000, 0), strict=True):
            x.open_account(cash=dollars * DOLLAR, user_id=name, house=name == "house")
        x.create_subaccount("cat")
        x.transfer("cat", 0, 1, 200 * DOLLAR)
        self.group = x.create_group("ben", 2_000).group_id
        self.total = sum(sum(account.cash.values()) for account in x.accounts.values())
        self.books: dict[tuple[str, str, int], int] = {}
        self.clocks: list[int] = []
        x.listen(self.hear)

    def hear(self, happening: Happening) -> None:
        if isinstance(happening, BookChanged):
            key = (happening.market.ticker, happening.side, happening.price)
            self.books[key] = self.books.get(key, 0) + happening.delta
            assert self.books[key] >= 0
            assert happening.delta
            self.clocks.append(happening.clock)

    def do(self, action: Action) -> None:
        handler: Callable[..., object] = getattr(self, action[0])
        with suppress(Refusal):
            handler(*action[1:])

    def create(self, user_id: str, ticker: str, side: Side, price: int, size: int, *more: Any) -> None:
        time_in_force, prevention, extra = more
        flags: dict[str, dict[str, Any]] = {
            "group": {"order_group_id": self.group} if user_id == "ben" else {},
            "post": {"post_only": True},
            "reduce": {"reduce_only": True, "time_in_force": "immediate_or_cancel"},
            "expires": {"expiration_ms": self.x.now_ms + 3_000},
            "sub": {"subaccount": 1} if user_id == "cat" else {},
        }
        fields = {"time_in_force": time_in_force, "self_trade_prevention": prevention, **flags.get(extra, {})}
        self.x.create(user_id, NewOrder(ticker, side, Price(price), Size(size), **fields))

    def picked(self, pick: int) -> Order | None:
        orders = [order for order in self.x.orders.values() if order.remaining]
        return orders[pick % len(orders)] if orders else None

    def amend(self, pick: int, price: int, size: int) -> None:
        order = self.picked(pick)
        if order is not None:
            self.x.amend(
                order.user_id,
                order.order_id,
                ticker=order.ticker,
                side=order.side,
                price=price,
                count=order.filled + size,
            )

    def decrease(self, pick: int, size: int) -> None:
        order = self.picked(pick)
        if order is not None:
            self.x.decrease(order.user_id, order.order_id, reduce_by=size, reduce_to=None)

    def cancel(self, pick: int) -> None:
        order = self.picked(pick)
        if order is not None:
            self.x.cancel(order.user_id, order.order_id)

    def wait(self) -> None:
        self.x.advance(self.x.now_ms + 2_000)

    def trip(self) -> None:
        self.x.trigger_group("ben", self.group)

    def reset(self) -> None:
        self.x.reset_group("ben", self.group)

    def pause(self) -> None:
        if self.x.markets["N"].status == "active":
            self.x.pause_market("N")

    def resume(self) -> None:
        if self.x.markets["N"].status == "inactive":
            self.x.resume_market("N")

    def transfer(self) -> None:
        self.x.transfer("cat", 1, 0, DOLLAR)

    def check(self) -> None:
        self.check_conserved()
        for market in self.x.markets.values():
            check_book(self.x, market)
        told = {key: size for key, size in self.books.items() if size}
        held = {
            (market.ticker, side, price): level.size
            for market in self.x.markets.values()
            for side, levels in (("bid", market.bids), ("ask", market.asks))
            for price, level in levels.items()
        }
        assert told == held
        assert self.clocks == sorted(self.clocks)
        check_reserves(self.x)

    def check_conserved(self) -> None:
        """Cash, fees and the dollar behind each open contract add up to what was brought in."""
        x = self.x
        behind = 0
        for ticker, market in x.markets.items():
            sizes = [position.size for key, position in x.positions.items() if key[2] == ticker]
            assert sum(sizes) == 0
            held = sum(size for size in sizes if size > 0)
            if market.status != "finalized":
                assert market.open_interest == held
            behind += held * 10_000
        cash = sum(sum(account.cash.values()) for account in x.accounts.values())
        assert cash + x.fee_pot + behind == self.total
        assert all(position.cost >= 0 for position in x.positions.values())


def check_book(x: Exchange, market: Market) -> None:
    """Levels are the sums of their orders, best prices are kept, and nothing is crossed or empty."""
    assert market.best_bid < market.best_ask
    assert market.best_bid == max(market.bids, default=0)
    assert market.best_ask == min(market.asks, default=10_000)
    for side, levels in (("bid", market.bids), ("ask", market.asks)):
        ahead = 0
        for price in sorted(levels, reverse=side == "bid"):
            level = levels[price]
            assert level.orders
            assert level.size == sum(order.remaining for order in level.orders.values())
            for order in level.orders.values():
                assert (order.side, order.price, order.status) == (side, price, "resting")
                assert order.remaining > 0
                assert x.queue_ahead(order) == ahead
                ahead += order.remaining


def check_reserves(x: Exchange) -> None:
    """What is reserved is what would be paid if everything that opens filled at its price, order by order."""
    for user_id, account in x.accounts.items():
        wanted: dict[tuple[int, int], int] = {}
        for subaccount in account.subaccounts:
            orders = [order for order in x.resting_of(user_id) if order.subaccount == subaccount]
            for ticker in TICKERS:
                position = x.positions.get((user_id, subaccount, ticker))
                size = position.size if position is not None else 0
                own = [order for order in orders if order.ticker == ticker]
                bids = sorted((o for o in own if o.side == "bid"), key=lambda o: -o.price)
                asks = sorted((o for o in own if o.side == "ask"), key=lambda o: o.price)
                money = opening_cost(bids, -size) + opening_cost(asks, size)
                wanted[subaccount, 0] = wanted.get((subaccount, 0), 0) + money
        for purse, money in wanted.items():
            assert account.reserved.get(purse, 0) == (0 if account.is_house else money)


def opening_cost(orders: list[Order], cover: int) -> int:
    money = 0
    for order in orders:
        closing = max(min(cover, order.remaining), 0)
        cover -= closing
        leg = order.price if order.side == "bid" else 10_000 - order.price
        money += leg * (order.remaining - closing)
    return money


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds, st.sampled_from([100, 10_000]), st.sampled_from([("yes", None), ("no", None), ("scalar", 3_333)]))
def test_contracts_and_cash_are_conserved_to_the_micro_dollar(
    seed: int, fee_grid: int, result: tuple[Result, Price | None]
) -> None:
    hall, random = Hall(fee_grid), Random(seed)
    for _ in range(120):
        hall.do(draw_action(random))
        hall.check()
    assert hall.x.recent_trades()
    for ticker in TICKERS:
        hall.x.determine(ticker, result[0], value=result[1])
    hall.x.advance(hall.x.now_ms + 60_000)
    hall.check()
    assert all(position.size == 0 for position in hall.x.positions.values())
    assert hall.books == dict.fromkeys(hall.books, 0)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds)
def test_without_fees_nobody_ever_owes_more_than_roundings(seed: int) -> None:
    hall, random = Hall(100), Random(seed)
    hall.x.set_event_fee("E", "quadratic", 0)
    for _ in range(120):
        hall.do(draw_action(random))
        for name in ("ann", "ben", "cat"):
            fills = hall.x.fills_of(name)
            assert hall.x.available(name) >= -sum(fill.fee for fill in fills)
            assert all(fill.fee < 100 for fill in fills)
