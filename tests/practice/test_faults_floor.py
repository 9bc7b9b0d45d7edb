"""Rules on the exchange itself: pauses, settlements, changes of terms, and what others do to an account."""

from __future__ import annotations

import random
from typing import Any

import pytest

from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.faults import Faults, Rule, When
from kalshi_tui.practice.faults.catalogue import ACTIONS, Need
from kalshi_tui.practice.faults.hostile import hostile_tickers
from kalshi_tui.practice.records import ApiKey, Refusal
from tests.practice.stream_kit import HOUSE, MEMBER, OTHER, START_MS, connect, of, place, small_exchange

A, B = "KXT-1-A", "KXT-1-B"


def _arm(exchange: Exchange, action: str, when: When | None = None, **params: Any) -> Faults:
    """Arm one rule that strikes after five seconds."""
    defaults = {name: value for name, value in ACTIONS["exchange"][action].items() if not isinstance(value, Need)}
    rule = Rule("r", "F00", "exchange", action, when or When(), {}, {**defaults, "at_s": 5.0, **params})
    faults = Faults([rule], random.Random(1))
    faults.arm(exchange)
    return faults


def _run(exchange: Exchange, seconds: float = 5) -> None:
    exchange.advance(START_MS + round(seconds * 1000))


def test_a_trading_pause_comes_and_goes() -> None:
    exchange = small_exchange()
    _arm(exchange, "pause_trading", for_s=60.0)
    seen = []
    for seconds in (4.9, 5, 64.9, 65):
        _run(exchange, seconds)
        seen.append(exchange.trading_active)
    assert seen == [True, False, False, True]


def test_an_exchange_pause_says_when_it_will_end() -> None:
    exchange = small_exchange()
    order = place(exchange, "bid", 4_000, 100, user=MEMBER).order
    _arm(exchange, "pause_exchange", for_s=60.0)
    _run(exchange)
    assert exchange.resume_ms == START_MS + 65_000
    with pytest.raises(Refusal):
        exchange.cancel(MEMBER, order.order_id)
    _run(exchange, 65)
    exchange.cancel(MEMBER, order.order_id)


def test_a_market_pauses_and_opens_with_an_empty_book() -> None:
    exchange = small_exchange()
    place(exchange, "bid", 4_000, 100)
    _arm(exchange, "pause_market", for_s=10.0)
    _run(exchange)
    assert exchange.markets[A].status == "inactive"
    _run(exchange, 15)
    assert (exchange.markets[A].status, exchange.markets[A].bids) == ("active", {})


def test_a_market_closes_at_once_or_early() -> None:
    exchange = small_exchange()
    _arm(exchange, "close_market")
    _run(exchange)
    assert exchange.markets[A].status == "closed"
    _arm(exchange, "move_close", to_s=30.0)
    _run(exchange, 39.9)
    assert exchange.markets[B].status == "active"
    _run(exchange, 40)
    assert exchange.markets[B].status == "closed"


@pytest.mark.parametrize(
    ("params", "revenue"),
    [({"result": "yes"}, 1_000_000), ({"result": "no"}, 0), ({"result": "scalar", "value": "0.5000"}, 500_000)],
)
def test_a_market_with_a_position_is_settled(params: dict[str, str], revenue: int) -> None:
    exchange = small_exchange()
    place(exchange, "ask", 4_000, 100, ticker=B)
    _arm(exchange, "settle", When(state=("position",)), **params)
    _run(exchange, 20)
    assert exchange.markets[B].status == "active"  # nobody holds anything yet
    place(exchange, "bid", 4_000, 100, user=MEMBER, ticker=B)
    _run(exchange, 21)
    assert exchange.markets[B].status == "finalized"
    assert exchange.settlements_of(MEMBER)[0].revenue == revenue


def test_the_grid_and_the_fee_change() -> None:
    exchange = small_exchange()
    _arm(exchange, "change_grid", label="deci_cent")
    _arm(exchange, "change_fee", fee_type="quadratic", multiplier="2")
    _run(exchange)
    assert exchange.markets[A].price_level_structure == "deci_cent"
    place(exchange, "bid", 4_010, 100)
    assert exchange.events["KXT-1"].fee_multiplier_override == 2_000_000


def test_somebody_trades_on_the_account_from_another_screen() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("fill")
    _arm(exchange, "external_trade", side="bid", count="3.00")
    _run(exchange)
    assert exchange.positions[MEMBER, 0, A].size == 300
    assert len(of(wire.read(), "fill")) == 1


def test_an_external_trade_takes_what_rests_when_something_does() -> None:
    exchange = small_exchange()
    place(exchange, "ask", 7_700, 1_000)
    _arm(exchange, "external_trade", side="bid", count="3.00")
    _run(exchange)
    assert exchange.fills_of(MEMBER)[0].price == 7_700


def test_a_withdrawal_leaves_no_debt() -> None:
    exchange = small_exchange()
    before = exchange.available(MEMBER)
    _arm(exchange, "withdraw", dollars="100.00")
    _run(exchange)
    assert exchange.available(MEMBER) == before - 100_000_000
    _arm(exchange, "withdraw", dollars="99999999.00")
    _run(exchange, 10)
    assert exchange.available(MEMBER) == 0


def test_order_groups_are_tripped() -> None:
    exchange = small_exchange()
    _arm(exchange, "trigger_groups", When(state=("order_group",)))
    _run(exchange, 20)
    group = exchange.create_group(MEMBER, 1_000)
    order = place(exchange, "bid", 4_000, 100, user=MEMBER, order_group_id=group.group_id).order
    _run(exchange, 21)
    assert group.triggered
    assert order.status == "canceled"


