"""However long and in whatever way the venue cannot be asked, no order ends by it; afterwards each has its true end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pytest

from kalshi_tui.cli.drills.world import Streams, risk_checks
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.ports import HttpReply
from kalshi_tui.engine.trading.order import HeldOrder
from kalshi_tui.errors import TransportError
from kalshi_tui.link import trading as link
from kalshi_tui.practice.records import NewOrder
from tests.plugins.pictures import LOOSEST
from tests.property.trading_world import LongWorld

RULES: Final = OrderRules(execution="live", reset_phrase="lift", quarantine_ms=20_000)
HOUSE: Final = "house"
ENDED: Final = {"filled", "canceled", "rejected", "not sent", "absent"}


class Cut:
    """Whether the network is away."""

    is_on = False


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Cut:
    """Return the switch of the network: while it is on, no stream opens."""
    switch, connect = Cut(), Streams.connect

    async def may_connect(self: Streams, headers: Mapping[str, str]) -> Any:
        if switch.is_on:
            raise TransportError("the name cannot be resolved", hint="look at the network")
        return await connect(self, headers)

    monkeypatch.setattr(Streams, "connect", may_connect)
    return switch


@contextmanager
def a_world() -> Iterator[LongWorld]:
    world = LongWorld(3, orders=RULES, checks=risk_checks(tuple(LOOSEST.items())))
    world.exchange.open_account(cash=0, user_id=HOUSE, house=True)
    try:
        world.start()
        world.wait(2)
        world.ask(link.Arm())
        yield world
    finally:
        world.end()


def fire(world: LongWorld, ticks: int, size: int, fault: str = "") -> HeldOrder:
    """Fire a bid so many ticks above the best one, and return the order as the engine holds it."""
    market = world.exchange.markets[world.tickers[0]]
    draft = link.Draft(world.tickers[0], "bid", Price(market.best_bid + 100 * ticks), Size(size))
    staged = world.ask(link.Stage(draft))
    assert isinstance(staged, link.Staged)
    world.faults.armed[fault] += bool(fault)
    fired = world.ask(link.Fire(staged.ticket.number, staged.ticket.token))
    assert isinstance(fired, link.Fired)
    return world.engine.kernel.desk.ledger.orders[fired.orders[0]]


def part_the_network(world: LongWorld, cut: Cut, answer: HttpReply | None = None) -> None:
    """Let every request fail from now on, or be answered so; the streams are cut and none opens."""

    async def send(*_: object) -> HttpReply:
        if answer is None:
            raise TransportError("the name cannot be resolved", hint="look at the network")
        return answer

    cut.is_on = True
    assert world.alive is not None
    world.alive.http.send = send  # type: ignore[method-assign, assignment]  # what a network is
    world.cut_streams()


def mend_the_network(world: LongWorld, cut: Cut) -> None:
    cut.is_on = False
    assert world.alive is not None
    del world.alive.http.send


def sold_by_others(world: LongWorld, order: HeldOrder) -> None:
    """Let somebody sell into an order and all before it."""
    held = world.exchange.orders[order.order_id]
    new = NewOrder(
        ticker=order.ticker, side="ask", price=order.price,
        count=Size(world.exchange.queue_ahead(held) + held.remaining),
        time_in_force="immediate_or_cancel", self_trade_prevention="taker_at_cross",
    )  # fmt: skip
    world.exchange.create(HOUSE, new)


def as_the_exchange_has_it(world: LongWorld, order: HeldOrder) -> tuple[str, int]:
    """Return the state that the exchange itself has of an order, and how much was filled."""
    found = [o for o in world.exchange.orders_of(world.user_id) if o.client_order_id == order.client_order_id]
    if not found:
        return "absent", 0
    (held,) = found
    state = "resting" if held.remaining else "filled" if held.filled == held.initial else "canceled"
    return state, held.filled


def test_an_hour_without_any_network_ends_no_order_and_afterwards_each_has_its_true_end(cut: Cut) -> None:
    with a_world() as world:
        rests, taken = fire(world, -3, 500), fire(world, 0, 200)
        world.wait(1)
        world.faults.armed["user_orders drop"] += 1
        lost = fire(world, -4, 100, "reply lost")
        never = fire(world, -5, 100, "request lost")
        world.wait(0.06)
        part_the_network(world, cut)
        orders = (rests, taken, lost, never)
        sold_by_others(world, taken)
        for _ in range(59):
            world.wait(60)
            assert [order.state for order in orders] == ["resting", "resting", "unknown", "unknown"]
        assert world.exchange.markets[rests.ticker].status != "active", "it has closed meanwhile"
        mend_the_network(world, cut)
        world.wait(90)
        assert [(order.state, order.filled) for order in orders] == [
            as_the_exchange_has_it(world, order) for order in orders
        ]
        assert (taken.state, taken.filled, never.state) == ("filled", 200, "absent")
        assert lost.order_id, "it was found by its name"
        assert not list(world.engine.kernel.desk.ledger.working())
        names = [order.client_order_id for order in world.exchange.orders_of(world.user_id)]
        assert sorted(names) == sorted(order.client_order_id for order in orders[:3]), "nothing was sent again"


@pytest.mark.parametrize(
    "answer",
    [
        HttpReply(404, {}, b'{"error":{"code":"not_found","message":"not found"}}'),
        HttpReply(401, {}, b'{"error":{"code":"header_timestamp_expired","message":"expired"}}'),
        HttpReply(403, {}, b'{"error":{"code":"forbidden","message":"no"}}'),
        HttpReply(429, {}, b'{"error":"too many requests"}'),
        HttpReply(500, {}, b'{"error":{"code":"internal_error"}}'),
        HttpReply(502, {"content-type": "text/html"}, b"<html>bad gateway</html>"),
        HttpReply(200, {}, b""),
        HttpReply(200, {}, b"{}"),
        HttpReply(200, {}, b'{"orders":null}'),
    ],
    ids=lambda answer: f"{answer.status} {answer.body.decode()[:20]}",
)
def test_no_answer_but_the_venues_own_word_about_it_ends_an_order(cut: Cut, answer: HttpReply) -> None:
    with a_world() as world:
        rests, taken = fire(world, -3, 500), fire(world, -4, 100, "reply lost")
        world.wait(0.2)
        part_the_network(world, cut, answer)
        world.ask(link.CancelOrders((rests.number,)))
        for _ in range(12):
            world.wait(10)
            assert {rests.state, taken.state}.isdisjoint(ENDED)
            assert (rests.filled + rests.open_size, taken.filled + taken.open_size) == (500, 100)
        mend_the_network(world, cut)
        world.wait(40)
        for order in (rests, taken):
            assert (order.state, order.filled) == as_the_exchange_has_it(world, order)
