"""What the venue answers becomes the catalogue: rows by themselves, new over old, doubt until read anew."""

from __future__ import annotations

import pytest

from kalshi_tui.core.markets import MarketStatus
from kalshi_tui.engine import families, outbox, shelf
from kalshi_tui.engine.catalogue import Catalogue
from kalshi_tui.errors import RemoteProtocolError, ValueRefused
from tests.unit.catalogue_kit import (
    NOW,
    encode,
    event_json,
    events_body,
    market_json,
    markets_body,
    one,
    series_body,
    series_json,
    word,
)


@pytest.fixture
def catalogue() -> Catalogue:
    made = Catalogue()
    made.take_series(series_body(series_json()), NOW)
    made.take_events(one(), NOW)
    return made


def fields(catalogue: Catalogue) -> list[str]:
    return [change.field for change in catalogue.take_changes()]


def test_a_page_brings_events_with_their_markets_and_series(catalogue: Catalogue) -> None:
    assert catalogue.counts == (1, 1, 1)
    known = catalogue.get("E-1")
    assert known is not None
    assert (known.revision, known.read_ms, known.doubt, known.source) == (1, NOW, "", "read")
    assert known.market.yes_bid == 4000
    event, series = catalogue.event_of("E-1"), catalogue.series_of("E-1")
    assert event is not None
    assert series is not None
    assert (event.ticker, event.markets, series.ticker) == ("E", (), "S")
    assert catalogue.markets_of("E") == ("E-1",)
    assert catalogue.tickers() == ("E-1",)
    assert "E-1" in catalogue
    assert catalogue.take_changes() == ()


def test_what_nobody_knows_is_nothing(catalogue: Catalogue) -> None:
    assert catalogue.get("X") is None
    assert catalogue.event_of("X") is None
    assert catalogue.series_of("X") is None
    assert catalogue.markets_of("X") == ()
    assert catalogue.fee_of("X", NOW) == "unknown"


def test_one_event_and_one_market_are_read_as_well() -> None:
    catalogue = Catalogue()
    body = encode({"event": event_json("E", []) | {"markets": None}, "markets": [market_json("E-1")]})
    catalogue.take_event(body, NOW)
    assert catalogue.counts == (0, 1, 1)
    catalogue.take_markets(encode({"market": market_json("E-2")}), NOW)
    assert catalogue.markets_of("E") == ("E-1", "E-2")


def test_an_answer_that_is_none_is_an_error_and_changes_nothing(catalogue: Catalogue) -> None:
    for take in (catalogue.take_events, catalogue.take_series, catalogue.take_fee_changes, catalogue.take_event):
        with pytest.raises(RemoteProtocolError):
            take(b"<html>", NOW)
    assert catalogue.counts == (1, 1, 1)


# One bad row


def test_a_row_that_cannot_be_read_costs_only_itself_and_is_counted_by_name() -> None:
    catalogue = Catalogue()
    bad = market_json("E-2", price_ranges=[])
    worse = event_json("F", []) | {"mutually_exclusive": "perhaps"}
    catalogue.take_events(events_body(event_json("E", [market_json("E-1"), bad, market_json("E-3")]), worse), NOW)
    catalogue.take_series(series_body(series_json("T", fee_multiplier=-1), series_json()), NOW)
    assert catalogue.counts == (1, 1, 2)
    assert list(catalogue.unreadable) == ["E-2", "F", "T"]
    assert "band" in catalogue.unreadable["E-2"]
    assert catalogue.unread == 3
    catalogue.take_markets(markets_body(market_json("E-2")), NOW)
    catalogue.take_events(events_body(event_json("F")), NOW)
    catalogue.take_series(series_body(series_json("T")), NOW)
    assert catalogue.unread == 0


def test_a_known_market_that_cannot_be_read_any_more_is_in_doubt_until_it_can(catalogue: Catalogue) -> None:
    catalogue.begin_read()
    catalogue.take_events(one(status=7), NOW + 1)
    catalogue.end_read(NOW + 1)
    with pytest.raises(ValueRefused, match="makes no sense"):
        catalogue.current("E-1", NOW + 1, 60_000)
    assert fields(catalogue) == []  # it is still listed
    catalogue.take_events(one(), NOW + 2)  # as it was before, and so not read but recognised
    assert catalogue.current("E-1", NOW + 2, 60_000).doubt == ""


def test_names_of_bad_rows_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "UNREAD_LIMIT", 2)
    catalogue = Catalogue()
    catalogue.take_markets(markets_body(*({"ticker": f"X-{number}"} for number in range(5))), NOW)
    assert list(catalogue.unreadable) == ["X-0", "X-1"]


# Old and new


