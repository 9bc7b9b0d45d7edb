"""A kill outlasts engines: whatever of it has reached the disk, the next engine is killed until a person lifts it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link import trading as link
from tests.engine.dealing import armed, begin, desk_of, place, resting, revoke
from tests.property.trading_world import LongWorld

CREATE: Final = "/trade-api/v2/portfolio/events/orders"


@pytest.fixture
def world() -> Iterator[LongWorld]:
    with armed() as here:
        yield here


@pytest.mark.parametrize("kept", ["journal and mark", "journal alone", "mark alone"])
@pytest.mark.parametrize("after_s", [0.0, 0.005, 0.02, 1.0])
def test_an_engine_that_is_killed_and_crashes_is_followed_by_one_that_is_killed(
    world: LongWorld, kept: str, after_s: float
) -> None:
    for size in (100, 200, 300):
        place(world, size)
    world.wait(1)
    assert resting(world) == [100, 200, 300]
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
        desk = desk_of(world)
        assert desk.kills.state()[0] == "killed"
        with pytest.raises(KalshiTuiError):
            world.ask(link.Arm())
        with pytest.raises(KalshiTuiError, match=r"KILLED|not armed"):
            place(world)
        world.wait(5)
        assert resting(world) == [], "the next engine goes on with the kill"
        world.crash()
    created = [number for number, left in enumerate(world.left) if (left.method, left.path) == ("POST", CREATE)]
    assert len(created) == 3
    assert max(created) < killed_at


def test_a_kill_is_lifted_by_its_phrase_alone_after_a_clean_comparison_and_stays_lifted(world: LongWorld) -> None:
    place(world)
    world.ask(link.Kill("a person"))
    with pytest.raises(KalshiTuiError, match="compared with the venue"):
        world.ask(link.ResetKill("lift"))
    world.wait(20)
    with pytest.raises(KalshiTuiError, match="phrase"):
        world.ask(link.ResetKill("lift it"))
    world.ask(link.ResetKill("lift"))
    assert world.flag.reason() == ""
    assert desk_of(world).kills.state()[0] == "disarmed", "who lifts a kill has not armed"
    world.crash()
    begin(world)
    world.ask(link.Arm())
    world.wait(1)  # until the group that the kill has tripped takes orders again
    place(world, 200)
    world.wait(1)
    assert resting(world) == [200]


def test_a_kill_that_could_not_be_verified_is_not_lifted_like_one_that_was_and_goes_on(world: LongWorld) -> None:
    place(world)
    world.wait(1)
    revoked = revoke(world)
    world.ask(link.Kill("a person"))
    world.wait(20)
    assert resting(world) == [100]
    shown = desk_of(world).kills.row()
    assert shown is not None
    assert (shown.is_over, shown.resting) == (False, None)
    assert "pending" in shown.words
    with pytest.raises(KalshiTuiError):
        world.ask(link.ResetKill("lift"))
    world.exchange.keys.update(revoked)
    world.wait(40)
    desk = desk_of(world)
    assert resting(world) == []
    world.ask(link.ResetKill("lift"))
    assert desk.kills.reason() == ""


def test_who_knows_better_lifts_a_kill_that_was_not_verified_by_saying_so(world: LongWorld) -> None:
    desk = desk_of(world)
    world.ask(link.Kill("a person"))
    world.wait(5)
    assert desk.kills.step is not None
    desk.kills.step = link.KillRow(desk.now_ms, "a person", "NOT verified", None, is_over=True)
    with pytest.raises(KalshiTuiError, match="not seen that nothing rests") as refused:
        world.ask(link.ResetKill("lift"))
    assert "lift although orders may rest" in refused.value.hint
    world.ask(link.ResetKill("lift although orders may rest"))
    assert desk.kills.reason() == ""
