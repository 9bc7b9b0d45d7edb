"""A market's life: listing, opening, closing, results, disputes, payment."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kalshi_tui.core.units import Price
from kalshi_tui.practice.happenings import BookChanged, MarketChanged, OrderChanged, PositionChanged
from kalshi_tui.practice.records import Band, Event, Market, Result
from kalshi_tui.practice.rules import Rules
from tests.practice.pit import CLOSE_MS, DOLLAR, MINUTE, OPEN_MS, START_MS, Pit, refuses


@pytest.fixture
def pit() -> Pit:
    pit = Pit(multiplier=0)
    for name in ("ann", "ben"):
        pit.member(name, 100)
    return pit


def hold(pit: Pit) -> None:
    """Let Ben hold 10 YES at 30 and Ann 10 NO at 70, after Ben bought 4 more and sold them to Ann again."""
    pit.ask("ann", 30, 14)
    pit.bid("ben", 30, 14)
    pit.bid("ann", 35, 4)
    pit.ask("ben", 35, 4)


def steps(pit: Pit) -> list[tuple[str, str]]:
    return [(told.kind, told.market.ticker) for told in pit.told if isinstance(told, MarketChanged)]


def test_a_market_opens_and_closes_by_its_times(pit: Pit) -> None:
    pit.list_market("N", open_ms=START_MS + MINUTE, close_ms=START_MS + 2 * MINUTE)
    assert pit.status("N") == "initialized"
    with refuses(409, "market_inactive"):
        pit.bid("ann", 40, 1, ticker="N")
    pit.advance(START_MS + MINUTE)
    assert pit.status("N") == "active"
    pit.bid("ann", 40, 1, ticker="N")
    pit.advance(START_MS + 2 * MINUTE)
    assert pit.status("N") == "closed"
    assert [step for step in steps(pit) if step[1] == "N"] == [
        ("created", "N")
    ]  # both steps are told by the clock alone


def test_the_close_cancels_what_rests_and_refuses_every_order_operation(pit: Pit) -> None:
    orders = [pit.bid("ann", 40, 1).order, pit.bid("ben", 40, 2).order, pit.ask("ann", 60, 1).order]
    clock = pit.clock
    pit.told.clear()
    pit.advance(CLOSE_MS)
    assert {(order.status, order.last_update_reason, order.updated_ms) for order in orders} == {
        ("canceled", "CloseCancel", CLOSE_MS)
    }
    changes = [told for told in pit.told if isinstance(told, BookChanged)]
    assert [(told.price, told.delta, told.clock) for told in changes] == [
        (4_000, -300, clock + 1),
        (6_000, -100, clock + 1),
    ]
    assert sum(isinstance(told, OrderChanged) for told in pit.told) == 3
    assert (pit.reserved("ann"), pit.market.best_bid, pit.market.best_ask) == (0, 0, 10_000)
    with refuses(409, "market_already_closed"):
        pit.bid("ann", 40, 1)
    calls: list[Callable[[], object]] = [
        lambda: pit.cancel("ann", orders[0].order_id),
        lambda: pit.decrease("ann", orders[0].order_id, reduce_by=1, reduce_to=None),
        lambda: pit.change("ann", orders[0], cents=40, contracts=1),
    ]
    for call in calls:
        with refuses(404, "not_found"):
            call()


def test_a_close_can_be_moved_both_ways_and_back_again(pit: Pit) -> None:
    pit.move_close("M", CLOSE_MS + MINUTE)
    pit.advance(CLOSE_MS)
    assert pit.status() == "active"
    pit.move_close("M", CLOSE_MS + 1_000)
    pit.advance(CLOSE_MS + 1_000)
    assert pit.status() == "closed"
    pit.move_close("M", CLOSE_MS + 2 * MINUTE)
    assert pit.status() == "active"
    pit.advance(CLOSE_MS + MINUTE)
    assert pit.status() == "active"
    pit.close_market("M")
    assert (pit.market.status, pit.market.close_ms) == ("closed", CLOSE_MS + MINUTE)
    assert steps(pit)[1:] == [("close_date_updated", "M")] * 4


@pytest.mark.parametrize(
    ("result", "value", "ben", "ann"),
    [("yes", None, 1_000, 0), ("no", None, 0, 1_000), ("scalar", 3_700, 370, 630), ("scalar", 0, 0, 1_000)],
)
def test_the_net_position_is_paid_after_the_settlement_timer(
    pit: Pit, result: Result, value: int | None, ben: float, ann: float
) -> None:
    hold(pit)
    cash = {name: pit.cash(name) for name in ("ann", "ben")}
    pit.determine("M", result, value=None if value is None else Price(value), expiration_value="words")
    assert (pit.market.status, pit.market.result, pit.market.expiration_value) == ("determined", result, "words")
    pit.advance(START_MS + 59_999)
    assert {name: pit.cash(name) for name in cash} == cash
    pit.advance(START_MS + 60_000)
    assert (pit.market.status, pit.market.settled_ms) == ("finalized", START_MS + 60_000)
    assert pit.cash("ben") - cash["ben"] == round(ben * DOLLAR / 100)
    assert pit.cash("ann") - cash["ann"] == round(ann * DOLLAR / 100)
    assert pit.cash("ann") + pit.cash("ben") == 200 * DOLLAR


@pytest.mark.parametrize(("grid", "ben", "ann"), [(10_000, 372, 627), (1, 372.5, 627.5)])
def test_what_a_scalar_value_pays_beyond_its_grid_stays_with_the_exchange(grid: int, ben: float, ann: float) -> None:
    pit = Pit(rules=Rules(settlement_grid=grid))
    for name in ("ann", "ben"):
        pit.member(name, 100)
    pit.ask("ann", 30, 10)
    pit.bid("ben", 30, 10)
    fees = pit.fee_pot
    cash = {name: pit.cash(name) for name in ("ann", "ben")}
    pit.determine("M", "scalar", value=Price(3_725))
    pit.settle("M")
    paid = [pit.cash("ben") - cash["ben"], pit.cash("ann") - cash["ann"]]
    assert paid == [round(ben * DOLLAR / 100), round(ann * DOLLAR / 100)]
    assert [row.revenue for name in ("ben", "ann") for row in pit.settlements_of(name)] == paid
    assert pit.fee_pot - fees == 10 * DOLLAR - sum(paid)


def test_a_settlement_row_counts_gross_fills_and_pays_the_net(pit: Pit) -> None:
    hold(pit)
    pit.determine("M", "yes")
    pit.advance(START_MS + 60_000)
    [row] = pit.settlements_of("ben")
    assert (row.yes_count, row.yes_cost, row.no_count, row.no_cost) == (1_400, 4_200_000, 400, 2_600_000)
    assert (row.revenue, row.value, row.result, row.fees, row.settled_ms) == (
        10 * DOLLAR,
        10_000,
        "yes",
        0,
        START_MS + 60_000,
    )
    assert row.revenue == (row.yes_count - row.no_count) * 10_000
    position = pit.position("ben")
    assert (position.settled, position.size, position.cost) == (True, 0, 0)
    assert position.realized == pit.cash("ben") - 100 * DOLLAR
    told = [one for one in pit.told if isinstance(one, PositionChanged) and one.ts_ms == START_MS + 60_000]
    assert [one.position.user_id for one in told] == ["ben", "ann"]


def test_a_flat_position_leaves_a_row_that_pays_nothing(pit: Pit) -> None:
    hold(pit)
    pit.bid("ann", 30, 10)
    pit.ask("ben", 30, 10)
    pit.determine("M", "yes")
    pit.settle("M")
    assert [row.revenue for row in pit.settlements_of("ben")] == [0]


def test_a_dispute_holds_the_payment_until_the_result_is_amended(pit: Pit) -> None:
    hold(pit)
    pit.determine("M", "yes")
    pit.advance(START_MS + 30_000)
    pit.dispute("M")
    pit.advance(START_MS + 90_000)
    assert (pit.market.status, pit.settlements_of("ben")) == ("disputed", [])
    pit.amend_result("M", "no")
    assert (pit.market.status, pit.market.settlement_value) == ("amended", 0)
    pit.advance(START_MS + 150_000)
    assert (pit.market.status, pit.market.settled_ms) == ("finalized", START_MS + 150_000)
    assert [row.revenue for row in pit.settlements_of("ann")] == [10 * DOLLAR]
    assert steps(pit)[2:] == [("determined", "M"), ("determined", "M"), ("settled", "M")]


def test_an_amended_result_starts_the_settlement_timer_again(pit: Pit) -> None:
    hold(pit)
    pit.determine("M", "yes")
    pit.advance(START_MS + 30_000)
    pit.amend_result("M", "no")
    pit.advance(START_MS + 89_999)
    assert pit.status() == "amended"
    pit.advance(START_MS + 90_000)
    assert pit.status() == "finalized"


def test_determining_an_open_market_closes_it_first(pit: Pit) -> None:
    order = pit.bid("ann", 40, 1).order
    pit.determine("M", "no")
    assert (order.status, pit.market.close_ms, pit.market.determined_ms) == ("canceled", START_MS, START_MS)
    assert steps(pit)[1:] == [("close_date_updated", "M"), ("determined", "M")]


def test_the_house_is_paid_and_its_position_forgotten(pit: Pit) -> None:
    pit.open_account(cash=0, user_id="house", house=True)
    pit.ask("house", 30, 10)
    pit.bid("ben", 30, 10)
    pit.determine("M", "no")
    pit.settle("M")
    assert pit.cash("house") == 3 * DOLLAR
    assert ("house", 0, "M") not in pit.positions


@pytest.mark.parametrize(("result", "value"), [("scalar", None), ("scalar", 10_001), ("scalar", -1), ("", None)])
def test_a_result_must_say_what_a_yes_is_worth(pit: Pit, result: Result, value: int | None) -> None:
    with pytest.raises(ValueError, match="scalar with a value"):
        pit.determine("M", result, value=None if value is None else Price(value))
    assert pit.status() == "active"


def test_steps_out_of_turn_are_refused(pit: Pit) -> None:
    steps_now: list[Callable[[], None]] = [
        lambda: pit.settle("M"),
        lambda: pit.dispute("M"),
        lambda: pit.amend_result("M", "yes"),
        lambda: pit.resume_market("M"),
        lambda: pit.determine("NOPE", "yes"),
    ]
    for step in steps_now:
        with pytest.raises(ValueError, match="market"):
            step()
    pit.determine("M", "yes")
    pit.settle("M")
    for step in (*steps_now, lambda: pit.move_close("M", CLOSE_MS), lambda: pit.determine("M", "no")):
        with pytest.raises(ValueError, match="market"):
            step()


def test_resting_orders_survive_another_grid(pit: Pit) -> None:
    order = pit.bid("ann", 45, 1).order
    pit.change_grid("M", "center_half", [Band(Price(0), Price(10_000), Price(1_000))])
    assert (order.status, pit.market.price_level_structure) == ("resting", "center_half")
    with refuses(400, "invalid_price"):
        pit.bid("ann", 44, 1)
    pit.ask("ben", 40, 1)
    assert order.status == "executed"
    assert steps(pit)[1:] == [("price_level_structure_updated", "M")]


def test_metadata_may_change_and_nothing_else(pit: Pit) -> None:
    pit.update_metadata("M", floor_strike="4.25", yes_sub_title="4.25 or above")
    assert (pit.market.floor_strike, pit.market.updated_ms) == ("4.25", START_MS)
    assert steps(pit)[1:] == [("metadata_updated", "M")]
    with pytest.raises(ValueError, match="best_bid"):
        pit.update_metadata("M", title="x", best_bid=1)
    assert pit.market.title == ""


def test_an_event_needs_its_series_and_a_market_its_event(pit: Pit) -> None:
    with pytest.raises(ValueError, match="unknown series"):
        pit.add_event(Event("X", "NOPE", "x"))
    pit.market.event_ticker = "NOPE"
    with pytest.raises(ValueError, match="unknown event"):
        pit.add_market(pit.market)


def test_a_forgotten_event_leaves_nothing_behind_but_the_members_own_records() -> None:
    pit = Pit(rules=Rules(keep_trades=3, keep_candles=2))
    pit.add_event(Event("E2", "S", "Event"))
    pit.add_market(Market("X", "E2", "id-X", open_ms=OPEN_MS, close_ms=CLOSE_MS))
    pit.member("ann")
    pit.member("bob")
    for cents_ in (40, 41):
        pit.ask("bob", cents_, 2, ticker="X")
        pit.bid("ann", cents_, 2, ticker="X")
        pit.advance(pit.now_ms + MINUTE)
    pit.determine("X", "yes")
    with pytest.raises(ValueError, match="finalized"):
        pit.forget_event("E2")
    pit.settle("X")
    forgotten: list[tuple[str, str]] = []
    pit.histories["ann"].on_forgotten = lambda kind, name: forgotten.append((kind, name))
    pit.forget_event("E2")
    assert ("X" in pit.markets, "E2" in pit.events, pit.positions, pit.holders) == (False, False, {}, {})
    assert (list(pit.trades_of("X")), pit.candles("X", 1, 0, 10**11)) == ([], [])
    assert forgotten == [("position", "ann|0|X")]
    assert [row.ticker for row in pit.settlements_of("ann")] == ["X"]
    assert len(pit.fills_of("ann")) == 2
    for number in range(8):  # what it left in the bounds is freed without a word
        pit.ask("bob", 50, 1)
        pit.bid("ann", 50, 1)
        pit.advance(pit.now_ms + MINUTE)
        assert len(pit.recent_trades()) == min(3 + number, 3)
    pit.advance(pit.now_ms + 2 * 86_400_000)
    assert pit.market.volume_24h == 0
