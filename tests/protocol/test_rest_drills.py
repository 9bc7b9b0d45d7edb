"""What our client says when an order's answer is late, lost or wrong, against what really happened at the exchange."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest

import kalshi_tui.practice
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.venue import Venue
from kalshi_tui.errors import (
    AlreadyExists,
    AuthenticationRefused,
    OutcomeUnknown,
    RateLimited,
    TransportError,
    VenueRefused,
)
from kalshi_tui.practice.desk import open_desk
from kalshi_tui.practice.keys import make_key
from kalshi_tui.practice.memory import MemoryHttp, Network, VirtualClock
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.signing import Scope, load_signer

T = TypeVar("T")
SCENARIOS = Path(kalshi_tui.practice.__file__).parent / "scenarios"


@cache
def key_pem() -> bytes:
    return make_key()


class Drill:
    """An exchange with a fault, and our client."""

    def __init__(self, scenario: str) -> None:
        path = next(SCENARIOS.glob(f"{scenario}-*.toml"))
        self.desk = open_desk(start_ms=1_781_159_370_000, seed=5, key_pem=key_pem(), scenario=path)
        self.clock = VirtualClock(self.desk.exchange)
        network = Network(self.clock, seed=1, failure=TransportError)
        signer = load_signer(self.desk.key_id, self.desk.key_pem, Scope.TRADE)
        self.venue = Venue(MemoryHttp(self.desk, network), self.clock, lambda: 0.5, signer=signer)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.clock.run(work)

    def order(self, client_order_id: str) -> rest.Request[rest.Created]:
        ticker = next(ticker for ticker, market in self.desk.exchange.markets.items() if market.status == "active")
        new = rest.NewOrder(
            client_order_id=client_order_id, ticker=ticker, side="bid", price=Price(100), size=Size(100)
        )
        return rest.create_order(new)

    async def outcome(self, request: rest.Request[Any]) -> str:
        try:
            await self.venue.ask(request)
        except Exception as problem:  # noqa: BLE001 - its kind is what the drill is about
            return type(problem).__name__
        return "ok"

    def taken(self) -> list[str]:
        """Return the client_order_ids of our orders that the exchange really has."""
        orders = self.desk.exchange.orders_of(self.desk.user_id)
        return [order.client_order_id for order in orders]


@pytest.mark.parametrize(
    ("scenario", "outcomes", "taken_in_the_end"),
    [
        ("f01", [RateLimited], []),
        ("f03", [OutcomeUnknown], []),
        ("f04", [OutcomeUnknown], ["id-0"]),
        ("f05", [OutcomeUnknown, OutcomeUnknown, OutcomeUnknown], ["id-1", "id-2"]),
        ("f06", [OutcomeUnknown], []),
        ("f07", [OutcomeUnknown], ["id-0"]),
        ("f08", [OutcomeUnknown], ["id-0"]),
        ("f09", [OutcomeUnknown], ["id-0"]),
        ("f10", [OutcomeUnknown, OutcomeUnknown], ["id-0"]),
        ("f11", [AlreadyExists], ["id-0"]),
        ("f13", [VenueRefused, VenueRefused, AuthenticationRefused], []),
    ],
)
def test_no_answer_is_believed_further_than_it_goes_and_nothing_is_sent_twice(
    scenario: str, outcomes: list[type[Exception]], taken_in_the_end: list[str]
) -> None:
    drill = Drill(scenario)

    async def fire() -> list[str]:
        said = [await drill.outcome(drill.order(f"id-{index}")) for index in range(len(outcomes) + 1)]
        await drill.clock.sleep(30)
        return said

    said = drill.run(fire())
    # The order after the faults is an ordinary one: nothing of them is left in the client.
    assert said == [*(kind.__name__ for kind in outcomes), "ok"]
    assert sorted(drill.taken()) == sorted([*taken_in_the_end, f"id-{len(outcomes)}"])


def test_in_a_storm_of_429s_cancels_get_through_as_soon_as_the_storm_is_over() -> None:
    drill = Drill("f02")

    async def fire() -> tuple[list[str], float]:
        said = []
        order_id = "11111111-1111-1111-1111-111111111111"
        while (outcome := await drill.outcome(rest.cancel_order(rest.CancelTarget(order_id)))) == "RateLimited":
            said.append(outcome)
            await drill.clock.sleep(0.5)
        return [*said, outcome], drill.clock.monotonic()

    said, ended = drill.run(fire())
    assert said[-1] == "NotFound"
    assert len(said) > 50
    assert 60 <= ended < 62


def test_a_revoked_key_is_said_at_once_and_not_asked_again_in_a_loop() -> None:
    drill = Drill("f14")

    async def look() -> tuple[str, str, float]:
        before = await drill.outcome(rest.balance())
        await drill.clock.sleep(6)
        started = drill.clock.monotonic()
        after = await drill.outcome(rest.balance())
        return before, after, drill.clock.monotonic() - started

    before, after, took = drill.run(look())
    assert (before, after) == ("ok", "AuthenticationRefused")
    assert took < 0.1
