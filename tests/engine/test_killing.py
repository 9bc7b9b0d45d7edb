"""A kill against the practice exchange in memory: what the exchange itself holds in the end is the judge."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kalshi_tui.practice
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.killing import KillPatience, KillReport, KillStep, kill_everything
from kalshi_tui.engine.ports import HttpReply
from kalshi_tui.engine.venue import Venue
from kalshi_tui.errors import RemoteProtocolError, TransportError
from kalshi_tui.practice.desk import open_desk
from kalshi_tui.practice.faults import scenario_path
from kalshi_tui.practice.keys import make_key
from kalshi_tui.practice.memory import MemoryHttp, Network, VirtualClock
from kalshi_tui.practice.records import NewOrder
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.signing import Scope, load_signer

T = TypeVar("T")
SCENARIOS: Final = Path(kalshi_tui.practice.__file__).parent / "scenarios"
START_MS: Final = 1_781_159_370_000


@cache
def key_pem() -> bytes:
    return make_key("ed25519")


class Recorded:
    """Notes when each request was put on the wire, and lets a test stand in the way."""

    def __init__(self, inner: MemoryHttp, clock: VirtualClock) -> None:
        self.sent: list[tuple[float, str, str]] = []
        self.answers: list[int] = []
        self.before: Callable[[str, str], HttpReply | None] = lambda _method, _path: None
        self.fates: list[str] = []  # what befalls the next requests
        self.after: Callable[[bytes], bytes] = lambda body: body
        self._inner = inner
        self._clock = clock

    async def send(self, method: str, path_and_query: str, headers: Any, body: bytes | None) -> Any:
        self.sent.append((self._clock.monotonic(), method, path_and_query.partition("?")[0]))
        fate = self.fates.pop(0) if self.fates else ""
        if fate == "lost on the way there":
            raise TransportError("cut off")
        reply: Any = ANSWERS.get(fate) or self.before(method, path_and_query)
        if reply is None:
            reply = await self._inner.send(method, path_and_query, headers, body)
        if fate == "lost on the way back":
            raise TransportError("cut off")
        reply = HttpReply(reply.status, reply.headers, self.after(reply.body))
        self.answers.append(reply.status)
        return reply

    async def close(self) -> None:
        await self._inner.close()

    def times(self, method: str, end: str) -> list[float]:
        return [at for at, verb, path in self.sent if verb == method and path.endswith(end)]


class World:
    """An account with orders, and a key that may cancel and no more."""

    def __init__(
        self, scenario: str = "", *, markets: int | None = None, delay_ms: tuple[float, float] = (1, 8)
    ) -> None:
        path = scenario_path(scenario) if scenario else None
        self.desk = open_desk(start_ms=START_MS, seed=5, key_pem=key_pem(), scenario=path, markets=markets)
        self.clock = VirtualClock(self.desk.exchange)
        network = Network(self.clock, seed=1, delay_ms=delay_ms, failure=TransportError)
        self.http = Recorded(MemoryHttp(self.desk, network), self.clock)
        self.venue = self.venue_with(Scope.CANCEL)
        self.steps: list[KillStep] = []
        # Where a bid of one cent has nothing to meet, for minutes: no market far below or near its end.
        self.markets = [
            ticker
            for ticker, row in self.desk.exchange.markets.items()
            if row.status == "active" and row.asks and min(row.asks) >= 1_000 and row.close_ms > START_MS + 900_000
        ]

    def venue_with(self, scope: Scope, pem: bytes | None = None) -> Venue:
        signer = load_signer(self.desk.key_id, pem or self.desk.key_pem, scope)
        return Venue(self.http, self.clock, lambda: 0.5, signer=signer)

    def place(self, count: int, *, markets: int = 1, group: str | None = None, subaccount: int = 0) -> list[str]:
        """Let orders rest far below the market, past the door and its limits."""
        return [
            self.desk.exchange.create(
                self.desk.user_id,
                NewOrder(
                    ticker=self.markets[number % markets],
                    side="bid",
                    price=Price(100),
                    count=Size(100),
                    time_in_force="good_till_canceled",
                    self_trade_prevention="maker",
                    order_group_id=group,
                    subaccount=subaccount,
                ),
            ).order.order_id
            for number in range(count)
        ]

    def group(self, subaccount: int = 0) -> str:
        return self.desk.exchange.create_group(self.desk.user_id, 100_000, subaccount).group_id

    def resting(self) -> int:
        """Return what really rests."""
        return len(list(self.desk.exchange.resting_of(self.desk.user_id)))

    def kill(self, *, limit_s: float = 300.0, groups: tuple[str, ...] = ()) -> KillReport:
        patience = KillPatience(limit_s=limit_s)
        return self.run(
            kill_everything(self.venue, self.clock, tell=self.steps.append, patience=patience, groups=groups)
        )

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.clock.run(work)


def no_batches(_method: str, path: str) -> HttpReply | None:
    forbidden = HttpReply(403, {}, b'{"code":"forbidden","message":"not for this account"}')
    return forbidden if path.endswith("/batched") else None


def test_two_hundred_orders_in_forty_markets_are_out_and_verified_within_five_seconds_on_the_smallest_limits() -> None:
    world = World(markets=300, delay_ms=(20, 60))
    world.place(200, markets=40)
    others = len(world.desk.exchange.orders) - 200
    report = world.kill()
    assert report.is_verified
    assert report.took_ms <= 5_000
    assert (report.canceled, report.gone, report.resting) == (200, 0, ())
    assert world.resting() == 0
    assert world.http.answers.count(429) <= 3  # what was sent in time may still arrive bunched
    assert others > 0  # other members' orders were there, and a key of ours reaches none of them


def test_a_known_group_is_triggered_at_once_and_spares_its_orders_their_cancels() -> None:
    world = World(markets=300)
    group = world.group()
    world.place(200, markets=40, group=group)
    report = world.kill(groups=(group,))
    (triggered_at,) = world.http.times("PUT", "/trigger")
    assert triggered_at <= 0.25
    assert world.http.sent[0][1] == "PUT"
    assert report.is_verified
    assert report.took_ms < 1_000
    assert (report.triggered, report.canceled, world.resting()) == ((group,), 0, 0)
    assert world.http.times("DELETE", "/batched") == []


def test_a_group_that_only_the_venue_knows_is_found_and_triggered_and_the_rest_is_canceled() -> None:
    world = World()
    large, small, empty = world.group(), world.group(), world.group()
    world.place(40, markets=5, group=large)
    world.place(3, group=small)
    world.place(20, markets=5)
    report = world.kill()
    assert report.is_verified
    assert world.resting() == 0
    # Five orders cost as many tokens to cancel as one trigger: the small group's three are canceled.
    assert (report.gone, report.canceled) == (40, 23)
    assert set(report.triggered) == {large, small, empty}  # so that nothing can join any of them
    assert report.not_triggered == ()
    assert all(world.desk.exchange.groups[group].triggered for group in (large, small, empty))


def test_orders_and_groups_of_other_subaccounts_are_taken_out_too() -> None:
    world = World()
    number = world.desk.exchange.create_subaccount(world.desk.user_id)
    world.desk.exchange.transfer(world.desk.user_id, 0, number, 10_000_000_000)
    group = world.group(number)
    world.place(12, subaccount=number, group=group)
    world.place(4, subaccount=number)
    report = world.kill(groups=(group,))  # where it is, its name does not tell: the orders do
    assert report.is_verified
    assert world.resting() == 0
    assert report.triggered == (group,)


def test_every_page_of_the_list_counts() -> None:
    world = World()
    world.place(2_300, markets=3)
    report = world.kill()
    assert report.is_verified
    assert (report.canceled, world.resting()) == (2_300, 0)


def test_nothing_resting_is_believed_only_when_it_was_listed_twice_a_quarter_of_a_second_apart() -> None:
    world = World()
    report = world.kill()
    assert report.is_verified
    first, second = world.http.times("GET", "/portfolio/orders")
    assert second - first >= 0.25
    assert (report.canceled, report.triggered, report.positions) == (0, (), ())


def test_an_order_that_is_listed_late_is_found_by_the_second_look() -> None:
    world = World()
    looks = 0

    def place_after_first_look(method: str, path: str) -> None:
        nonlocal looks
        looks += method == "GET" and path.startswith("/trade-api/v2/portfolio/orders?")
        if looks == 2:
            looks += 1
            world.place(1)

    world.http.before = place_after_first_look
    report = world.kill()
    assert report.is_verified
    assert (report.canceled, world.resting()) == (1, 0)


def test_a_cancel_whose_answer_is_lost_is_settled_by_the_list() -> None:
    world = World("f22")
    world.place(3)
    report = world.kill()
    assert report.is_verified
    assert (report.canceled, report.gone, world.resting()) == (0, 3, 0)


def test_a_404_is_no_proof_and_what_was_filled_just_before_is_in_the_positions() -> None:
    world = World("f20")
    world.place(3)
    world.http.before = no_batches
    report = world.kill()
    assert report.is_verified
    assert 404 in world.http.answers
    assert (report.canceled, report.gone, world.resting()) == (2, 1, 0)
    assert report.positions is not None
    assert [(row.ticker, row.size) for row in report.positions] == [(world.markets[0], 100)]


def test_an_order_that_is_listed_on_although_its_cancel_gets_404_is_never_called_gone() -> None:
    world = World()
    world.place(1)
    nothing = HttpReply(404, {}, b'{"code":"not_found","message":"not found"}')
    world.http.before = lambda method, _path: nothing if method == "DELETE" else None
    report = world.kill(limit_s=20)
    assert not report.is_verified
    assert (report.canceled, report.gone, world.resting()) == (0, 0, 1)
    assert "1 still" in report.words or "at least 1" in report.words


def test_a_storm_of_429s_is_waited_out_and_not_fed() -> None:
    world = World("f02")
    world.place(30)
    report = world.kill()
    assert report.is_verified
    assert world.resting() == 0
    assert 60_000 <= report.took_ms <= 70_000
    assert world.http.answers.count(429) < 150


def test_while_the_exchange_is_paused_the_kill_stays_pending_and_is_done_when_it_resumes() -> None:
    world = World("f53")
    world.place(30)
    world.clock.advance(6)  # the pause has begun and lasts until second 65
    report = world.kill()
    assert report.is_verified
    assert world.resting() == 0
    assert 59_000 <= report.took_ms <= 66_000
    waits = [step for step in world.steps if step.stage == "waiting" and "paused" in step.words]
    assert 10 <= len(waits) <= 20  # 1 s, 2 s, 4 s, then every 5 s
    assert all(step.resting == 30 for step in waits)
    assert len(world.http.times("DELETE", "/batched")) < 80


def test_when_the_time_is_over_the_report_says_what_still_rests() -> None:
    world = World("f53")
    world.place(4, markets=2)
    world.clock.advance(6)
    report = world.kill(limit_s=10)
    assert not report.is_verified
    assert report.resting is not None
    assert len(report.resting) == world.resting() == 4
    assert report.took_ms <= 10_000
    assert all(ticker in report.words for ticker in world.markets[:2])
    assert world.steps[-1].stage == "ended"


def test_a_key_that_is_refused_is_tried_calmly_until_the_patience_is_over_and_claims_nothing() -> None:
    world = World()
    world.place(2)
    world.venue = world.venue_with(Scope.CANCEL, make_key("ed25519"))
    report = world.kill(groups=("11111111-1111-1111-1111-111111111111",))
    assert not report.is_verified
    assert (report.refused, report.resting) == ("", None)
    assert "signature" in report.words
    assert 290_000 <= report.took_ms <= 300_000
    assert len(world.http.sent) < 300
    assert world.resting() == 2


def test_a_key_that_is_refused_for_a_moment_is_tried_again() -> None:
    world = World()
    world.place(2)
    began = world.clock.monotonic()

    def refuse(_method: str, _path: str) -> HttpReply | None:
        is_slip = world.clock.monotonic() - began < 6
        return HttpReply(401, {}, b'{"code":"authentication_error","message":"no such key"}') if is_slip else None

    world.http.before = refuse
    report = world.kill()
    assert report.is_verified
    assert world.resting() == 0


def test_a_clock_that_is_off_is_no_refusal_of_the_key() -> None:
    world = World()
    world.place(2)
    expired = HttpReply(401, {}, b'{"code":"header_timestamp_expired","message":"too old"}')
    left = 6

    def refuse(_method: str, _path: str) -> HttpReply | None:
        nonlocal left
        left -= 1
        return expired if left >= 0 else None

    world.http.before = refuse
    report = world.kill()
    assert report.is_verified
    assert (report.canceled, world.resting()) == (2, 0)


def test_a_key_that_may_only_read_here_sends_no_cancel_and_claims_nothing() -> None:
    world = World()
    world.place(2)
    world.venue = world.venue_with(Scope.READ)
    report = world.kill(limit_s=5)
    assert (report.is_verified, report.canceled, world.resting()) == (False, 0, 2)
    assert {method for _, method, _ in world.http.sent} == {"GET"}


def test_a_key_that_may_not_touch_groups_still_cancels() -> None:
    world = World()
    world.place(20, group=world.group())
    forbidden = HttpReply(403, {}, b'{"code":"forbidden","message":"not for this key"}')
    world.http.before = lambda _method, path: forbidden if "order_groups" in path or "positions" in path else None
    report = world.kill()
    assert report.is_verified
    assert (report.canceled, report.positions, world.resting()) == (20, None, 0)


def test_where_batches_are_not_taken_orders_are_canceled_one_by_one() -> None:
    world = World()
    world.place(20)
    world.http.before = no_batches
    report = world.kill()
    assert report.is_verified
    assert (report.canceled, world.resting()) == (20, 0)


def test_an_order_that_cannot_be_read_can_still_be_canceled() -> None:
    world = World()
    world.place(1)
    world.http.after = lambda body: body.replace(b'"yes_price_dollars":"0.0100"', b'"yes_price_dollars":"a new form"')
    with pytest.raises(RemoteProtocolError):
        world.run(world.venue.whole(rest.orders(status="resting"), 10))
    report = world.kill()
    assert report.is_verified
    assert world.resting() == 0


def test_positions_are_reported_and_left_alone() -> None:
    world = World()
    ticker = world.markets[0]
    world.desk.exchange.create(
        world.desk.user_id,
        NewOrder(
            ticker=ticker,
            side="bid",
            price=Price(9_900),
            count=Size(200),
            time_in_force="immediate_or_cancel",
            self_trade_prevention="maker",
        ),
    )
    report = world.kill()
    assert report.positions is not None
    assert [(row.ticker, row.size) for row in report.positions] == [(ticker, 200)]


def test_the_steps_tell_how_it_goes_on() -> None:
    world = World()
    group = world.group()
    world.place(12, group=group)
    world.place(3)
    world.kill(groups=(group,))
    stages = [step.stage for step in world.steps]
    assert stages[:2] == ["triggering", "canceling"]
    assert stages[-2:] == ["verified", "ended"]
    assert [step.resting for step in world.steps][-1] == 0
    assert [step.at_ms for step in world.steps] == sorted(step.at_ms for step in world.steps)


@pytest.mark.parametrize("scenario", sorted(path.stem for path in SCENARIOS.glob("*.toml")))
def test_under_no_fault_does_a_kill_claim_what_is_not_so(scenario: str) -> None:
    world = World(scenario)
    group = world.group()
    world.place(10, markets=3)
    world.place(10, group=group)
    world.clock.advance(6)
    report = world.kill(limit_s=200, groups=(group,))
    if report.is_verified:
        assert world.resting() == 0
    else:
        assert report.refused or report.resting is None or report.resting
    assert report.is_verified is (scenario != "f14-key-revoked")  # only without a key is there nothing to be done


FATES = ("429", "500", "404", "paused", "page", "lost on the way there", "lost on the way back")
ANSWERS = {
    "429": HttpReply(429, {}, b'{"error":"too many requests"}'),
    "500": HttpReply(500, {}, b""),
    "404": HttpReply(404, {}, b'{"code":"not_found","message":"not found"}'),
    "paused": HttpReply(409, {}, b'{"code":"exchange_paused","message":"exchange is paused"}'),
    "page": HttpReply(502, {}, b"<html>bad gateway</html>"),
}


@settings(max_examples=25, deadline=None, derandomize=True)
@given(fates=st.lists(st.sampled_from(("", *FATES)), max_size=40), known=st.booleans())
def test_whatever_befalls_the_first_forty_requests_in_the_end_nothing_rests(fates: list[str], known: bool) -> None:
    world = World()
    group = world.group()
    world.place(8, group=group)
    world.place(40, markets=4)
    world.http.fates = list(fates)
    report = world.kill(limit_s=600, groups=(group,) if known else ())
    assert report.is_verified
    assert world.resting() == 0
    assert report.canceled + report.gone <= 48
    asked = {(method, path.rpartition("/")[2]) for _, method, path in world.http.sent if method != "GET"}
    assert {method for method, _ in asked} <= {"PUT", "DELETE"}
    assert all(end == "trigger" for method, end in asked if method == "PUT")


def test_without_a_key_it_ends_at_once_and_says_so() -> None:
    world = World()
    world.place(1)
    world.venue = Venue(world.http, world.clock, lambda: 0.5)
    report = world.kill()
    assert (report.is_verified, report.took_ms, world.resting()) == (False, 0, 1)
    assert "needs a key" in report.refused


def test_a_list_without_an_end_is_no_list() -> None:
    world = World()
    world.place(1)
    again = HttpReply(200, {}, b'{"orders":[],"cursor":"more"}')
    world.http.before = lambda _method, path: again if "/portfolio/orders" in path else None
    report = world.kill(limit_s=5)
    assert not report.is_verified
    assert report.resting is None
    assert "has no end" in report.trouble
    assert "never said what rests" in report.words
