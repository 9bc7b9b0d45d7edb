"""A ticket's token: good once, for its own bodies, before its time is over, in its own session and mode."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.cli.drills.world import risk_checks
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.trading.tickets import Tickets
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link import trading as link
from tests.plugins.pictures import LOOSEST
from tests.property.trading_world import LongWorld

RULES: Final = OrderRules(execution="live", reset_phrase="lift")


@pytest.fixture
def world() -> Iterator[LongWorld]:
    here = LongWorld(3, orders=RULES, checks=risk_checks(tuple(LOOSEST.items())))
    try:
        begin(here)
        yield here
    finally:
        here.end()


def begin(world: LongWorld) -> None:
    world.start()
    world.wait(2)
    world.ask(link.Arm())


def stage(world: LongWorld, size: int = 100) -> link.TicketView:
    market = world.exchange.markets[world.tickers[0]]
    staged = world.ask(link.Stage(link.Draft(world.tickers[0], "bid", Price(market.best_bid - 300), Size(size))))
    assert isinstance(staged, link.Staged)
    assert staged.ticket.may_fire
    return staged.ticket


def refused(world: LongWorld, number: int, token: str) -> str:
    """Fire, and return why nothing was sent."""
    sent = len(world.left)
    with pytest.raises(KalshiTuiError) as caught:
        world.ask(link.Fire(number, token))
    world.wait(0.5)
    assert [left for left in world.left[sent:] if left.method == "POST"] == []
    return caught.value.message


def test_a_token_is_good_once(world: LongWorld) -> None:
    ticket = stage(world)
    world.ask(link.Fire(ticket.number, ticket.token))
    world.wait(3)
    assert "TICKET_USED" in refused(world, ticket.number, ticket.token)
    assert len(list(world.exchange.orders_of(world.user_id))) == 1


def test_a_token_fires_no_other_ticket_and_none_fires_without_its_own(world: LongWorld) -> None:
    small, large = stage(world, 100), stage(world, 900)
    assert small.token != large.token
    for token in (small.token, "", large.token[:-1], large.token.upper()):
        assert "TOKEN_WRONG" in refused(world, large.number, token)
    world.ask(link.Fire(large.number, large.token))


def test_a_token_is_good_for_no_longer_than_its_ticket(world: LongWorld) -> None:
    late = stage(world)
    world.wait(RULES.ticket_ms / 1000)
    assert "TICKET_EXPIRED" in refused(world, late.number, late.token)
    dropped = stage(world)
    world.ask(link.Drop(dropped.number))
    assert "TICKET_EXPIRED" in refused(world, dropped.number, dropped.token)


def test_a_token_of_an_earlier_session_fires_nothing(world: LongWorld) -> None:
    old = stage(world)
    world.crash()
    begin(world)
    assert f"there is no ticket {old.number}" in refused(world, old.number, old.token)
    new = stage(world)
    assert (new.number, new.size) == (old.number, old.size), "it looks the same"
    assert "TOKEN_WRONG" in refused(world, new.number, old.token)


BOUND: Final[dict[str, Any]] = {
    "install": "abcdef",
    "sessions": 1,
    "mode": "PRACTICE",
    "number": 1,
    "made_ms": 5,
    "digest": "00ff",
}


def token_of(**bound: Any) -> str:
    desk = SimpleNamespace(
        ledger=SimpleNamespace(install=bound["install"], sessions=bound["sessions"]), mode=bound["mode"]
    )
    ticket = SimpleNamespace(
        number=bound["number"], made_ms=bound["made_ms"], bodies=SimpleNamespace(digest=bound["digest"])
    )
    return Tickets(desk)._token(ticket)  # type: ignore[arg-type]  # all that a token is made of


@settings(derandomize=True, max_examples=200, database=None)
@given(changed=st.dictionaries(st.sampled_from(sorted(BOUND)), st.integers(10, 10**6), min_size=1))
def test_a_token_changes_with_bodies_session_installation_and_mode(changed: dict[str, int]) -> None:
    other = BOUND | {name: type(BOUND[name])(value) for name, value in changed.items()}
    assert token_of(**other) != token_of(**BOUND)
    assert token_of(**other) == token_of(**other)
