"""The channels beside the book: fields, numbers, filters, and who hears what."""

from __future__ import annotations

from typing import Any

from kalshi_tui.core.units import Price
from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.grids import GRIDS
from kalshi_tui.practice.happenings import IndexTicked
from kalshi_tui.practice.records import Event
from tests.practice.stream_kit import (
    DAY_MS,
    HOUSE,
    MEMBER,
    OTHER,
    START_MS,
    Wire,
    connect,
    make_market,
    of,
    place,
    small_exchange,
)

A, B = "KXT-1-A", "KXT-1-B"


def _trade(exchange: Exchange) -> None:
    """Let the member sell 2.5 YES at 0.60 to the house."""
    place(exchange, "bid", 6_000, 250)
    name = f"mine-{len(exchange.orders_of(MEMBER)) + 1}"
    place(exchange, "ask", 6_000, 250, user=MEMBER, client_order_id=name, tif="immediate_or_cancel")


def test_a_ticker_tells_what_changed_and_has_no_number() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("ticker")
    exchange.advance(START_MS + 1_500)
    place(exchange, "bid", 4_000, 150)
    place(exchange, "ask", 7_000, 300)
    (ticker,) = wire.read()
    assert "seq" not in ticker
    assert ticker["msg"] == {
        "market_ticker": A,
        "market_id": "00000000-0000-4000-a000-000000000000",
        "price_dollars": "0.0000",
        "yes_bid_dollars": "0.4000",
        "yes_ask_dollars": "0.7000",
        "volume_fp": "0.00",
        "open_interest_fp": "0.00",
        "dollar_volume": 0,
        "dollar_open_interest": 0,
        "yes_bid_size_fp": "1.50",
        "yes_ask_size_fp": "3.00",
        "last_trade_size_fp": "0.00",
        "ts": (START_MS + 1_500) // 1000,
        "ts_ms": START_MS + 1_500,
        "time": "2027-01-15T08:00:01.500Z",
    }


def test_a_ticker_is_told_again_only_when_a_field_of_it_changes() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    place(exchange, "bid", 4_000, 150)
    wire.subscribe("ticker", market_tickers=[A], send_initial_snapshot=True)
    place(exchange, "bid", 3_000, 150)  # behind the best price: no field changes
    assert wire.read() == []
    place(exchange, "bid", 4_000, 50)
    assert wire.read()[0]["msg"]["yes_bid_size_fp"] == "2.00"


def test_an_initial_ticker_comes_for_each_asked_and_each_added_market() -> None:
    _, wire = connect(small_exchange())
    came = wire.subscribe("ticker", market_tickers=[A], send_initial_snapshot=True)
    assert [message["type"] for message in came] == ["subscribed", "ticker"]
    came = wire.update("add_markets", sid=1, market_tickers=[A, B], send_initial_snapshot=True)
    assert [message["msg"].get("market_ticker") for message in came] == [None, B]
    assert wire.update("add_markets", sid=1, market_tickers=["KXT-1-C"])[0]["type"] == "ok"
    assert wire.read() == []


def test_trades_are_numbered_and_tell_the_takers_side() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("trade")
    _trade(exchange)
    (trade,) = wire.read()
    assert (trade["type"], trade["sid"], trade["seq"]) == ("trade", 1, 1)
    told = trade["msg"]
    assert told.pop("trade_id") == exchange.trades_of(A)[-1].trade_id
    assert told == {
        "market_ticker": A,
        "yes_price_dollars": "0.6000",
        "no_price_dollars": "0.4000",
        "count_fp": "2.50",
        "taker_side": "no",
        "taker_outcome_side": "no",
        "taker_book_side": "ask",
        "is_block_trade": False,
        "ts": START_MS // 1000,
        "ts_ms": START_MS,
    }


