"""The book channel: snapshots, deltas, numbering, pricing flavours and who is told what."""

from __future__ import annotations

import random
from typing import Any

import pytest

from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.records import Refusal
from kalshi_tui.practice.stream import Hub
from tests.practice.stream_kit import (
    HOUSE,
    MEMBER,
    OTHER,
    START_MS,
    Reader,
    Wire,
    connect,
    make_market,
    of,
    place,
    small_exchange,
    true_book,
)

BOOK = "orderbook_delta"
A, B, C = "KXT-1-A", "KXT-1-B", "KXT-1-C"


def test_a_subscription_starts_with_its_number_then_one_snapshot_per_market() -> None:
    _, wire = connect(small_exchange())
    came = wire.subscribe(BOOK, market_tickers=[A, B])
    assert [message["type"] for message in came] == ["subscribed", "orderbook_snapshot", "orderbook_snapshot"]
    assert came[0]["msg"] == {"channel": BOOK, "sid": 1}
    assert "sid" not in came[0]
    assert "seq" not in came[0]
    assert [(message["sid"], message["seq"], message["msg"]["market_ticker"]) for message in came[1:]] == [
        (1, 1, A),
        (1, 2, B),
    ]
    assert all(message["sending_ts_ms"] == START_MS for message in came)


def test_the_key_of_an_empty_side_is_left_out() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    place(exchange, "bid", 4_000, 150)
    place(exchange, "ask", 7_000, 1_050, ticker=B)
    one, two, none = of(wire.subscribe(BOOK, market_tickers=[A, B, C]), "orderbook_snapshot")
    assert one["msg"]["yes_dollars_fp"] == [["0.4000", "1.50"]]
    assert "no_dollars_fp" not in one["msg"]
    assert two["msg"]["no_dollars_fp"] == [["0.3000", "10.50"]]
    assert "yes_dollars_fp" not in two["msg"]
    assert set(none["msg"]) == {"market_ticker", "market_id", "clock"}
    assert none["msg"]["clock"] == 0


def test_levels_ascend_in_the_price_that_is_shown() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    for price in (3_000, 4_000, 2_000):
        place(exchange, "bid", price, 100)
        place(exchange, "ask", price + 5_000, 100)
    snapshot = of(wire.subscribe(BOOK, market_ticker=A), "orderbook_snapshot")[0]["msg"]
    assert [price for price, _ in snapshot["yes_dollars_fp"]] == ["0.2000", "0.3000", "0.4000"]
    assert [price for price, _ in snapshot["no_dollars_fp"]] == ["0.1000", "0.2000", "0.3000"]


@pytest.mark.parametrize(("flag", "price"), [(False, "0.3000"), (True, "0.7000")])
def test_no_prices_follow_the_flag_of_the_subscription(flag: bool, price: str) -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    place(exchange, "ask", 7_000, 100)
    snapshot = of(wire.subscribe(BOOK, market_ticker=A, use_yes_price=flag), "orderbook_snapshot")[0]
    assert snapshot["msg"]["no_dollars_fp"] == [[price, "1.00"]]
    place(exchange, "ask", 7_000, 250)
    delta = wire.read()[0]["msg"]
    assert (delta["side"], delta["price_dollars"], delta["delta_fp"]) == ("no", price, "2.50")


def test_a_delta_carries_the_fields_of_the_protocol() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe(BOOK, market_ticker=A)
    exchange.advance(START_MS + 1_234)
    place(exchange, "bid", 4_000, 5_400)
    (delta,) = wire.read()
    assert delta == {
        "type": "orderbook_delta",
        "sid": 1,
        "seq": 2,
        "sending_ts_ms": START_MS + 1_234,
        "msg": {
            "market_ticker": A,
            "market_id": "00000000-0000-4000-a000-000000000000",
            "clock": exchange.clock,
            "price_dollars": "0.4000",
            "delta_fp": "54.00",
            "side": "yes",
            "ts": "2027-01-15T08:00:01.234Z",
            "ts_ms": START_MS + 1_234,
        },
    }


def test_a_sweep_is_one_delta_per_level_with_one_clock() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    for price in (5_000, 5_100, 5_200):
        place(exchange, "ask", price, 100)
        place(exchange, "ask", price, 100)
    wire.subscribe(BOOK, market_ticker=A, use_yes_price=True)
    place(exchange, "bid", 5_200, 500, user=OTHER, tif="immediate_or_cancel")
    deltas = [message["msg"] for message in wire.read()]
    assert [(delta["price_dollars"], delta["delta_fp"]) for delta in deltas] == [
        ("0.5000", "-2.00"),
        ("0.5100", "-2.00"),
        ("0.5200", "-1.00"),
    ]
    assert {delta["clock"] for delta in deltas} == {exchange.clock}


