"""Tickets at their corners: how many there may be, what none is made of, and what is known of one that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.trading.tickets import KEPT, OPEN_LIMIT
from kalshi_tui.link import trading as link
from tests.engine.dealing import QUICK, armed, denied, desk_of, draft, fire, order_of, refused, resting, rows, stage
from tests.property.trading_world import LongWorld


@pytest.fixture
def world() -> Iterator[LongWorld]:
    with armed(QUICK) as here:
        yield here


def watched(world: LongWorld, number: int) -> link.TicketView | None:
    return desk_of(world).tickets.watched(number)


# How many


def test_what_was_fired_is_not_open_any_more_and_leaves_room_for_others(world: LongWorld) -> None:
    tickets = [stage(world) for _ in range(OPEN_LIMIT)]
    before = rows(world, "Judged")
    problem = refused(world, link.Stage(draft(world)))
    assert (problem.message, problem.hint) == ("32 tickets are open", "drop some, or wait until they expire")
    assert rows(world, "Judged") == before, "nothing was judged of what was not made"
    fire(world, tickets[0])
    fire(world, tickets[1])
    assert [stage(world).number for _ in range(2)] == [33, 34]
    assert refused(world, link.Stage(draft(world))).message == "32 tickets are open"


def test_an_order_goes_its_way_after_its_ticket_is_forgotten(world: LongWorld) -> None:
    ticket = stage(world)
    number = fire(world, ticket)
    for _ in range(KEPT - 1):
        world.ask(link.Drop(stage(world).number))
    assert watched(world, ticket.number) is not None, "so many are kept"
    world.ask(link.Drop(stage(world).number))
    assert watched(world, ticket.number) is None
    assert refused(world, link.Fire(ticket.number, ticket.token)).message == f"there is no ticket {ticket.number}"
    order = order_of(world, number)
    world.wait(1)
    assert order.state == "resting"
    world.ask(link.CancelOrders((number,)))
    world.wait(1)
    assert (order.state, resting(world)) == ("canceled", [])


# What none is made of


@pytest.mark.parametrize(
    "wrong", [{"price": Price(0)}, {"price": Price(10_000)}, {"size": Size(0)}, {"size": Size(-100)}]
)
def test_what_is_no_order_takes_no_number_and_is_not_judged(world: LongWorld, wrong: dict[str, Any]) -> None:
    first = stage(world)
    problem = refused(world, link.Stage(draft(world, **wrong)))
    assert "a price between 0 and 1 dollar, and a size above 0" in problem.message
    assert "0.43" in problem.hint
    assert rows(world, "Judged") == 1
    assert stage(world).number == first.number + 1


@pytest.mark.parametrize("edge", [{"price": Price(1)}, {"price": Price(9_999)}, {"size": Size(1)}])
def test_what_could_be_an_order_is_a_ticket_that_shows_what_stands_against_it(
    world: LongWorld, edge: dict[str, Any]
) -> None:
    ticket = stage(world, **edge)
    assert (ticket.price, ticket.size) == (draft(world, **edge).price, draft(world, **edge).size)
    assert ticket.checks


def test_an_amendment_of_an_order_that_nobody_knows_is_not_judged_and_says_where_orders_are(world: LongWorld) -> None:
    problem = refused(world, link.Stage(draft(world, kind="amend", replaces=77)))
    assert (problem.message, problem.hint) == ("there is no order 77", "`kalshi-tui orders` lists them")
    assert rows(world, "Judged") == 0


# What is known of one that is gone


def test_a_ticket_that_was_fired_is_shown_as_it_was_when_it_left_whatever_comes_after(world: LongWorld) -> None:
    ticket = stage(world)
    fire(world, ticket)
    world.wait(1)
    world.ask(link.Kill("a person"))
    world.wait(QUICK.ticket_ms / 1000 + 1)
    shown = watched(world, ticket.number)
    assert shown is not None
    assert (shown.state, shown.outcome, shown.may_fire) == ("fired", "fired", False)
    assert denied(shown) == [], "the kill came after it had left"
    assert (shown.bodies, shown.price, shown.size) == (ticket.bodies, ticket.price, ticket.size)


def test_what_a_fired_ticket_would_win_or_lose_is_not_counted_again_with_what_came_of_it(world: LongWorld) -> None:
    best = world.engine.kernel.stream.books[world.tickers[0]].book.best_ask
    assert best is not None
    ticket = stage(world, price=best, size=Size(100))
    number = fire(world, ticket)
    world.wait(2)
    desk = desk_of(world)
    assert (order_of(world, number).state, desk.risk.position(world.tickers[0]).size) == ("filled", 100)
    shown = watched(world, ticket.number)
    assert shown is not None
    assert (shown.if_yes, shown.if_no) == (ticket.if_yes, ticket.if_no)
    assert -1_000_000 < shown.if_no < 0 < shown.if_yes < 1_000_000, "of one contract, and not of two"


def test_what_became_of_a_fired_ticket_is_told_beside_what_was_shown(world: LongWorld) -> None:
    ticket = stage(world)
    world.journal.fail_next("the disk is full")
    number = fire(world, ticket)
    world.wait(1)
    shown = watched(world, ticket.number)
    assert shown is not None
    assert (shown.state, shown.may_fire) == ("fired", False)
    assert shown.outcome.startswith("not sent: the journal could not be written:")
    assert denied(shown) == []
    assert order_of(world, number).state == "not sent"
    assert resting(world) == []


def test_letting_go_of_what_was_fired_takes_nothing_back(world: LongWorld) -> None:
    ticket = stage(world)
    number = fire(world, ticket)
    world.ask(link.Drop(ticket.number))
    world.wait(1)
    shown = watched(world, ticket.number)
    assert shown is not None
    assert shown.state == "fired"
    assert order_of(world, number).state == "resting"


def test_what_was_let_go_cannot_be_fired_and_does_not_expire_later(world: LongWorld) -> None:
    ticket = stage(world)
    world.ask(link.Drop(ticket.number))
    assert "(TICKET_EXPIRED)" in refused(world, link.Fire(ticket.number, ticket.token)).message
    world.wait(QUICK.ticket_ms / 1000 + 1)
    world.ask(link.Drop(ticket.number))
    shown = watched(world, ticket.number)
    assert shown is not None
    assert (shown.state, shown.may_fire) == ("dropped", False)
    assert rows(world, "Intended") == 0


def test_letting_go_of_what_was_never_made_is_done_at_once(world: LongWorld) -> None:
    ticket = stage(world)
    world.ask(link.Drop(ticket.number + 1))
    shown = watched(world, ticket.number)
    assert shown is not None
    assert shown.state == "open"
    assert watched(world, ticket.number + 1) is None
    fire(world, ticket)


def test_an_order_whose_ticket_expires_while_the_disk_is_busy_is_not_sent(world: LongWorld) -> None:
    ticket = stage(world)

    async def slow() -> None:
        world.journal.stall = None
        await world.clock.sleep(QUICK.ticket_ms / 1000 + 1)

    world.journal.stall = slow
    before = len(world.left)
    number = fire(world, ticket)
    world.wait(10)
    order = order_of(world, number)
    assert (order.state, order.reason) == ("not sent", "the ticket expired before it left")
    assert not [left for left in world.left[before:] if left.method == "POST"]
    shown = watched(world, ticket.number)
    assert shown is not None
    assert shown.outcome == "not sent: the ticket expired before it left"
