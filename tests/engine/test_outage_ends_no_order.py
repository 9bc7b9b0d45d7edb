"""However long and in whatever way the venue cannot be asked, no order ends by it; afterwards each has its true end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest
from msgspec.structs import replace

from kalshi_tui.cli.drills.world import Streams
from kalshi_tui.engine.ports import HttpReply
from kalshi_tui.engine.trading.order import HeldOrder
from kalshi_tui.errors import TransportError
from kalshi_tui.link import trading as link
from tests.engine.dealing import LIVE, armed, desk_of, place, take
from tests.property.trading_world import LongWorld

RULES: Final = replace(LIVE, quarantine_ms=20_000)
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


def as_the_exchange_has_it(world: LongWorld, order: HeldOrder) -> tuple[str, int]:
    """Return the state that the exchange itself has of an order, and how much was filled."""
    found = [o for o in world.exchange.orders_of(world.user_id) if o.client_order_id == order.client_order_id]
    if not found:
        return "absent", 0
    (held,) = found
    state = "resting" if held.remaining else "filled" if held.filled == held.initial else "canceled"
    return state, held.filled


def test_an_hour_without_any_network_ends_no_order_and_afterwards_each_has_its_true_end(cut: Cut) -> None:
    with armed(RULES) as world:
        rests, taken = place(world, 500), place(world, 200, ticks=0)
        world.wait(1)
        world.faults.armed["user_orders drop"] += 1
        world.faults.armed["reply lost"] += 1
        lost = place(world, ticks=-4)
        world.faults.armed["request lost"] += 1
        never = place(world, ticks=-5)
        world.wait(0.06)
        part_the_network(world, cut)
        orders = (rests, taken, lost, never)
        take(world, taken, world.exchange.orders[taken.order_id].remaining)
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
        assert not list(desk_of(world).ledger.working())
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
    with armed(RULES) as world:
        rests = place(world, 500)
        world.faults.armed["reply lost"] += 1
        taken = place(world, ticks=-4)
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
