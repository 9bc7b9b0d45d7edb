"""Market data: fields, filters, pages and books, as the fact sheet's sections 3, 6, 7 and 8 have them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_tui.core.units import Price
from kalshi_tui.practice.exchange import Rules
from kalshi_tui.practice.records import Event, FeeChange, Market, Series
from tests.practice.door_kit import Caller, opened, quote
from tests.practice.pit import CLOSE_MS, MINUTE, START_MS, Pit

START_S = START_MS // 1000


@pytest.fixture
def pit_and_ann() -> tuple[Pit, Caller]:
    """Markets of every status: M open, N not yet, O paused, P closed, Q determined, R settled, and a combo."""
    pit, ann = opened()
    pit.list_market("N", open_ms=CLOSE_MS - 1, created_ms=START_MS, updated_ms=START_MS)
    for ticker in "OPQR":
        pit.list_market(ticker, created_ms=START_MS - 60_000)
    pit.add_series(Series("KXMVE", "Combos", "Exotics", tags=("a", "b")))
    pit.add_event(Event("KXMVE-1", "KXMVE", "Combo"))
    pit.add_market(Market("KXMVE-1-X", "KXMVE-1", "id-combo", open_ms=START_MS - 1, close_ms=CLOSE_MS + 9_000_000))
    pit.advance(START_MS + 1)
    pit.pause_market("O")
    for ticker in "PQR":
        pit.close_market(ticker)
    pit.determine("Q", "yes")
    pit.determine("R", "no")
    pit.settle("R")
    return pit, ann


def tickers(caller: Caller, **query: object) -> list[str]:
    return [row["ticker"] for row in caller.get("/markets", **query)["markets"]]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("unopened", ["N"]),
        ("open", ["M", "KXMVE-1-X"]),
        ("paused", ["O"]),
        ("closed", ["P", "Q"]),
        ("settled", ["R"]),
    ],
)
def test_a_status_filter_means_what_the_table_says(
    pit_and_ann: tuple[Pit, Caller], status: str, expected: list[str]
) -> None:
    assert tickers(pit_and_ann[1], status=status) == expected


def test_the_replys_own_words_are_no_filter(pit_and_ann: tuple[Pit, Caller]) -> None:
    status, body = pit_and_ann[1].refused("/markets", status="active")
    assert (status, list(body)) == (400, ["msg"])
    assert body["msg"].startswith("Parameter validation failed for GetMarkets: ")


def test_filters_by_ticker_event_series_and_combo(pit_and_ann: tuple[Pit, Caller]) -> None:
    _, ann = pit_and_ann
    assert tickers(ann, tickers="Q,M,none") == ["Q", "M"]
    assert tickers(ann, event_ticker="KXMVE-1") == ["KXMVE-1-X"]
    assert tickers(ann, series_ticker="S") == ["M", "N", "O", "P", "Q", "R"]
    assert tickers(ann, series_ticker="S", tickers="KXMVE-1-X,P") == ["P"]
    assert tickers(ann, event_ticker="none") == []
    assert tickers(ann, mve_filter="only") == ["KXMVE-1-X"]
    assert "KXMVE-1-X" not in tickers(ann, mve_filter="exclude")


def test_times_filter_inclusively_in_seconds(pit_and_ann: tuple[Pit, Caller]) -> None:
    _, ann = pit_and_ann
    assert tickers(ann, min_created_ts=START_S) == ["N"]
    assert tickers(ann, max_created_ts=START_S - 60, series_ticker="S") == ["M", "O", "P", "Q", "R"]
    assert tickers(ann, min_close_ts=CLOSE_MS // 1000 + 1) == ["KXMVE-1-X"]
    assert tickers(ann, min_settled_ts=START_S) == ["R"]
    assert tickers(ann, max_settled_ts=START_S - 1) == []
    assert "N" in tickers(ann, min_updated_ts=START_S, mve_filter="exclude", series_ticker="S")
    assert "N" not in tickers(ann, max_updated_ts=START_S - 1)
    assert "M" in tickers(ann, max_updated_ts=START_S - 1)
    assert tickers(ann, min_updated_ts=START_S, max_updated_ts=START_S - 1) == []


@pytest.mark.parametrize(
    "query",
    [
        {"min_created_ts": 1, "max_close_ts": 1},
        {"min_close_ts": 1, "min_settled_ts": 1},
        {"min_created_ts": 1, "status": "closed"},
        {"max_created_ts": 1, "status": "settled"},
        {"min_close_ts": 1, "status": "open"},
        {"max_settled_ts": 1, "status": "closed"},
        {"min_updated_ts": 1, "status": "open"},
        {"min_updated_ts": 1, "min_close_ts": 1},
        {"min_updated_ts": 1, "tickers": "M"},
        {"min_updated_ts": 1, "series_ticker": "S"},
        {"min_updated_ts": 1, "mve_filter": "only"},
        {"max_updated_ts": 1, "status": "open"},
        {"limit": 1001},
        {"limit": -1},
        {"limit": "ten"},
        {"min_close_ts": "soon"},
        {"mve_filter": "maybe"},
    ],
)
def test_filters_that_exclude_each_other_are_refused(pit_and_ann: tuple[Pit, Caller], query: dict[str, object]) -> None:
    status, body = pit_and_ann[1].refused("/markets", **query)
    assert (status, list(body)) == (400, ["msg"])


@pytest.mark.parametrize(
    "query",
    [
        {"min_created_ts": 1, "max_created_ts": 2, "status": "unopened"},
        {"min_created_ts": 1, "status": "open"},
        {"max_close_ts": 1, "status": "closed"},
        {"max_settled_ts": 1, "status": "settled"},
        {"limit": 0},
        {"limit": 1000},
        {"unheard_of": "x"},
    ],
)
def test_filters_that_go_together_are_taken(pit_and_ann: tuple[Pit, Caller], query: dict[str, object]) -> None:
    assert "markets" in pit_and_ann[1].get("/markets", **query)


def pages(caller: Caller, path: str, key: str, **query: object) -> list[Any]:
    """Walk all pages; the last one's cursor is there and empty."""
    rows: list[Any] = []
    cursor = ""
    for _ in range(100):
        page = caller.get(path, cursor=cursor, **query)
        rows += page[key]
        cursor = page["cursor"]
        if cursor == "":
            return rows
    raise AssertionError("the pages never end")


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_pages_give_each_market_once(pit_and_ann: tuple[Pit, Caller], limit: int) -> None:
    _, ann = pit_and_ann
    found = [row["ticker"] for row in pages(ann, "/markets", "markets", limit=limit)]
    assert found == tickers(ann)
    assert [row["ticker"] for row in pages(ann, "/markets", "markets", limit=limit, status="closed")] == ["P", "Q"]


