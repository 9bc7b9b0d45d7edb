"""Replies become the core's values; bodies marked R were recorded from the venue."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

import msgspec
import pytest

from kalshi_tui.core.markets import MarketStatus, StrikeKind
from kalshi_tui.core.orders import Fill, Order, OrderStatus
from kalshi_tui.core.positions import Position
from kalshi_tui.core.units import Money, Price, Size
from kalshi_tui.errors import RemoteProtocolError
from kalshi_tui.protocol import rest

T = TypeVar("T")
# 2026-07-12T17:35:14Z, counted by `date -u -d ... +%s`.
CLOSE_MS = 1_783_877_714_000

SETTLED = msgspec.json.decode(
    b"""{"ticker":"KXATPMATCH-26JUL12PRASAI-PRA","event_ticker":"KXATPMATCH-26JUL12PRASAI","status":"finalized",
    "result":"yes","settlement_value_dollars":"1.0000","settlement_ts":"2026-07-12T17:37:19.498576Z",
    "settlement_timer_seconds":60,"open_time":"2026-07-11T10:00:00Z","close_time":"2026-07-12T17:35:14Z",
    "latest_expiration_time":"2026-07-26T15:00:00Z","expiration_value":"Juan Carlos Prado Angelo",
    "last_price_dollars":"0.9900","yes_bid_dollars":"0.0000","yes_bid_size_fp":"0.00","yes_ask_dollars":"1.0000",
    "yes_ask_size_fp":"0.00","no_bid_dollars":"0.0000","no_ask_dollars":"1.0000","volume_fp":"483074.49",
    "volume_24h_fp":"0.00","open_interest_fp":"286488.00","strike_type":"structured",
    "price_level_structure":"linear_cent","price_ranges":[{"start":"0.0000","end":"1.0000","step":"0.0100"}]}"""
)  # R, less two fields
ORDER = msgspec.json.decode(
    b"""{"action":"buy","book_side":"bid","client_order_id":"4a75","created_time":"2026-06-11T06:29:20.866753Z",
    "fill_count_fp":"0.00","initial_count_fp":"1.00","last_update_time":"2026-06-11T06:29:20.866753Z",
    "maker_fees_dollars":"0.000000","maker_fill_cost_dollars":"0.000000","no_price_dollars":"0.9900",
    "order_id":"2597","outcome_side":"yes","remaining_count_fp":"1.00","self_trade_prevention_type":"taker_at_cross",
    "side":"yes","status":"resting","subaccount_number":0,"taker_fees_dollars":"0.000000",
    "taker_fill_cost_dollars":"0.000000","ticker":"KXWTACHALLENGERMATCH-26JUN11JIMLEP-LEP","type":"limit",
    "user_id":"u","yes_price_dollars":"0.0100"}"""
)  # R
FILL = msgspec.json.decode(
    b"""{"action":"buy","book_side":"bid","count_fp":"1.00","created_time":"2026-06-11T06:29:30.164956Z",
    "fee_cost":"0.017500","fill_id":"f4a4","is_taker":true,"market_ticker":"KXWTACHALLENGERMATCH-26JUN11JIMLEP-LEP",
    "no_price_dollars":"0.4800","order_id":"97ec","outcome_side":"yes","side":"yes","subaccount_number":0,
    "ticker":"KXWTACHALLENGERMATCH-26JUN11JIMLEP-LEP","trade_id":"f4a4","ts":1781159370,
    "yes_price_dollars":"0.5200"}"""
)  # R


def read(request: rest.Request[T], reply: Any) -> T:
    body = reply if isinstance(reply, bytes) else msgspec.json.encode(reply)
    return rest.read_reply(request, 200, {}, body)


def changed(row: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {key: value for key, value in (row | fields).items() if value is not None}


def market_with(**fields: Any) -> Any:
    return read(rest.market("T"), {"market": changed(SETTLED, **fields)})


def order_with(**fields: Any) -> Order:
    return read(rest.order("2597"), {"order": changed(ORDER, **fields)})


def fill_with(**fields: Any) -> Fill:
    return read(rest.fills(), {"cursor": "", "fills": [changed(FILL, **fields)]}).rows[0]


def test_a_recorded_market_is_read() -> None:
    market = market_with()
    assert market.ticker == "KXATPMATCH-26JUL12PRASAI-PRA"
    assert market.status is MarketStatus.FINALIZED
    assert market.close_ms == CLOSE_MS
    assert (market.result, market.settlement_value) == ("yes", Price(10_000))
    assert market.last_price == Price(9900)
    assert market.volume == Size(48_307_449)
    assert market.strike.kind is StrikeKind.STRUCTURED
    assert market.grid.allows(4200)
    assert not market.grid.allows(4250)


@pytest.mark.parametrize(
    ("bid", "bid_size", "ask", "ask_size", "quotes"),
    [
        ("0.0000", "0.00", "1.0000", "0.00", (None, 0, None, 0)),
        ("0.0000", "0.00", "0.0000", "0.00", (None, 0, None, 0)),
        ("0.4200", "13.00", "1.0000", "0.00", (4200, 1300, None, 0)),
        ("0.4200", "0.00", "0.4400", "0.01", (None, 0, 4400, 1)),
        ("0.0000", "5.00", "1.0000", "5.00", (None, 0, None, 0)),
    ],
)
def test_a_quote_exists_only_with_a_size_behind_a_price_inside_the_dollar(
    bid: str, bid_size: str, ask: str, ask_size: str, quotes: tuple[int | None, ...]
) -> None:
    market = market_with(yes_bid_dollars=bid, yes_bid_size_fp=bid_size, yes_ask_dollars=ask, yes_ask_size_fp=ask_size)
    assert (market.yes_bid, market.yes_bid_size, market.yes_ask, market.yes_ask_size) == quotes


def test_no_trade_yet_is_no_price() -> None:
    assert market_with(last_price_dollars="0.0000").last_price is None


@pytest.mark.parametrize(
    "field",
    ["yes_bid_dollars", "yes_ask_dollars", "yes_bid_size_fp", "last_price_dollars", "price_ranges", "close_time"],
)
def test_a_missing_price_is_never_assumed_and_is_named(field: str) -> None:
    with pytest.raises(RemoteProtocolError, match=field):
        market_with(**{field: None})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("yes_bid_dollars", 0.42),
        ("yes_bid_dollars", "4.2e-1"),
        ("yes_bid_dollars", "1.5000"),
        ("yes_ask_size_fp", "-1.00"),
        ("volume_fp", "NaN"),
        ("close_time", "tomorrow"),
        ("close_time", "2026-07-12T17:35:14"),
        ("price_ranges", []),
        ("floor_strike", "NaN"),
    ],
)
def test_a_number_that_is_none_is_refused(field: str, value: object) -> None:
    with pytest.raises(RemoteProtocolError):
        market_with(**{field: value})


def test_nullable_fields_may_be_null_absent_or_there() -> None:
    nulls = dict.fromkeys(
        ("expected_expiration_time", "settlement_value_dollars", "floor_strike", "fee_waiver_expiration_time", "title")
    )
    body = msgspec.json.encode({"market": SETTLED | nulls})
    assert read(rest.market("T"), body) == market_with(**nulls)
    full = market_with(floor_strike=7224.9999, fee_waiver_expiration_time="2026-07-12T17:35:14.5+00:00")
    assert full.strike.floor == Decimal("7224.9999")
    assert full.fee_waiver_until_ms == CLOSE_MS + 500


def test_unknown_fields_and_unknown_statuses_are_tolerated() -> None:
    market = market_with(brand_new={"deep": [1, 2]}, status="hibernating", strike_type="spiral")
    assert market.status is MarketStatus.UNKNOWN
    assert market.strike.kind is StrikeKind.NONE


def test_free_text_is_cleaned() -> None:
    market = market_with(title="a\u001b[2Jb\u202e", ticker="T\u001b-1")
    assert "\u001b" not in market.title + market.ticker
    assert "\u202e" not in market.title


def test_one_bad_row_of_a_catalogue_does_not_hide_the_others_and_says_why() -> None:
    rows = [SETTLED, changed(SETTLED, ticker="BAD-1", yes_bid_dollars="x"), changed(SETTLED, ticker="BAD-2", status=7)]
    page = read(rest.markets(), {"markets": rows, "cursor": "next"})
    assert [market.ticker for market in page.rows] == [SETTLED["ticker"]]
    assert page.cursor == "next"
    assert [text.partition(":")[0] for text in page.unread] == ["BAD-1", "BAD-2"]
    assert "yes_bid_dollars" in page.unread[0]


def test_one_bad_row_about_money_refuses_the_page() -> None:
    with pytest.raises(RemoteProtocolError, match="count_fp"):
        read(rest.fills(), {"fills": [FILL, changed(FILL, count_fp=None)], "cursor": ""})


@pytest.mark.parametrize("end", [{}, {"cursor": None}, {"cursor": ""}])
def test_the_last_page_has_no_cursor_however_it_is_written(end: dict[str, Any]) -> None:
    assert read(rest.markets(), {"markets": []} | end).cursor == ""


def test_a_recorded_order_and_fill_are_read() -> None:
    order = order_with()
    assert (order.side, order.price, order.status) == ("bid", Price(100), OrderStatus.RESTING)
    assert (order.initial, order.filled, order.remaining) == (100, 0, 100)
    assert order.created_ms == 1_781_159_360_866
    fill = fill_with()
    assert fill == Fill(
        trade_id="f4a4",
        order_id="97ec",
        ticker="KXWTACHALLENGERMATCH-26JUN11JIMLEP-LEP",
        side="bid",
        price=Price(5200),
        size=Size(100),
        is_taker=True,
        fee=Money(17_500),
        ts_ms=1_781_159_370_164,
    )


@pytest.mark.parametrize(
    ("book", "outcome", "side", "action", "expected"),
    [
        ("bid", "yes", "yes", "buy", "bid"),
        ("ask", "no", "yes", "sell", "ask"),
        ("ask", None, None, None, "ask"),
        (None, "no", None, None, "ask"),
        (None, "yes", "no", "buy", "bid"),
        (None, None, "yes", "buy", "bid"),
        (None, None, "yes", "sell", "ask"),
        (None, None, "no", "buy", "ask"),
        (None, None, "no", "sell", "bid"),
    ],
)
def test_sides_are_turned_to_the_yes_axis_by_the_newest_words(
    book: str | None, outcome: str | None, side: str | None, action: str | None, expected: str
) -> None:
    words = {"book_side": book, "outcome_side": outcome, "side": side, "action": action}
    assert order_with(**words).side == expected
    assert fill_with(**words).side == expected


@pytest.mark.parametrize(
    "words",
    [
        {"book_side": None, "outcome_side": None, "side": None, "action": None},
        {"book_side": None, "outcome_side": None, "side": "yes", "action": None},
        {"book_side": "bid", "outcome_side": "no"},
    ],
)
def test_a_side_is_never_guessed(words: dict[str, Any]) -> None:
    with pytest.raises(RemoteProtocolError, match="side"):
        order_with(**words)


def test_a_no_price_alone_is_turned_and_no_price_at_all_is_refused() -> None:
    assert order_with(yes_price_dollars=None).price == Price(100)
    with pytest.raises(RemoteProtocolError, match="yes_price_dollars is missing"):
        order_with(yes_price_dollars=None, no_price_dollars=None)


def test_an_order_of_unknown_status_counts_as_working() -> None:
    assert order_with(status="pending_review").status.may_fill


def test_a_book_is_turned_to_the_yes_axis_best_first() -> None:
    body = b'{"orderbook_fp":{"no_dollars":[["0.3000","1.00"],["0.4800","3.00"]],"yes_dollars":[["0.4700","3.00"]]}}'
    image = read(rest.book("T-1"), body)
    assert image.ticker == "T-1"
    assert image.bids == ((4700, 300),)
    assert image.asks == ((5200, 300), (7000, 100))


@pytest.mark.parametrize("depth", [{}, {"yes_dollars": None, "no_dollars": None}, {"yes_dollars": [["0.5", "0.00"]]}])
def test_an_empty_book_is_empty_however_it_is_written(depth: dict[str, Any]) -> None:
    image = read(rest.books(["T-1"]), {"orderbooks": [{"ticker": "T-1", "orderbook_fp": depth}]})[0]
    assert (image.bids, image.asks) == ((), ())


def test_recorded_positions_and_balance_are_read() -> None:
    positions = b"""{"cursor":"","event_positions":[],"market_positions":[{"fees_paid_dollars":"0.018900",
        "last_updated_ts":"2026-06-11T06:29:30.165032Z","market_exposure_dollars":"2.500000","position_fp":"-3.00",
        "realized_pnl_dollars":"0.000000","resting_orders_count":0,"ticker":"T-1","total_traded_dollars":"2.5"}]}"""
    assert read(rest.positions(), positions).rows == (
        Position("T-1", Size(-300), Money(2_500_000), Money(0), Money(18_900)),
    )
    balance = b"""{"balance":9801,"balance_breakdown":[{"balance":"98.0186","exchange_index":0}],
        "balance_dollars":"98.0186","portfolio_value":198,"updated_ts":1781159348}"""
    read_balance = read(rest.balance(), balance)
    assert read_balance.cash == Money(98_018_600)
    assert read_balance.portfolio_value == Money(1_980_000)
    assert read_balance.by_shard == {0: Money(98_018_600)}


def test_a_settlement_keeps_cents_and_dollars_apart() -> None:
    row = {
        "ticker": "T-1",
        "event_ticker": "T",
        "market_result": "yes",
        "yes_count_fp": "3.00",
        "yes_total_cost_dollars": "1.500000",
        "no_count_fp": "1.00",
        "no_total_cost_dollars": "0.400000",
        "revenue": 200,
        "value": 100,
        "settled_time": "2026-07-12T17:35:14Z",
        "fee_cost": "0.018900",
    }
    settlement = read(rest.settlements(), {"settlements": [row], "cursor": ""}).rows[0]
    assert settlement.revenue == Money(2_000_000)
    assert settlement.value == Money(1_000_000)
    assert settlement.fees == Money(18_900)
    assert settlement.settled_ms == CLOSE_MS


def test_trades_and_candles_are_read() -> None:
    trade = {
        "trade_id": "t",
        "ticker": "T-1",
        "count_fp": "0.50",
        "yes_price_dollars": "0.0300",
        "no_price_dollars": "0.9700",
        "taker_outcome_side": "no",
        "taker_book_side": "ask",
        "taker_side": "no",
        "created_time": "2026-07-12T17:35:14.1Z",
        "is_block_trade": False,
    }
    seen = read(rest.trades(), {"trades": [trade], "cursor": ""}).rows[0]
    assert (seen.price, seen.size, seen.taker_side, seen.created_ms) == (300, 50, "ask", CLOSE_MS + 100)
    line = {"open_dollars": "0.1", "high_dollars": "0.4", "low_dollars": "0.05", "close_dollars": "0.2"}
    candle = {
        "end_period_ts": 1_783_877_760,
        "yes_bid": line,
        "yes_ask": line,
        "price": {"open_dollars": None, "previous_dollars": "0.3"},
        "volume_fp": "0.00",
        "open_interest_fp": "9.00",
    }
    request = rest.candles("T", "T-1", start_s=0, end_s=60)
    quiet = read(request, {"ticker": "T-1", "candlesticks": [candle]})[0]
    assert quiet.traded is None
    assert quiet.previous == Price(3000)
    assert (quiet.bid.open, quiet.bid.high, quiet.bid.low, quiet.bid.close) == (1000, 4000, 500, 2000)


def test_series_fees_and_events_with_overrides_are_read() -> None:
    series = read(
        rest.series("KXINX"),
        b'{"series":{"ticker":"KXINX","title":"S&P","fee_type":"quadratic","fee_multiplier":0.5,"tags":null}}',
    )
    assert series.fee_multiplier == 500_000
    event = {
        "event_ticker": "E",
        "series_ticker": "S",
        "title": "t",
        "mutually_exclusive": True,
        "collateral_return_type": "MECNET",
        "fee_type_override": "quadratic_with_maker_fees",
        "fee_multiplier_override": 2,
        "markets": [SETTLED],
    }
    seen = read(rest.event("E"), {"event": event, "markets": [SETTLED]})
    assert seen.fee_multiplier_override == 2_000_000
    assert len(seen.markets) == 1
    del event["markets"]
    assert len(read(rest.event("E"), {"event": event, "markets": [SETTLED]}).markets) == 1


@pytest.mark.parametrize("multiplier", [-1, 1e-9, 10_000, "NaN"])
def test_a_multiplier_that_is_none_is_refused(multiplier: object) -> None:
    row = {"ticker": "S", "title": "t", "fee_type": "quadratic", "fee_multiplier": multiplier}
    with pytest.raises(RemoteProtocolError, match="fee_multiplier"):
        read(rest.series("S"), {"series": row})


def test_the_exchanges_state_is_read() -> None:
    status = read(
        rest.exchange_status(),
        {
            "exchange_active": True,
            "trading_active": False,
            "exchange_estimated_resume_time": "0001-01-01T00:00:00Z",
            "exchange_index_statuses": [
                {"exchange_index": 2, "description": "crypto", "exchange_active": True, "trading_active": True}
            ],
        },
    )
    assert not status.trading_active
    assert status.resume_ms is None
    assert status.shards[0].exchange_index == 2
    hours = {"start_time": "2026-01-01T00:00:00Z", "end_time": "2027-01-01T00:00:00Z"}
    hours["thursday"] = [{"open_time": "00:00", "close_time": "03:00"}, {"open_time": "05:00", "close_time": "23:59"}]  # type: ignore[assignment]
    schedule = read(rest.schedule(), {"schedule": {"standard_hours": [hours], "maintenance_windows": []}})
    assert len(schedule.hours[0].days[3]) == 2
    told = {"type": "info", "message": "hello", "delivery_time": "2026-07-12T17:35:14Z", "status": "active"}
    assert read(rest.announcements(), {"announcements": [told]})[0].delivered_ms == CLOSE_MS
    assert read(rest.user_data_timestamp(), {"as_of_time": "2026-07-12T17:35:14Z"}) == CLOSE_MS


def test_fee_changes_of_series_and_events_are_read() -> None:
    of_series = {"id": "1", "series_ticker": "S", "fee_type": "flat", "fee_multiplier": 1.0}
    of_event = {"id": "2", "series_ticker": "S", "event_ticker": "E", "fee_type_override": None}
    when = {"scheduled_ts": "2026-07-12T17:35:14Z"}
    series = read(rest.series_fee_changes(), {"series_fee_change_arr": [of_series | when]})[0]
    assert (series.event_ticker, series.fee_type, series.multiplier) == (None, "flat", 1_000_000)
    event = read(rest.event_fee_changes(), {"event_fee_changes": [of_event | when], "cursor": ""}).rows[0]
    assert (event.event_ticker, event.fee_type, event.multiplier) == ("E", None, None)


def test_order_groups_limits_and_queue_places_are_read() -> None:
    group = read(rest.group("g-1"), {"is_auto_cancel_enabled": True, "contracts_limit_fp": "5.00", "orders": ["o"]})
    assert (group.group_id, group.limit, group.orders) == ("g-1", 500, ("o",))
    assert read(rest.queue_position("o-1"), {"queue_position_fp": "12.50"}) == 1250
    limits = read(
        rest.account_limits(),
        {
            "usage_tier": "basic",
            "read": {"refill_rate": 200, "bucket_capacity": 600},
            "write": {"refill_rate": 100, "bucket_capacity": 300},
            "grants": [],
        },
    )
    assert (limits.read.capacity, limits.write.refill_rate) == (600, 100)
    costs = read(
        rest.endpoint_costs(),
        {
            "default_cost": 10,
            "endpoint_costs": [{"method": "DELETE", "path": "/trade-api/v2/portfolio/orders/{order_id}", "cost": 2}],
        },
    )
    assert costs.by_route == {("DELETE", "/portfolio/orders/{}"): 2}
