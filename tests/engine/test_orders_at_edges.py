"""Tickets, orders, kills and groups at the edges: what is refused, what is forgotten, and what is asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

import pytest
from msgspec.structs import replace

from kalshi_tui.core.units import Size
from kalshi_tui.engine.trading.tickets import KEPT, OPEN_LIMIT
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link import trading as link
from kalshi_tui.practice.rest.wire import HttpReply
from tests.engine.dealing import QUICK, armed, desk_of, draft, fire, placed, refused, resting, stage
from tests.engine.test_orders_corners import Ask, Bent, lose
from tests.property.trading_world import LongWorld

RULES: Final = replace(QUICK, quarantine_ms=10_000)


@pytest.fixture
def world() -> Iterator[LongWorld]:
    with armed(RULES) as here:
        yield here


# Tickets


def test_so_many_tickets_may_be_open_and_no_more_until_some_are_dropped_or_expire(world: LongWorld) -> None:
    tickets = [stage(world) for _ in range(OPEN_LIMIT)]
    assert refused(world, link.Stage(draft(world))).message == f"{OPEN_LIMIT} tickets are open"
    world.ask(link.Drop(tickets[0].number))
    stage(world)
    assert refused(world, link.Stage(draft(world))).message == f"{OPEN_LIMIT} tickets are open"
    world.wait(RULES.ticket_ms / 1000 + 0.1)
    stage(world)


def test_dropping_what_is_gone_or_was_fired_changes_nothing(world: LongWorld) -> None:
    ticket = stage(world)
    fire(world, ticket)
    world.ask(link.Drop(ticket.number))
    world.ask(link.Drop(999))
    shown = desk_of(world).tickets.watched(ticket.number)
    assert shown is not None
    assert (shown.state, shown.may_fire) == ("fired", False)
    assert desk_of(world).tickets.watched(999) is None


def test_no_ticket_is_made_of_a_side_that_there_is_not(world: LongWorld) -> None:
    wrong = replace(draft(world), side="buy")  # whoever asks over a link is refused by the link
    with pytest.raises(KalshiTuiError, match="a side, a price between 0 and 1 dollar, and a size above 0"):
        desk_of(world).tickets.stage(link.Stage(wrong))


def test_an_order_that_nobody_knows_cannot_be_changed(world: LongWorld) -> None:
    assert refused(world, link.Stage(draft(world, kind="amend", replaces=77))).message == "there is no order 77"
    assert refused(world, link.Stage(draft(world, kind="amend"))).message == "there is no order None"


def test_the_oldest_tickets_are_forgotten_and_cannot_be_fired(world: LongWorld) -> None:
    first = stage(world)
    for _ in range(KEPT):
        world.ask(link.Drop(stage(world).number))
    assert refused(world, link.Fire(first.number, first.token)).message == f"there is no ticket {first.number}"
    assert desk_of(world).tickets.watched(first.number + 1) is not None


# Orders


def test_a_cancel_names_what_it_means(world: LongWorld) -> None:
    assert refused(world, link.CancelOrders()).message == "no order was named"
    assert world.ask(link.CancelOrders(everything=True)) == link.Canceling(())
    assert world.ask(link.CancelOrders(ticker=world.tickers[0])) == link.Canceling(())


@pytest.mark.parametrize("size", [300, 400, 0])
def test_a_decrease_makes_smaller_and_nothing_else(world: LongWorld, size: int) -> None:
    order = placed(world, 300)
    assert "a decrease makes an order smaller" in refused(world, link.Reduce(order.number, Size(size))).message
    assert "does not rest" in refused(world, link.Reduce(99, Size(100))).message


def test_a_change_without_an_answer_is_given_up_once_the_venue_shows_the_order_as_it_was_long_after(
    world: LongWorld,
) -> None:
    order = placed(world, 300)
    losing = Bent(world, "POST", "/decrease", lose)
    world.ask(link.Reduce(order.number, Size(100)))
    world.wait(RULES.quarantine_ms / 1000 - 2)
    assert losing.met == 1
    assert (order.is_changing, order.open_size) == (True, 300), "it may still come"
    losing.is_on = False
    world.wait(30)
    assert (order.is_changing, order.state, order.size, order.open_size) == (False, "resting", 300, 300)
    world.ask(link.Reduce(order.number, Size(200)))
    world.wait(1)
    assert order.open_size == 200


def test_what_is_asked_about_an_order_that_nobody_knows_changes_nothing(world: LongWorld) -> None:
    desk = desk_of(world)
    before = desk.journalled
    desk.orders.looked("nobody", is_known=True)
    world.wait(0.1)
    assert desk.journalled == before


def test_a_cancel_that_overtakes_a_change_leaves_what_the_venue_says(world: LongWorld) -> None:
    order = placed(world, 300)

    async def answer_late(ask: Ask) -> HttpReply:
        reply = await ask()
        await world.clock.sleep(1.0)
        return reply

    Bent(world, "POST", "/decrease", answer_late)
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
    assert resting(world) == []


def test_a_cancel_that_could_not_be_sent_is_asked_for_again(world: LongWorld) -> None:
    order = placed(world)
    venue = world.engine.executor._venue
    signer, venue._signer = venue._signer, None
    world.ask(link.CancelOrders(numbers=(order.number,)))
    world.wait(0.5)
    assert order.is_working
    assert resting(world) == [100]
    venue._signer = signer
    world.wait(5)
    assert order.state == "canceled"
    assert resting(world) == []


def test_an_order_that_has_ended_is_not_asked_about_any_more(world: LongWorld) -> None:
    order = placed(world)
    world.ask(link.CancelOrders(numbers=(order.number,)))
    world.wait(20)
    assert order.state == "canceled"
    orders = desk_of(world).orders
    orders._looks[order.number] = (world.engine.kernel.now_ms, 1_000)
    before = len(world.left)
    world.wait(0.2)
    assert order.number not in orders._looks
    assert not [left for left in world.left[before:] if left.path.endswith(order.order_id)]


# Arming and kills


def test_a_kill_of_which_no_step_was_heard_yet_is_shown_as_one_that_is_not_over(world: LongWorld) -> None:
    kills = desk_of(world).kills
    kills.flag = "another program"
    row = kills.row()
    assert row is not None
    assert (row.reason, row.words, row.resting, row.is_over) == ("another program", "killed", None, False)


# Groups


def test_of_a_shard_without_a_group_nothing_trips(world: LongWorld) -> None:
    desk = desk_of(world)
    before = desk.journalled
    desk.groups.has_tripped(7)
    world.wait(0.1)
    assert (desk.journalled, desk.ledger.armed_until_ms is not None) == (before, True)