def test_current_refuses_what_is_unknown_or_old_and_says_what_to_do(catalogue: Catalogue) -> None:
    assert catalogue.current("E-1", NOW + 5_000, 5_000).market.ticker == "E-1"
    with pytest.raises(ValueRefused, match=r"read 5\.001 s ago, and 5 s are allowed") as caught:
        catalogue.current("E-1", NOW + 5_001, 5_000)
    assert "read anew" in caught.value.hint
    with pytest.raises(ValueRefused, match="no market X is known"):
        catalogue.current("X", NOW, 5_000)
    catalogue.take_events(one(), NOW + 5_001)
    assert catalogue.current("E-1", NOW + 5_001, 5_000).read_ms == NOW + 5_001


def test_the_old_value_is_refused(catalogue: Catalogue) -> None:
    assert catalogue.at_revision("E-1", 1).revision == 1
    catalogue.take_events(one(rules_primary="It never pays."), NOW + 1)
    with pytest.raises(ValueRefused, match="has changed since") as caught:
        catalogue.at_revision("E-1", 1)
    assert "decide again" in caught.value.hint
    assert catalogue.at_revision("E-1", 2).market.rules_primary == "It never pays."
    with pytest.raises(ValueRefused, match="no market X"):
        catalogue.at_revision("X", 1)


@pytest.mark.parametrize("changed", [{"close_time": "2026-06-12T15:00:00Z"}, {}])
def test_an_answer_on_its_way_while_the_stream_told_more_is_not_believed(
    catalogue: Catalogue, changed: dict[str, str]
) -> None:
    closes = NOW + 3_600_000
    catalogue.take(word("close_date_updated", close_ms=closes), NOW + 100)
    catalogue.take_events(one(**changed), NOW + 200, NOW + 50)
    known = catalogue.get("E-1")
    assert known is not None
    assert (known.market.close_ms, known.read_ms) == (closes, NOW)
    assert fields(catalogue) == ["close_ms"]
    catalogue.take_events(one(**changed), NOW + 300, NOW + 100)  # asked for after the word: now it counts
    assert fields(catalogue) == ["close_ms"]


def test_of_two_answers_the_one_that_was_asked_for_later_counts(catalogue: Catalogue) -> None:
    catalogue.take_events(one(title="Later"), NOW + 10, NOW + 5)
    catalogue.take_events(one(title="Earlier"), NOW + 20, NOW + 1)
    catalogue.take_series(series_body(series_json(title="Later")), NOW + 10, NOW + 5)
    catalogue.take_series(series_body(series_json(title="Earlier")), NOW + 20, NOW + 1)
    catalogue.take_events(events_body(event_json("E", title="Later")), NOW + 30, NOW + 25)
    catalogue.take_events(events_body(event_json("E", title="Earlier")), NOW + 40, NOW + 24)
    known, event, series = catalogue.get("E-1"), catalogue.event_of("E-1"), catalogue.series_of("E-1")
    assert known is not None
    assert event is not None
    assert series is not None
    assert [known.market.title, event.title, series.title] == ["Later"] * 3


def test_after_the_stream_was_away_every_market_is_in_doubt_until_it_was_read_again(catalogue: Catalogue) -> None:
    catalogue.may_have_missed(NOW + 10)
    with pytest.raises(ValueRefused, match="the stream was away"):
        catalogue.current("E-1", NOW + 10, 60_000)
    catalogue.take_events(one(), NOW + 20, NOW + 9)  # asked for while it was away
    with pytest.raises(ValueRefused, match="the stream was away"):
        catalogue.at_revision("E-1", 1)
    catalogue.take_events(one(), NOW + 21, NOW + 10)
    assert catalogue.at_revision("E-1", 1).doubt == ""


# Storage


def test_new_and_changed_descriptions_are_to_be_kept_without_their_quotes_news(catalogue: Catalogue) -> None:
    saves = catalogue.take_saves()
    assert {kind: [ticker for ticker, _ in rows] for kind, rows in saves.items()} == {
        "series": ["S"],
        "event": ["E"],
        "market": ["E-1"],
    }
    assert saves["market"][0][1] == encode(market_json("E-1"))
    assert b"markets" not in saves["event"][0][1]
    catalogue.take_events(one(yes_bid_dollars="0.3900", volume_fp="101.00"), NOW + 1)
    assert catalogue.take_saves() == {}
    catalogue.take_events(one(rules_primary="New"), NOW + 2)
    assert [ticker for ticker, _ in catalogue.take_saves()["market"]] == ["E-1"]


def test_what_the_stream_told_is_kept_once_it_was_read(catalogue: Catalogue) -> None:
    catalogue.take_saves()
    catalogue.take(word("deactivated", is_deactivated=True), NOW + 1)
    assert catalogue.take_saves() == {}
    catalogue.take_events(one(status="inactive"), NOW + 2)
    assert [ticker for ticker, _ in catalogue.take_saves()["market"]] == ["E-1"]