@pytest.mark.parametrize("cursor", ["garbage", "%%%", "aGVsbG8=", "a" * 500, "ü"])
def test_a_garbage_cursor_starts_from_the_beginning_without_a_word(
    pit_and_ann: tuple[Pit, Caller], cursor: str
) -> None:
    _, ann = pit_and_ann
    assert ann.get("/markets", cursor=cursor, limit=2) == ann.get("/markets", limit=2)
    assert ann.get("/markets/trades", cursor=cursor)["trades"] == []


def test_an_empty_book_reads_zero_and_one_with_no_sizes(pit_and_ann: tuple[Pit, Caller]) -> None:
    market = pit_and_ann[1].get("/markets/M")["market"]
    assert (market["yes_bid_dollars"], market["yes_ask_dollars"]) == ("0.0000", "1.0000")
    assert (market["no_bid_dollars"], market["no_ask_dollars"]) == ("0.0000", "1.0000")
    assert (market["yes_bid_size_fp"], market["yes_ask_size_fp"]) == ("0.00", "0.00")


def test_no_quotes_are_the_complement_of_the_yes_quotes(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    quote(pit, bid=42, ask=57, contracts=3)
    market = ann.get("/markets/M")["market"]
    assert [market[name] for name in ("yes_bid_dollars", "yes_ask_dollars", "no_bid_dollars", "no_ask_dollars")] == [
        "0.4200",
        "0.5700",
        "0.4300",
        "0.5800",
    ]
    assert (market["yes_bid_size_fp"], market["yes_ask_size_fp"]) == ("3.00", "3.00")


def test_a_book_has_bids_only_ascending_with_the_best_last(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    for bid, ask in ((40, 60), (41, 59), (39, 61)):
        quote(pit, bid=bid, ask=ask, contracts=bid)
    book = ann.get("/markets/M/orderbook")["orderbook_fp"]
    assert book["yes_dollars"] == [["0.3900", "39.00"], ["0.4000", "40.00"], ["0.4100", "41.00"]]
    assert book["no_dollars"] == [["0.3900", "39.00"], ["0.4000", "40.00"], ["0.4100", "41.00"]]
    best = ann.get("/markets/M/orderbook", depth=1)["orderbook_fp"]
    assert best == {"yes_dollars": [["0.4100", "41.00"]], "no_dollars": [["0.4100", "41.00"]]}
    assert ann.get("/markets/M/orderbook", depth=0)["orderbook_fp"] == book
    assert ann.refused("/markets/M/orderbook", depth=101)[0] == 400
    assert ann.get("/markets/N/orderbook")["orderbook_fp"] == {"yes_dollars": [], "no_dollars": []}


def test_several_books_come_by_a_repeated_parameter(pit_and_ann: tuple[Pit, Caller]) -> None:
    _, ann = pit_and_ann
    rows = ann.get("/markets/orderbooks", tickers=["M", "none", "N"])["orderbooks"]
    assert [row["ticker"] for row in rows] == ["M", "N"]
    assert ann.refused("/markets/orderbooks")[0] == 400
    assert ann.refused("/markets/orderbooks", tickers=["M"] * 101)[0] == 400


@given(st.dictionaries(st.integers(1, 49), st.integers(1, 900), max_size=8), st.integers(0, 10))
@settings(max_examples=25, deadline=None)
def test_a_book_page_is_the_best_of_each_side(levels: dict[int, int], depth: int) -> None:
    pit, ann = opened()
    for cents, contracts in levels.items():
        quote(pit, bid=cents, ask=100 - cents, contracts=contracts)
    book = ann.get("/markets/M/orderbook", depth=depth)["orderbook_fp"]
    expected = [[f"0.{cents:02d}00", f"{levels[cents]}.00"] for cents in sorted(levels)]
    assert book["yes_dollars"] == book["no_dollars"] == (expected[-depth:] if depth else expected)


def test_an_unknown_market_is_not_found(pit_and_ann: tuple[Pit, Caller]) -> None:
    _, ann = pit_and_ann
    for path in ("/markets/none", "/markets/none/orderbook", "/historical/markets/M"):
        status, body = ann.refused(path)
        assert (status, body["error"]["code"]) == (404, "market_not_found")
    for path in ("/events/none", "/series/none", "/nothing/here", "/markets/M/nothing"):
        status, body = ann.refused(path)
        assert (status, body["error"]["code"]) == (404, "not_found")


def test_a_settled_market_shows_its_result_value_and_time(pit_and_ann: tuple[Pit, Caller]) -> None:
    market = pit_and_ann[1].get("/markets/R")["market"]
    assert (market["status"], market["result"], market["settlement_value_dollars"]) == ("finalized", "no", "0.0000")
    assert market["settlement_ts"].endswith("Z")
    unsettled = pit_and_ann[1].get("/markets/M")["market"]
    assert not {"settlement_ts", "settlement_value_dollars", "floor_strike", "strike_type"} & set(unsettled)


def test_strikes_are_numbers_and_the_later_required_fields_are_there() -> None:
    pit, ann = opened()
    pit.list_market("T", strike_type="between", floor_strike="7199.9999", cap_strike="85")
    market = ann.get("/markets/T")["market"]
    assert (market["floor_strike"], market["cap_strike"]) == (7199.9999, 85)
    assert (market["settlement_bounds_type"], market["liquidity_dollars"]) == ("default", "0.0000")
    assert market["price_ranges"] == [{"start": "0.0000", "end": "1.0000", "step": "0.0100"}]
    assert ann.get("/series/S")["series"]["categories"] == ["Economics"]


def trade(pit: Pit, times: int, cents: int = 60) -> None:
    quote(pit, contracts=1_000)
    for _ in range(times):
        pit.advance(pit.now_ms + 400)
        pit.bid("ann", cents, 1)


def test_trades_come_newest_first_and_pages_bear_new_and_dropped_ones() -> None:
    pit, ann = opened(Pit(rules=Rules(keep_trades=6, keep_trades_per_market=6)))
    trade(pit, 6)
    first = ann.get("/markets/trades", limit=2)
    ids = [row.trade_id for row in reversed(pit.recent_trades())]
    assert [row["trade_id"] for row in first["trades"]] == ids[:2]
    trade(pit, 3)  # the three oldest are dropped, three new ones come before the page
    second = ann.get("/markets/trades", limit=10, cursor=first["cursor"])
    assert [row["trade_id"] for row in second["trades"]] == ids[2:3]
    trade(pit, 3)  # now even the row that the cursor names is gone
    assert ann.get("/markets/trades", limit=10, cursor=first["cursor"]) == {"trades": [], "cursor": ""}


def test_trades_filter_by_market_time_and_kind() -> None:
    pit, ann = opened()
    pit.list_market("N")
    trade(pit, 5)
    rows = ann.get("/markets/trades", ticker="M")["trades"]
    assert len(rows) == 5
    assert rows[0]["taker_book_side"] == "bid"
    assert rows[0]["taker_outcome_side"] == rows[0]["taker_side"] == "yes"
    assert (rows[0]["yes_price_dollars"], rows[0]["no_price_dollars"]) == ("0.6000", "0.4000")
    assert ann.get("/markets/trades", ticker="N")["trades"] == []
    assert ann.get("/markets/trades", is_block_trade=True)["trades"] == []
    assert len(ann.get("/markets/trades", is_block_trade=False)["trades"]) == 5
    assert len(ann.get("/markets/trades", min_ts=START_S + 1, max_ts=START_S + 1)["trades"]) == 0
    assert len(ann.get("/markets/trades", min_ts=START_S + 1)["trades"]) == 3  # at 1.2, 1.6 and 2.0 s
    assert len(ann.get("/markets/trades", max_ts=START_S + 1)["trades"]) == 2


def test_events_nest_their_markets_only_when_asked(pit_and_ann: tuple[Pit, Caller]) -> None:
    _, ann = pit_and_ann
    (event,) = ann.get("/events")["events"]  # combos are listed elsewhere
    assert event["event_ticker"] == "E"
    assert "markets" not in event
    (nested,) = ann.get("/events", with_nested_markets=True)["events"]
    assert [row["ticker"] for row in nested["markets"]] == ["M", "N", "O", "P", "Q", "R"]
    one = ann.get("/events/E", with_nested_markets=True)
    assert one["markets"] == one["event"]["markets"]
    assert "markets" not in ann.get("/events/E")["event"]
    assert ann.get("/events", with_milestones=True)["milestones"] == []


def test_an_events_status_is_that_of_any_of_its_markets(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    pit.add_event(Event("F", "S", "Later"))
    pit.add_market(Market("F-1", "F", "id-f", open_ms=CLOSE_MS, close_ms=CLOSE_MS + MINUTE))
    for status in ("open", "closed", "settled"):
        assert [row["event_ticker"] for row in ann.get("/events", status=status)["events"]] == ["E"]
    assert [row["event_ticker"] for row in ann.get("/events", status="unopened")["events"]] == ["E", "F"]
    assert ann.refused("/events", status="paused")[0] == 400
    assert ann.refused("/events", limit=201)[0] == 400
    assert [row["event_ticker"] for row in ann.get("/events", tickers="F,none")["events"]] == ["F"]
    assert ann.get("/events", series_ticker="none")["events"] == []
    later = ann.get("/events", min_close_ts=CLOSE_MS // 1000 + 1)["events"]
    assert [row["event_ticker"] for row in later] == ["F"]


def test_series_filter_by_category_and_any_tag(pit_and_ann: tuple[Pit, Caller]) -> None:
    _, ann = pit_and_ann

    def found(**query: object) -> list[str]:
        return [row["ticker"] for row in ann.get("/series", **query)["series"]]

    assert found() == ["S", "KXMVE"]
    assert found(category="Exotics") == ["KXMVE"]
    assert found(tags="b,c") == ["KXMVE"]
    assert found(tags="c") == []
    assert "volume_fp" not in ann.get("/series/S")["series"]
    assert ann.get("/series", include_volume=True)["series"][0]["volume_fp"] == "0.00"


def test_coming_fees_are_listed_and_past_ones_on_demand() -> None:
    pit, ann = opened()
    pit.schedule_fee_change(FeeChange("c1", "S", "", "quadratic_with_maker_fees", 500_000, START_MS + 1_000))
    pit.schedule_fee_change(FeeChange("c2", "S", "E", "quadratic", 2_000_000, START_MS + 2_000))
    (change,) = ann.get("/series/fee_changes")["series_fee_change_arr"]
    assert (change["id"], change["fee_multiplier"], change["scheduled_ts"][-4:]) == ("c1", 0.5, ":21Z")
    pit.advance(START_MS + 3_000)
    assert ann.get("/series/fee_changes")["series_fee_change_arr"] == []
    assert len(ann.get("/series/fee_changes", show_historical=True, series_ticker="S")["series_fee_change_arr"]) == 1
    (override,) = ann.get("/events/fee_changes", event_ticker="E")["event_fee_changes"]
    assert (override["fee_type_override"], override["fee_multiplier_override"]) == ("quadratic", 2.0)
    event = ann.get("/events/E")["event"]
    assert (event["fee_type_override"], event["fee_multiplier_override"]) == ("quadratic", 2.0)


def test_candles_show_prices_quotes_and_the_last_one_before() -> None:
    pit, ann = opened()
    trade(pit, 2)
    pit.advance(START_MS + 5 * MINUTE)
    trade(pit, 1)
    path, minute_s = "/series/S/markets/M/candlesticks", START_S // 60 * 60
    query = {"start_ts": minute_s, "end_ts": minute_s + 3_600, "period_interval": 1}
    first, second = ann.get(path, **query)["candlesticks"]
    assert (first["end_period_ts"] % 60, first["volume_fp"]) == (0, "2.00")
    assert first["price"]["open_dollars"] == first["price"]["mean_dollars"] == "0.6000"
    assert "previous_dollars" not in first["price"]
    assert second["price"]["previous_dollars"] == "0.6000"
    assert first["yes_bid"]["close_dollars"] == "0.4000"
    late = {**query, "start_ts": first["end_period_ts"] + 1}
    assert len(ann.get(path, **late)["candlesticks"]) == 1
    carried, _ = ann.get(path, **late, include_latest_before_start=True)["candlesticks"]
    assert carried["end_period_ts"] == first["end_period_ts"] + 60
    assert carried["price"] == {"previous_dollars": "0.6000"}
    batch = ann.get("/markets/candlesticks", market_tickers="M,none", **query)["markets"]
    assert [(row["market_ticker"], len(row["candlesticks"])) for row in batch] == [("M", 2)]


@pytest.mark.parametrize(
    "change", [{"period_interval": 5}, {"start_ts": ""}, {"end_ts": 1}, {"end_ts": "x"}, {"market_tickers": ""}]
)
def test_candle_questions_that_make_no_sense_are_refused(change: dict[str, object]) -> None:
    _, ann = opened()
    query = {"market_tickers": "M", "start_ts": 100, "end_ts": 200, "period_interval": 1, **change}
    assert ann.refused("/markets/candlesticks", **query)[0] == 400
    assert ann.refused("/series/T/markets/M/candlesticks", **{**query, "period_interval": 1})[0] in {400, 404}


def test_the_exchange_tells_its_state() -> None:
    pit, ann = opened()
    assert ann.get("/exchange/status")["trading_active"] is True
    pit.pause_trading()
    assert ann.get("/exchange/status") | {"exchange_active": True, "trading_active": False} == ann.get(
        "/exchange/status"
    )
    pit.resume_trading()
    pit.pause_exchange(START_MS + 60_000)
    status = ann.get("/exchange/status")
    assert (status["exchange_active"], status["trading_active"]) == (False, False)
    assert status["exchange_estimated_resume_time"] == "2026-09-21T14:14:20Z"
    assert ann.get("/exchange/announcements") == {"announcements": []}
    assert ann.get("/exchange/user_data_timestamp") == {"as_of_time": "2026-09-21T14:13:20Z"}
    assert ann.get("/exchange/schedule")["schedule"]["maintenance_windows"] == []


def test_nothing_is_archived() -> None:
    _, ann = opened()
    assert ann.get("/historical/cutoff")["trades_created_ts"] < "2026-09"
    for what in ("markets", "trades", "orders", "fills"):
        assert ann.get(f"/historical/{what}") == {what: [], "cursor": ""}
    assert ann.get("/historical/positions")["market_positions"] == []


def test_a_scalar_result_shows_its_value() -> None:
    pit, ann = opened()
    pit.close_market("M")
    pit.determine("M", "scalar", value=Price(3_725), expiration_value="void")
    market = ann.get("/markets/M")["market"]
    assert (market["result"], market["settlement_value_dollars"]) == ("scalar", "0.3725")
    assert market["expiration_value"] == "void"