def test_only_the_account_that_caused_a_change_reads_its_client_order_id() -> None:
    exchange = small_exchange()
    hub, mine = connect(exchange)
    others = Wire(hub.open(OTHER))
    for wire in (mine, others):
        wire.subscribe(BOOK, market_ticker=A)
    place(exchange, "bid", 4_000, 100, user=MEMBER, client_order_id="mine-1")
    own, foreign = mine.read()[0]["msg"], others.read()[0]["msg"]
    assert own.pop("client_order_id") == "mine-1"
    assert own == foreign


def test_the_subaccount_is_told_to_members_who_use_subaccounts() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe(BOOK, market_ticker=A)
    place(exchange, "bid", 4_000, 100, user=MEMBER)
    assert "subaccount" not in wire.read()[0]["msg"]
    number = exchange.create_subaccount(MEMBER)
    exchange.transfer(MEMBER, 0, number, 10**9)
    place(exchange, "bid", 4_000, 100, user=MEMBER, subaccount=number)
    assert wire.read()[0]["msg"]["subaccount"] == number


def test_every_connection_has_its_own_numbers_and_the_same_clock() -> None:
    exchange = small_exchange()
    hub, one = connect(exchange)
    two = Wire(hub.open(MEMBER))
    one.subscribe(BOOK, market_tickers=[A, B])
    two.subscribe("ticker")
    two.subscribe(BOOK, market_ticker=A)
    place(exchange, "bid", 4_000, 100)
    first = of(one.read(), "orderbook_delta")[0]
    second = of(two.read(), "orderbook_delta")[0]
    assert (first["sid"], first["seq"]) == (1, 3)
    assert (second["sid"], second["seq"]) == (2, 2)
    assert first["msg"] == second["msg"]


def test_added_markets_get_a_snapshot_and_known_ones_do_not() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe(BOOK, market_tickers=[A])
    came = wire.update("add_markets", sid=1, market_tickers=[A, B, B])
    assert [(message["type"], message["seq"]) for message in came] == [("ok", 2), ("orderbook_snapshot", 3)]
    assert came[0]["msg"] == {"market_tickers": [A, B]}
    assert came[1]["msg"]["market_ticker"] == B


def test_a_deleted_market_is_silent_after_the_ok_and_the_others_go_on() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe(BOOK, market_tickers=[A, B])
    (ok,) = wire.update("delete_markets", sids=[1], market_tickers=[A])
    assert (ok["type"], ok["seq"], ok["msg"]) == ("ok", 3, {"market_tickers": [B]})
    place(exchange, "bid", 4_000, 100, ticker=A)
    place(exchange, "bid", 4_000, 100, ticker=B)
    (delta,) = wire.read()
    assert (delta["seq"], delta["msg"]["market_ticker"]) == (4, B)


def test_get_snapshot_carries_the_id_goes_on_counting_and_changes_nothing() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe(BOOK, market_tickers=[A])
    place(exchange, "bid", 4_000, 100)
    wire.read()
    came = wire.update("get_snapshot", sids=[1], market_tickers=[A, B])
    assert [(message["type"], message["id"], message["seq"]) for message in came] == [
        ("orderbook_snapshot", 2, 3),
        ("orderbook_snapshot", 2, 4),
    ]
    assert came[0]["msg"]["clock"] == exchange.markets[A].clock
    place(exchange, "bid", 4_000, 100, ticker=B)
    assert wire.read() == []


def test_subscribing_again_merges_into_the_open_one_and_answers_ok() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe(BOOK, market_tickers=[A])
    came = wire.subscribe(BOOK, market_tickers=[A, C])
    assert [(message["type"], message["sid"], message["seq"]) for message in came] == [
        ("ok", 1, 2),
        ("orderbook_snapshot", 1, 3),
    ]
    assert came[0]["msg"] == {"market_tickers": [A, C]}


def test_skip_ticker_ack_leaves_the_lists_out() -> None:
    _, wire = connect(small_exchange())
    wire.subscribe(BOOK, market_tickers=[A], skip_ticker_ack=True)
    ok = wire.update("add_markets", sid=1, market_tickers=[B])[0]
    assert ok["type"] == "ok"
    assert "msg" not in ok


def test_an_unknown_market_subscribes_cleanly_and_stays_silent() -> None:
    _, wire = connect(small_exchange())
    assert [message["type"] for message in wire.subscribe(BOOK, market_tickers=["KXNO-SUCH"])] == ["subscribed"]


