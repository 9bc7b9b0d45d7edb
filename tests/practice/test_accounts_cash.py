"""Cash, collateral, positions, subaccounts and shards."""

from __future__ import annotations

import pytest

from kalshi_tui.practice.exchange import Rules
from tests.practice.pit import DOLLAR, Pit, refuses


def free_pit(**dollars: float) -> Pit:
    """Open a pit without fees, so that every amount is the contract's own."""
    pit = Pit(multiplier=0)
    for name, amount in dollars.items():
        pit.member(name, amount)
    return pit


def cents(amount: float) -> int:
    return round(amount * DOLLAR / 100)


def test_opening_yes_costs_its_price_and_opening_no_costs_the_rest() -> None:
    pit = free_pit(ann=10, ben=10)
    pit.ask("ann", 30, 5)
    pit.bid("ben", 30, 5)
    assert (pit.cash("ben"), pit.position("ben").size) == (cents(850), 500)
    assert (pit.cash("ann"), pit.position("ann").size) == (cents(650), -500)
    assert pit.market.open_interest == 500


def test_a_yes_and_a_no_that_meet_return_a_dollar_at_once() -> None:
    pit = free_pit(ann=10, ben=10, cat=10)
    pit.ask("ann", 30, 5)
    pit.bid("ben", 30, 5)
    pit.bid("cat", 40, 5)
    pit.ask("ben", 40, 5)
    position = pit.position("ben")
    assert pit.cash("ben") == cents(1_050)
    assert (position.size, position.cost, position.realized) == (0, 0, cents(50))
    assert pit.market.open_interest == 500


def test_buying_no_beyond_the_yes_held_opens_no() -> None:
    pit = free_pit(ann=10, ben=10, cat=10)
    pit.ask("ann", 30, 5)
    pit.bid("ben", 30, 5)
    pit.bid("cat", 40, 8)
    pit.ask("ben", 40, 8)
    position = pit.position("ben")
    assert (position.size, position.cost, position.realized) == (-300, cents(180), cents(50))
    assert pit.cash("ben") == cents(1_000 - 150 + 200 - 180)
    assert (position.yes_bought, position.yes_cost, position.no_bought, position.no_cost) == (
        500,
        cents(150),
        800,
        cents(480),
    )
    assert position.traded == cents(150 + 480)


def test_what_is_closed_leaves_at_the_average_cost() -> None:
    pit = free_pit(ann=100, ben=100)
    for price, contracts in ((20, 1), (50, 2)):
        pit.ask("ann", price, contracts)
        pit.bid("ben", price, contracts)
    pit.bid("ann", 60, 1)
    pit.ask("ben", 60, 1)
    position = pit.position("ben")
    assert (position.cost, position.realized) == (cents(80), cents(20))  # 120 for three: 40 each


def test_the_average_of_fractions_loses_no_micro_dollar() -> None:
    pit = free_pit(ann=100, ben=100)
    for price, contracts in ((20, 1), (21, 0.5), (23, 0.53)):
        pit.ask("ann", price, contracts)
        pit.bid("ben", price, contracts)
    spent = 100 * DOLLAR - pit.cash("ben")
    for contracts in (0.37, 0.4, 1.26):
        pit.bid("ann", 30, contracts)
        pit.ask("ben", 30, contracts)
    position = pit.position("ben")
    assert (position.size, position.cost) == (0, 0)
    assert position.realized == cents(30 * 2.03) - spent


def test_a_resting_order_reserves_its_leg_and_gives_it_back() -> None:
    pit = free_pit(ann=10)
    bid = pit.bid("ann", 30, 10).order
    ask = pit.ask("ann", 60, 10).order
    assert (pit.reserved("ann"), pit.available("ann"), pit.cash("ann")) == (cents(700), cents(300), cents(1_000))
    with refuses(400, "insufficient_balance"):
        pit.bid("ann", 31, 10)
    pit.bid("ann", 30, 10)
    for order in (bid, ask):
        pit.cancel("ann", order.order_id)
    assert pit.available("ann") == cents(700)


def test_a_fill_turns_the_reserve_into_cost() -> None:
    pit = free_pit(ann=10, ben=10)
    pit.bid("ann", 30, 10)
    pit.ask("ben", 30, 4)
    assert (pit.cash("ann"), pit.reserved("ann"), pit.available("ann")) == (cents(880), cents(180), cents(700))