def test_a_fill_is_told_to_its_owner_alone_with_its_fee_and_the_position_after_it() -> None:
    exchange = small_exchange()
    hub, wire = connect(exchange)
    stranger = Wire(hub.open(OTHER))
    for one in (wire, stranger):
        one.subscribe("fill", "user_orders", "market_positions")
    _trade(exchange)
    assert stranger.read() == []
    (fill,) = of(wire.read(), "fill")
    assert "seq" not in fill
    msg = fill["msg"]
    # Taker fee at the standard rate: 0.07 x 2.5 x 0.6 x 0.4 = 0.042 dollar, on the grid already.
    assert (msg["fee_cost"], msg["post_position_fp"], msg["yes_price_dollars"]) == ("0.042000", "-2.50", "0.6000")
    assert (msg["outcome_side"], msg["book_side"], msg["side"], msg["action"]) == ("no", "ask", "yes", "sell")
    assert (msg["is_taker"], msg["client_order_id"], msg["market_ticker"]) == (True, "mine-1", A)


def test_a_connection_of_one_subaccount_hears_nothing_private_of_the_others() -> None:
    exchange = small_exchange()
    number = exchange.create_subaccount(MEMBER)
    exchange.transfer(MEMBER, 0, number, 10**9)
    hub, wire = connect(exchange)
    bound = Wire(hub.open(MEMBER, subaccount=number))
    private = ("fill", "user_orders", "market_positions", "order_group_updates")
    for one in (wire, bound):
        one.subscribe("orderbook_delta", market_tickers=[A])
        one.subscribe(*private)
    heard = {}
    for subaccount in (0, number):
        exchange.create_group(MEMBER, 500, subaccount)
        place(exchange, "bid", 4_000, 100, user=MEMBER, subaccount=subaccount, client_order_id=f"of-{subaccount}")
        place(exchange, "ask", 4_000, 100)
        heard[subaccount] = [[message["type"] for message in one.read()] for one in (wire, bound)]
        (own,) = of(wire.seen, "orderbook_delta")[-2:-1]
        assert own["msg"]["client_order_id"] == f"of-{subaccount}"
        (own,) = of(bound.seen, "orderbook_delta")[-2:-1]
        assert own["msg"].get("client_order_id") == (f"of-{subaccount}" if subaccount else None)
    assert {*heard[0][0]} == {*heard[number][0]} == {*heard[number][1]} >= {"fill", "user_order", "market_position"}
    assert heard[0][1] == ["orderbook_delta", "orderbook_delta"]


def test_an_order_is_told_to_its_owner_at_each_step() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("user_orders")
    order = place(exchange, "bid", 4_000, 500, user=MEMBER, client_order_id="mine-1").order
    place(exchange, "ask", 4_000, 200)
    exchange.cancel(MEMBER, order.order_id)
    told = [message["msg"] for message in of(wire.read(), "user_order")]
    assert [(one["status"], one["fill_count_fp"], one["remaining_count_fp"]) for one in told] == [
        ("resting", "0.00", "5.00"),
        ("resting", "2.00", "3.00"),
        ("canceled", "2.00", "0.00"),
    ]
    assert {one["ticker"] for one in told} == {A}
    assert told[1]["maker_fill_cost_dollars"] == "0.800000"
    assert "seq" not in wire.seen[-1]


def test_a_position_is_told_with_its_cost() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("market_positions")
    _trade(exchange)
    msg = of(wire.read(), "market_position")[-1]["msg"]
    assert (msg["user_id"], msg["market_ticker"], msg["position_fp"]) == (MEMBER, A, "-2.50")
    # 2.5 NO at 0.40 each cost one dollar.
    assert (msg["position_cost_dollars"], msg["realized_pnl_dollars"], msg["volume_fp"]) == (
        "1.000000",
        "0.000000",
        "2.50",
    )


def test_private_channels_may_be_filtered_by_market() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("user_orders", "fill", "market_positions", market_tickers=[B])
    _trade(exchange)
    assert wire.read() == []
    wire.update("add_markets", sid=1, market_tickers=[A])
    _trade(exchange)
    assert {message["type"] for message in wire.read()} == {"user_order"}


def test_the_house_is_told_to_nobody() -> None:
    exchange = small_exchange()
    hub, _ = connect(exchange)
    house = Wire(hub.open(HOUSE))
    house.subscribe("user_orders")
    place(exchange, "bid", 4_000, 100)
    assert house.read() == []


