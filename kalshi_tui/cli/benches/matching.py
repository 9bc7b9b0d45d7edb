"""Matching alone: orders of ordinary members through the exchange's core, with accounts, fees and one listener."""

from __future__ import annotations

from random import Random

from kalshi_tui.cli.benches.report import cpu_seconds
from kalshi_tui.core.units import Price, Size
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.records import Event, Market, NewOrder, Refusal, Series, Side

ORDERS = 15_000
MEMBERS = 8
MARKETS = 20
START_MS = 1_790_000_000_000


def open_exchange() -> tuple[Exchange, list[str]]:
    """Return an exchange with some members and open markets."""
    exchange = Exchange(seed=1, start_ms=START_MS)
    exchange.add_series(Series("KXB", "Bench", "Bench", fee_type="quadratic_with_maker_fees"))
    exchange.add_event(Event("KXB-1", "KXB", "Bench"))
    for number in range(MARKETS):
        ticker = f"KXB-1-T{number}"
        exchange.add_market(
            Market(ticker, "KXB-1", exchange.new_id(), open_ms=START_MS, close_ms=START_MS + 10**9, created_ms=START_MS)
        )
    exchange.advance(START_MS + 1)
    exchange.listen(lambda _: None)
    return exchange, [exchange.open_account(cash=10**13).user_id for _ in range(MEMBERS)]


def make_orders() -> list[NewOrder]:
    """Return orders around a common price, about half of which meet one that rests."""
    random = Random(2)
    return [make_order(random) for _ in range(ORDERS)]


def make_order(random: Random) -> NewOrder:
    """Return one order."""
    side: Side = "bid" if random.random() < 0.5 else "ask"
    middle = 5_000 + (-150 if side == "bid" else 150)
    return NewOrder(
        ticker=f"KXB-1-T{random.randrange(MARKETS)}",
        side=side,
        price=Price(middle // 100 * 100 + 100 * random.randrange(-3, 4)),
        count=Size(random.randrange(100, 5_000)),
        time_in_force="good_till_canceled",
        self_trade_prevention="maker",
    )


def orders_per_second() -> float:
    """Place all orders once and return the rate."""
    exchange, members = open_exchange()
    orders = make_orders()
    seconds = cpu_seconds(lambda: place_all(exchange, members, orders))
    fills = sum(len(exchange.fills_of(member)) for member in members)
    if fills < ORDERS // 4:
        raise AssertionError("the measured orders hardly ever met")
    return ORDERS / seconds


def place_all(exchange: Exchange, members: list[str], orders: list[NewOrder]) -> None:
    """Let the members place the orders in turn."""
    for number, order in enumerate(orders):
        try:
            exchange.create(members[number % MEMBERS], order)
        except Refusal as refusal:
            raise AssertionError("a measured order was refused") from refusal
