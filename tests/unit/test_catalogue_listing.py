"""The list of markets: every word must occur, four orders, pages, a filter; what changes shows at once."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from kalshi_tui.config.filters import MarketFilter
from kalshi_tui.core.text import clean
from kalshi_tui.core.units import Size
from kalshi_tui.engine import listing
from kalshi_tui.engine.catalogue import Catalogue
from kalshi_tui.engine.searching import Texts, holding_all, is_rare
from kalshi_tui.link.keys import Sort
from tests.unit.catalogue_kit import (
    NOW,
    event_json,
    event_word,
    events_body,
    market_json,
    markets_body,
    series_body,
    series_json,
)

MINUTE = 60_000


def fed(number: int, **fields: Any) -> dict[str, Any]:
    return market_json(
        f"KXFED-26JUN-T{number}", event_ticker="KXFED-26JUN", yes_sub_title=f"Above {number} %", **fields
    )


def rain(place: str, **fields: Any) -> dict[str, Any]:
    return market_json(f"KXRAIN-{place}", event_ticker="KXRAIN", title=f"Will it rain in {place}?", **fields)


@pytest.fixture
def catalogue() -> Catalogue:
    return filled(Catalogue())


def filled(catalogue: Catalogue) -> Catalogue:
    catalogue.take_series(
        series_body(series_json("KXFED", category="Economics"), series_json("KXRAIN", category="Climate")), NOW
    )
    catalogue.take_events(
        events_body(
            event_json(
                "KXRAIN",
                [
                    rain("NYC", volume_fp="5.00", close_time="2026-06-12T00:00:00Z", yes_bid_dollars="0.9500"),
                    rain("LAX", volume_fp="70.00", close_time="2026-06-11T12:00:00Z", yes_ask_size_fp="0.00"),
                ],
                series_ticker="KXRAIN",
                title="Where does it rain?",
            ),
            event_json(
                "KXFED-26JUN",
                [
                    fed(4, volume_fp="900.00", yes_bid_dollars="0.4900", yes_ask_dollars="0.5100"),
                    fed(3, volume_fp="900.00", yes_bid_dollars="0.8000", yes_ask_dollars="0.8200"),
                ],
                series_ticker="KXFED",
                title="Fed in June: “höher”?",
            ),
        ),
        NOW,
    )
    return catalogue


def tickers(catalogue: Catalogue, **wish: Any) -> list[str]:
    page = catalogue.page(**{"now_ms": NOW, **wish})
    assert page.matched == len(page.tickers)
    return [ticker.removeprefix("KXFED-26JUN-").removeprefix("KXRAIN-") for ticker in page.tickers]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", ["T3", "T4", "LAX", "NYC"]),
        ("  ", ["T3", "T4", "LAX", "NYC"]),
        ("fed", ["T3", "T4"]),
        ("RAIN nyc", ["NYC"]),
        ("kxfed-26", ["T3", "T4"]),
        ("above 4 %", ["T4"]),
        ("does rain", ["LAX", "NYC"]),
        ("HÖHER", ["T3", "T4"]),
        ("june rain", ["LAX", "NYC"]),  # the kit's subtitle
        ("not", ["T3", "T4", "LAX", "NYC"]),  # the answer that loses
        ("fed rain", []),
        ("(", []),
        (".*", []),
    ],
)
def test_all_words_must_occur_in_ticker_titles_or_answers(catalogue: Catalogue, search: str, found: list[str]) -> None:
    assert tickers(catalogue, search=search) == found


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("event", ["T3", "T4", "LAX", "NYC"]),
        ("volume", ["T3", "T4", "LAX", "NYC"]),
        ("close", ["LAX", "NYC", "T3", "T4"]),
        # 50 is most open; then 41, the last price where an ask is missing; 81 is decided, 95 at 42 is crossed: 68.
        ("open", ["T4", "LAX", "NYC", "T3"]),
    ],
)
def test_the_list_comes_in_the_order_that_is_asked_for(catalogue: Catalogue, sort: Sort, order: list[str]) -> None:
    assert tickers(catalogue, sort=sort) == order


def test_a_market_without_any_price_is_the_least_open(catalogue: Catalogue) -> None:
    bare = {"yes_bid_size_fp": "0.00", "yes_ask_size_fp": "0.00", "last_price_dollars": "0.0000"}
    catalogue.take_markets(
        markets_body(fed(9, **bare), fed(8, yes_bid_dollars="0.9800", yes_ask_dollars="0.9900")), NOW
    )
    assert tickers(catalogue, sort="open")[-2:] == ["T8", "T9"]


def test_a_page_is_a_part_and_counts_all(catalogue: Catalogue) -> None:
    page = catalogue.page(offset=1, count=2, now_ms=NOW)
    assert (page.total, page.matched, page.tickers) == (4, 4, ("KXFED-26JUN-T4", "KXRAIN-LAX"))
    page = catalogue.page(search="rain", offset=1, count=5, now_ms=NOW)
    assert (page.total, page.matched, page.tickers) == (4, 2, ("KXRAIN-NYC",))
    assert catalogue.page(offset=9, now_ms=NOW).tickers == ()
    assert catalogue.page(offset=-3, count=1, now_ms=NOW).tickers == ("KXFED-26JUN-T3",)
    assert catalogue.page(count=-1, now_ms=NOW).tickers == ()


def test_series_and_category_narrow_the_list(catalogue: Catalogue) -> None:
    assert tickers(catalogue, series="KXFED") == ["T3", "T4"]
    assert tickers(catalogue, category="climate") == ["LAX", "NYC"]
    assert tickers(catalogue, category="climate", series="KXFED") == []
    catalogue.take_events(events_body(event_json("N", [market_json("N-1")], series_ticker="N")), NOW)
    assert tickers(catalogue, category="late") == []
    catalogue.take_series(series_body(series_json("N", category="Late")), NOW)
    assert tickers(catalogue, category="late") == ["N-1"]


def test_what_comes_goes_or_is_renamed_shows_at_once_in_every_order(catalogue: Catalogue) -> None:
    sorts: tuple[Sort, ...] = ("event", "volume", "close", "open")
    for sort in sorts:
        assert len(tickers(catalogue, sort=sort, search="fed")) == 2
    catalogue.take_markets(markets_body(fed(5)), NOW)
    catalogue.take_markets(markets_body(fed(4, title="Renamed")), NOW)
    for sort in sorts:
        assert "T5" in tickers(catalogue, sort=sort, search="fed")
        assert tickers(catalogue, sort=sort, search="renamed") == ["T4"]
    catalogue.take_markets(markets_body(fed(3, status="finalized"), fed(4, status="finalized")), NOW)
    catalogue.keep_only((), NOW + 60 * MINUTE)
    for sort in sorts:
        assert tickers(catalogue, sort=sort, search="fed") == ["T5"]


def test_a_renamed_event_or_series_is_found_by_its_new_words(catalogue: Catalogue) -> None:
    assert tickers(catalogue, search="sunshine") == []
    catalogue.take(event_word("KXRAIN", series_ticker="KXRAIN", title=clean("Where is sunshine?")), NOW + 1)
    assert tickers(catalogue, search="sunshine") == ["LAX", "NYC"]
    catalogue.take_series(series_body(series_json("KXRAIN", category="Economics")), NOW + 2)
    assert tickers(catalogue, category="economics") == ["T3", "T4", "LAX", "NYC"]


def test_an_order_by_what_moves_stands_still_for_a_while_and_then_follows(catalogue: Catalogue) -> None:
    assert tickers(catalogue, sort="volume") == ["T3", "T4", "LAX", "NYC"]
    volumes = {"NYC": "5000.00", "LAX": "70.00"}
    catalogue.take_markets(markets_body(*(rain(place, volume_fp=volume) for place, volume in volumes.items())), NOW)
    assert catalogue.take_changes()  # the kit's rain has another close, so that these rows are new
    assert tickers(catalogue, sort="volume") == ["NYC", "T3", "T4", "LAX"]
    catalogue.take_markets(markets_body(rain("LAX", volume_fp="9000.00")), NOW + 1)
    assert catalogue.take_changes() == ()
    assert tickers(catalogue, sort="volume", now_ms=NOW + 4_999) == ["NYC", "T3", "T4", "LAX"]
    assert tickers(catalogue, sort="volume", now_ms=NOW + 5_000) == ["LAX", "NYC", "T3", "T4"]
    assert catalogue.busiest(2, NOW + 5_000) == ("KXRAIN-LAX", "KXRAIN-NYC")


# The filter


def test_a_filter_leaves_out_what_it_does_not_allow_and_does_not_count_it() -> None:
    catalogue = filled(Catalogue(MarketFilter(categories=frozenset({"economics"}))))
    page = catalogue.page(now_ms=NOW)
    assert (page.total, page.matched, len(page.tickers)) == (2, 2, 2)
    assert catalogue.get("KXRAIN-NYC") is not None  # known all the same
    catalogue.take_series(series_body(series_json("KXRAIN", category="Economics")), NOW)
    assert catalogue.page(now_ms=NOW).total == 4


def test_a_filter_is_asked_again_as_time_goes_on() -> None:
    catalogue = filled(Catalogue(MarketFilter(closes_after_ms=1)))
    closes = 1_781_179_200_000  # 2026-06-11 12:00:00 UTC, when LAX closes
    catalogue.take_markets(markets_body(rain("LAX", close_time="2026-06-11T12:00:00Z", rules_primary="New")), NOW)
    assert tickers(catalogue, now_ms=NOW) == ["T3", "T4", "LAX", "NYC"]
    assert tickers(catalogue, now_ms=closes) == ["T3", "T4", "NYC"]
    assert catalogue.page(now_ms=closes).total == 3


def test_a_filter_is_asked_again_about_numbers_that_moved() -> None:
    catalogue = filled(Catalogue(MarketFilter(min_volume=Size(100_00))))
    assert tickers(catalogue) == ["T3", "T4"]
    busy = fed(5, volume_fp="100.00")
    catalogue.take_markets(markets_body(fed(5, volume_fp="99.99")), NOW)
    catalogue.take_markets(markets_body(busy), NOW + 1)
    assert tickers(catalogue, now_ms=NOW + 29_999) == ["T3", "T4"]
    assert tickers(catalogue, now_ms=NOW + 30_000) == ["T3", "T4", "T5"]


def test_a_filter_is_asked_about_a_part_of_the_list_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_JUDGED_AT_ONCE", 1)
    catalogue = filled(Catalogue(MarketFilter(closes_after_ms=1)))
    after = NOW + 72 * 60 * MINUTE  # all have closed
    assert [catalogue.page(now_ms=after).total for _ in range(5)] == [3, 2, 1, 0, 0]


def test_rows_that_came_and_went_while_nobody_looked_are_not_kept_for_the_filter() -> None:
    catalogue = filled(Catalogue(MarketFilter(closes_after_ms=1)))
    for number in range(3_000):
        catalogue.take_markets(markets_body(fed(4, title=f"Title {number}")), NOW + number)
    assert len(catalogue._listing._to_judge) < 2_000


# Searching


class Row:
    def __init__(self, haystack: str) -> None:
        self.haystack = haystack


@pytest.mark.parametrize("word", ["a", "row 7", "17", "row 1999", "nowhere", "(", "0row", "7\0"])
def test_both_ways_of_searching_find_the_same(word: str) -> None:
    rows = [Row(f"row {number}") for number in range(2000)]
    assert holding_all([word], Texts(rows).holding(word)) == holding_all([word], rows)


def test_a_word_is_rare_where_few_of_a_sample_hold_it() -> None:
    rows = [Row(f"row {number}") for number in range(5000)]
    assert is_rare("row 17", rows)
    assert not is_rare("row", rows)
    assert is_rare("x", [])


@pytest.mark.parametrize("few", [0, 3, 1000])
def test_a_list_that_grows_and_shrinks_is_the_same_however_it_is_kept(
    monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(listing, "_FEW", few)
    monkeypatch.setattr(listing, "_WORTH_AN_INDEX", 1)
    random, catalogue, held = Random(few), Catalogue(), dict[str, dict[str, Any]]()
    sorts: tuple[Sort, ...] = ("event", "volume", "close", "open")
    for step in range(40):
        for _ in range(random.randrange(8)):
            number = random.randrange(40)
            status = "finalized" if random.random() < 0.2 else "active"
            held[f"E-{number}"] = market_json(
                f"E-{number}",
                title=random.choice(["Old", "New"]),
                volume_fp=f"{random.randrange(1000)}.00",
                close_time=f"2026-06-2{random.randrange(10)}T00:00:00Z",
                status=status,
            )
            catalogue.take_markets(markets_body(held[f"E-{number}"]), NOW + 3_600_000 * step)
        for ticker in catalogue.keep_only((), NOW + 3_600_000 * step):
            del held[ticker]
        fresh = Catalogue()
        fresh.take_markets(markets_body(*held.values()), NOW)
        for sort in sorts:
            for search in ("", "new", "e-7"):
                ours = catalogue.page(sort=sort, search=search, now_ms=NOW + 3_600_000 * step)
                assert ours == fresh.page(sort=sort, search=search, now_ms=NOW)


def test_a_long_list_is_searched_as_a_short_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_WORTH_AN_INDEX", 1)
    catalogue = Catalogue(MarketFilter(categories=frozenset({"world"})))
    catalogue.take_series(series_body(series_json("S"), series_json("T", category="Sport")), NOW)
    plain = [market_json(f"E-{number}", volume_fp=f"{number}.00") for number in range(100)]
    hidden = [market_json("F-77", volume_fp="1.00")]
    catalogue.take_events(events_body(event_json("E", plain), event_json("F", hidden, series_ticker="T")), NOW)
    assert catalogue.page(search="e-77 happen", now_ms=NOW).tickers == ("E-77",)
    assert catalogue.page(search="-77", now_ms=NOW).tickers == ("E-77",)
    catalogue.take_markets(markets_body(market_json("E-777", volume_fp="9000.00")), NOW)
    assert catalogue.page(search="-77", sort="volume", now_ms=NOW).tickers == ("E-777", "E-77")
    assert catalogue.page(search="-77", series="T", now_ms=NOW).tickers == ()
