"""A signature that was made ahead goes with the request that it fits, while it is young, and with no other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.ports import HttpReply
from kalshi_tui.engine.venue import Venue
from kalshi_tui.practice.keys import make_key
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.signing import Scope, load_signer

ORDER = rest.create_order(
    rest.NewOrder(client_order_id="kt1-a", ticker="KXA-1", side="bid", price=Price(4_000), size=Size(100))
)
DONE = b'{"order_id":"o","fill_count":"0.00","remaining_count":"1.00","ts_ms":1}'


class Clock:
    def __init__(self) -> None:
        self.at_s = 100.0

    def now_ms(self) -> int:
        return int(self.at_s * 1000)

    def monotonic(self) -> float:
        return self.at_s

    async def sleep(self, seconds: float) -> None:
        if seconds > 1:
            await asyncio.Event().wait()  # until it is cancelled: no time passes here by itself


class Post:
    """Keeps what was sent."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []

    async def send(self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None) -> HttpReply:
        del method, path_and_query, body
        self.headers.append(dict(headers))
        return HttpReply(201, {}, DONE)

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(("pause_s", "is_used"), [(0.9, True), (1.1, False)])
async def test_a_signature_made_ahead_is_used_while_it_is_younger_than_a_second(pause_s: float, is_used: bool) -> None:
    clock, post = Clock(), Post()
    venue = Venue(post, clock, lambda: 0.5, signer=load_signer("k" * 36, make_key("ed25519"), Scope.TRADE))
    ahead = venue.prepare(ORDER)
    clock.at_s += pause_s
    await venue.ask(ORDER, prepared=ahead)
    assert (post.headers[0] == ahead.headers) is is_used
    assert "kalshi-access-signature" in {name.lower() for name in post.headers[0]}


async def test_a_signature_for_another_path_is_not_used() -> None:
    clock, post = Clock(), Post()
    venue = Venue(post, clock, lambda: 0.5, signer=load_signer("k" * 36, make_key("ed25519"), Scope.TRADE))
    other = venue.prepare(
        rest.amend_order("o-1", ticker="KXA-1", side="bid", price=Price(1), size=Size(1), client_order_id="c")
    )
    await venue.ask(ORDER, prepared=other)
    assert post.headers[0] != other.headers
