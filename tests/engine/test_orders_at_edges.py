"""Tickets, orders, kills and groups at the edges: what is refused, what is forgotten, and what is asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from kalshi_tui.cli.drills.world import risk_checks
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine import inputs
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.trading.order import HeldOrder
from kalshi_tui.engine.trading.tickets import KEPT, OPEN_LIMIT
from kalshi_tui.errors import KalshiTuiError, TransportError
from kalshi_tui.link import trading as link
from kalshi_tui.practice.rest.wire import HttpReply
from kalshi_tui.protocol.rest.groups import OrderGroup
from tests.plugins.pictures import LOOSEST
from tests.property.trading_world import LongWorld

RULES = OrderRules(
    execution="live", reset_phrase="lift", orders_per_10s=500, orders_per_minute=2_000, duplicate_ms=0,
    quarantine_ms=10_000,
)  # fmt: skip


@pytest.fixture
def world() -> Iterator[LongWorld]:
    yield from a_world(RULES)


def a_world(rules: OrderRules) -> Iterator[LongWorld]:
    here = LongWorld(3, orders=rules, checks=risk_checks(tuple(LOOSEST.items())))
    try:
        here.start()
        here.wait(2)
        if rules.execution == "live" and rules.may_go_live:
            here.ask(link.Arm())
        yield here
    finally:
        here.end()


def draft(world: LongWorld, size: int = 100, **more: Any) -> link.Draft:
    price = Price(world.exchange.markets[world.tickers[0]].best_bid - 300)
    return replace(link.Draft(world.tickers[0], "bid", price, Size(size)), **more)


def stage(world: LongWorld, size: int = 100, **more: Any) -> link.TicketView:
    staged = world.ask(link.Stage(draft(world, size, **more)))
    assert isinstance(staged, link.Staged)
    return staged.ticket


def fire(world: LongWorld, size: int = 100, **more: Any) -> HeldOrder:
    ticket = stage(world, size, **more)
    fired = world.ask(link.Fire(ticket.number, ticket.token))
    assert isinstance(fired, link.Fired)
    world.wait(0.2)
    return world.engine.kernel.desk.ledger.orders[fired.orders[0]]


def refused(world: LongWorld, intent: Any) -> str:
    with pytest.raises(KalshiTuiError) as problem:
        world.ask(intent)
    return problem.value.message


class Losing:
    """The way to the venue on which requests to some paths are lost, or take a while."""

    def __init__(self, world: LongWorld, end: str, *, after_s: float | None = None) -> None:
        assert world.alive is not None
        self.is_on, self.lost = True, 0
        self._end, self._after_s = end, after_s
        self._inner = world.alive.http.send
        self._clock = world.clock
        world.alive.http.send = self.send  # type: ignore[method-assign]

    async def send(self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None) -> HttpReply:
        if self.is_on and method != "GET" and path_and_query.partition("?")[0].endswith(self._end):
            self.lost += 1
            if self._after_s is None:
                raise TransportError("the connection was cut", hint="look at the network")
            reply = await self._inner(method, path_and_query, headers, body)
            await self._clock.sleep(self._after_s)
            return reply
        return await self._inner(method, path_and_query, headers, body)


# Tickets


def test_so_many_tickets_may_be_open_and_no_more_until_some_are_dropped_or_expire(world: LongWorld) -> None:
    tickets = [stage(world) for _ in range(OPEN_LIMIT)]
    assert refused(world, link.Stage(draft(world))) == f"{OPEN_LIMIT} tickets are open"
    world.ask(link.Drop(tickets[0].number))
    stage(world)
    assert refused(world, link.Stage(draft(world))) == f"{OPEN_LIMIT} tickets are open"
    world.wait(RULES.ticket_ms / 1000 + 0.1)
    stage(world)


def test_dropping_what_is_gone_or_was_fired_changes_nothing(world: LongWorld) -> None:
    ticket = stage(world)
    world.ask(link.Fire(ticket.number, ticket.token))
    world.ask(link.Drop(ticket.number))
    world.ask(link.Drop(999))
    shown = world.engine.kernel.desk.tickets.watched(ticket.number)
    assert shown is not None
    assert (shown.state, shown.may_fire) == ("fired", False)
    assert world.engine.kernel.desk.tickets.watched(999) is None


@pytest.mark.parametrize(
    "wrong", [{"side": "buy"}, {"price": Price(0)}, {"price": Price(10_000)}, {"size": Size(0)}, {"size": Size(-100)}]
)
def test_no_ticket_is_made_of_what_is_no_order(world: LongWorld, wrong: dict[str, Any]) -> None:
    with pytest.raises(KalshiTuiError, match="a side, a price between 0 and 1 dollar, and a size above 0"):
        world.engine.kernel.desk.tickets.stage(link.Stage(replace(draft(world), **wrong)))


def test_an_order_that_nobody_knows_cannot_be_changed(world: LongWorld) -> None:
    assert refused(world, link.Stage(draft(world, kind="amend", replaces=77))) == "there is no order 77"
    assert refused(world, link.Stage(draft(world, kind="amend"))) == "there is no order None"


def test_the_oldest_tickets_are_forgotten_and_cannot_be_fired(world: LongWorld) -> None:
    first = stage(world)
    for _ in range(KEPT):
        world.ask(link.Drop(stage(world).number))
    assert refused(world, link.Fire(first.number, first.token)) == f"there is no ticket {first.number}"
    assert world.engine.kernel.desk.tickets.watched(first.number + 1) is not None


# Orders


def test_a_cancel_names_what_it_means(world: LongWorld) -> None:
    assert refused(world, link.CancelOrders()) == "no order was named"
    assert world.ask(link.CancelOrders(everything=True)) == link.Canceling(())
    assert world.ask(link.CancelOrders(ticker=world.tickers[0])) == link.Canceling(())


@pytest.mark.parametrize("size", [300, 400, 0])
def test_a_decrease_makes_smaller_and_nothing_else(world: LongWorld, size: int) -> None:
    order = fire(world, 300)
    assert "a decrease makes an order smaller" in refused(world, link.Reduce(order.number, Size(size)))
    assert "does not rest" in refused(world, link.Reduce(99, Size(100)))


def test_a_change_without_an_answer_is_given_up_once_the_venue_shows_the_order_as_it_was_long_after(
    world: LongWorld,
) -> None:
    order = fire(world, 300)
    losing = Losing(world, "/decrease")
    world.ask(link.Reduce(order.number, Size(100)))
    world.wait(RULES.quarantine_ms / 1000 - 2)
    assert losing.lost == 1
    assert (order.is_changing, order.open_size) == (True, 300), "it may still come"
    losing.is_on = False
    world.wait(30)
    assert (order.is_changing, order.state, order.size, order.open_size) == (False, "resting", 300, 300)
    world.ask(link.Reduce(order.number, Size(200)))
    world.wait(1)
    assert order.open_size == 200


def test_what_is_asked_about_an_order_that_nobody_knows_changes_nothing(world: LongWorld) -> None:
    desk = world.engine.kernel.desk
    before = desk.journalled
    desk.orders.looked("nobody", is_known=True)
    world.wait(0.1)
    assert desk.journalled == before


def test_a_cancel_that_overtakes_a_change_leaves_what_the_venue_says(world: LongWorld) -> None:
    order = fire(world, 300)
    Losing(world, "/decrease", after_s=1.0)
    world.faults.armed["user_orders drop"] += 3
    assert world.alive is not None
    alive = world.alive

    async def both() -> None:
        await alive.link.ask(link.Reduce(order.number, Size(100)))
        await asyncio.sleep(0.3)
        await alive.link.ask(link.CancelOrders(numbers=(order.number,)))

    world.run(both())
    world.wait(5)
    assert (order.state, order.filled, order.open_size) == ("canceled", 0, 0)
    assert not order.is_changing
    assert list(world.exchange.resting_of(world.user_id)) == []


def test_a_cancel_that_could_not_be_sent_is_asked_for_again(world: LongWorld) -> None:
    order = fire(world)
    venue = world.engine.executor._venue
    signer, venue._signer = venue._signer, None
    world.ask(link.CancelOrders(numbers=(order.number,)))
    world.wait(0.5)
    assert order.is_working
    assert len(list(world.exchange.resting_of(world.user_id))) == 1
    venue._signer = signer
    world.wait(5)
    assert order.state == "canceled"
    assert list(world.exchange.resting_of(world.user_id)) == []


def test_an_order_that_has_ended_is_not_asked_about_any_more(world: LongWorld) -> None:
    order = fire(world)
    world.ask(link.CancelOrders(numbers=(order.number,)))
    world.wait(20)
    assert order.state == "canceled"
    orders = world.engine.kernel.desk.orders
    orders._looks[order.number] = (world.engine.kernel.now_ms, 1_000)
    before = len(world.left)
    world.wait(0.2)
    assert order.number not in orders._looks
    assert not [left for left in world.left[before:] if left.path.endswith(order.order_id)]


# Arming and kills


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (OrderRules(execution="observe"), "this engine only looks"),
        (replace(RULES, may_go_live=False), "orders with real money need"),
        (replace(RULES, kill=True), "killed: by the settings"),
        (replace(RULES, needs_limits=True), "the bundled limits are not loaded"),
    ],
)
def test_what_may_not_trade_is_not_armed(rules: OrderRules, words: str) -> None:
    for world in a_world(RULES):
        desk = world.engine.kernel.desk
        desk.rules = rules
        if rules.needs_limits:
            desk.gate.risk_checks = ()
        assert words in refused(world, link.Arm())


def test_while_the_venue_refuses_our_key_nothing_is_armed(world: LongWorld) -> None:
    desk = world.engine.kernel.desk
    desk.key_refused("revoked")
    assert desk.ledger.armed_until_ms is None
    assert refused(world, link.Arm()) == "the venue refuses our key: revoked"
    desk.key_refused("revoked again")
    assert desk.key_problem == "the venue refuses our key: revoked", "what was said first is said"
    desk.key_taken()
    world.ask(link.Arm())


def test_a_kill_is_not_lifted_before_all_was_compared(world: LongWorld) -> None:
    world.ask(link.Kill("a person"))
    world.engine.kernel.desk.comparing.clean_ms = None
    assert "not compared with the venue" in refused(world, link.ResetKill("lift"))


def test_nothing_is_lifted_where_nothing_is_killed(world: LongWorld) -> None:
    assert world.engine.kernel.desk.kills.row() is None
    assert refused(world, link.ResetKill("lift")) == "nothing is killed"


def test_a_kill_of_which_no_step_was_heard_yet_is_shown_as_one_that_is_not_over(world: LongWorld) -> None:
    kills = world.engine.kernel.desk.kills
    kills.flag = "another program"
    row = kills.row()
    assert row is not None
    assert (row.reason, row.words, row.resting, row.is_over) == ("another program", "killed", None, False)


def test_firing_keeps_an_arming_and_what_is_disarmed_stays_so(world: LongWorld) -> None:
    desk = world.engine.kernel.desk
    until = desk.ledger.armed_until_ms
    assert until is not None
    world.wait(10)
    desk.kills.acted()
    assert desk.ledger.armed_until_ms == desk.now_ms + RULES.arm_ms > until
    world.ask(link.Disarm())
    desk.kills.acted()
    assert desk.ledger.armed_until_ms is None


# Groups


def outcome(world: LongWorld, words: str) -> inputs.Outcome:
    return inputs.Outcome(world.engine.kernel.now_ms, "group", 1, words, "the venue is busy")


def test_a_group_that_could_not_be_made_is_asked_for_again_after_a_while(world: LongWorld) -> None:
    losing = Losing(world, "/order_groups/create")
    groups = world.engine.kernel.desk.groups
    groups.need(1)
    world.wait(1)
    assert losing.lost == 1
    world.wait(3)
    assert losing.lost == 2


def test_a_group_that_the_venue_lists_no_more_is_made_anew(world: LongWorld) -> None:
    desk = world.engine.kernel.desk
    (before,) = desk.ledger.groups.values()
    desk.groups.listed((OrderGroup("another", Size(100), is_auto_cancel_enabled=True, exchange_index=0),))
    assert 0 not in desk.ledger.groups
    world.wait(3)
    (after,) = desk.ledger.groups.values()
    assert after.group_id != before.group_id
    assert fire(world).group_id == after.group_id


def test_of_a_shard_without_a_group_nothing_trips(world: LongWorld) -> None:
    desk = world.engine.kernel.desk
    before = desk.journalled
    desk.groups.has_tripped(7)
    world.wait(0.1)
    assert (desk.journalled, desk.ledger.armed_until_ms is not None) == (before, True)
