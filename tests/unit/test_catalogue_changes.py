"""What changed is told field by field, once, in words that hold the old and the new."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kalshi_tui.core.events import EventFeeChanged, EventLifecycle, MarketLifecycle
from kalshi_tui.core.markets import MarketStatus, Strike, StrikeKind
from kalshi_tui.core.text import clean
from kalshi_tui.core.units import Price
from kalshi_tui.engine.catalogue import Catalogue
from kalshi_tui.engine.changes import Change, moment, strike_words
from kalshi_tui.errors import ValueRefused
from tests.unit.catalogue_kit import (
    NOW,
    STRIKE_TOLD,
    TENTHS,
    TENTHS_TOLD,
    details,
    encode,
    event_json,
    event_word,
    events_body,
    fee_word,
    market_json,
    markets_body,
    one,
    series_body,
    series_json,
    word,
)

CLOSE = 1_781_272_800_000  # 2026-06-12 14:00:00 UTC, as the kit's markets close
HOUR = 3_600_000


@pytest.fixture
def catalogue() -> Catalogue:
    made = Catalogue()
    made.take_series(series_body(series_json()), NOW)
    made.take_events(events_body(event_json("E", [market_json("E-1"), market_json("E-2")])), NOW)
    return made


def only(catalogue: Catalogue) -> Change:
    (change,) = catalogue.take_changes()
    return change


@pytest.mark.parametrize(
    ("fields", "name", "old", "new", "loudness"),
    [
        ({"title": "New"}, "title", "Will E-1 happen?", "New", "info"),
        ({"yes_sub_title": "Yes!"}, "yes_title", "It happens", "Yes!", "info"),
        ({"no_sub_title": "No!"}, "no_title", "It does not", "No!", "info"),
        ({"rules_primary": "It never pays."}, "rules_primary", "It pays if it happens.", "It never pays.", "warning"),
        ({"rules_secondary": "Twice."}, "rules_secondary", "none", "Twice.", "warning"),
        ({"strike_type": "greater", "floor_strike": 4.25}, "strike", "none", "above 4.25", "warning"),
        (
            {"price_ranges": TENTHS},
            "grid",
            "0.0000 to 1.0000 by 0.0100",
            "0.0000 to 1.0000 by 0.0010",
            "warning",
        ),
        ({"status": "inactive"}, "status", "active", "inactive", "info"),
        (
            {"open_time": "2026-06-02T00:00:00Z"},
            "open_ms",
            "2026-06-01 00:00:00 UTC",
            "2026-06-02 00:00:00 UTC",
            "info",
        ),
        (
            {"close_time": "2026-06-12T12:00:00Z"},
            "close_ms",
            "2026-06-12 14:00:00 UTC",
            "2026-06-12 12:00:00 UTC",
            "warning",
        ),
        (
            {"expected_expiration_time": "2026-06-13T00:00:00Z"},
            "expected_expiration_ms",
            "none",
            "2026-06-13 00:00:00 UTC",
            "info",
        ),
        ({"settlement_timer_seconds": 60}, "settlement_timer_s", "0 s", "60 s", "info"),
        ({"result": "yes"}, "result", "none", "yes", "info"),
        ({"settlement_value_dollars": "1.0000"}, "settlement_value", "none", "1.0000", "info"),
        ({"exchange_index": 2}, "exchange_index", "0", "2", "info"),
        (
            {"fee_waiver_expiration_time": "2026-07-01T00:00:00Z"},
            "fee_waiver_until_ms",
            "none",
            "2026-07-01 00:00:00 UTC",
            "warning",
        ),
        ({"event_ticker": "F"}, "event_ticker", "E", "F", "warning"),
    ],
)
def test_a_changed_field_of_a_market_is_told_with_old_and_new(
    *, catalogue: Catalogue, fields: dict[str, Any], name: str, old: str, new: str, loudness: str
) -> None:
    catalogue.take_markets(markets_body(market_json("E-1", **fields)), NOW + 1)
    change = only(catalogue)
    assert (change.ticker, change.field, change.old, change.new, change.loudness) == ("E-1", name, old, new, loudness)
    assert change.words.startswith("E-1: ")
    assert old in change.words
    assert new in change.words
    assert catalogue.at_revision("E-1", 2).read_ms == NOW + 1
    assert catalogue.at_revision("E-2", 1).read_ms == NOW
    catalogue.take_markets(markets_body(market_json("E-1", **fields)), NOW + 2)
    assert catalogue.take_changes() == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"yes_bid_dollars": "0.1000"},
        {"yes_ask_dollars": "0.9000", "yes_ask_size_fp": "1.00"},
        {"last_price_dollars": "0.0100"},
        {"volume_fp": "101.00", "volume_24h_fp": "11.00", "open_interest_fp": "51.00"},
        {"updated_time": "2026-06-11T00:00:00Z"},
        {"close_time": "2026-06-12T14:00:00.4Z"},  # the stream tells whole seconds
    ],
)
def test_quotes_and_their_like_are_no_changes_and_are_taken(catalogue: Catalogue, fields: dict[str, Any]) -> None:
    before = catalogue.at_revision("E-1", 1).market
    catalogue.take_markets(markets_body(market_json("E-1", **fields)), NOW + 1)
    assert catalogue.take_changes() == ()
    assert catalogue.at_revision("E-1", 1).market != before


@pytest.mark.parametrize(
    ("fields", "name", "old", "new"),
    [
        ({"series_ticker": "T"}, "series_ticker", "S", "T"),
        ({"title": "New"}, "title", "What becomes of E?", "New"),
        ({"sub_title": ""}, "sub_title", "In June", "none"),
        ({"mutually_exclusive": False}, "mutually_exclusive", "yes", "no"),
        ({"collateral_return_type": "MECNET"}, "collateral_return", "none", "MECNET"),
        ({"strike_date": "2026-06-12T00:00:00Z"}, "strike_ms", "none", "2026-06-12 00:00:00 UTC"),
        ({"fee_type_override": "quadratic_with_maker_fees"}, "fee_type_override", "none", "quadratic_with_maker_fees"),
        ({"fee_multiplier_override": 0.5}, "fee_multiplier_override", "none", "0.5"),
        ({"exchange_index": 1}, "exchange_index", "0", "1"),
    ],
)
def test_a_changed_field_of_an_event_is_told_once_and_makes_its_markets_other_ones(
    catalogue: Catalogue, fields: dict[str, Any], name: str, old: str, new: str
) -> None:
    body = events_body(event_json("E", [market_json("E-1"), market_json("E-2")], **fields))
    catalogue.take_events(body, NOW + 1)
    change = only(catalogue)
    assert (change.ticker, change.field, change.old, change.new) == ("E", name, old, new)
    for ticker in ("E-1", "E-2"):
        with pytest.raises(ValueRefused, match="has changed since"):
            catalogue.at_revision(ticker, 1)
    catalogue.take_events(body, NOW + 2)
    assert catalogue.take_changes() == ()


@pytest.mark.parametrize(
    ("fields", "name", "old", "new"),
    [
        ({"title": "New"}, "title", "Happenings", "New"),
        ({"category": "Sports"}, "category", "World", "Sports"),
        ({"fee_type": "quadratic_with_maker_fees"}, "fee_type", "quadratic", "quadratic_with_maker_fees"),
        ({"fee_multiplier": 1.25}, "fee_multiplier", "1", "1.25"),
    ],
)
def test_a_changed_field_of_a_series_is_told_once_and_makes_its_markets_other_ones(
    catalogue: Catalogue, fields: dict[str, Any], name: str, old: str, new: str
) -> None:
    catalogue.take_series(series_body(series_json(**fields)), NOW + 1)
    change = only(catalogue)
    assert (change.ticker, change.field, change.old, change.new) == ("S", name, old, new)
    with pytest.raises(ValueRefused, match="has changed since"):
        catalogue.at_revision("E-2", 1)
    catalogue.take_series(series_body(series_json(**fields)), NOW + 2)
    assert catalogue.take_changes() == ()


def test_a_long_text_is_told_where_it_differs(catalogue: Catalogue) -> None:
    rules = "The market pays if the index stands above the strike, as published. " * 3
    catalogue.take_markets(markets_body(market_json("E-1", rules_primary=f"{rules}At nine. {rules}")), NOW + 1)
    catalogue.take_changes()
    catalogue.take_markets(markets_body(market_json("E-1", rules_primary=f"{rules}At ten. {rules}")), NOW + 2)
    words = only(catalogue).words
    assert "published. At nine. The market" in words
    assert "published. At ten. The market" in words
    assert len(words) < 200


@pytest.mark.parametrize(
    ("strike", "words"),
    [
        (Strike(StrikeKind.GREATER, Decimal(4)), "above 4"),
        (Strike(StrikeKind.GREATER_OR_EQUAL, Decimal(4)), "4 or above"),
        (Strike(StrikeKind.LESS, None, Decimal(4)), "below 4"),
        (Strike(StrikeKind.LESS_OR_EQUAL, None, Decimal(4)), "4 or below"),
        (Strike(StrikeKind.BETWEEN, Decimal(4), Decimal(5)), "4 to 5"),
        (Strike(StrikeKind.CUSTOM), "custom"),
        (Strike(), ""),
    ],
)
def test_strikes_are_said_in_words(strike: Strike, words: str) -> None:
    assert strike_words(strike) == words


def test_a_moment_is_said_in_the_zone_that_needs_no_table() -> None:
    assert moment(CLOSE) == "2026-06-12 14:00:00 UTC"
    assert moment(None) == "none"


# The stream's words


@pytest.mark.parametrize(
    ("told", "changes", "then"),
    [
        (word("activated", is_deactivated=False), [], {}),
        (word("deactivated", is_deactivated=True), ["status"], {"status": "inactive"}),
        (word("close_date_updated", close_ms=CLOSE - HOUR), ["close_ms"], {"close_time": "2026-06-12T13:00:00.25Z"}),
        (word("price_level_structure_updated", price_ranges=TENTHS_TOLD), ["grid"], {"price_ranges": TENTHS}),
        (
            word("determined", result="yes", settlement_value=Price(10_000), determined_ms=NOW),
            ["result", "settlement_value", "status"],
            {"status": "determined", "result": "yes", "settlement_value_dollars": "1.0000"},
        ),
    ],
)
def test_a_word_that_tells_all_is_applied_at_once_and_the_reading_agrees(
    catalogue: Catalogue, told: MarketLifecycle, changes: list[str], then: dict[str, Any]
) -> None:
    catalogue.take(told, NOW + 1)
    assert [change.field for change in catalogue.take_changes()] == changes
    assert catalogue.must_read() == ()
    revision = 1 + bool(changes)
    assert catalogue.at_revision("E-1", revision).doubt == ""
    catalogue.take_markets(markets_body(market_json("E-1", **then)), NOW + 2)
    assert catalogue.take_changes() == ()
    assert catalogue.at_revision("E-1", revision).read_ms == NOW + 2


def test_settlement_after_determination_needs_no_reading(catalogue: Catalogue) -> None:
    catalogue.take(word("determined", result="no", settlement_value=Price(0)), NOW + 1)
    catalogue.take_changes()
    catalogue.take(word("settled", settled_ms=NOW + 2), NOW + 2)
    assert (only(catalogue).new, catalogue.must_read()) == ("finalized", ())


def test_a_pause_that_ended_between_two_equal_readings_is_seen_to_have_ended(catalogue: Catalogue) -> None:
    catalogue.take(word("deactivated", is_deactivated=True), NOW + 1)
    catalogue.take_markets(markets_body(market_json("E-1")), NOW + 2)  # byte for byte as it was first read
    assert [change.new for change in catalogue.take_changes()] == ["inactive", "active"]
    assert catalogue.current("E-1", NOW + 2, 0).market.status is MarketStatus.ACTIVE


@pytest.mark.parametrize(
    "told",
    [
        word("created"),
        word("metadata_updated"),
        word("metadata_updated", details=STRIKE_TOLD),
        word("close_date_updated"),
        word("close_date_updated", close_ms=10**18),
        word("close_date_updated", close_ms=-1),
        word("price_level_structure_updated"),
        word("price_level_structure_updated", price_ranges=()),
        word("determined"),
        word("settled"),
        word("activated", is_deactivated=True),
        word("deactivated", is_deactivated=False),
        word("something_new"),
    ],
)
def test_a_word_that_does_not_tell_all_puts_the_market_in_doubt_until_it_is_read_anew(
    catalogue: Catalogue, told: MarketLifecycle
) -> None:
    catalogue.take(told, NOW + 1)
    assert catalogue.must_read() == ("E-1",)
    with pytest.raises(ValueRefused, match="in doubt"):
        catalogue.current("E-1", NOW + 1, HOUR)
    with pytest.raises(ValueRefused, match="in doubt"):
        catalogue.at_revision("E-1", 1)
    assert catalogue.at_revision("E-2", 1).doubt == ""
    catalogue.take_markets(markets_body(market_json("E-1")), NOW + 2)
    assert catalogue.must_read() == ()
    assert catalogue.current("E-1", NOW + 2, 0).doubt == ""


def test_a_doubt_is_not_lifted_by_a_later_word_that_tells_less(catalogue: Catalogue) -> None:
    catalogue.take(word("metadata_updated"), NOW + 1)
    catalogue.take(word("close_date_updated", close_ms=CLOSE - HOUR), NOW + 2)
    with pytest.raises(ValueRefused, match="does not carry all"):
        catalogue.current("E-1", NOW + 2, HOUR)


def test_a_strike_that_is_told_is_taken_and_the_rest_is_read(catalogue: Catalogue) -> None:
    told = details(strike_type="greater", floor_strike=Decimal("4.25"), yes_title=clean("Above 4.25"))
    catalogue.take(word("metadata_updated", details=told), NOW + 1)
    assert [change.new for change in catalogue.take_changes()] == ["Above 4.25", "above 4.25"]
    fields = {"strike_type": "greater", "floor_strike": 4.25, "yes_sub_title": "Above 4.25", "rules_primary": "New"}
    catalogue.take_markets(markets_body(market_json("E-1", **fields)), NOW + 2)
    assert only(catalogue).field == "rules_primary"


def test_a_close_that_moves_after_the_close_is_a_reopening_that_must_be_read(catalogue: Catalogue) -> None:
    catalogue.take_markets(markets_body(market_json("E-1", status="closed")), NOW + 1)
    catalogue.take(word("close_date_updated", close_ms=CLOSE + HOUR), NOW + 2)
    assert catalogue.must_read() == ("E-1",)


def test_an_unknown_market_is_read_unless_it_is_over(catalogue: Catalogue) -> None:
    catalogue.take(word("created", "N-1"), NOW)
    catalogue.take(word("activated", "N-2", is_deactivated=False), NOW)
    catalogue.take(word("determined", "N-3", result="yes"), NOW)
    catalogue.take(word("settled", "N-4"), NOW)
    assert catalogue.must_read() == ("N-1", "N-2")
    catalogue.take_markets(markets_body(market_json("N-1")), NOW)
    assert catalogue.must_read() == ("N-2",)
    assert catalogue.page(search="n-1", now_ms=NOW).tickers == ("N-1",)


# Events and fees


def test_an_events_words_are_taken_and_it_is_read_for_what_they_leave_out(catalogue: Catalogue) -> None:
    catalogue.take(event_word(title=clean("New"), collateral_return="MECNET"), NOW + 1)
    assert [change.field for change in catalogue.take_changes()] == ["title", "collateral_return"]
    assert catalogue.must_read_events() == ("E",)
    with pytest.raises(ValueRefused, match="described anew"):
        catalogue.current("E-1", NOW + 1, HOUR)
    body = encode({
        "event": event_json("E", title="New", collateral_return_type="MECNET"),
        "markets": [market_json("E-1"), market_json("E-2")],
    })  # fmt: skip
    catalogue.take_event(body, NOW + 2)
    assert (catalogue.take_changes(), catalogue.must_read_events()) == ((), ())
    assert catalogue.current("E-1", NOW + 2, 0).doubt == ""


def test_an_event_that_is_told_as_it_is_known_is_no_news(catalogue: Catalogue) -> None:
    catalogue.take(event_word(), NOW + 1)
    assert (catalogue.take_changes(), catalogue.must_read_events()) == ((), ())
    assert catalogue.current("E-1", NOW + 1, HOUR).doubt == ""


@pytest.mark.parametrize("told", [event_word("N"), fee_word("N", "quadratic", 1)])
def test_an_unknown_event_is_read(catalogue: Catalogue, told: EventLifecycle | EventFeeChanged) -> None:
    catalogue.take(told, NOW)
    assert catalogue.must_read_events() == ("N",)
    catalogue.take_events(events_body(event_json("N")), NOW)
    assert catalogue.must_read_events() == ()


def test_an_events_own_fee_comes_and_goes_by_the_stream_and_the_reading_agrees(catalogue: Catalogue) -> None:
    assert catalogue.fee_of("E-1", NOW) == "taker 7 % of price x (1 - price), maker none"
    catalogue.take(fee_word("E", "quadratic_with_maker_fees", 500_000), NOW + 1)
    assert catalogue.fee_of("E-1", NOW + 1) == "taker 3.5 %, maker 0.875 % of price x (1 - price)"
    assert [change.field for change in catalogue.take_changes()] == ["fee_type_override", "fee_multiplier_override"]
    with pytest.raises(ValueRefused, match="has changed since"):
        catalogue.at_revision("E-2", 1)
    own: dict[str, Any] = {"fee_type_override": "quadratic_with_maker_fees", "fee_multiplier_override": 0.5}
    catalogue.take_events(events_body(event_json("E", **own)), NOW + 2)
    assert catalogue.take_changes() == ()
    catalogue.take(fee_word("E"), NOW + 3)
    assert [change.new for change in catalogue.take_changes()] == ["none", "none"]


def test_lifecycle_in_a_kept_catalogue_still_waits_for_the_reading(catalogue: Catalogue) -> None:
    later = Catalogue()
    later.take_kept("market", [encode(market_json("E-1"))])
    later.take(word("close_date_updated", close_ms=CLOSE - HOUR), NOW)
    with pytest.raises(ValueRefused, match="earlier run"):
        later.current("E-1", NOW, HOUR)
    assert catalogue.take_changes() == ()


def test_a_market_that_changes_its_event_moves_to_it(catalogue: Catalogue) -> None:
    catalogue.take_events(events_body(event_json("F")), NOW)
    catalogue.take_markets(markets_body(market_json("E-1", event_ticker="F")), NOW + 1)
    assert (catalogue.markets_of("E"), catalogue.markets_of("F")) == (("E-2",), ("E-1",))


def test_one_of_two_equal_bodies_in_a_page_is_enough(catalogue: Catalogue) -> None:
    catalogue.take_events(one(title="New"), NOW + 1)
    catalogue.take_events(one(title="New"), NOW + 1)
    assert only(catalogue).field == "title"
