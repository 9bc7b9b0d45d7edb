"""What the exchange charges: the published examples, the terms in force, and where the charge shows up."""

from __future__ import annotations

import pytest

from kalshi_tui.practice.exchange import Rules
from kalshi_tui.practice.fees import charge
from kalshi_tui.practice.happenings import EventFeeChanged
from kalshi_tui.practice.records import FeeChange, Series
from tests.practice.pit import DOLLAR, MINUTE, START_MS, Pit

TAKER = 70_000 * 1_000_000  # rates carry the multiplier: units of 1e-12
MAKER = 17_500 * 1_000_000
FINE, CENT = 100, 10_000


def test_one_contract_at_five_and_a_half_cents_moves_a_cleared_balance_by_six_cents() -> None:
    one = charge(TAKER, "bid", 550, 100, 0, CENT)
    assert (one.trade_fee, one.rounding_fee, one.rebate, one.net, one.carried) == (3_639, 1_361, 0, 5_000, 1_361)
    assert 55_000 + one.net == 60_000


def test_the_third_rounding_of_four_tenths_of_a_cent_gives_a_cent_back() -> None:
    carried, rebates = 0, []
    for _ in range(3):
        one = charge(0, "bid", 600, 10, carried, CENT)  # revenue -0.006 rounds to -0.01: 0.004 each
        assert one.rounding_fee == 4_000
        carried = one.carried
        rebates.append(one.rebate)
    assert (rebates, carried) == ([0, 0, 0], 12_000)  # nothing was paid that a whole cent could be given back from
    one = charge(TAKER, "bid", 5_000, 100_000, carried, CENT)
    assert (one.rebate, one.carried, one.net) == (10_000, 2_000, 17_500_000 - 10_000)


