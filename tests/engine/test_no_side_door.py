"""Ways in which risk could grow unseen: beside what reduces, behind an amendment, between a fill and its telling."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from kalshi_tui.core.orders import Side
from kalshi_tui.core.units import Price, Size
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link import trading as link
from kalshi_tui.sdk.risk import RiskCheck
from tests.engine import dealing
from tests.engine.dealing import LOOSE, denied, desk_of, fire, stage
from tests.property.trading_world import MARKET_RISK, RULES, LongWorld, tight_limits

__all__ = ["LOOSE", "armed", "fire", "staged"]  # what test_words_against_answers takes from here

EAGER = replace(RULES, depth_percent=100, orders_per_10s=50, orders_per_minute=200, duplicate_ms=0)


@contextmanager
def armed(checks: tuple[RiskCheck, ...] | None = None) -> Iterator[LongWorld]:
    with dealing.running(EAGER, tight_limits() if checks is None else checks) as world:
        world.wait(1)  # the books of three seconds in have the depth that these tests take from
        world.ask(link.Arm())
        yield world


def staged(world: LongWorld, ticker: str, side: Side, price: int, size: int, **more: Any) -> link.TicketView:
    return stage(world, size, ticker=ticker, side=side, price=Price(price), **more)


def taking(world: LongWorld, ticker: str, size: int, side: Side = "bid", **more: Any) -> link.TicketView:
    """Stage an order that takes what is offered, and leaves nothing behind."""
    book = world.engine.kernel.stream.books[ticker].book
    price = book.best_ask if side == "bid" else book.best_bid
    assert price is not None
    return staged(world, ticker, side, price, size, time_in_force="immediate_or_cancel", **more)


def sell_short(world: LongWorld, size: int) -> None:
    for part in range(0, size, 700):
        fire(world, taking(world, world.tickers[0], min(700, size - part), "ask"))
        world.wait(2)


def test_an_order_that_rests_needs_arming_although_it_would_only_reduce_what_is_held_now() -> None:
    with armed() as world:
        sell_short(world, 1_400)
        world.ask(link.Disarm())
        assert denied(staged(world, world.tickers[0], "bid", 6_000, 100)) == ["NOT_ARMED"]
        reducing = taking(world, world.tickers[0], 100, reduce_only=True)
        assert denied(reducing) == []
        fire(world, reducing)
        assert desk_of(world).ledger.armed_until_ms is None, "firing keeps an arming, and does not bring one back"


def test_what_closes_a_position_is_refused_while_an_order_of_ours_would_open_it_anew() -> None:
    with armed(LOOSE) as world:
        ticker = world.tickers[0]
        sell_short(world, 1_400)
        resting = fire(world, staged(world, ticker, "bid", 6_000, 1_000))
        world.wait(1)
        assert denied(taking(world, ticker, 1_400, kind="flatten", reduce_only=True)) == ["RESTS_BESIDE"]
        assert denied(taking(world, ticker, 400, kind="flatten", reduce_only=True)) == []
        world.ask(link.CancelOrders((resting,)))
        world.wait(1)
        fire(world, taking(world, ticker, 1_400, kind="flatten", reduce_only=True))
        world.wait(2)
        assert desk_of(world).risk.position(ticker).size == 0


def test_while_killed_nothing_that_rests_is_taken() -> None:
    with armed() as world:
        sell_short(world, 1_400)
        world.ask(link.Kill("a test"))
        world.wait(5)
        against = denied(staged(world, world.tickers[0], "bid", 6_000, 100))
        assert "KILLED" in against
        assert denied(taking(world, world.tickers[0], 1_400, kind="flatten", reduce_only=True)) == []


def test_fills_that_are_not_told_yet_count_in_event_and_total_and_in_the_cash() -> None:
    with armed() as world:
        first, second = world.tickers[:2]
        free = desk_of(world).cash.free()
        for fault in ("fill drop", "user_orders drop"):
            world.faults.armed[fault] += 3
        for size in (600, 400):
            fire(world, taking(world, first, size))
            world.wait(0.25)
        desk = desk_of(world)
        assert desk.risk.position(first).size < 1_000, "nobody has told of all of it yet"
        assert first in desk.ledger.tickers()
        now_free = desk.cash.free()
        assert free is not None
        assert now_free is not None
        assert now_free < free
        assert "LIMIT_EVENT_RISK" in denied(taking(world, second, 900))


def hold_more(world: LongWorld, ticker: str, size: int) -> None:
    """Let the exchange hold what no trade explains."""
    world.exchange.positions[world.user_id, 0, ticker].size = Size(size)


def test_a_position_that_no_trade_explains_blocks_although_other_markets_are_traded() -> None:
    with armed(LOOSE) as world:
        first, second = world.tickers[:2]
        fire(world, taking(world, first, 100))
        world.wait(8)
        hold_more(world, first, 5_100)
        world.ask(link.Reconcile())
        against: list[str] = []
        for turn in range(24):
            ticket = taking(world, second, 100, "bid" if turn % 2 == 0 else "ask")
            against = denied(ticket)
            if against:
                break
            fire(world, ticket)
            world.wait(5)
        assert set(against) & {"DIFFERENCE_OPEN", "NOT_RECONCILED"}


def test_a_position_that_was_acknowledged_counts_at_its_worth_and_is_no_profit() -> None:
    with armed() as world:
        ticker, desk = world.tickers[0], desk_of(world)
        fire(world, taking(world, ticker, 100))
        world.wait(8)
        day = desk.day.result()
        hold_more(world, ticker, 5_100)
        world.ask(link.Reconcile())
        world.wait(30)
        (difference,) = desk.ledger.differences.values()
        world.ask(link.Acknowledge(difference.number))
        world.wait(6)
        after = desk.day.result()
        assert desk.risk.position(ticker).size == 5_100
        assert desk.risk.worst(ticker) > 30_000_000 > MARKET_RISK
        assert day is not None
        assert after is not None
        assert after <= day + 1_000_000


def test_what_has_changed_since_it_was_shown_is_not_acknowledged() -> None:
    with armed() as world:
        ticker, desk = world.tickers[0], desk_of(world)
        fire(world, taking(world, ticker, 100))
        world.wait(8)
        hold_more(world, ticker, 5_100)
        world.ask(link.Reconcile())
        world.wait(30)
        (shown,) = desk.ledger.differences.values()
        hold_more(world, ticker, 9_100)
        world.ask(link.Reconcile())
        world.wait(1)
        with pytest.raises(KalshiTuiError, match="looked at again"):
            world.ask(link.Acknowledge(shown.number))
        world.wait(30)
        (now,) = desk.ledger.differences.values()
        assert "holds 91" in now.words
        world.ask(link.Acknowledge(now.number))
        assert desk.risk.position(ticker).size == 9_100


@pytest.mark.parametrize(
    "lie",
    [
        lambda world: {"ticker": world.tickers[0]},
        lambda _: {"side": "ask"},
        lambda _: {"reduce_only": True},
        lambda _: {"time_in_force": "immediate_or_cancel"},
        lambda _: {"expiration_s": 1_900_000_000},
    ],
    ids=["another market", "the other side", "reduce-only", "another kind", "an expiration"],
)
def test_an_amendment_changes_price_and_size_and_is_judged_for_nothing_else(
    lie: Callable[[LongWorld], dict[str, Any]],
) -> None:
    with armed() as world:
        number = fire(world, staged(world, world.tickers[1], "bid", 4_000, 100))
        world.wait(2)
        true: dict[str, Any] = {"ticker": world.tickers[1], "side": "bid", "price": 4_100, "size": 200}
        assert staged(world, **true, kind="amend", replaces=number).bodies
        with pytest.raises(KalshiTuiError, match="only price and size"):
            staged(world, **(true | lie(world)), kind="amend", replaces=number)
