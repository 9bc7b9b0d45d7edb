"""Time for the engine on a clock that anybody may set: never backwards, and what was set back is given back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kalshi_tui.engine.onward import Onward
from kalshi_tui.engine.ports import HttpReply
from kalshi_tui.engine.venue import Venue
from kalshi_tui.protocol import rest
from tests.unit.test_venue import DENIED, Script, Seal, ok
from tests.unit.virtual_time import VirtualClock

START_MS = 1_781_159_370_000
CANCELED = b'{"order_id":"o","reduced_by":"1.00","ts_ms":1781163000000}'


class Hands:
    """A clock whose hands are moved by a test."""

    def __init__(self, speed: float = 1.0) -> None:
        self.off_ms = 0
        self.passed_ms = 0
        self.speed = speed

    def now_ms(self) -> int:
        return START_MS + self.off_ms + int(self.passed_ms * self.speed)

    def monotonic(self) -> float:
        return self.passed_ms / 1000

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


def test_a_clock_that_nobody_sets_is_followed() -> None:
    hands = Hands()
    time = Onward(hands)
    for _ in range(100):
        hands.passed_ms += 50
        assert time.now_ms() == hands.now_ms()
    assert (time.lead_ms, time.leapt_ms) == (0, 0)


def test_what_is_set_back_goes_on_and_is_given_back_when_it_is_set_on_again() -> None:
    hands = Hands()
    time = Onward(hands)
    before = time.now_ms()
    hands.off_ms, hands.passed_ms = -3_600_000, 50
    assert time.now_ms() == before  # it stands for as long as one look, and goes on with the next
    assert time.lead_ms == 3_600_000 - 50
    hands.passed_ms = 100
    assert time.now_ms() == before + 50
    hands.off_ms, hands.passed_ms = 0, 150
    assert time.now_ms() == before + 150
    assert (time.lead_ms, time.leapt_ms) == (0, 50)


def test_a_leap_is_told_and_a_time_service_is_not() -> None:
    hands = Hands()
    time = Onward(hands)
    time.now_ms()
    for _ in range(100):
        hands.off_ms, hands.passed_ms = hands.off_ms + 50, hands.passed_ms + 1_000
        time.now_ms()
    assert time.leapt_ms == 0
    hands.off_ms += 8 * 3_600_000
    assert time.now_ms() == hands.now_ms()
    assert time.leapt_ms == 8 * 3_600_000


def test_a_fast_world_leaps_not() -> None:
    hands = Hands(speed=600.0)
    time = Onward(hands, 600.0)
    for _ in range(100):
        hands.passed_ms += 50
        assert time.now_ms() == hands.now_ms()
    assert time.leapt_ms == 0


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(-10_000_000, 10_000_000), st.integers(0, 5_000))))
def test_it_never_runs_backwards_nor_behind_what_was_asked_for(moves: list[tuple[int, int, int]]) -> None:
    hands = Hands()
    time = Onward(hands)
    last = time.now_ms()
    for passed_ms, set_by_ms, ahead_ms in moves:
        hands.passed_ms += passed_ms
        hands.off_ms += set_by_ms
        now = time.now_ms(last + ahead_ms)
        assert now >= last + ahead_ms
        assert now == hands.now_ms() + time.lead_ms
        assert time.lead_ms >= 0
        last = now


async def test_a_cancel_that_is_refused_for_its_time_alone_is_signed_again_with_the_right_one() -> None:
    clock = VirtualClock()
    script = Script(clock, [HttpReply(401, {"date": "Thu, 11 Jun 2026 07:29:30 GMT"}, DENIED), ok(CANCELED)])
    venue = Venue(script, clock, lambda: 0.5, signer=Seal())
    target = rest.CancelTarget("o", "T")
    canceled = await clock.play(venue.ask(rest.cancel_order(target)))
    assert canceled.order_id == "o"
    first, second = (int(headers["stamp"]) for _, _, _, headers in script.asked)
    assert abs(second - first - 3_600_000) < 2_000
