"""Orders are sent as the venue wants them, and its answers are believed only where they are about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.errors import AlreadyExists, LocalProtocolError, NotFound, OutcomeUnknown, VenueRefused
from kalshi_tui.protocol import rest

RECORDED = (
    b'{"average_fee_paid":"0.0175","average_fill_price":"0.5200","client_order_id":"2b8394e0","fill_count":"1.00",'
    b'"order_id":"97ec18b7","remaining_count":"0.00","ts_ms":1781159370164}'
)  # recorded, ids shortened


def new(client_order_id: str = "2b8394e0", **fields: Any) -> rest.NewOrder:
    values: dict[str, Any] = {"ticker": "T-1", "side": "bid", "price": Price(5200), "size": Size(100)}
    return rest.NewOrder(client_order_id=client_order_id, **(values | fields))


def sent(request: rest.Request[Any]) -> Any:
    return msgspec.json.decode(request.body or b"null")


def test_an_order_is_sent_with_strings_for_price_and_count() -> None:
    request = rest.create_order(new(price=Price(5600), size=Size(250), time_in_force="immediate_or_cancel"))
    assert (request.method, request.full_path) == ("POST", "/trade-api/v2/portfolio/events/orders")
    assert sent(request) == {
        "ticker": "T-1",
        "client_order_id": "2b8394e0",
        "side": "bid",
        "count": "2.50",
        "price": "0.5600",
        "time_in_force": "immediate_or_cancel",
        "self_trade_prevention_type": "taker_at_cross",
    }
    assert request.is_write
    assert request.signed


def test_what_is_asked_for_besides_is_sent_too() -> None:
    order = new(
        expiration_s=1_800_000_000,
        post_only=True,
        reduce_only=True,
        cancel_on_pause=True,
        subaccount=0,
        order_group_id="g",
        exchange_index=-1,
        self_trade_prevention="maker",
    )
    body = sent(rest.create_order(order))
    assert (body["expiration_time"], body["post_only"], body["reduce_only"]) == (1_800_000_000, True, True)
    assert (body["subaccount"], body["order_group_id"], body["exchange_index"]) == (0, "g", -1)
    assert (body["cancel_order_on_pause"], body["self_trade_prevention_type"]) == (True, "maker")


@pytest.mark.parametrize(
    "fields",
    [
        {"client_order_id": ""},
        {"client_order_id": "a b"},
        {"client_order_id": "x" * 65},
        {"client_order_id": "id-ünïcode"},
        {"ticker": "../x"},
        {"price": Price(0)},
        {"price": Price(10_000)},
        {"price": 0.56},
        {"price": True},
        {"size": Size(0)},
        {"size": Size(-100)},
        {"size": 1.0},
        {"expiration_s": 5, "time_in_force": "immediate_or_cancel"},
    ],
)
def test_an_impossible_order_cannot_be_made(fields: dict[str, Any]) -> None:
    with pytest.raises(LocalProtocolError) as refused:
        new(**fields)
    assert refused.value.hint


def test_a_recorded_acknowledgement_is_read() -> None:
    created = rest.read_reply(rest.create_order(new()), 201, {}, RECORDED)
    assert (created.order_id, created.client_order_id) == ("97ec18b7", "2b8394e0")
    assert (created.filled, created.remaining, created.ts_ms) == (100, 0, 1_781_159_370_164)
    assert (created.average_price, created.average_fee) == (Money(520_000), Money(17_500))


@pytest.mark.parametrize("average", [b'"0.52000001"', b"0.52", b"null", b'"n/a"'])
def test_an_unreadable_average_does_not_make_an_acknowledged_order_unknown(average: bytes) -> None:
    body = RECORDED.replace(b'"0.5200"', average)
    created = rest.read_reply(rest.create_order(new()), 201, {}, body)
    assert created.order_id == "97ec18b7"
    assert created.average_price is None


@pytest.mark.parametrize(("filled", "remaining"), [(b"1.01", b"0.00"), (b"0.50", b"0.51"), (b"0.00", b"1000.00")])
def test_an_answer_about_more_contracts_than_were_sent_is_no_answer(filled: bytes, remaining: bytes) -> None:
    new = rest.NewOrder(client_order_id="c-1", ticker="T-1", side="bid", price=Price(5600), size=Size(100))
    sizes = b'"fill_count":"' + filled + b'","remaining_count":"' + remaining + b'"'
    with pytest.raises(OutcomeUnknown):
        rest.read_reply(rest.create_order(new), 201, {}, b'{"order_id":"o-1","ts_ms":1,' + sizes + b"}")


def test_an_answer_about_another_order_is_no_answer() -> None:
    calls: list[tuple[rest.Request[Any], bytes]] = [
        (rest.create_order(new("mine")), RECORDED),
        (rest.cancel_order(rest.CancelTarget("o-1")), b'{"order_id":"o-2","reduced_by":"1.00","ts_ms":1}'),
        (rest.decrease_order("o-1", by=Size(1)), b'{"order_id":"o-2","remaining_count":"1.00","ts_ms":1}'),
        (rest.amend_order("o-1", ticker="T", side="bid", price=Price(1), size=Size(1)), RECORDED),
    ]
    for request, body in calls:
        with pytest.raises(OutcomeUnknown):
            rest.read_reply(request, 200, {}, body)


def test_a_cancel_goes_to_its_order_and_is_cheap() -> None:
    request = rest.cancel_order(rest.CancelTarget("o-1", ticker="T-1", exchange_index=2, subaccount=0))
    assert (request.method, request.path) == ("DELETE", "/portfolio/events/orders/o-1")
    assert request.query == (("market_ticker", "T-1"), ("exchange_index", "2"), ("subaccount", "0"))
    assert (request.cost, request.is_cancel, request.body) == (2, True, None)
    canceled = rest.read_reply(request, 200, {}, b'{"order_id":"o-1","reduced_by":"2.50","ts_ms":7}')
    assert (canceled.reduced_by, canceled.ts_ms) == (250, 7)


def test_a_decrease_says_by_or_to() -> None:
    assert sent(rest.decrease_order("o-1", by=Size(150))) == {"reduce_by": "1.50"}
    assert sent(rest.decrease_order("o-1", to=Size(0), ticker="T")) == {"reduce_to": "0.00", "market_ticker": "T"}
    wrong: list[Callable[[], object]] = [
        lambda: rest.decrease_order("o-1"),
        lambda: rest.decrease_order("o-1", by=Size(1), to=Size(1)),
        lambda: rest.decrease_order("o-1", by=Size(0)),
        lambda: rest.decrease_order("o-1", to=Size(-1)),
    ]
    for call in wrong:
        with pytest.raises(LocalProtocolError):
            call()


def test_an_amendment_may_leave_the_sizes_out_of_its_answer() -> None:
    request = rest.amend_order(
        "o-1", ticker="T-1", side="ask", price=Price(6900), size=Size(300), client_order_id="a", new_client_order_id="b"
    )
    assert sent(request) == {
        "ticker": "T-1",
        "side": "ask",
        "price": "0.6900",
        "count": "3.00",
        "client_order_id": "a",
        "updated_client_order_id": "b",
    }
    amended = rest.read_reply(request, 200, {}, b'{"order_id":"o-1","client_order_id":"b","ts_ms":1}')
    assert (amended.filled, amended.remaining, amended.client_order_id) == (None, None, "b")


def test_each_order_of_a_batch_has_its_own_answer() -> None:
    request = rest.create_orders([new(client_id) for client_id in "abcdef"])
    assert (request.units, len(sent(request)["orders"])) == (6, 6)
    taken = {"fill_count": "0.00", "remaining_count": "1.00", "ts_ms": 1}
    rows: list[dict[str, Any]] = [
        {"order_id": "o-a", "client_order_id": "a", "fill_count": "0.00", "remaining_count": "1.00", "ts_ms": 1},
        {"order_id": None, "client_order_id": None, "error": {"code": "order_already_exists", "message": "m"}},
        {"order_id": None, "error": {"code": "insufficient_balance", "message": "m"}},
        {"order_id": None, "client_order_id": "d", "error": None},
        {**taken, "order_id": "o-e", "client_order_id": "e", "error": {"code": "", "message": ""}},
        {**taken, "order_id": "o-f", "client_order_id": "f", "error": "?"},
    ]
    answers = rest.read_reply(request, 201, {}, msgspec.json.encode({"orders": rows}))
    assert isinstance(answers[0], rest.Created)
    assert isinstance(answers[1], AlreadyExists)
    assert isinstance(answers[2], VenueRefused)
    assert isinstance(answers[3], OutcomeUnknown)
    assert isinstance(answers[4], rest.Created)
    assert isinstance(answers[5], OutcomeUnknown)


def test_each_cancel_of_a_batch_has_its_own_answer() -> None:
    request = rest.cancel_orders([rest.CancelTarget("o-1"), rest.CancelTarget("o-2", ticker="T", subaccount=1)])
    assert sent(request) == {
        "orders": [{"order_id": "o-1"}, {"order_id": "o-2", "subaccount": 1, "market_ticker": "T"}]
    }
    assert (request.cost * request.units, request.is_cancel) == (4, True)
    rows = [
        {"order_id": "o-1", "reduced_by": "1.00", "ts_ms": 1},
        {"order_id": "o-2", "reduced_by": "0.00", "error": {"code": "not_found", "message": "not found"}},
    ]
    answers = rest.read_reply(request, 200, {}, msgspec.json.encode({"orders": rows}))
    assert isinstance(answers[0], rest.Canceled)
    assert isinstance(answers[1], NotFound)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_batch_answered_with_another_number_of_rows_is_unknown(count: int) -> None:
    request = rest.create_orders([new("a"), new("b")])
    row = {"order_id": "o", "client_order_id": "a", "fill_count": "0.00", "remaining_count": "1.00", "ts_ms": 1}
    with pytest.raises(OutcomeUnknown):
        rest.read_reply(request, 201, {}, msgspec.json.encode({"orders": [row] * count}))


def test_a_batch_of_nothing_or_of_twice_the_same_is_refused() -> None:
    for batch in ([], [new("a"), new("a")]):
        with pytest.raises(LocalProtocolError):
            rest.create_orders(batch)
    with pytest.raises(LocalProtocolError):
        rest.cancel_orders([])


def test_transfers_are_written_in_the_units_of_each_endpoint() -> None:
    body = sent(rest.transfer("u-u-i-d", source=0, destination=3, amount=Money(1_500_000)))
    assert body == {"client_transfer_id": "u-u-i-d", "from_subaccount": 0, "to_subaccount": 3, "amount_cents": 150}
    moved = sent(rest.shard_transfer(source=0, destination=2, amount=Money(1_500_100)))
    assert moved["amount"] == 15_001
    with pytest.raises(LocalProtocolError):
        rest.transfer("u", source=0, destination=1, amount=Money(1_500_100))
    with pytest.raises(LocalProtocolError):
        rest.shard_transfer(source=0, destination=1, amount=Money(0))
