"""A guard of the order path whose removal no drill notices is unproven: each is taken away, and a drill turns red."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as put

from kalshi_tui.cli.drills.running import play
from kalshi_tui.cli.drills.table import DRILLS
from kalshi_tui.cli.drills.trader import Habits
from kalshi_tui.cli.drills.trials import Trial
from kalshi_tui.core.units import Size
from kalshi_tui.engine.executing import Executor
from kalshi_tui.engine.trading import comparing, gate, mismatch
from kalshi_tui.engine.trading.cash_compared import CashCompared
from kalshi_tui.engine.trading.checks import Check
from kalshi_tui.engine.trading.comparing import Comparing
from kalshi_tui.engine.trading.effects import SendOrder
from kalshi_tui.engine.trading.killswitch import KillSwitch
from kalshi_tui.engine.trading.order import HeldOrder
from kalshi_tui.engine.trading.order_ledger import OrderLedger
from kalshi_tui.engine.trading.tickets import Tickets
from kalshi_tui.engine.trading.told import Told

SEEDS = range(1, 7)  # a fault may strike where it does no harm
BUSY = Habits(pace_s=(0.1, 0.4), only=("join",), starts_with=("join",), sizes=(500,), holds="KXBTCD")


def found(fault: str, holds: Callable[[Trial], bool], **changes: Any) -> bool:
    """Tell whether some seed of a drill shows what a guard holds back."""
    drill = replace(DRILLS[fault], **changes)
    return any(holds(play(drill, seed)) for seed in SEEDS)


def says(words: str) -> Callable[[Trial], bool]:
    return lambda trial: any(words in problem for problem in trial.problems)


def dealt(name: str) -> Callable[[Trial], bool]:
    return lambda trial: trial.dealt is not None and getattr(trial.dealt, name) > 0


def without(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Take checks of the gate away."""
    for table in ("BEFORE_LIMITS", "AFTER_LIMITS"):
        kept: tuple[Check, ...] = tuple(check for check in getattr(gate, table) if check.name not in names)
        monkeypatch.setattr(gate, table, kept)


def send_again_without_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    send = Executor._send

    async def twice(self: Executor, effect: SendOrder) -> None:
        await send(self, effect)
        order = self._desk.ledger.orders[effect.permit.number]
        if order.state == "unknown":
            await self._venue.ask(effect.permit.request)

    monkeypatch.setattr(Executor, "_send", twice)


def test_who_sends_again_when_no_answer_came_has_sent_a_name_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    send_again_without_an_answer(monkeypatch)
    assert found("F07", dealt("duplicates"))


def test_without_the_arming_an_order_leaves_while_nobody_has_armed(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "armed")
    monkeypatch.setattr(Tickets, "_shut", lambda *_: "")
    lazy = Habits(arms=False, only=("join",))
    assert found("F15", says("while nobody had armed"), trades=lazy)


def test_without_the_kill_check_an_order_leaves_after_a_kill(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "kill", "armed", "group")
    monkeypatch.setattr(Tickets, "_shut", lambda *_: "")
    monkeypatch.setattr(Executor, "_is_killed", lambda _: False)
    killed = Habits(only=("join",), kills_at_s=(8.0,), lifts_after_s=-1)
    assert found("F15", dealt("after_kill"), trades=killed)


def test_without_the_check_of_tickets_one_is_fired_twice_or_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "ticket")
    monkeypatch.setattr(Tickets, "_shut", lambda *_: "")
    assert found("F15", dealt("illegal"))


def test_without_limits_what_can_be_lost_goes_beyond_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate.Gate, "_limits", lambda *_: iter(()))
    assert found("F16", dealt("breaches"), trades=BUSY)


def test_if_orders_of_unknown_fate_did_not_count_limits_would_be_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = HeldOrder.__dict__["open_size"].fget
    monkeypatch.setattr(
        HeldOrder, "open_size", property(lambda self: Size(0) if self.state == "unknown" else whole(self))
    )
    assert found("F08", dealt("breaches"), trades=BUSY)


def test_without_the_disk_before_the_wire_an_order_leaves_that_no_journal_has(monkeypatch: pytest.MonkeyPatch) -> None:
    send = Tickets._send

    def at_once(self: Tickets, *given: Any) -> int:
        number = send(self, *given)
        self.journalled(1 << 40)
        return number

    monkeypatch.setattr(Tickets, "_send", at_once)
    assert found("F15", says("before the disk had it"))


def test_without_the_quarantine_an_order_is_given_up_that_comes_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "_ABSENT_MS", 0)
    absent = Comparing._absent

    def hasty(self: Comparing, order: HeldOrder, current: Any) -> None:
        order.sent_ms = order.placed_ms = 0
        absent(self, order, current)

    monkeypatch.setattr(Comparing, "_absent", hasty)
    assert found("F08", says("Absent"))


def test_if_a_fill_that_is_told_twice_counted_twice_the_books_would_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    fold = OrderLedger._fill_told

    def again(self: OrderLedger, entry: Any) -> None:
        known = (entry.trade_id, entry.order_id) in self.fills
        fold(self, put(entry, trade_id=f"{entry.trade_id}-2") if known and entry.source == "stream" else entry)

    monkeypatch.setattr(OrderLedger, "_fill_told", again)
    assert found("F17", lambda trial: bool(trial.problems))


def test_if_fills_of_others_orders_did_not_count_the_books_would_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    note = Told._note_fill

    def ours_alone(self: Told, fill: Any, client_order_id: str, source: str) -> None:
        order = self._desk.ledger.by_order_id.get(fill.order_id)
        if client_order_id.startswith("kt1-") or (order is not None and order.origin == "ours"):
            note(self, fill, client_order_id, source)

    monkeypatch.setattr(Told, "_note_fill", ours_alone)
    assert found("F58", dealt("differing"))


def test_if_a_tripped_group_did_not_disarm_orders_would_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KillSwitch, "auto_disarm", lambda *_: None)
    without(monkeypatch, "group")
    assert found("F26", lambda trial: bool(trial.problems))


def test_if_one_look_sufficed_lagging_pages_would_raise_false_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mismatch, "LOOKS", 1)
    assert found("F57", lambda trial: bool(trial.problems))


def test_without_the_check_of_books_an_order_leaves_on_one_that_is_not_live(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "book", "freshness", "moved", "collar", "depth")
    monkeypatch.setattr(Tickets, "_shut", lambda *_: "")
    blind = Habits(pace_s=(0.05, 0.1), only=("join",), starts_with=("join",))
    drill = replace(DRILLS["F36"], trades=blind, counts=(), fewest=0)
    assert any(says("on a book that was not live")(play(drill, seed)) for seed in SEEDS)


def test_without_the_check_of_the_exchanges_state_orders_are_sent_into_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "exchange")
    assert found("F52", says("nothing was refused as TRADING_PAUSED"))


def test_without_the_check_of_descriptions_an_old_ticket_is_fired_on_new_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "description")
    assert found("F56", says("old tickets were not refused"))


def test_if_fills_that_no_list_holds_were_kept_the_books_would_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Comparing, "_look_for_phantoms", lambda *_: None)
    assert found("F18", says("filled is"))


def test_if_the_stream_counted_over_the_list_a_wrong_price_would_be_booked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OrderLedger, "_told_again", lambda *_: None)
    assert found("F23", says("in the ledger"))


def test_without_settlements_what_is_over_stays_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Comparing, "settle", lambda *_: None)
    assert found("F55", says("settlements are"))


def test_if_the_balance_were_not_compared_a_withdrawal_would_go_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CashCompared, "_unexplained", lambda *_: 0)
    assert found("F59", says("cash is"))