def test_order_groups_are_told_to_their_owner_with_the_limit_where_it_changes() -> None:
    exchange = small_exchange()
    hub, wire = connect(exchange)
    stranger = Wire(hub.open(OTHER))
    for one in (wire, stranger):
        one.subscribe("order_group_updates")
    group = exchange.create_group(MEMBER, 1_000)
    exchange.set_group_limit(MEMBER, group.group_id, 2_000)
    exchange.trigger_group(MEMBER, group.group_id)
    exchange.reset_group(MEMBER, group.group_id)
    exchange.delete_group(MEMBER, group.group_id)
    told = of(wire.read(), "order_group_updates")
    assert [(one["seq"], one["msg"]["event_type"], one["msg"].get("contracts_limit_fp")) for one in told] == [
        (1, "created", "10.00"),
        (2, "limit_updated", "20.00"),
        (3, "triggered", None),
        (4, "reset", None),
        (5, "deleted", None),
    ]
    assert stranger.read() == []


def test_a_markets_life_is_told_with_the_keys_of_each_step() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("market_lifecycle_v2")
    market = make_market("KXT-1-D", 5, strike_type="between", floor_strike="100.5", cap_strike="200")
    exchange.add_market(market)
    exchange.pause_market("KXT-1-D")
    exchange.resume_market("KXT-1-D")
    exchange.move_close("KXT-1-D", START_MS + 5_000)
    exchange.change_grid("KXT-1-D", "tapered_deci_cent", GRIDS["tapered_deci_cent"])
    exchange.update_metadata("KXT-1-D", yes_sub_title="Above", floor_strike="99.25")
    exchange.determine("KXT-1-D", "scalar", value=Price(2_500))
    exchange.settle("KXT-1-D")
    told = _by_step(wire)
    assert told["created"]["open_ts"] == (START_MS - 1) // 1000
    assert told["created"]["additional_metadata"]["floor_strike"] == 100.5
    assert told["created"]["price_ranges"] == [{"start": "0.0000", "end": "1.0000", "step": "0.0100"}]
    assert told["deactivated"]["is_deactivated"] is True
    assert told["activated"]["is_deactivated"] is False
    assert told["price_level_structure_updated"]["price_level_structure"] == "tapered_deci_cent"
    assert len(told["price_level_structure_updated"]["price_ranges"]) == 3
    assert told["metadata_updated"]["floor_strike"] == 99.25
    assert told["metadata_updated"]["yes_sub_title"] == "Above"
    assert told["close_date_updated"]["close_ts"] == START_MS // 1000
    assert told["determined"]["result"] == "scalar"
    assert told["determined"]["settlement_value"] == "0.2500"
    assert told["determined"]["determination_ts"] == START_MS // 1000
    assert told["settled"]["settled_ts"] == START_MS // 1000
    assert [one["seq"] for one in wire.seen[1:]] == list(range(1, len(wire.seen)))


def _by_step(wire: Wire) -> dict[str, dict[str, Any]]:
    return {one["msg"]["event_type"]: one["msg"] for one in of(wire.read(), "market_lifecycle_v2")}


def test_events_and_their_fees_are_told_on_the_lifecycle_channel() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("market_lifecycle_v2")
    exchange.add_event(Event("KXT-2", "KXT", "Second", "sub", strike_ms=START_MS + DAY_MS))
    exchange.set_event_fee("KXT-2", "quadratic_with_maker_fees", 1_500_000)
    exchange.set_event_fee("KXT-2", None, None)
    created, set_fee, lifted = (message for message in wire.read() if message["type"] != "subscribed")
    assert created["type"] == "event_lifecycle"
    assert created["msg"]["strike_date"] == (START_MS + DAY_MS) // 1000
    assert (created["msg"]["subtitle"], created["msg"]["series_ticker"]) == ("sub", "KXT")
    assert set_fee["type"] == "event_fee_update"
    assert (set_fee["msg"]["fee_type_override"], set_fee["msg"]["fee_multiplier_override"]) == (
        "quadratic_with_maker_fees",
        1.5,
    )
    assert lifted["msg"] == {"event_ticker": "KXT-2", "fee_type_override": None, "fee_multiplier_override": None}


