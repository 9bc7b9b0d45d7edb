"""What an engine's hands do when they may not, cannot, or need not: killing, marking, signing, sending, ending."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace

from kalshi_tui.adapters.journal_now import JournalNow
from kalshi_tui.adapters.sqlite_now import SqliteNow
from kalshi_tui.cli.drills.place import small_world
from kalshi_tui.cli.drills.world import World
from kalshi_tui.config.load import load_settings
from kalshi_tui.engine import inputs
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.running import Engine
from kalshi_tui.errors import KalshiTuiError, StorageFailed
from kalshi_tui.link import trading as link
from kalshi_tui.link.client import Link
from kalshi_tui.protocol import rest
from tests.engine.dealing import QUICK, armed, begin, fire, order_of, place, resting, stage, told
from tests.property.trading_world import LongWorld, Mark, _bury

CREATE: Final = "/trade-api/v2/portfolio/events/orders"


@pytest.fixture
def world() -> Iterator[LongWorld]:
    with armed(QUICK) as here:
        yield here


def kinds(world: LongWorld) -> list[str]:
    return [row.kind for row in world.journal.durable_rows()]


def writes(world: LongWorld, end: str) -> int:
    return sum(left.method != "GET" and left.path.partition("?")[0].endswith(end) for left in world.left)


# Killing


def test_a_kill_that_is_asked_for_while_one_runs_is_that_one(world: LongWorld) -> None:
    place(world)
    world.wait(1)
    for _ in range(3):
        world.ask(link.Kill("a person"))
    world.wait(5)
    assert resting(world) == []
    assert writes(world, "/trigger") == 1
    assert (kinds(world).count("Killed"), kinds(world).count("KillEnded")) == (1, 1)
    world.ask(link.Kill("a person"))
    world.wait(5)
    assert kinds(world).count("KillEnded") == 2, "one that is asked for after it is another"


class BadDisk(Mark):
    """A mark on a disk that takes nothing, or lets go of nothing."""

    def __init__(self, failing: str) -> None:
        super().__init__()
        self.failing = failing

    def set(self, reason: str) -> None:
        if self.failing == "set":
            raise StorageFailed("the disk is full", hint="free some space")
        super().set(reason)

    def clear(self) -> None:
        if self.failing == "clear":
            raise StorageFailed("the folder is read-only", hint="look at its mode")
        super().clear()


def test_a_kill_that_cannot_be_marked_on_the_disk_says_so_and_kills_all_the_same(world: LongWorld) -> None:
    world.crash()
    world.flag = BadDisk("set")
    begin(world)
    world.ask(link.Arm())
    place(world)
    world.wait(1)
    world.ask(link.Kill("a person"))
    world.wait(5)
    assert resting(world) == []
    assert "the kill could not be marked on the disk: the disk is full" in told(world, "alarm")
    assert world.flag.reason() == ""
    world.crash()
    begin(world)
    assert world.engine.kernel.desk.kills.state()[0] == "killed", "the journal has kept it"


def test_a_mark_that_cannot_be_taken_away_is_told_and_kills_the_next_engine_once_more(world: LongWorld) -> None:
    world.crash()
    world.flag = BadDisk("clear")
    begin(world)
    world.ask(link.Kill("a person"))
    world.wait(20)
    world.ask(link.ResetKill("lift"))
    world.wait(1)
    assert "the mark of the kill could not be taken away: the folder is read-only" in told(world, "alarm")
    assert world.flag.reason() == "a person"
    assert world.engine.kernel.desk.kills.reason() == "", "here it is lifted, as a person wanted it"
    world.crash()
    begin(world)
    assert world.engine.kernel.desk.kills.state() == ("killed", "a person")
    with pytest.raises(KalshiTuiError, match="killed"):
        world.ask(link.Arm())


def play(orders: OrderRules, part: Callable[[World, Engine, Link], Awaitable[None]], **more: Any) -> World:
    settings = load_settings(environ={}, folder=Path("/nonexistent"))
    storage = SqliteNow(("practice", "practice", orders.execution), settings.storage)
    asyncio.run(storage.open())
    world = World(storage, seed=3, spec=small_world(), orders=orders, **more)

    async def attended(engine: Engine, terminal: Link) -> None:
        await world.clock.sleep(5)
        await part(world, engine, terminal)

    world.play(attended)
    return world


@pytest.mark.parametrize(
    ("execution", "words", "still_rests"),
    [("observe", "this engine sends nothing", None), ("paper", "every simulated order is cancelled", 0)],
)
def test_an_engine_that_may_not_send_kills_nothing_at_the_venue_marks_the_disk_and_says_who_can(
    execution: Any, words: str, still_rests: int | None
) -> None:
    flag = Mark()

    async def part(_world: World, engine: Engine, terminal: Link) -> None:
        await terminal.ask(link.Kill("a person"))
        await _world.clock.sleep(1)
        row = engine.kernel.desk.kills.row()
        assert row is not None
        assert row.words == f"{words}; what rests at the venue is ended by `kalshi-tui kill`"
        assert (row.resting, row.is_over) == (still_rests, True)
        assert flag.reason() == "a person"
        assert engine.kernel.desk.kills.state()[0] == "killed"

    assert play(replace(QUICK, execution=execution), part, flag=flag).wire.writes == []


def test_an_engine_without_a_place_for_the_mark_kills_and_lifts_by_its_journal_alone() -> None:
    async def part(world: World, engine: Engine, terminal: Link) -> None:
        await terminal.ask(link.Kill("a person"))
        await world.clock.sleep(20)
        assert engine.kernel.desk.kills.state()[0] == "killed"
        await terminal.ask(link.ResetKill("lift"))
        assert engine.kernel.desk.kills.reason() == ""
        assert not [
            one for one in engine.kernel.notices.since(0) if one.loudness == "alarm" and "mark" in str(one.words)
        ]

    play(QUICK, part, flag=None)


# Signing and sending


def test_signatures_made_ahead_are_few_and_whatever_lost_its_own_is_signed_when_it_is_sent(world: LongWorld) -> None:
    """Each amendment has a path of its own, so ten of them would need ten signatures."""
    orders = []
    for number in range(10):
        orders.append(place(world, 100 + number).number)
        world.wait(0.3)
    world.wait(1)
    assert resting(world) == list(range(100, 110))
    tickets = []
    for order in orders:
        tickets.append(stage(world, 500 + order, kind="amend", replaces=order))
        assert len(world.engine.executor._signed) <= 8
    signed = world.engine.executor._signed
    paths = [f"{CREATE}/{order_of(world, order).order_id}/amend" for order in orders]
    assert [path in signed for path in (paths[0], paths[-1])] == [False, True]
    for ticket in (tickets[0], tickets[-1]):
        fire(world, ticket)
    world.wait(1)
    assert resting(world) == sorted([*range(101, 109), 500 + orders[0], 500 + orders[-1]])
    assert paths[-1] not in signed, "each goes out once"


def test_an_order_for_which_the_rate_budget_is_used_up_meanwhile_is_known_not_to_be_sent(world: LongWorld) -> None:
    ticket = stage(world)
    world.wait(0.1)
    before = writes(world, CREATE)
    venue = world.engine.executor._venue

    async def slow() -> None:
        """Let the budget be used up by others while the disk has the intent."""
        world.journal.stall = None
        venue.budget.refused(rest.reset_group("g"), int(world.clock.monotonic() * 1000))

    world.journal.stall = slow
    number = fire(world, ticket)
    world.wait(5)
    assert writes(world, CREATE) == before
    order = order_of(world, number)
    assert order.state == "not sent"
    assert ("NotSent" in kinds(world), "Unanswered" in kinds(world)) == (True, False)
    assert resting(world) == []


class Faulty:
    """A way to the venue that breaks by a fault of ours once an order is through."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def send(self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None) -> Any:
        reply = await self.inner.send(method, path_and_query, headers, body)
        if method == "POST" and path_and_query == CREATE:
            raise RuntimeError("a fault of ours")
        return reply

    async def close(self) -> None:
        await self.inner.close()


