"""Our own token buckets: never ahead of the venue's, and never without a cancel's worth."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.core.text import clean
from kalshi_tui.core.units import Price, Size
from kalshi_tui.errors import LocalProtocolError
from kalshi_tui.protocol import rest
from kalshi_tui.protocol.limits import Bucket, Budget
from kalshi_tui.protocol.rest import AccountLimits, BucketLimit, EndpointCosts
from kalshi_tui.protocol.rest.asking import Request

CREATE = rest.create_order(
    rest.NewOrder(client_order_id="c", ticker="T", side="bid", price=Price(5000), size=Size(100))
)
CANCEL = rest.cancel_order(rest.CancelTarget("o"))
READ = rest.balance()
BASIC_WRITE = BucketLimit(refill_rate=100, capacity=100)


def test_a_full_basic_budget_sends_eight_creates_and_then_waits_for_the_next() -> None:
    budget = Budget()
    assert [budget.take(CREATE, 0) for _ in range(8)] == [0] * 8
    assert budget.take(CREATE, 0) == 100
    assert budget.take(CREATE, 99) == 1
    assert budget.take(CREATE, 100) == 0


def test_creates_never_take_the_share_that_is_kept_for_cancels() -> None:
    budget = Budget()
    while not budget.take(CREATE, 0):
        pass
    assert [budget.take(CANCEL, 0) for _ in range(10)] == [0] * 10
    assert budget.take(CANCEL, 0) == 20


def test_reads_and_writes_do_not_take_from_each_other() -> None:
    budget = Budget()
    while not budget.take(READ, 0):
        pass
    assert budget.take(CREATE, 0) == 0


def test_a_batch_that_can_never_fit_is_refused_instead_of_waiting_for_ever() -> None:
    orders = [
        rest.NewOrder(client_order_id=f"c{i}", ticker="T", side="bid", price=Price(5000), size=Size(100))
        for i in range(9)
    ]
    with pytest.raises(LocalProtocolError, match="90 tokens"):
        Budget().take(rest.create_orders(orders), 0)
    assert Budget().take(rest.create_orders(orders[:8]), 0) == 0


def test_the_accounts_own_costs_and_limits_win() -> None:
    budget = Budget()
    limits = AccountLimits(clean("advanced"), BucketLimit(300, 900), BucketLimit(300, 600))
    costs = EndpointCosts(5, {("GET", "/portfolio/balance"): 150})
    budget.learn(0, limits=limits, costs=costs)
    assert (budget.cost_of(READ), budget.cost_of(CREATE), budget.cost_of(rest.orders())) == (150, 5, 5)
    assert [budget.take(READ, 0) for _ in range(6)] == [0] * 6
    assert budget.take(READ, 0) == 500


def test_learning_a_larger_bucket_does_not_give_back_what_was_spent() -> None:
    bucket = Bucket(BucketLimit(100, 100), 0)
    bucket.take(60)
    bucket.resize(BucketLimit(100, 300), 0)
    assert bucket.wait_ms(240, 0) == 0
    assert bucket.wait_ms(241, 0) == 10
    bucket.resize(BucketLimit(100, 50), 0)
    assert bucket.wait_ms(1, 0) == 10


def test_a_429_empties_the_bucket_that_it_is_about() -> None:
    budget = Budget()
    budget.refused(CREATE, 0)
    assert budget.take(CANCEL, 0) == 20
    assert budget.take(CREATE, 0) == 300
    assert budget.take(READ, 0) == 0


def test_a_clock_that_runs_backwards_gives_nothing() -> None:
    budget = Budget(1000)
    budget.refused(READ, 1000)
    assert budget.take(READ, 0) == 50
    assert budget.take(READ, 1049) == 1


@pytest.mark.parametrize("limit", [BucketLimit(0, 100), BucketLimit(100, 0), BucketLimit(-5, 5)])
def test_a_bucket_that_allows_nothing_is_refused(limit: BucketLimit) -> None:
    with pytest.raises(LocalProtocolError):
        Budget(read=limit)


# What is asked for, and how many milliseconds pass before.
STEPS = st.lists(st.tuples(st.sampled_from([CREATE, CANCEL, CREATE]), st.integers(0, 400)), max_size=80)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(steps=STEPS, rate=st.integers(1, 1000), capacity=st.integers(30, 1000))
def test_no_window_ever_holds_more_than_the_schedule_and_cancels_are_never_starved(
    steps: list[tuple[Request[object], int]], rate: int, capacity: int
) -> None:
    limit = BucketLimit(rate, capacity)
    budget = Budget(write=limit)
    taken: list[tuple[int, int]] = []
    reserve_left = budget.reserve * 1000  # a model of its own: only cancels may go below the reserve
    level, now_ms = capacity * 1000, 0
    for request, passed in steps:
        now_ms += passed
        level = min(level + passed * rate, capacity * 1000)
        wait = budget.take(request, now_ms)
        if not wait:
            level -= request.cost * 1000
            taken.append((now_ms, request.cost))
            assert request.is_cancel or level >= reserve_left
        if request.is_cancel:
            assert (wait == 0) == (level + (0 if wait else request.cost * 1000) >= request.cost * 1000)
    for start in range(len(taken)):
        total = 0
        for at_ms, cost in taken[start:]:
            total += cost
            assert total * 1000 <= capacity * 1000 + (at_ms - taken[start][0]) * rate


@settings(max_examples=200, deadline=None, derandomize=True)
@given(spent=st.integers(0, 20), rate=st.integers(1, 1000))
def test_after_the_wait_that_was_told_it_is_there_and_not_a_millisecond_before(spent: int, rate: int) -> None:
    budget = Budget(write=BucketLimit(rate, 200))
    for _ in range(spent):
        budget.take(CREATE, 0)
    wait = budget.take(CREATE, 0)
    if wait:
        assert budget.take(CREATE, wait - 1) == 1
        assert budget.take(CREATE, wait) == 0
