"""What the venue tells, in orders that it may be told in, comes to the same ledger."""

from __future__ import annotations

from typing import Any

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