def test_closing_a_position_needs_no_cash() -> None:
    pit = free_pit(ann=10, ben=3)
    pit.ask("ann", 30, 10)
    pit.bid("ben", 30, 10)
    assert pit.available("ben") == 0
    pit.ask("ben", 35, 10)
    assert (pit.reserved("ben"), pit.available("ben")) == (0, 0)
    with refuses(400, "insufficient_balance"):
        pit.ask("ben", 99, 1)


def test_the_best_priced_order_closes_first() -> None:
    pit = free_pit(ann=10, ben=10)
    pit.ask("ann", 30, 10)
    pit.bid("ben", 30, 10)
    pit.ask("ben", 80, 8)
    pit.ask("ben", 60, 6)
    assert pit.reserved("ben") == 4 * cents(20)  # 6 at 60 and 4 of those at 80 close; 4 at 80 open
    pit.ask("ben", 50, 10)
    assert pit.reserved("ben") == 6 * cents(40) + 8 * cents(20)


def test_a_position_that_goes_takes_its_cover_along() -> None:
    pit = free_pit(ann=10, ben=5, cat=10)
    pit.ask("ann", 30, 10)
    pit.bid("ben", 30, 10)
    pit.ask("ben", 80, 10)
    pit.bid("cat", 40, 10)
    pit.ask("ben", 40, 5)
    assert (pit.position("ben").size, pit.reserved("ben"), pit.cash("ben")) == (500, 5 * cents(20), cents(400))


def test_an_order_may_not_take_the_cover_that_cash_cannot_replace() -> None:
    pit = free_pit(ann=10, ben=3, cat=10)
    pit.ask("ann", 30, 10)
    pit.bid("ben", 30, 10)
    take_profit = pit.ask("ben", 80, 10).order
    pit.bid("cat", 40, 10)
    with refuses(400, "insufficient_balance"):
        pit.ask("ben", 40, 10, time_in_force="immediate_or_cancel")
    pit.cancel("ben", take_profit.order_id)
    assert pit.ask("ben", 40, 10, time_in_force="immediate_or_cancel").order.filled == 1_000


def test_a_short_position_covers_bids_alike() -> None:
    pit = free_pit(ann=7, ben=10)
    pit.bid("ben", 30, 10)
    pit.ask("ann", 30, 10)
    assert pit.available("ann") == 0
    order = pit.bid("ann", 20, 10).order
    assert pit.reserved("ann") == 0
    pit.ask("ben", 20, 4)
    assert (pit.position("ann").size, pit.reserved("ann"), order.remaining) == (-600, 0, 600)


def test_an_amendment_is_judged_without_what_it_replaces() -> None:
    pit = free_pit(ann=10)
    order = pit.bid("ann", 50, 20).order
    pit.change("ann", order, cents=40, contracts=25)
    assert pit.reserved("ann") == cents(1_000)
    with refuses(400, "insufficient_balance"):
        pit.change("ann", order, cents=40, contracts=25.01)


def test_an_amendment_beyond_the_position_is_judged_without_what_it_replaces() -> None:
    pit = free_pit(ann=10, ben=3)
    pit.ask("ann", 30, 10)
    pit.bid("ben", 30, 10)
    order = pit.ask("ben", 80, 10).order
    with refuses(400, "insufficient_balance"):
        pit.change("ben", order, cents=90, contracts=20)
    pit.change("ben", order, cents=90, contracts=10)


def test_a_member_below_zero_may_still_close() -> None:
    pit = Pit(fee_type="quadratic_with_maker_fees")
    pit.member("ann", 50)
    pit.member("ben", 100)
    pit.bid("ann", 50, 100)
    pit.ask("ben", 50, 100)
    assert pit.available("ann") == -437_500
    with refuses(400, "insufficient_balance"):
        pit.bid("ann", 1, 1)
    pit.bid("ben", 45, 100)
    assert pit.ask("ann", 45, 100).order.filled == 10_000


def test_nothing_is_kept_for_markets_in_which_nothing_rests() -> None:
    pit = free_pit(ann=10, ben=10)
    order = pit.bid("ann", 30, 10).order
    pit.ask("ben", 30, 4)
    pit.cancel("ann", order.order_id)
    assert pit._collateral._stakes == {}