@pytest.mark.parametrize(("for_s", "later"), [(0.0, 0), (10.0, 1)])
def test_keys_are_revoked_for_good_or_for_a_while(for_s: float, later: int) -> None:
    exchange = small_exchange()
    exchange.add_key(ApiKey("mine", MEMBER, b""))
    exchange.add_key(ApiKey("theirs", OTHER, b""))
    _arm(exchange, "revoke_keys", for_s=for_s)
    _run(exchange)
    assert list(exchange.keys) == ["theirs"]
    _run(exchange, 15)
    assert len(exchange.keys) == 1 + later


def test_the_rest_of_a_partly_filled_order_is_cancelled() -> None:
    exchange = small_exchange()
    _arm(exchange, "cancel_rest", on="fill")
    order = place(exchange, "bid", 4_000, 500, user=MEMBER).order
    place(exchange, "ask", 4_000, 200)
    _run(exchange, 1)
    assert (order.status, order.filled, order.last_update_reason) == ("canceled", 200, "HaltCancel")


@pytest.mark.parametrize(("prevention", "resting"), [("taker_at_cross", "resting"), ("maker", "canceled")])
def test_an_order_of_the_account_meets_the_accounts_own(prevention: str, resting: str) -> None:
    exchange = small_exchange()
    place(exchange, "bid", 4_500, 300, user=OTHER)
    order = place(exchange, "bid", 4_000, 100, user=MEMBER).order
    _arm(exchange, "cross_own_order", When(state=("resting_orders",)), prevention=prevention)
    _run(exchange)
    assert order.status == resting
    assert order.filled == 0


def test_an_id_may_be_used_again_once_its_order_has_ended() -> None:
    exchange = small_exchange()
    _arm(exchange, "forget_ids")
    order = place(exchange, "bid", 4_000, 100, user=MEMBER, client_order_id="one").order
    exchange.cancel(MEMBER, order.order_id)
    with pytest.raises(Refusal):
        place(exchange, "bid", 4_000, 100, user=MEMBER, client_order_id="one")
    resting = place(exchange, "bid", 4_000, 100, user=MEMBER, client_order_id="two").order
    _run(exchange)
    place(exchange, "bid", 4_000, 100, user=MEMBER, client_order_id="one")
    with pytest.raises(Refusal):
        place(exchange, "bid", 4_000, 100, user=MEMBER, client_order_id=resting.client_order_id)


def test_the_house_leaves_a_book_and_members_stay() -> None:
    exchange = small_exchange()
    place(exchange, "bid", 4_000, 100)
    place(exchange, "ask", 6_000, 100)
    place(exchange, "bid", 3_000, 100, user=MEMBER)
    _arm(exchange, "pull_book")
    _run(exchange)
    assert list(exchange.markets[A].bids) == [3_000]
    assert not exchange.markets[A].asks


def test_dust_adds_up_to_exactly_nothing() -> None:
    exchange = small_exchange()
    place(exchange, "bid", 4_000, 100)
    _, wire = connect(exchange)
    wire.subscribe("orderbook_delta", market_ticker=A)
    _arm(exchange, "dust", steps=100)
    _run(exchange)
    deltas = [message["msg"]["delta_fp"] for message in of(wire.read(), "orderbook_delta")]
    assert deltas == ["1.00"] + ["-0.01"] * 100
    assert list(exchange.markets[A].bids) == [4_000]


def test_a_flood_has_the_changes_and_the_rate_that_were_asked_for() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("orderbook_delta", market_ticker=A)
    _arm(exchange, "flood", changes=3_000, per_s=1_000)
    _run(exchange, 6)
    assert 990 <= len(of(wire.read(), "orderbook_delta")) <= 1_020
    _run(exchange, 9)
    wire.read()
    assert len(of(wire.seen, "orderbook_delta")) == 3_000


def test_a_book_gets_very_many_levels_and_is_not_crossed() -> None:
    exchange = small_exchange()
    place(exchange, "bid", 4_000, 100)
    _arm(exchange, "deep_book", levels=10_000)
    _run(exchange)
    market = exchange.markets[A]
    assert len(market.bids) + len(market.asks) == 9_999
    assert market.best_bid < market.best_ask


@pytest.mark.parametrize("style", ["markup", "control", "bidi", "combining", "long"])
def test_the_words_of_a_market_become_hostile(style: str) -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("market_lifecycle_v2")
    _arm(exchange, "hostile_text", style=style)
    _run(exchange)
    told = of(wire.read(), "market_lifecycle_v2")[0]["msg"]
    assert told["yes_sub_title"] == exchange.markets[A].title != "Will KXT-1-A happen?"


def test_markets_with_hostile_names_can_be_followed() -> None:
    exchange = small_exchange()
    _arm(exchange, "hostile_tickers")
    _run(exchange)
    assert set(hostile_tickers()) < set(exchange.markets)
    _, wire = connect(exchange)
    wire.subscribe("orderbook_delta", market_tickers=list(hostile_tickers()))
    assert len(of(wire.seen, "orderbook_snapshot")) == len(hostile_tickers())


def test_what_the_exchange_does_not_allow_is_counted_as_missed() -> None:
    exchange = small_exchange()
    exchange.trading_active = False
    faults = _arm(exchange, "external_trade")
    _run(exchange)
    assert faults.missed["r"] == 1


def test_a_rule_that_hears_of_fills_counts_those_of_members_alone() -> None:
    exchange = small_exchange()
    faults = _arm(exchange, "pull_book", When(nth=2), on="fill")
    for user in (OTHER, MEMBER):
        place(exchange, "ask", 5_000, 100, user=HOUSE)
        place(exchange, "bid", 5_000, 100, user=user)
        place(exchange, "bid", 3_000, 100)
        exchange.advance(exchange.now_ms + 1)
        assert bool(exchange.markets[A].bids) == (user == OTHER)
    assert faults.struck["r"] == 1
