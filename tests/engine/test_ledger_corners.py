"""Entries at the corners of the ledger: what a settlement pays, groups that come and go, troubles and whose fills."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.ledger import Group, Ledger
from tests.engine.test_ledger_told import INTENDED, RESTING, TICKER, fill

CREATED = entries.GroupTold(at_ms=1, exchange_index=0, group_id="group-1", kind="created", limit=Size(3_000))


def ledger(*more: entries.Entry) -> Ledger:
    made = Ledger()
    for entry in more:
        made.apply(entry)
    return made


# Settlements


def settled(result: str, value: Price | None, revenue: int) -> entries.Settled:
    return entries.Settled(10, TICKER, result, value, Money(revenue), 9, 0, 0)


def test_a_settlement_by_a_word_of_its_own_that_names_no_value_brings_what_it_paid() -> None:
    # Two contracts are bought at 63 cents each, and 1.30 dollars come back for both.
    bought = replace(fill(200), side="bid", client_order_id="", order_id="order-2")
    held = ledger(entries.CashTold(1, "opening", 0, Money(10_000_000), ""), bought)
    assert held.cash() == 10_000_000 - 1_260_000
    held.apply(settled("refunded", None, 1_300_000))
    assert held.cash() == 10_000_000 - 1_260_000 + 1_300_000
    assert held.tickers() == []


# Groups


def test_a_group_that_a_newer_one_has_replaced_changes_nothing_any_more() -> None:
    newer = replace(CREATED, group_id="group-2", limit=Size(2_000))
    made = ledger(CREATED, newer, replace(CREATED, kind="deleted"), replace(CREATED, kind="triggered"))
    assert made.groups == {0: Group("group-2", 0, Size(2_000))}


@pytest.mark.parametrize("kind", ["deleted", "lost"])
def test_a_group_that_is_gone_is_held_no_more(kind: str) -> None:
    assert ledger(CREATED, replace(CREATED, kind=kind)).groups == {}


def test_a_group_is_triggered_until_it_is_reset() -> None:
    made = ledger(CREATED, replace(CREATED, kind="triggered", limit=None))
    assert made.groups[0].is_triggered
    made.apply(replace(CREATED, kind="reset", limit=None))
    assert made.groups == {0: Group("group-1", 0, Size(3_000))}


# Differences


def test_a_difference_that_ends_twice_takes_no_trouble_with_it_the_second_time() -> None:
    found = entries.DifferenceFound(2, 1, "trouble", TICKER, "it cannot be")
    made = ledger(found, entries.DifferenceEnded(3, 1, "acknowledged"))
    made.troubles.append((TICKER, "it cannot be"))  # it is seen again, and nobody has been told
    made.apply(entries.DifferenceEnded(4, 1, "acknowledged"))
    assert (made.differences, made.troubles) == ({}, [(TICKER, "it cannot be")])


# Orders


def test_the_fills_of_an_order_are_its_own_alone() -> None:
    other = replace(fill(50, trade_id="trade-2"), client_order_id="", order_id="order-2")
    made = ledger(INTENDED, entries.Sending(1, 1), fill(100), other)
    assert [known.fill.trade_id for known in made.fills_of(1)] == ["trade-1"]
    assert [known.fill.trade_id for known in made.fills_of(2)] == ["trade-2"]


def test_a_fill_at_a_worse_price_than_the_limit_is_a_trouble() -> None:
    made = ledger(INTENDED, entries.Sending(1, 1), RESTING, fill(100, 6_200))
    assert made.troubles == [(TICKER, "order 1 was filled at a worse price than its limit")]
