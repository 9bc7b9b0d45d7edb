"""What the venue tells, in orders that it may be told in, comes to the same ledger."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.engine.trading import entries
from kalshi_tui.engine.trading.ledger import Ledger
from kalshi_tui.engine.trading.order import HeldOrder

NAME, ID, TICKER = "kt1-abcdef-1-1-0000", "order-1", "KXTEST-A"
INTENDED = entries.Intended(
    at_ms=1_781_159_370_000,
    number=1,
    client_order_id=NAME,
    ticket=1,
    token="t",
    confirmed_by="",
    ticker=TICKER,
    event_ticker="KXTEST",
    exchange_index=0,
    side="ask",
    price=Price(6_300),
    size=Size(200),
    time_in_force="good_till_canceled",
    post_only=False,
    reduce_only=False,
    expiration_s=None,
    group_id="",
    body="",
    body_hash="",
    fee=Money(0),
    strategy="",
    opportunity="",
    book_clock=0,
    book_age_ms=0,
    revision=0,
)
RESTING = entries.OrderTold(
    at_ms=3,
    source="stream",
    order_id=ID,
    client_order_id=NAME,
    ticker=TICKER,
    side="ask",
    status="resting",
    price=Price(6_300),
    initial=Size(200),
    filled=Size(0),
    remaining=Size(200),
    group_id="",
    exchange_index=0,
    subaccount=0,
    reason="",
    created_ms=2,
    updated_ms=2,
    expiration_ms=None,
)


def fill(size: int, price: int = 6_300, trade_id: str = "trade-1") -> entries.FillTold:
    return entries.FillTold(
        at_ms=5,
        source="stream",
        trade_id=trade_id,
        order_id=ID,
        client_order_id=NAME,
        ticker=TICKER,
        side="ask",
        price=Price(price),
        size=Size(size),
        fee=Money(0),
        predicted=None,
        is_taker=True,
        subaccount=0,
        exchange_index=0,
        ts_ms=4,
    )


def told(**said: Any) -> entries.OrderTold:
    return replace(RESTING, **said)


def changing(kind: str, price: int, size: int) -> entries.ChangeAsked:
    return entries.ChangeAsked(
        at_ms=4,
        number=1,
        kind=kind,
        ticket=2,
        price=Price(price),
        size=Size(size),
        client_order_id=NAME,
        body="",
        body_hash="",
    )


def after(*more: entries.Entry) -> HeldOrder:
    ledger = Ledger()
    for entry in (INTENDED, entries.Sending(at_ms=1, number=1), *more):
        ledger.apply(entry)
    return ledger.orders[1]


def test_an_order_that_is_amended_to_a_smaller_size_and_filled_whole_before_the_answer_comes_is_filled() -> None:
    executed = told(status="executed", price=Price(6_100), initial=Size(100), filled=Size(100), remaining=Size(0))
    order = after(RESTING, changing("amend", 6_100, 100), fill(100, 6_200), replace(executed, updated_ms=5))
    assert (order.state, order.size, order.price) == ("filled", 100, 6_100)


def test_an_order_that_is_cancelled_after_a_part_of_it_was_filled_is_cancelled_whatever_was_to_be_changed() -> None:
    canceled = told(status="canceled", filled=Size(100), remaining=Size(0), updated_ms=5)
    order = after(RESTING, changing("decrease", 6_300, 150), fill(100), canceled)
    assert (order.state, order.filled) == ("canceled", 100)


def test_an_order_of_others_that_is_filled_beyond_its_size_is_a_trouble_and_filled() -> None:
    ledger = Ledger()
    elsewhere = {"client_order_id": "", "order_id": "order-2"}
    for entry in (replace(fill(100), **elsewhere), replace(fill(100, trade_id="trade-2"), **elsewhere)):
        ledger.apply(entry)
    ledger.apply(told(**elsewhere, status="executed", initial=Size(100), filled=Size(100), remaining=Size(0)))
    assert (ledger.orders[1].state, ledger.orders[1].size) == ("filled", 100)
    assert [words for _, words in ledger.troubles] == ["order 1 is filled beyond its size"]


@pytest.mark.parametrize(
    "end",
    [
        entries.Rejected(4, 1, 400, "x", "no"),
        entries.CancelAnswered(5, 1, "canceled", Size(200), "", ts_ms=5),
        entries.NotSent(4, 1, "x"),
    ],
    ids=["rejected", "canceled", "not sent"],
)
def test_what_the_venue_shows_at_rest_counts_whatever_an_answer_said_and_somebody_is_told(end: entries.Entry) -> None:
    ledger = Ledger()
    ledger.apply(INTENDED)
    if not isinstance(end, entries.NotSent):
        ledger.apply(entries.Sending(1, 1))
    if isinstance(end, entries.CancelAnswered):
        ledger.apply(RESTING)
        ledger.apply(entries.CancelAsked(4, 1, ""))
    ledger.apply(end)
    assert ledger.orders[1].open_size == 0
    ledger.apply(told(source="list", updated_ms=50))
    assert ledger.orders[1].open_size == 200
    assert list(ledger.working()) == [ledger.orders[1]]
    assert "rests at the venue" in ledger.troubles[0][1]


def test_an_older_word_brings_back_nothing_that_was_cancelled() -> None:
    ledger = Ledger()
    for entry in (INTENDED, entries.Sending(1, 1), RESTING, entries.CancelAsked(4, 1, "")):
        ledger.apply(entry)
    ledger.apply(entries.CancelAnswered(50, 1, "canceled", Size(200), "", ts_ms=50))
    ledger.apply(told(source="list", updated_ms=49))
    ledger.apply(told(source="list", updated_ms=50))
    assert (ledger.orders[1].state, ledger.troubles) == ("canceled", [])


def test_what_a_decrease_leaves_open_counts_until_the_venue_describes_the_order() -> None:
    ledger = Ledger()
    asked = changing("decrease", 6_300, 100)
    for entry in (INTENDED, entries.Sending(1, 1), RESTING, asked, entries.ChangeAnswered(5, 1, "done", "", ts_ms=5)):
        ledger.apply(entry)
    order = ledger.orders[1]
    ledger.apply(fill(50))  # it came before the decrease: a whole contract is open there
    assert (order.state, order.open_size) == ("resting", 100)
    ledger.apply(fill(50, trade_id="trade-2"))
    assert (order.state, order.open_size) == ("resting", 100)
    ledger.apply(told(source="list", filled=Size(100), remaining=Size(50), updated_ms=9))
    assert (order.size, order.open_size) == (150, 50)


def test_a_cancel_that_is_answered_before_the_decrease_owes_no_trades() -> None:
    ledger = Ledger()
    for entry in (
        INTENDED,
        entries.Sending(1, 1),
        RESTING,
        changing("decrease", 6_300, 100),
        entries.CancelAsked(5, 1, ""),
        entries.CancelAnswered(6, 1, "canceled", Size(100), "", ts_ms=7),
        entries.ChangeAnswered(7, 1, "done", ""),
        told(status="canceled", filled=Size(0), remaining=Size(0), initial=Size(100), updated_ms=9),
    ):
        ledger.apply(entry)
    assert (ledger.orders[1].state, ledger.orders[1].open_size, ledger.owed()) == ("canceled", 0, [])


def test_a_list_from_before_an_amendment_does_not_undo_it() -> None:
    ledger = Ledger()
    for entry in (INTENDED, entries.Sending(1, 1), RESTING, changing("amend", 6_100, 400)):
        ledger.apply(entry)
    ledger.apply(entries.ChangeAnswered(60, 1, "done", "", ts_ms=60))
    ledger.apply(told(source="list", updated_ms=50))
    order = ledger.orders[1]
    assert (order.price, order.size, order.open_size) == (6_100, 400, 400)


def test_an_order_of_another_market_that_bears_our_name_is_not_taken_for_ours() -> None:
    ledger = Ledger()
    for entry in (INTENDED, entries.Sending(1, 1)):
        ledger.apply(entry)
    ledger.apply(replace(told(source="list", updated_ms=50), ticker="KXOTHER", order_id="order-9"))
    assert ledger.orders[1].state == "sent"
    assert ledger.orders[2].ticker == "KXOTHER"
    assert "bears the name of our order 1" in ledger.troubles[0][1]
