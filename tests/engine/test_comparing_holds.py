"""Comparing with the venue takes in what is there, from whatever was known before, and changes nothing there."""

from __future__ import annotations

from typing import Any, Final

import pytest
from msgspec.structs import replace

from kalshi_tui.adapters.journal_now import JournalNow
from kalshi_tui.core.units import Price, Size
from kalshi_tui.engine.journal_rows import JournalRow
from kalshi_tui.engine.trading.desk import Desk
from kalshi_tui.errors import KalshiTuiError
from kalshi_tui.link import trading as link
from kalshi_tui.practice.records import NewOrder, Side
from tests.engine.dealing import LIVE, a_world, begin, desk_of, place
from tests.property.trading_world import LongWorld

ROOMY: Final = replace(LIVE, quarantine_ms=20_000)
AT_ONCE: Final = "immediate_or_cancel"
NO_CASH: Final = {"cash": None}


def elsewhere(world: LongWorld, side: Side, price: int, count: int) -> str:
    """Place an order on the account from another screen."""
    new = NewOrder(
        ticker=world.tickers[1], side=side, price=Price(price), count=Size(count), time_in_force="good_till_canceled",
        self_trade_prevention="taker_at_cross",
    )  # fmt: skip
    return world.exchange.create(world.user_id, new).order.order_id


def a_full_life(world: LongWorld) -> list[JournalRow]:
    """Trade in every way for a while, crash with orders at work, and return the journal."""
    begin(world)
    world.ask(link.Arm())
    place(world, 500)
    gone = place(world, 300, ticks=-4)
    place(world, 200, ticks=6, time_in_force=AT_ONCE)
    elsewhere(world, "bid", 500, 400)
    elsewhere(world, "ask", world.exchange.markets[world.tickers[1]].best_bid, 100)
    world.wait(1)
    world.ask(link.CancelOrders((gone.number,)))
    world.faults.armed["reply lost"] += 1
    place(world, 100, side="ask")
    world.wait(0.2)
    world.crash()
    return world.journal.durable_rows()


def truth(world: LongWorld) -> dict[str, Any]:
    """Return what the exchange has of the account."""
    exchange, user_id = world.exchange, world.user_id
    return {
        "resting": {o.order_id: (o.side, o.price, o.remaining) for o in exchange.resting_of(user_id)},
        "held": {
            ticker: position.size
            for (owner, _, ticker), position in exchange.positions.items()
            if owner == user_id and position.size
        },
        "cash": sum(exchange.accounts[user_id].cash.values()),
    }


def believed(desk: Desk) -> dict[str, Any]:
    """Return what the engine has of it."""
    ledger = desk.ledger
    return {
        "resting": {o.order_id: (o.side, o.price, o.open_size) for o in ledger.working()},
        "held": {t: desk.risk.position(t).size for t in ledger.tickers() if desk.risk.position(t).size},
        "cash": ledger.cash(),
    }


def changes(world: LongWorld, since: int) -> list[str]:
    """Return the requests since then that would change an order."""
    return [f"{left.method} {left.path}" for left in world.left[since:]
            if left.method != "GET" and "/order_groups" not in left.path]  # fmt: skip


def test_from_any_beginning_of_the_journal_it_comes_to_what_the_exchange_has_and_changes_nothing_there() -> None:
    with a_world(ROOMY) as world:
        rows = a_full_life(world)
        assert {"Placed", "FillTold", "CancelAsked", "Unanswered", "OrderTold"} <= {row.kind for row in rows}
        for kept in range(len(rows) + 1):
            world.journal = JournalNow()
            world.journal._kept = rows[:kept]
            before, since = truth(world), len(world.left)
            begin(world)
            desk, began_ms = desk_of(world), world.now_ms
            # While orders work, nobody knows what of them a first balance holds: it is unknown, and never guessed.
            knows_cash = any(row.kind == "CashTold" for row in rows[:kept])
            while desk.reconciled_ms is None or believed(desk) != {**truth(world), **({} if knows_cash else NO_CASH)}:
                world.wait(2)
                assert world.now_ms - began_ms < 60_000, f"{kept} rows: {believed(desk)} is {truth(world)}"
            assert not desk.ledger.differences, f"{kept} rows"
            assert set(truth(world)["resting"]) <= set(before["resting"]), f"{kept} rows"  # the market may take some
            assert changes(world, since) == [], f"{kept} rows"
            world.crash()


def test_comparing_again_and_again_notes_nothing_more() -> None:
    with a_world(ROOMY) as world:
        a_full_life(world)
        begin(world)
        world.wait(10)
        desk, since = desk_of(world), len(world.left)
        noted = desk.ledger.applied
        for _ in range(4):
            world.ask(link.Reconcile())
            world.wait(2)
        assert desk.reconciled_ms is not None
        assert world.now_ms - desk.reconciled_ms < 2_000, "it has compared"
        assert [row.kind for row in world.journal.durable_rows()[noted:]] == []
        assert desk.ledger.applied == noted
        assert changes(world, since) == []


def test_what_cannot_be_explained_is_shown_and_stops_what_adds_risk_and_no_trade_is_invented() -> None:
    with a_world(ROOMY) as world:
        begin(world)
        world.ask(link.Arm())
        place(world, 200, ticks=6, time_in_force=AT_ONCE)
        world.wait(8)
        desk = desk_of(world)
        world.exchange.positions[world.user_id, 0, world.tickers[0]].size = Size(700)
        world.ask(link.Reconcile())
        world.wait(30)
        (difference,) = desk.ledger.differences.values()
        assert "7" in difference.words
        assert "2" in difference.words
        assert {row.kind for row in world.journal.durable_rows()}.isdisjoint({"HoldingTold", "FillWithdrawn"})
        traded = {(fill.trade_id, fill.order_id) for fill in world.exchange.fills_of(world.user_id)}
        assert set(desk.ledger.fills) == traded
        assert desk.risk.position(world.tickers[0]).size == 200
        with pytest.raises(KalshiTuiError, match="DIFFERENCE_OPEN"):
            place(world)
        world.ask(link.Acknowledge(difference.number))
        world.wait(5)
        assert (desk.risk.position(world.tickers[0]).size, desk.ledger.differences) == (700, {})
        place(world)


def test_an_order_from_elsewhere_is_found_by_the_list_counts_as_risk_and_is_cancelled_from_here() -> None:
    with a_world(ROOMY) as world:
        begin(world)
        desk = desk_of(world)
        before = desk.risk.worst(world.tickers[1])
        world.faults.armed["user_orders drop"] += 5
        since_ms = world.now_ms
        order_id = elsewhere(world, "bid", 500, 1_000)
        while order_id not in desk.ledger.by_order_id:
            world.wait(0.5)
            assert world.now_ms - since_ms <= ROOMY.reconcile_ms + 2_000, "it was not found within one cycle"
        order = desk.ledger.by_order_id[order_id]
        assert (order.origin, order.state) == ("external", "resting")
        assert desk.risk.worst(world.tickers[1]) - before >= 500 * 1_000
        world.ask(link.CancelOrders((order.number,)))
        world.wait(2)
        assert order.state == "canceled"
        assert truth(world)["resting"] == {}
