"""Arming, the kill and the groups at their corners: who may not arm and why, and what a group that is gone comes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import pytest
from msgspec.structs import replace

from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.errors import TransportError
from kalshi_tui.link import trading as link
from kalshi_tui.practice.rest.wire import HttpReply
from kalshi_tui.sdk.risk import RiskCheck
from tests.engine.dealing import (
    LIVE,
    LOOSE,
    a_world,
    denied,
    desk_of,
    placed,
    refused,
    resting,
    revoke,
    rows,
    running,
    stage,
    told,
)
from tests.engine.test_orders_corners import Ask, Bent
from tests.property.trading_world import LongWorld

GROUP: Final = "/order_groups/create"


@pytest.fixture
def world() -> Iterator[LongWorld]:
    with running() as here:
        yield here


def state(world: LongWorld) -> tuple[str, str]:
    return desk_of(world).kills.state()


# Who may not arm


@pytest.mark.parametrize(
    ("rules", "checks", "words", "way_on"),
    [
        (replace(LIVE, execution="observe"), LOOSE, "this engine only looks", "paper or live"),
        (replace(LIVE, may_go_live=False), LOOSE, "real money need [live] enabled = true", "docs/live.md"),
        (replace(LIVE, kill=True), LOOSE, "killed: by the settings", "lift the kill"),
        (LIVE, (), "the bundled limits are not loaded", "repair the installation"),
    ],
    ids=["only looks", "not enabled", "killed by the settings", "no limits"],
)
def test_an_engine_that_may_not_trade_is_not_armed_says_why_and_sends_nothing(
    rules: OrderRules, checks: tuple[RiskCheck, ...], words: str, way_on: str
) -> None:
    with running(rules, checks) as world:
        problem = refused(world, link.Arm())
        assert words in problem.message
        assert way_on in problem.hint
        ticket = stage(world)
        assert denied(ticket)
        assert "not fired" in refused(world, link.Fire(ticket.number, ticket.token)).message
        world.wait(1)
        assert (rows(world, "Armed"), rows(world, "Intended"), resting(world)) == (0, 0, [])
        assert state(world)[0] != "active"


def test_limits_that_nobody_wants_need_not_be_loaded() -> None:
    with running(replace(LIVE, needs_limits=False), ()) as world:
        world.ask(link.Arm())
        assert state(world) == ("active", "")


async def refuse_otherwise(_: Ask) -> HttpReply:
    return HttpReply(401, b'{"code":"authentication_error","message":"revoked"}', {})


def test_a_key_that_the_venue_refuses_disarms_and_arms_nobody_until_it_is_taken_again(world: LongWorld) -> None:
    world.ask(link.Arm())
    order = placed(world)
    revoked = revoke(world)
    world.ask(link.CancelOrders((order.number,)))
    world.wait(2)
    desk = desk_of(world)
    assert desk.ledger.armed_until_ms is None
    problem = refused(world, link.Arm())
    assert problem.message.startswith("the venue refuses our key: ")
    assert problem.hint == "`kalshi-tui doctor` looks at the key"
    assert state(world) == ("halted", problem.message)
    assert (rows(world, "Armed"), resting(world)) == (2, [100]), "one by a person, one by what was fired"
    other = Bent(world, "GET", "", refuse_otherwise)
    world.ask(link.Reconcile())
    world.wait(2)
    assert other.met
    assert state(world) == ("halted", problem.message), "what was said first is said"
    assert told(world, "alarm").count(problem.message) == 1
    other.is_on = False
    world.exchange.keys.update(revoked)
    world.wait(30)
    assert state(world)[0] == "disarmed", "who has the key again has not armed"
    assert "the venue takes our key again" in told(world, "warning")
    world.ask(link.Arm())
    assert state(world) == ("active", "")


def test_an_arming_ends_when_nobody_fires_for_so_long_and_each_fire_begins_it_anew() -> None:
    with running(replace(LIVE, arm_ms=20_000)) as world:
        world.ask(link.Arm())
        world.wait(15)
        placed(world)
        world.wait(15)
        assert state(world) == ("active", "")
        world.wait(6)
        assert state(world) == ("disarmed", "nobody fired for so long")
        assert denied(stage(world)) == ["NOT_ARMED"]
        assert resting(world) == [100], "what rests goes on resting"


# Kill


def test_a_kill_is_lifted_once(world: LongWorld) -> None:
    assert refused(world, link.ResetKill("lift")).message == "nothing is killed"
    world.ask(link.Kill("a person"))
    world.wait(20)
    world.ask(link.ResetKill("lift"))
    assert refused(world, link.ResetKill("lift")).message == "nothing is killed"
    assert (rows(world, "Killed"), rows(world, "KillReset")) == (1, 1)


def test_the_next_engine_lifts_no_kill_before_it_has_compared(world: LongWorld) -> None:
    world.ask(link.Kill("a person"))
    world.wait(20)
    world.crash()
    world.faults.armed["list slow"] += 20
    world.start()
    problem = refused(world, link.ResetKill("lift"))
    assert problem.message.startswith("not compared with the venue: ")
    assert "wait for a clean comparison" in problem.hint
    world.wait(30)
    world.ask(link.ResetKill("lift"))
    assert state(world)[0] == "disarmed"


def test_nothing_is_shown_of_a_kill_before_it_and_after_it_was_lifted(world: LongWorld) -> None:
    kills = desk_of(world).kills
    assert kills.row() is None
    world.ask(link.Kill("a person"))
    row = kills.row()
    assert row is not None
    assert (row.reason, row.is_over) == ("a person", False)
    world.wait(20)
    row = kills.row()
    assert row is not None
    assert (row.reason, row.resting, row.is_over) == ("a person", 0, True)
    world.ask(link.ResetKill("lift"))
    assert kills.row() is None


def test_a_mark_that_another_program_sets_kills_and_its_taking_away_lifts_nothing(world: LongWorld) -> None:
    world.ask(link.Arm())
    placed(world)
    world.flag.set("another program")
    world.wait(20)
    assert (state(world), resting(world)) == (("killed", "another program"), [])
    row = desk_of(world).kills.row()
    assert row is not None
    assert (row.reason, row.resting, row.is_over) == ("another program", 0, True)
    world.flag.clear()
    world.wait(20)
    assert state(world) == ("killed", "another program"), "the journal has kept it, and a person lifts it"
    assert rows(world, "Killed") == 1


def test_a_kill_that_goes_on_is_not_lifted_although_all_was_compared(world: LongWorld) -> None:
    world.ask(link.Arm())
    placed(world)
    assert world.alive is not None
    inner = world.alive.http.send

    async def reads_alone(
        method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None
    ) -> HttpReply:
        return await inner(method, path_and_query, headers, body) if method == "GET" else HttpReply(503, b"", {})

    world.alive.http.send = reads_alone  # type: ignore[method-assign]
    world.ask(link.Kill("a person"))
    world.wait(30)
    problem = refused(world, link.ResetKill("lift"))
    assert problem.message.startswith("the kill is not over yet: ")
    assert problem.hint == "wait until nothing rests any more"
    assert resting(world) == [100]
    world.alive.http.send = inner  # type: ignore[method-assign]
    world.wait(40)
    world.ask(link.ResetKill("lift"))
    assert (state(world)[0], resting(world)) == ("disarmed", [])


# Groups


class NoGroups:
    """A way to the venue on which whoever makes a group gets no answer."""

    def __init__(self, world: LongWorld) -> None:
        assert world.alive is not None
        self.is_on = True
        self.asked_ms: list[int] = []
        self._world, self._inner = world, world.alive.http.send
        world.alive.http.send = self.send  # type: ignore[method-assign]

    async def send(self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None) -> HttpReply:
        if path_and_query.partition("?")[0].endswith(GROUP):
            self.asked_ms.append(self._world.now_ms)
            if self.is_on:
                raise TransportError("the connection was cut", hint="look at the network")
        return await self._inner(method, path_and_query, headers, body)


def test_nothing_is_fired_without_a_group_and_one_that_could_not_be_made_is_made_later() -> None:
    with a_world() as here:
        here.start()
        cut = NoGroups(here)
        here.wait(9)
        here.ask(link.Arm())
        assert denied(stage(here)) == ["GROUP_MISSING"]
        words = "the order group of shard 0 could not be made"
        assert [text for text in told(here, "warning") if text.startswith(words)]
        pauses = [after - before for before, after in zip(cut.asked_ms, cut.asked_ms[1:], strict=False)]
        assert len(pauses) >= 2
        assert min(pauses) >= 2_000, "it asks calmly"
        cut.is_on = False
        here.wait(4)
        order = placed(here)
        assert order.group_id == desk_of(here).ledger.groups[0].group_id
        assert len(here.exchange.groups) == 1


def test_a_group_that_was_deleted_at_the_venue_is_lost_and_made_anew(world: LongWorld) -> None:
    world.ask(link.Arm())
    ledger = desk_of(world).ledger
    before = ledger.groups[0].group_id
    world.exchange.delete_group(world.user_id, before)
    world.ask(link.Reconcile())
    world.wait(6)
    after = ledger.groups[0].group_id
    assert after != before
    assert list(world.exchange.groups) == [after]
    assert placed(world).group_id == after
    assert resting(world) == [100]


def test_a_group_that_went_while_no_engine_ran_is_missed_in_the_list_and_made_anew(world: LongWorld) -> None:
    before = desk_of(world).ledger.groups[0].group_id
    world.crash()
    world.exchange.delete_group(world.user_id, before)
    world.start()
    world.wait(6)
    world.ask(link.Arm())
    ledger = desk_of(world).ledger
    after = ledger.groups[0].group_id
    assert after != before
    assert list(world.exchange.groups) == [after]
    assert placed(world).group_id == after
    assert resting(world) == [100]
