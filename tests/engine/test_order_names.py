"""The names of our orders: no two are alike, the venue takes them, and they are known as ours for ever."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_tui.cli.drills.world import risk_checks
from kalshi_tui.core.units import Size
from kalshi_tui.engine.trading.names import is_ours, order_name
from kalshi_tui.link import trading as link
from tests.plugins.pictures import LOOSEST
from tests.property.trading_world import LongWorld

INSTALL, BEGAN_MS = "abc123", 1_781_159_434_123
THEIRS = re.compile(r"[-\w:+=/]{1,64}", re.ASCII)  # what the venue takes for a name
PARTS = st.tuples(st.integers(1, 999_999_999), st.integers(1, 999_999_999), st.integers(0, 17_592_186_044_415))


@given(one=PARTS, other=PARTS)
def test_names_are_alike_only_where_session_ticket_and_beginning_are(
    one: tuple[int, int, int], other: tuple[int, int, int]
) -> None:
    names = [order_name(INSTALL, *parts) for parts in (one, other)]
    assert (names[0] == names[1]) is (one == other)
    for name in names:
        assert THEIRS.fullmatch(name)
        assert is_ours(name)
        assert is_ours(name, INSTALL)
        assert not is_ours(name, "xyz789")


def test_two_sessions_of_one_number_that_began_a_millisecond_apart_share_no_name() -> None:
    assert order_name(INSTALL, 2, 1, BEGAN_MS) != order_name(INSTALL, 2, 1, BEGAN_MS + 1)


def test_the_names_of_earlier_versions_are_ours() -> None:
    # The last four are the first four of `printf kt1-abc123-2-7 | sha256sum`, and likewise with seconds in hexadecimal.
    for name in ("kt1-abc123-2-7-3447", "kt1-abc123-2:6a2a560a-7-1693"):
        assert is_ours(name), name


@pytest.mark.parametrize("at", range(len("kt1-abc123-2:19eb5f7e6cb-7-")))
def test_a_name_that_was_misread_in_one_place_is_not_ours(at: int) -> None:
    name = order_name(INSTALL, 2, 7, BEGAN_MS)
    assert not is_ours(name[:at] + ("8" if name[at] != "8" else "9") + name[at + 1 :])


@pytest.fixture
def world() -> Iterator[LongWorld]:
    here = LongWorld(3, checks=risk_checks(tuple(LOOSEST.items())))
    try:
        yield here
    finally:
        here.end()


def buy(world: LongWorld) -> str:
    world.start()
    world.wait(3)
    world.ask(link.Arm())
    best = world.engine.kernel.stream.books[world.tickers[0]].book.best_ask
    assert best is not None
    draft = link.Draft(world.tickers[0], "bid", best, Size(100), time_in_force="immediate_or_cancel")
    staged = world.ask(link.Stage(draft))
    assert isinstance(staged, link.Staged)
    fired = world.ask(link.Fire(staged.ticket.number, staged.ticket.token))
    assert isinstance(fired, link.Fired)
    return world.engine.kernel.desk.ledger.orders[fired.orders[0]].client_order_id


def test_an_engine_whose_last_rows_were_lost_gives_no_name_a_second_time(world: LongWorld) -> None:
    world.start()
    world.wait(2)
    world.stop()
    before = len(world.journal.durable_rows())
    names: list[str] = []
    for _ in range(3):
        names.append(buy(world))
        assert world.engine.kernel.desk.ledger.sessions == 2, "its number comes again"
        world.crash()
        world.journal.lose_after(before)
    assert len(set(names)) == 3
