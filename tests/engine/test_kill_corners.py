"""A kill at its corners: without a key, with a timer that comes early, with groups and lists that tell too late."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from kalshi_tui.engine.killing import KillPatience, KillReport, kill_everything
from kalshi_tui.engine.ports import HttpReply, Reply
from kalshi_tui.engine.venue import PAGES_LIMIT, Venue
from kalshi_tui.practice.memory import VirtualClock
from tests.engine.test_killing import Recorded, World

LIST = "/trade-api/v2/portfolio/orders"


def test_without_a_key_known_groups_are_tried_and_nothing_is_asked_or_claimed() -> None:
    world = World()
    group = world.group()
    world.place(1, group=group)
    world.venue = Venue(world.http, world.clock, lambda: 0.5)
    report = world.kill(groups=(group,))
    assert world.http.sent == []
    assert (report.is_verified, report.resting, report.positions, report.took_ms) == (False, None, None, 0)
    assert (report.triggered, report.not_triggered) == ((), (group,))
    assert "never said what rests" in report.words
    assert "needs a key" in report.words
    assert [step.stage for step in world.steps] == ["triggering", "ended"]
    assert world.resting() == 1


class Early:
    """A clock whose second wait ends long before its time."""

    def __init__(self, inner: VirtualClock) -> None:
        self._inner = inner
        self.waits: list[float] = []

    def now_ms(self) -> int:
        return self._inner.now_ms()

    def monotonic(self) -> float:
        return self._inner.monotonic()

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await self._inner.sleep(seconds / 10 if len(self.waits) == 1 else seconds)


def test_two_empty_lists_too_close_to_each_other_are_no_proof_and_the_first_one_still_counts() -> None:
    world = World()
    clock = Early(world.clock)

    async def kill() -> KillReport:
        return await kill_everything(world.venue, clock, tell=world.steps.append, patience=KillPatience())

    report = world.run(kill())
    assert report.is_verified
    first, early, last = world.http.times("GET", LIST)
    assert early - first < 0.25
    assert last - first >= 0.25
    assert clock.waits == [0.26, 0.26]
    assert [step.stage for step in world.steps] == ["waiting", "verified", "ended"]


class LateTrigger(Recorded):
    """The answer to the first trigger comes after everything else that was asked with it."""

    def __init__(self, world: World, late_s: float) -> None:
        super().__init__(world.http._inner, world.clock)
        self.late_s = late_s

    async def send(self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        late_s, self.late_s = (self.late_s, 0.0) if method == "PUT" else (0.0, self.late_s)
        reply: Reply = await super().send(method, path_and_query, headers, body)
        await asyncio.sleep(late_s)
        return reply


def test_a_group_that_was_not_found_where_it_was_looked_for_is_triggered_where_its_orders_are() -> None:
    """The order list tells the subaccount while the trigger, sent without one, is still on its way back with a 404."""
    world = World()
    number = world.desk.exchange.create_subaccount(world.desk.user_id)
    world.desk.exchange.transfer(world.desk.user_id, 0, number, 10_000_000_000)
    group = world.group(number)
    world.place(12, subaccount=number, group=group)
    world.http = LateTrigger(world, 0.2)
    world.venue = Venue(world.http, world.clock, lambda: 0.5, signer=world.venue._signer)
    report = world.kill(groups=(group,))
    assert report.is_verified
    assert (report.triggered, report.not_triggered) == ((group,), ())
    assert (report.canceled, report.gone, world.resting()) == (0, 12, 0)
    assert len(world.http.times("PUT", "/trigger")) == 2
    assert world.http.answers.count(404) == 1
    assert world.desk.exchange.groups[group].triggered


def test_a_list_whose_cursors_never_end_is_given_up_after_its_bound_and_is_no_list() -> None:
    world = World()
    world.place(1)
    pages = 0

    def next_page(_method: str, path: str) -> HttpReply | None:
        nonlocal pages
        if not path.startswith(LIST):
            return None
        pages += 1
        return HttpReply(200, {}, b'{"orders":[],"cursor":"page %d"}' % pages)

    world.http.before = next_page
    report = world.kill(limit_s=1)
    assert pages == PAGES_LIMIT
    assert (report.is_verified, report.resting, world.resting()) == (False, None, 1)
    assert report.trouble == "/portfolio/orders has no end"
