"""Rules of the order path that hold at the edges of what people ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from kalshi_tui.core.book import Book
from kalshi_tui.core.fees import FeePolicy, fee_terms
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine import inputs
from kalshi_tui.engine.order_rules import OrderRules
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.bodies import Bodies
from kalshi_tui.engine.trading.codes import Code
from kalshi_tui.engine.trading.gate import Gate, Permit
from kalshi_tui.engine.trading.picture import _fee
from kalshi_tui.engine.trading.risk import fee_for
from kalshi_tui.errors import KalshiTuiError, LocalProtocolError
from kalshi_tui.link import trading as link
from kalshi_tui.link.keys import OrdersKey
from kalshi_tui.protocol import rest
from tests.engine.dealing import armed, denied, desk_of, placed, running, stage, take
from tests.engine.test_gate_denies import BOOK, FACTS, LIQUIDITY, PROPOSAL, RULES, said
from tests.property.trading_world import LongWorld

EXPIRING = OrderRules(execution="live", duplicate_ms=0, orders_per_10s=50, orders_per_minute=200, expiration_ms=90_000)


@pytest.fixture
def world() -> Iterator[LongWorld]:
    with armed(EXPIRING) as here:
        yield here


# The gate


@pytest.mark.parametrize(
    ("options", "denies"),
    [
        ({"time_in_force": "good_till_canceled", "reduce_only": True}, True),
        ({"time_in_force": "immediate_or_cancel", "post_only": True}, True),
        ({"time_in_force": "immediate_or_cancel", "expiration_s": FACTS.now_ms // 1000 + 60}, True),
        ({"time_in_force": "good_till_canceled", "expiration_s": FACTS.now_ms // 1000 + 60}, False),
        ({"time_in_force": "immediate_or_cancel"}, False),
    ],
)
def test_options_that_the_venue_does_not_take_together_are_denied(options: dict[str, Any], denies: bool) -> None:
    assert (Code.OPTIONS_CLASH in said(replace(PROPOSAL, **options))) is denies


def test_one_contract_is_no_share_of_the_depth_worth_speaking_of() -> None:
    thin = replace(FACTS, book=replace(BOOK, liquidity=replace(LIQUIDITY, takes=Size(100), depth=Size(100))))
    assert Code.SIZE_AGAINST_DEPTH not in said(replace(PROPOSAL, size=Size(100), opens=Size(100)), thin)
    assert Code.SIZE_AGAINST_DEPTH in said(replace(PROPOSAL, size=Size(101), opens=Size(101)), thin)


def bodies() -> Bodies:
    order = rest.NewOrder(client_order_id="c", ticker="KXTEST-A", side="bid", price=Price(100), size=Size(100))
    return Bodies(rest.create_order(order), "{}", "digest", "c", "", 0, None, Size(100), order)


def test_a_permit_is_good_for_one_send_of_the_gate_that_made_it() -> None:
    gate, other = Gate(RULES, []), Gate(RULES, [])
    permit = gate.permit(1, "place", bodies(), FACTS.now_ms)
    with pytest.raises(LocalProtocolError, match="without a permit"):
        other.spend(permit)
    gate.spend(permit)
    with pytest.raises(LocalProtocolError, match="without a permit"):
        gate.spend(permit)


def test_a_permit_that_was_made_by_nobody_or_taken_back_sends_nothing() -> None:
    gate = Gate(RULES, [])
    permit = gate.permit(1, "place", bodies(), FACTS.now_ms)
    forged = Permit(1, "place", permit.request, permit.expires_ms, permit.new, object())
    with pytest.raises(LocalProtocolError, match="order 1"):
        gate.spend(forged)
    gate.revoke(1)
    with pytest.raises(LocalProtocolError, match="order 1"):
        gate.spend(permit)


# Fees and positions


def test_nothing_costs_no_fee_and_an_unknown_fee_counts_as_the_dearest() -> None:
    policy = FeePolicy()
    assert fee_for(None, policy, "bid", Price(5_000), Size(0)) == 0
    usual = fee_for(fee_terms("quadratic", 1_000_000), policy, "bid", Price(5_000), Size(10_000))
    assert usual == Money(1_750_000), "a hundred contracts at fifty cents: 0.07 * 100 * 0.25 dollars"
    assert fee_for(None, policy, "bid", Price(5_000), Size(10_000)) == 2 * usual


def test_a_ticket_whose_fee_is_not_known_or_that_opens_nothing_predicts_none() -> None:
    draft = link.Draft("KXTEST-A", "bid", Price(5_000), Size(100))
    assert _fee(None, FeePolicy(), draft, Size(100), None) == 0
    assert _fee(fee_terms("quadratic", 1_000_000), FeePolicy(), draft, Size(0), None) == 0
    assert _fee(fee_terms("quadratic", 1_000_000), FeePolicy(), draft, Size(100), None) == 0, (
        "to rest costs nothing here"
    )
    at_once = link.Draft("KXTEST-A", "bid", Price(5_000), Size(100), time_in_force="immediate_or_cancel")
    asks = Book("KXTEST-A")
    asks.replace([], [(Price(5_000), Size(100))])
    assert _fee(fee_terms("quadratic", 1_000_000), FeePolicy(), at_once, Size(100), asks) == 17_500


def test_what_several_subaccounts_hold_of_a_market_counts_together(world: LongWorld) -> None:
    desk, ticker = desk_of(world), world.tickers[0]
    for subaccount, size, cost in ((0, 300, 1_200_000), (1, 200, 900_000)):
        desk.note(entries.HoldingTold(desk.now_ms, ticker, Size(size), Money(cost), "held before", subaccount))
    held = desk.risk.position(ticker)
    assert (held.size, held.cost) == (500, 2_100_000)
    assert desk.risk.position(world.tickers[1]).size == 0


def test_an_amendment_down_to_what_is_filled_opens_nothing_costs_nothing_and_is_denied(world: LongWorld) -> None:
    order = placed(world, 300)
    take(world, order, 100)
    world.wait(1)
    assert order.filled == 100
    ticket = stage(world, 100, kind="amend", replaces=order.number)
    assert denied(ticket) == [Code.SIZE_WRONG]
    assert (ticket.cost, ticket.fee) == (0, 0)


# Orders as they are shown and sent


def test_an_order_ends_when_the_settings_say_so_unless_its_draft_does(world: LongWorld) -> None:
    before = world.now_ms
    placed(world)
    placed(world, 200, expiration_s=before // 1000 + 600)
    world.faults.armed["user_orders drop"] += 1  # the answer alone tells that it has come to nothing
    assert placed(world, 300, time_in_force="immediate_or_cancel").state == "canceled"
    ends = [order.expiration_ms for order in desk_of(world).ledger.orders.values()]
    assert ends[0] is not None
    assert before + 88_000 <= ends[0] <= world.now_ms + 90_000
    assert ends[1:] == [(before // 1000 + 600) * 1000, None]


def test_a_list_of_orders_shows_what_works_first_and_then_the_newest_that_have_ended(world: LongWorld) -> None:
    numbers = [placed(world, size).number for size in (100, 200, 300, 400)]
    world.ask(link.CancelOrders(numbers=tuple(numbers[:3])))
    world.wait(1)

    def shown(count: int, **more: Any) -> list[int]:
        view = world.run(world.alive.link.first(OrdersKey(count=count, **more))) if world.alive else None
        assert isinstance(view, link.OrdersView)
        return [row.number for row in view.rows]

    assert shown(3) == [numbers[3], numbers[2], numbers[1]]
    assert shown(1) == [numbers[3]]
    assert shown(9) == [numbers[3], *reversed(numbers[:3])]
    assert shown(9, only_working=True) == [numbers[3]]
    assert shown(9, ticker=world.tickers[1]) == []


# The desk


def test_a_loop_that_stood_still_disarms_and_compares_before_anything_else_is_sent(world: LongWorld) -> None:
    desk, intake = desk_of(world), world.engine.intake
    before = desk.reconciled_ms
    intake.take(inputs.Stalled(world.now_ms, is_stalled=True))
    assert desk.is_stalled
    assert desk.ledger.armed_until_ms is None
    assert denied(stage(world))[:2] == [
        Code.NOT_ARMED,
        Code.ENGINE_STALLED,
    ]
    intake.take(inputs.Stalled(world.now_ms, is_stalled=False))
    world.wait(3)
    assert desk.reconciled_ms is not None
    assert before is not None
    assert desk.reconciled_ms > before
    world.ask(link.Arm())
    assert stage(world).may_fire


def test_before_the_journal_was_read_nothing_but_a_kill_is_heard(world: LongWorld) -> None:
    desk, intake = desk_of(world), world.engine.intake
    desk.is_open = False
    intake.take(inputs.Traded(world.now_ms, link.Disarm(), "a person"))
    with pytest.raises(KalshiTuiError, match="the journal is not read yet"):
        desk.answer()
    desk.is_open = True


def test_every_effect_of_the_desk_has_hands() -> None:
    from typing import get_args  # noqa: PLC0415 - used here alone

    from kalshi_tui.engine.trading.effects import Effect  # noqa: PLC0415 - as above

    with running() as world:
        assert set(world.engine.executor._hands) == set(get_args(Effect))