def kept_from(catalogue: Catalogue) -> Catalogue:
    later = Catalogue()
    for kind, rows in catalogue.take_saves().items():
        later.take_kept(kind, [raw for _, raw in rows])
    return later


def test_kept_rows_are_shown_and_refused_until_they_are_read_anew(catalogue: Catalogue) -> None:
    later = kept_from(catalogue)
    assert later.counts == (1, 1, 1)
    known = later.get("E-1")
    assert known is not None
    assert known.source == "kept"
    assert later.page(now_ms=NOW).tickers == ("E-1",)
    with pytest.raises(ValueRefused, match="earlier run"):
        later.current("E-1", NOW, 10**15)
    assert later.take_saves() == {}
    later.take_events(one(), NOW)
    assert later.current("E-1", NOW, 0).source == "read"
    assert (later.take_changes(), later.take_saves()) == ((), {})


def test_of_two_kept_rows_neither_is_a_reading() -> None:
    later = Catalogue()
    later.take_kept("market", [encode(market_json("E-1")), encode(market_json("E-1", title="Twice"))])
    with pytest.raises(ValueRefused, match="earlier run"):
        later.current("E-1", NOW, 10**15)
    assert later.take_changes() == ()


def test_rows_that_change_often_leave_nothing_behind(catalogue: Catalogue) -> None:
    for number in range(100):
        catalogue.take_events(one(volume_fp=f"{number}.00"), NOW + number)
    assert len(catalogue._shelf._by_digest) == 1


def test_a_kept_row_never_takes_the_place_of_a_reading(catalogue: Catalogue) -> None:
    catalogue.take_kept("market", [encode(market_json("E-1", title="Old"))])
    catalogue.take_kept("event", [encode(event_json("E", title="Old"))])
    catalogue.take_kept("series", [encode(series_json(title="Old"))])
    event, series = catalogue.event_of("E-1"), catalogue.series_of("E-1")
    assert event is not None
    assert series is not None
    assert catalogue.current("E-1", NOW, 0).market.title == "Will E-1 happen?"
    assert "Old" not in {event.title, series.title}
    assert catalogue.take_changes() == ()


def test_what_changed_while_nobody_looked_is_told_and_that_time_went_on_is_not(catalogue: Catalogue) -> None:
    later = kept_from(catalogue)
    later.take_events(one(rules_primary="New", status="closed", close_time="2026-06-11T00:00:00Z"), NOW)
    assert fields(later) == ["rules_primary", "close_ms"]
    assert later.take_saves()["market"]


# Coming and going


def test_a_market_that_was_open_and_is_listed_no_longer_is_told_doubted_and_asked_for(catalogue: Catalogue) -> None:
    catalogue.begin_read()
    catalogue.take_events(events_body(event_json("F", [market_json("F-1")])), NOW + 1)
    was_ready = catalogue.is_ready
    catalogue.end_read(NOW + 1)
    assert (was_ready, catalogue.is_ready) == (False, True)
    (change,) = catalogue.take_changes()
    assert (change.ticker, change.field, change.loudness) == ("E-1", "listing", "warning")
    assert catalogue.must_read() == ("E-1",)
    with pytest.raises(ValueRefused, match="lists it no longer"):
        catalogue.current("E-1", NOW + 1, 60_000)
    catalogue.begin_read()
    catalogue.end_read(NOW + 2)
    assert [change.ticker for change in catalogue.take_changes()] == ["F-1"]  # and E-1 not again
    catalogue.take_markets(markets_body(market_json("E-1")), NOW + 3)
    assert catalogue.current("E-1", NOW + 3, 0).market.ticker == "E-1"


def test_a_market_that_ended_and_is_listed_no_longer_is_no_news(catalogue: Catalogue) -> None:
    after = NOW + 40 * 3_600_000  # after its close
    catalogue.begin_read()
    catalogue.end_read(after)
    assert (catalogue.take_changes(), catalogue.must_read()) == ((), ())


def test_a_market_that_came_while_the_reading_was_under_way_is_not_missing(catalogue: Catalogue) -> None:
    catalogue.begin_read()
    catalogue.take_markets(markets_body(market_json("E-2")), NOW + 1)
    catalogue.take_events(one(), NOW + 2)
    catalogue.end_read(NOW + 3)
    assert fields(catalogue) == []


def test_a_reading_that_was_begun_again_counts_from_there(catalogue: Catalogue) -> None:
    catalogue.begin_read()
    catalogue.take_events(one(), NOW + 1)
    catalogue.begin_read()
    catalogue.end_read(NOW + 2)
    assert fields(catalogue) == ["listing"]