@pytest.mark.parametrize(
    ("rate", "cents", "contracts", "grid", "net"),
    [
        (TAKER, 50, 100, FINE, 1_750_000),
        (TAKER, 25, 100, FINE, 1_312_500),
        (TAKER, 25, 100, CENT, 1_320_000),
        (TAKER // 2, 50, 100, FINE, 875_000),
        (TAKER // 2, 50, 100, CENT, 880_000),
        (MAKER, 50, 100, FINE, 437_500),
        (MAKER, 50, 100, CENT, 440_000),
        (TAKER, 52, 1, FINE, 17_500),
        (TAKER, 99, 1, FINE, 700),
        (TAKER, 43, 5, FINE, 85_800),
        (MAKER, 67, 2, FINE, 7_800),
    ],
)
def test_published_and_recorded_fees(rate: int, cents: int, contracts: int, grid: int, net: int) -> None:
    assert charge(rate, "bid", cents * 100, contracts * 100, 0, grid).net == net


@pytest.mark.parametrize("side", ["bid", "ask"])
def test_a_balance_stays_on_its_grid(side: str) -> None:
    revenue = (-1 if side == "bid" else 1) * 3_301 * 3
    one = charge(TAKER, "bid" if side == "bid" else "ask", 3_301, 3, 0, FINE)
    assert (revenue - one.net) % FINE == 0


def traded(pit: Pit, cents: float = 50, contracts: float = 100) -> tuple[int, int]:
    """Trade between fresh members; return the maker's and the taker's fee."""
    maker, taker = pit.member(f"maker{pit.clock}"), pit.member(f"taker{pit.clock}")
    resting = pit.ask(maker, cents, contracts).order
    outcome = pit.bid(taker, cents, contracts)
    assert sum(fill.fee for fill in outcome.fills) == outcome.order.taker_fees
    return resting.maker_fees, outcome.order.taker_fees


@pytest.mark.parametrize(
    ("fee_type", "multiplier", "maker", "taker"),
    [
        ("quadratic", 1_000_000, 0, 1_750_000),
        ("quadratic", 500_000, 0, 875_000),
        ("quadratic", 0, 0, 0),
        ("quadratic_with_maker_fees", 1_000_000, 437_500, 1_750_000),
        ("quadratic_with_combo_maker_fees", 1_000_000, 875_000, 1_750_000),
        ("flat", 1_000_000, 0, 0),
    ],
)
def test_each_fee_type_has_its_maker_share(fee_type: str, multiplier: int, maker: int, taker: int) -> None:
    assert traded(Pit(fee_type=fee_type, multiplier=multiplier)) == (maker, taker)


def test_an_events_own_fee_wins_until_it_is_lifted() -> None:
    pit = Pit()
    pit.set_event_fee("E", "quadratic_with_maker_fees", 2_000_000)
    assert traded(pit) == (875_000, 3_500_000)
    pit.set_event_fee("E", None, 500_000)
    assert traded(pit) == (0, 875_000)
    pit.set_event_fee("E", None, None)
    assert traded(pit) == (0, 1_750_000)
    assert sum(isinstance(told, EventFeeChanged) for told in pit.told) == 3


def test_a_scheduled_change_holds_from_its_time_on() -> None:
    pit = Pit()
    pit.schedule_fee_change(FeeChange("1", "S", "", "quadratic", 500_000, START_MS + MINUTE))
    pit.schedule_fee_change(FeeChange("2", "S", "E", "quadratic", 0, START_MS + 2 * MINUTE))
    assert traded(pit) == (0, 1_750_000)
    pit.advance(START_MS + MINUTE)
    assert traded(pit) == (0, 875_000)
    pit.advance(START_MS + 2 * MINUTE)
    assert traded(pit) == (0, 0)
    assert [change.change_id for change in pit.fee_changes] == ["1", "2"]


def test_a_waiver_ends_at_its_time() -> None:
    pit = Pit()
    pit.update_metadata("M", fee_waiver_until_ms=START_MS + MINUTE)
    assert traded(pit) == (0, 0)
    pit.advance(START_MS + MINUTE)
    assert traded(pit) == (0, 1_750_000)


def test_an_unknown_fee_type_is_not_listed() -> None:
    pit = Pit()
    with pytest.raises(ValueError, match="known: quadratic"):
        pit.add_series(Series("X", "", "", fee_type="cubic"))
    with pytest.raises(ValueError, match="unknown fee type"):
        pit.set_event_fee("E", "cubic", None)


def test_an_order_carries_its_rounding_from_fill_to_fill() -> None:
    pit = Pit(rules=Rules(fee_grid=CENT))
    pit.member("ann")
    pit.member("ben")
    order = pit.bid("ben", 50, 10).order
    for _ in range(10):
        pit.ask("ann", 50, 1)
    taker_fees = [taken.taker_fees for taken in pit.orders_of("ann")]
    assert taker_fees == [20_000] * 10  # ten orders: 0.0175 each, to the next cent
    assert (order.maker_fees, order.rounding_carried) == (0, 0)
    swept = pit.bid("ben", 50, 1)
    assert swept.order.status == "resting"
    for _ in range(10):
        pit.ask("ann", 51, 1)
    one = pit.bid("ben", 51, 10).order
    # 0.0175 less 0.000007 per fill (0.51 x 0.49): 0.017493; the cents that rounding took come back as whole cents.
    assert one.taker_fees == 180_000
    assert one.rounding_carried == 180_000 - 10 * 17_493


def test_fees_show_up_in_fills_positions_and_cash_and_nowhere_else() -> None:
    pit = Pit(fee_type="quadratic_with_maker_fees")
    for name in ("ann", "ben"):
        pit.member(name)
    pit.ask("ann", 50, 100)
    pit.bid("ben", 50, 100)
    assert [fill.fee for fill in pit.fills_of("ann")] == [437_500]
    assert [fill.fee for fill in pit.fills_of("ben")] == [1_750_000]
    assert (pit.position("ann").fees, pit.position("ben").fees) == (437_500, 1_750_000)
    assert (pit.position("ann").cost, pit.position("ben").cost) == (50 * DOLLAR, 50 * DOLLAR)
    assert pit.cash("ben") == 950 * DOLLAR - 1_750_000
    assert pit.fee_pot == 437_500 + 1_750_000
