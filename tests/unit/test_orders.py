"""Orders and fills are values that cannot be impossible, and a status that we do not know counts as working."""

from __future__ import annotations

from typing import Any, Final

import pytest

from kalshi_tui.core.orders import Fill, Order, OrderStatus
from kalshi_tui.errors import ValueRefused

ORDER: Final[dict[str, Any]] = {
    "order_id": "o", "ticker": "T", "side": "bid", "price": 5_600, "status": OrderStatus.RESTING, "initial": 1_000,
    "filled": 250, "remaining": 750,
}  # fmt: skip
FILL: Final[dict[str, Any]] = {
    "trade_id": "t", "order_id": "o", "ticker": "T", "side": "ask", "price": 5_600, "size": 250, "is_taker": True,
    "fee": 43_200, "ts_ms": 1,
}  # fmt: skip


@pytest.mark.parametrize("status", ["resting", "canceled", "executed", "unknown"])
def test_each_of_the_venues_words_for_a_status_is_read(status: str) -> None:
    assert OrderStatus(status).value == status


def test_a_status_that_we_do_not_know_may_still_fill() -> None:
    assert OrderStatus("pending") is OrderStatus.UNKNOWN
    assert [status for status in OrderStatus if status.may_fill] == [OrderStatus.RESTING, OrderStatus.UNKNOWN]


@pytest.mark.parametrize(
    "change",
    [{"side": "buy"}, {"price": 10_001}, {"price": -1}, {"price": 0.56}, {"initial": -1}, {"filled": -1},
     {"remaining": -1}],
)  # fmt: skip
def test_an_impossible_order_is_refused(change: dict[str, Any]) -> None:
    Order(**ORDER)
    with pytest.raises(ValueRefused) as refused:
        Order(**{**ORDER, **change})
    assert refused.value.hint


@pytest.mark.parametrize(
    "change",
    [{"side": "yes"}, {"price": 10_001}, {"price": 0.56}, {"size": 0}, {"size": -1}, {"size": 2.5}, {"fee": 0.01}],
)
def test_an_impossible_fill_is_refused_and_a_float_is_impossible(change: dict[str, Any]) -> None:
    Fill(**FILL)
    with pytest.raises(ValueRefused) as refused:
        Fill(**{**FILL, **change})
    assert refused.value.hint