def test_a_fault_of_ours_in_a_send_ends_the_engine_and_the_next_one_finds_out_what_became_of_it(
    world: LongWorld,
) -> None:
    broken = world.alive
    assert broken is not None
    broken.http._inner = Faulty(broken.http._inner)  # type: ignore[assignment]  # as much of it as is called
    ticket = stage(world)
    fire(world, ticket)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        world.wait(1)
    world.cut_streams()
    world._loop.run_until_complete(_bury(broken))
    assert "Sending" in kinds(world)
    assert "Placed" not in kinds(world)
    begin(world)
    world.wait(30)
    (order,) = world.engine.kernel.desk.ledger.orders.values()
    assert (order.state, order.size) == ("resting", 100)
    assert resting(world) == [100]
    assert writes(world, CREATE) == 1


# Ending


def test_what_was_wanted_as_the_engine_ended_is_noted_and_no_longer_begun(world: LongWorld) -> None:
    place(world)
    world.wait(1)
    before = len([left for left in world.left if left.method != "GET"])
    engine = world.engine
    engine.intake.take(inputs.Traded(world.now_ms, link.Kill("a person"), "signal"))  # nothing has begun it yet
    world.stop()
    assert len([left for left in world.left if left.method != "GET"]) == before
    assert kinds(world)[-2:] == ["Killed", "Ended"]
    assert resting(world) == [100]
    begin(world)
    world.wait(5)
    assert resting(world) == [], "the next engine goes on with it"


def test_rows_that_the_disk_does_not_take_at_the_end_are_told_and_the_engine_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    journal = JournalNow()

    async def part(_world: World, _engine: Engine, _terminal: Link) -> None:
        journal.fail_next("the disk is full", times=99)

    play(QUICK, part, journal=journal)
    assert "Ended" not in [row.kind for row in journal.durable_rows()]
    assert "the journal's last rows were not kept: the journal did not take it: the disk is full" in caplog.text
