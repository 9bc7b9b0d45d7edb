"""Portfolio reads and moves of cash over the door, as the fact sheet's sections 7, 11 and 15 have them."""

from __future__ import annotations

import pytest

from kalshi_tui.practice.records import Event, Market
from tests.practice.door_kit import ORDERS, Caller, opened, quote
from tests.practice.pit import CLOSE_MS, START_MS, Pit

START_S = START_MS // 1000


@pytest.fixture
def pit_and_ann() -> tuple[Pit, Caller]:
    """Ann has bought 3 of M at 0.60 and sold 2 of N at 0.40, and rests a bid in each."""
    pit, ann = opened()
    pit.list_market("N")
    pit.add_event(Event("F", "S", "Other"))
    pit.add_market(Market("X", "F", "id-x", open_ms=START_MS - 1, close_ms=CLOSE_MS))
    quote(pit)
    quote(pit, ticker="N")
    pit.bid("ann", 60, 3)
    pit.advance(START_MS + 1_000)
    pit.ask("ann", 40, 2, ticker="N")
    pit.advance(START_MS + 2_000)
    pit.bid("ann", 30, 5)
    pit.bid("ann", 20, 1, ticker="N")
    return pit, ann


def test_an_order_reads_as_the_recordings_do(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    order_id = pit.orders_of("ann")[0].order_id
    order = ann.get(f"/portfolio/orders/{order_id}")["order"]
    assert order == {
        "order_id": order_id,
        "user_id": "ann",
        "client_order_id": order["client_order_id"],
        "ticker": "M",
        "side": "yes",
        "action": "buy",
        "outcome_side": "yes",
        "book_side": "bid",
        "type": "limit",
        "status": "executed",
        "yes_price_dollars": "0.6000",
        "no_price_dollars": "0.4000",
        "initial_count_fp": "3.00",
        "fill_count_fp": "3.00",
        "remaining_count_fp": "0.00",
        "taker_fill_cost_dollars": "1.800000",
        "maker_fill_cost_dollars": "0.000000",
        "taker_fees_dollars": "0.050400",  # 0.07 * 3 * 0.6 * 0.4
        "maker_fees_dollars": "0.000000",
        "created_time": "2026-09-21T14:13:20Z",
        "last_update_time": "2026-09-21T14:13:20Z",
        "self_trade_prevention_type": "taker_at_cross",
        "cancel_order_on_pause": False,
        "subaccount_number": 0,
        "exchange_index": 0,
    }


def test_a_sale_still_says_side_yes_and_action_sell(pit_and_ann: tuple[Pit, Caller]) -> None:
    (fill,) = pit_and_ann[1].get("/portfolio/fills", ticker="N")["fills"]
    assert [fill[name] for name in ("side", "action", "outcome_side", "book_side")] == ["yes", "sell", "no", "ask"]
    assert (fill["yes_price_dollars"], fill["no_price_dollars"]) == ("0.4000", "0.6000")
    assert fill["fill_id"] == fill["trade_id"]
    assert fill["ticker"] == fill["market_ticker"]
    assert (fill["ts"], fill["created_time"]) == (START_S + 1, "2026-09-21T14:13:21Z")
    assert fill["fee_cost"] == "0.033600"  # 0.07 * 2 * 0.4 * 0.6
    assert "client_order_id" not in fill


def test_orders_filter_and_come_newest_first(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann

    def found(**query: object) -> list[tuple[str, str]]:
        return [(row["ticker"], row["status"]) for row in ann.get("/portfolio/orders", **query)["orders"]]

    assert found() == [("N", "resting"), ("M", "resting"), ("N", "executed"), ("M", "executed")]
    assert found(status="resting", ticker="M") == [("M", "resting")]
    assert found(event_ticker="F,G") == []
    assert len(found(event_ticker="E,F")) == 4
    assert found(max_ts=START_S) == [("M", "executed")]
    assert len(found(min_ts=START_S + 1)) == 3
    assert found(subaccount=1) == []
    assert found(exchange_index=1) == []
    assert ann.refused("/portfolio/orders", status="open")[0] == 400
    assert ann.refused("/portfolio/orders", limit=0)[0] == 400
    assert ann.refused("/portfolio/orders", limit=1001)[0] == 400
    assert ann.refused("/portfolio/orders", event_ticker=",".join("ABCDEFGHIJK"))[0] == 400
    first = ann.get("/portfolio/orders", limit=2)
    pit.bid("ann", 10, 1)  # a new order does not shift the pages
    second = ann.get("/portfolio/orders", limit=2, cursor=first["cursor"])
    assert [row["status"] for row in second["orders"]] == ["executed", "executed"]
    assert second["cursor"] == ""


def test_fills_filter_by_order_and_time(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    order_id = pit.orders_of("ann")[0].order_id
    assert [row["ticker"] for row in ann.get("/portfolio/fills")["fills"]] == ["N", "M"]
    assert [row["ticker"] for row in ann.get("/portfolio/fills", order_id=order_id)["fills"]] == ["M"]
    assert [row["ticker"] for row in ann.get("/portfolio/fills", min_ts=START_S + 1)["fills"]] == ["N"]
    assert ann.get("/portfolio/fills", subaccount=1)["fills"] == []


def test_positions_are_signed_and_summed_by_event(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    body = ann.get("/portfolio/positions", count_filter="position,total_traded")
    sizes = {row["ticker"]: row["position_fp"] for row in body["market_positions"]}
    assert sizes == {"M": "3.00", "N": "-2.00"}
    assert body["market_positions"][0] == {
        "ticker": "M",
        "exchange_index": 0,
        "position_fp": "3.00",
        "total_traded_dollars": "1.800000",
        "market_exposure_dollars": "1.800000",
        "realized_pnl_dollars": "0.000000",
        "fees_paid_dollars": "0.050400",
        "last_updated_ts": "2026-09-21T14:13:20Z",
    }
    assert body["event_positions"] == [
        {
            "event_ticker": "E",
            "total_cost_dollars": "3.000000",  # 3 * 0.60 + 2 * 0.60
            "total_cost_shares_fp": "5.00",
            "event_exposure_dollars": "3.000000",
            "realized_pnl_dollars": "0.000000",
            "fees_paid_dollars": "0.084000",
        }
    ]
    page = ann.get("/portfolio/positions", limit=1)
    assert page["event_positions"] == body["event_positions"]  # whatever the page cuts off
    assert [row["ticker"] for row in ann.get("/portfolio/positions", cursor=page["cursor"])["market_positions"]] == [
        "N"
    ]
    assert ann.get("/portfolio/positions", event_ticker="F")["market_positions"] == []
    assert ann.get("/portfolio/positions", subaccount=1)["market_positions"] == []
    assert ann.refused("/portfolio/positions", count_filter="size")[0] == 400
    pit.ask("ann", 40, 3)
    flat = ann.get("/portfolio/positions", ticker="M")["market_positions"][0]
    assert (flat["position_fp"], flat["realized_pnl_dollars"]) == ("0.00", "-0.600000")
    assert len(ann.get("/portfolio/positions", count_filter="position")["market_positions"]) == 1


def test_the_balance_is_what_may_be_spent_cut_off_to_cents(pit_and_ann: tuple[Pit, Caller]) -> None:
    _, ann = pit_and_ann
    body = ann.get("/portfolio/balance")
    # 1,000 less 1.80 and 1.20 paid, 0.0840 in fees, 1.50 held by the bid in M; the bid in N closes and holds nothing.
    assert (body["balance_dollars"], body["balance"]) == ("995.4160", 99_541)
    assert body["balance_breakdown"] == [{"exchange_index": 0, "balance": "995.4160"}]
    assert body["portfolio_value"] == 300  # 3 at 0.60, and 2 NO at 0.60
    assert body["updated_ts"] == START_S + 2
    value = ann.get("/portfolio/summary/total_resting_order_value")
    assert value["total_resting_order_value"] == 170
    assert value["resting_order_value_breakdown"] == [{"exchange_index": 0, "balance": "1.7000"}]


def test_a_place_in_the_queue_counts_the_contracts_ahead(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    order_id = ann.place(price="0.40", count="1")[1]["order_id"]
    assert ann.get(f"/portfolio/orders/{order_id}/queue_position") == {"queue_position_fp": "100.00"}
    rows = ann.get("/portfolio/orders/queue_positions", market_tickers="M")["queue_positions"]
    assert {row["order_id"]: row["queue_position_fp"] for row in rows}[order_id] == "100.00"
    assert {row["market_ticker"] for row in rows} == {"M"}
    assert len(ann.get("/portfolio/orders/queue_positions", event_ticker="E")["queue_positions"]) == 3
    assert ann.refused("/portfolio/orders/queue_positions")[0] == 400
    ended = pit.orders_of("ann")[0].order_id
    assert ann.refused(f"/portfolio/orders/{ended}/queue_position")[0] == 404


def test_a_settlement_shows_gross_counts_and_whole_cents(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    pit.ask("ann", 40, 1)  # one of three YES is closed by a NO at 0.60
    for ticker, result in (("M", "yes"), ("N", "yes")):
        pit.close_market(ticker)
        pit.determine(ticker, result)  # type: ignore[arg-type]
        pit.settle(ticker)
        pit.advance(pit.now_ms + 1_000)
    n, m = ann.get("/portfolio/settlements")["settlements"]
    assert (m["yes_count_fp"], m["no_count_fp"]) == ("3.00", "1.00")
    assert (m["yes_total_cost_dollars"], m["no_total_cost_dollars"]) == ("1.800000", "0.600000")
    assert (m["market_result"], m["revenue"], m["value"]) == ("yes", 200, 100)
    assert (n["ticker"], n["revenue"]) == ("N", 0)
    assert m["fee_cost"] == "0.067200"  # 0.0504 and 0.0168, charged when it was traded
    assert m["settled_time"] == "2026-09-21T14:13:22Z"
    assert ann.get("/portfolio/positions")["market_positions"] == []
    assert [row["ticker"] for row in ann.get("/portfolio/settlements", max_ts=START_S + 2)["settlements"]] == ["M"]
    assert ann.get("/portfolio/settlements", event_ticker="F")["settlements"] == []
    page = ann.get("/portfolio/settlements", limit=1)
    assert [row["ticker"] for row in ann.get("/portfolio/settlements", cursor=page["cursor"])["settlements"]] == ["M"]


def test_pages_of_positions_bear_a_settlement_between_them(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    quote(pit, ticker="X")
    pit.bid("ann", 60, 1, ticker="X")
    page = ann.get("/portfolio/positions", limit=1)
    pit.close_market("M")
    pit.determine("M", "no")
    pit.settle("M")
    rest = ann.get("/portfolio/positions", cursor=page["cursor"])["market_positions"]
    assert [row["ticker"] for row in rest] == ["N", "X"]


def test_cash_moves_between_subaccounts_once_for_each_id(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    assert ann.write("POST", "/portfolio/subaccounts", {}) == (201, {"subaccount_number": 1})
    move = {"client_transfer_id": "t1", "from_subaccount": 0, "to_subaccount": 1, "amount_cents": 12_345}
    for _ in range(2):
        assert ann.write("POST", "/portfolio/subaccounts/transfer", move) == (200, {})
    assert pit.cash("ann", 1) == 123_450_000
    rows = ann.get("/portfolio/subaccounts/balances")["subaccount_balances"]
    assert [(row["subaccount_number"], row["balance"]) for row in rows][1] == (1, "123.4500")
    (told,) = ann.get("/portfolio/subaccounts/transfers")["transfers"]
    assert (told["from_subaccount"], told["to_subaccount"], told["amount_cents"]) == (0, 1, 12_345)
    for bad in ({"amount_cents": -5}, {"amount_cents": "5"}, {"to_subaccount": 9}, {"client_transfer_id": ""}):
        fields = {**move, "client_transfer_id": "t2", **bad}
        assert ann.write("POST", "/portfolio/subaccounts/transfer", fields)[0] == 400
    assert ann.get("/portfolio/balance", subaccount=1)["balance"] == 12_345
    order_id = ann.place(subaccount=1, price="0.10")[1]["order_id"]
    assert [row["order_id"] for row in ann.get("/portfolio/orders", subaccount=1)["orders"]] == [order_id]


def test_cash_moves_between_subaccounts_on_the_shard_that_is_named(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    pit.create_subaccount("ann")
    pit.shard_transfer("ann", 0, 2, 20_000_000)
    move = {"client_transfer_id": "t1", "from_subaccount": 0, "to_subaccount": 1, "amount_cents": 500}
    before = pit.cash("ann")
    assert ann.write("POST", "/portfolio/subaccounts/transfer", {**move, "exchange_index": 2}) == (200, {})
    assert (pit.cash("ann"), pit.cash("ann", 0, 2), pit.cash("ann", 1, 2)) == (before, 15_000_000, 5_000_000)
    (told,) = ann.get("/portfolio/subaccounts/transfers")["transfers"]
    assert told["exchange_index"] == 2
    poor = {**move, "client_transfer_id": "t2", "exchange_index": 3}
    assert ann.write("POST", "/portfolio/subaccounts/transfer", poor)[1]["error"]["code"] == "insufficient_balance"


def test_the_netting_switch_is_kept(pit_and_ann: tuple[Pit, Caller]) -> None:
    _, ann = pit_and_ann
    ann.write("POST", "/portfolio/subaccounts")
    path = "/portfolio/subaccounts/netting"
    assert ann.write("PUT", path, {"subaccount_number": 1, "enabled": False}) == (200, {})
    rows = ann.get(path)["netting_configs"]
    assert [(row["subaccount_number"], row["enabled"]) for row in rows] == [(0, True), (1, False)]
    assert ann.write("PUT", path, {"subaccount_number": 7, "enabled": False})[0] == 404
    assert ann.write("PUT", path, {"subaccount_number": 1})[0] == 400


def test_cash_moves_between_shards_in_centicents(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    move = {
        "source": "event_contract",
        "destination": "event_contract",
        "amount": 250_000,  # $25
        "source_exchange_shard": 0,
        "destination_exchange_shard": 2,
    }
    status, body = ann.write("POST", "/portfolio/intra_exchange_instance_transfer", move)
    assert (status, pit.cash("ann", 0, 2)) == (200, 25_000_000)
    path = "/portfolio/intra_exchange_instance_transfers"
    (told,) = ann.get(path)["transfers"]
    assert (told["amount"], told["status"]) == ("25.0000", "complete")
    assert ann.get(f"{path}/{body['transfer_id']}") == {"transfer": told}
    assert ann.refused(f"{path}/none")[0] == 404
    breakdown = ann.get("/portfolio/balance")["balance_breakdown"]
    assert breakdown[1] == {"exchange_index": 2, "balance": "25.0000"}
    assert ann.get("/portfolio/balance", exchange_index=2)["balance"] == 2_500
    pit.create_subaccount("ann")
    across = {**move, "source_exchange_shard": 2, "destination_exchange_shard": 0, "destination_subaccount": 1}
    assert ann.write("POST", "/portfolio/intra_exchange_instance_transfer", across)[0] == 200
    assert (pit.cash("ann", 0, 2), pit.cash("ann", 1, 0)) == (0, 25_000_000)
    bad_shards = ({"source_exchange_shard": -1}, {"destination_exchange_shard": 101}, {"source_subaccount": 9})
    for bad in ({"source": "margined"}, {"amount": 0}, {"amount": 10**12}, *bad_shards):
        answer = ann.write("POST", "/portfolio/intra_exchange_instance_transfer", {**move, **bad})
        assert answer[0] == 400


def test_what_practice_has_none_of_is_empty(pit_and_ann: tuple[Pit, Caller]) -> None:
    _, ann = pit_and_ann
    assert ann.get("/portfolio/deposits") == {"deposits": [], "cursor": ""}
    assert ann.get("/portfolio/withdrawals") == {"withdrawals": [], "cursor": ""}
    assert ann.refused("/portfolio/deposits", limit=501)[0] == 400
    (key,) = ann.get("/api_keys")["api_keys"]
    assert (key["api_key_id"], key["scopes"]) == ("key-1", ["read", "write"])
    (progress,) = ann.get("/account/api_usage_level/volume_progress")["volume_progress"]
    assert progress["trailing_30d_volume_fp"] == "5.00"


def test_a_trading_pause_lets_cancels_through_and_an_exchange_pause_nothing(pit_and_ann: tuple[Pit, Caller]) -> None:
    pit, ann = pit_and_ann
    order_id = pit.resting_of("ann")[0].order_id
    pit.pause_trading()
    assert ann.place(price="0.01")[0] >= 400
    pit.pause_exchange()
    assert ann.write("DELETE", f"{ORDERS}/{order_id}")[0] >= 400
    pit.resume_exchange()
    assert ann.write("DELETE", f"{ORDERS}/{order_id}")[0] == 200
