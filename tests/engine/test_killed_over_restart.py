"""A kill outlasts engines: whatever of it has reached the disk, the next engine is killed until a person lifts it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from kalshi_tui.cli.drills.world import risk_checks
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link import trading as link
from tests.plugins.pictures import LOOSEST
from tests.property.trading_world import LongWorld

RULES: Final = OrderRules(execution="live", reset_phrase="lift")
CREATE: Final = "/trade-api/v2/portfolio/events/orders"


@pytest.fixture
def world() -> Iterator[LongWorld]:
    here = LongWorld(3, orders=RULES, checks=risk_checks(tuple(LOOSEST.items())))
    try:
        begin(here)
        here.ask(link.Arm())
        yield here
    finally:
        here.end()


def begin(world: LongWorld) -> None:
    world.start()
    world.wait(2)


def fire(world: LongWorld, size: int = 100) -> None:
    market = world.exchange.markets[world.tickers[0]]
    staged = world.ask(link.Stage(link.Draft(world.tickers[0], "bid", Price(market.best_bid - 300), Size(size))))
    assert isinstance(staged, link.Staged)
    world.ask(link.Fire(staged.ticket.number, staged.ticket.token))


def resting(world: LongWorld) -> int:
    return len(list(world.exchange.resting_of(world.user_id)))


@pytest.mark.parametrize("kept", ["journal and mark", "journal alone", "mark alone"])
@pytest.mark.parametrize("after_s", [0.0, 0.005, 0.02, 1.0])
def test_an_engine_that_is_killed_and_crashes_is_followed_by_one_that_is_killed(
    world: LongWorld, kept: str, after_s: float
) -> None:
    for size in (100, 200, 300):
        fire(world, size)
    world.wait(1)
    assert resting(world) == 3
    before = len(world.journal.durable_rows())
    world.ask(link.Kill("a person"))
    world.wait(0.001)  # until the disk has it
    killed_at = len(world.left)
    world.wait(after_s)
    world.crash()
    if kept == "mark alone":
        world.journal.lose_after(before)
    elif kept == "journal alone":
        world.flag.clear()
    for _ in range(3):
        begin(world)
        desk = world.engine.kernel.desk
        assert desk.kills.state()[0] == "killed"
        with pytest.raises(KalshiTuiError):
            world.ask(link.Arm())
        with pytest.raises(KalshiTuiError, match=r"KILLED|not armed"):
            fire(world)
        world.wait(5)
        assert resting(world) == 0, "the next engine goes on with the kill"
        world.crash()
    created = [number for number, left in enumerate(world.left) if (left.method, left.path) == ("POST", CREATE)]
    assert len(created) == 3
    assert max(created) < killed_at


def test_a_kill_is_lifted_by_its_phrase_alone_after_a_clean_comparison_and_stays_lifted(world: LongWorld) -> None:
    fire(world)
    world.ask(link.Kill("a person"))
    with pytest.raises(KalshiTuiError, match="compared with the venue"):
        world.ask(link.ResetKill("lift"))
    world.wait(20)
    with pytest.raises(KalshiTuiError, match="phrase"):
        world.ask(link.ResetKill("lift it"))
    world.ask(link.ResetKill("lift"))
    assert world.flag.reason() == ""
    assert world.engine.kernel.desk.kills.state()[0] == "disarmed", "who lifts a kill has not armed"
    world.crash()
    begin(world)
    world.ask(link.Arm())
    world.wait(1)  # until the group that the kill has tripped takes orders again
    fire(world, 200)
    world.wait(1)
    assert resting(world) == 1


def test_a_kill_that_could_not_be_verified_is_not_lifted_like_one_that_was_and_goes_on(world: LongWorld) -> None:
    fire(world)
    world.wait(1)
    keys = world.exchange.keys
    revoked = {key_id: key for key_id, key in keys.items() if key.user_id == world.user_id}
    for key_id in revoked:
        del keys[key_id]
    world.ask(link.Kill("a person"))
    world.wait(20)
    assert resting(world) == 1
    shown = world.engine.kernel.desk.kills.row()
    assert shown is not None
    assert (shown.is_over, shown.resting) == (False, None)
    assert "pending" in shown.words
    with pytest.raises(KalshiTuiError):
        world.ask(link.ResetKill("lift"))
    keys.update(revoked)
    world.wait(40)
    desk = world.engine.kernel.desk
    assert resting(world) == 0
    world.ask(link.ResetKill("lift"))
    assert desk.kills.reason() == ""


def test_who_knows_better_lifts_a_kill_that_was_not_verified_by_saying_so(world: LongWorld) -> None:
    desk = world.engine.kernel.desk
    world.ask(link.Kill("a person"))
    world.wait(5)
    assert desk.kills.step is not None
    desk.kills.step = link.KillRow(desk.now_ms, "a person", "NOT verified", None, is_over=True)
    with pytest.raises(KalshiTuiError, match="not seen that nothing rests") as refused:
        world.ask(link.ResetKill("lift"))
    assert "lift although orders may rest" in refused.value.hint
    world.ask(link.ResetKill("lift although orders may rest"))
    assert desk.kills.reason() == ""
