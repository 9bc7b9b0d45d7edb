"""Cancels and changes at their corners: all that was named or none, never below what is filled, never two at a time."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any, Final

import pytest
from msgspec.structs import replace

from kalshi_tui.core.units import Price, Size
from kalshi_tui.errors import TransportError
from kalshi_tui.link import trading as link
from kalshi_tui.practice.rest.wire import HttpReply
from tests.engine.dealing import QUICK, armed, desk_of, placed, refused, resting, rows, told
from tests.property.trading_world import LongWorld

RULES: Final = replace(QUICK, quarantine_ms=10_000, depth_percent=100)


@pytest.fixture
def world() -> Iterator[LongWorld]:
    with armed(RULES) as here:
        yield here


Ask = Callable[[], Coroutine[Any, Any, HttpReply]]


class Bent:
    """The way to the venue, on which what goes to some place is treated by a test."""

    def __init__(self, world: LongWorld, method: str, end: str, treat: Callable[[Ask], Any]) -> None:
        assert world.alive is not None
        self.is_on, self.met = True, 0
        self._method, self._end, self._treat = method, end, treat
        self._inner = world.alive.http.send
        world.alive.http.send = self.send  # type: ignore[method-assign]

    async def send(self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None) -> HttpReply:
        def ask() -> Coroutine[Any, Any, HttpReply]:
            return self._inner(method, path_and_query, headers, body)

        if not self.is_on or method != self._method or not path_and_query.partition("?")[0].endswith(self._end):
            return await ask()
        self.met += 1
        reply: HttpReply = await self._treat(ask)
        return reply


async def lose(_: Ask) -> HttpReply:
    raise TransportError("the connection was cut", hint="look at the network")


# What is asked for


def test_a_cancel_of_several_is_all_or_nothing_where_one_of_them_does_not_work(world: LongWorld) -> None:
    first, second = placed(world, 100), placed(world, 200)
    world.ask(link.CancelOrders((first.number,)))
    world.wait(1)
    for numbers in ((second.number, first.number), (second.number, 99)):
        problem = refused(world, link.CancelOrders(numbers))
        assert problem.message == f"order {numbers[1]} does not work"
        assert problem.hint == "`kalshi-tui orders` lists what does"
    assert (rows(world, "CancelAsked"), resting(world)) == (1, [200])


def test_an_order_that_is_named_twice_is_cancelled_once(world: LongWorld) -> None:
    first, second = placed(world, 100), placed(world, 200)
    named = link.CancelOrders((second.number, second.number), ticker=world.tickers[0])
    assert world.ask(named) == link.Canceling((first.number, second.number))
    world.wait(1)
    assert (rows(world, "CancelAsked"), resting(world)) == (2, [])


def test_a_cancel_that_names_nothing_is_no_cancel_of_everything(world: LongWorld) -> None:
    placed(world)
    problem = refused(world, link.CancelOrders())
    assert (problem.message, "lists them" in problem.hint) == ("no order was named", True)
    assert world.ask(link.CancelOrders(ticker=world.tickers[1])) == link.Canceling(())
    assert (rows(world, "CancelAsked"), resting(world)) == (0, [100])


def test_an_order_is_not_made_smaller_than_what_is_filled_of_it(world: LongWorld) -> None:
    book = world.engine.kernel.stream.books[world.tickers[0]].book
    assert book.best_ask is not None
    size = book.size_at("ask", book.best_ask) + 300
    order = placed(world, size, price=book.best_ask)
    assert (order.state, order.filled) == ("resting", size - 300), "it took what was offered, and rests"
    for wrong in (size - 300, size - 301, size, size + 1):
        assert "not smaller than what is filled" in refused(world, link.Reduce(order.number, Size(wrong))).message
    assert rows(world, "ChangeAsked") == 0
    world.ask(link.Reduce(order.number, Size(size - 299)))
    world.wait(0.2)
    assert (order.size, order.open_size, resting(world)) == (size - 299, 1, [1])


def test_an_order_is_made_smaller_once_at_a_time(world: LongWorld) -> None:
    order = placed(world, 300)
    Bent(world, "POST", "/decrease", lose)
    world.ask(link.Reduce(order.number, Size(200)))
    problem = refused(world, link.Reduce(order.number, Size(100)))
    assert (problem.message, problem.hint) == (
        f"order {order.number} does not rest",
        "`kalshi-tui orders` says how it is",
    )
    world.wait(1)
    assert refused(world, link.Reduce(order.number, Size(100))).message == problem.message, "nor before that is known"
    assert rows(world, "ChangeAsked") == 1


# What comes of it


def test_an_amendment_that_was_lost_counts_at_its_worst_until_the_venue_has_shown_otherwise_for_long(
    world: LongWorld,
) -> None:
    order = placed(world, 300)
    price = order.price
    lost = Bent(world, "POST", "/amend", lose)
    placed(world, 500, kind="amend", replaces=order.number, price=Price(price + 100))
    assert lost.met == 1
    world.wait(8)
    assert (order.is_changing, order.open_size, order.worst_price) == (True, 500, price + 100)
    world.wait(25)
    assert (order.is_changing, order.state) == (False, "resting")
    assert (order.size, order.open_size, order.price, order.worst_price) == (300, 300, price, price)
    assert resting(world) == [300]


def test_an_amendment_whose_answer_alone_was_lost_is_found_out_by_looking(world: LongWorld) -> None:
    order = placed(world, 300)
    price = order.price

    async def lose_answer(ask: Ask) -> HttpReply:
        await ask()
        raise TransportError("the connection was cut", hint="look at the network")

    Bent(world, "POST", "/amend", lose_answer)
    world.faults.armed["user_orders drop"] += 3
    placed(world, 500, kind="amend", replaces=order.number, price=Price(price + 100))
    world.wait(5)
    assert (order.is_changing, order.state, order.size, order.price) == (False, "resting", 500, price + 100)


def test_a_change_that_comes_after_the_end_of_its_order_is_refused_and_nothing_more_is_asked(world: LongWorld) -> None:
    order = placed(world, 300)

    async def late(ask: Ask) -> HttpReply:
        await world.clock.sleep(1.0)
        return await ask()

    Bent(world, "POST", "/decrease", late)
    world.ask(link.Reduce(order.number, Size(100)))
    world.exchange.cancel(world.user_id, order.order_id)
    world.wait(0.5)
    assert order.state == "canceled"
    before = len(world.left)
    world.wait(5)
    assert f"order {order.number} was not changed" in "\n".join(told(world, "warning"))
    assert not [left for left in world.left[before:] if left.path.partition("?")[0].endswith(order.order_id)]
    assert (order.state, order.open_size, order.is_changing) == ("canceled", 0, False)


def test_a_cancel_that_overtakes_a_decrease_asks_the_venue_how_much_was_filled(world: LongWorld) -> None:
    order = placed(world, 300)
    Bent(world, "POST", "/decrease", lose)
    world.faults.armed["user_orders drop"] += 3
    world.ask(link.Reduce(order.number, Size(100)))
    world.wait(0.2)
    before = len(world.left)
    world.ask(link.CancelOrders((order.number,)))
    world.wait(2)
    looks = [left for left in world.left[before:] if left.method == "GET" and left.path.endswith(order.order_id)]
    assert looks
    assert (order.state, order.filled, order.open_size) == ("canceled", 0, 0)


def test_a_cancel_that_the_rate_limit_refuses_is_asked_for_until_the_venue_takes_it(world: LongWorld) -> None:
    order = placed(world)

    async def refuse(_: Ask) -> HttpReply:
        return HttpReply(429, b"", {})

    busy = Bent(world, "DELETE", order.order_id, refuse)
    world.ask(link.CancelOrders((order.number,)))
    world.wait(20)
    assert busy.met >= 3
    assert (order.is_working, order.open_size, resting(world)) == (True, 100, [100])
    busy.is_on = False
    world.wait(10)
    assert (order.state, resting(world)) == ("canceled", [])


def test_a_cancel_that_was_lost_is_asked_for_again_once_the_venue_shows_the_order_at_rest(world: LongWorld) -> None:
    order = placed(world)
    world.faults.armed["cancel lost"] += 1
    world.ask(link.CancelOrders((order.number,)))
    world.wait(10)
    assert world.faults.struck["cancel lost"] == 1
    assert (order.state, resting(world)) == ("canceled", [])
    assert rows(world, "CancelAsked") == 2, "one by a person, one by the engine"


def test_a_cancel_whose_answer_counts_fills_that_nobody_told_has_them_read(world: LongWorld) -> None:
    order = placed(world, 300)
    world.faults.armed["partly filled before the cancel"] += 1
    world.faults.armed["fill drop"] += 1
    world.ask(link.CancelOrders((order.number,)))
    world.wait(0.3)
    assert (order.state, order.filled, order.open_size) == ("canceled", 0, 100), "one contract is filled, and not told"
    world.wait(3)
    assert (order.filled, order.open_size) == (100, 0)
    assert desk_of(world).risk.position(world.tickers[0]).size == 100
