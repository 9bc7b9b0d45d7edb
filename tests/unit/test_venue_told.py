"""What the venue's connection says of its time, its signatures and its bounds."""

from __future__ import annotations

import msgspec
import pytest

from kalshi_tui.engine.ports import HttpReply
from kalshi_tui.engine.venue import PAGES_LIMIT, Patience
from kalshi_tui.errors import KalshiTuiError, LocalProtocolError, RemoteProtocolError, SecretError
from kalshi_tui.practice.keys import make_key
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.signing import Scope, load_signer
from tests.unit.test_venue import BALANCE, CREATED, DENIED, bench, create, fail, ok, pages

NOW_MS = 1_781_159_370_000  # Thu, 11 Jun 2026 06:29:30 GMT by our own clock
AHEAD = "Thu, 11 Jun 2026 06:30:30 GMT"


async def test_until_a_reply_has_told_the_time_nothing_is_known_of_it_and_our_own_is_used() -> None:
    desk = bench(ok(BALANCE), ok(BALANCE, date=AHEAD))
    await desk.clock.play(desk.venue.ask(rest.balance()))
    assert (desk.venue.known_offset_ms, desk.venue.offset_ms, desk.venue.now_ms()) == (None, 0, NOW_MS)
    await desk.clock.play(desk.venue.ask(rest.balance()))
    # A Date counts whole seconds, so the venue is 60.000 to 60.999 s ahead; the smallest correction is taken.
    assert (desk.venue.known_offset_ms, desk.venue.offset_ms) == (60_000, 60_000)
    assert desk.venue.now_ms() == NOW_MS + 60_000


async def test_a_clock_that_agrees_with_the_venues_is_known_to_be_right() -> None:
    desk = bench(ok(CREATED))
    await desk.clock.play(desk.venue.ask(create()))
    assert desk.venue.known_offset_ms == 0


async def test_what_is_signed_ahead_bears_the_venues_time_its_method_and_its_path() -> None:
    desk = bench(ok(BALANCE, date=AHEAD), ok(CREATED))
    await desk.clock.play(desk.venue.ask(rest.balance()))
    desk.clock.seconds += 7
    ahead = desk.venue.prepare(create())
    path = "/trade-api/v2/portfolio/events/orders"
    assert (ahead.method, ahead.path, ahead.at_ms) == ("POST", path, 7_000)
    assert ahead.headers == {
        "accept": "application/json",
        "content-type": "application/json",
        "stamp": str(NOW_MS + 67_000),
        "signed": f"POST {path}",
    }
    desk.clock.seconds += 1
    await desk.clock.play(desk.venue.ask(create(), prepared=ahead))
    assert desk.http.asked[-1][3] == ahead.headers


async def test_a_signature_made_ahead_goes_out_with_the_first_attempt_alone() -> None:
    """A cancel that is refused for its time is signed anew with the time that the refusal told."""
    canceled = ok(b'{"order_id":"o","reduced_by":"1.00","ts_ms":1}')
    desk = bench(HttpReply(401, {"date": AHEAD}, DENIED), canceled)
    cancel = rest.cancel_order(rest.CancelTarget("o"))
    ahead = desk.venue.prepare(cancel)
    assert "content-type" not in ahead.headers, "a cancel has no body"
    await desk.clock.play(desk.venue.ask(cancel, prepared=ahead))
    first, second = (asked[3] for asked in desk.http.asked)
    assert first == ahead.headers
    assert int(second["stamp"]) - int(first["stamp"]) >= 60_000


async def test_without_a_key_nothing_is_signed_ahead() -> None:
    desk = bench(ok(CREATED), signer=None)
    with pytest.raises(SecretError, match="needs a key, and none is set") as refused:
        desk.venue.prepare(create())
    assert refused.value.hint


async def test_a_key_that_may_only_read_signs_no_order_ahead() -> None:
    desk = bench(ok(CREATED), signer=load_signer("k" * 36, make_key("ed25519"), Scope.READ))
    with pytest.raises(KalshiTuiError) as refused:
        desk.venue.prepare(create())
    assert refused.value.hint


async def test_a_patience_without_an_attempt_is_a_fault_of_ours_and_sends_nothing() -> None:
    desk = bench(ok(BALANCE), patience=Patience(attempts=0))
    problem = await fail(desk, rest.balance())
    assert isinstance(problem, LocalProtocolError)
    assert problem.hint == "set attempts to 1 or more"
    assert desk.http.asked == []


@pytest.mark.parametrize(("limit", "count"), [(4, 4), (6, 6), (99, 6)])
async def test_rows_end_with_the_last_page_or_with_what_was_asked_for(limit: int, count: int) -> None:
    desk = bench(*pages(3))

    async def ids() -> list[str]:
        return [row.trade_id async for row in desk.venue.every(rest.trades(), limit)]

    every = ["0-0", "0-1", "1-0", "1-1", "2-0", "2-1"]
    assert await desk.clock.play(ids()) == every[:count]


async def test_a_list_of_more_pages_than_any_is_refused() -> None:
    desk = bench(ok(b""))
    asked = 0

    async def next_page() -> HttpReply:
        nonlocal asked
        asked += 1
        await desk.clock.sleep(0.01)
        return ok(msgspec.json.encode({"trades": [], "cursor": f"page {asked}"}))

    desk.http.answers = [next_page]
    with pytest.raises(RemoteProtocolError, match=f"more than {PAGES_LIMIT} pages") as refused:
        await desk.clock.play(desk.venue.whole(rest.trades(), at_most=10))
    assert refused.value.hint
    assert asked == PAGES_LIMIT


async def test_closing_it_lets_go_of_the_transport() -> None:
    desk = bench(ok(BALANCE))
    await desk.clock.play(desk.venue.ask(rest.balance()))
    assert len(desk.http.asked) == 1
    await desk.venue.close()
    assert desk.http.asked == []  # this transport forgets what it was asked when it is closed