def test_a_taker_must_be_able_to_pay_the_fee_of_what_it_opens() -> None:
    pit = Pit()
    pit.member("ann", 100)
    pit.member("ben", 50)
    pit.ask("ann", 50, 100)
    with refuses(400, "insufficient_balance"):
        pit.bid("ben", 50, 100)  # 50 for the contracts, 1.75 for the fee
    pit.bid("ben", 49, 100)
    pit.account("ben").cash[0, 0] += 52 * DOLLAR
    pit.bid("ben", 50, 100)
    assert pit.cash("ben") == (102 - 50) * DOLLAR - cents(175)


def test_collateral_must_sit_on_the_shard_of_the_market() -> None:
    pit = free_pit(ann=10)
    pit.list_market("CRYPTO", exchange_index=2)
    with refuses(400, "insufficient_balance"):
        pit.bid("ann", 50, 1, ticker="CRYPTO")
    pit.shard_transfer("ann", 0, 2, cents(50))
    order = pit.bid("ann", 50, 1, ticker="CRYPTO", exchange_index=2).order
    assert order.exchange_index == 2
    assert (pit.available("ann", 0, 0), pit.available("ann", 0, 2), pit.available("ann")) == (cents(950), 0, cents(950))
    with refuses(400, "insufficient_balance"):
        pit.shard_transfer("ann", 2, 0, 1)


def test_subaccounts_keep_their_own_cash_orders_and_positions() -> None:
    pit = free_pit(ann=10, ben=10)
    assert pit.create_subaccount("ann") == 1
    pit.transfer("ann", 0, 1, cents(400))
    pit.ask("ben", 30, 10)
    pit.bid("ann", 30, 5, subaccount=1)
    assert (pit.cash("ann"), pit.cash("ann", 1)) == (cents(600), cents(250))
    assert ("ann", 0, "M") not in pit.positions
    assert pit.positions["ann", 1, "M"].size == 500
    assert pit.portfolio_value("ann", 1) == cents(150)
    with refuses(400, "insufficient_balance"):
        pit.bid("ann", 50, 6, subaccount=1)


@pytest.mark.parametrize(
    ("source", "destination", "amount"), [(0, 2, 1), (2, 0, 1), (0, 0, 1), (0, 1, 0), (0, 1, -5), (-1, 0, 1)]
)
def test_a_transfer_that_makes_no_sense_is_refused(source: int, destination: int, amount: int) -> None:
    pit = free_pit(ann=10)
    pit.create_subaccount("ann")
    with refuses(400, "invalid_parameters"):
        pit.transfer("ann", source, destination, amount)


def test_reserved_cash_does_not_move() -> None:
    pit = free_pit(ann=10)
    pit.create_subaccount("ann")
    pit.bid("ann", 50, 10)
    with refuses(400, "insufficient_balance"):
        pit.transfer("ann", 0, 1, cents(501))
    pit.transfer("ann", 0, 1, cents(500))
    assert (pit.available("ann", 0), pit.available("ann", 1)) == (0, cents(500))


def test_there_are_64_subaccounts() -> None:
    pit = free_pit(ann=10)
    assert [pit.create_subaccount("ann") for _ in range(63)] == list(range(1, 64))
    with refuses(400, "limit_exceeded"):
        pit.create_subaccount("ann")


def test_the_portfolio_is_worth_the_last_price() -> None:
    pit = free_pit(ann=10, ben=10, cat=10)
    pit.ask("ann", 30, 5)
    pit.bid("ben", 30, 5)
    pit.ask("ann", 34, 1)
    pit.bid("cat", 34, 1)
    assert pit.portfolio_value("ben") == 5 * cents(34)
    assert pit.portfolio_value("ann") == 6 * cents(66)
    assert pit.portfolio_value("ann", exchange_index=1) == 0


def test_an_account_opens_once() -> None:
    pit = free_pit(ann=10)
    with pytest.raises(ValueError, match="exists already"):
        pit.member("ann")


def test_the_oldest_ended_orders_and_fills_are_forgotten_first() -> None:
    pit = Pit(rules=Rules(keep_history=8))
    pit.member("ann")
    pit.member("ben")
    working = pit.bid("ann", 1, 1).order
    for _ in range(100):
        pit.bid("ann", 40, 1)
        pit.ask("ben", 40, 1)
    orders = pit.orders_of("ann")
    assert orders[0] is working
    assert 9 <= len(orders) <= 12
    assert 8 <= len(pit.fills_of("ann")) <= 10
    assert len(pit.orders) <= 25
    assert pit.orders[working.order_id] is working
