"""Requests say exactly what is meant, or are refused before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kalshi_tui.core.units import Size
from kalshi_tui.errors import LocalProtocolError
from kalshi_tui.protocol import rest


def test_a_request_is_its_path_with_the_prefix_and_its_query() -> None:
    request = rest.markets(series_ticker="KXFED", status="open", combos="exclude", limit=50)
    assert request.full_path == "/trade-api/v2/markets"
    assert request.target == "/trade-api/v2/markets?status=open&series_ticker=KXFED&mve_filter=exclude&limit=50"
    assert not request.signed
    assert rest.series_list().target == "/trade-api/v2/series"


def test_a_query_is_escaped() -> None:
    target = rest.series_list(category="Science & Tech", tags=("a b", "c")).target
    assert target.endswith("/series?category=Science+%26+Tech&tags=a+b%2Cc")


def test_lists_are_joined_or_repeated_as_each_endpoint_wants() -> None:
    assert rest.books(["A-1", "B-2"]).query == (("tickers", "A-1"), ("tickers", "B-2"))
    assert ("market_tickers", "A-1,B-2") in rest.candles_of_many(["A-1", "B-2"], start_s=0, end_s=60).query
    assert ("event_ticker", "A,B") in rest.orders(event_tickers=["A", "B"]).query


def test_the_next_page_keeps_the_question_and_replaces_the_cursor() -> None:
    first = rest.fills(ticker="T-1")
    second = first.at_cursor("abc").at_cursor("de=f")
    assert second.query == (*first.query, ("cursor", "de=f"))
    assert second.target.endswith("cursor=de%3Df")


def test_start_of_time_is_a_time() -> None:
    assert ("start_ts", "0") in rest.candles("S", "T", start_s=0, end_s=60).query
    assert ("min_ts", "0") in rest.trades(min_s=0).query


@pytest.mark.parametrize(
    "name", ["", "..", "a/b", "../portfolio", "a?b", "a b", "%2e", "T-1\n", "tícker", "a" * 200, "a..b", "{}"]
)
def test_a_name_can_never_change_the_path(name: str) -> None:
    calls: list[Callable[[str], Any]] = [rest.market, rest.event, rest.series, rest.book, rest.order, rest.group]
    for call in calls:
        with pytest.raises(LocalProtocolError) as refused:
            call(name)
        assert refused.value.hint


@pytest.mark.parametrize(
    "name", ["KXFED-26SEP-T4.00", "KXBTC15M-26AUG241000-00", "97ec18b7-10d3-4557-9de0-8598aad625f0"]
)
def test_real_names_pass(name: str) -> None:
    assert rest.market(name).path == f"/markets/{name}"


@pytest.mark.parametrize(
    "call",
    [
        lambda: rest.markets(limit=1001),
        lambda: rest.markets(limit=0),
        lambda: rest.events(limit=201),
        lambda: rest.book("T-1", depth=101),
        lambda: rest.books([]),
        lambda: rest.books(["T"] * 101),
        lambda: rest.orders(event_tickers=["E"] * 11),
        lambda: rest.candles("S", "T", start_s=60, end_s=0),
        lambda: rest.candles("S", "T", start_s=0, end_s=600_000),
        lambda: rest.candles_of_many(["A", "B"], start_s=0, end_s=300_000),
        lambda: rest.create_group(Size(50)),
        lambda: rest.create_group(Size(100_000_001)),
    ],
)
def test_what_the_venue_would_refuse_is_refused_here(call: Callable[[], object]) -> None:
    with pytest.raises(LocalProtocolError) as refused:
        call()
    assert refused.value.hint


@pytest.mark.parametrize(
    "call",
    [
        lambda: rest.markets(created=(1, None), closes=(None, 2)),
        lambda: rest.markets(settled=(1, 2), updated_since_s=3, combos="exclude"),
        lambda: rest.markets(created=(1, None), status="settled"),
        lambda: rest.markets(closes=(1, None), status="open"),
        lambda: rest.markets(settled=(1, None), status="closed"),
        lambda: rest.markets(updated_since_s=1),
    ],
)
def test_families_of_times_exclude_each_other_and_go_with_their_statuses(call: Callable[[], object]) -> None:
    with pytest.raises(LocalProtocolError):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: rest.markets(created=(1, 2), status="open"),
        lambda: rest.markets(closes=(None, 2)),
        lambda: rest.markets(settled=(0, None), status="settled"),
        lambda: rest.markets(updated_since_s=0, combos="exclude", series_ticker="S"),
    ],
)
def test_what_goes_together_passes(call: Callable[[], rest.Request[object]]) -> None:
    assert any(pair[0].endswith("_ts") for pair in call().query)


def test_everything_about_the_account_is_signed_and_only_writes_are_writes() -> None:
    signed: list[rest.Request[Any]] = [
        rest.balance(),
        rest.orders(),
        rest.fills(),
        rest.positions(),
        rest.settlements(),
        rest.account_limits(),
    ]
    public: list[rest.Request[Any]] = [
        rest.markets(),
        rest.events(),
        rest.book("T"),
        rest.trades(),
        rest.exchange_status(),
    ]
    assert all(request.signed and not request.is_write for request in signed)
    assert not any(request.signed or request.is_write for request in public)
    assert rest.trigger_group("g").is_cancel
    assert not rest.reset_group("g").is_cancel
    assert rest.set_group_limit("g", Size(200)).body == b'{"contracts_limit_fp":"2.00"}'