def _tick(second: int, **more: Any) -> IndexTicked:
    at_ms = START_MS + second * 1000
    return IndexTicked("BRTI", "68000.12", at_ms, at_ms + 7, **more)


def test_an_index_value_carries_its_source_frame_and_both_averages() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("cfbenchmarks_value", index_ids=["BRTI"])
    average = ("68000.50000000", 3, START_MS - 59_000, START_MS + 1_000)
    quarter = ("68000.60000000", 1, START_MS, START_MS + 1_001)
    exchange.tell(_tick(1, avg_60s=average, last_60s_15min=quarter))
    (value,) = wire.read()
    assert (value["type"], value["seq"]) == ("cfbenchmarks_value", 1)
    assert value["msg"] == {
        "index_id": "BRTI",
        "received_at": START_MS + 1_007,
        "data": f'{{"type":"value","id":"BRTI","time":{START_MS + 1_000},"value":"68000.12"}}',
        "avg_60s_data": {
            "value": "68000.50000000",
            "window_size": 3,
            "window_start_ts_ms": START_MS - 59_000,
            "window_end_ts_exclusive": START_MS + 1_000,
        },
        "last_60s_windowed_average_15min": {
            "value": "68000.60000000",
            "window_size": 1,
            "window_start_ts_ms": START_MS,
            "window_end_ts_exclusive": START_MS + 1_001,
        },
    }


def test_with_no_earlier_value_the_average_is_the_value_itself() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("cfbenchmarks_value", index_ids=["all"])
    exchange.tell(_tick(1))
    average = wire.read()[0]["msg"]["avg_60s_data"]
    assert (average["value"], average["window_size"]) == ("68000.12000000", 0)


def test_the_fast_channel_has_the_value_alone_and_its_own_source_order() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("cfbenchmarks_value", "cfbenchmarks_value_5hz", index_ids=["BRTI"])
    exchange.tell(_tick(1, fast=True))
    exchange.tell(_tick(1, fast=True))  # repeated upstream: dropped
    exchange.tell(_tick(0, fast=True))  # late upstream: dropped
    exchange.tell(_tick(1))
    fast, slow = wire.read()
    assert fast["type"] == "cfbenchmarks_value_5hz"
    assert (fast["msg"]["value_usd"], fast["msg"]["source_ts_ms"]) == ("68000.12000000", START_MS + 1_000)
    assert "avg_60s_data" not in fast["msg"]
    assert slow["type"] == "cfbenchmarks_value"


def test_index_values_come_only_for_the_ids_that_were_asked_for() -> None:
    exchange = small_exchange()
    _, wire = connect(exchange)
    wire.subscribe("cfbenchmarks_value")
    exchange.tell(_tick(1))
    assert wire.read() == []
    wire.update("subscribe_indices", sid=1, index_ids=["BRTI"])
    exchange.tell(_tick(2))
    assert [message["type"] for message in wire.read()] == ["cfbenchmarks_value"]
    assert wire.update("indexlist", sid=1)[0]["msg"] == {"index_ids": ["BRTI"]}


def test_forgotten_markets_leave_the_streams_memory() -> None:
    exchange = small_exchange()
    hub, wire = connect(exchange)
    wire.subscribe("ticker")
    wire.subscribe("orderbook_delta", market_tickers=[A])
    for number in range(40):
        exchange.add_event(Event(f"KXT-X{number}", "KXT", "Another"))
        market = make_market(f"KXT-X{number}-A", number)
        market.event_ticker = f"KXT-X{number}"
        exchange.add_market(market)
        wire.ask("update_subscription", {"sid": 2, "action": "add_markets", "market_tickers": [market.ticker]})
        place(exchange, "bid", 4_000, 100, ticker=market.ticker)
        assert of(wire.read(), "ticker")
        exchange.determine(market.ticker, "yes")
        exchange.settle(market.ticker)
        wire.read()
        exchange.forget_event(market.event_ticker)
    (ticker,) = (one for one in hub.sessions[1].subscriptions.values() if one.channel.name == "ticker")
    assert max(len(hub._tickers), len(hub.books.names), len(ticker.told)) < 12
