"""Asking a venue: patience with reads, none with writes, one budget, one deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.ports import HttpReply
from kalshi_tui.engine.venue import Venue
from kalshi_tui.errors import (
    AuthenticationRefused,
    BudgetSpent,
    KalshiTuiError,
    OutcomeUnknown,
    RateLimited,
    RemoteProtocolError,
    SecretError,
    TransportError,
    VenueRefused,
)
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.limits import Budget
from tests.unit.virtual_time import VirtualClock

Answer = HttpReply | Exception | Callable[[], Awaitable[HttpReply]]
CREATED = b'{"order_id":"o-1","fill_count":"0.00","remaining_count":"1.00","ts_ms":1781159370000}'
BALANCE = b'{"balance_dollars":"1.0000","portfolio_value":0}'
DENIED = b'{"error":{"code":"header_timestamp_expired"}}'


def ok(body: bytes, **headers: str) -> HttpReply:
    return HttpReply(200, headers, body)


def create(client_order_id: str = "c") -> rest.Request[rest.Created]:
    order = rest.NewOrder(client_order_id=client_order_id, ticker="T", side="bid", price=Price(5000), size=Size(100))
    return rest.create_order(order)


@dataclass
class Script:
    """A transport that answers by a list, the last answer for ever, and remembers what it was asked."""

    clock: VirtualClock
    answers: list[Answer]
    asked: list[tuple[float, str, str, Mapping[str, str]]] = field(default_factory=list)

    async def send(self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None) -> HttpReply:
        del body
        self.asked.append((self.clock.seconds, method, path_and_query, headers))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, HttpReply) else await answer()

    async def close(self) -> None:
        self.asked.clear()


class Seal:
    """A signer whose signature is what it signed."""

    key_id = "key"

    def sign(self, timestamp_ms: int, method: str, path: str) -> dict[str, str]:
        return {"stamp": str(timestamp_ms), "signed": f"{method} {path}"}


@dataclass
class Bench:
    clock: VirtualClock
    http: Script
    venue: Venue


def bench(*answers: Answer, chance: float = 0.5, **settings: Any) -> Bench:
    clock = VirtualClock()
    http = Script(clock, list(answers))
    return Bench(clock, http, Venue(http, clock, lambda: chance, **({"signer": Seal()} | settings)))


async def fail(desk: Bench, request: rest.Request[Any], **how: Any) -> KalshiTuiError:
    with pytest.raises(KalshiTuiError) as raised:
        await desk.clock.play(desk.venue.ask(request, **how))
    return raised.value


async def test_a_signed_request_carries_the_headers_over_path_without_query() -> None:
    desk = bench(ok(b'{"orders":[],"cursor":""}'))
    await desk.clock.play(desk.venue.ask(rest.orders(ticker="T")))
    _, method, target, headers = desk.http.asked[0]
    assert (method, target) == ("GET", "/trade-api/v2/portfolio/orders?ticker=T&limit=1000")
    assert headers["signed"] == "GET /trade-api/v2/portfolio/orders"
    assert headers["stamp"] == "1781159370000"


async def test_public_requests_are_not_signed_and_private_ones_need_a_key() -> None:
    desk = bench(ok(b'{"exchange_active":true,"trading_active":true}'), signer=None)
    await desk.clock.play(desk.venue.ask(rest.exchange_status()))
    assert "signed" not in desk.http.asked[0][3]
    assert isinstance(await fail(desk, rest.balance()), SecretError)
    assert len(desk.http.asked) == 1


@pytest.mark.parametrize(
    "trouble",
    [TransportError("cut off"), HttpReply(503, {}, b"<html>"), HttpReply(429, {}, b'{"error":"too many requests"}')],
)
async def test_a_read_is_repeated_with_growing_pauses_until_it_succeeds(trouble: Answer) -> None:
    desk = bench(trouble, trouble, trouble, ok(BALANCE))
    await desk.clock.play(desk.venue.ask(rest.balance()))
    times = [asked[0] for asked in desk.http.asked]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses == pytest.approx([0.125, 0.25, 0.5], abs=0.06)


async def test_a_read_is_not_repeated_for_ever() -> None:
    desk = bench(TransportError("cut off"))
    assert type(await fail(desk, rest.balance())) is TransportError
    assert len(desk.http.asked) == 4


async def test_a_wait_that_a_service_asks_for_is_kept() -> None:
    desk = bench(HttpReply(429, {"retry-after": "3"}, b""), ok(BALANCE))
    await desk.clock.play(desk.venue.ask(rest.balance()))
    assert desk.http.asked[1][0] == pytest.approx(3.0)


@pytest.mark.parametrize(
    "no", [HttpReply(400, {}, b'{"msg":"limit"}'), HttpReply(404, {}, b'{"code":"not_found"}'), ok(b"<html>")]
)
async def test_a_plain_no_and_nonsense_are_not_asked_again(no: Answer) -> None:
    desk = bench(no)
    assert isinstance(await fail(desk, rest.balance()), (VenueRefused, RemoteProtocolError))
    assert len(desk.http.asked) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (TransportError("refused"), OutcomeUnknown),
        (HttpReply(500, {}, b'{"error":{"code":"internal_error"}}'), OutcomeUnknown),
        (HttpReply(502, {}, b"<html>"), OutcomeUnknown),
        (HttpReply(201, {}, b'{"order_id":"o'), OutcomeUnknown),
        (HttpReply(429, {}, b""), RateLimited),
        (HttpReply(401, {}, DENIED), AuthenticationRefused),
    ],
)
async def test_a_write_is_sent_once_and_never_again(answer: Answer, kind: type[KalshiTuiError]) -> None:
    desk = bench(answer)
    assert type(await fail(desk, create())) is kind
    assert len(desk.http.asked) == 1


async def test_a_write_without_an_answer_by_the_deadline_is_unknown() -> None:
    desk = bench(ok(CREATED))
    desk.http.answers = [lambda: late(desk.clock, 20.0)]
    problem = await fail(desk, create())
    assert isinstance(problem, OutcomeUnknown)
    assert desk.clock.seconds == pytest.approx(10.0)


async def late(clock: VirtualClock, seconds: float) -> HttpReply:
    await clock.sleep(seconds)
    return ok(BALANCE)


async def test_one_deadline_covers_all_attempts_and_waits() -> None:
    desk = bench(ok(BALANCE))
    desk.http.answers = [lambda: late(desk.clock, 60.0)]
    assert type(await fail(desk, rest.balance(), deadline_s=2.0)) is TransportError
    assert desk.clock.seconds <= 2.0


async def test_writes_wait_for_the_budget_and_cancels_go_first() -> None:
    desk = bench(ok(CREATED))
    ends: dict[str, float] = {}

    async def timed(name: str, request: rest.Request[Any]) -> None:
        await desk.venue.ask(request)
        ends[name] = desk.clock.seconds

    canceled = ok(b'{"order_id":"o","reduced_by":"1.00","ts_ms":1}')
    cancel = rest.cancel_order(rest.CancelTarget("o"))

    async def everything() -> None:
        async with asyncio.TaskGroup() as group:
            for index in range(12):
                group.create_task(timed(f"create {index}", create(f"c{index}")))
            for _ in range(20):  # the first eight go out, and the others wait for tokens
                await asyncio.sleep(0)
            assert len(desk.http.asked) == 8
            desk.http.answers = [canceled, ok(CREATED)]
            group.create_task(timed("cancel", cancel))

    await desk.clock.play(everything())
    assert [ends[f"create {index}"] for index in range(8)] == [0.0] * 8
    assert ends["cancel"] == 0.0
    # The cancel's two tokens are missing too: 8 x 10 + 2 of 100 are gone, and 20 are kept.
    assert [ends[f"create {index}"] for index in range(8, 12)] == pytest.approx([0.12, 0.22, 0.32, 0.42], abs=0.01)


async def test_what_our_budget_cannot_send_in_time_is_refused_for_certain_and_never_sent() -> None:
    desk = bench(ok(CREATED))
    desk.venue.budget.refused(create(), 0)
    problem = await fail(desk, create(), deadline_s=0.1)
    assert isinstance(problem, RateLimited)
    assert problem.retry_after_s == pytest.approx(0.3)
    assert desk.http.asked == []


async def test_what_goes_at_once_waits_for_no_token() -> None:
    desk = bench(ok(CREATED), budget=Budget())
    desk.venue.budget.refused(create(), 0)
    problem = await fail(desk, create(), at_once=True)
    assert isinstance(problem, BudgetSpent)
    assert (problem.retry_after_s, desk.clock.seconds, desk.http.asked) == (0.3, 0, [])


async def test_what_goes_at_once_stands_in_no_queue_behind_what_waits_for_tokens() -> None:
    desk = bench(ok(CREATED), budget=Budget())
    desk.venue.budget.refused(create(), 0)
    problems = list[tuple[float, type[KalshiTuiError]]]()

    async def late() -> None:
        await desk.clock.sleep(0.1)
        try:
            await desk.venue.ask(create("at-once"), at_once=True)
        except KalshiTuiError as problem:
            problems.append((desk.clock.seconds, type(problem)))

    async def both() -> None:
        await asyncio.gather(desk.venue.ask(create("waits")), late())

    await desk.clock.play(both())
    assert problems == [(0.1, BudgetSpent)]
    assert [at for at, *_ in desk.http.asked] == [0.3]


class Interrupted(VirtualClock):
    """A machine so busy that half a second passes between any two looks at the clock."""

    def monotonic(self) -> float:
        self.seconds += 0.5
        return self.seconds


async def test_what_goes_at_once_goes_where_tokens_are_there_however_busy_the_machine_is() -> None:
    clock = Interrupted()
    http = Script(clock, [ok(CREATED)])
    venue = Venue(http, clock, lambda: 0.5, signer=Seal())
    created = await venue.ask(create(), at_once=True)
    assert (created.order_id, len(http.asked)) == ("o-1", 1)


async def test_one_that_waited_in_line_beyond_its_deadline_is_not_sent() -> None:
    desk = bench(ok(b'{"orders":[],"cursor":""}'), budget=Budget())
    free = rest.EndpointCosts(100, {("GET", "/portfolio/balance"): 0})
    desk.venue.budget.learn(0, costs=free)
    desk.venue.budget.refused(rest.orders(), 0)

    async def both() -> tuple[Any, Any]:
        first = desk.venue.ask(rest.orders(), deadline_s=5.0)
        second = desk.venue.ask(rest.balance(), deadline_s=0.05)
        return await asyncio.gather(first, second, return_exceptions=True)

    results = await desk.clock.play(both())
    assert isinstance(results[0], rest.Page)
    assert isinstance(results[1], RateLimited)
    assert len(desk.http.asked) == 1


async def test_a_429_from_the_venue_empties_our_bucket() -> None:
    desk = bench(HttpReply(429, {}, b'{"error":"too many requests"}'), ok(CREATED))
    await fail(desk, create())
    await desk.clock.play(desk.venue.ask(create()))
    assert desk.http.asked[1][0] == pytest.approx(0.3)


async def test_signing_follows_the_venues_clock_and_an_expired_read_is_asked_once_more() -> None:
    # The venue is 60 s ahead: its Date says 06:30:30 when our clock says 06:29:30.
    date = "Thu, 11 Jun 2026 06:30:30 GMT"
    desk = bench(HttpReply(401, {"date": date}, DENIED), ok(BALANCE, date=date))
    await desk.clock.play(desk.venue.ask(rest.balance()))
    first, second = (int(asked[3]["stamp"]) for asked in desk.http.asked)
    assert 59_000 < second - first < 61_000
    assert abs(desk.venue.offset_ms - 60_000) < 1_000


async def test_an_expired_read_is_not_repeated_twice_and_other_refusals_never() -> None:
    desk = bench(HttpReply(401, {}, DENIED))
    assert isinstance(await fail(desk, rest.balance()), AuthenticationRefused)
    assert len(desk.http.asked) == 2
    desk = bench(HttpReply(401, {}, b'{"error":{"code":"authentication_error","details":"NOT_FOUND"}}'))
    await fail(desk, rest.balance())
    assert len(desk.http.asked) == 1


async def test_dates_that_a_cache_may_have_kept_teach_nothing() -> None:
    old = "Thu, 11 Jun 2026 05:00:00 GMT"
    desk = bench(ok(b'{"orderbook_fp":{}}', date=old), ok(BALANCE, date=old, age="5400"))
    await desk.clock.play(desk.venue.ask(rest.book("T")))
    await desk.clock.play(desk.venue.ask(rest.balance()))
    assert desk.venue.offset_ms == 0


async def test_an_acknowledgement_tells_the_engines_time() -> None:
    desk = bench(ok(CREATED.replace(b"1781159370000", b"1781159375000")))
    await desk.clock.play(desk.venue.ask(create()))
    assert desk.venue.offset_ms == 5_000


def pages(count: int, rows: int = 2) -> list[Answer]:
    def page(index: int) -> HttpReply:
        cursor = f"p{index + 1}" if index + 1 < count else ""
        trades = [trade(f"{index}-{row}") for row in range(rows)]
        return ok(msgspec.json.encode({"trades": trades, "cursor": cursor}))

    return [page(index) for index in range(count)]


def trade(trade_id: str) -> dict[str, Any]:
    return {
        "trade_id": trade_id,
        "ticker": "T",
        "count_fp": "1.00",
        "yes_price_dollars": "0.5000",
        "taker_book_side": "bid",
        "created_time": "2026-06-11T06:29:30Z",
    }


async def test_pages_are_followed_and_bounded_by_rows() -> None:
    desk = bench(*pages(3))

    async def ids(limit: int) -> list[str]:
        return [row.trade_id async for row in desk.venue.every(rest.trades(), limit)]

    assert await desk.clock.play(ids(3)) == ["0-0", "0-1", "1-0"]
    assert [target.rpartition("cursor=")[2] for _, _, target, _ in desk.http.asked][1:] == ["p1"]


async def test_a_list_that_must_be_whole_is_whole_or_refused() -> None:
    desk = bench(*pages(3))
    assert len(await desk.clock.play(desk.venue.whole(rest.trades(), at_most=6))) == 6
    desk = bench(*pages(3))
    with pytest.raises(RemoteProtocolError, match="more than 5"):
        await desk.clock.play(desk.venue.whole(rest.trades(), at_most=5))


async def test_a_cursor_that_never_ends_is_noticed() -> None:
    desk = bench(ok(msgspec.json.encode({"trades": [], "cursor": "same"})))
    with pytest.raises(RemoteProtocolError, match="repeats"):
        await desk.clock.play(desk.venue.whole(rest.trades(), at_most=10))
    assert len(desk.http.asked) == 2


async def test_the_accounts_limits_are_learnt() -> None:
    limits = b'{"read":{"refill_rate":300,"bucket_capacity":900},"write":{"refill_rate":300,"bucket_capacity":600}}'
    costs = b'{"default_cost":10,"endpoint_costs":[{"method":"GET","path":"/portfolio/balance","cost":100}]}'
    desk = bench(ok(limits), ok(costs))
    await desk.clock.play(desk.venue.learn_limits())
    assert desk.venue.budget.cost_of(rest.balance()) == 100
    assert desk.venue.budget.write.limit.capacity == 600
