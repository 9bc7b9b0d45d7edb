"""A ticket's token: good once, for its own bodies, before its time is over, in its own session and mode."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.engine.trading.tickets import Tickets
from kalshi_tui.link import trading as link
from tests.engine.dealing import LIVE, armed, begin, fire, refused, stage
from tests.property.trading_world import LongWorld


@pytest.fixture
def world() -> Iterator[LongWorld]:
    with armed() as here:
        yield here


def good(world: LongWorld, size: int = 100) -> link.TicketView:
    """Stage what nothing but its token keeps back."""
    ticket = stage(world, size)
    assert ticket.may_fire
    return ticket


def kept_back(world: LongWorld, number: int, token: str) -> str:
    """Fire, and return why nothing was sent."""
    sent = len(world.left)
    problem = refused(world, link.Fire(number, token))
    world.wait(0.5)
    assert [left for left in world.left[sent:] if left.method == "POST"] == []
    return problem.message


def test_a_token_is_good_once(world: LongWorld) -> None:
    ticket = good(world)
    fire(world, ticket)
    world.wait(3)
    assert "TICKET_USED" in kept_back(world, ticket.number, ticket.token)
    assert len(list(world.exchange.orders_of(world.user_id))) == 1


def test_a_token_fires_no_other_ticket_and_none_fires_without_its_own(world: LongWorld) -> None:
    small, large = good(world, 100), good(world, 900)
    assert small.token != large.token
    for token in (small.token, "", large.token[:-1], large.token.upper()):
        assert "TOKEN_WRONG" in kept_back(world, large.number, token)
    fire(world, large)


def test_a_token_is_good_for_no_longer_than_its_ticket(world: LongWorld) -> None:
    late = good(world)
    world.wait(LIVE.ticket_ms / 1000)
    assert "TICKET_EXPIRED" in kept_back(world, late.number, late.token)
    dropped = good(world)
    world.ask(link.Drop(dropped.number))
    assert "TICKET_EXPIRED" in kept_back(world, dropped.number, dropped.token)


def test_a_token_of_an_earlier_session_fires_nothing(world: LongWorld) -> None:
    old = good(world)
    world.crash()
    begin(world)
    world.ask(link.Arm())
    assert f"there is no ticket {old.number}" in kept_back(world, old.number, old.token)
    new = good(world)
    assert (new.number, new.size) == (old.number, old.size), "it looks the same"
    assert "TOKEN_WRONG" in kept_back(world, new.number, old.token)


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