def test_a_market_that_the_venue_does_not_have_is_asked_for_once(catalogue: Catalogue) -> None:
    catalogue.take(word("created", "N-1"), NOW)
    catalogue.take(word("metadata_updated"), NOW)
    assert catalogue.must_read() == ("N-1", "E-1")
    catalogue.take_markets(markets_body(), NOW + 1, NOW, ("N-1", "E-1"))
    assert catalogue.must_read() == ()
    assert [change.ticker for change in catalogue.take_changes()] == ["E-1"]
    catalogue.take_markets(markets_body(), NOW + 2, NOW + 1, ("E-1",))
    assert catalogue.take_changes() == ()
    with pytest.raises(ValueRefused, match="lists it no longer"):
        catalogue.current("E-1", NOW + 1, 60_000)


def test_settled_markets_go_after_an_hour_unless_somebody_needs_them(catalogue: Catalogue) -> None:
    hour = shelf.OVER_KEPT_MS
    settled = {"status": "finalized", "result": "yes"}
    page = events_body(event_json("E", [market_json(f"E-{n}", **settled) for n in (1, 2)]), event_json("F"))
    catalogue.take_events(page, NOW + 1)
    catalogue.take_events(events_body(event_json("F", [market_json("F-1")])), NOW + 1)
    catalogue.take_saves()
    assert catalogue.keep_only((), NOW + hour) == ()
    assert catalogue.keep_only(("E-2",), NOW + hour + 1) == ("E-1",)
    assert catalogue.tickers() == ("E-2", "F-1")
    assert catalogue.take_forgets() == {"market": ["E-1"]}
    assert catalogue.keep_only((), NOW + hour + 1) == ("E-2",)
    assert catalogue.take_forgets() == {"market": ["E-2"], "event": ["E"]}
    assert catalogue.counts == (1, 1, 1)
    assert catalogue.page(now_ms=NOW).tickers == ("F-1",)


def test_what_only_an_earlier_run_knew_goes_as_soon_as_it_is_not_listed(catalogue: Catalogue) -> None:
    later = kept_from(catalogue)
    later.begin_read()
    later.end_read(NOW)
    assert later.take_changes() == ()
    assert later.keep_only((), NOW) == ("E-1",)


def test_a_market_that_comes_back_is_not_taken_for_what_it_was(catalogue: Catalogue) -> None:
    catalogue.take_events(one(status="finalized"), NOW + 1)
    catalogue.keep_only((), NOW + 1 + shelf.OVER_KEPT_MS)
    assert catalogue.counts[2] == 0
    catalogue.take_events(one(), NOW + 2 + shelf.OVER_KEPT_MS)
    for revision in (1, 2):
        with pytest.raises(ValueRefused):
            catalogue.at_revision("E-1", revision)
    assert catalogue.at_revision("E-1", 3).revision == 3


def test_a_market_before_its_event_asks_for_the_event_and_joins_it(catalogue: Catalogue) -> None:
    catalogue.take_markets(markets_body(market_json("N-1"), market_json("N-2")), NOW)
    assert catalogue.must_read_events() == ("N",)
    assert catalogue.event_of("N-1") is None
    assert catalogue.page(search="becomes n-1", now_ms=NOW).tickers == ()
    catalogue.take_events(events_body(event_json("N")), NOW)
    assert catalogue.must_read_events() == ()
    assert catalogue.markets_of("N") == ("N-1", "N-2")
    assert catalogue.page(search="becomes n-1", now_ms=NOW).tickers == ("N-1",)


def test_everything_has_a_limit_and_reaching_it_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "LIMIT", 1)
    monkeypatch.setattr(families, "LIMIT", 1)
    monkeypatch.setattr(outbox, "CHANGES_LIMIT", 1)
    catalogue = Catalogue()
    assert catalogue.bounds == {}
    catalogue.take_series(series_body(series_json("S"), series_json("T")), NOW)
    catalogue.take_events(events_body(event_json("E", [market_json("E-1"), market_json("E-2")]), event_json("F")), NOW)
    catalogue.take_events(one(title="New", rules_primary="New"), NOW + 1)
    assert catalogue.counts == (1, 1, 1)
    assert catalogue.bounds == {
        "catalogue markets": 1,
        "catalogue series and events": 2,
        "catalogue changes": 1,
    }
    assert fields(catalogue) == ["title"]


def test_status_follows_the_clock_without_a_word_and_without_a_change(catalogue: Catalogue) -> None:
    after = NOW + 40 * 3_600_000
    catalogue.take_events(one(status="closed"), after)
    assert catalogue.take_changes() == ()
    assert catalogue.current("E-1", after, 0).revision == 1
    assert catalogue.current("E-1", after, 0).market.status is MarketStatus.CLOSED
