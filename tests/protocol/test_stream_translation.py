"""Every other channel becomes an event with integers on the YES axis, times in milliseconds and words that are safe."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kalshi_tui.core import events
from kalshi_tui.core.text import SafeText
from kalshi_tui.errors import ValueRefused
from kalshi_tui.protocol.codec import decode_frame
from kalshi_tui.protocol.translate import translate
from kalshi_tui.protocol.wire import Control, Delta, Frame, Snapshot

UUID = b"d91bc706-ee49-470d-82d8-11418bda6fed"


def read(frame: bytes) -> events.Event:
    message: Frame = decode_frame(frame)
    assert not isinstance(message, Delta | Snapshot | Control)
    return translate(message)


TICKER = (
    b'{"type":"ticker","sid":11,"msg":{"market_id":"9b0f","market_ticker":"FED-23DEC-T3.00","price_dollars":"0.4800",'
    b'"yes_bid_dollars":"0.4500","yes_ask_dollars":"0.5300","volume_fp":"33896.00","open_interest_fp":"20422.00",'
    b'"dollar_volume":16948,"dollar_open_interest":10211,"yes_bid_size_fp":"300.00","yes_ask_size_fp":"150.50",'
    b'"last_trade_size_fp":"25.00","ts":1669149841,"ts_ms":1669149841000,"time":"2022-11-22T20:44:01Z"},'
    b'"sending_ts_ms":1669149841234}'
)
TRADE = (
    b'{"type":"trade","sid":11,"seq":7,"msg":{"trade_id":"' + UUID + b'","market_ticker":"HIGHNY-22DEC23-B53.5",'
    b'"yes_price_dollars":"0.3600","no_price_dollars":"0.6400","count_fp":"136.00","taker_side":"no",'
    b'"taker_outcome_side":"no","taker_book_side":"ask","is_block_trade":false,"ts":1669149841,"ts_ms":1669149841000}}'
)
FILL = (
    b'{"type":"fill","sid":13,"msg":{"trade_id":"' + UUID + b'","order_id":"ee587a1c","client_order_id":"mine-1",'
    b'"market_ticker":"HIGHNY-22DEC23-B53.5","exchange_index":0,"is_taker":true,"side":"yes","ts":1671899397,'
    b'"ts_ms":1671899397000,"yes_price_dollars":"0.7500","count_fp":"278.50","fee_cost":"2.080000","action":"buy",'
    b'"post_position_fp":"-500.00","purchased_side":"yes","outcome_side":"yes","book_side":"bid","subaccount":3}}'
)
ORDER = (
    b'{"type":"user_order","sid":14,"msg":{"order_id":"ee587a1c","user_id":"u","ticker":"KXA","exchange_index":1,'
    b'"status":"resting","side":"no","is_yes":false,"outcome_side":"no","book_side":"ask","yes_price_dollars":"0.3500",'
    b'"fill_count_fp":"2.00","remaining_count_fp":"8.00","initial_count_fp":"10.00","taker_fill_cost_dollars":"1.300000",'
    b'"maker_fill_cost_dollars":"0.000000","taker_fees_dollars":"0.031900","maker_fees_dollars":"0.000000",'
    b'"client_order_id":"mine-2","created_time":"2026-10-26T14:30:00Z","created_ts_ms":1772000000000,'
    b'"order_group_id":"g1","self_trade_prevention_type":"maker","last_updated_ts_ms":1772000000500,'
    b'"expiration_ts_ms":1772000600000,"last_update_reason":"Trade","subaccount_number":5}}'
)
POSITION = (
    b'{"type":"market_position","sid":15,"msg":{"user_id":"u","market_ticker":"KXA","position_fp":"-100.00",'
    b'"position_cost_dollars":"50.000000","realized_pnl_dollars":"-10.250000","fees_paid_dollars":"1.000000",'
    b'"position_fee_cost_dollars":"0.500000","volume_fp":"15.00"}}'
)


def test_a_ticker() -> None:
    event = read(TICKER)
    assert isinstance(event, events.TickerSeen)
    assert (event.ticker, event.last_price, event.yes_bid, event.yes_ask) == ("FED-23DEC-T3.00", 4800, 4500, 5300)
    assert (event.yes_bid_size, event.yes_ask_size, event.last_size) == (30_000, 15_050, 2_500)
    assert (event.volume, event.open_interest, event.ts_ms) == (3_389_600, 2_042_200, 1669149841000)


def test_a_ticker_of_a_market_where_nothing_rests_or_trades_has_no_prices() -> None:
    event = read(
        TICKER.replace(b'"0.4800"', b'"0.0000"').replace(b'"0.4500"', b'"0.0000"').replace(b'"0.5300"', b'"1.0000"')
    )
    assert isinstance(event, events.TickerSeen)
    assert (event.last_price, event.yes_bid, event.yes_ask) == (None, None, None)


def test_a_trade_whose_taker_sold_is_still_at_its_yes_price() -> None:
    event = read(TRADE)
    assert isinstance(event, events.TradeSeen)
    assert (event.ticker, event.price, event.size, event.taker_side) == ("HIGHNY-22DEC23-B53.5", 3600, 13_600, "ask")
    assert (event.trade_id, event.is_block, event.ts_ms) == (UUID.decode(), False, 1669149841000)


def test_a_fill() -> None:
    event = read(FILL)
    assert isinstance(event, events.FillSeen)
    assert (event.order_id, event.client_order_id, event.side, event.is_taker) == ("ee587a1c", "mine-1", "bid", True)
    assert (event.price, event.size, event.fee, event.position) == (7500, 27_850, 2_080_000, -50_000)
    assert (event.subaccount, event.ts_ms) == (3, 1671899397000)


def test_an_order() -> None:
    event = read(ORDER)
    assert isinstance(event, events.OrderSeen)
    assert (event.ticker, event.side, event.status, event.price) == ("KXA", "ask", "resting", 3500)
    assert (event.initial, event.filled, event.remaining) == (1_000, 200, 800)
    assert (event.taker_cost, event.maker_cost) == (1_300_000, 0)
    assert (event.taker_fees, event.maker_fees) == (31_900, 0)
    assert (event.order_group_id, event.self_trade_prevention, event.reason) == ("g1", "maker", "Trade")
    assert (event.created_ms, event.updated_ms, event.expiration_ms) == (1772000000000, 1772000000500, 1772000600000)
    assert (event.exchange_index, event.subaccount) == (1, 5)


def test_an_order_whose_times_are_null_has_none() -> None:
    event = read(ORDER.replace(b'"created_ts_ms":1772000000000', b'"created_ts_ms":null'))
    assert isinstance(event, events.OrderSeen)
    assert event.created_ms is None


def test_a_position() -> None:
    event = read(POSITION)
    assert isinstance(event, events.PositionSeen)
    assert (event.ticker, event.position, event.cost, event.realised) == ("KXA", -10_000, 50_000_000, -10_250_000)
    assert (event.fees, event.position_fees, event.volume) == (1_000_000, 500_000, 1_500)


def test_a_new_market_with_its_words_strike_and_grid() -> None:
    event = read(
        b'{"type":"market_lifecycle_v2","sid":13,"seq":1,"msg":{"market_ticker":"KXBTC-26NOV2117-B98750",'
        b'"event_type":"created","exchange_index":0,"open_ts":1694635200,"close_ts":1694721600,'
        b'"price_level_structure":"tapered_deci_cent","price_ranges":[{"start":"0.0000","end":"0.1000","step":"0.0010"},'
        b'{"start":"0.1000","end":"1.0000","step":"0.0100"}],"additional_metadata":{"name":"n","title":"Bitcoin\\u202e?",'
        b'"yes_sub_title":"above [b]","no_sub_title":"below","rules_primary":"r1","rules_secondary":"r2",'
        b'"can_close_early":true,"event_ticker":"KXBTC-26NOV2117","expected_expiration_ts":1694721660,'
        b'"strike_type":"between","floor_strike":98500,"cap_strike":98999.99,"custom_strike":{"a":"b"}}}}'
    )
    assert isinstance(event, events.MarketLifecycle)
    assert (event.kind, event.open_ms, event.close_ms) == ("created", 1694635200000, 1694721600000)
    assert event.price_ranges == ((0, 1000, 10), (1000, 10_000, 100))
    details = event.details
    assert details.title == "Bitcoin\ufffd?"
    assert isinstance(details.title, SafeText)
    assert (details.yes_title, details.event_ticker) == ("above [b]", "KXBTC-26NOV2117")
    assert (details.strike_type, details.floor_strike, details.cap_strike) == (
        "between",
        Decimal(98500),
        Decimal("98999.99"),
    )
    assert details.expected_expiration_ms == 1694721660000


def test_a_strike_that_is_told_later_stands_outside_the_nested_words() -> None:
    event = read(
        b'{"type":"market_lifecycle_v2","sid":1,"seq":2,"msg":{"event_type":"metadata_updated","market_ticker":'
        b'"KXBTC15M-26NOV210530-30","strike_type":"greater_or_equal","floor_strike":97321.55,"yes_sub_title":"up"}}'
    )
    assert isinstance(event, events.MarketLifecycle)
    assert (event.details.floor_strike, event.details.yes_title) == (Decimal("97321.55"), "up")
    assert event.details.strike_type == "greater_or_equal"


def test_a_settlement() -> None:
    event = read(
        b'{"type":"market_lifecycle_v2","sid":1,"seq":3,"msg":{"event_type":"determined","market_ticker":"KXA",'
        b'"result":"yes","settlement_value":"1.0000","determination_ts":1694721700}}'
    )
    assert isinstance(event, events.MarketLifecycle)
    assert (event.result, event.settlement_value, event.determined_ms) == ("yes", 10_000, 1694721700000)


def test_an_event_and_its_fee_override() -> None:
    listed = read(
        b'{"type":"event_lifecycle","sid":1,"seq":4,"msg":{"event_ticker":"KXE","exchange_index":0,"title":"T",'
        b'"subtitle":"S","collateral_return_type":"MECNET","series_ticker":"KX","strike_date":1694721600}}'
    )
    assert isinstance(listed, events.EventLifecycle)
    assert (listed.event_ticker, listed.series_ticker, listed.strike_ms) == ("KXE", "KX", 1694721600000)
    changed = read(
        b'{"type":"event_fee_update","sid":1,"seq":5,"msg":{"event_ticker":"KXE",'
        b'"fee_type_override":"quadratic","fee_multiplier_override":0.5}}'
    )
    assert changed == events.EventFeeChanged("KXE", "quadratic", 500_000)
    lifted = read(
        b'{"type":"event_fee_update","sid":1,"seq":6,"msg":{"event_ticker":"KXE",'
        b'"fee_type_override":null,"fee_multiplier_override":null}}'
    )
    assert lifted == events.EventFeeChanged("KXE", None, None)


def test_an_order_group() -> None:
    event = read(
        b'{"type":"order_group_updates","sid":1,"seq":1,"msg":{"event_type":"limit_updated","order_group_id":"g1",'
        b'"contracts_limit_fp":"150.00","ts_ms":1772000000000}}'
    )
    assert isinstance(event, events.OrderGroupSeen)
    assert (event.kind, event.group_id, event.limit, event.ts_ms) == ("limit_updated", "g1", 15_000, 1772000000000)


def test_an_index_whose_value_is_json_inside_json() -> None:
    event = read(
        b'{"type":"cfbenchmarks_value","sid":1,"seq":42,"sending_ts_ms":1,"msg":{"index_id":"BRTI","received_at":'
        b'1710000000123,"data":"{\\"type\\":\\"value\\",\\"id\\":\\"BRTI\\",\\"time\\":1710000000120,\\"value\\":'
        b'\\"68000.12\\"}","avg_60s_data":{"value":"68000.12000000","window_size":3,"window_start_ts_ms":1709999940123,'
        b'"window_end_ts_exclusive":1710000000123},"last_60s_windowed_average_15min":{"value":"68000.23000000",'
        b'"window_size":14,"window_start_ts_ms":1709999980000,"window_end_ts_exclusive":1710000000123}}}'
    )
    assert isinstance(event, events.IndexSeen)
    assert (event.index_id, event.value, event.is_fast) == ("BRTI", Decimal("68000.12"), False)
    assert (event.source_ms, event.received_ms) == (1710000000120, 1710000000123)
    assert event.average_60s == events.IndexAverage(Decimal("68000.12"), 3, 1709999940123, 1710000000123)
    assert event.last_minute == events.IndexAverage(Decimal("68000.23"), 14, 1709999980000, 1710000000123)


@pytest.mark.parametrize("value", [b"68000.12", b'\\"68000.12\\"'])
def test_an_index_value_may_be_a_number_or_a_string(value: bytes) -> None:
    event = read(
        b'{"type":"cfbenchmarks_value","sid":1,"seq":1,"msg":{"index_id":"BRTI","received_at":2,"data":'
        b'"{\\"time\\":1,\\"value\\":' + value + b',\\"repeatOfPreviousValue\\":true,\\"amendTime\\":5}"}}'
    )
    assert isinstance(event, events.IndexSeen)
    assert (event.value, event.is_repeated, event.is_amended) == (Decimal("68000.12"), True, True)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{\\"time\\":1}', b'{\\"time\\":1,\\"value\\":\\"NaN\\"}'])
def test_an_index_whose_inner_message_is_bad_is_refused(data: bytes) -> None:
    with pytest.raises(ValueRefused):
        read(
            b'{"type":"cfbenchmarks_value","sid":1,"seq":1,"msg":{"index_id":"BRTI","received_at":2,"data":"'
            + data
            + b'"}}'
        )


def test_a_fast_index() -> None:
    event = read(
        b'{"type":"cfbenchmarks_value_5hz","sid":1,"seq":1,"msg":{"index_id":"BRTI","value_usd":"68000.12000000",'
        b'"source_ts_ms":1710000000200,"received_at":1710000000223,"data":"{}"}}'
    )
    assert isinstance(event, events.IndexSeen)
    assert (event.value, event.source_ms, event.is_fast) == (Decimal("68000.12"), 1710000000200, True)


def test_lists_of_indices() -> None:
    slow = read(b'{"type":"cfbenchmarks_value_indexlist","id":2,"sid":1,"seq":1,"msg":{"index_ids":["BRTI","X"]}}')
    fast = read(b'{"type":"cfbenchmarks_value_5hz_indexlist","id":2,"sid":1,"seq":1,"msg":{"index_ids":[]}}')
    assert slow == events.IndexesListed("cfbenchmarks_value", ("BRTI", "X"))
    assert fast == events.IndexesListed("cfbenchmarks_value_5hz", ())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"yes_price_dollars":"0.7500"', b'"yes_price_dollars":"1.7500"'),
        (b'"count_fp":"278.50"', b'"count_fp":"-278.50"'),
        (b'"count_fp":"278.50"', b'"count_fp":"278.501"'),
        (b'"fee_cost":"2.080000"', b'"fee_cost":"2.0800001"'),
        (b'"market_ticker":"HIGHNY-22DEC23-B53.5"', b'"market_ticker":"K\\u001b[31mX"'),
        (b'"market_ticker":"HIGHNY-22DEC23-B53.5"', b'"market_ticker":""'),
        (b'"order_id":"ee587a1c"', b'"order_id":"' + b"x" * 200 + b'"'),
    ],
)
def test_values_that_must_not_enter_are_refused(old: bytes, new: bytes) -> None:
    assert old in FILL
    with pytest.raises(ValueRefused):
        read(FILL.replace(old, new))


def test_words_from_outside_cannot_drive_a_terminal() -> None:
    event = read(ORDER.replace(b'"Trade"', b'"Tr\\u001b[2Jade"').replace(b'"mine-2"', b'"m\\u202ee"'))
    assert isinstance(event, events.OrderSeen)
    assert (event.reason, event.client_order_id) == ("Tr\ufffd[2Jade", "m\ufffde")