def test_a_market_that_is_listed_later_gets_its_snapshot_before_its_first_delta() -> None:
    exchange = small_exchange()
    exchange.listen(lambda happening: _quote_at_once(exchange, happening))  # before the stream hears of the listing
    _, wire = connect(exchange)
    wire.subscribe(BOOK, market_tickers=["KXT-1-LATE"])
    exchange.add_market(make_market("KXT-1-LATE", 9))
    reader = Reader(yes_price=False)
    for message in wire.read():
        reader.read(message)
    assert reader.books["KXT-1-LATE"] == true_book(exchange, "KXT-1-LATE") == {"yes": {4_000: 100}, "no": {}}


def _quote_at_once(exchange: Exchange, happening: Any) -> None:
    if getattr(happening, "kind", "") == "created":
        place(exchange, "bid", 4_000, 100, ticker="KXT-1-LATE")


def test_unsubscribing_takes_the_next_number_and_a_new_subscription_starts_again_at_one() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe(BOOK, market_tickers=[A])
    (gone,) = wire.ask("unsubscribe", {"sids": [1]})
    assert gone == {"type": "unsubscribed", "id": 2, "sid": 1, "seq": 2, "sending_ts_ms": START_MS}
    place(exchange, "bid", 4_000, 100)
    assert wire.read() == []
    came = wire.subscribe(BOOK, market_tickers=[A])
    assert came[0]["msg"]["sid"] == 2
    assert came[1]["seq"] == 1


def test_hostile_tickers_are_written_as_json() -> None:
    ticker = 'KX"\n\x1b\\'
    exchange = small_exchange()
    exchange.add_market(make_market(ticker, 9))
    _, wire = connect(exchange)
    wire.subscribe(BOOK, market_ticker=ticker)
    place(exchange, "bid", 4_000, 100, ticker=ticker)
    assert wire.read()[0]["msg"]["market_ticker"] == ticker


@pytest.mark.parametrize("seed", range(6))
def test_books_rebuilt_from_frames_equal_the_exchange_under_heavy_trading(seed: int) -> None:
    exchange = small_exchange()
    hub = Hub(exchange)
    chance = random.Random(seed)
    wires = [(Wire(hub.open(user)), Reader(yes_price=flag)) for user in (MEMBER, OTHER) for flag in (False, True)]
    subscribed: set[int] = set()
    for step in range(1_500):
        _act(exchange, chance)
        for number, (wire, reader) in enumerate(wires):
            if step == number * 100:  # each joins at another moment of the trading
                wire.send("subscribe", _all_books(reader))
                subscribed.add(number)
            elif number in subscribed and chance.random() < 0.02:
                _ask_something(wire, chance)
            if chance.random() < 0.3:
                for message in wire.read():
                    reader.read(message)
    for wire, reader in wires:
        for message in wire.read():
            reader.read(message)
        for ticker in wire.session.by_channel[BOOK].names:
            assert reader.books[ticker] == true_book(exchange, ticker)


def _all_books(reader: Reader) -> dict[str, Any]:
    return {"channels": [BOOK], "market_tickers": [A, B, C], "use_yes_price": reader.yes_price}


def _ask_something(wire: Wire, chance: random.Random) -> None:
    """Send a command that takes numbers of the subscription: all but one market are dropped and come back."""
    action = chance.choice(["get_snapshot", "delete_markets", "add_markets", "no_such_action"])
    wire.send("update_subscription", {"sids": [1], "action": action, "market_tickers": [chance.choice([A, B])]})


def _act(exchange: Exchange, chance: random.Random) -> None:
    user = chance.choice([MEMBER, OTHER, HOUSE, HOUSE])
    ticker = chance.choice([A, B, C])
    side = chance.choice(["bid", "ask"])
    price = chance.randrange(3_000, 7_000, 100)
    resting = list(exchange.resting_of(user))
    try:
        if resting and chance.random() < 0.35:
            order = chance.choice(resting)
            if chance.random() < 0.5:
                exchange.cancel(user, order.order_id)
            else:
                wanted = order.filled + chance.randrange(1, 900)
                exchange.amend(user, order.order_id, ticker=order.ticker, side=order.side, price=price, count=wanted)
        else:
            tif = chance.choice(["good_till_canceled", "good_till_canceled", "immediate_or_cancel"])
            place(exchange, side, price, chance.randrange(1, 1_000), user=user, ticker=ticker, tif=tif)  # type: ignore[arg-type]
    except Refusal:
        pass
    exchange.advance(exchange.now_ms + chance.randrange(3))
